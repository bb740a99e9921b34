//! Checks what is printed: golden texts of a small answer, and properties of any answer.

mod golden;
mod properties;
mod workbook;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::out::render;
use super::sheet_rows::SheetRows;
use super::{AnswerFormat, AnswerLayout, AnswerSet, AnswerSheet, AskedQuestion, CoveredAnswer, SheetColumn};
use crate::answers::facts::{AsOf, Coverage, UnknownCell};
use crate::answers::questions::ColumnKind;
use crate::inventory::Status;

const AT: &str = "2026-11-28T02:00:00Z";

fn columns(columns: &[(&'static str, ColumnKind)]) -> Vec<SheetColumn> {
    columns.iter().map(|(name, kind)| SheetColumn { name, kind: *kind }).collect()
}

fn unknown(account: &str, region: &str, table: &str, status: Status) -> UnknownCell {
    UnknownCell {
        account_id: account.into(),
        region: region.into(),
        table: table.into(),
        status,
        error_code: (status == Status::Denied).then(|| "AccessDenied".into()),
        last_answered: (status == Status::Denied).then(|| "2026-11-27T02:00:00Z".parse().unwrap()),
    }
}

fn coverage(unknown: Vec<UnknownCell>) -> Coverage {
    let at: Timestamp = AT.parse().unwrap();
    let oldest: Timestamp = "2026-11-27T02:00:00Z".parse().unwrap();
    Coverage { as_of: AsOf { oldest: Some(oldest), newest: Some(at) }, unknown, baseline: Vec::new(), cells: 17_204 }
}

fn three_unknown() -> Vec<UnknownCell> {
    vec![
        unknown("111122223333", "eu-west-1", "ec2_subnets", Status::NotStarted),
        unknown("444455556666", "global", "route53_records", Status::Denied),
        unknown("444455556666", "*", "ec2_vpcs", Status::Throttled),
    ]
}

/// An answer of the form of a question's, with values that programs like to obey.
fn addresses(unknown: Vec<UnknownCell>) -> CoveredAnswer {
    let sheet = AnswerSheet {
        columns: columns(&[
            ("account_id", ColumnKind::Text),
            ("region", ColumnKind::Text),
            ("public_ip", ColumnKind::Text),
            ("name", ColumnKind::Text),
            ("public", ColumnKind::Flag),
            ("change", ColumnKind::Integer),
            ("allowed_by", ColumnKind::Json),
            ("collected_at", ColumnKind::Time),
        ]),
        rows: SheetRows::from_iter([
            vec![
                json!("111122223333"),
                json!("eu-west-1"),
                json!("203.0.113.7"),
                json!("=HYPERLINK(\"http://x\")|<script>"),
                json!(true),
                json!(-3),
                json!(["sg-1", "sg-2"]),
                json!(AT),
            ],
            vec![
                json!("111122223333"),
                json!("eu-west-1"),
                json!("203.0.113.8"),
                json!("two\nlines \u{1b}[31m \u{202e}`x`"),
                Value::Null,
                json!(1500),
                json!([{"CidrIp": "0.0.0.0/0"}]),
                json!(AT),
            ],
            vec![
                json!("444455556666"),
                json!("us-east-1"),
                json!("203.0.113.9"),
                json!("網頁 front_end"),
                json!(false),
                Value::Null,
                json!([]),
                Value::Null,
            ],
        ]),
    };
    let question = Some(AskedQuestion { name: "public-addresses", title: "Public addresses" });
    CoveredAnswer { question, sheet, coverage: Some(coverage(unknown)) }
}

fn nothing(unknown: Vec<UnknownCell>) -> CoveredAnswer {
    let question = Some(AskedQuestion { name: "unattached-volumes", title: "Volumes that nothing uses" });
    let sheet = AnswerSheet {
        columns: columns(&[("account_id", ColumnKind::Text), ("region", ColumnKind::Text)]),
        rows: SheetRows::default(),
    };
    CoveredAnswer { question, sheet, coverage: Some(coverage(unknown)) }
}

fn printed(set: &AnswerSet, format: AnswerFormat, layout: AnswerLayout) -> (String, Vec<String>) {
    let mut out = Vec::new();
    let notes = render(set, format, layout, &mut out).unwrap();
    (String::from_utf8(out).unwrap(), notes)
}

fn text(answer: CoveredAnswer, format: AnswerFormat, width: Option<usize>) -> String {
    printed(&AnswerSet::One(answer), format, AnswerLayout { width, lists_coverage: false }).0
}
