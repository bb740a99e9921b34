//! The nights of the generated estate: the rows that each run wrote, and what became of each of its cells.
//!
//! **Invariant:** every cell of a night is there once, and counts exactly the rows of the night that are of it.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::accounts::{ACCOUNTS, DemoAccount, REGIONS};
use super::estate;
use super::faults::{DemoFault, fault_of};
use super::rows::DemoRows;
use crate::inventory::{ANY_REGION, GLOBAL, Status};

/// One run of the generated estate.
#[derive(Debug)]
pub(crate) struct Night {
    /// The id of the run, `nightly-20261121T030000Z`.
    pub run_id: String,
    pub started_at: Timestamp,
    /// The rows by table: objects with the opening columns and those of the table's own that have a value.
    pub rows: BTreeMap<&'static str, Vec<Value>>,
    /// What became of each cell, in the order of account, region and table.
    pub cells: Vec<NightCell>,
}

/// What became of a cell in a night.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NightCell {
    pub account_id: String,
    /// The region, `global`, or `*` if the account could not be entered.
    pub region: String,
    pub table: &'static str,
    pub status: Status,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    /// The number of the cell's rows.
    pub records: u64,
}

/// The start of the first run, 2026-11-21T03:00:00Z, in seconds since 1970.
const FIRST: i64 = 1_795_230_000;

/// The number of nights.
pub(super) const NIGHTS: usize = 5;

/// The runs of the generated estate, over these tables: each with its name, and whether its only region is `global`.
pub(crate) fn nights(tables: &[(&'static str, bool)]) -> Vec<Night> {
    let first = Timestamp::from_second(FIRST).unwrap_or(Timestamp::UNIX_EPOCH);
    (1..=NIGHTS)
        .zip(0_i64..)
        .map(|(number, days)| {
            let after = SignedDuration::from_hours(24 * days);
            night(number, first.checked_add(after).unwrap_or(first), tables)
        })
        .collect()
}

fn night(number: usize, started_at: Timestamp, tables: &[(&'static str, bool)]) -> Night {
    let mut all = DemoRows::new(number, started_at);
    estate::write(&mut all);
    let mut rows: BTreeMap<&'static str, Vec<Value>> = BTreeMap::new();
    let mut records: HashMap<(String, String, &'static str), u64> = HashMap::new();
    for (table, _) in tables {
        for row in all.tables.remove(table).unwrap_or_default() {
            let of = |column: &str| row[column].as_str().unwrap_or_default().to_owned();
            let (account_id, region) = (of("account_id"), of("region"));
            let account = ACCOUNTS.into_iter().find(|account| account.account_id == account_id);
            if account.is_some_and(|account| fault_of(number, account, &region, table).is_none()) {
                *records.entry((account_id, region, *table)).or_default() += 1;
                rows.entry(*table).or_default().push(row);
            }
        }
    }
    let mut cells: Vec<NightCell> =
        ACCOUNTS.into_iter().flat_map(|account| cells_of(number, account, tables, &records)).collect();
    cells.sort_by(|one, other| {
        (&one.account_id, &one.region, one.table).cmp(&(&other.account_id, &other.region, other.table))
    });
    let run_id = format!("nightly-{}", started_at.to_string().replace([':', '-'], ""));
    Night { run_id, started_at, rows, cells }
}

/// The cells of an account in a night. An account that could not be entered has one for each table.
fn cells_of(
    night: usize,
    account: &'static DemoAccount,
    tables: &[(&'static str, bool)],
    records: &HashMap<(String, String, &'static str), u64>,
) -> Vec<NightCell> {
    let mut cells = Vec::new();
    for (table, is_global) in tables {
        let fault_at = |region: &str| fault_of(night, account, region, table);
        let was_entered = fault_at(GLOBAL).is_none_or(|fault| fault.region.is_some());
        let regions: &[&str] = match (is_global, was_entered) {
            (true, _) => &[GLOBAL],
            (false, true) => &REGIONS,
            (false, false) => &[ANY_REGION],
        };
        for region in regions {
            let key = (account.account_id.to_owned(), (*region).to_owned(), *table);
            cells.push(cell(key, fault_at(region), records));
        }
    }
    cells
}

fn cell(
    key: (String, String, &'static str),
    fault: Option<&DemoFault>,
    records: &HashMap<(String, String, &'static str), u64>,
) -> NightCell {
    let records = records.get(&key).copied().unwrap_or_default();
    let answer = if records == 0 { Status::Empty } else { Status::Ok };
    let (account_id, region, table) = key;
    NightCell {
        account_id,
        region,
        table,
        status: fault.map_or(answer, |fault| fault.status),
        error_code: fault.map(|fault| fault.error_code.to_owned()),
        error_message: fault.map(|fault| fault.error_message.to_owned()),
        records,
    }
}
