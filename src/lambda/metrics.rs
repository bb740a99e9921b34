//! Writes metrics of runs to the function's log in CloudWatch's embedded metric format.
//!
//! Dimensions are the name of the function and, for cells, their status. No dimension grows with the number of
//! customers, since each combination is a metric that costs money.
//!
//! **Invariant:** knows nothing of how a run is carried out.

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::domain::{RunId, millis};
use crate::engine::{Completeness, Disabling, Observer, Response, TrustSummary};
use crate::terminal::print_json_line;

/// The namespace of the metrics in CloudWatch.
const NAMESPACE: &str = "rolecall";

/// Writes the metrics of a run when the run is committed.
#[derive(Debug)]
pub(super) struct Metrics {
    pub function: String,
    /// The time at which Lambda ends the invocation.
    pub deadline: Instant,
}

impl Metrics {
    /// Writes the time that a shard has left of its invocation. Its cells and records are counted with its run.
    pub(super) fn shard_ended(&self, run_id: &RunId) {
        let figures = invocation(self.left_ms(), largest_memory());
        write(&[document(run_id.as_str(), &self.function, Timestamp::now(), &["FunctionName"], &figures)]);
    }

    fn left_ms(&self) -> u64 {
        let left = self.deadline.saturating_duration_since(Instant::now());
        millis(left)
    }
}

impl Observer for Metrics {
    fn run_committed(&self, response: &Response) {
        write(&documents(response, &self.function, Timestamp::now(), self.left_ms(), largest_memory()));
    }

    fn targets_disabled(&self, run_id: &str, disabling: &Disabling) {
        write(&[document(run_id, &self.function, Timestamp::now(), &["FunctionName"], &disabled(disabling))]);
    }
}

fn write(documents: &[Value]) {
    for document in documents {
        // A failed write must not fail a run that is committed.
        let _ = print_json_line(&document.to_string());
    }
}

type Figure = (&'static str, u64, &'static str);

fn invocation(left_ms: u64, memory: Option<u64>) -> Vec<Figure> {
    let memory = memory.map(|bytes| ("LargestMemory", bytes, "Bytes"));
    [("TimeLeft", left_ms, "Milliseconds")].into_iter().chain(memory).collect()
}

fn document(run_id: &str, function: &str, at: Timestamp, dimensions: &[&str], figures: &[Figure]) -> Value {
    let names: Vec<Value> = figures.iter().map(|(name, _, unit)| json!({ "Name": name, "Unit": unit })).collect();
    let mut document = json!({
        "_aws": {
            "Timestamp": at.as_millisecond(),
            "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": names }],
        },
        "FunctionName": function,
        "run_id": run_id,
    });
    figures.iter().for_each(|(name, value, _)| document[name] = json!(value));
    document
}

/// The targets of open roles that were disabled, and those that could not be.
fn disabled(disabling: &Disabling) -> Vec<Figure> {
    vec![("RolesDisabled", disabling.disabled_count, "Count"), ("DisablingFailed", disabling.failed, "Count")]
}

/// The counts of attempts without external IDs. A run that tried no role says nothing of open ones, and a zero would
/// end the alarm about them.
fn trust(trust: &TrustSummary) -> Vec<Figure> {
    let tried = [("TrustTried", trust.tried, "Count")];
    let results = [("OpenRoles", trust.open_count, "Count"), ("TrustUnknown", trust.unknown, "Count")];
    tried.into_iter().chain(results.into_iter().filter(|_| trust.tried > 0)).collect()
}

/// Returns one document for the run, and one for each status of its cells.
fn documents(response: &Response, function: &str, at: Timestamp, left_ms: u64, memory: Option<u64>) -> Vec<Value> {
    let accounts = &response.accounts;
    let counts = [
        ("Accounts", accounts.planned, "Count"),
        ("AccountsComplete", accounts.complete, "Count"),
        ("AccountsPartial", accounts.partial, "Count"),
        ("AccountsFailed", accounts.failed, "Count"),
        ("AccountsNotStarted", accounts.not_started, "Count"),
        ("PartialRuns", u64::from(response.status != Completeness::Complete), "Count"),
        ("Records", response.records.values().sum(), "Count"),
        ("Calls", response.calls, "Count"),
        ("Retries", response.retries, "Count"),
        ("Throttles", response.throttles, "Count"),
        ("Duration", response.duration_ms, "Milliseconds"),
    ];
    let trust = response.trust.as_ref().map(trust).into_iter().flatten();
    let run: Vec<_> = counts.into_iter().chain(trust).chain(invocation(left_ms, memory)).collect();
    let document_of =
        |dimensions: &[&str], figures: &[Figure]| document(response.run_id.as_str(), function, at, dimensions, figures);
    let mut documents = vec![document_of(&["FunctionName"], &run)];
    for (status, cells) in &response.cells {
        let mut document = document_of(&["FunctionName", "Status"], &[("Cells", *cells, "Count")]);
        document["Status"] = json!(status.name());
        documents.push(document);
    }
    documents
}

/// The peak memory of this process in bytes, if Linux reports it. Later invocations of an environment include
/// the peak of earlier ones.
fn largest_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_in_the_embedded_metric_format() {
        let response: Response = serde_json::from_value(json!({
            "run_id": "nightly", "status": "partial", "manifest": "s3://results/runs/nightly/manifest.json",
            "accounts": { "planned": 5, "complete": 3, "partial": 1, "failed": 1, "not_started": 0 },
            "records": { "ec2_vpcs": 40, "ec2_subnets": 160 }, "cells": { "ok": 900, "scp_denied": 12 },
            "calls": 1234, "retries": 3, "throttles": 2, "failures": [],
            "started_at": "2026-11-22T03:00:00Z", "duration_ms": 8000,
            "trust": { "interval_s": 86400, "window": "2026-11-22T00:00:00Z", "tried": 4, "refused": 2, "open_count": 1,
                       "unknown": 1, "not_tried": 1, "open": ["111122223333"] },
        }))
        .unwrap();
        let documents = documents(&response, "rolecall", Timestamp::UNIX_EPOCH, 61_000, Some(64 << 20));
        insta::assert_snapshot!(serde_json::to_string_pretty(&documents).unwrap());
        let figures = invocation(61_000, None);
        let shard = document(response.run_id.as_str(), "rolecall", Timestamp::UNIX_EPOCH, &["FunctionName"], &figures);
        let written = (&shard["TimeLeft"], &shard["_aws"]["CloudWatchMetrics"][0]["Metrics"]);
        assert_eq!(written, (&json!(61_000), &json!([{ "Name": "TimeLeft", "Unit": "Milliseconds" }])));
        let nothing_tried = response.trust.clone().map(|summary| TrustSummary { tried: 0, ..summary }).unwrap();
        assert_eq!(trust(&nothing_tried), [("TrustTried", 0, "Count")]);
        let disabling = Disabling { disabled_count: 2, failed: 1, ..Disabling::default() };
        assert_eq!(disabled(&disabling), [("RolesDisabled", 2, "Count"), ("DisablingFailed", 1, "Count")]);
        assert!(largest_memory().is_none_or(|bytes| bytes > 1 << 20));
    }
}
