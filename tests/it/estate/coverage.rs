//! Every fault of the fault matrix, and what every command then says of the cells that it needs and that are not known.
//!
//! What is unknown is compared with the ledgers, read independently. And no answer claims what it cannot know: its rows are
//! those of a run without faults, or their verdict is `unknown`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use rolecall::testing::{Catalogue, Reach, Settings};
use serde_json::{Value, json};

use super::ledgers::{CellWords, by_ledgers, is_answered, text};
use super::page::Page;
use super::{answer, collect};
use crate::command::{manifest, rolecall, run_command};
use crate::fault_matrix::{Case, cases};
use crate::fixture::{Fixture, account_with, files_below};
use crate::sim::{Kind, account_id, resource_id, zone_name};

/// The account with the faults.
const FAULTY: usize = 1;

/// The tables that each question reads. Those that read none are about the ledger, and need every table.
fn reads() -> BTreeMap<String, BTreeSet<String>> {
    let printed = run_command(rolecall(&["schema", "questions"])).response();
    let tables = |question: &Value| {
        question["reads"].as_array().expect("reads").iter().map(|read| text(read, "table")).collect()
    };
    let questions = printed.as_array().expect("questions").iter();
    questions.map(|question| (text(question, "name"), tables(question))).collect()
}

/// The tables that the runs of this test collect.
fn collected(reads: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    reads.values().flatten().cloned().chain(["accounts".to_owned(), "ec2_volumes".to_owned()]).collect()
}

async fn fixture() -> Fixture {
    let fixture = Fixture::start(2, account_with(2, 2, 305), |world| {
        for number in 0..2 {
            world.account(&account_id(number)).set_count(None, Some(Kind::RouteTables), 130);
        }
    });
    let fixture = fixture.await.without_attempts();
    let settings = Settings { format: Some("parquet".to_owned()), ..fixture.settings.clone() };
    Fixture { settings, ..fixture }
}

/// What waits for faults is given up early.
fn impatient(fixture: Fixture) -> Fixture {
    let settings = Settings {
        backoff: Duration::from_millis(20),
        sts_patience: Duration::from_secs(1),
        call_timeout: Duration::from_secs(3),
        operation_timeout: Duration::from_secs(5),
        account_budget: Duration::from_secs(8),
        ..fixture.settings.clone()
    };
    Fixture { settings, ..fixture }
}

/// One region, by a glob: AWS has to be asked which regions an account has.
fn request(run_id: &str, tables: &BTreeSet<String>) -> Value {
    json!({ "run_id": run_id, "accounts": "all", "regions": ["eu-west-1*"], "resources": tables })
}

/// What the answers of a run without faults are, and its files.
struct Healthy {
    fixture: Fixture,
    answers: BTreeMap<String, Value>,
    hits: Value,
    page: Page,
    verdicts: Value,
    reads: BTreeMap<String, BTreeSet<String>>,
    tables: BTreeSet<String>,
}

impl Healthy {
    async fn collect() -> Self {
        let fixture = fixture().await;
        let reads = reads();
        let tables = collected(&reads);
        collect(&fixture, request("healthy", &tables)).await;
        let answers = by_question(&ask(&fixture, &[]));
        let hits = look_up(&fixture, &[]);
        let page = page(&fixture, &[]);
        let verdicts = judge(&fixture, &[]);
        Self { fixture, answers, hits, page, verdicts, reads, tables }
    }

    /// Copies the run into another output.
    fn copy_to(&self, out: &Path) {
        for file in files_below(&self.fixture.out()) {
            let target = out.join(file.strip_prefix(self.fixture.out()).expect("below"));
            std::fs::create_dir_all(target.parent().expect("a folder")).expect("created");
            std::fs::copy(&file, target).expect("copied");
        }
    }
}

fn ask(fixture: &Fixture, more: &[&str]) -> Value {
    let answered = answer(fixture, &[&["ask", "--all", "--format", "json"], more].concat());
    assert_eq!(answered.code, 0, "{answered:?}");
    answered.response()
}

/// The tables that `dns` reads at least.
const OF_DNS: [&str; 9] = [
    "accounts",
    "ec2_addresses",
    "ec2_instances",
    "ec2_nat_gateways",
    "ec2_network_interfaces",
    "ec2_vpcs",
    "route53_hosted_zones",
    "route53_records",
    "route53_zone_associations",
];

