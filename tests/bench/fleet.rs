//! Tools for the benchmarks of a whole run: the simulated AWS as a separate process, and a bare HTTP client.
//!
//! A separate process keeps the server's cost out of rolecall's. The bare client replays recorded requests and parses
//! nothing, so that it shows the lower bound.
//!
//! `fleet serve '{…}'` prints its endpoint, then executes commands from lines of JSON on standard input until its end.
//! `fleet bare FILE ADDRESS CONNECTIONS` replays the requests that `record` kept. `tests/bench/bench.py` drives both.

// A benchmark that cannot be set up has no result, so it panics.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

#[path = "../it/sim/mod.rs"]
mod sim;

use std::io::{BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};
use serde::Deserialize;
use serde_json::{Value, json};
use sim::{Account, Buckets, Fault, FaultKind, Rate, Service, Sim, Times, World, account_id};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The backend account, in which rolecall runs.
const BACKEND: &str = "999999999999";

fn main() {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("serve") => serve(&arguments.next().expect("a fleet")),
        Some("bare") => {
            let mut next = || arguments.next().expect("FILE ADDRESS CONNECTIONS");
            bare(&next(), &next(), next().parse().expect("a number"));
        }
        // `cargo test --all-targets` and `cargo bench` start every benchmark without these arguments.
        _ => {}
    }
}

/// The resources of the customers' accounts, and the behaviour of AWS.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Fleet {
    accounts: usize,
    /// EC2 items of each type in each region.
    items: usize,
    zones: usize,
    records: usize,
    latency_ms: u64,
    /// Bytes added to every EC2 item.
    padding: usize,
    /// The number of the night: what changes from one to the next is in `World`.
    night: usize,
    /// Throttle with the limits that AWS documents.
    buckets: bool,
    /// The burst and the calls per second above which Route 53 throttles.
    route53_bucket: Option<(f64, f64)>,
    threads: usize,
    /// Accounts that differ from the others.
    besides: Vec<AccountOverride>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountOverride {
    /// The number of the account.
    account: usize,
    items: usize,
    zones: usize,
    records: usize,
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            accounts: 1,
            items: 3,
            zones: 1,
            records: 20,
            latency_ms: 0,
            padding: 0,
            night: 0,
            buckets: false,
            route53_bucket: None,
            threads: 1,
            besides: Vec::new(),
        }
    }
}

