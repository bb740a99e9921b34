//! Imports a list of accounts: a customer's CSV, or one account per line.

use std::collections::BTreeMap;

use super::ImportCandidates;
use super::text::Sheet;
use crate::customers::NewTarget;
use crate::domain::AccountId;
use crate::input::{ValidationErrors, quoted};

/// The allowed columns; the first one is required. There is no column for the customer: a customer who could name another
/// one would get that one's external ID.
const COLUMNS: [&str; 6] = ["account_id", "name", "role_arn", "regions", "resources", "tags"];

/// Reads one account per line, optionally with a comma and a name; or a CSV with a header.
pub(crate) fn accounts_file(bytes: &[u8]) -> Result<ImportCandidates, ValidationErrors> {
    let sheet = Sheet::read(bytes)?;
    let plain = sheet.first_row().starts_with(|c: char| c.is_ascii_digit());
    read(&sheet, plain.then_some(&COLUMNS[..2]))
}

/// Reads a CSV with a header. Items of lists are separated by `;`, blanks or lines; tags are `key=value`.
pub(crate) fn csv(bytes: &[u8]) -> Result<ImportCandidates, ValidationErrors> {
    read(&Sheet::read(bytes)?, None)
}

fn read(sheet: &Sheet<'_>, columns: Option<&[&str]>) -> Result<ImportCandidates, ValidationErrors> {
    // Spreadsheets leave empty fields at the ends of rows, and rows of empty fields.
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(sheet.separator)
        .has_headers(false)
        .trim(::csv::Trim::All)
        .comment(Some(b'#'))
        .flexible(true)
        .from_reader(sheet.text.as_bytes());
    let (mut problems, mut lines) = (ValidationErrors::new(), sheet.lines());
    let mut header: Option<Vec<String>> = columns.map(|names| names.iter().map(|&name| name.to_owned()).collect());
    let (mut found, mut last_line) = (ImportCandidates::default(), 1);
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problems.push("csv", error.to_string());
                continue;
            }
        };
        let line = record.position().map_or(0, |position| lines.line_at(position.byte()));
        last_line = line;
        if record.iter().all(str::is_empty) || record.get(0).is_some_and(|first| first.starts_with('#')) {
            continue;
        }
        let Some(header) = &header else {
            let names: Vec<String> = record.iter().map(column_name).collect();
            check_header(&names, &mut problems);
            if !problems.is_empty() {
                return Err(problems);
            }
            header = Some(names);
            continue;
        };
        let Some(fields) = fields(header, &record, line, &mut problems) else { continue };
        if let Some(target) = target(&fields, line, &mut problems) {
            found.take(target);
        }
    }
    if sheet.is_unclosed() {
        problems.push(format!("csv line {last_line}"), "a quotation mark is not closed, here or before: close it");
    }
    if header.is_none() {
        check_header(&[], &mut problems);
    } else if found.targets.is_empty() && problems.is_empty() {
        problems.push("csv", "it has no accounts");
    }
    problems.into_result(found)
}

/// Returns a column's name as it is listed: people write `Account ID` too.
fn column_name(name: &str) -> String {
    name.to_ascii_lowercase().replace([' ', '-'], "_")
}

/// Returns the fields of a row that are not empty, by column. A value below no column is an error.
fn fields<'a>(
    header: &'a [String],
    record: &'a ::csv::StringRecord,
    line: u64,
    problems: &mut ValidationErrors,
) -> Option<BTreeMap<&'a str, &'a str>> {
    let mut fields = BTreeMap::new();
    for (index, value) in record.iter().enumerate().filter(|(_, value)| !value.is_empty()) {
        match header.get(index).map(String::as_str) {
            Some(name) if !name.is_empty() => drop(fields.insert(name, value)),
            _ => {
                let what = format!("{} stands in column {}, which has no name", quoted(value), index + 1);
                problems.push(format!("csv line {line}"), what);
                return None;
            }
        }
    }
    Some(fields)
}

fn check_header(header: &[String], problems: &mut ValidationErrors) {
    if !header.iter().any(|name| name == "account_id") {
        problems.push("csv", format!("the column account_id is missing: the columns are {}", COLUMNS.join(", ")));
    }
    for (index, name) in header.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        if name == "external_id" {
            let what = "external IDs are generated here and never chosen by a customer: remove the column";
            problems.push("csv.external_id", what);
        } else if name == "customer" {
            problems.push("csv.customer", "only --customer names the customer of the accounts: remove the column");
        } else if !COLUMNS.contains(&name.as_str()) {
            problems.push("csv", format!("{} is not a column: write {}", quoted(name), COLUMNS.join(", ")));
        } else if header[..index].contains(name) {
            problems.push("csv", format!("the column {name} is there twice: remove one"));
        }
    }
}

