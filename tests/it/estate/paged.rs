//! The report page that a run writes after its commit: next to its manifest, once, and `latest.html` forward only.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rolecall::lambda::{Function, Invocation};
use serde_json::{Value, json};

use super::changed::{NIGHTS, asked, demo};
use super::page::Page;
use super::{command, fixture, fixture_in_bucket};
use crate::command::{rolecall, run_command};
use crate::fixture::files_below;

/// The customers of the generated estate.
const CUSTOMERS: [(&str, &str); 6] = [
    ("111122223333", "acme"),
    ("222233334444", "acme"),
    ("444455556666", "globex"),
    ("555566667777", "globex"),
    ("777788889999", "initech"),
    ("888899990000", "initech"),
];

/// A registry with the customers, in a file.
fn registry(folder: &Path) -> String {
    let target = |(account, customer): &(&str, &str)| {
        json!({ "account_id": account, "external_id": format!("an-external-id-7f3c9a{}", &account[..4]), "name": format!("{customer} {account}"),
                "customer": customer })
    };
    let targets: Vec<Value> = CUSTOMERS.iter().map(target).collect();
    let registry = json!({ "version": 1, "defaults": { "role_name": "rolecall" }, "targets": targets });
    let path = folder.join("targets.json");
    std::fs::write(&path, registry.to_string()).expect("written");
    path.display().to_string()
}

/// `rolecall resume RUN --report`, which writes the page of a committed run. Returns what the response says of it.
fn resumed(output: &Path, run_id: &str, more: &[&str]) -> Value {
    let mut command = rolecall(&["resume", run_id, "--json", "--output", output.to_str().expect("a path")]);
    command.args(more);
    let done = run_command(command);
    assert_ne!(done.code, 2, "{done:?}");
    done.response()["report"].clone()
}

fn text(output: &Path, key: &str) -> String {
    std::fs::read_to_string(output.join(key)).unwrap_or_else(|error| panic!("{key}: {error}"))
}

fn page_key(run_id: &str) -> String {
    format!("runs/{run_id}/report.html")
}

fn pages(output: &Path) -> Vec<String> {
    let files = files_below(output).into_iter();
    let names = files.map(|file| file.strip_prefix(output).expect("below").display().to_string());
    let mut pages: Vec<String> = names.filter(|name| name.ends_with(".html")).collect();
    pages.sort();
    pages
}

#[test]
fn the_page_lies_next_to_the_manifest_and_is_written_once() {
    let folder = demo();
    let output = folder.path().join("demo");
    assert_eq!(resumed(&output, NIGHTS[4], &[]), Value::Null, "it is off by default");
    assert!(pages(&output).is_empty());
    let report = resumed(&output, NIGHTS[4], &["--report"]);
    assert_eq!((&report["status"], &report["pages"]), (&json!("written"), &json!(1)), "{report}");
    assert_eq!(report["page"], json!(output.join(page_key(NIGHTS[4]))));
    assert_eq!(pages(&output), ["latest.html", &page_key(NIGHTS[4])]);
    let page = text(&output, &page_key(NIGHTS[4]));
    assert!(text(&output, "latest.html") == page, "latest.json names this run");
    // It is the page of that moment: its numbers are those of the commands at the commit.
    let head = Page::read(&page);
    let at = head.head()["at"].as_str().expect("a time").to_owned();
    let answers = asked(&output, &["ask", "--all", "--at", &at]).response();
    for answer in answers["answers"].as_array().expect("answers") {
        let name = answer["question"].as_str().expect("a name");
        assert_eq!(json!(head.rows(name)), answer["rows"], "{name}");
    }
    let judged = asked(&output, &["dns", "--at", &at]).response();
    assert_eq!(json!(head.rows("dns-verdicts")), judged["rows"]);
    assert!(judged["rows"].as_array().expect("rows").len() > 20, "{judged}");
    let changed = asked(&output, &["diff", NIGHTS[3], NIGHTS[4]]).response();
    assert_eq!(head.head()["compared"]["newer"], NIGHTS[4]);
    assert_eq!(head.rows("changes").len(), changed["rows"].as_array().expect("rows").len());
    std::fs::write(output.join(page_key(NIGHTS[4])), "what the first attempt wrote").expect("written");
    let repeated = resumed(&output, NIGHTS[4], &["--report"]);
    assert_eq!(repeated["status"], "written", "{repeated}");
    assert_eq!(text(&output, &page_key(NIGHTS[4])), "what the first attempt wrote");
}

