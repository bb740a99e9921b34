//! An organization's accounts, unit by unit, with their names and tags.

use std::collections::{BTreeMap, VecDeque};

use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::{Account, AccountState};
use futures::{StreamExt, TryStreamExt};

use super::ImportCandidates;
use crate::aws::AwsError;
use crate::customers::NewTarget;

/// The tag that says where in the organization an account stands: the names of its units, with `/` between them.
const UNIT_TAG: &str = "ou";
/// Accounts whose tags are asked for side by side: Organizations allows few calls a second.
const SIDE_BY_SIDE: usize = 4;

/// Every account below these organizational units (`ou-…`, `r-…`); the whole organization where there are none.
pub(crate) async fn organization(
    config: &aws_config::SdkConfig,
    units: &[String],
) -> Result<ImportCandidates, AwsError> {
    let client = Client::new(config);
    let mut waiting: VecDeque<(String, String)> = VecDeque::new();
    if units.is_empty() {
        let mut pages = client.list_roots().into_paginator().send();
        while let Some(page) = pages.next().await {
            let roots = page.map_err(AwsError::of)?.roots.unwrap_or_default();
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
        while let Some(page) = pages.next().await {
            let page = page.map_err(AwsError::of)?.accounts.unwrap_or_default();
            accounts.extend(page.into_iter().map(|account| (account, path.clone())));
        }
        let mut pages = client.list_organizational_units_for_parent().parent_id(&parent).into_paginator().send();
        while let Some(page) = pages.next().await {
            for unit in page.map_err(AwsError::of)?.organizational_units.unwrap_or_default() {
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
                found.leave_out(format!("{id} ({name})"), format!("the organization calls it {other}"));
                found.closed.extend(is_closed(&account).then(|| id.parse().ok()).flatten());
            }
        }
    }
    let tagged = futures::stream::iter(active).map(|(account, path)| {
        let client = client.clone();
        async move { with_tags(&client, account, path).await }
    });
    for target in tagged.buffered(SIDE_BY_SIDE).try_collect::<Vec<_>>().await? {
        match target {
            Ok(target) => found.take(target),
            Err((what, why)) => found.leave_out(what, why),
        }
    }
    Ok(found)
}

/// The newer field says more than the older one; both are the organization's words.
fn state(account: &Account) -> &str {
    match (&account.state, account.status.as_ref()) {
        (Some(state), _) => AccountState::as_str(state),
        (None, Some(status)) => status.as_str(),
        (None, None) => "unknown",
    }
}

/// Whether it is closed, and not suspended by AWS for a while. The older field has one word for both.
fn is_closed(account: &Account) -> bool {
    match &account.state {
        Some(state) => matches!(state.as_str(), "CLOSED" | "PENDING_CLOSURE"),
        None => state(account) != "unknown",
    }
}

async fn name_of(client: &Client, unit: &str) -> Result<String, AwsError> {
    let answer =
        client.describe_organizational_unit().organizational_unit_id(unit).send().await.map_err(AwsError::of)?;
    Ok(answer.organizational_unit.and_then(|unit| unit.name).unwrap_or_default())
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
    let mut pages = client.list_tags_for_resource().resource_id(&id).into_paginator().items().send();
    while let Some(tag) = pages.next().await {
        let tag = tag.map_err(AwsError::of)?;
        tags.insert(tag.key, tag.value);
    }
    // A tag without a name could not be selected by.
    tags.retain(|key, _| !key.is_empty());
    let name = account.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    Ok(Ok(NewTarget { name, tags, ..NewTarget::new(account_id) }))
}
