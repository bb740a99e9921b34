//! Handles a request: applies faults, authorizes the call, and lets the service respond.

use super::authorization::authorize;
use super::call::{Call, parse_call};
use super::caller::Caller;
use super::counts::InFlight;
use super::error::AwsError;
use super::fault::{FaultEffects, FaultKind, Service};
use super::http::Request;
use super::reply::{Delivery, Reply};
use super::state::{State, lock};
use super::world::World;
use super::{account, clock, ec2, holders, iam, organizations, resolver, route53, s3, sts};
use std::sync::Arc;
use std::time::Instant;

/// The context in which a service responds to a call.
pub(super) struct Job<'a> {
    pub state: &'a State,
    pub world: &'a World,
    pub call: &'a Call,
    pub caller: &'a Caller,
    pub request_id: &'a str,
    /// True if the listing returns the same token again and again.
    pub repeat_token: bool,
}

/// Responds to any request. The call counts as in flight until the second value is dropped.
pub(super) async fn answer(state: &Arc<State>, request: Request) -> (Reply, Option<InFlight>) {
    let at = Instant::now();
    let world = state.world();
    let request_id = state.request_id();
    let call = match parse_call(state, &world, request) {
        Ok(call) => call,
        Err((service, error)) => return (add_headers(state, error.reply(service, &request_id), &request_id), None),
    };
    if call.service != Service::S3
        && let Some(recorded) = lock(&state.recorded).as_mut()
    {
        recorded.extend([call.request.head.clone(), call.request.body.clone()]);
    }
    let in_flight = InFlight::begin(&state.counters, &call);
    if call.service == Service::S3 {
        s3::count_foreign(state, &world, &call);
    }
    let mut effects = state.faults.effects_on(&call);
    effects.wait(world.latency).await;
    let (reply, code) = match execute(state, &world, &call, &effects, &request_id) {
        Ok(reply) => (reply, None),
        Err(error) => (error.reply(call.service, &request_id), Some(error.code)),
    };
    let mut reply = apply_delivery_fault(&effects, reply);
    if call.request.method == "HEAD" && reply.status > 0 {
        reply.length = Some(reply.length.unwrap_or(reply.body.len()));
        reply.body.clear();
    }
    lock(&state.counters).answered(&call, at, reply.status, code.as_deref());
    (add_headers(state, reply, &request_id), Some(in_flight))
}

fn add_headers(state: &State, reply: Reply, request_id: &str) -> Reply {
    let id = request_id.to_owned();
    reply.header("date", clock::http_date(state.now())).header("x-amzn-requestid", id.clone()).header("x-amz-id-2", id)
}

fn execute(
    state: &State,
    world: &World,
    call: &Call,
    effects: &FaultEffects,
    request_id: &str,
) -> Result<Reply, AwsError> {
    let service = call.service;
    match &effects.kind {
        Some(FaultKind::Error { status, code, message }) => return Err(AwsError::new(*status, code, message.clone())),
        Some(FaultKind::Answer(xml)) => return Ok(Reply::new(200, "text/xml", xml.clone())),
        Some(FaultKind::Throttle) => return Err(AwsError::throttled(service)),
        Some(FaultKind::Reset) => return Ok(Reply::none(Delivery::Reset)),
        Some(FaultKind::Hang) => return Ok(Reply::none(Delivery::Hang)),
        Some(FaultKind::Empty200) => return Ok(Reply::empty(200)),
        Some(FaultKind::Garbage) => {
            return Ok(Reply::new(200, "text/xml", &b"<html><p>not what you <asked & for\x00\xff\xfe"[..]));
        }
        Some(FaultKind::Body(body)) => return Ok(Reply::new(200, "text/xml", body.clone())),
        Some(FaultKind::ExpiredSession) => {
            state.callers.expire(&call.key);
            return Err(AwsError::expired(service));
        }
        Some(FaultKind::DeletedZone) => {
            lock(&state.deleted_zones).extend(call.zone.clone());
        }
        _ => {}
    }
    let caller = authorize(state, world, call, effects)?;
    let repeat_token = matches!(effects.kind, Some(FaultKind::RepeatToken));
    let job = Job { state, world, call, caller: &caller, request_id, repeat_token };
    match service {
        Service::Sts => sts::answer(&job),
        Service::Ec2 => ec2::answer(&job),
        Service::Route53 => route53::answer(&job),
        Service::Route53Resolver | Service::Route53Profiles | Service::Route53Domains => resolver::answer(&job),
        Service::Iam => iam::answer(&job),
        Service::Account => account::answer(&job),
        Service::Organizations => organizations::answer(&job),
        Service::S3 => s3::answer(&job),
        Service::Holder(name) => holders::answer(&job, name),
    }
}

fn apply_delivery_fault(effects: &FaultEffects, mut reply: Reply) -> Reply {
    let delivery = match effects.kind {
        Some(FaultKind::ResetAfter) => return Reply::none(Delivery::Reset),
        Some(FaultKind::Cut | FaultKind::CutWithoutLength) if reply.body.is_empty() => {
            return Reply::none(Delivery::Reset);
        }
        Some(FaultKind::Cut) => Delivery::Cut,
        Some(FaultKind::CutWithoutLength) => Delivery::CutWithoutLength,
        Some(FaultKind::Drip(every)) => Delivery::Drip(every),
        _ => return reply,
    };
    reply.delivery = delivery;
    reply
}
