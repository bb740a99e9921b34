//! The regions of an account in which there is something to ask: those that are enabled there.
//!
//! If AWS lists them by neither of its two operations, named and default regions stand in, and the gap is reported: a run
//! that has not asked every enabled region is not complete.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;
use tokio::time::Instant;

use crate::aws::{
    AwsError, AwsErrorKind, CallParams, Cancellation, DecodedPage, NextPage, PageRequest, Priority, SendFn, Service,
    ServiceClient, Session, send,
};
use crate::catalogue::Table;
use crate::decode::{Item, Value};
use crate::domain::{CallCounts, Partition};

/// A region of an account, as EC2 describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Region {
    /// The name, such as `eu-west-1`.
    region_name: String,
    /// `opt-in-not-required`, `opted-in` or `not-opted-in`.
    #[serde(default)]
    opt_in_status: Option<String>,
}

/// The regions of an account in which there is something to ask.
#[derive(Debug)]
pub(crate) struct EnabledRegions {
    /// The enabled regions, or the ones that stand in for them.
    pub regions: Vec<String>,
    /// The operations that failed.
    pub(super) gaps: Vec<(&'static str, AwsError)>,
    call_counts: CallCounts,
    /// The answer of EC2.
    pub(super) listed: Option<Item>,
    /// The list of Account Management as JSON, if it stands in for the answer of EC2.
    pub(super) stand_in: Option<String>,
    pub(super) took_ms: u64,
}

/// The parameters of [`EnabledRegions::discover`].
pub(crate) struct RegionQuery {
    pub session: Arc<Session>,
    /// The table `accounts`, which the response is decoded for.
    pub table: &'static Table,
    pub partition: &'static Partition,
    /// The regions that stand in together with the partition's default ones: those named in full, and those of earlier runs.
    pub named: Vec<String>,
    pub stop: Cancellation,
}

impl EnabledRegions {
    /// Finds the enabled regions. The named regions and the partition's default ones stand in if the role
    /// may not list regions.
    pub(crate) async fn discover(query: RegionQuery) -> Self {
        let RegionQuery { session, table, partition, named, stop } = query;
        let began = Instant::now();
        let mut around = Self {
            regions: Vec::new(),
            gaps: Vec::new(),
            call_counts: CallCounts::default(),
            listed: None,
            stand_in: None,
            took_ms: 0,
        };
        let ec2 = session.client(Service::Ec2, partition.default_region, Priority::High);
        let account = session.client(Service::Account, partition.default_region, Priority::Normal);
        let describe = session.first_call(describe_regions(&ec2, table, &stop));
        let list = session.first_call(list_regions(&account, &stop));
        let (described, listed) = ask(describe, ec2.first_attempt_timed_out(), list).await;
        around.call_counts += ec2.call_counts();
        around.call_counts += account.call_counts();
        match described {
            Ok((names, item)) => (around.regions, around.listed) = (names, Some(item)),
            Err(cause) => around.gaps.push((DESCRIBE_REGIONS_ACTION, cause)),
        }
        match listed {
            None => {}
            Some(Ok((names, json))) => (around.regions, around.stand_in) = (names, Some(json)),
            Some(Err(cause)) => {
                around.gaps.push(("account:ListRegions", cause));
                let defaults = partition.default_regions.iter().map(|&name| name.to_owned());
                let others = defaults.filter(|name| !named.contains(name)).collect::<Vec<_>>();
                around.regions = named.into_iter().chain(others).collect();
            }
        }
        around.took_ms = crate::domain::millis(began.elapsed());
        around
    }

    /// Whether AWS listed the regions, so that none stand in.
    pub(crate) fn is_known(&self) -> bool {
        self.listed.is_some() || self.stand_in.is_some()
    }

