use std::collections::BTreeSet;

use super::*;

#[test]
fn every_entry_fits_the_service_model() {
    let catalogue = Catalogue::get().unwrap();
    for table in catalogue.tables() {
        let entry = table.entry;
        assert_eq!(
            catalogue.find(entry.table).map(|found| found.index),
            Some(table.index),
            "{} is defined twice",
            entry.table
        );
        if let Some(parents) = table.parents() {
            let parent = catalogue.find(parents.table).unwrap();
            assert!(matches!(parent.entry.source, Source::Listed(_)), "{}: its parent has a parent", entry.table);
            assert_eq!(parent.entry.reach, entry.reach, "{}: its reach is not that of its parent", entry.table);
        }
    }
}

#[test]
fn the_columns_of_every_table() {
    let mut text = String::new();
    for table in Catalogue::get().unwrap().tables() {
        let columns: Vec<String> =
            table.columns.iter().map(|column| format!("{} {:?}", column.name, column.kind)).collect();
        text.push_str(&format!("{}\n  {}\n", table.entry.table, columns.join("\n  ")));
    }
    insta::assert_snapshot!(text);
}

/// The reads of EC2 in the service model, by their names.
fn reads_of_ec2() -> BTreeSet<&'static str> {
    let lines = include_str!("../../tests/model/operations.txt").lines();
    let operations = lines.map(|line| line.trim_end_matches(" secret"));
    let verbs = ["ec2:Describe", "ec2:Get", "ec2:List", "ec2:Search"];
    operations.filter(|operation| verbs.iter().any(|verb| operation.starts_with(verb))).collect()
}

/// A read that a new service model brings is either used or reviewed: it gets a line in `unused_reads.txt`.
#[test]
fn every_read_of_ec2_is_used_or_has_a_reason() {
    let tables = Catalogue::get().unwrap().tables();
    let used: BTreeSet<&str> =
        tables.iter().flat_map(Table::actions).filter(|action| action.starts_with("ec2:")).collect();
    let lines = include_str!("unused_reads.txt").lines();
    let (notes, entries): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with('#'));
    let kinds: BTreeSet<&str> = notes[2..].iter().map(|note| note[2..].split(' ').next().unwrap()).collect();
    let mut unused = Vec::new();
    for entry in entries {
        let [operation, kind, reason] = entry.split(" | ").collect::<Vec<_>>()[..] else { panic!("{entry}") };
        assert!(kinds.contains(kind) && !reason.is_empty(), "{entry}");
        let is_used = |word: &str| used.contains(word.trim_end_matches([';', ',']));
        match kind {
            "same" => assert!(reason.split(' ').next().is_some_and(is_used), "{entry}"),
            "secret" => assert!(!is_used(operation)),
            _ => {}
        }
        let named = reason.split(' ').filter(|word| word.starts_with("ec2:"));
        named.for_each(|other| assert!(is_used(other), "{entry}: {other} is not used"));
        unused.push(operation);
    }
    assert!(unused.is_sorted(), "the reads are not in alphabetical order");
    let reviewed: BTreeSet<&str> = unused.iter().copied().collect();
    assert_eq!(reviewed.len(), unused.len(), "a read has two reasons");
    let reads = reads_of_ec2();
    let missing: Vec<_> = reads.iter().filter(|read| !used.contains(*read) && !reviewed.contains(*read)).collect();
    assert!(missing.is_empty(), "use these reads in an entry, or say in unused_reads.txt why not: {missing:?}");
    let superfluous: Vec<_> = reviewed.intersection(&used).collect();
    assert!(superfluous.is_empty(), "these reads are used: {superfluous:?}");
    let gone: Vec<_> = reviewed.difference(&reads).collect();
    assert!(gone.is_empty(), "the service model has no such reads: {gone:?}");
}

/// What no role may allow is reviewed as a secret, and nothing else is.
#[test]
fn reads_of_secrets_are_reviewed_as_such() {
    let lines = include_str!("unused_reads.txt").lines();
    let secret: BTreeSet<&str> =
        lines.filter_map(|line| line.split_once(" | secret | ")).map(|(read, _)| read).collect();
    let withheld = SECRET_ACTIONS.iter().copied().filter(|action| reads_of_ec2().contains(action));
    assert_eq!(secret, withheld.collect());
}
