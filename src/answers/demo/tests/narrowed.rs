//! `rolecall where` reads few rows, and answers as if it had read all.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use jiff::Timestamp;

use super::*;
use crate::answers::estate::{Estate, Moment};
use crate::answers::facts::{CellWord, Cells, FactSource, Facts, Read, RowFilter, WholeFacts};
use crate::answers::lookup::{self, Hit, Query};
use crate::catalogue::Catalogue;
use crate::domain::{Format, Globs};
use crate::engine::Engine;
use crate::output::rows::RowTest;
use crate::settings::{Runtime, Settings};

/// Ranges, names and words beside those of the rows.
const OTHERS: [&str; 24] = [
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.20.0.0/16",
    "10.20.4.0/23",
    "10.20.4.17/32",
    "172.16.0.0/12",
    "198.51.100.0/24",
    "10.99.99.99",
    "::/0",
    "2001:db8::/32",
    "2a05:d018::/33",
    "fd00::1",
    "::ffff:10.20.4.17",
    "2000::/3",
    "api.shop.acme.example",
    "ORIGIN.shop.acme.example.",
    "nobody.shop.acme.example",
    "a.b.c.d.acme.example",
    "com",
    "acme",
    "acme-shop",
    "999999999999",
    "i-0123456789abcdef0",
    "owner=nobody",
];

/// Whatever somebody may look for in a row: its texts, the addresses, ranges and names in them, and its tags.
fn add_terms(terms: &mut BTreeSet<String>, member: &str, value: &Value) {
    let is_name = ["name", "Name", "domain", "Domain", "Value"].iter().any(|word| member.contains(word));
    match value {
        Value::Array(items) => items.iter().for_each(|item| add_terms(terms, member, item)),
        Value::Object(members) if member == "tags" => {
            terms.extend(members.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())));
        }
        Value::Object(members) => members.iter().for_each(|(name, value)| add_terms(terms, name, value)),
        Value::String(text)
            if text.parse::<IpAddr>().is_ok()
                || text.parse::<IpNet>().is_ok()
                || is_name
                || matches!(member, "id" | "arn" | "account_id" | "account_alias") =>
        {
            terms.insert(text.clone());
        }
        _ => {}
    }
}

/// Every term of the estate after the last night.
fn terms() -> Vec<Query> {
    let mut terms: BTreeSet<String> = OTHERS.map(str::to_owned).into();
    for row in NIGHTS[4].rows.values().flatten() {
        row.as_object().unwrap().iter().for_each(|(column, value)| add_terms(&mut terms, column, value));
    }
    terms.iter().filter_map(|term| Query::parse(term).ok()).collect()
}

/// The facts of a selection, of which some cells were denied in the last night.
fn facts(selection: RowFilter, is_denied: impl Fn(&CellWord) -> bool) -> Facts {
    let mut facts = state::facts();
    let mut cells =
        Cells::new(tables().into_iter().filter(|(_, is_global)| *is_global).map(|(name, _)| name.to_owned()));
    for mut word in facts.cells.iter() {
        if is_denied(&word) {
            word.status = Status::Denied;
        }
        cells.add(word.borrowed());
    }
    (facts.cells, facts.selection) = (Arc::new(cells.finish()), selection);
    facts.account_names.insert(ACCOUNTS[0].account_id.to_owned(), "Acme's first".to_owned());
    facts
}

fn without_rows(facts: &Facts) -> Facts {
    let mut empty = Facts::new(Vec::new(), facts.cells.clone(), facts.selection.clone(), facts.at);
    empty.account_names.clone_from(&facts.account_names);
    empty
}

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Everything that these reads would read.
async fn whole(facts: &Facts, source: &mut impl FactSource, reads: &[Read]) -> Facts {
    let mut all = without_rows(facts);
    source.select(reads.iter().map(|read| (read.table, RowTest::everything())).collect()).await.unwrap();
    all.put(source.read().await.unwrap());
    all
}

/// Asserts that these terms find the same in few rows as in all. Returns the number of hits.
fn assert_same(facts: &Facts, known: &mut BTreeMap<Vec<&'static str>, Facts>, terms: &[Query]) -> usize {
    let reads = lookup::reads(terms);
    let key = reads.iter().flat_map(|read| [&[read.table], read.columns].concat()).collect();
    let all = known.entry(key).or_insert_with(|| block(whole(facts, &mut WholeFacts::new(facts, &reads), &reads)));
    let expected = lookup::look_up_exhaustively(all, terms);
    let mut few = without_rows(facts);
    block(lookup::narrow(&mut few, &mut WholeFacts::new(facts, &reads), terms, &reads)).unwrap();
    assert_eq!(lookup::look_up(&few, terms), expected, "{terms:?}");
    expected.len()
}

