//! The addresses, ranges and names by which a resource is found, for an index of its own.
//!
//! **Invariant:** finds them in the same columns as the search does.

use std::collections::BTreeSet;

use super::members::texts;
use crate::answers::facts::{Read, Resource};
use crate::answers::searched::{RECORDS, SearchedTable, TABLES, ValueForm, table};

/// The tables and columns that [`searched_values`] reads.
pub(crate) fn searched_reads() -> Vec<Read> {
    static COLUMNS: std::sync::LazyLock<Vec<(&'static str, Vec<&'static str>)>> = std::sync::LazyLock::new(|| {
        let of = |table: &'static SearchedTable| {
            let mut columns: BTreeSet<&'static str> = table.columns.iter().map(|column| column.column).collect();
            columns.extend(table.name);
            if table.table == RECORDS {
                columns.extend(["resource_records", "alias_target"]);
            }
            (table.table, columns.into_iter().collect())
        };
        TABLES.iter().map(of).collect()
    });
    COLUMNS.iter().map(|(table, columns)| Read::subject(table, columns)).collect()
}

/// The addresses, ranges and names of a resource, each once. Of a record they are its values.
pub(crate) fn searched_values(resource: Resource<'_>) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    if resource.table() == RECORDS {
        values.extend(resource.text("resource_records").into_iter().flat_map(|text| texts(text, "Value")));
        values.extend(resource.text("alias_target").into_iter().flat_map(|text| texts(text, "DNSName")));
        return values;
    }
    for column in table(resource.table()).into_iter().flat_map(|table| table.columns) {
        let Some(text) = resource.text(column.column) else { continue };
        for (path, _) in column.members.iter().filter(|(_, form)| *form != ValueForm::Pool) {
            values.extend(texts(text, path));
        }
    }
    values
}