#[test]
fn the_newest_page_never_goes_back() {
    let folder = demo();
    let output = folder.path().join("demo");
    for night in [NIGHTS[4], NIGHTS[2], NIGHTS[3], NIGHTS[4]] {
        assert_eq!(resumed(&output, night, &["--report"])["status"], "written");
        assert!(text(&output, "latest.html") == text(&output, &page_key(NIGHTS[4])), "after {night}");
    }
    // A page of the past is what was known then.
    let of =
        |night: &str| Page::read(&text(&output, &page_key(night))).head()["at"].as_str().expect("a time").to_owned();
    assert!(of(NIGHTS[2]) < of(NIGHTS[3]) && of(NIGHTS[3]) < of(NIGHTS[4]));
    // What cannot be understood is left as it is.
    std::fs::write(output.join("latest.html"), "<html>somebody's own page").expect("written");
    let refused = resumed(&output, NIGHTS[4], &["--report"]);
    assert_eq!(refused["status"], "failed", "{refused}");
    assert!(refused["error"].as_str().expect("an error").contains("names no run"), "{refused}");
    assert_eq!(text(&output, "latest.html"), "<html>somebody's own page");
    // An older page is replaced. Where `latest.json` names another run, nothing is.
    std::fs::write(output.join("latest.html"), text(&output, &page_key(NIGHTS[2]))).expect("written");
    assert_eq!(resumed(&output, NIGHTS[3], &["--report"])["status"], "written");
    assert!(text(&output, "latest.html") == text(&output, &page_key(NIGHTS[2])));
    assert_eq!(resumed(&output, NIGHTS[4], &["--report"])["status"], "written");
    assert!(text(&output, "latest.html") == text(&output, &page_key(NIGHTS[4])));
}

