//! Account Management: `ListRegions` with paging.

use super::dispatch::Job;
use super::error::AwsError;
use super::http::Request;
use super::reply::Reply;
use super::token;
use serde_json::{Value, json};

/// Returns the operation of a request.
pub(super) fn operation(request: &Request) -> Option<String> {
    (request.method == "POST" && request.path == "/listRegions").then(|| "ListRegions".to_owned())
}

pub(super) fn answer(job: &Job) -> Result<Reply, AwsError> {
    let wrong = |message: &str| AwsError::new(400, "ValidationException", message);
    let body = if job.call.request.body.is_empty() { &b"{}"[..] } else { &job.call.request.body };
    let body: Value = serde_json::from_slice(body).map_err(|_| wrong("the body is no JSON"))?;
    if body.get("AccountId").is_some_and(|account| *account != *job.caller.account) {
        return Err(AwsError::new(403, "AccessDeniedException", "AccountId names another account"));
    }
    let most = match body.get("MaxResults") {
        None => 20,
        Some(most) => most.as_u64().filter(|n| (1..=50).contains(n)).ok_or_else(|| wrong("MaxResults: 1 to 50"))?,
    };
    let requested: Option<Vec<&str>> = body
        .get("RegionOptStatusContains")
        .and_then(Value::as_array)
        .map(|all| all.iter().filter_map(Value::as_str).collect());
    let given = body.get("NextToken").and_then(Value::as_str);
    let from = given.map_or(Ok(0), |given| token::read(job, given).map(|token| token.offset));
    let from = from.map_err(|_| wrong("NextToken is not valid"))?;
    let status = |(region, opt_in): (&String, &bool)| {
        let status = match (opt_in, job.world.enabled(&job.caller.account, region)) {
            (false, _) => "ENABLED_BY_DEFAULT",
            (true, true) => "ENABLED",
            (true, false) => "DISABLED",
        };
        let requested = requested.as_ref().is_none_or(|requested| requested.contains(&status));
        requested.then(|| json!({ "RegionName": region, "RegionOptStatus": status }))
    };
    let all: Vec<Value> = job.world.regions.iter().filter_map(status).collect();
    let to = all.len().min(from.saturating_add(most as usize));
    let mut answer = json!({ "Regions": all.get(from..to).unwrap_or(&[]) });
    if job.repeat_token {
        answer["NextToken"] = given.map_or_else(|| token::write(job, to, false), str::to_owned).into();
    } else if to < all.len() {
        answer["NextToken"] = token::write(job, to, false).into();
    }
    Ok(Reply::new(200, "application/json", answer.to_string()))
}