/// The verdict on every record.
fn judge(fixture: &Fixture, more: &[&str]) -> Value {
    let answered = answer(fixture, &[&["dns", "--format", "json"], more].concat());
    assert_eq!(answered.code, 0, "{answered:?}");
    answered.response()
}

/// The verdicts that a run without faults does not give, and that are not `unknown`. What is not known is named.
fn wrong_verdicts(case: &Case, healthy: &Healthy, judged: &Value, needed: &BTreeSet<String>) -> Vec<String> {
    let told = told(judged);
    assert!(needed.is_subset(&told), "{}: dns: {:?}", case.name, needed.difference(&told));
    // Further cells are those of regions in which nobody asked.
    let more: Vec<&String> = told.difference(needed).filter(|cell| !cell.contains(" not_started never")).collect();
    assert!(more.iter().all(|cell| !OF_DNS.iter().any(|table| cell.contains(table))), "{}: dns: {more:?}", case.name);
    let claim = |row: &Value| {
        let names =
            ["account_id", "hosted_zone_id", "name", "type", "set_identifier", "target", "verdict", "kind", "holder"];
        names.map(|name| row[name].to_string()).join(" ")
    };
    let rows = |answer: &Value| answer["rows"].as_array().expect("rows").clone();
    let known: BTreeSet<String> = rows(&healthy.verdicts).iter().map(claim).collect();
    let claims = rows(judged).into_iter().filter(|row| row["verdict"] != "unknown").map(|row| claim(&row));
    claims.filter(|row| !known.contains(row)).map(|row| format!("{}: dns: {row}", case.name)).collect()
}

/// Looks up something of each table of `where`: by tag, address, name, account and id.
fn look_up(fixture: &Fixture, more: &[&str]) -> Value {
    let faulty = account_id(FAULTY);
    let terms = [
        "Name=vpc-0".to_owned(),
        "Name=i-0".to_owned(),
        "10.0.0.0/8".to_owned(),
        zone_name(&faulty, 0),
        resource_id("i", &faulty, "eu-west-1", 1),
        faulty,
    ];
    let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
    super::look_up(fixture, &terms, more)
}

/// The report page.
fn page(fixture: &Fixture, more: &[&str]) -> Page {
    let file = tempfile::Builder::new().suffix(".html").tempfile().expect("a file");
    let path = file.path().to_str().expect("a path").to_owned();
    let written = answer(fixture, &[&["report", "--to", &path], more].concat());
    assert_eq!(written.code, 0, "{written:?}");
    Page::read(&std::fs::read_to_string(path).expect("a page"))
}

