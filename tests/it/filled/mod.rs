//! The whole catalogue against a server that fills every member of every response, in several pages, with unusual
//! characters. The records must equal what AWS's own client reads from the same responses, without any secret.

mod comparison;

use rolecall::testing::{Catalogue, MemberFilter, Reach, Source, Table, ValueFrom};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;

use comparison::{actual, assert_same_text, expected, items, sorted, tags_call, tags_in, text, without_unknown};

use crate::command::{CommandOutput, manifest, rolecall, rows, run_command};
use crate::emulator::{Server, ask, serve};
use crate::fidelity::{column, normalized};
use crate::fixture::write_registry;

const ACCOUNT: &str = "111111111111";
const EXTERNAL_ID: &str = "an-external-id-hR7tQz2LmX9vKp4w";
const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];
/// Stands for a member of a detail's response: the tags, of which each service has a list of another name.
const TAGS: &str = "the tags";

/// The server, a run over everything that it serves, and the run's result.
pub(crate) struct Filled {
    pub endpoint: String,
    marker: String,
    pub folder: tempfile::TempDir,
    /// The server's report on the requests that it received.
    report: Value,
    run: CommandOutput,
    // It runs until its standard input is closed: until this process ends.
    _server: Server,
}

/// Returns the server and its run. The first caller starts them.
pub(crate) fn filled() -> &'static Filled {
    static FILLED: OnceLock<Filled> = OnceLock::new();
    FILLED.get_or_init(|| {
        let (served, server) = serve("model/filled.py");
        let endpoint = served["endpoint"].as_str().expect("an endpoint").to_owned();
        let folder = tempfile::tempdir().expect("a folder");
        write_registry(folder.path(), &[json!({ "account_id": ACCOUNT, "external_id": EXTERNAL_ID })]);
        let run = collect(&endpoint, folder.path(), "ndjson");
        let report = get_json(&endpoint, "/_requests");
        let marker = served["marker"].as_str().expect("a marker").to_owned();
        Filled { endpoint, marker, folder, report, run, _server: server }
    })
}

/// Runs over everything. The run's name is its format.
pub(crate) fn collect(endpoint: &str, folder: &Path, format: &str) -> CommandOutput {
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
        // These tests compare content, so they need no rate limit.
        .env("ROLECALL_ROUTE53_RATE", "1000")
        .env("ROLECALL_RESOLVER_RATE", "1000")
        .env("ROLECALL_EC2_RATE", "1000")
        .env("ROLECALL_NAMES_RATE", "1000");
    run_command(command)
}

