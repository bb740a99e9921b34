//! Measures the CPU time of one page of 100 instances, from received bytes to written rows. `cargo bench --bench page`
//! prints it as a multiple of the time in which quick-xml reads the same bytes once.
//!
//! One thread does the work, and only its own CPU time counts. Each figure is the minimum of several rounds, since
//! other load on the machine can only add time.

// A benchmark that cannot be set up has no result, so it panics.
#![allow(clippy::expect_used, clippy::print_stdout)]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::sync::Arc;
use std::time::Instant;

use quick_xml::events::Event;
use rolecall::testing::{
    Catalogue, FileNaming, Format, Location, Page, SinkConfig, SinkMessage, Store, Table, Tables, decode, sink,
};

const INSTANCES: usize = 100;
/// Pages in one file, so that they share its footer as they do in a run.
const PAGES: usize = 60;
const ROUNDS: usize = 7;

fn main() {
    // `cargo test --all-targets` starts benchmarks too. They do nothing then.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let table = Catalogue::get().expect("a catalogue").find("ec2_instances").expect("a table");
    let indented = page();
    // EC2 sends indented XML. The compact form is the harder comparison, since there is less white space to skip.
    for (form, page) in [("compact", indented.lines().map(str::trim_start).collect()), ("indented", indented.clone())] {
        println!(
            "a page of {INSTANCES} instances, {form}: {} kB of XML; ms of CPU, least of {ROUNDS} rounds",
            page.len() / 1000
        );
        let read = min_cpu_ms(|| (0..PAGES).for_each(|_| read_once(&page)));
        let rows = min_cpu_ms(|| (0..PAGES).for_each(|_| drop(records(&page, table))));
        println!("  {:<40}{read:>8.2}", "read once with quick-xml");
        println!("  {:<40}{rows:>8.2}{:>8.2} x", "to records", rows / read);
        for format in [Format::Parquet, Format::Ndjson] {
            let whole = min_cpu_ms(|| written(&page, table, format));
            println!("  {:<40}{whole:>8.2}{:>8.2} x", format!("to records and written as {format}"), whole / read);
        }
    }
}

/// Returns the CPU time for one page in milliseconds: the minimum of all rounds.
fn min_cpu_ms(mut round: impl FnMut()) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..ROUNDS {
        let before = thread_cpu_ms();
        round();
        least = least.min(thread_cpu_ms() - before);
    }
    least / PAGES as f64
}

/// Returns this thread's CPU time in milliseconds, or the wall-clock time where Linux does not report it.
fn thread_cpu_ms() -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let start = START.get_or_init(Instant::now);
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = line.and_then(|line| line.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64() * 1e3, |nanoseconds| nanoseconds / 1e6)
}

fn read_once(page: &str) {
    let mut reader = quick_xml::Reader::from_str(page);
    let mut events = 0_u64;
    loop {
        match reader.read_event().expect("XML") {
            Event::Eof => break,
            _ => events += 1,
        }
    }
    assert!(std::hint::black_box(events) > 1000);
}

fn records(page: &str, table: &'static Table) -> Page {
    let answer = decode(page.as_bytes(), &table.selector).expect("an answer");
    let location = Location {
        account_id: Arc::from("111122223333"),
        account_alias: Some(Arc::from("acme")),
        partition: "aws",
        region: Arc::from("eu-west-1"),
        collected_at: jiff::Timestamp::UNIX_EPOCH,
    };
    let records: Vec<_> = answer.items.into_iter().map(|item| table.record(item, &location, None)).collect();
    assert_eq!(records.len(), INSTANCES);
    Page { table: table.index, location, records }
}

fn written(page: &str, table: &'static Table, format: Format) {
    let folder = tempfile::tempdir().expect("a folder");
    let config = aws_config::SdkConfig::builder().build();
    let address = folder.path().to_str().expect("a path");
    let store = Store::open(address, &config, std::time::Duration::from_secs(9), None).expect("a store");
    let naming = FileNaming { run_id: "bench".into(), shard: "0".into(), attempt: "0".into(), dt: "2026-01-01".into() };
    let catalogue = Catalogue::get().expect("a catalogue");
    let config = SinkConfig { store, naming, format, catalogue, tables: Tables::Every, margin: Arc::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (sender, receiver) = sink::channel();
        let writing = sink::write(config, receiver);
        let collecting = async move {
            for _ in 0..PAGES {
                sender.send(SinkMessage::Page(records(page, table), None)).await.expect("the sink takes it");
            }
        };
        let (written, ()) = tokio::join!(writing, collecting);
        assert!(written.expect("written").iter().any(|file| file.rows == (PAGES * INSTANCES) as u64));
    });
}

/// Returns a page in the form of EC2: each instance with its disks, interfaces, groups, tags and options.
fn page() -> String {
    let instances: String = (0..INSTANCES).map(reservation).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DescribeInstancesResponse \
         xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\n    <requestId>8f7724cf-496f-496e-8fe3-example</requestId>\n    \
         <reservationSet>\n{instances}    </reservationSet>\n    <nextToken>eyJ2IjoiMiJ9</nextToken>\n</DescribeInstancesResponse>"
    )
}

fn reservation(number: usize) -> String {
    let disks: String = (0..2).map(|disk| filled(include_str!("disk.xml"), number, disk)).collect();
    let tags: String = (0..6).map(|tag| filled(include_str!("tag.xml"), number, tag)).collect();
    filled(include_str!("instance.xml"), number, 0).replace("{disks}", &disks).replace("{tags}", &tags)
}

fn filled(template: &str, number: usize, part: usize) -> String {
    let hex = format!("{:017x}", number * 7919 + part * 104_729 + 0x0a1b_2c3d_4e5f);
    template
        .replace("{hex}", &hex)
        .replace("{number}", &number.to_string())
        .replace("{part}", &part.to_string())
        .replace("{byte}", &(number % 250).to_string())
}
