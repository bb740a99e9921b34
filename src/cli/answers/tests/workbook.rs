//! What a workbook has. Its parts are read as the XML that they are.

use std::collections::BTreeMap;
use std::io::Read;

use super::super::sheet_name::SheetNames;
use super::super::workbook::{EXCEL, SheetLimits, save_workbook, write};
use super::*;

/// The parts of a zip file, by its central directory.
fn parts(bytes: &[u8]) -> BTreeMap<String, String> {
    let number = |at: usize, length: usize| {
        bytes[at..at + length].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    let end = bytes.windows(4).rposition(|window| window == b"PK\x05\x06").unwrap();
    let mut at = number(end + 16, 4);
    let mut parts = BTreeMap::new();
    for _ in 0..number(end + 10, 2) {
        let (size, name, local) = (number(at + 20, 4), number(at + 28, 2), number(at + 42, 4));
        let path = String::from_utf8(bytes[at + 46..at + 46 + name].to_vec()).unwrap();
        let start = local + 30 + number(local + 26, 2) + number(local + 28, 2);
        let mut text = String::new();
        flate2::read::DeflateDecoder::new(&bytes[start..start + size]).read_to_string(&mut text).unwrap();
        parts.insert(path, text);
        at += 46 + name + number(at + 30, 2) + number(at + 32, 2);
    }
    parts
}

fn book(set: &AnswerSet, limits: SheetLimits) -> BTreeMap<String, String> {
    let mut bytes = Vec::new();
    write(set, limits, &mut bytes).unwrap();
    parts(&bytes)
}

/// What stands between a start and an end, each time.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start).skip(1).map(|rest| rest.split(end).next().unwrap()).collect()
}

fn sheet_names(parts: &BTreeMap<String, String>) -> Vec<&str> {
    between(&parts["xl/workbook.xml"], "<sheet name=\"", "\"")
}

