//! From a request to an answer: what strikes the call, whether it is let in, and the service's own word.

use super::admit::let_in;
use super::call::{Call, understand};
use super::caller::Caller;
use super::counts::InFlight;
use super::error::AwsError;
use super::fault::{Service, Struck, What};
use super::http::Request;
use super::reply::{Delivery, Reply};
use super::state::{State, lock};
use super::world::World;
use super::{account, clock, ec2, iam, route53, s3, sts};
use std::sync::Arc;
use std::time::Instant;

/// What a service needs to answer.
pub(super) struct Job<'a> {
    pub state: &'a State,
    pub world: &'a World,
    pub call: &'a Call,
    pub caller: &'a Caller,
    pub request_id: &'a str,
    /// The listing gives the same token for ever.
    pub repeat_token: bool,
}

/// Answers a request, whatever it is. The call counts as in flight until the second part is dropped.
pub(super) async fn answer(state: &Arc<State>, request: Request) -> (Reply, Option<InFlight>) {
    let at = Instant::now();
    let world = state.world();
    let request_id = state.request_id();
    let call = match understand(state, &world, request) {
        Ok(call) => call,
        Err((service, error)) => return (dress(state, error.reply(service, &request_id), &request_id), None),
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
    let mut struck = state.faults.strike(&call);
    struck.passed(world.latency).await;
    let (reply, code) = match carry_out(state, &world, &call, &struck, &request_id) {
        Ok(reply) => (reply, None),
        Err(error) => (error.reply(call.service, &request_id), Some(error.code)),
    };
    let mut reply = deliver_by(&struck, reply);
    if call.request.method == "HEAD" && reply.status > 0 {
        reply.length = Some(reply.length.unwrap_or(reply.body.len()));
        reply.body.clear();
    }
    lock(&state.counters).answered(&call, at, reply.status, code.as_deref());
    (dress(state, reply, &request_id), Some(in_flight))
}

fn dress(state: &State, reply: Reply, request_id: &str) -> Reply {
    let id = request_id.to_owned();
    reply.header("date", clock::http_date(state.now())).header("x-amzn-requestid", id.clone()).header("x-amz-id-2", id)
}

fn carry_out(state: &State, world: &World, call: &Call, struck: &Struck, request_id: &str) -> Result<Reply, AwsError> {
    let service = call.service;
    match &struck.what {
        Some(What::Error { status, code, message }) => return Err(AwsError::new(*status, code, message.clone())),
        Some(What::Throttle) => return Err(AwsError::throttled(service)),
        Some(What::Reset) => return Ok(Reply::none(Delivery::Reset)),
        Some(What::Hang) => return Ok(Reply::none(Delivery::Hang)),
        Some(What::Empty200) => return Ok(Reply::empty(200)),
        Some(What::Garbage) => {
            return Ok(Reply::new(200, "text/xml", &b"<html><p>not what you <asked & for\x00\xff\xfe"[..]));
        }
        Some(What::ExpiredSession) => {
            state.callers.expire(&call.key);
            return Err(AwsError::expired(service));
        }
        Some(What::DeletedZone) => {
            lock(&state.deleted_zones).extend(call.zone.clone());
        }
        _ => {}
    }
    let caller = let_in(state, world, call, struck)?;
    let repeat_token = matches!(struck.what, Some(What::RepeatToken));
    let job = Job { state, world, call, caller: &caller, request_id, repeat_token };
    match service {
        Service::Sts => sts::answer(&job),
        Service::Ec2 => ec2::answer(&job),
        Service::Route53 => route53::answer(&job),
        Service::Iam => iam::answer(&job),
        Service::Account => account::answer(&job),
        Service::S3 => s3::answer(&job),
    }
}

fn deliver_by(struck: &Struck, mut reply: Reply) -> Reply {
    let delivery = match struck.what {
        Some(What::ResetAfter) => return Reply::none(Delivery::Reset),
        Some(What::Cut | What::CutWithoutLength) if reply.body.is_empty() => return Reply::none(Delivery::Reset),
        Some(What::Cut) => Delivery::Cut,
        Some(What::CutWithoutLength) => Delivery::CutWithoutLength,
        Some(What::Drip(every)) => Delivery::Drip(every),
        _ => return reply,
    };
    reply.delivery = delivery;
    reply
}
