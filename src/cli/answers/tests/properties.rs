//! What holds for every answer, whatever its values are.

use comfy_table::Table;
use proptest::prelude::*;

use super::super::formula::{MARK, is_executable};
use super::super::{markdown, sheet};
use super::*;
use crate::terminal::{is_hidden, one_line};

const NAMES: [&str; 12] =
    ["account_id", "region", "id", "name", "a_rather_long_name_of_a_column", "z", "y", "x", "w", "v", "u", "t"];
const KINDS: [ColumnKind; 6] =
    [ColumnKind::Text, ColumnKind::Text, ColumnKind::Json, ColumnKind::Integer, ColumnKind::Flag, ColumnKind::Time];

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[=+@ \t\r\n'\"|`\\\\,;a-]{0,12}",
        "[<>*_#!&\\[\\]()~:/.wha|`\\\\-]{0,16}",
        "[a-z0-9 .-]{0,60}",
        "[網頁é🦀\u{200d}\u{301}ｶa]{0,20}",
    ]
}

fn value(kind: ColumnKind) -> BoxedStrategy<Value> {
    let some = match kind {
        ColumnKind::Text => texts().prop_map(Value::from).boxed(),
        ColumnKind::Integer => any::<i64>().prop_map(Value::from).boxed(),
        ColumnKind::Number => (-1e9..1e9_f64).prop_map(Value::from).boxed(),
        ColumnKind::Flag => any::<bool>().prop_map(Value::from).boxed(),
        ColumnKind::Time => Just(json!(AT)).boxed(),
        ColumnKind::Json => prop::collection::vec(texts(), 0..3).prop_map(Value::from).boxed(),
    };
    prop_oneof![1 => Just(Value::Null), 5 => some].boxed()
}

fn answers() -> impl Strategy<Value = CoveredAnswer> {
    prop::collection::vec(prop::sample::select(KINDS.to_vec()), 1..NAMES.len()).prop_flat_map(|kinds| {
        let row: Vec<_> = kinds.iter().map(|kind| value(*kind)).collect();
        prop::collection::vec(row, 1..5).prop_map(move |rows| {
            let names = NAMES.iter().copied().zip(kinds.iter().copied()).collect::<Vec<_>>();
            CoveredAnswer {
                sheet: AnswerSheet { columns: columns(&names), rows: rows.into_iter().collect() },
                ..addresses(three_unknown())
            }
        })
    })
}

/// The columns that a text takes in a terminal.
fn width(line: &str) -> u16 {
    let mut table = Table::new();
    table.add_row([line]);
    table.column_max_content_widths()[0]
}

fn without_mark(text: &str) -> &str {
    text.strip_prefix(MARK).filter(|rest| is_executable(rest)).unwrap_or(text)
}

