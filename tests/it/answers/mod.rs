//! Odd answers with status 200. Whatever body is served for whatever listing: each item in it becomes a row and each page
//! token is followed, or the cell is neither `ok` nor `empty`.

mod cases;
mod json;
mod mutation;
mod oracle;
mod served;
mod tree;

use rolecall::testing::shapes::operation;
use rolecall::testing::{Catalogue, CellValue, Scalars, Source, Table, decode};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

use mutation::{MUTATIONS, NESTED, damaged, harmless, mutate, style, written};
use tree::{Dice, Role, response};

/// Mutations of the responses of each listing. They are the same in every execution.
const ROUNDS: usize = 60;

/// The listings with XML answers whose items have a path, one for each operation: its answers have one form.
fn listings() -> Vec<&'static Table> {
    let catalogue = Catalogue::get().expect("a catalogue");
    let is_listing = |table: &&Table| {
        !table.entry.items_path.is_empty() && !matches!(table.entry.source, Source::Account) && !is_json(table)
    };
    let mut operations = BTreeSet::new();
    let listings = catalogue.tables().iter().filter(is_listing);
    listings.filter(|table| operations.insert(table.entry.operation)).collect()
}

fn is_json(table: &Table) -> bool {
    operation(table.entry.operation).expect("an operation").is_json()
}

/// One item as a JSON object of the members that the model knows.
fn item_json(table: &Table, values: &[CellValue]) -> Value {
    let members = table.selector.item().members.iter().zip(values);
    let pairs = members.filter(|(_, value)| **value != CellValue::Missing).map(|(member, value)| {
        let mut json = String::new();
        value.write_json(&mut json);
        (member.name.to_owned(), serde_json::from_str(&json).expect("JSON"))
    });
    pairs.collect::<Map<_, _>>().into()
}

#[test]
fn harmless_changes_are_read_as_botocore_reads_them() {
    let mut compared = 0;
    for (number, table) in listings().into_iter().enumerate() {
        let of = operation(table.entry.operation).expect("an operation");
        for round in 0..ROUNDS / 3 {
            let mut dice = Dice::new((number * ROUNDS + round + 1) as u64);
            let mut root = response(table, &mut dice);
            for _ in 0..dice.below(3) {
                // Beside the element that has everything else, nothing but metadata is expected.
                harmless(if of.wrapper.is_empty() { &mut root } else { &mut root.children[0] }, &mut dice);
            }
            let document = written(&root, style(&mut dice));
            let what = format!("{} {round}: {document}", table.entry.table);
            let body = decode(document.as_bytes(), &table.selector).unwrap_or_else(|error| panic!("{error}: {what}"));
            let expected = oracle::items(&document, of, table.entry.items_path).expect("a document");
            assert_eq!(body.items.len(), expected.len(), "{what}");
            for (item, expected) in body.items.iter().zip(&expected) {
                let mut actual = item_json(table, &item.values);
                if let (Some(tags), Some(object)) = (&item.tags, actual.as_object_mut())
                    && expected.get("Tags").is_some()
                {
                    let pair = |(key, value): &(String, String)| serde_json::json!({ "Key": key, "Value": value });
                    let only_pairs = |tag: &&Value| tag.get("Key").is_some();
                    assert_eq!(
                        tags.len(),
                        expected["Tags"].as_array().expect("tags").iter().filter(only_pairs).count()
                    );
                    object.insert("Tags".into(), tags.iter().map(pair).collect());
                }
                let mut expected = expected.clone();
                if let Some(tags) = expected.get_mut("Tags").and_then(Value::as_array_mut) {
                    tags.retain(|tag| tag.get("Key").is_some());
                }
                oracle::assert_within(&what, &expected, &actual);
                compared += 1;
            }
            assert_paging_is_read(&root, &body.scalars, &what);
        }
    }
    assert!(compared > 500, "only {compared} items were compared");
}

fn assert_paging_is_read(root: &tree::Node, scalars: &Scalars, what: &str) {
    let scalars = format!("{scalars:?}");
    let mut texts = Vec::new();
    paging_texts(root, &mut texts);
    for text in texts {
        assert!(scalars.contains(&format!("{text:?}")), "{scalars} lacks {text}: {what}");
    }
}

fn paging_texts(node: &tree::Node, out: &mut Vec<String>) {
    if node.role == Role::Paging && !node.text.is_empty() {
        out.push(node.text.clone());
    }
    node.children.iter().for_each(|child| paging_texts(child, out));
}

#[test]
fn every_item_is_a_row_or_the_response_is_refused() {
    let (mut refused, mut read) = (0, 0);
    for (number, table) in listings().into_iter().enumerate() {
        for round in 0..ROUNDS {
            let mut dice = Dice::new((1_000_000 + number * ROUNDS + round) as u64);
            let mut root = response(table, &mut dice);
            let mutation = round % MUTATIONS;
            mutate(&mut root, mutation, &mut dice);
            let document = written(&root, style(&mut dice));
            let what = format!("{} {round}, mutation {mutation}: {document}", table.entry.table);
            let Ok(body) = decode(document.as_bytes(), &table.selector) else {
                refused += 1;
                continue;
            };
            read += 1;
            // An item that moved into a list of another item may be an element of that list, and its content stays.
            let nested = usize::from(mutation == NESTED);
            assert!(body.items.len() + nested >= root.count(Role::Item), "{} rows: {what}", body.items.len());
            assert_paging_is_read(&root, &body.scalars, &what);
            // No text is lost either: neither in a row nor beside it.
            let rows = format!("{:?}", body.items);
            let (mut texts, mut inside) = (Vec::new(), Vec::new());
            root.texts(&mut texts);
            inside.extend(texts.iter().filter(|text| text.starts_with("text-")));
            // Beside secrets, unknown members are dropped and counted. What moved out of its item belongs to no row.
            for text in inside.into_iter().filter(|_| body.dropped == 0 && mutation != NESTED) {
                let serial = text.trim_end_matches(" & <b>");
                assert!(rows.contains(serial), "{serial} is in no row: {what}");
            }
        }
    }
    assert!(refused > 300 && read > 500, "{refused} were refused and {read} read");
}

#[test]
fn a_damaged_response_has_all_its_rows_or_is_refused() {
    let (mut refused, mut read) = (0, 0);
    for (number, table) in listings().into_iter().enumerate() {
        let of = operation(table.entry.operation).expect("an operation");
        for round in 0..ROUNDS {
            let mut dice = Dice::new((2_000_000 + number * ROUNDS + round) as u64);
            let root = response(table, &mut dice);
            let document = written(&root, style(&mut dice));
            let bytes = damaged(&document, &mut dice);
            let Ok(body) = decode(&bytes, &table.selector) else {
                refused += 1;
                continue;
            };
            read += 1;
            // What is still well-formed is read like any other response.
            let document = String::from_utf8(bytes).expect("text");
            let items = oracle::items(&document, of, table.entry.items_path);
            // Text that nobody reads is not looked at, such as that of the request id.
            let expected = items.map_or(root.count(Role::Item), |items| items.len());
            assert_eq!(body.items.len(), expected, "{}: {document}", table.entry.table);
        }
    }
    assert!(refused > 1000 && read > 50, "{refused} were refused and {read} read");
}