    /// Why the enabled regions are unknown. `None` if AWS listed them.
    pub(crate) fn unknown_because(&self) -> Option<AwsError> {
        if self.is_known() {
            return None;
        }
        let (_, first) = self.gaps.first()?;
        let causes: Vec<String> = self.gaps.iter().map(|(operation, cause)| format!("{operation}: {cause}")).collect();
        let message = format!(
            "the enabled regions of this account are not known ({}); the regions named in full and the partition's default \
             ones were asked instead",
            causes.join("; ")
        );
        Some(AwsError { message, ..first.clone() })
    }

    pub(crate) fn call_counts(&self) -> CallCounts {
        self.call_counts
    }
}

/// Asks EC2, and then Account Management if EC2 fails, or does not answer its first attempt. Whoever answers first is enough.
/// The second result is `None` if EC2 answered.
async fn ask<E, L>(
    describe: impl Future<Output = Result<E, AwsError>>,
    is_slow: impl Future<Output = ()>,
    list: impl Future<Output = Result<L, AwsError>>,
) -> (Result<E, AwsError>, Option<Result<L, AwsError>>) {
    let (mut describe, mut list) = (std::pin::pin!(describe), std::pin::pin!(list));
    let described = tokio::select! {
        biased;
        described = &mut describe => Some(described),
        () = is_slow => None,
    };
    match described {
        Some(Ok(described)) => return (Ok(described), None),
        Some(Err(cause)) => return (Err(cause), Some(list.await)),
        None => {}
    }
    tokio::select! {
        biased;
        described = &mut describe => match described {
            Ok(described) => (Ok(described), None),
            Err(cause) => (Err(cause), Some(list.await)),
        },
        listed = &mut list => match listed {
            Ok(listed) => {
                let slow = AwsError::new(AwsErrorKind::OutOfTime, "no answer before account:ListRegions had one");
                (Err(slow), Some(Ok(listed)))
            }
            Err(cause) => match describe.await {
                Ok(described) => (Ok(described), None),
                Err(first) => (Err(first), Some(Err(cause))),
            },
        },
    }
}

const DESCRIBE_REGIONS_ACTION: &str = "ec2:DescribeRegions";

const DESCRIBE_REGIONS: SendFn = |client, _| {
    Box::pin(async move {
        send!(client, DescribeRegions: ec2.describe_regions().all_regions(true))?;
        Ok(NextPage::End)
    })
};

fn unreadable(what: &str) -> AwsError {
    AwsError::new(AwsErrorKind::Unreadable, format!("the answer is unreadable: {what}"))
}

async fn describe_regions(
    client: &ServiceClient,
    table: &Table,
    stop: &Cancellation,
) -> Result<(Vec<String>, Item), AwsError> {
    let request = PageRequest {
        operation: table.entry.operation,
        send: DESCRIBE_REGIONS,
        selector: table.selector.clone(),
        params: CallParams { region: client.region().to_owned(), ..CallParams::default() },
    };
    let (page, _) = client.page(&request, stop).await?;
    enabled(table, page)
}

fn enabled(table: &Table, page: DecodedPage) -> Result<(Vec<String>, Item), AwsError> {
    let item = page.body.items.into_iter().next().ok_or_else(|| unreadable("it has no regions"))?;
    let (index, _) = table.selector.item().member("Regions").ok_or_else(|| unreadable("it has no regions"))?;
    let Value::Json(json) = &item.values[index] else { return Err(unreadable("it has no regions")) };
    let regions: Vec<Region> = serde_json::from_str(json).map_err(|_| unreadable("its regions have no names"))?;
    // What is neither enabled nor disabled at this moment is asked, and the answer is in the ledger.
    let regions = regions.into_iter().map(|Region { region_name, opt_in_status }| {
        let on = opt_in_status.as_deref() != Some("not-opted-in");
        (region_name, on)
    });
    Ok((names_of_enabled(regions)?, item))
}

/// The names of the regions that are on. An account always has some, so an answer without any is unreadable.
fn names_of_enabled(regions: impl Iterator<Item = (String, bool)>) -> Result<Vec<String>, AwsError> {
    let mut enabled = Vec::new();
    for (name, on) in regions {
        let possible = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if name.is_empty() || !name.bytes().all(possible) {
            return Err(unreadable("a region has no name"));
        }
        if on && !enabled.contains(&name) {
            enabled.push(name);
        }
    }
    if enabled.is_empty() { Err(unreadable("it has no enabled region")) } else { Ok(enabled) }
}

/// The enabled regions by Account Management, and its list as the AWS CLI prints it.
async fn list_regions(client: &ServiceClient, stop: &Cancellation) -> Result<(Vec<String>, String), AwsError> {
    let (mut regions, mut all, mut token) = (Vec::new(), Vec::new(), None::<String>);
    let mut seen = HashSet::new();
    loop {
        let send = || client.account().list_regions().max_results(50).set_next_token(token.clone()).send();
        let answer = client.call("account:ListRegions", stop, send).await?;
        for region in answer.regions.unwrap_or_default() {
            let name = region.region_name.unwrap_or_default();
            let status = region.region_opt_status.map(|status| status.as_str().to_owned()).unwrap_or_default();
            all.push(serde_json::json!({ "RegionName": name, "RegionOptStatus": status }));
            regions.push((name, status != "DISABLED"));
        }
        token = answer.next_token.filter(|next| !next.is_empty());
        match &token {
            None => return Ok((names_of_enabled(regions.into_iter())?, serde_json::Value::from(all).to_string())),
            Some(next) if !seen.insert(next.clone()) => {
                let what = "AWS gave the same page token twice, so the list of regions has no end";
                return Err(AwsError::new(AwsErrorKind::Unreadable, what));
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    /// What each of the two operations answers after so many seconds, and who was asked when.
    async fn asked(
        ec2: (u64, Result<u8, ()>),
        account: (u64, Result<u8, ()>),
    ) -> (Option<u8>, Option<Option<u8>>, u64) {
        let began = Instant::now();
        let answer = |(seconds, result): (u64, Result<u8, ()>)| async move {
            sleep(Duration::from_secs(seconds)).await;
            result.map_err(|()| AwsError::new(AwsErrorKind::Denied, "denied"))
        };
        let (described, listed) = ask(answer(ec2), sleep(Duration::from_secs(30)), answer(account)).await;
        (described.ok(), listed.map(Result::ok), began.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn the_second_operation_is_asked_if_the_first_fails_or_is_slow() {
        assert_eq!(asked((1, Ok(1)), (1, Ok(2))).await, (Some(1), None, 1));
        assert_eq!(asked((1, Err(())), (1, Ok(2))).await, (None, Some(Some(2)), 2));
        assert_eq!(asked((90, Err(())), (1, Ok(2))).await, (None, Some(Some(2)), 31));
        // A slow answer counts if nothing else came first.
        assert_eq!(asked((50, Ok(1)), (1, Err(()))).await, (Some(1), None, 50));
        assert_eq!(asked((50, Ok(1)), (40, Ok(2))).await, (Some(1), None, 50));
        assert_eq!(asked((90, Err(())), (90, Err(()))).await, (None, Some(None), 120));
    }

    #[test]
    fn an_answer_without_an_enabled_region_or_without_names_is_unreadable() {
        let of = |regions: &[(&str, bool)]| {
            names_of_enabled(regions.iter().map(|(name, on)| ((*name).to_owned(), *on))).ok()
        };
        assert_eq!(
            of(&[("eu-west-1", true), ("af-south-1", false), ("eu-west-1", true)]),
            Some(vec!["eu-west-1".into()])
        );
        for unreadable in [&[][..], &[("af-south-1", false)], &[("eu-west-1", true), ("", false)], &[("eu west", true)]]
        {
            assert_eq!(of(unreadable), None, "{unreadable:?}");
        }
    }
}