/// The sections of the page with what is unknown of them, as the questions and the ledgers say, and what the page claims.
fn check_page(
    healthy: &Healthy,
    case: &Case,
    page: &Page,
    answers: &BTreeMap<String, Value>,
    all: usize,
) -> Vec<String> {
    let (head, sheets, name) = (page.head(), page.sheets(), &case.name);
    let unknown = |value: &Value| usize::try_from(value["unknown"].as_u64().expect("a count")).expect("a size");
    let of_answer = |question: &str| answers.get(question).map(|answer| told(answer).len());
    assert_eq!((unknown(head), unknown(sheets["unknown-cells"])), (all, all), "{name}");
    for (sheet, head) in &sheets {
        if let Some(expected) = of_answer(sheet) {
            assert_eq!(unknown(head), expected, "{name}: the sheet {sheet}");
            assert_eq!(json!(page.rows(sheet)), answers[*sheet]["rows"], "{name}: the sheet {sheet}");
        }
    }
    for section in head["sections"].as_array().expect("sections") {
        let own = section["sheets"].as_array().expect("sheets").iter().filter_map(Value::as_str);
        let affected = own.filter_map(|sheet| sheets.get(sheet).map(|head| unknown(head))).max().unwrap_or(0);
        assert!(
            unknown(section) >= affected,
            "{name}: the section {} hides what its sheets do not know",
            section["id"]
        );
        // Verdicts on DNS records need cells of regions, too, in which nobody asked.
        let more = if section["id"] == "dns" { affected } else { 0 };
        assert!(unknown(section) <= all + more, "{name}: the section {}", section["id"]);
        if matches!(section["id"].as_str(), Some("overview" | "tags" | "changes" | "unknown")) {
            assert_eq!(unknown(section), all, "{name}: the section {}", section["id"]);
        }
    }
    // Each cause is told with what mends it, and all of them are all unknown cells.
    let gaps = head["gaps"].as_array().expect("gaps");
    let cells: u64 = gaps.iter().map(|gap| gap["cells"].as_u64().expect("a count")).sum();
    assert_eq!((cells as usize, &head["more_gaps"]), (all, &json!(0)), "{name}");
    assert!(gaps.iter().all(|gap| gap["remedy"]["advice"].as_str().is_some_and(|advice| !advice.is_empty())), "{name}");
    // The map, the zones, the records and the search show nothing that is not there.
    let mut claimed = Vec::new();
    for part in ["vpcs", "gateways", "links", "tiles"] {
        let known = healthy.page.map()[part].as_array().expect("a list");
        let drawn = page.map()[part].as_array().expect("a list").iter();
        claimed.extend(drawn.filter(|one| !known.contains(one)).map(|one| format!("{name}: {part}: {one}")));
    }
    let publicness = |page: &Page| -> BTreeMap<String, Value> {
        let subnets = page.map()["subnets"].as_array().expect("a list").iter();
        subnets.map(|subnet| (text(subnet, "id"), subnet["public"].clone())).collect()
    };
    let known = publicness(&healthy.page);
    for (id, public) in publicness(page) {
        if !public.is_null() && known.get(&id) != Some(&public) {
            claimed.push(format!("{name}: the subnet {id} is drawn as public {public}"));
        }
    }
    for sheet in ["links", "zones", "records"] {
        let known = healthy.page.rows(sheet);
        let rows = page.rows(sheet).into_iter().filter(|row| !known.contains(row));
        claimed.extend(rows.map(|row| format!("{name}: {sheet}: {row}")));
    }
    if page.searched().len() > healthy.page.searched().len() {
        claimed.push(format!("{name}: the search has more than there is"));
    }
    claimed
}

fn by_question(all: &Value) -> BTreeMap<String, Value> {
    let answers = all["answers"].as_array().expect("answers").iter();
    answers.map(|answer| (text(answer, "question"), answer.clone())).collect()
}

/// The unknown cells of these tables, by the ledgers: those whose newest row is no answer, and those that were never asked.
fn expected(cells: &CellWords, starts: &BTreeMap<String, String>, tables: &BTreeSet<String>) -> BTreeSet<String> {
    let catalogue = Catalogue::get().expect("a catalogue");
    let accounts: BTreeSet<&String> = cells.keys().map(|(_, account, _)| account).collect();
    let mut unknown = BTreeSet::new();
    let started = |run: &Option<String>| run.as_ref().map_or("never".to_owned(), |run| starts[run].clone());
    for table in tables {
        for account in &accounts {
            let own: Vec<_> = cells.iter().filter(|((of, by, _), _)| of == table && by == *account).collect();
            if own.is_empty() {
                let reach = catalogue.find(table).expect("a table").entry.reach;
                let region = if reach == Reach::Global { "global" } else { "*" };
                unknown.insert(format!("{account} {region} {table} not_started never"));
            }
            for ((_, _, region), (status, _, answered)) in &own {
                // A word on all regions was last answered when any of them was.
                let answered = match region.as_str() {
                    "*" => own.iter().map(|(_, (_, _, answered))| started(answered)).filter(|run| run != "never").max(),
                    _ => answered.as_ref().map(|_| started(answered)),
                };
                if !is_answered(status) {
                    let answered = answered.unwrap_or("never".to_owned());
                    unknown.insert(format!("{account} {region} {table} {status} {answered}"));
                }
            }
        }
    }
    unknown
}

fn told(answer: &Value) -> BTreeSet<String> {
    let cells = answer["coverage"]["unknown"].as_array().expect("unknown cells");
    let words = |cell: &Value| {
        let answered = cell["last_answered"].as_str().unwrap_or("never").to_owned();
        let words = ["account_id", "region", "table", "status"].map(|name| text(cell, name)).join(" ");
        format!("{words} {answered}")
    };
    let told: BTreeSet<String> = cells.iter().map(words).collect();
    assert_eq!(told.len(), cells.len(), "a cell is told twice");
    told
}

