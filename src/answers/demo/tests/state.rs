//! The state after the last night, as facts: of each cell the rows of the newest night that answered it in full.

use std::collections::HashSet;

use jiff::Timestamp;

use super::*;
use crate::answers::facts::{
    CellWord, Cells, ColumnData, FactTable, Facts, Opening, RowFilter, TableBuilder, TextColumn,
};

/// The moment of the questions: noon after the last night.
const AT: &str = "2026-11-25T12:00:00Z";

/// The facts after the last night.
pub(super) fn facts() -> Facts {
    let tables = tables();
    let mut newest: BTreeMap<(String, String, &'static str), CellWord> = BTreeMap::new();
    for night in NIGHTS.iter() {
        for cell in &night.cells {
            let key = (cell.account_id.clone(), cell.region.clone(), cell.table);
            let before = newest.get(&key).and_then(|cell| cell.last_answered);
            let cell = CellWord {
                account_id: cell.account_id.clone(),
                region: cell.region.clone(),
                table: cell.table.to_owned(),
                status: cell.status,
                error_code: cell.error_code.clone(),
                word_at: night.started_at,
                last_answered: if cell.status.is_answered() { Some(night.started_at) } else { before },
            };
            newest.insert(key, cell);
        }
    }
    let global = tables.iter().filter(|(_, is_global)| *is_global).map(|(name, _)| (*name).to_owned());
    let mut cells = Cells::new(global);
    // A newer answer of the regions by name closes the row of all regions.
    newest.retain(|(account, region, table), cell| {
        region != "*"
            || NIGHTS
                .iter()
                .filter(|night| night.started_at > cell.word_at)
                .all(|night| !night.cells.iter().any(|newer| newer.account_id == *account && newer.table == *table))
    });
    newest.values().for_each(|cell| cells.add(cell.borrowed()));
    let tables = tables.iter().map(|(table, _)| build(table, &newest)).collect();
    Facts::new(tables, cells.finish(), RowFilter::default(), AT.parse().unwrap())
}

fn build(table: &'static str, newest: &BTreeMap<(String, String, &'static str), CellWord>) -> FactTable {
    let kinds = whole::columns().remove(table).unwrap();
    let columns: Vec<(&'static str, ColumnData)> = kinds
        .iter()
        .map(|(name, kind)| {
            let data = match *kind {
                "boolean" => ColumnData::Flag(Vec::new()),
                "integer" => ColumnData::Integer(Vec::new()),
                "double" => ColumnData::Double(Vec::new()),
                "timestamp" => ColumnData::Time(Vec::new()),
                _ => ColumnData::Text(TextColumn::default()),
            };
            (*name, data)
        })
        .collect();
    let mut builder = TableBuilder::new(table, columns.clone());
    for night in NIGHTS.iter() {
        let valid: HashSet<(&str, &str)> = newest
            .iter()
            .filter(|((_, _, name), cell)| *name == table && cell.last_answered == Some(night.started_at))
            .map(|((account, region, _), _)| (account.as_str(), region.as_str()))
            .collect();
        for row in night.rows.get(table).into_iter().flatten() {
            if valid.contains(&(text(row, "account_id"), text(row, "region"))) {
                push(&mut builder, row, &columns);
            }
        }
    }
    builder.finish()
}

fn push(builder: &mut TableBuilder, row: &Value, columns: &[(&'static str, ColumnData)]) {
    let micros = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
    let tags = row["tags"].as_object().map(|tags| Value::Object(tags.clone()).to_string());
    builder.push(Opening {
        account_id: text(row, "account_id"),
        account_alias: row["account_alias"].as_str(),
        region: text(row, "region"),
        id: text(row, "id"),
        arn: row["arn"].as_str(),
        owner_id: row["owner_id"].as_str(),
        tags: tags.as_deref(),
        collected_at: Some(micros(text(row, "collected_at"))),
    });
    for (index, (name, _)) in columns.iter().enumerate() {
        let value = &row[*name];
        match builder.column(index).unwrap() {
            ColumnData::Flag(values) => values.push(value.as_bool()),
            ColumnData::Integer(values) => values.push(value.as_i64()),
            ColumnData::Double(values) => values.push(value.as_f64()),
            ColumnData::Time(values) => values.push(value.as_str().map(micros)),
            ColumnData::Text(values) => match value {
                Value::Null => values.push(None),
                Value::String(text) => values.push(Some(text)),
                json => values.push(Some(&json.to_string())),
            },
        }
    }
}
