//! Some rows of a file are the same rows of all of it, and the rows that pass a test are those whose values do.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::*;

/// Texts of which some repeat, so that pages have dictionaries, and some are too long or too many for one.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(vec!["web", "db", "Web-1", "10.0.0.1", "\"10.0.0.1\"", "é\\u"]).prop_map(str::to_owned),
        1 => "[a-c10.]{0,6}",
    ]
}

fn some_row() -> impl Strategy<Value = TestRow> {
    let tags = proptest::collection::btree_map("[ab]", text(), 0..3);
    let tags = proptest::option::of(tags.prop_map(|tags| tags.into_iter().collect::<Vec<_>>()));
    (proptest::option::of(text()), proptest::option::of(any::<i64>()), tags, proptest::option::of(any::<bool>()))
        .prop_map(|(text, integer, tags, flag)| TestRow { text, integer, tags, flag, ..TestRow::default() })
}

fn groups(folder: &Folder, file: &RowFile, columns: &[Column]) -> Vec<RowGroup> {
    let mut groups = Vec::new();
    let accept = |group| {
        groups.push(group);
        Ok(())
    };
    folder.runtime.block_on(read_groups(&folder.store, file, columns, accept)).unwrap();
    groups
}

/// The values of some rows.
fn picked(group: &RowGroup, columns: &[Column], rows: &RowSet) -> Vec<Vec<Value>> {
    let values: Vec<ColumnValues> = columns.iter().map(|column| group.values(&column.name, rows).unwrap()).collect();
    let row = |at| columns.iter().zip(&values).map(|(column, values)| cell(column, values, at)).collect();
    (0..rows.len()).map(row).collect()
}

/// A text with one of some parts.
#[derive(Debug)]
struct PartTest(Vec<String>, Option<Needles>);

impl TextTest for PartTest {
    fn needles(&self) -> Option<&Needles> {
        self.1.as_ref()
    }

    fn passes(&self, text: &str) -> bool {
        self.0.iter().any(|part| text.contains(part))
    }
}

fn part_test(parts: &[String], has_needles: bool) -> PartTest {
    PartTest(parts.to_vec(), has_needles.then(|| Needles::exact(parts)))
}

/// The files of rows: in small and large row groups, and in ndjson.
fn files(folder: &Folder, rows: &[TestRow], group: usize) -> Vec<(RowFile, usize)> {
    vec![
        (folder.write("parquet/a.parquet", &parquet_file(rows, group)), group),
        (folder.write("parquet/b.parquet", &parquet_file(rows, rows.len().max(1))), rows.len().max(1)),
        (folder.write("ndjson/a.ndjson.gz", &ndjson(rows)), rows.len().max(1)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn some_rows_are_those_of_all(
        rows in proptest::collection::vec(some_row(), 1..40),
        group in 1..9_usize,
        chosen in proptest::collection::btree_set(0..40_u32, 0..40),
    ) {
        let (folder, columns) = (Folder::new(), all_columns());
        for (file, size) in files(&folder, &rows, group) {
            for (group, rows) in groups(&folder, &file, &columns).into_iter().zip(rows.chunks(size)) {
                let chosen: Vec<u32> = chosen.iter().copied().filter(|row| (*row as usize) < rows.len()).collect();
                let expected: Vec<_> = chosen.iter().map(|row| expected(&rows[*row as usize], &columns)).collect();
                prop_assert_eq!(picked(&group, &columns, &RowSet::Some(chosen)), expected, "{}", &file.key);
            }
        }
    }

    #[test]
    fn the_rows_that_pass_are_those_whose_values_do(
        rows in proptest::collection::vec(some_row(), 1..60),
        group in 1..20_usize,
        parts in proptest::collection::vec(text(), 0..3),
        has_needles in any::<bool>(),
        pair in ("[ab]", text()),
    ) {
        let (folder, columns) = (Folder::new(), all_columns());
        let pairs = PairTest::new(HashMap::from([(pair.0.clone(), HashSet::from([pair.1.clone()]))]));
        let test = RowTest::default().or_text("text", part_test(&parts, has_needles)).or_pair("tags", Arc::new(pairs));
        let passes = |row: &TestRow| {
            let has_pair = row.tags.as_ref().is_some_and(|tags| tags.contains(&pair));
            has_pair || row.text.as_ref().is_some_and(|text| parts.iter().any(|part| text.contains(part)))
        };
        for (file, size) in files(&folder, &rows, group) {
            for (group, rows) in groups(&folder, &file, &columns).into_iter().zip(rows.chunks(size)) {
                let expected = (0..rows.len() as u32).filter(|row| passes(&rows[*row as usize])).collect::<Vec<_>>();
                prop_assert_eq!(group.passing(&test).unwrap(), RowSet::Some(expected), "{}", &file.key);
                prop_assert_eq!(group.passing(&RowTest::everything()).unwrap(), RowSet::All(rows.len()));
            }
        }
    }
}

/// Enough rows for several pages, the first ones with a dictionary and the last ones without.
#[test]
fn pages_without_a_needle_are_passed_over() {
    let folder = Folder::new();
    let text = |number: usize| match number {
        _ if number.is_multiple_of(5) => None,
        _ if number < 30_000 => Some(format!("few-{}", number % 7)),
        _ => Some(format!("{number:0300}")),
    };
    let texts: Vec<Option<String>> = (0..50_000).map(text).collect();
    let rows: Vec<TestRow> = texts.iter().map(|text| TestRow { text: text.clone(), ..TestRow::default() }).collect();
    let file = folder.write("parquet/a.parquet", &parquet_file(&rows, 1 << 16));
    let columns = columns(&["text"]);
    let group = groups(&folder, &file, &columns).pop().unwrap();
    for part in ["few-3", "0031004", "00049999", "few-9", "no"] {
        for has_needles in [true, false] {
            let test = RowTest::default().or_text("text", part_test(&[part.to_owned()], has_needles));
            let rows = group.passing(&test).unwrap();
            let has = |row: &u32| texts[*row as usize].as_ref().is_some_and(|text| text.contains(part));
            assert_eq!(rows, RowSet::Some((0..50_000).filter(has).collect()), "{part}");
            let read = group.values("text", &rows).unwrap();
            let shown: Vec<_> = (0..rows.len()).map(|at| read.text(at).unwrap().to_owned()).collect();
            assert_eq!(shown, rows.iter().map(|row| texts[row].clone().unwrap()).collect::<Vec<_>>());
        }
    }
}

/// A changed file gives an error or other rows to a search too.
#[test]
fn a_search_in_a_changed_file_does_not_panic() {
    let (folder, columns) = (Folder::new(), all_columns());
    let bytes = parquet_file(&super::some_rows(), 9);
    let test = RowTest::default().or_text("text", part_test(&["text-3".to_owned()], true));
    for at in 0..bytes.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            let file = folder.write("parquet/a.parquet", &changed);
            let accept = |group: RowGroup| {
                let rows = group.passing(&test)?;
                columns.iter().try_for_each(|column| group.values(&column.name, &rows).map(drop))
            };
            let _ = folder.runtime.block_on(read_groups(&folder.store, &file, &columns, accept));
        }
    }
}