/// The rows that a run without faults does not have, with what they know, and whose verdict is not `unknown`.
fn claims(healthy: &Value, faulty: &Value) -> Vec<String> {
    let rows =
        |answer: &Value| answer["rows"].as_array().expect("rows").iter().map(without_times).collect::<Vec<Value>>();
    let known = rows(healthy);
    // Most rows are the same, and comparing each with each would take most of the test's time.
    let same: BTreeSet<String> = known.iter().map(Value::to_string).collect();
    // A value that is null is not known, and claims nothing.
    let agrees = |row: &Value, known: &Value| {
        let values = row.as_object().expect("a row").iter();
        values.into_iter().all(|(name, value)| value.is_null() || *value == known[name])
    };
    let is_known = |row: &Value| same.contains(&row.to_string()) || known.iter().any(|known| agrees(row, known));
    let is_claim = |row: &Value| row["verdict"] != "unknown" && !is_known(row);
    rows(faulty).iter().filter(|row| is_claim(row)).map(Value::to_string).collect()
}

/// A row without the time of the run, and without its place among the others.
fn without_times(row: &Value) -> Value {
    let mut row = row.clone();
    let values = row.as_object_mut().expect("a row");
    values.remove("collected_at");
    values.remove("position");
    row
}

/// The questions that compare with an earlier moment. Together with all others they are asked only if one is named.
const COMPARING: [&str; 3] = ["changes-by-account", "records-changed", "new-public-exposure"];

async fn check(healthy: &Healthy, case: Case) -> (BTreeSet<String>, Vec<String>) {
    let fixture = impatient(fixture().await);
    healthy.copy_to(&fixture.out());
    fixture.sim.add_fault(case.fault.clone().account(&account_id(FAULTY)));
    // On a busy machine, rolecall's own identity may not be told within the short time of a call here. Nothing is planned then.
    let mut response = fixture.run(request("struck", &healthy.tables), None).await;
    for _ in 0..5 {
        if response.is_err() {
            response = fixture.run(request("struck", &healthy.tables), None).await;
        }
    }
    response.expect("a response");
    fixture.sim.clear_faults();
    let out = fixture.out();
    let start = |run: &str| (run.to_owned(), text(&manifest(&out, run), "started_at"));
    let starts = BTreeMap::from(["healthy", "struck"].map(start));
    let all_tables: BTreeSet<String> =
        Catalogue::get().expect("a catalogue").tables().iter().map(|table| table.entry.table.to_owned()).collect();
    let mut claimed = Vec::new();
    let mut gaps = BTreeSet::new();
    for (more, runs) in [(&[][..], &["healthy", "struck"][..]), (&["--run", "struck"], &["struck"])] {
        let cells = by_ledgers(&out, runs);
        let answers = by_question(&ask(&fixture, more));
        assert_eq!(answers.len() + COMPARING.len(), healthy.reads.len());
        for (question, answer) in &answers {
            let tables = if healthy.reads[question].is_empty() { &all_tables } else { &healthy.reads[question] };
            assert_eq!(told(answer), expected(&cells, &starts, tables), "{}: {question} {more:?}", case.name);
            if !healthy.reads[question].is_empty() {
                let of_question = |row: String| format!("{}: {question} {more:?}: {row}", case.name);
                claimed.extend(claims(&healthy.answers[question], answer).into_iter().map(of_question));
            }
        }
        let all = expected(&cells, &starts, &all_tables).len();
        claimed.extend(check_page(healthy, &case, &page(&fixture, more), &answers, all));
        // `where` reads fewer tables for fewer terms. These need all that were collected.
        let hits = look_up(&fixture, more);
        let is_collected = |cell: &String| !cell.contains(" not_started never");
        let told: BTreeSet<String> = told(&hits).into_iter().filter(is_collected).collect();
        let needed = expected(&cells, &starts, &healthy.tables);
        assert!(told.is_subset(&needed), "{}: where: {:?}", case.name, told.difference(&needed));
        let searched = ["accounts", "ec2_vpcs", "ec2_instances", "ec2_route_tables", "route53_records"];
        let searched = BTreeSet::from(searched.map(str::to_owned));
        let needed = expected(&cells, &starts, &searched);
        assert!(needed.is_subset(&told), "{}: where: {:?}", case.name, needed.difference(&told));
        let known: BTreeSet<String> = public_left_out(&healthy.hits, None);
        let found = public_left_out(&hits, None);
        assert!(found.is_subset(&known), "{}: where: {:?}", case.name, found.difference(&known).next());
        for public in [true, false] {
            let known = public_left_out(&healthy.hits, Some(public));
            let found = public_left_out(&hits, Some(public));
            let wrong: Vec<&String> = found.difference(&known).collect();
            claimed.extend(wrong.iter().map(|row| format!("{}: where {more:?}: public {public}: {row}", case.name)));
        }
        gaps.extend(needed);
        let of_dns = BTreeSet::from(OF_DNS.map(str::to_owned));
        claimed.extend(wrong_verdicts(&case, healthy, &judge(&fixture, more), &expected(&cells, &starts, &of_dns)));
    }
    for question in COMPARING {
        // Nothing changed between the two runs.
        let compared = answer(&fixture, &["ask", question, "--since", "healthy", "--format", "json"]).response();
        let rows = compared["rows"].as_array().expect("rows").iter().filter(|row| row["verdict"] != "unknown");
        claimed.extend(rows.map(|row| format!("{}: {question}: {row}", case.name)));
    }
    claimed.extend(changes(&fixture, &case, &by_ledgers(&out, &["struck"]), &starts, &all_tables));
    (gaps, claimed)
}

