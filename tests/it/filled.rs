//! The whole catalogue against an AWS that answers every operation with every member filled, page after page, in odd
//! characters: what arrives must equal what AWS's own client makes of the same answers, and no secret may.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use rolecall::catalogue::{Catalogue, Reach, Source, Table, ValueFrom};
use serde_json::{Map, Value, json};

use crate::command::{Ran, manifest, ran, rolecall, rows};
use crate::emulator::{python, root};
use crate::fidelity::{column, same_form};

const ACCOUNT: &str = "111111111111";
const EXTERNAL_ID: &str = "an-external-id-of-the-filled-aws";
const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];
/// The member that no service model knows.
const UNKNOWN: &str = "brandNewMember";

/// The server, a run over all of it, and what it found.
pub struct Filled {
    pub endpoint: String,
    marker: String,
    pub folder: tempfile::TempDir,
    told: Value,
    run: Ran,
    // It lives until its standard input is closed: when this process ends.
    _server: Child,
}

/// The run, made by whoever comes first.
pub fn filled() -> &'static Filled {
    static FILLED: OnceLock<Filled> = OnceLock::new();
    FILLED.get_or_init(|| {
        let mut server = Command::new(python())
            .args([root().join("tests/model/filled.py").to_str().expect("a path"), "serve"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        let mut line = String::new();
        BufReader::new(server.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let served: Value = serde_json::from_str(&line).expect("the server says where it is");
        let endpoint = served["endpoint"].as_str().expect("an endpoint").to_owned();
        let folder = tempfile::tempdir().expect("a folder");
        let targets = json!({ "version": 1, "targets": [{ "account_id": ACCOUNT, "external_id": EXTERNAL_ID }] });
        std::fs::write(folder.path().join("targets.json"), targets.to_string()).expect("written");
        let run = collect(&endpoint, folder.path(), "ndjson");
        let told = ask_over_http(&endpoint, "/_told");
        let marker = served["marker"].as_str().expect("a marker").to_owned();
        Filled { endpoint, marker, folder, told, run, _server: server }
    })
}

/// A run over everything, named after its format.
pub fn collect(endpoint: &str, folder: &Path, format: &str) -> Ran {
    let path = |name: &str| folder.join(name).to_str().expect("a path").to_owned();
    let (registry, output) = (path("targets.json"), path("out"));
    let mut command = rolecall(&["run", "--json", "-vv", "--registry", &registry, "--output", &output]);
    command
        .args(["--accounts", "all", "--run-id", format, "--format", format])
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "999999999999")
        .env("AWS_SECRET_ACCESS_KEY", "a-secret-access-key")
        .env("ROLECALL_BACKEND_ROLE", "arn:aws:iam::999999999999:role/rolecall-backend")
        // What is compared here is content, not pace.
        .env("ROLECALL_ROUTE53_RATE", "1000")
        .env("ROLECALL_EC2_RATE", "1000");
    ran(command)
}

fn ask_over_http(endpoint: &str, path: &str) -> Value {
    let address = endpoint.strip_prefix("http://").expect("http");
    let mut stream = std::net::TcpStream::connect(address).expect("connected");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).expect("answered");
    serde_json::from_str(answer.split_once("\r\n\r\n").expect("a body").1).expect("JSON")
}

impl Filled {
    fn rows(&self, table: &str) -> Vec<Value> {
        let out = self.folder.path().join("out");
        rows(&out, &manifest(&out, "ndjson"), table)
    }

