//! Checks that any values, in any row groups, are read back unchanged.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::decode::UtcTime;

type Any = (Option<String>, Option<bool>, Option<i64>, Option<f64>, Option<i64>, Option<Pairs>, Option<String>);
type Pairs = Vec<(String, String)>;

pub(super) fn map(field: Field) -> Option<Pairs> {
    match field {
        Field::Null => None,
        Field::MapInternal(map) => Some(
            map.entries()
                .iter()
                .map(|(key, value)| match (key, value) {
                    (Field::Str(key), Field::Str(value)) => (key.clone(), value.clone()),
                    other => panic!("{other:?}"),
                })
                .collect(),
        ),
        other => panic!("{other:?}"),
    }
}

fn micros() -> impl Strategy<Value = i64> {
    let end: UtcTime = "9999-12-31T23:59:59.999999Z".parse().unwrap();
    Timestamp::MIN.as_microsecond()..=end.as_microsecond()
}

fn row() -> impl Strategy<Value = Any> {
    let double = prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL;
    (
        option::of(any::<String>()),
        option::of(any::<bool>()),
        option::of(any::<i64>()),
        option::of(double),
        option::of(micros()),
        option::of(btree_map(any::<String>(), any::<String>(), 0..4).prop_map(Pairs::from_iter)),
        option::of(any::<String>()),
    )
}

fn cells(row: &Any) -> [ColumnValue<'_>; 7] {
    let (text, boolean, integer, double, timestamp, pairs, json) = row;
    let or = |cell: Option<ColumnValue<'static>>| cell.unwrap_or(ColumnValue::Missing);
    [
        text.as_deref().map_or(ColumnValue::Missing, ColumnValue::Text),
        or(boolean.map(ColumnValue::Boolean)),
        or(integer.map(ColumnValue::Integer)),
        or(double.map(ColumnValue::Double)),
        or(timestamp.map(|value| ColumnValue::Timestamp(UtcTime::from_microsecond(value).unwrap()))),
        pairs.as_deref().map_or(ColumnValue::Missing, ColumnValue::Map),
        json.as_deref().map_or(ColumnValue::Missing, ColumnValue::Text),
    ]
}

fn read_row(row: &Row) -> Any {
    let fields: Vec<Field> = row.get_column_iter().map(|(_, field)| field.clone()).collect();
    let string = |field: &Field| match field {
        Field::Str(text) => Some(text.clone()),
        _ => None,
    };
    (
        string(&fields[0]),
        if let Field::Bool(value) = fields[1] { Some(value) } else { None },
        if let Field::Long(value) = fields[2] { Some(value) } else { None },
        if let Field::Double(value) = fields[3] { Some(value) } else { None },
        if let Field::TimestampMicros(value) = fields[4] { Some(value) } else { None },
        map(fields[5].clone()),
        string(&fields[6]),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_are_read_back_unchanged(rows in vec((row(), prop::bool::weighted(0.1)), 0..60)) {
        let mut encoder = Encoder::new(columns(KINDS));
        let mut whole = Vec::new();
        for (row, spill) in &rows {
            encoder.push(cells(row)).unwrap();
            whole.extend(if *spill { encoder.flush_row_group().unwrap() } else { encoder.take_full_group().unwrap() });
        }
        whole.extend(encoder.finish().unwrap());
        let back: Vec<Any> = read(whole).1.iter().map(read_row).collect();
        let rows: Vec<Any> = rows.into_iter().map(|(row, _)| row).collect();
        prop_assert_eq!(back, rows);
    }

    /// Equal texts that follow each other are held once. Batches end within such a run, and a null may divide it.
    #[test]
    fn repeated_texts_are_read_back_unchanged(runs in vec((option::of("[ab]{0,2}"), 1usize..3000), 0..12)) {
        let text = |text: &Option<String>| text.clone().map_or(Field::Null, Field::Str);
        let fields: Vec<Field> = runs.iter().flat_map(|(run, count)| std::iter::repeat_n(text(run), *count)).collect();
        fn cell(run: &Option<String>) -> ColumnValue<'_> {
            run.as_deref().map_or(ColumnValue::Missing, ColumnValue::Text)
        }
        for kind in [ColumnType::String, ColumnType::Json] {
            let cells: Vec<ColumnValue<'_>> =
                runs.iter().flat_map(|(run, count)| std::iter::repeat_n(cell(run), *count)).collect();
            prop_assert_eq!(round_trip(kind, &cells), fields.clone());
        }
    }

    /// Batches end at a number of levels, but the pairs of one map must be in one batch.
    #[test]
    fn long_maps_are_read_back_unchanged(lengths in vec(0usize..1500, 1..16)) {
        let maps: Vec<Pairs> =
            lengths.iter().map(|length| (0..*length).map(|n| (n.to_string(), "v".into())).collect()).collect();
        let cells: Vec<ColumnValue<'_>> = maps.iter().map(|map| ColumnValue::Map(map)).collect();
        let back: Vec<Pairs> = round_trip(ColumnType::Map, &cells).into_iter().filter_map(map).collect();
        prop_assert_eq!(back, maps);
    }
}
