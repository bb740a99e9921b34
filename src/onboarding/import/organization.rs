//! Imports the accounts of an organization with their names, tags and organizational units.

use std::collections::{BTreeMap, VecDeque};

use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::{Account, AccountState};
use futures::{StreamExt, TryStreamExt};

use super::ImportCandidates;
use crate::aws::{AwsError, AwsErrorKind};
use crate::customers::NewTarget;

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
        let (mut pages, mut tokens) = (client.list_roots().into_paginator().send(), Tokens::default());
        while let Some(page) = pages.next().await {
            let page = page.map_err(AwsError::of)?;
            tokens.check("ListRoots", page.next_token)?;
            let roots = page.roots.unwrap_or_default();
            waiting.extend(roots.into_iter().map(|root| (root.id.unwrap_or_default(), String::new())));
        }
    }
    for unit in units {
        let path = if unit.starts_with("r-") { String::new() } else { name_of(&client, unit).await? };
        waiting.push_back((unit.clone(), path));
    }
    let mut accounts: Vec<(Account, String)> = Vec::new();
    while let Some((parent, path)) = waiting.pop_front() {
        let mut pages = client.list_accounts_for_parent().parent_id(&parent).into_paginator().send();
        let mut tokens = Tokens::default();
        while let Some(page) = pages.next().await {
            let page = page.map_err(AwsError::of)?;
            tokens.check("ListAccountsForParent", page.next_token)?;
            accounts.extend(page.accounts.unwrap_or_default().into_iter().map(|account| (account, path.clone())));
        }
        let mut pages = client.list_organizational_units_for_parent().parent_id(&parent).into_paginator().send();
        let mut tokens = Tokens::default();
        while let Some(page) = pages.next().await {
            let page = page.map_err(AwsError::of)?;
            tokens.check("ListOrganizationalUnitsForParent", page.next_token)?;
            for unit in page.organizational_units.unwrap_or_default() {
                let name = unit.name.unwrap_or_default();
                let below = if path.is_empty() { name } else { format!("{path}/{name}") };
                waiting.push_back((unit.id.unwrap_or_default(), below));
            }
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

/// The tokens of one listing's pages. The SDK ends a listing without an error when a token repeats.
#[derive(Debug, Default)]
struct Tokens {
    last: Option<String>,
}

impl Tokens {
    fn check(&mut self, operation: &str, next: Option<String>) -> Result<(), AwsError> {
        let next = next.filter(|token| !token.is_empty());
        if next.is_some() && next == self.last {
            return Err(unreadable(format!("{operation} has repeated a page's token, so its listing is incomplete")));
        }
        self.last = next;
        Ok(())
    }
}

fn unreadable(what: String) -> AwsError {
    AwsError::new(AwsErrorKind::Unreadable, what)
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
    name.ok_or_else(|| unreadable(format!("DescribeOrganizationalUnit has returned no name of {unit}")))
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
    let (mut pages, mut tokens) =
        (client.list_tags_for_resource().resource_id(&id).into_paginator().send(), Tokens::default());
    while let Some(page) = pages.next().await {
        let page = page.map_err(AwsError::of)?;
        tokens.check("ListTagsForResource", page.next_token)?;
        tags.extend(page.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)));
    }
    // A request cannot select by a tag without a name.
    tags.retain(|key, _| !key.is_empty());
    let name = account.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    Ok(Ok(NewTarget { name, tags, ..NewTarget::new(account_id) }))
}
