//! IAM: `ListAccountAliases`. An account has at most one alias, so there is one page. No role may read roles, like the role of
//! the customer's template.

use super::dispatch::Job;
use super::error::AwsError;
use super::fault::Service;
use super::reply::Reply;
use super::xml::Xml;

pub(super) fn answer(job: &Job) -> Result<Reply, AwsError> {
    let call = job.call;
    if matches!(call.operation.as_str(), "GetRole" | "ListRolePolicies" | "ListAttachedRolePolicies") {
        let action = call.action();
        let why = format!("because no identity-based policy allows the {action} action");
        return Err(AwsError::denied(Service::Iam, &job.caller.arn, &action, &why));
    }
    if call.param("Version") != Some("2010-05-08") || call.operation != "ListAccountAliases" {
        let message = format!("Could not find operation {} for this version", call.operation);
        return Err(AwsError::new(400, "InvalidAction", message));
    }
    if let Some(items) = call.number("MaxItems")?
        && !(1..=1000).contains(&items)
    {
        return Err(AwsError::validation("maxItems must lie between 1 and 1000"));
    }
    if call.param("Marker").is_some() {
        return Err(AwsError::validation("Invalid Marker."));
    }
    let alias = job.world.accounts.get(&job.caller.account).and_then(|account| account.alias.as_deref());
    let mut xml = Xml::new("ListAccountAliasesResponse", Service::Iam.namespace());
    xml.open("ListAccountAliasesResult").text("IsTruncated", "false");
    match alias {
        Some(alias) => xml.open("AccountAliases").text("member", alias).close("AccountAliases"),
        None => xml.empty("AccountAliases"),
    };
    xml.close("ListAccountAliasesResult");
    xml.open("ResponseMetadata").text("RequestId", job.request_id).close("ResponseMetadata");
    Ok(Reply::xml(xml.finish("ListAccountAliasesResponse")))
}