fn serve(fleet: &str) {
    let fleet: Fleet = serde_json::from_str(fleet).expect("a fleet");
    let mut world = World::new(BACKEND);
    let account = |items, zones, records| Account { items, zones, records, ..Account::default() };
    world.add_customers(fleet.accounts, &account(fleet.items, fleet.zones, fleet.records));
    for other in &fleet.besides {
        let held = world.account(&account_id(other.account));
        *held = Account { roles: held.roles.clone(), ..account(other.items, other.zones, other.records) };
    }
    world.bucket("results");
    world.latency = Duration::from_millis(fleet.latency_ms);
    world.padding = fleet.padding;
    world.night = fleet.night;
    world.threads = fleet.threads;
    world.log_limit = 0;
    if fleet.buckets {
        world.buckets = Buckets::aws();
    }
    if let Some((burst, refill)) = fleet.route53_bucket {
        world.buckets.route53 = Some(Rate { burst, refill });
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let sim = runtime.block_on(Sim::start(world));
    print_line(&json!({ "endpoint": sim.endpoint() }));
    for line in std::io::stdin().lock().lines() {
        let command: Value = serde_json::from_str(&line.expect("a line")).expect("a command");
        print_line(&execute(&sim, &command));
    }
}

fn print_line(answer: &Value) {
    println!("{answer}");
    std::io::stdout().flush().expect("a reader");
}

fn execute(sim: &Sim, command: &Value) -> Value {
    let text = |name: &str| command[name].as_str().unwrap_or_default();
    match text("do") {
        "reset" => {
            sim.reset_counts();
            sim.clear_faults();
        }
        "fault" => {
            let what = match text("what") {
                "hang" => FaultKind::Hang,
                "throttle" => FaultKind::Throttle,
                other => panic!("no fault {other}"),
            };
            let mut fault = Fault::new(what).times(Times::Always);
            fault.account = command["account"].as_u64().map(|number| account_id(number as usize));
            fault.service = (text("service") == "ec2").then_some(Service::Ec2);
            sim.add_fault(fault);
        }
        "latency" => {
            let latency = Duration::from_millis(command["ms"].as_u64().expect("milliseconds"));
            sim.change(|world| world.latency = latency);
        }
        "record" => sim.record(),
        "keep" => {
            let mut file = std::io::BufWriter::new(std::fs::File::create(text("file")).expect("a file"));
            let kept = sim.recorded();
            for bytes in &kept {
                file.write_all(&(bytes.len() as u64).to_le_bytes()).expect("written");
                file.write_all(bytes).expect("written");
            }
            return json!({ "requests": kept.len() / 2 });
        }
        "counts" => {
            let counts = sim.counts();
            let by_service = |service| -> u64 {
                counts.calls.iter().filter(|(key, _)| key.service == service).map(|(_, calls)| calls).sum()
            };
            return json!({
                "calls": counts.total(), "sts": by_service(Service::Sts), "ec2": by_service(Service::Ec2),
                "route53": by_service(Service::Route53), "s3": by_service(Service::S3),
                "throttled": counts.throttled, "errors": counts.errors, "connections": counts.connections,
                "peak_connections": counts.peak_connections, "peak_in_flight": counts.peak_in_flight,
            });
        }
        other => panic!("no command {other}"),
    }
    json!({})
}

/// Sends every request once over `connections` connections and reads every response to its end.
fn bare(file: &str, address: &str, connections: usize) {
    let mut kept = Bytes::from(std::fs::read(file).expect("a file"));
    let mut next = || {
        let length = kept.get_u64_le() as usize;
        kept.split_to(length)
    };
    let mut requests = Vec::new();
    while let Some(head) = next_of(&mut next, &requests, file) {
        requests.push([&head[..], &next()[..]].concat());
    }
    let requests = Arc::new(requests);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let began = Instant::now();
    let (place, address) = (Arc::new(AtomicUsize::new(0)), address.to_owned());
    let bytes: usize = runtime.block_on(async {
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..connections {
            let (requests, place, address) = (requests.clone(), place.clone(), address.clone());
            running.spawn(async move {
                let mut stream = TcpStream::connect(&address).await.expect("a connection");
                stream.set_nodelay(true).expect("a socket");
                let (mut read, mut buffer) = (0, BytesMut::with_capacity(64 << 10));
                while let Some(request) = requests.get(place.fetch_add(1, Ordering::Relaxed)) {
                    stream.write_all(request).await.expect("sent");
                    read += read_response(&mut stream, &mut buffer).await;
                }
                read
            });
        }
        running.join_all().await.into_iter().sum()
    });
    let took = began.elapsed().as_secs_f64();
    println!("{}", json!({ "requests": requests.len(), "seconds": took, "bytes": bytes }));
}

/// Returns the head of the next request, or `None` at the end of the file.
fn next_of(next: &mut impl FnMut() -> Bytes, before: &[Vec<u8>], file: &str) -> Option<Bytes> {
    let length = std::fs::metadata(file).expect("a file").len() as usize;
    let read: usize = before.iter().map(|request| request.len() + 16).sum();
    (read < length).then(next)
}

/// Reads one response and returns its length in bytes.
async fn read_response(stream: &mut TcpStream, buffer: &mut BytesMut) -> usize {
    let whole = loop {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut parsed = httparse::Response::new(&mut headers);
        if let httparse::Status::Complete(end) = parsed.parse(buffer).expect("an answer") {
            let length = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
            let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.trim().parse::<usize>().ok());
            break end + length.expect("a length");
        }
        assert!(stream.read_buf(buffer).await.expect("read") > 0, "the server has gone");
    };
    while buffer.len() < whole {
        assert!(stream.read_buf(buffer).await.expect("read") > 0, "the server has gone");
    }
    buffer.advance(whole);
    whole
}