#[test]
fn values_have_their_types_and_nothing_is_a_formula() {
    let set = AnswerSet::One(addresses(three_unknown()));
    let parts = book(&set, EXCEL);
    assert_eq!(sheet_names(&parts), ["public-addresses", "coverage", "unknown cells"]);
    let sheet = &parts["xl/worksheets/sheet1.xml"];
    insta::assert_snapshot!(sheet[sheet.find("<dimension").unwrap()..].replace("<row", "\n<row").replace("<c ", "\n  <c "), @r#"
    <dimension ref="A1:H4"/><sheetViews><sheetView tabSelected="1" workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/><selection pane="bottomLeft"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/><cols><col min="1" max="1" width="13.7109375" customWidth="1"/><col min="2" max="2" width="9.7109375" customWidth="1"/><col min="3" max="3" width="12.7109375" customWidth="1"/><col min="4" max="4" width="31.7109375" customWidth="1"/><col min="5" max="6" width="9.7109375" customWidth="1"/><col min="7" max="7" width="24.7109375" customWidth="1"/><col min="8" max="8" width="20.7109375" customWidth="1"/></cols><sheetData>
    <row r="1" spans="1:8">
      <c r="A1" s="1" t="s"><v>0</v></c>
      <c r="B1" s="1" t="s"><v>1</v></c>
      <c r="C1" s="1" t="s"><v>2</v></c>
      <c r="D1" s="1" t="s"><v>3</v></c>
      <c r="E1" s="1" t="s"><v>4</v></c>
      <c r="F1" s="1" t="s"><v>5</v></c>
      <c r="G1" s="1" t="s"><v>6</v></c>
      <c r="H1" s="1" t="s"><v>7</v></c></row>
    <row r="2" spans="1:8">
      <c r="A2" t="s"><v>8</v></c>
      <c r="B2" t="s"><v>9</v></c>
      <c r="C2" t="s"><v>10</v></c>
      <c r="D2" s="2" t="s"><v>11</v></c>
      <c r="E2" t="b"><v>1</v></c>
      <c r="F2"><v>-3</v></c>
      <c r="G2" t="s"><v>12</v></c>
      <c r="H2" s="3"><v>46354.08333333333</v></c></row>
    <row r="3" spans="1:8">
      <c r="A3" t="s"><v>8</v></c>
      <c r="B3" t="s"><v>9</v></c>
      <c r="C3" t="s"><v>13</v></c>
      <c r="D3" t="s"><v>14</v></c>
      <c r="F3"><v>1500</v></c>
      <c r="G3" t="s"><v>15</v></c>
      <c r="H3" s="3"><v>46354.08333333333</v></c></row>
    <row r="4" spans="1:8">
      <c r="A4" t="s"><v>16</v></c>
      <c r="B4" t="s"><v>17</v></c>
      <c r="C4" t="s"><v>18</v></c>
      <c r="D4" t="s"><v>19</v></c>
      <c r="E4" t="b"><v>0</v></c>
      <c r="G4" t="s"><v>20</v></c></row></sheetData><autoFilter ref="A1:H4"/><pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/></worksheet>
    "#);
    let strings = between(&parts["xl/sharedStrings.xml"], "<si>", "</si>").join("\n");
    insta::assert_snapshot!(strings.replace("\u{202e}", "<202e>"), @r#"
    <t>account_id</t>
    <t>region</t>
    <t>public_ip</t>
    <t>name</t>
    <t>public</t>
    <t>change</t>
    <t>allowed_by</t>
    <t>collected_at</t>
    <t>111122223333</t>
    <t>eu-west-1</t>
    <t>203.0.113.7</t>
    <t>=HYPERLINK("http://x")|&lt;script&gt;</t>
    <t>["sg-1","sg-2"]</t>
    <t>203.0.113.8</t>
    <t>two
    lines _x001B_[31m <202e>`x`</t>
    <t>[{"CidrIp":"0.0.0.0/0"}]</t>
    <t>444455556666</t>
    <t>us-east-1</t>
    <t>203.0.113.9</t>
    <t>網頁 front_end</t>
    <t>[]</t>
    <t>question</t>
    <t>rows</t>
    <t>cells</t>
    <t>unknown</t>
    <t>oldest</t>
    <t>newest</t>
    <t>summary</t>
    <t>public-addresses</t>
    <t>3 of 17,204 cells unknown, as of 2026-11-27T02:00:00Z to 2026-11-28T02:00:00Z</t>
    <t>table</t>
    <t>status</t>
    <t>error_code</t>
    <t>last_answered</t>
    <t>ec2_subnets</t>
    <t>not_started</t>
    <t>global</t>
    <t>route53_records</t>
    <t>denied</t>
    <t>AccessDenied</t>
    <t>*</t>
    <t>ec2_vpcs</t>
    <t>throttled</t>
    "#);
    assert!(parts["xl/styles.xml"].contains("quotePrefix=\"1\""));
    assert!(parts.values().all(|part| !part.contains("<f>") && !part.contains("<hyperlink")));
}

#[test]
fn what_a_sheet_or_a_cell_does_not_take_goes_on_elsewhere() {
    let mut answer = addresses(Vec::new());
    let long = "網".repeat(260);
    let mut rows: Vec<Vec<Value>> = answer.sheet.rows.iter().collect();
    rows[0][3] = json!(long);
    rows[0][5] = json!(9_007_199_254_740_993_i64);
    answer.sheet.rows = rows.into_iter().collect();
    let parts = book(&AnswerSet::One(answer), SheetLimits { rows: 2, units: 200 });
    let names =
        ["public-addresses", "public-addresses (2)", "coverage", "unknown cells", "long values", "long values (2)"];
    assert_eq!(sheet_names(&parts), names);
    let strings = between(&parts["xl/sharedStrings.xml"], "<si><t>", "</t>").join("\n");
    assert!(strings.contains("9007199254740993"), "an integer that would be rounded is a text");
    let pointer = format!("{} … (the whole value is in the sheet 'long values' from row 2 on)", "網".repeat(100));
    assert!(strings.contains(&pointer), "{strings}");
    let parts_of_it: usize = strings
        .lines()
        .filter(|line| line.chars().all(|character| character == '網'))
        .map(|line| line.chars().count())
        .sum();
    assert_eq!(parts_of_it, 100 + 60, "two equal parts are one shared string");
    assert_eq!(parts["xl/worksheets/sheet5.xml"].matches("<row ").count(), 3);
    assert_eq!(parts["xl/worksheets/sheet6.xml"].matches("<row ").count(), 2);
}

#[test]
fn names_of_sheets_are_allowed_and_unique() {
    let mut names = SheetNames::default();
    let long = "an-unreasonably-long-name-of-a-question";
    let made: Vec<String> = ["coverage", "Coverage", "a/b:c", "'x'", "", "History", long, long]
        .into_iter()
        .map(|name| names.unique(name))
        .collect();
    insta::assert_debug_snapshot!(made, @r#"
    [
        "coverage",
        "Coverage (2)",
        "a_b_c",
        "x",
        "answer",
        "answer (2)",
        "an-unreasonably-long-name-of-a-",
        "an-unreasonably-long-name-o (2)",
    ]
    "#);
}

#[test]
fn a_workbook_replaces_a_file_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let set = AnswerSet::All(vec![addresses(three_unknown()), nothing(Vec::new())]);
    let path = folder.path().join("answers.xlsx");
    std::fs::write(&path, "old").unwrap();
    save_workbook(&set, &path).unwrap();
    assert_eq!(sheet_names(&parts(&std::fs::read(&path).unwrap())).len(), 4);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["answers.xlsx"]);
    let refused = save_workbook(&set, folder.path()).unwrap_err();
    assert!(refused.message.ends_with("it exists and is no file"), "{refused}");
    assert!(save_workbook(&set, &folder.path().join("missing/answers.xlsx")).is_err());
}