fn get_json(endpoint: &str, path: &str) -> Value {
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

    /// Makes these reads with AWS's own client and returns its responses without their secrets. All of them are made by
    /// one process, since the client takes half a second to start.
    fn ask(&self, questions: &[BotocoreRead]) -> Vec<Value> {
        let question = |(operation, region, subject): &BotocoreRead| {
            let (service, operation) = operation.split_once(':').expect("a service");
            let (operation, kind) = operation.split_once(' ').unwrap_or((operation, ""));
            let mut params = parameters(&format!("{service}:{operation}"));
            match (operation, kind) {
                (_, "") => {}
                ("DescribeVpcAttribute", _) => params["Attribute"] = json!(kind),
                ("GetIpamDiscoveredPublicAddresses", _) => params["AddressRegion"] = json!(kind),
                ("DescribeSnapshots", _) => params["RestorableByUserIds"] = json!([kind]),
                _ => params["ResourceType"] = json!(kind),
            }
            json!({ "account": ACCOUNT, "external_id": EXTERNAL_ID, "service": service, "operation": operation,
                    "region": region, "subject": subject, "params": params })
        };
        let all: Vec<Value> = questions.iter().map(question).collect();
        let answers = ask(&self.endpoint, &all);
        let response = |(answer, question): (&Value, &BotocoreRead)| {
            // S3 has an error for a bucket without tags.
            if answer["error"]["code"] == "NoSuchTagSet" {
                return json!({});
            }
            let found = answer.get("answer").unwrap_or_else(|| panic!("{question:?}: {answer}"));
            // CloudFront's response is one member of botocore's.
            let found = found.get("DistributionList").unwrap_or(found);
            self.without_secrets(found).expect("an answer")
        };
        answers.iter().zip(questions).map(response).collect()
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

/// The operation (with the kind of resource that it is about, the users who may restore it, the attribute or the region that it
/// names), the region, and the id of the resource that the call names.
type BotocoreRead = (String, String, Option<String>);

/// Returns the parameters that AWS requires and botocore's model does not, and those that restrict a listing to the account.
fn parameters(operation: &str) -> Value {
    match operation {
        "ec2:DescribeByoipCidrs" => json!({ "MaxResults": 100 }),
        "ec2:DescribeSnapshots" => json!({ "OwnerIds": ["self"] }),
        "ec2:DescribeLaunchTemplateVersions" => json!({ "Versions": ["$Latest", "$Default"] }),
        "ec2:SearchTransitGatewayRoutes" => {
            json!({ "Filters": [{ "Name": "type", "Values": ["static", "propagated"] }] })
        }
        _ => json!({}),
    }
}

/// Returns whether a filter of the catalogue matches a resource, by its record.
fn matches_filter(only: Option<MemberFilter>, record: &Value) -> bool {
    only.is_none_or(|only| {
        let mut names = only.member.split('.');
        let first = &record[column(names.next().unwrap_or_default())];
        (names.fold(first, |here, name| &here[name]) == &json!(true)) == only.is
    })
}

#[test]
fn records_equal_botocore_in_every_member() {
    let filled = filled();
    let response = filled.run.response();
    assert_eq!((filled.run.code, &response["status"]), (0, &json!("complete")), "{response:#}");
    assert_eq!(filled.report["violations"], json!([]));
    let catalogue = Catalogue::get().expect("a catalogue");
    let listed = || catalogue.tables().iter().filter(|table| !matches!(table.entry.source, Source::Account));
    let places = |table: &Table| if table.entry.reach == Reach::Global { vec!["global"] } else { REGIONS.to_vec() };
    let mut questions: Vec<BotocoreRead> = Vec::new();
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
        let items: Vec<Value> = answers[part].iter().flat_map(|answer| items(answer, table.entry.items_path)).collect();
        assert!(items.len() > 2 || !table.entry.details.is_empty(), "{name}: there was nothing to compare");
        let records = filled.rows(name);
        let here: Vec<&Value> = records.iter().filter(|row| row["region"] == region).collect();
        assert_eq!(here.len(), items.len(), "{name} {region}");
        let mut ours: Vec<String> = here.iter().map(|record| actual(table, record, &mut unknown)).collect();
        // If AWS names no owner, the snapshot below shows it.
        let mut theirs: Vec<String> = items.iter().map(expected).collect();
        ours.sort();
        theirs.sort();
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_same_text(ours, theirs, &format!("{name} {region}"));
        }
        compared += items.len();
    }
    assert!(compared > 500 && unknown > 50, "{compared} records, {unknown} unknown members");
    let mut named = String::new();
    for table in listed() {
        let records = filled.rows(table.entry.table);
        let ids: BTreeSet<&str> = records.iter().map(|record| text(&record["id"])).collect();
        let repeats = table.entry.table == "ec2_account_settings";
        assert!(repeats || ids.len() == records.len(), "{}: duplicate ids", table.entry.table);
        let regions = places(table);
        let here = records.iter().filter(|row| row["region"] == regions[regions.len() - 1]);
        let last = here.max_by_key(|row| text(&row["id"])).expect("a record");
        named
            .push_str(&format!("{}\n  {}\n  {}\n  {}\n", table.entry.table, last["id"], last["arn"], last["owner_id"]));
    }
    insta::assert_snapshot!(named);
}

/// Returns the reads that list a table in a region with botocore: one, or one for each parent.
fn listing(filled: &Filled, table: &Table, region: &str) -> Vec<BotocoreRead> {
    let operation = match table.entry.table {
        "ec2_public_snapshots" => "ec2:DescribeSnapshots all",
        _ => table.entry.operation,
    };
    let question = |subject| (operation.to_owned(), region.to_owned(), subject);
    let Some(parents) = table.parents() else { return vec![question(None)] };
    let rows = filled.rows(parents.table);
    let ours = rows.iter().filter(|row| row["region"] == region && matches_filter(parents.filter, row));
    let Some(member) = parents.regions else {
        return ours.map(|row| question(Some(text(&row["id"]).to_owned()))).collect();
    };
    // One read for each region that the parent lists.
    let reads = ours.flat_map(|row| {
        let listed = row[column(member)].as_array().cloned().unwrap_or_default();
        let names = listed.iter().filter_map(|region| region["RegionName"].as_str()).filter(|name| !name.is_empty());
        let mut names: BTreeSet<String> = names.map(str::to_owned).collect();
        if names.is_empty() {
            names.insert(region.to_owned());
        }
        let subject = text(&row["id"]).to_owned();
        names.into_iter().map(move |name| (format!("{operation} {name}"), region.to_owned(), Some(subject.clone())))
    });
    reads.collect()
}

