use super::*;

#[test]
fn every_entry_fits_the_service_model() {
    let catalogue = Catalogue::get().unwrap();
    for table in catalogue.tables() {
        let entry = table.entry;
        assert_eq!(
            catalogue.find(entry.table).map(|found| found.index),
            Some(table.index),
            "{} stands twice",
            entry.table
        );
        let item = table.wanted.item();
        let members: &[&str] = match &entry.id {
            Id::Member(names) => names,
            Id::Bare(name) => &[*name],
            Id::RecordSet => &["Name", "Type", "SetIdentifier"],
            Id::Account => &[],
        };
        for member in members {
            assert!(item.member(member).is_some(), "{}: {} has no member {member}", entry.table, item.name);
        }
        if let Source::Per(parent, _) = entry.source {
            assert!(catalogue.find(parent).is_some_and(|parent| parent.entry.reach == entry.reach), "{}", entry.table);
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