#[test]
fn every_customer_has_a_page_that_knows_no_other() {
    let folder = demo();
    let output = folder.path().join("demo");
    let registry = registry(folder.path());
    let more = ["--report=customers", "--registry", &registry];
    let report = resumed(&output, NIGHTS[4], &more);
    assert_eq!(
        (&report["status"], &report["pages"], &report["pages_written"]),
        (&json!("written"), &json!(3), &json!(3))
    );
    let parts: Vec<String> = (0..3).map(|part| format!("runs/{}/report/{part}.html", NIGHTS[4])).collect();
    assert_eq!(pages(&output), [vec!["latest.html".to_owned(), page_key(NIGHTS[4])], parts.clone()].concat());
    let index = Page::read(&text(&output, &page_key(NIGHTS[4])));
    let linked = |index: &Page| -> Vec<String> {
        let pages = index.head()["pages"].as_array().expect("pages").iter();
        pages.map(|page| page["address"].as_str().expect("an address").to_owned()).collect()
    };
    assert_eq!(linked(&index), ["report/0.html", "report/1.html", "report/2.html"]);
    assert_eq!(linked(&Page::read(&text(&output, "latest.html"))), parts, "it lies at the top of the output");
    let at = index.head()["at"].as_str().expect("a time");
    let all = asked(&output, &["ask", "--all", "--at", at]).response();
    let mut resources = 0;
    for (part, customer) in parts.iter().zip(["acme", "globex", "initech"]) {
        let text = text(&output, part);
        let page = Page::read(&text);
        assert_eq!((&page.head()["customer"], &page.head()["index"]), (&json!(customer), &json!("../report.html")));
        let own: Vec<&str> = CUSTOMERS.iter().filter(|(_, of)| *of == customer).map(|(account, _)| *account).collect();
        let accounts = page.head()["overview"]["accounts"].as_array().expect("accounts").iter();
        assert_eq!(accounts.map(|account| account["account_id"].as_str().expect("an id")).collect::<Vec<_>>(), own);
        resources += page.head()["overview"]["resources"].as_u64().expect("a count");
        assert!(!text.contains("an-external-id"), "a page has nothing of the registry but names");
        assert!(!page.sheets().contains_key("dns-verdicts"), "another customer may hold what nobody of this one does");
        for (account, other) in CUSTOMERS.iter().filter(|(_, of)| *of != customer) {
            assert!(!text.contains(&format!("{other} {account}")), "{customer} reads the name of {account}");
        }
        // Every row is of an account of its own, and what its accounts see of it is all there is.
        for (name, sheet) in page.sheets() {
            for row in page.rows(name) {
                let observed = row["observers"].to_string();
                let is_own = |account: &&str| row["account_id"] == **account || observed.contains(*account);
                assert!(row["account_id"].is_null() || own.iter().any(is_own), "{name}: {row}");
            }
            assert!(sheet["unknown"].as_u64() <= sheet["needed"].as_u64());
        }
        for question in ["public-addresses", "unattached-volumes", "imdsv1-instances", "missing-tags"] {
            let answers = all["answers"].as_array().expect("answers").iter();
            let answer = answers.clone().find(|answer| answer["question"] == question).expect("an answer");
            let rows = answer["rows"].as_array().expect("rows").iter();
            let expected: Vec<&Value> = rows.filter(|row| own.iter().any(|one| row["account_id"] == **one)).collect();
            assert_eq!(json!(page.rows(question)), json!(expected), "{question} of {customer}");
        }
    }
    assert!(resources > 300, "{resources}");
    // What is written stays, and what is missing is written again.
    std::fs::remove_file(output.join(page_key(NIGHTS[4]))).expect("removed");
    for ending in ["html", "json"] {
        let file = output.join(format!("runs/{}/report/1.{ending}", NIGHTS[4]));
        std::fs::remove_file(file).expect("removed");
    }
    std::fs::write(output.join(&parts[0]), "the first page").expect("written");
    let plan = text(&output, &format!("runs/{}/report/plan.json", NIGHTS[4]));
    // The plan counts, whatever the registry says by now.
    let repeated = resumed(&output, NIGHTS[4], &["--report=customers"]);
    assert_eq!((&repeated["status"], &repeated["pages_written"]), (&json!("written"), &json!(3)));
    assert_eq!(text(&output, &parts[0]), "the first page");
    assert_eq!(Page::read(&text(&output, &parts[1])).head()["customer"], "globex");
    assert_eq!(text(&output, &format!("runs/{}/report/plan.json", NIGHTS[4])), plan);
    assert_eq!(linked(&Page::read(&text(&output, &page_key(NIGHTS[4])))).len(), 3);
}

/// A function over an output in a folder.
async fn function(output: &Path, report: &str) -> Function {
    let output = output.display().to_string();
    Function::start(|name| match name {
        "ROLECALL_OUTPUT" => Some(output.clone()),
        "ROLECALL_REPORT" => Some(report.to_owned()),
        "AWS_REGION" => Some("eu-central-1".to_owned()),
        _ => None,
    })
    .await
}