    /// What AWS's own client makes of these questions' answers, secrets taken out. All of them in one go: the
    /// client takes half a second to start.
    fn ask(&self, questions: &[Question]) -> Vec<Value> {
        let question = |(operation, region, params): &Question| {
            let (service, operation) = operation.split_once(':').expect("a service");
            json!({ "account": ACCOUNT, "external_id": EXTERNAL_ID, "service": service, "operation": operation,
                    "region": region, "params": params })
        };
        let script = root().join("tests/emulator/ask.py");
        let mut child = Command::new(python())
            .arg(script)
            .args(["--endpoint", &self.endpoint])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        let all: Value = questions.iter().map(question).collect();
        child.stdin.take().expect("piped").write_all(all.to_string().as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        let answers: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
        let told = |(answer, question): (&Value, &Question)| {
            let found = answer.get("answer").unwrap_or_else(|| panic!("{question:?}: {answer}"));
            self.without_secrets(found).expect("an answer")
        };
        answers.iter().zip(questions).map(told).collect()
    }

    fn without_secrets(&self, value: &Value) -> Option<Value> {
        match value {
            Value::String(text) if text.contains(&self.marker) => None,
            Value::Array(items) => Some(items.iter().filter_map(|item| self.without_secrets(item)).collect()),
            Value::Object(fields) => {
                let kept = fields.iter().filter_map(|(name, value)| Some((name.clone(), self.without_secrets(value)?)));
                Some(kept.collect::<Map<_, _>>().into())
            }
            other => Some(other.clone()),
        }
    }
}

/// Operation, region, parameters.
type Question = (String, String, Value);

/// What botocore wants besides, or cannot know.
fn parameters(operation: &str) -> Value {
    match operation {
        "ec2:DescribeByoipCidrs" => json!({ "MaxResults": 100 }),
        "ec2:DescribeLaunchTemplateVersions" => json!({ "Versions": ["$Latest", "$Default"] }),
        _ => json!({}),
    }
}

/// How a call names the resource that it is about.
fn about(operation: &str, id: &str, region: &str) -> Value {
    match operation {
        "ec2:SearchTransitGatewayRoutes" => json!({
            "TransitGatewayRouteTableId": id, "Filters": [{ "Name": "type", "Values": ["static", "propagated"] }] }),
        "ec2:GetManagedPrefixListEntries" => json!({ "PrefixListId": id }),
        "route53:ListHostedZonesByVPC" => json!({ "VPCId": id, "VPCRegion": region }),
        "route53:GetHostedZone" | "route53:ListTrafficPolicyVersions" => json!({ "Id": id }),
        "route53:ListCidrBlocks" => json!({ "CollectionId": id }),
        _ => json!({ "HostedZoneId": id }),
    }
}

/// The items that lie at a path of an answer.
fn items(answer: &Value, path: &str) -> Vec<Value> {
    path.split('.').filter(|name| !name.is_empty()).fold(vec![answer.clone()], |here, name| {
        here.iter().flat_map(|level| level[name].as_array().cloned().unwrap_or_default()).collect()
    })
}

/// Takes out what no service model knows, and counts it.
fn without_unknown(value: &Value, found: &mut usize) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| without_unknown(item, found)).collect(),
        Value::Object(fields) => {
            *found += usize::from(fields.contains_key(UNKNOWN));
            let known = fields.iter().filter(|(name, _)| name.as_str() != UNKNOWN);
            known.map(|(name, value)| (name.clone(), without_unknown(value, found))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// The columns of a record that stand for members of the item, as sorted text: an item's name for comparison.
fn came(table: &Table, record: &Value, unknown: &mut usize) -> String {
    // What the model does not know is kept by itself: that member and no other, a detail's under its operation.
    if let Some(extra) = record.get("aws_extra") {
        let rest = without_unknown(extra, unknown);
        let rest = rest.as_object().expect("an object");
        let detail = |(name, inside): (&String, &Value)| name.contains(':') && *inside == json!({});
        assert!(rest.iter().all(detail), "{}: {extra}", table.entry.table);
    }
    let opening = ["run_id", "account_id", "account_alias", "partition", "region", "id", "arn", "collected_at"];
    let added: BTreeSet<&str> = table.entry.added.iter().map(|added| added.column).collect();
    let kept = record.as_object().expect("an object").iter().filter(|(name, _)| {
        !opening.contains(&name.as_str()) && !added.contains(name.as_str()) && *name != "aws_extra"
    });
    let mut kept: Map<String, Value> =
        kept.map(|(name, value)| (name.clone(), same_form(&without_unknown(value, unknown)))).collect();
    // Route 53 tells tags in a call of their own, which is compared by itself.
    if kept.get("tags") == Some(&Value::Null) || table.entry.table.starts_with("route53_") {
        kept.remove("tags");
    }
    sorted(kept)
}

fn expected(item: &Value, owner: &str) -> String {
    let mut columns = Map::new();
    columns.insert("owner_id".into(), json!(owner));
    for (member, value) in item.as_object().expect("an object") {
        let pairs = || value.as_array().expect("pairs").iter().all(|pair| pair.get("Key").is_some());
        match member.as_str() {
            "OwnerId" => drop(columns.insert("owner_id".into(), value.clone())),
            "Arn" => {}
            "Tags" | "TagSet" if pairs() => {
                let pairs = value.as_array().expect("pairs").iter();
                let pair = |pair: &Value| (pair["Key"].as_str().expect("a key").to_owned(), pair["Value"].clone());
                columns.insert("tags".into(), pairs.map(pair).collect::<Map<_, _>>().into());
                // Under another name they feed the column and stay what they are.
                if member != "Tags" {
                    columns.insert(column(member), same_form(value));
                }
            }
            _ => {
                let name = column(member);
                let taken = ["id", "region", "partition"].contains(&name.as_str());
                columns.insert(if taken { format!("aws_{name}") } else { name }, same_form(value));
            }
        }
    }
    sorted(columns)
}

fn sorted(columns: Map<String, Value>) -> String {
    let ordered: std::collections::BTreeMap<String, Value> = columns.into_iter().collect();
    serde_json::to_string_pretty(&ordered).expect("JSON")
}

#[test]
fn every_answer_is_read_to_its_last_member() {
    let filled = filled();
    let response = filled.run.response();
    assert_eq!((filled.run.code, &response["status"]), (0, &json!("complete")), "{response:#}");
    assert_eq!(filled.told["violations"], json!([]));
    let catalogue = Catalogue::get().expect("a catalogue");
    let listed = || catalogue.tables().iter().filter(|table| !matches!(table.entry.source, Source::Account));
    let places = |table: &Table| if table.entry.reach == Reach::Global { vec!["global"] } else { REGIONS.to_vec() };
    let mut questions: Vec<Question> = Vec::new();
    let mut parts = Vec::new();
    for table in listed() {
        for region in places(table) {
            let from = questions.len();
            questions.extend(listing(filled, table, region));
            parts.push((table, region, from..questions.len()));
        }
    }
    let answers = filled.ask(&questions);
    let (mut compared, mut unknown) = (0, 0);
    for (table, region, part) in parts {
        let name = table.entry.table;
        let items: Vec<Value> = answers[part].iter().flat_map(|answer| items(answer, table.entry.items)).collect();
        assert!(items.len() > 2 || !table.entry.details.is_empty(), "{name}: there was nothing to compare");
        let records = filled.rows(name);
        let here: Vec<&Value> = records.iter().filter(|row| row["region"] == region).collect();
        assert_eq!(here.len(), items.len(), "{name} {region}");
        let mut ours: Vec<String> = here.iter().map(|record| came(table, record, &mut unknown)).collect();
        // The owner of what AWS names none of is in the snapshot below; here it is taken as it came.
        let mut theirs: Vec<String> =
            items.iter().zip(&here).map(|(item, record)| expected(item, text(&record["owner_id"]))).collect();
        ours.sort();
        theirs.sort();
        for (ours, theirs) in ours.iter().zip(&theirs) {
            pretty_equal(ours, theirs, &format!("{name} {region}"));
        }
        compared += items.len();
    }
    assert!(compared > 500 && unknown > 50, "{compared} records, {unknown} unknown members");
    let mut named = String::new();
    for table in listed() {
        let records = filled.rows(table.entry.table);
        let ids: BTreeSet<&str> = records.iter().map(|record| text(&record["id"])).collect();
        let repeats = table.entry.table == "ec2_account_settings";
        assert!(repeats || ids.len() == records.len(), "{}: ids stand twice", table.entry.table);
        let regions = places(table);
        let here = records.iter().filter(|row| row["region"] == regions[regions.len() - 1]);
        let last = here.max_by_key(|row| text(&row["id"])).expect("a record");
        named
            .push_str(&format!("{}\n  {}\n  {}\n  {}\n", table.entry.table, last["id"], last["arn"], last["owner_id"]));
    }
    insta::assert_snapshot!(named);
}

/// What botocore is asked for a table in a region: once, or for each parent.
fn listing(filled: &Filled, table: &Table, region: &str) -> Vec<Question> {
    let operation = table.entry.operation;
    let question = |params: Value| (operation.to_owned(), region.to_owned(), params);
    let Some(parents) = table.parents() else { return vec![question(parameters(operation))] };
    let rows = filled.rows(parents.table);
    let ours = rows.iter().filter(|row| row["region"] == region);
    ours.filter(|row| parents.only.is_none() || row["config"]["PrivateZone"] == true)
        .map(|row| question(about(operation, text(&row["id"]), text(&row["region"]))))
        .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn pretty_equal(ours: &str, theirs: &str, what: &str) {
    if ours != theirs {
        let differs = ours.lines().zip(theirs.lines()).find(|(ours, theirs)| ours != theirs);
        panic!("{what}: {differs:?}\nours {ours}\ntheirs {theirs}");
    }
}

#[test]
fn details_are_those_of_their_resource() {
    let filled = filled();
    let mut questions: Vec<Question> = Vec::new();
    let mut wanted = Vec::new();
    for table in Catalogue::get().expect("a catalogue").tables() {
        for row in filled.rows(table.entry.table) {
            let region = text(&row["region"]).to_owned();
            let id = text(&row["id"]);
            for added in table.entry.added {
                let ValueFrom::Detail(operation, member) = added.from else { continue };
                if operation == "route53:GetDNSSEC" && row["config"]["PrivateZone"] == true {
                    assert!(row.get(added.column).is_none());
                    continue;
                }
                let alone = table.entry.table == "ec2_account_settings";
                let params = if alone { json!({}) } else { about(operation, id, &region) };
                questions.push((operation.to_owned(), region.clone(), params));
                wanted.push((row.get(added.column).cloned(), member, format!("{} {id}", table.entry.table)));
            }
            let kind = match table.entry.table {
                "route53_hosted_zones" => "hostedzone",
                "route53_health_checks" => "healthcheck",
                _ => continue,
            };
            let params = json!({ "ResourceType": kind, "ResourceId": id });
            questions.push(("route53:ListTagsForResource".into(), region, params));
            wanted.push((Some(row["tags"].clone()), "ResourceTagSet", format!("tags of {id}")));
        }
    }
    let mut compared = 0;
    for ((came, member, what), answer) in wanted.into_iter().zip(filled.ask(&questions)) {
        let came = came.map(|value| same_form(&without_unknown(&value, &mut 0)));
        let told = match member {
            "ResourceTagSet" => Some(answer[member].get("Tags").map_or(Value::Null, crate::fidelity::tags)),
            _ => answer.get(member).map(same_form),
        };
        assert_eq!(came, told, "{what}");
        compared += usize::from(came.is_some());
    }
    assert!(compared > 50, "{compared}");
}

/// Both versions of every template that are in use, each with its own, and without what boots the machine.
#[test]
fn launch_templates_bear_the_versions_in_use() {
    let filled = filled();
    let operation = "ec2:DescribeLaunchTemplateVersions";
    let questions = REGIONS.map(|region| (operation.to_owned(), region.to_owned(), parameters(operation)));
    for (region, answer) in REGIONS.iter().zip(filled.ask(&questions)) {
        let all = items(&answer, "LaunchTemplateVersions");
        for row in filled.rows("ec2_launch_templates").iter().filter(|row| row["region"] == *region) {
            let own = all.iter().filter(|version| version["LaunchTemplateId"] == row["id"]);
            let came = same_form(&without_unknown(&row["versions"], &mut 0));
            assert_eq!(came, own.map(same_form).collect::<Value>(), "{row}");
            assert_eq!(came.as_array().map(Vec::len), Some(2));
        }
    }
}

/// The same rows under the same names, in Parquet as in lines of JSON: typed values and nested ones, tags and nulls.
#[test]
fn both_formats_hold_the_same_rows() {
    let filled = filled();
    let run = collect(&filled.endpoint, filled.folder.path(), "parquet");
    assert_eq!(run.code, 0, "{run:?}");
    let out = filled.folder.path().join("out");
    let (lines, parquet) = (manifest(&out, "ndjson"), manifest(&out, "parquet"));
    let same = |table: &str, manifest: &Value| -> Vec<String> {
        let mut rows: Vec<String> = rows(&out, manifest, table)
            .into_iter()
            .map(|mut row| {
                let row = row.as_object_mut().expect("an object");
                // What differs between two runs.
                let pace: &[&str] = if table == "ledger" { &["started_at", "duration_ms"] } else { &["collected_at"] };
                for column in pace.iter().chain(&["run_id"]) {
                    row.remove(*column);
                }
                row.retain(|_, value| !value.is_null());
                sorted(row.iter().map(|(name, value)| (name.clone(), same_form(value))).collect())
            })
            .collect();
        rows.sort();
        rows
    };
    let tables = Catalogue::get().expect("a catalogue").tables().iter().map(|table| table.entry.table);
    for table in tables.chain(["ledger"]) {
        let (ours, theirs) = (same(table, &parquet), same(table, &lines));
        assert_eq!(ours.len(), theirs.len(), "{table}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            pretty_equal(ours, theirs, table);
        }
        for row in ours {
            assert!(!row.contains(&filled.marker), "{table}: {row}");
        }
    }
}

/// Everything that came out of the run: files, the ledger, standard output, the log of each call.
#[test]
fn no_secret_that_aws_answers_is_anywhere() {
    let filled = filled();
    let mut texts = vec![filled.run.out.clone(), filled.run.err.clone()];
    let out = filled.folder.path().join("out");
    let manifest = manifest(&out, "ndjson");
    texts.push(manifest.to_string());
    for file in manifest["files"].as_array().expect("files") {
        texts.extend(rows(&out, &json!({ "files": [file] }), text(&file["table"])).iter().map(Value::to_string));
    }
    assert!(filled.run.err.contains("account done"), "the log was not looked at: {}", filled.run.err);
    assert!(texts.len() > 500);
    for text in &texts {
        assert!(!text.contains(&filled.marker), "{text}");
        assert!(!text.contains(EXTERNAL_ID), "{text}");
    }
    // Unknown members beside secrets were dropped, and that is told.
    let dropped: u64 = filled.rows("ledger").iter().filter_map(|row| row["dropped"].as_u64()).sum();
    assert!(dropped > 0);
}
