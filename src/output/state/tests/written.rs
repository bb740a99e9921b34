//! A state is written to a file and read back, whole and for some tables.

use std::time::Duration;

use aws_config::SdkConfig;
use proptest::prelude::*;

use super::model::{ModelRun, Seen, TABLES, runs};
use crate::inventory::Status;
use crate::output::rows::RowFile;
use crate::output::state::{State, codec};
use crate::store::Store;

const KEY: &str = "state/parquet/one.parquet";

/// A store in a folder of its own.
struct Folder {
    store: Store,
    runtime: tokio::runtime::Runtime,
    folder: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().display().to_string();
        let store = Store::open(&place, &SdkConfig::builder().build(), Duration::from_secs(60), None).unwrap();
        Self { store, runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(), folder }
    }

    fn write(&self, bytes: &[u8]) -> RowFile {
        let path = self.folder.path().join(KEY);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        RowFile { key: KEY.to_owned(), bytes: bytes.len() as u64 }
    }

    fn read(&self, file: &RowFile, tables: Option<&[&str]>) -> Result<State, String> {
        self.runtime.block_on(codec::decode(&self.store, file, tables)).map_err(|error| error.to_string())
    }
}

fn state(runs: &[ModelRun]) -> State {
    let mut state = State::default();
    runs.iter().for_each(|run| run.add_to(&mut state));
    state.settle();
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_state_is_read_as_it_was_written(runs in runs(), some in proptest::sample::subsequence(TABLES.to_vec(), 0..3)) {
        let (folder, state) = (Folder::new(), state(&runs));
        let file = folder.write(&codec::encode(&state).unwrap());
        let read = folder.read(&file, None).unwrap();
        prop_assert_eq!(&Seen::of(&read), &Seen::of(&state));
        prop_assert_eq!((read.moment, read.total, &read.merged), (state.moment, state.total, &state.merged));
        let read = folder.read(&file, Some(&some)).unwrap();
        prop_assert_eq!(Seen::of(&read), Seen::of(&state).of_tables(&some));
        prop_assert_eq!((read.moment, read.total, &read.merged), (state.moment, state.total, &state.merged));
    }
}

/// A state of several row groups, of which a reader of one table reads its own.
fn large() -> State {
    let accounts: Vec<String> = (0..6000).map(|number| format!("{:012}", 100_000_000_000_u64 + number)).collect();
    let words = |table: &'static str| {
        accounts.iter().flat_map(move |account| {
            ["eu-west-1", "us-east-1"].map(|region| (table, account.as_str(), region, Status::Ok))
        })
    };
    let words: Vec<_> = TABLES[..3].iter().copied().flat_map(words).collect();
    state(&[ModelRun::new("large", 0, &words)])
}

#[test]
fn a_reader_of_one_table_needs_no_other_row_group() {
    let (folder, state) = (Folder::new(), large());
    let bytes = codec::encode(&state).unwrap();
    let file = folder.write(&bytes);
    for table in TABLES {
        let read = folder.read(&file, Some(&[table])).unwrap();
        assert_eq!(Seen::of(&read), Seen::of(&state).of_tables(&[table]), "{table}");
    }
    // The row groups of other tables are not read: damage there is not seen. The first table's rows follow the places.
    let needle = bytes.windows(4).position(|bytes| bytes == b"\x28\xb5\x2f\xfd").expect("zstd");
    let mut damaged = bytes.clone();
    let middle = needle + (bytes.len() - needle) * 6 / 10;
    damaged[middle..middle + 400].fill(0);
    let file = folder.write(&damaged);
    let readable = TABLES[..3].iter().filter(|table| folder.read(&file, Some(&[table])).is_ok()).count();
    assert_eq!(readable, 2, "one table is damaged, and the others are not read");
    assert!(folder.read(&file, None).is_err());
}

#[test]
fn a_cut_or_foreign_file_is_an_error() {
    let folder = Folder::new();
    let run = ModelRun::new("one", 0, &[("ec2_vpcs", "111111111111", "eu-west-1", Status::Ok)]);
    let bytes = codec::encode(&run.state()).unwrap();
    for length in 0..bytes.len() {
        let file = folder.write(&bytes[..length]);
        assert!(folder.read(&file, None).is_err(), "{length} of {} bytes", bytes.len());
    }
    let file = folder.write(&bytes);
    assert!(folder.read(&RowFile { bytes: file.bytes + 1, ..file.clone() }, None).is_err(), "another size");
    assert!(folder.read(&RowFile { key: "state/none".into(), ..file }, None).is_err(), "no such file");
    // Parquet of another kind, and a state of a version to come.
    let plain = crate::output::sink::parquet::Encoder::new(codec::columns()).finish().unwrap();
    insta::assert_snapshot!(folder.read(&folder.write(&plain), None).unwrap_err(), @"state/parquet/one.parquet cannot be read: it does not say what it is");
    let needle = b"{\"version\":1,";
    let at = bytes.windows(needle.len()).position(|window| window == needle).expect("the description");
    let mut later = bytes.clone();
    later[at + needle.len() - 2] = b'2';
    insta::assert_snapshot!(folder.read(&folder.write(&later), None).unwrap_err(), @"state/parquet/one.parquet cannot be read: another version of rolecall wrote it");
}

/// A changed byte is an error or another state, and never a panic: the `parquet` crate panics over some.
#[test]
fn a_changed_byte_is_no_panic() {
    let folder = Folder::new();
    let words = [
        ("ec2_vpcs", "111111111111", "eu-west-1", Status::Ok),
        ("ec2_vpcs", "222222222222", "eu-west-1", Status::Denied),
        ("accounts", "222222222222", "global", Status::Empty),
    ];
    let state = ModelRun::new("one", 0, &words).state();
    let bytes = codec::encode(&state).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x15;
        let file = folder.write(&changed);
        let _ = folder.read(&file, None);
    }
}
