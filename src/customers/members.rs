//! Lists the active accounts of an organization, unit by unit.
//!
//! Organizations allows few calls a second, and large organizations take hundreds of them. So the listing is sequential, and
//! patient while it is throttled.
//!
//! **Invariant:** reads only, and knows no target. A listing that does not end properly is an error, never a short list.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::{Account, AccountState, OrganizationalUnit, Root, Tag};

use super::assume_role::RoleAssumer;
use super::registry::{MemberAccount, Organization};
use crate::aws::listing::{self, ListedPage, PageCollector};
use crate::aws::{AwsError, AwsErrorKind, Backend, SessionPolicy, repeat};
use crate::domain::{AccountId, Partition};

/// The reads of a listing. The session in the account that is asked may do no more.
pub(crate) const LIST_MEMBERS_ACTIONS: [&str; 4] = [
    "organizations:DescribeOrganizationalUnit",
    "organizations:ListAccountsForParent",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListRoots",
];

/// How long a call is repeated while Organizations throttles it.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most time for the listing of an organization, of a run without a deadline and of a check too.
pub(crate) const MAX_LISTING_TIME: Duration = Duration::from_secs(30 * 60);
/// The prefix of the ids of roots.
const ROOT: &str = "r-";

/// Lists all pages of a call. A macro, since the SDK's builders have no trait in common. Without closures that are asynchronous, the
/// future is fit for any thread.
macro_rules! listed {
    ($operation:literal, $call:expr, |$page:ident| $items:expr) => {{
        let (call, mut pages) = ($call, PageCollector::new($operation));
        while let Some(token) = pages.next() {
            let page = patiently(|| call.clone().set_next_token(token.clone()).send()).await;
            pages.add(page.map(|$page| {
                let next_token = $page.next_token.clone();
                ListedPage { items: $items, next_token, is_truncated: None }
            }));
        }
        pages.into_listing().complete()
    }};
}

/// The accounts of an organization.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemberListing {
    /// The active accounts, each once.
    pub members: Vec<MemberAccount>,
    /// Closed accounts.
    pub closed: Vec<AccountId>,
    /// Accounts that are not active, with the reason.
    pub left_out: Vec<(String, String)>,
    /// The excluded units that the listing met.
    pub excluded_units: HashSet<String>,
}

/// Lists the members of an organization of the registry, through its management role or with the backend's own credentials,
/// within `time`.
pub(crate) async fn list_organization(
    backend: &Backend,
    roles: &Arc<RoleAssumer>,
    organization: &Organization,
    time: Duration,
) -> Result<MemberListing, AwsError> {
    let listing = tokio::time::timeout(time, list_whole(backend, roles, organization)).await;
    listing.unwrap_or_else(|_| {
        let message = format!(
            "its listing took longer than {} s. A run gives it half of its time: give the run more, or list fewer units (`ous`)",
            time.as_secs()
        );
        Err(AwsError::new(AwsErrorKind::OutOfTime, message))
    })
}

async fn list_whole(
    backend: &Backend,
    roles: &Arc<RoleAssumer>,
    organization: &Organization,
) -> Result<MemberListing, AwsError> {
    let config = match organization.management_target() {
        None => backend.config.clone(),
        Some(target) => {
            let policy = SessionPolicy::document(&[("*", LIST_MEMBERS_ACTIONS.to_vec())]);
            let provider = roles.open_credentials(&target, &policy).await?;
            backend.config.clone().into_builder().credentials_provider(provider).build()
        }
    };
    let excluded: HashSet<&str> = organization.exclude.iter().map(String::as_str).collect();
    let client = organizations_client(&config, backend.partition);
    let mut listing = list_members(&client, &organization.units, &excluded).await?;
    listing.members.retain(|member| !excluded.contains(member.account_id.as_str()));
    for unit in organization.excluded_units().filter(|unit| !listing.excluded_units.contains(*unit)) {
        tracing::warn!(
            organization = organization.name,
            unit,
            "`exclude` names a unit that is not among those listed: if its id is wrong, its accounts are entered"
        );
    }
    Ok(listing)
}

/// A client of Organizations. The service is global, and its requests are signed for one region of the partition.
pub(crate) fn organizations_client(config: &SdkConfig, partition: &Partition) -> Client {
    let region = Region::new(partition.iam_region);
    Client::from_conf(aws_sdk_organizations::config::Builder::from(config).region(region).build())
}

