//! STS: `AssumeRole`, as strict as AWS, and `GetCallerIdentity`.
//!
//! Deviations from AWS: an account's root may assume roles. Policy ARNs, tags and source identities are refused.

use super::caller::Caller;
use super::clock;
use super::dispatch::Job;
use super::error::AwsError;
use super::fault::Service;
use super::policy::SessionPolicy;
use super::reply::Reply;
use super::world::{Role, World};
use super::xml::Xml;

pub(super) fn answer(job: &Job) -> Result<Reply, AwsError> {
    if job.call.param("Version") != Some("2011-06-15") {
        return Err(AwsError::new(400, "InvalidAction", "Version must be 2011-06-15"));
    }
    match job.call.operation.as_str() {
        "AssumeRole" => assume_role(job),
        "GetCallerIdentity" => Ok(caller_identity(job)),
        other => Err(AwsError::new(400, "InvalidAction", format!("Could not find operation {other}"))),
    }
}

fn caller_identity(job: &Job) -> Reply {
    let mut xml = begin("GetCallerIdentity");
    xml.text("Arn", &job.caller.arn).text("UserId", &job.caller.user_id).text("Account", &job.caller.account);
    end(xml, "GetCallerIdentity", job.request_id)
}

fn assume_role(job: &Job) -> Result<Reply, AwsError> {
    let call = job.call;
    let known = ["Action", "Version", "RoleArn", "RoleSessionName", "ExternalId", "DurationSeconds", "Policy"];
    if let Some((name, _)) = call.params.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(AwsError::validation(format!("{name} is not simulated")));
    }
    let arn = bounded(job, "RoleArn", 20, 2048, |_| true)?.ok_or_else(|| missing("roleArn"))?;
    let session = bounded(job, "RoleSessionName", 2, 64, |c| is_word(c, "+=,.@-"))?;
    let session = session.ok_or_else(|| missing("roleSessionName"))?;
    let external_id = bounded(job, "ExternalId", 2, 1224, |c| is_word(c, "+=,.@:/-"))?;
    let duration = call.number("DurationSeconds")?.unwrap_or(3600);
    if !(900..=43_200).contains(&duration) {
        return Err(AwsError::validation(constraint("durationSeconds", "Member must lie between 900 and 43200")));
    }
    let policy = session_policy(job)?;
    let role = trusted_role(job.world, job.caller, arn, external_id).ok_or_else(|| {
        let why = format!("on resource: {arn}");
        AwsError::denied(Service::Sts, &job.caller.arn, "sts:AssumeRole", &why)
    })?;
    // STS refuses in a region that the role's account has not opted in to.
    if !job.world.enabled(call.target.as_deref().unwrap_or_default(), &call.region) {
        let message =
            format!("STS is not activated in this region for account:{}.", call.target.as_deref().unwrap_or(""));
        return Err(AwsError::new(403, "RegionDisabledException", message));
    }
    if job.caller.is_role && duration > 3600 {
        let message =
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.";
        return Err(AwsError::validation(message));
    }
    if duration > i64::from(role.max_session) {
        let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(AwsError::validation(message));
    }
    let life_ms = job.world.session_life.map_or(duration * 1000, |life| life.as_millis() as i64);
    let issued = job.state.callers.issue(arn, session, policy, job.state.now_ms() + life_ms);
    let issued = issued.ok_or_else(|| AwsError::validation(format!("{arn} is invalid")))?;
    let mut xml = begin("AssumeRole");
    xml.open("AssumedRoleUser").text("AssumedRoleId", &issued.caller.user_id);
    let account = &issued.caller.account;
    let claimed = role.answers_as.as_ref().unwrap_or(account);
    xml.text("Arn", &issued.caller.arn.replace(account.as_str(), claimed)).close("AssumedRoleUser");
    xml.open("Credentials").text("AccessKeyId", &issued.key).text("SecretAccessKey", &issued.secret);
    xml.text("SessionToken", &issued.token).text("Expiration", &clock::iso(issued.expires_ms / 1000));
    xml.close("Credentials");
    if let Some(policy) = call.param("Policy") {
        xml.plain("PackedPolicySize", policy.len() * 100 / 2048);
    }
    Ok(end(xml, "AssumeRole", job.request_id))
}

fn session_policy(job: &Job) -> Result<Option<SessionPolicy>, AwsError> {
    let Some(text) = job.call.param("Policy") else {
        return Ok(None);
    };
    if text.is_empty() || text.chars().count() > 2048 {
        return Err(AwsError::validation(constraint("policy", "Member must have length between 1 and 2048")));
    }
    let malformed = || AwsError::new(400, "MalformedPolicyDocument", "This policy contains invalid Json");
    let policy = SessionPolicy::parse(text).ok_or_else(malformed)?;
    match job.world.packed_policy_limit {
        Some(limit) if text.len() > limit => {
            let message = "Packed policy consumes more than 100% of allotted space, please use smaller policy.";
            Err(AwsError::new(400, "PackedPolicyTooLarge", message))
        }
        _ => Ok(Some(policy)),
    }
}

/// Returns the role of this ARN if it trusts the caller and the external ID is correct.
fn trusted_role<'a>(world: &'a World, caller: &Caller, arn: &str, external_id: Option<&str>) -> Option<&'a Role> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let &["arn", partition, "iam", "", account, resource] = parts.as_slice() else {
        return None;
    };
    let role = world.accounts.get(account)?.roles.get(resource.strip_prefix("role/")?)?;
    let root = format!("arn:{}:iam::{}:root", world.partition, caller.account);
    let trusted = role.trusts.iter().any(|trust| *trust == caller.principal || *trust == root);
    let id_is_correct = role.external_id.as_deref().is_none_or(|wanted| external_id == Some(wanted));
    (partition == world.partition && trusted && id_is_correct).then_some(role)
}

fn bounded<'a>(
    job: &'a Job,
    name: &str,
    least: usize,
    most: usize,
    allowed: impl Fn(char) -> bool,
) -> Result<Option<&'a str>, AwsError> {
    let Some(value) = job.call.param(name) else {
        return Ok(None);
    };
    let length = value.chars().count();
    if !(least..=most).contains(&length) || !value.chars().all(allowed) {
        let rule = format!("Member must have length between {least} and {most} and satisfy its pattern");
        return Err(AwsError::validation(constraint(name, &rule)));
    }
    Ok(Some(value))
}

fn is_word(c: char, others: &str) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || others.contains(c)
}

fn missing(name: &str) -> AwsError {
    AwsError::validation(constraint(name, "Member must not be null"))
}

fn constraint(name: &str, rule: &str) -> String {
    format!("1 validation error detected: Value at '{name}' failed to satisfy constraint: {rule}")
}

fn begin(operation: &str) -> Xml {
    let mut xml = Xml::new(&format!("{operation}Response"), Service::Sts.namespace());
    xml.open(&format!("{operation}Result"));
    xml
}

fn end(mut xml: Xml, operation: &str, request_id: &str) -> Reply {
    xml.close(&format!("{operation}Result"));
    xml.open("ResponseMetadata").text("RequestId", request_id).close("ResponseMetadata");
    Reply::xml(xml.finish(&format!("{operation}Response")))
}