/// An invocation with hours left, or with none.
fn invocation(has_time: bool) -> Invocation {
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(10_000_000_000);
    Invocation { request_id: "a-request".into(), deadline: if has_time { far } else { SystemTime::UNIX_EPOCH } }
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_and_messages_go_on_with_what_the_time_did_not_suffice_for() {
    let folder = demo();
    let output = folder.path().join("demo");
    let step = json!({ "step": "report", "run_id": NIGHTS[4] }).to_string();
    let off = function(&output, "no").await;
    assert_eq!(off.handle(step.as_bytes(), invocation(true)).await.expect("an answer"), Value::Null);
    assert!(pages(&output).is_empty());
    let machine = function(&output, "yes").await;
    let late = machine.handle(step.as_bytes(), invocation(false)).await.expect_err("it is late");
    assert!(late.message.contains("0 of 0 report pages"), "{late}");
    assert!(pages(&output).is_empty());
    let written = machine.handle(step.as_bytes(), invocation(true)).await.expect("an answer");
    assert_eq!(written["status"], "written", "{written}");
    let page = text(&output, &page_key(NIGHTS[4]));
    let body = json!({ "report_of": NIGHTS[3] }).to_string();
    let message =
        |body: &str| json!({ "Records": [{ "messageId": "m", "body": body, "eventSource": "aws:sqs" }] }).to_string();
    for _ in 0..2 {
        let done = machine.handle(message(&body).as_bytes(), invocation(true)).await.expect("an answer");
        assert_eq!(done["batchItemFailures"], json!([]), "a message may come twice");
    }
    assert_eq!(pages(&output), ["latest.html".to_owned(), page_key(NIGHTS[3]), page_key(NIGHTS[4])]);
    assert!(text(&output, "latest.html") == page);
    let unknown = json!({ "report_of": "no-such-run" }).to_string();
    let done = machine.handle(message(&unknown).as_bytes(), invocation(true)).await.expect("an answer");
    assert_eq!(done["batchItemFailures"][0]["itemIdentifier"], "m");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_attempts_at_once_give_one_page() {
    let folder = demo();
    let output = folder.path().join("demo");
    let step = json!({ "step": "report", "run_id": NIGHTS[4] }).to_string();
    let machine = function(&output, "yes").await;
    let (one, other) = tokio::join!(
        machine.handle(step.as_bytes(), invocation(true)),
        machine.handle(step.as_bytes(), invocation(true))
    );
    for answer in [one, other] {
        assert_eq!(answer.expect("an answer")["status"], "written");
    }
    assert!(text(&output, "latest.html") == text(&output, &page_key(NIGHTS[4])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrow_run_has_no_page_and_a_refused_page_fails_no_run() {
    let fixture = fixture("parquet").await;
    let whole = json!({ "run_id": "whole", "accounts": "all" });
    let narrow = json!({ "run_id": "narrow", "accounts": "all", "resources": ["ec2_vpcs"] });
    for request in [&whole, &narrow] {
        fixture.run(request.clone(), None).await.expect("a response");
    }
    let resume = |run_id: &str| {
        let command = command(&fixture, &["resume", run_id, "--report", "--json"]);
        tokio::task::block_in_place(|| run_command(command))
    };
    let of_narrow = resume("narrow");
    assert_eq!((of_narrow.code, &of_narrow.response()["report"]), (0, &Value::Null), "{of_narrow:?}");
    assert!(pages(&fixture.out()).is_empty());
    // Something that is no folder is where the page would lie.
    std::fs::create_dir_all(fixture.out().join("latest.html")).expect("a folder");
    let refused = resume("whole");
    assert_eq!((refused.code, &refused.response()["status"]), (0, &json!("complete")), "{refused:?}");
    assert_eq!(refused.response()["report"]["status"], "failed");
    std::fs::remove_dir(fixture.out().join("latest.html")).expect("removed");
    assert_eq!(resume("whole").response()["report"]["status"], "written");
    assert_eq!(pages(&fixture.out()), ["latest.html", "runs/whole/report.html"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_bucket_the_page_is_of_the_type_of_pages() {
    let fixture = fixture_in_bucket().await;
    fixture.run(json!({ "run_id": "whole", "accounts": "all" }), None).await.expect("a response");
    let command = command(&fixture, &["resume", "whole", "--report", "--json"]);
    let done = tokio::task::block_in_place(|| run_command(command));
    assert_eq!(done.response()["report"]["page"], "s3://results/inventory/runs/whole/report.html", "{done:?}");
    for key in ["inventory/runs/whole/report.html", "inventory/latest.html"] {
        let object = fixture.sim.object("results", key).expect("a page");
        let kind = object.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
        assert_eq!(kind, Some("text/html; charset=utf-8"), "{key}");
    }
    let manifest = fixture.sim.object("results", "inventory/runs/whole/manifest.json").expect("a manifest");
    assert!(!manifest.headers.iter().any(|(_, value)| value.starts_with("text/html")));
}
