//! Organizations: roots, units and accounts, with an empty first page. Only the management account and the
//! delegated administrators of an organization may list it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::call::Call;
use super::dispatch::Job;
use super::error::AwsError;
use super::reply::Reply;
use super::token;

/// The id of every organization's root.
pub(crate) const ROOT: &str = "r-abcd";
/// The items of a page, as in AWS.
const PAGE: usize = 20;

/// An account in an organization.
#[derive(Clone, Debug)]
pub(crate) struct OrganizationAccount {
    /// The unit or root that it is in.
    pub unit: String,
    pub name: String,
    /// `ACTIVE`, `SUSPENDED`, `CLOSED` …
    pub state: String,
}

/// An organization by its management account.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimOrganization {
    /// The accounts of delegated administrators, which may list it too.
    pub delegated: BTreeSet<String>,
    /// The units: parent and name by id.
    pub units: BTreeMap<String, (String, String)>,
    pub accounts: BTreeMap<String, OrganizationAccount>,
}

impl SimOrganization {
    /// Adds an active account to a unit.
    pub(crate) fn add(&mut self, account: &str, unit: &str) {
        let name = format!("account {account}");
        let account_of = OrganizationAccount { unit: unit.to_owned(), name, state: "ACTIVE".to_owned() };
        self.accounts.insert(account.to_owned(), account_of);
    }
}

/// Returns the operation of a request, and stores its parameters in the call.
pub(super) fn operation(call: &mut Call) -> Option<String> {
    let operation = call.request.header("x-amz-target")?.strip_prefix("AWSOrganizationsV20161128.")?.to_owned();
    let body: serde_json::Map<String, Value> = serde_json::from_slice(&call.request.body).ok()?;
    let params = body.into_iter().map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()));
    call.params.extend(params);
    Some(operation)
}

pub(super) fn answer(job: &Job) -> Result<Reply, AwsError> {
    let caller = &job.caller.account;
    let may_list = |(management, organization): &(&String, &SimOrganization)| {
        *management == caller || organization.delegated.contains(caller)
    };
    let found = job.world.organizations.iter().find(may_list);
    let denied = || AwsError::new(400, "AccessDeniedException", "You don't have permissions to access this resource.");
    let (_, organization) = found.ok_or_else(denied)?;
    let parent = job.call.param("ParentId").unwrap_or_default();
    let unknown = || AwsError::new(400, "ParentNotFoundException", "You provided a parent that does not exist.");
    if !parent.is_empty() && parent != ROOT && !organization.units.contains_key(parent) {
        return Err(unknown());
    }
    match job.call.operation.as_str() {
        "ListRoots" => list(job, "Roots", vec![json!({ "Id": ROOT, "Name": "Root" })]),
        "ListOrganizationalUnitsForParent" => {
            let below = organization.units.iter().filter(|(_, (of, _))| of == parent);
            list(job, "OrganizationalUnits", below.map(|(id, (_, name))| json!({ "Id": id, "Name": name })).collect())
        }
        "ListAccountsForParent" => {
            let below = organization.accounts.iter().filter(|(_, account)| account.unit == parent);
            let account = |(id, account): (&String, &OrganizationAccount)| {
                let status = if account.state == "ACTIVE" { "ACTIVE" } else { "SUSPENDED" };
                json!({ "Id": id, "Name": account.name, "State": account.state, "Status": status })
            };
            list(job, "Accounts", below.map(account).collect())
        }
        "ListTagsForResource" => list(job, "Tags", Vec::new()),
        "DescribeOrganizationalUnit" => {
            let id = job.call.param("OrganizationalUnitId").unwrap_or_default();
            let (_, name) = organization.units.get(id).ok_or_else(unknown)?;
            Ok(reply(&json!({ "OrganizationalUnit": { "Id": id, "Name": name } })))
        }
        _ => Err(AwsError::new(400, "UnknownOperationException", "The operation is not known.")),
    }
}

fn list(job: &Job, name: &str, items: Vec<Value>) -> Result<Reply, AwsError> {
    let Some(given) = job.call.param("NextToken") else {
        return Ok(reply(&json!({ (name): [], "NextToken": token::write(job, 0, false) })));
    };
    let wrong = |_| AwsError::new(400, "InvalidInputException", "You specified an invalid token.");
    let from = token::read(job, given).map_err(wrong)?.offset.min(items.len());
    let to = items.len().min(from + PAGE);
    let mut body = json!({ (name): items[from..to] });
    if job.repeat_token {
        body["NextToken"] = given.into();
    } else if to < items.len() {
        body["NextToken"] = token::write(job, to, false).into();
    }
    Ok(reply(&body))
}

fn reply(body: &Value) -> Reply {
    Reply::new(200, "application/x-amz-json-1.1", body.to_string())
}
