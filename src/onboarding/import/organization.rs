//! Imports the accounts of an organization with their names, tags and organizational units.

use std::collections::{BTreeMap, HashSet};

use aws_sdk_organizations::Client;
use futures::{StreamExt, TryStreamExt};

use super::ImportCandidates;
use crate::aws::{AwsError, Backend};
use crate::customers::{MemberAccount, NewTarget, UNIT_TAG, list_members, organizations_client, tags_of};

/// Accounts whose tags are read concurrently. Organizations allows few calls per second.
const CONCURRENT_TAG_READS: usize = 4;

/// Returns the accounts below these organizational units (`ou-…`, `r-…`), or of the whole organization if none is given. Without
/// their own tags they have that of their unit alone; tags take a call for each account, and a permission of their own.
pub(crate) async fn organization(
    backend: &Backend,
    units: &[String],
    with_tags: bool,
) -> Result<ImportCandidates, AwsError> {
    let client = organizations_client(&backend.config, backend.partition);
    let listing = list_members(&client, units, &HashSet::new()).await?;
    let mut found =
        ImportCandidates { closed: listing.closed, left_out: listing.left_out, ..ImportCandidates::default() };
    let tagged = futures::stream::iter(listing.members).map(|member| {
        let client = client.clone();
        async move { candidate(&client, member, with_tags).await }
    });
    for target in tagged.buffered(CONCURRENT_TAG_READS).try_collect::<Vec<_>>().await? {
        found.take(target);
    }
    Ok(found)
}

async fn candidate(
    client: &Client,
    MemberAccount { account_id, name, unit }: MemberAccount,
    with_tags: bool,
) -> Result<NewTarget, AwsError> {
    let mut tags = BTreeMap::new();
    if !unit.is_empty() {
        tags.insert(UNIT_TAG.to_owned(), unit);
    }
    if with_tags {
        tags.extend(tags_of(client, &account_id).await?);
    }
    // A request cannot select by a tag without a name.
    tags.retain(|key, _| !key.is_empty());
    Ok(NewTarget { name, tags, ..NewTarget::new(account_id) })
}