/// Lists the accounts below these organizational units (`ou-…`, `r-…`), or of the whole organization if none is given. What is
/// below an excluded unit is left out.
pub(crate) async fn list_members(
    client: &Client,
    units: &[String],
    excluded: &HashSet<&str>,
) -> Result<MemberListing, AwsError> {
    let mut waiting: VecDeque<(String, String)> = VecDeque::new();
    if units.is_empty() {
        for root in roots(client).await? {
            waiting.push_back((required(root.id, "ListRoots", "a root without an id")?, String::new()));
        }
    }
    for unit in units {
        let path = if unit.starts_with(ROOT) { String::new() } else { name_of(client, unit).await? };
        waiting.push_back((unit.clone(), path));
    }
    let (mut found, mut listed) = (MemberListing::default(), HashSet::new());
    let mut visited = HashSet::new();
    while let Some((parent, path)) = waiting.pop_front() {
        if excluded.contains(parent.as_str()) {
            found.excluded_units.insert(parent);
            continue;
        }
        // A unit may be given together with a unit above it.
        if !visited.insert(parent.clone()) {
            continue;
        }
        for account in accounts_of(client, &parent).await? {
            // An account that moves during the listing may be below two units.
            if listed.insert(account.id.clone()) {
                found.take(account, &path)?;
            }
        }
        for unit in units_of(client, &parent).await? {
            let operation = "ListOrganizationalUnitsForParent";
            let name = required(unit.name, operation, "a unit without a name")?;
            let below = if path.is_empty() { name } else { format!("{path}/{name}") };
            waiting.push_back((required(unit.id, operation, "a unit without an id")?, below));
        }
    }
    Ok(found)
}

/// Returns the tags of an account.
pub(crate) async fn tags_of(client: &Client, account_id: &AccountId) -> Result<BTreeMap<String, String>, AwsError> {
    let call = client.list_tags_for_resource().resource_id(account_id.as_str());
    let tags: Result<Vec<Tag>, AwsError> = listed!("ListTagsForResource", call, |page| page.tags);
    Ok(tags?.into_iter().map(|tag| (tag.key, tag.value)).collect())
}

impl MemberListing {
    /// Adds an account. One that cannot be read makes the listing useless: without it, the account would pass for one that
    /// has left.
    fn take(&mut self, account: Account, unit: &str) -> Result<(), AwsError> {
        let id = account.id.clone().unwrap_or_default();
        let name = account.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let account_id: AccountId = match id.parse() {
            Ok(account_id) => account_id,
            Err(error) => {
                return Err(listing::unreadable(
                    "ListAccountsForParent",
                    &format!("an account without an id: {error}"),
                ));
            }
        };
        let state = state(&account).ok_or_else(|| {
            listing::unreadable("ListAccountsForParent", &format!("no state of account {account_id}"))
        })?;
        match state {
            "ACTIVE" => {
                let name = name.map(str::to_owned);
                self.members.push(MemberAccount { account_id, name, unit: unit.to_owned() });
            }
            other => {
                let what = format!("{id} ({})", name.unwrap_or_default());
                self.left_out.push((what, format!("its state in the organization is {other}")));
                self.closed.extend(is_closed(&account).then_some(account_id));
            }
        }
        Ok(())
    }
}

/// Returns the account's state as AWS names it. The newer field `State` distinguishes more than `Status`.
fn state(account: &Account) -> Option<&str> {
    match (&account.state, account.status.as_ref()) {
        (Some(state), _) => Some(AccountState::as_str(state)),
        (None, Some(status)) => Some(status.as_str()),
        (None, None) => None,
    }
}

/// Returns whether an account that is not active is closed, and not only suspended by AWS. The older field `Status` has one word for both.
fn is_closed(account: &Account) -> bool {
    match &account.state {
        Some(state) => matches!(state.as_str(), "CLOSED" | "PENDING_CLOSURE"),
        None => true, // `SUSPENDED`
    }
}

async fn name_of(client: &Client, unit: &str) -> Result<String, AwsError> {
    let answer = patiently(|| client.describe_organizational_unit().organizational_unit_id(unit).send()).await?;
    let name = answer.organizational_unit.and_then(|unit| unit.name);
    required(name, "DescribeOrganizationalUnit", "no name")
}