/// What `diff` claims to have changed, although nothing did. It names the cells that the run asked and did not answer.
fn changes(
    fixture: &Fixture,
    case: &Case,
    cells: &CellWords,
    starts: &BTreeMap<String, String>,
    tables: &BTreeSet<String>,
) -> Vec<String> {
    let compared = answer(fixture, &["diff", "healthy", "struck", "--format", "json"]);
    assert_eq!(compared.code, 0, "{}: {compared:?}", case.name);
    let compared = compared.response();
    let is_asked = |cell: &String| !cell.contains(" not_started never") || is_in_ledger(cells, cell);
    let needed: BTreeSet<String> = expected(cells, starts, tables).into_iter().filter(is_asked).collect();
    assert_eq!(told(&compared), needed, "{}: diff", case.name);
    let rows = compared["rows"].as_array().expect("rows").iter();
    rows.map(|row| format!("{}: diff: {row}", case.name)).collect()
}

/// Whether a ledger has a word on the cell that these words begin with.
fn is_in_ledger(cells: &CellWords, words: &str) -> bool {
    let words: Vec<&str> = words.split(' ').collect();
    cells.contains_key(&(words[2].to_owned(), words[0].to_owned(), words[1].to_owned()))
}

/// The hits, or those of this exposure: what they are, and not whether the internet reaches them.
fn public_left_out(hits: &Value, public: Option<bool>) -> BTreeSet<String> {
    let rows = hits["rows"].as_array().expect("rows").iter();
    let shown = |row: &Value| {
        ["query", "relation", "account_id", "region", "table", "id", "value"].map(|name| text(row, name)).join(" ")
    };
    rows.filter(|row| public.is_none_or(|public| row["public"] == public)).map(shown).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_told_by_every_command() {
    let healthy = Arc::new(Healthy::collect().await);
    assert!(
        healthy.answers.values().filter(|answer| answer["rows"] != json!([])).count() >= 8,
        "there is something to find"
    );
    // What these three change is true: a region without the operation has no such resources, and a zone is gone.
    let is_fault = |case: &Case| {
        !["an operation is unknown", "the Resolver does not know an operation", "a zone goes"]
            .contains(&case.name.as_str())
    };
    let cases: Vec<Case> = cases().into_iter().filter(is_fault).collect();
    assert!(cases.len() >= 40, "{} cases", cases.len());
    // Each waits for commands, and so has a task of its own.
    let checked = cases.into_iter().map(|case| {
        let healthy = Arc::clone(&healthy);
        tokio::spawn(async move { check(&healthy, case).await })
    });
    let checked: Vec<_> = futures::stream::iter(checked).buffer_unordered(3).collect().await;
    let checked: Vec<(BTreeSet<String>, Vec<String>)> =
        checked.into_iter().map(|one| one.expect("a case is checked")).collect();
    let with_gaps = checked.iter().filter(|(gaps, _)| !gaps.is_empty()).count();
    assert!(with_gaps >= 30, "{with_gaps} cases leave a gap");
    let claimed: Vec<&String> = checked.iter().flat_map(|(_, claimed)| claimed).collect();
    assert!(claimed.is_empty(), "{} claims:\n{claimed:#?}", claimed.len());
}
