//! Imports the accounts of an organization with their names, tags and organizational units.

use std::collections::{BTreeMap, HashSet, VecDeque};

use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::{Account, AccountState, OrganizationalUnit, Root, Tag};
use futures::{StreamExt, TryStreamExt};

use super::ImportCandidates;
use crate::aws::AwsError;
use crate::customers::NewTarget;
use crate::onboarding::paging::{self, ListedPage, list};

/// The tag with the path of an account's organizational units, `prod/eu`.
const UNIT_TAG: &str = "ou";
/// Accounts whose tags are read concurrently. Organizations allows few calls per second.
const CONCURRENT_TAG_READS: usize = 4;

/// Returns the accounts below these organizational units (`ou-…`, `r-…`), or of the whole organization if none is given.
pub(crate) async fn organization(
    config: &aws_config::SdkConfig,
    units: &[String],
) -> Result<ImportCandidates, AwsError> {
    let client = Client::new(config);
    let mut waiting: VecDeque<(String, String)> = VecDeque::new();
    if units.is_empty() {
        for root in roots(&client).await? {
            waiting.push_back((required(root.id, "ListRoots", "a root without an id")?, String::new()));
        }
    }
    for unit in units {
        let path = if unit.starts_with("r-") { String::new() } else { name_of(&client, unit).await? };
        waiting.push_back((unit.clone(), path));
    }
    let mut accounts: Vec<(Account, String)> = Vec::new();
    let mut visited = HashSet::new();
    while let Some((parent, path)) = waiting.pop_front() {
        // A unit may be given together with a unit above it.
        if !visited.insert(parent.clone()) {
            continue;
        }
        accounts.extend(accounts_of(&client, &parent).await?.into_iter().map(|account| (account, path.clone())));
        for unit in units_of(&client, &parent).await? {
            let operation = "ListOrganizationalUnitsForParent";
            let name = required(unit.name, operation, "a unit without a name")?;
            let below = if path.is_empty() { name } else { format!("{path}/{name}") };
            waiting.push_back((required(unit.id, operation, "a unit without an id")?, below));
        }
    }
    let mut found = ImportCandidates::default();
    let mut active = Vec::new();
    for (account, path) in accounts {
        let id = account.id.clone().unwrap_or_default();
        let name = account.name.clone().unwrap_or_default();
        match state(&account) {
            "ACTIVE" => active.push((account, path)),
            other => {
                found.leave_out(format!("{id} ({name})"), format!("its state in the organization is {other}"));
                found.closed.extend(is_closed(&account).then(|| id.parse().ok()).flatten());
            }
        }
    }
    let tagged = futures::stream::iter(active).map(|(account, path)| {
        let client = client.clone();
        async move { with_tags(&client, account, path).await }
    });
    for target in tagged.buffered(CONCURRENT_TAG_READS).try_collect::<Vec<_>>().await? {
        match target {
            Ok(target) => found.take(target),
            Err((what, why)) => found.leave_out(what, why),
        }
    }
    Ok(found)
}

/// Returns the account's state as AWS names it. The newer field `State` distinguishes more than `Status`.
fn state(account: &Account) -> &str {
    match (&account.state, account.status.as_ref()) {
        (Some(state), _) => AccountState::as_str(state),
        (None, Some(status)) => status.as_str(),
        (None, None) => "unknown",
    }
}

/// Returns whether the account is closed, and not only suspended by AWS. The older field `Status` has one word for both.
fn is_closed(account: &Account) -> bool {
    match &account.state {
        Some(state) => matches!(state.as_str(), "CLOSED" | "PENDING_CLOSURE"),
        None => state(account) != "unknown",
    }
}

async fn name_of(client: &Client, unit: &str) -> Result<String, AwsError> {
    let answer =
        client.describe_organizational_unit().organizational_unit_id(unit).send().await.map_err(AwsError::of)?;
    let name = answer.organizational_unit.and_then(|unit| unit.name);
    required(name, "DescribeOrganizationalUnit", "no name")
}

fn required(text: Option<String>, operation: &str, without: &str) -> Result<String, AwsError> {
    text.filter(|text| !text.is_empty()).ok_or_else(|| paging::unreadable(operation, &format!("has {without}")))
}

async fn roots(client: &Client) -> Result<Vec<Root>, AwsError> {
    let page = async |token| {
        let page = client.list_roots().set_next_token(token).send().await.map_err(AwsError::of)?;
        Ok(ListedPage { items: page.roots, next_token: page.next_token, is_truncated: None })
    };
    list("ListRoots", page).await.complete()
}

async fn accounts_of(client: &Client, parent: &str) -> Result<Vec<Account>, AwsError> {
    let page = async |token| {
        let request = client.list_accounts_for_parent().parent_id(parent).set_next_token(token);
        let page = request.send().await.map_err(AwsError::of)?;
        Ok(ListedPage { items: page.accounts, next_token: page.next_token, is_truncated: None })
    };
    list("ListAccountsForParent", page).await.complete()
}

async fn units_of(client: &Client, parent: &str) -> Result<Vec<OrganizationalUnit>, AwsError> {
    let page = async |token| {
        let request = client.list_organizational_units_for_parent().parent_id(parent).set_next_token(token);
        let page = request.send().await.map_err(AwsError::of)?;
        Ok(ListedPage { items: page.organizational_units, next_token: page.next_token, is_truncated: None })
    };
    list("ListOrganizationalUnitsForParent", page).await.complete()
}

async fn tags_of(client: &Client, account_id: &str) -> Result<Vec<Tag>, AwsError> {
    let page = async |token| {
        let request = client.list_tags_for_resource().resource_id(account_id).set_next_token(token);
        let page = request.send().await.map_err(AwsError::of)?;
        Ok(ListedPage { items: page.tags, next_token: page.next_token, is_truncated: None })
    };
    list("ListTagsForResource", page).await.complete()
}

async fn with_tags(
    client: &Client,
    account: Account,
    path: String,
) -> Result<Result<NewTarget, (String, String)>, AwsError> {
    let id = account.id.unwrap_or_default();
    let account_id = match id.parse() {
        Ok(account_id) => account_id,
        Err(error) => return Ok(Err((id, format!("{error}")))),
    };
    let mut tags = BTreeMap::new();
    if !path.is_empty() {
        tags.insert(UNIT_TAG.to_owned(), path);
    }
    tags.extend(tags_of(client, &id).await?.into_iter().map(|tag| (tag.key, tag.value)));
    // A request cannot select by a tag without a name.
    tags.retain(|key, _| !key.is_empty());
    let name = account.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    Ok(Ok(NewTarget { name, tags, ..NewTarget::new(account_id) }))
}