#[test]
fn details_equal_botocore_for_each_resource() {
    let filled = filled();
    let mut questions: Vec<BotocoreRead> = Vec::new();
    let mut wanted = Vec::new();
    for table in Catalogue::get().expect("a catalogue").tables() {
        for row in filled.rows(table.entry.table) {
            let region = text(&row["region"]).to_owned();
            let id = text(&row["id"]);
            for added in table.entry.extra_columns {
                let ValueFrom::DetailMember(operation, member) = added.from else { continue };
                let detail = table.entry.details.iter().find(|detail| detail.operation == operation);
                if !matches_filter(detail.and_then(|detail| detail.filter), &row) {
                    assert!(row.get(added.column).is_none());
                    continue;
                }
                let (first, _) = member.split_once('.').unwrap_or((member, ""));
                let named = match operation {
                    "ec2:DescribeVpcAttribute" => format!("{operation} {}{}", first[..1].to_lowercase(), &first[1..]),
                    _ => operation.to_owned(),
                };
                questions.push((named, region.clone(), Some(id.to_owned())));
                wanted.push((row.get(added.column).cloned(), member, format!("{} {id}", table.entry.table)));
            }
            if let Some((operation, by_arn)) = tags_call(table) {
                let named = match table.entry.table {
                    "route53_hosted_zones" => "route53:ListTagsForResource hostedzone",
                    "route53_health_checks" => "route53:ListTagsForResource healthcheck",
                    _ => operation,
                };
                // The tags of a bucket are in its own region.
                let place =
                    if table.entry.table == "s3_buckets" { text(&row["bucket_region"]).to_owned() } else { region };
                let subject = text(&row[if by_arn { "arn" } else { "id" }]).to_owned();
                questions.push((named.to_owned(), place, Some(subject)));
                wanted.push((Some(row["tags"].clone()), TAGS, format!("tags of {id}")));
            }
        }
    }
    let mut compared = 0;
    for ((actual, member, what), answer) in wanted.into_iter().zip(filled.ask(&questions)) {
        let actual = actual.map(|value| normalized(&without_unknown(&value, &mut 0)));
        let expected = match member {
            TAGS => Some(tags_in(&answer)),
            _ => member.split('.').try_fold(&answer, |inside, name| inside.get(name)).map(normalized),
        };
        assert_eq!(actual, expected, "{what}");
        compared += usize::from(actual.is_some());
    }
    assert!(compared > 50, "{compared}");
}

/// Each template has its default and its latest version, without the user data.
#[test]
fn launch_templates_have_their_versions_in_use() {
    let filled = filled();
    let operation = "ec2:DescribeLaunchTemplateVersions";
    let questions = REGIONS.map(|region| (operation.to_owned(), region.to_owned(), None));
    for (region, answer) in REGIONS.iter().zip(filled.ask(&questions)) {
        let all = items(&answer, "LaunchTemplateVersions");
        for row in filled.rows("ec2_launch_templates").iter().filter(|row| row["region"] == *region) {
            let own = all.iter().filter(|version| version["LaunchTemplateId"] == row["id"]);
            let actual = normalized(&without_unknown(&row["versions"], &mut 0));
            assert_eq!(actual, own.map(normalized).collect::<Value>(), "{row}");
            assert_eq!(actual.as_array().map(Vec::len), Some(2));
        }
    }
}

/// Parquet and ndjson have the same rows and names: typed and nested values, tags and nulls.
#[test]
fn parquet_and_ndjson_have_the_same_rows() {
    let filled = filled();
    // Both runs try the customer's role without the external ID.
    std::fs::remove_dir_all(filled.folder.path().join("out/trust")).expect("a record of the first run");
    let run = collect(&filled.endpoint, filled.folder.path(), "parquet");
    assert_eq!(run.code, 0, "{run:?}");
    let out = filled.folder.path().join("out");
    let (lines, parquet) = (manifest(&out, "ndjson"), manifest(&out, "parquet"));
    let same = |table: &str, manifest: &Value| -> Vec<String> {
        let mut rows: Vec<String> = rows(&out, manifest, table)
            .into_iter()
            .map(|mut row| {
                let row = row.as_object_mut().expect("an object");
                // These columns differ between two runs.
                let per_run: &[&str] =
                    if table == "ledger" { &["started_at", "duration_ms"] } else { &["collected_at"] };
                for column in per_run.iter().chain(&["run_id"]) {
                    row.remove(*column);
                }
                row.retain(|_, value| !value.is_null());
                sorted(row.iter().map(|(name, value)| (name.clone(), normalized(value))).collect())
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
            assert_same_text(ours, theirs, table);
        }
        for row in ours {
            assert!(!row.contains(&filled.marker), "{table}: {row}");
        }
    }
}

/// No secret is in the files, the ledger, standard output or the log of any call.
#[test]
fn no_secret_of_a_response_reaches_any_output() {
    let filled = filled();
    let mut texts = vec![filled.run.out.clone(), filled.run.err.clone()];
    let out = filled.folder.path().join("out");
    let manifest = manifest(&out, "ndjson");
    texts.push(manifest.to_string());
    for file in manifest["files"].as_array().expect("files") {
        texts.extend(rows(&out, &json!({ "files": [file] }), text(&file["table"])).iter().map(Value::to_string));
    }
    let logged = |word: &str| filled.run.err.contains(word);
    assert!(logged("account done") && logged("ec2:DescribeVpnConnections"), "the log of each call was not looked at");
    assert!(texts.len() > 500);
    for text in &texts {
        assert!(!text.contains(&filled.marker), "{text}");
        assert!(!text.contains(EXTERNAL_ID), "{text}");
    }
    // Unknown members beside secrets were dropped, and the ledger counts them.
    let dropped: u64 = filled.rows("ledger").iter().filter_map(|row| row["dropped"].as_u64()).sum();
    assert!(dropped > 0);
}
