//! A state is written to a file and read back, whole and for some tables.

use std::time::Duration;

use aws_config::SdkConfig;
use proptest::prelude::*;

use super::model::{ModelRun, Seen, TABLES, runs};
use crate::inventory::Status;
use crate::output::rows::{ParquetFile, RowFile};
use crate::output::state::State;
use crate::output::state::codec::{self, EncodedState};
use crate::store::Store;

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

    /// Writes these bytes under the name of a state with this digest.
    fn write(&self, bytes: &[u8], digest: &str) -> RowFile {
        let file = RowFile { key: format!("state/parquet/one-{digest}.parquet"), bytes: bytes.len() as u64 };
        let path = self.folder.path().join(&file.key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        file
    }

    fn write_state(&self, state: &State) -> (RowFile, EncodedState) {
        let encoded = codec::encode(state).unwrap();
        (self.write(&encoded.bytes, &encoded.digest), encoded)
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
        let (file, _) = folder.write_state(&state);
        let read = folder.read(&file, None).unwrap();
        prop_assert_eq!(&Seen::of(&read), &Seen::of(&state));
        prop_assert_eq!((read.moment, read.total, &read.merged), (state.moment, state.total, &state.merged));
        let read = folder.read(&file, Some(&some)).unwrap();
        prop_assert_eq!(Seen::of(&read), Seen::of(&state).of_tables(&some));
        prop_assert_eq!((read.moment, read.total, &read.merged), (state.moment, state.total, &state.merged));
    }
}

/// A run before the horizon, which a cell still needs, is named although it is merged no more.
#[test]
fn a_run_that_is_merged_no_more_is_named_while_a_cell_needs_it() {
    let cells = |region| [("ec2_vpcs", "111111111111", region, Status::Ok)];
    let old = ModelRun::new("old", 0, &cells("eu-west-1"));
    let mut state = state(&[old, ModelRun::new("new", 1, &cells("us-east-1"))]);
    state.merged.remove("old");
    let folder = Folder::new();
    let read = folder.read(&folder.write_state(&state).0, None).unwrap();
    let (read, seen) = (Seen::of(&read), Seen::of(&state));
    assert_eq!((read.cells, read.files, read.places), (seen.cells, seen.files, seen.places));
}

#[test]
fn a_cut_or_foreign_file_is_an_error() {
    let folder = Folder::new();
    let run = ModelRun::new("one", 0, &[("ec2_vpcs", "111111111111", "eu-west-1", Status::Ok)]);
    let EncodedState { bytes, digest } = codec::encode(&run.state()).unwrap();
    for length in 0..bytes.len() {
        let file = folder.write(&bytes[..length], &digest);
        assert!(folder.read(&file, None).is_err(), "{length} of {} bytes", bytes.len());
    }
    let file = folder.write(&bytes, &digest);
    assert!(folder.read(&RowFile { bytes: file.bytes + 1, ..file.clone() }, None).is_err(), "another size");
    assert!(folder.read(&RowFile { key: "state/none".into(), ..file }, None).is_err(), "no such file");
    // Parquet of another kind, a state of a version to come, and one under the name of another.
    let none = "0".repeat(codec::DIGEST_DIGITS);
    let error = |bytes: &[u8], digest: &str| {
        let error = folder.read(&folder.write(bytes, digest), None).unwrap_err();
        error.split_once(" cannot be read: ").unwrap().1.to_owned()
    };
    let plain = crate::output::sink::parquet::Encoder::new(codec::columns()).finish().unwrap();
    let needle = b"{\"version\":2,";
    let at = bytes.windows(needle.len()).position(|window| window == needle).expect("the description");
    let mut later = bytes.clone();
    later[at + needle.len() - 2] = b'3';
    let errors = [error(&plain, &none), error(&later, &digest), error(&bytes, &none), error(&bytes, "x")];
    insta::assert_snapshot!(errors.join("\n"), @r"
    it does not say what it is
    another version of rolecall wrote it
    its footer is not the one that its name vouches for
    its name has no digest
    ");
}

/// Whatever byte is changed, a reader notices, or reads what was written: it does not read the rows of cells. There is no
/// panic, although the `parquet` crate panics over some changes.
#[test]
fn no_changed_byte_makes_another_state() {
    let folder = Folder::new();
    let words = [
        ("ec2_vpcs", "111111111111", "eu-west-1", Status::Ok),
        ("ec2_vpcs", "222222222222", "eu-west-1", Status::Denied),
        ("accounts", "222222222222", "global", Status::Empty),
    ];
    let state = ModelRun::new("one", 0, &words).state();
    let EncodedState { bytes, digest } = codec::encode(&state).unwrap();
    let mut noticed = 0;
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        match folder.read(&folder.write(&changed, &digest), None) {
            Ok(read) => assert_eq!(Seen::of(&read), Seen::of(&state), "byte {at} of {}", bytes.len()),
            Err(_) => noticed += 1,
        }
    }
    assert!(2 * noticed > bytes.len(), "{noticed} changes of {} bytes were noticed", bytes.len());
}

/// Query engines read the rows of cells, which say what the matrices say.
#[test]
fn the_rows_of_cells_say_what_the_matrices_say() {
    let accounts: Vec<String> = (0..3000).map(|number| format!("{:012}", 100_000_000_000_u64 + number)).collect();
    let statuses = [Status::Ok, Status::Empty, Status::Denied];
    let words = |table: &'static str| {
        accounts.iter().enumerate().flat_map(move |(at, account)| {
            ["eu-west-1", "us-east-1"].map(|region| (table, account.as_str(), region, statuses[at % 3]))
        })
    };
    let words: Vec<_> = TABLES[..3].iter().copied().flat_map(words).collect();
    let state = state(&[ModelRun::new("old", 0, &words[..4000]), ModelRun::new("large", 1, &words[2000..])]);
    let (folder, columns) = (Folder::new(), codec::columns());
    let (file, _) = folder.write_state(&state);
    let seen = folder.runtime.block_on(async {
        let parquet = ParquetFile::open(&folder.store, &file).await.unwrap();
        assert!(parquet.groups() > 2, "{} row groups", parquet.groups());
        let mut seen = std::collections::BTreeMap::new();
        for group in 1..parquet.groups() {
            let batch = parquet.group(&folder.store, group, &columns).await.unwrap();
            let text = |column: usize, row: usize| batch.columns[column].text(row).map(str::to_owned);
            for row in 0..batch.rows {
                let key = [0, 1, 2].map(|column| text(column, row).unwrap());
                let code = text(4, row).unwrap_or("-".into());
                let answer = text(8, row).unwrap_or("none".into());
                let word =
                    format!("{} {code} by {}, answered by {answer}", text(3, row).unwrap(), text(5, row).unwrap());
                seen.insert(key.into(), word);
            }
        }
        seen
    });
    assert_eq!(seen, Seen::of(&folder.read(&file, None).unwrap()).cells);
}
