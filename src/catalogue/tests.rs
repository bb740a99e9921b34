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