fn required(text: Option<String>, operation: &str, without: &str) -> Result<String, AwsError> {
    text.filter(|text| !text.is_empty()).ok_or_else(|| listing::unreadable(operation, &format!("has {without}")))
}

async fn roots(client: &Client) -> Result<Vec<Root>, AwsError> {
    listed!("ListRoots", client.list_roots(), |page| page.roots)
}

async fn accounts_of(client: &Client, parent: &str) -> Result<Vec<Account>, AwsError> {
    listed!("ListAccountsForParent", client.list_accounts_for_parent().parent_id(parent), |page| page.accounts)
}

async fn units_of(client: &Client, parent: &str) -> Result<Vec<OrganizationalUnit>, AwsError> {
    let call = client.list_organizational_units_for_parent().parent_id(parent);
    listed!("ListOrganizationalUnitsForParent", call, |page| page.organizational_units)
}

/// Makes a call, and repeats it while it is throttled.
async fn patiently<T, E, F>(call: impl Fn() -> F) -> Result<T, AwsError>
where
    F: Future<Output = Result<T, E>>,
    E: Into<AwsError>,
{
    repeat(PATIENCE, &[AwsErrorKind::Throttled], call).await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn the_template_of_the_management_role_allows_these_reads_and_no_others() {
        let template = include_str!("../../infra/management-role.yaml");
        let (_, allowed) = template.split_once("# actions: begin\n").expect("the actions");
        let (allowed, _) = allowed.split_once("# actions: end").expect("their end");
        let actions = allowed.lines().filter_map(|line| line.trim().strip_prefix("- organizations:"));
        let actions: Vec<String> = actions.map(|action| format!("organizations:{action}")).collect();
        assert_eq!(actions, LIST_MEMBERS_ACTIONS);
        assert_eq!(template.matches("organizations:").count(), LIST_MEMBERS_ACTIONS.len());
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_call_is_repeated_and_another_failure_is_not() {
        let throttled = || AwsError::new(AwsErrorKind::Throttled, "Rate exceeded");
        let calls = Cell::new(0);
        let call = async |answer: Result<u32, AwsError>| {
            calls.set(calls.get() + 1);
            if calls.get() < 4 { Err(throttled()) } else { answer }
        };
        assert_eq!(patiently(|| call(Ok(7))).await.unwrap(), 7);
        let denied = AwsError::new(AwsErrorKind::Denied, "no");
        assert_eq!(patiently(|| call(Err(denied.clone()))).await.unwrap_err().kind, AwsErrorKind::Denied);
        assert_eq!(calls.get(), 5);
        // It ends if AWS never stops throttling.
        let ended = patiently(|| async { Err::<u32, _>(throttled()) }).await;
        assert_eq!(ended.unwrap_err().kind, AwsErrorKind::Throttled);
    }

    #[test]
    fn only_active_accounts_are_members() {
        let account = |id: &str, state: Option<&str>, status: Option<&str>| {
            Account::builder()
                .id(id)
                .name(" shop ")
                .set_state(state.map(Into::into))
                .set_status(status.map(Into::into))
                .build()
        };
        let mut found = MemberListing::default();
        for account in [
            account("111111111111", Some("ACTIVE"), Some("ACTIVE")),
            account("222222222222", None, Some("ACTIVE")),
            account("333333333333", Some("SUSPENDED"), Some("SUSPENDED")),
            account("444444444444", Some("CLOSED"), Some("SUSPENDED")),
            account("555555555555", Some("PENDING_ACTIVATION"), None),
        ] {
            found.take(account, "prod/eu").unwrap();
        }
        let ids: Vec<&str> = found.members.iter().map(|member| member.account_id.as_str()).collect();
        assert_eq!(ids, ["111111111111", "222222222222"]);
        assert_eq!((found.members[0].name.as_deref(), found.members[0].unit.as_str()), (Some("shop"), "prod/eu"));
        assert_eq!(found.closed.iter().map(AccountId::as_str).collect::<Vec<_>>(), ["444444444444"]);
        assert_eq!(found.left_out.len(), 3);
        // Left out in silence, these would pass for accounts that have left.
        for unreadable in [account("666666666666", None, None), account("12", Some("ACTIVE"), None)] {
            assert_eq!(found.take(unreadable, "prod/eu").unwrap_err().kind, AwsErrorKind::Unreadable);
        }
    }
}