proptest! {
    #[test]
    fn csv_reads_back_and_executes_nothing(answer in answers()) {
        let sheet = answer.sheet.clone();
        let text = text(answer, AnswerFormat::Csv, None);
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        prop_assert_eq!(header, sheet.columns.iter().map(|column| column.name).collect::<Vec<_>>());
        let records: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        prop_assert_eq!(records.len(), sheet.rows.len());
        for (record, row) in records.iter().zip(sheet.rows.iter()) {
            for (field, value) in record.iter().zip(&row) {
                prop_assert!(value.is_number() || !is_executable(field) || field.starts_with(MARK), "{field:?}");
                prop_assert!(value.is_number() || !field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']));
                prop_assert_eq!(without_mark(field), sheet::text(value));
            }
        }
    }

    #[test]
    fn json_has_the_values_and_no_hidden_character(answer in answers()) {
        let sheet = answer.sheet.clone();
        let document = text(answer.clone(), AnswerFormat::Json, None);
        prop_assert!(!document.contains(|character| character != '\n' && is_hidden(character)));
        let rows = serde_json::from_str::<Value>(&document).unwrap()["rows"].take();
        let lines = text(answer, AnswerFormat::Ndjson, None);
        let lines: Vec<Value> = lines.split_terminator('\n').map(|line| serde_json::from_str(line).unwrap()).collect();
        prop_assert_eq!(lines.len(), sheet.rows.len() + 1);
        prop_assert_eq!(&lines[..sheet.rows.len()], &rows.as_array().unwrap()[..]);
        prop_assert!(lines[sheet.rows.len()]["coverage"]["unknown"].is_array());
        for (object, row) in lines.iter().zip(sheet.rows.iter()) {
            prop_assert_eq!(object.as_object().unwrap().len(), sheet.columns.len());
            for (column, value) in sheet.columns.iter().zip(&row) {
                prop_assert_eq!(object.get(column.name).unwrap(), value);
            }
        }
    }

    #[test]
    fn no_line_of_a_table_is_wider_than_the_terminal(answer in answers(), limit in 40_usize..200) {
        let text = text(answer, AnswerFormat::Table, Some(limit));
        for line in text.lines() {
            prop_assert!(usize::from(width(line)) <= limit, "{} > {limit}: {line:?}", width(line));
        }
        prop_assert!(!text.contains(|character| character != '\n' && is_hidden(character)));
    }

    #[test]
    fn a_table_cuts_nothing_off(answer in answers(), limit in prop::option::of(40_usize..200)) {
        let squeezed = |text: &str| text.chars().filter(|character| !character.is_whitespace()).collect::<String>();
        // One column, so that the parts of a value follow each other.
        let column = SheetColumn { name: "name", kind: ColumnKind::Text };
        let rows: Vec<Vec<Value>> = answer.sheet.rows.iter().map(|row| vec![row[0].clone()]).collect();
        let shown: String = rows.iter().map(|row| match &row[0] {
            Value::Null => "-".to_owned(),
            Value::String(text) if text.is_empty() => "\"\"".to_owned(),
            Value::String(text) => one_line(text).into_owned(),
            other => other.to_string(),
        }).collect();
        prop_assume!(!rows.iter().any(|row| row[0].is_array()));
        let sheet = AnswerSheet { columns: vec![column], rows: rows.into_iter().collect() };
        let text = text(CoveredAnswer { sheet, coverage: None, question: None }, AnswerFormat::Table, limit);
        prop_assert_eq!(squeezed(&text), squeezed(&format!("name{shown}")));
    }

    #[test]
    fn markdown_has_one_cell_for_each_value(answer in answers()) {
        let sheet = answer.sheet.clone();
        let text = text(answer, AnswerFormat::Md, None);
        let lines: Vec<&str> = text.lines().collect();
        for (line, row) in lines[2..].iter().zip(sheet.rows.iter()) {
            let cells = cells(line);
            prop_assert_eq!(cells.len(), sheet.columns.len(), "{}", line);
            for (cell, value) in cells.iter().zip(&row) {
                prop_assert_eq!(plain(cell), one_line(&sheet::text(value)).into_owned(), "{}", line);
            }
        }
    }

    #[test]
    fn markdown_that_is_not_code_is_harmless(text in texts()) {
        let value = markdown::value(&text);
        if !value.starts_with(['`', '<']) {
            prop_assert!(!value.contains(['<', '>', '`', '[', ']', '*', '|', '\\', '&', '@', '#', '~', '!', '$']));
            prop_assert!(!value.contains("//") && !value.to_lowercase().contains("www."));
        }
    }
}

/// Splits a row as cmark-gfm does: at each pipe that no backslash escapes, inside code too.
fn cells(line: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut characters = line.strip_prefix('|').unwrap().chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('|', _) => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            ('\\', Some('|')) => cell.push(characters.next().unwrap()),
            ('\\', Some(next)) if next.is_ascii_punctuation() => cell.extend(['\\', characters.next().unwrap()]),
            _ => cell.push(character),
        }
    }
    assert_eq!(cell, "", "a row ends with a pipe");
    cells
}

/// The text that a page shows for a cell.
fn plain(cell: &str) -> String {
    if let Some(numbered) = cell.strip_prefix("<code>").and_then(|rest| rest.strip_suffix("</code>")) {
        let mut text = String::new();
        let mut rest = numbered;
        while let Some((before, after)) = rest.split_once("&#") {
            let (number, after) = after.split_once(';').unwrap();
            text.push_str(before);
            text.push(char::from_u32(number.parse().unwrap()).unwrap());
            rest = after;
        }
        return text + rest;
    }
    let fence = cell.len() - cell.trim_start_matches('`').len();
    if fence == 0 {
        return cell.to_owned();
    }
    let code = &cell[fence..cell.len() - fence];
    assert!(!code.split(|character| character != '`').any(|run| run.len() == fence), "the fence ends early: {cell}");
    let is_padded = code.starts_with(' ') && code.ends_with(' ') && !code.chars().all(|character| character == ' ');
    if is_padded { code[1..code.len() - 1].to_owned() } else { code.to_owned() }
}

#[test]
fn what_a_spreadsheet_executes_is_marked() {
    for executed in [
        "=1",
        "+1",
        "-1",
        "@SUM",
        "\t=1",
        "\rx",
        "\nx",
        " =1",
        "\u{a0}=1",
        "\"=1",
        "'=1",
        "＝1",
        "−1",
        "\u{feff}=1",
        "|x",
    ] {
        assert!(is_executable(executed), "{executed:?}");
    }
    for text in ["", "'", "a=1", "10.0.0.0/8", "[{}]", "'a", "网", "sg-1"] {
        assert!(!is_executable(text), "{text:?}");
    }
}

/// Takes some bytes, and is closed then.
struct ClosedPipe(usize);

impl std::io::Write for ClosedPipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_is_known_as_one_in_every_format() {
    let mut answer = addresses(three_unknown());
    answer.sheet.rows = answer.sheet.rows.iter().collect::<Vec<_>>().into_iter().cycle().take(3_000).collect();
    for format in <AnswerFormat as clap::ValueEnum>::value_variants() {
        for set in [AnswerSet::One(answer.clone()), AnswerSet::All(vec![answer.clone()])] {
            let error = render(&set, *format, AnswerLayout::default(), &mut ClosedPipe(10_000)).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe, "{format:?}");
        }
    }
}