#[test]
fn every_term_finds_the_same_in_few_rows() {
    let (facts, terms) = (facts(RowFilter::default(), |_| false), terms());
    let mut known = BTreeMap::new();
    let found = terms.iter().filter(|term| assert_same(&facts, &mut known, std::slice::from_ref(term)) > 0).count();
    assert!(found > 1500, "{found} of {} terms were found", terms.len());
    for some in terms.chunks(40) {
        assert_same(&facts, &mut known, some);
    }
    assert_same(&facts, &mut known, &terms);
}

#[test]
fn a_selection_finds_the_same_in_few_rows() {
    let account = |number: usize| RowFilter {
        accounts: Some([ACCOUNTS[number].account_id.to_owned()].into()),
        ..RowFilter::default()
    };
    let regions = |glob: &str| RowFilter { regions: Some(Globs::new([glob]).unwrap()), ..RowFilter::default() };
    let tags = RowFilter { tags: [("env".to_owned(), "prod".to_owned())].into(), ..RowFilter::default() };
    let selections =
        [account(0), account(3), RowFilter { regions: regions("us-*").regions, ..account(1) }, regions("eu-*"), tags];
    for (number, selection) in selections.into_iter().enumerate() {
        let (facts, mut known, mut found) = (facts(selection, |_| false), BTreeMap::new(), 0);
        for term in terms().iter().skip(number).step_by(9) {
            found += assert_same(&facts, &mut known, std::slice::from_ref(term));
        }
        assert!(found > 0);
    }
}

#[test]
fn denied_cells_leave_the_same_unknown() {
    let tables = [
        "ec2_security_groups",
        "ec2_subnets",
        "ec2_vpcs",
        "ec2_route_tables",
        "ec2_network_acls",
        "ec2_internet_gateways",
        "ec2_managed_prefix_lists",
        "ec2_account_settings",
        "ec2_network_interfaces",
        "ec2_instances",
    ];
    for (number, table) in tables.into_iter().enumerate() {
        let (facts, mut known) = (facts(RowFilter::default(), |word| word.table == table), BTreeMap::new());
        for term in terms().iter().skip(number).step_by(19) {
            assert_same(&facts, &mut known, std::slice::from_ref(term));
        }
    }
}

/// The number of rows in the tables of an answer.
fn rows(facts: &Facts, reads: &[Read]) -> usize {
    let tables: BTreeSet<&str> = reads.iter().map(|read| read.table).collect();
    tables.into_iter().map(|table| facts.all(table).count()).sum()
}

/// Files say the same as memory: in both formats, now and in the past.
#[test]
fn files_show_the_same_in_few_rows() {
    for format in [Format::Parquet, Format::Ndjson] {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { output: Some(folder.path().display().to_string()), ..Settings::default() };
        block(async {
            let engine = Engine::start(settings, Runtime::Terminal).await;
            for mut run in runs(Catalogue::get().unwrap()).unwrap() {
                run.format = format;
                engine.record(run).await.unwrap();
            }
            let past: Timestamp = NIGHTS[3].started_at;
            let (mut all, mut few) = (0, 0);
            for moment in [Moment::Now, Moment::At(past)] {
                for (number, term) in terms().into_iter().enumerate().filter(|(number, _)| number % 61 == 0) {
                    let terms = [term];
                    let reads = lookup::reads(&terms);
                    let tables: Vec<&str> = reads.iter().map(|read| read.table).collect();
                    let estate = Estate::open(&engine, &moment, Some(&tables)).await.unwrap();
                    let whole = estate.facts(&reads, RowFilter::default()).await.unwrap();
                    let mut narrowed = without_rows(&whole);
                    lookup::narrow(&mut narrowed, &mut estate.search(&reads), &terms, &reads).await.unwrap();
                    let hits: Vec<Hit> = lookup::look_up(&narrowed, &terms);
                    assert_eq!(hits, lookup::look_up_exhaustively(&whole, &terms), "{number} {terms:?}");
                    all += rows(&whole, &reads);
                    few += rows(&narrowed, &reads);
                }
            }
            assert!(few * 10 < all, "{few} rows of {all} were read");
        });
    }
}