fn target(fields: &BTreeMap<&str, &str>, line: u64, problems: &mut ValidationErrors) -> Option<NewTarget> {
    let place = |name: &str| format!("csv line {line}, {name}");
    let account_id = match fields.get("account_id").copied().unwrap_or_default().parse::<AccountId>() {
        Ok(account_id) => account_id,
        Err(error) => {
            problems.push(place("account_id"), error.to_string());
            return None;
        }
    };
    // A cell may have several lines.
    let own = |name: &str| fields.get(name).map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "));
    let list = |name: &str| {
        let items = fields.get(name).copied().unwrap_or_default().split([';', ',', ' ', '\t', '\r', '\n']);
        items.map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut tags = BTreeMap::new();
    for pair in
        fields.get("tags").copied().unwrap_or_default().split([';', '\r', '\n']).filter(|pair| !pair.trim().is_empty())
    {
        match pair.split_once('=') {
            Some((key, value)) => drop(tags.insert(key.trim().to_owned(), value.trim().to_owned())),
            None => problems.push(place("tags"), format!("{} is not key=value", quoted(pair))),
        }
    }
    Some(NewTarget {
        role_arn: own("role_arn"),
        name: own("name"),
        regions: list("regions"),
        resources: list("resources"),
        tags,
        ..NewTarget::new(account_id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_customer_sends_is_read_with_every_problem_at_once() {
        let text = "\u{feff}Account_ID, name ,regions,resources,tags\n111122223333,\"acme, prod\",eu-*;us-east-1,route53*;accounts,tier=gold;team=a b\n\
                    # a remark\n444455556666,,,,\n444455556666,again,,,\n";
        let found = csv(text.as_bytes()).unwrap();
        assert_eq!(found.targets.len(), 2);
        assert_eq!(found.targets[0].name.as_deref(), Some("acme, prod"));
        assert_eq!(found.targets[0].regions, ["eu-*", "us-east-1"]);
        assert_eq!(found.targets[0].resources, ["route53*", "accounts"]);
        assert_eq!(found.targets[0].tags["team"], "a b");
        assert_eq!(found.left_out[0].0, "444455556666");
        let wrong = csv(b"account_id,external_id,customer,colour\n").unwrap_err();
        insta::assert_snapshot!(wrong, @r"
        csv.external_id: external IDs are generated here and never chosen by a customer: remove the column
        csv.customer: only --customer names the customer of the accounts: remove the column
        csv: `colour` is not a column: write account_id, name, role_arn, regions, resources, tags
        ");
        let wrong = csv(b"account_id,tags\n12,a=b\n111122223333,nonsense\n").unwrap_err();
        insta::assert_snapshot!(wrong, @r"
        csv line 2, account_id: `12` is not an account id: write its 12 digits, in quotes
        csv line 3, tags: `nonsense` is not key=value
        ");
        assert!(csv(b"").is_err() && csv(b"account_id\n").is_err());
    }

    #[test]
    fn accounts_may_stand_one_a_line() {
        let found = accounts_file(b"# ours\n111122223333\n444455556666, acme-dev\n").unwrap();
        let targets: Vec<_> = found.targets.iter().map(|one| (one.account_id.as_str(), one.name.as_deref())).collect();
        assert_eq!(targets, [("111122223333", None), ("444455556666", Some("acme-dev"))]);
        assert_eq!(accounts_file(b"account_id,name\n111122223333,x\n").unwrap().targets.len(), 1);
    }

    fn ids(found: &ImportCandidates) -> Vec<(&str, Option<&str>)> {
        found.targets.iter().map(|one| (one.account_id.as_str(), one.name.as_deref())).collect()
    }

    #[test]
    fn what_spreadsheets_save_is_read() {
        let expected = [("111122223333", Some("acme, prod")), ("444455556666", Some("b"))];
        for text in [
            "\u{feff}account_id,name\r\n111122223333,\"acme, prod\"\r\n444455556666,b\r\n",
            "account_id;name\r\n111122223333;acme, prod\r\n444455556666;b\r\n",
            "account_id\tname\r\n111122223333\tacme, prod\r\n444455556666\tb\r\n",
            "sep=;\r\n\"Account ID\";\"Name\";\r\n111122223333;acme, prod;\r\n;;\r\n444455556666;b;;;\r\n;;",
            ",,\r\naccount_id,name,,\r\n,,\r\n111122223333,\"acme,\r\nprod\",,\r\n# x,,\r\n444455556666,b",
            "account_id,name\r111122223333,\"acme, prod\"\r444455556666,b\r",
        ] {
            assert_eq!(ids(&csv(text.as_bytes()).unwrap()), expected, "{text:?}");
            assert_eq!(ids(&accounts_file(text.as_bytes()).unwrap()), expected, "{text:?}");
        }
        for text in [
            "\u{feff}111122223333;\"acme, prod\"\r\n444455556666;b\r\n",
            "\"111122223333\",\"acme, prod\"\n444455556666,b",
        ] {
            assert_eq!(ids(&accounts_file(text.as_bytes()).unwrap()), expected, "{text:?}");
        }
        let listed = csv(b"account_id;regions;tags\n111122223333;\"eu-*;us-east-1\";\"a=1;b=2\"\n").unwrap();
        assert_eq!(listed.targets[0].regions, ["eu-*", "us-east-1"]);
        assert_eq!(listed.targets[0].tags["b"], "2");
    }

    #[test]
    fn lines_are_numbered_as_an_editor_shows_them() {
        for end in ["\n", "\r\n", "\r"] {
            let rows = [
                "account_id,name",
                "# a remark",
                "12,a",
                "",
                "111122223333,\"b",
                "c\"",
                "13,d,e",
                ",,",
                "14",
                "15,\"x",
            ];
            let refused = csv(rows.join(end).as_bytes()).unwrap_err().to_string();
            let lines: Vec<&str> = refused.lines().filter_map(|line| line.split([',', ':']).next()).collect();
            assert_eq!(
                lines,
                ["csv line 3", "csv line 7", "csv line 9", "csv line 10", "csv line 10"],
                "{end:?} {refused}"
            );
        }
        insta::assert_snapshot!(csv(b"account_id,,name,name\n111122223333,x,,\n").unwrap_err(), @"csv: the column name is there twice: remove one");
        insta::assert_snapshot!(csv(b"account_id,,name\n111122223333,x,,\n").unwrap_err(), @"csv line 2: `x` stands in column 2, which has no name");
    }
}
