//! Every link of the estate is on the report's map, and nothing else is: `links.txt` has them.
//!
//! Whoever adds a connection to the estate adds its line; the failed test prints them.

use std::collections::BTreeMap;

use super::*;
use crate::answers::questions::{Options, questions};
use crate::answers::report::{ReportDocument, ReportInputs, document};

const EXPECTED: &str = include_str!("links.txt");

fn report() -> ReportDocument {
    let inputs = ReportInputs {
        options: questions().map(|question| (question, Options::defaults(question))).collect(),
        tables: tables().iter().map(|(table, _)| *table).collect(),
        ..ReportInputs::default()
    };
    document(&state::facts(), inputs)
}

/// The name of each resource by its id, in any night.
fn names() -> BTreeMap<&'static str, &'static str> {
    let all = NIGHTS.iter().flat_map(|night| night.rows.values().flatten());
    all.filter_map(|row| Some((row["id"].as_str()?, row["tags"]["Name"].as_str()?))).collect()
}

#[test]
fn every_link_is_on_the_map_and_nothing_else() {
    let (document, names) = (report(), names());
    let name = |id: &str| names.get(id).map_or_else(|| id.to_owned(), |name| (*name).to_owned());
    let mut lines: Vec<String> = document
        .links()
        .iter()
        .map(|link| {
            let via = link.via.as_deref().map(name).unwrap_or_default();
            let state = link.state.as_deref().unwrap_or("-");
            format!("{} {} -> {} by {via}: {state}\n", link.kind, name(&link.from), name(&link.to))
        })
        .collect();
    lines.sort();
    let links = lines.concat();
    assert_eq!(links, EXPECTED, "the links are now:\n{links}");
}

#[test]
fn the_numbers_of_the_page_are_those_of_the_questions() {
    let facts = state::facts();
    let head = serde_json::to_value(report().head).unwrap();
    for question in questions() {
        let sheet = head["sheets"].as_array().unwrap().iter().find(|sheet| sheet["name"] == question.name).unwrap();
        let rows = (question.answer)(&facts, &Options::defaults(question)).len();
        assert_eq!(
            (sheet["total"].as_u64(), sheet["shown"].as_u64()),
            (Some(rows as u64), Some(rows as u64)),
            "{}",
            question.name
        );
    }
}
