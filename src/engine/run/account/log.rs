//! Logs how an account ended.

use crate::engine::report::{AccountSummary, Completeness, FailureGroup};

/// Logs the account's figures, and one warning for each group of failures.
pub(super) fn outcome(summary: &AccountSummary, failures: &[FailureGroup]) {
    let records: u64 = summary.records.values().sum();
    let status = summary.status;
    tracing::info!(?status, records, calls = summary.calls, throttles = summary.throttles, "account done");
    if status == Completeness::NotStarted {
        return;
    }
    for failure in failures {
        let (code, tables) = (failure.code.as_deref().unwrap_or("-"), failure.tables.join(" "));
        tracing::warn!(
            stage = ?failure.stage,
            status = failure.status.name(),
            code,
            cells = failure.cells,
            tables,
            aws_message = failure.message,
            "cells of the account were not answered in full"
        );
    }
}
