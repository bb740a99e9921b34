//! A list of accounts: what a customer sends as CSV, or one account a line.

use std::collections::BTreeMap;

use super::ImportCandidates;
use crate::customers::NewTarget;
use crate::domain::AccountId;
use crate::input::{ValidationErrors, quoted};

/// The columns that are known; the first one must be there. Whose accounts they are is not for a customer to say: it would
/// be told another one's external ID.
const COLUMNS: [&str; 5] = ["account_id", "name", "role_arn", "regions", "tags"];

/// One account a line, with a name behind a comma where it has one; or a CSV with a header.
pub(crate) fn accounts_file(text: &str) -> Result<ImportCandidates, ValidationErrors> {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    let plain = first.starts_with(|c: char| c.is_ascii_digit());
    if plain { read(text, Some(&COLUMNS[..2])) } else { csv(text) }
}

/// A CSV with a header of known columns. Lists stand in one field, with `;` between them; tags as `key=value`.
pub(crate) fn csv(text: &str) -> Result<ImportCandidates, ValidationErrors> {
    read(text, None)
}

fn read(text: &str, columns: Option<&[&str]>) -> Result<ImportCandidates, ValidationErrors> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(columns.is_none())
        .trim(::csv::Trim::All)
        .comment(Some(b'#'))
        .flexible(columns.is_some())
        .from_reader(text.as_bytes());
    let mut problems = ValidationErrors::new();
    let header: Vec<String> = match columns {
        Some(columns) => columns.iter().map(|&name| name.to_owned()).collect(),
        None => {
            let header = reader.headers().map_err(|error| ValidationErrors::one("csv", error.to_string()))?;
            header.iter().map(|name| name.to_ascii_lowercase()).collect()
        }
    };
    look_at(&header, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut found = ImportCandidates::default();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problems.push("csv", error.to_string());
                continue;
            }
        };
        let line = record.position().map_or(0, |position| position.line());
        let fields: BTreeMap<&str, &str> =
            header.iter().map(String::as_str).zip(&record).filter(|(_, value)| !value.is_empty()).collect();
        if let Some(target) = target(&fields, line, &mut problems) {
            found.take(target);
        }
    }
    if found.targets.is_empty() && problems.is_empty() {
        problems.push("csv", "it holds no accounts");
    }
    problems.into_result(found)
}

fn look_at(header: &[String], problems: &mut ValidationErrors) {
    if !header.iter().any(|name| name == "account_id") {
        problems.push("csv", format!("it has no column account_id: its columns may be {}", COLUMNS.join(", ")));
    }
    for name in header {
        if name == "external_id" {
            let what = "external IDs are made here and never chosen by a customer: take the column out";
            problems.push("csv.external_id", what);
        } else if name == "customer" {
            problems.push("csv.customer", "whose accounts they are is said by --customer alone: take the column out");
        } else if !COLUMNS.contains(&name.as_str()) {
            problems.push("csv", format!("{} is no known column: known are {}", quoted(name), COLUMNS.join(", ")));
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
    let own = |name: &str| fields.get(name).map(|&value| value.to_owned());
    let list = |name: &str| {
        let items = fields.get(name).copied().unwrap_or_default().split([';', ' ']);
        items.map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut tags = BTreeMap::new();
    for pair in fields.get("tags").copied().unwrap_or_default().split(';').filter(|pair| !pair.trim().is_empty()) {
        match pair.split_once('=') {
            Some((key, value)) => drop(tags.insert(key.trim().to_owned(), value.trim().to_owned())),
            None => problems.push(place("tags"), format!("{} is no key=value", quoted(pair))),
        }
    }
    Some(NewTarget {
        role_arn: own("role_arn"),
        name: own("name"),
        regions: list("regions"),
        tags,
        ..NewTarget::new(account_id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_customer_sends_is_read_with_every_problem_at_once() {
        let text = "\u{feff}Account_ID, name ,regions,tags\n111122223333,\"acme, prod\",eu-*;us-east-1,tier=gold;team=a b\n\
                    # a remark\n444455556666,,,\n444455556666,again,,\n";
        let found = csv(text).unwrap();
        assert_eq!(found.targets.len(), 2);
        assert_eq!(found.targets[0].name.as_deref(), Some("acme, prod"));
        assert_eq!(found.targets[0].regions, ["eu-*", "us-east-1"]);
        assert_eq!(found.targets[0].tags["team"], "a b");
        assert_eq!(found.left_out[0].0, "444455556666");
        let wrong = csv("account_id,external_id,customer,colour\n").unwrap_err();
        insta::assert_snapshot!(wrong, @r"
        csv.external_id: external IDs are made here and never chosen by a customer: take the column out
        csv.customer: whose accounts they are is said by --customer alone: take the column out
        csv: `colour` is no known column: known are account_id, name, role_arn, regions, tags
        ");
        let wrong = csv("account_id,tags\n12,a=b\n111122223333,nonsense\n").unwrap_err();
        insta::assert_snapshot!(wrong, @r"
        csv line 2, account_id: `12` is not an account id: write its 12 digits, in quotes
        csv line 3, tags: `nonsense` is no key=value
        ");
        assert!(csv("").is_err() && csv("account_id\n").is_err());
    }

    #[test]
    fn accounts_may_stand_one_a_line() {
        let found = accounts_file("# ours\n111122223333\n444455556666, acme-dev\n").unwrap();
        let told: Vec<_> = found.targets.iter().map(|one| (one.account_id.as_str(), one.name.as_deref())).collect();
        assert_eq!(told, [("111122223333", None), ("444455556666", Some("acme-dev"))]);
        assert_eq!(accounts_file("account_id,name\n111122223333,x\n").unwrap().targets.len(), 1);
    }
}
