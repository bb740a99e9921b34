//! The names of states: a listing has the newest first, and the newest before a moment.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::domain::Format;
use crate::output::state::{State, codec, object};
use crate::store::Listed;

fn state(millis: i64, total: u64) -> State {
    State { moment: Timestamp::from_millisecond(millis).unwrap(), total, ..State::default() }
}

const DIGEST: &str = "0123456789abcdef0123456789abcdef";

fn key(state: &State, format: Format) -> String {
    object::key(state, format, DIGEST)
}

proptest! {
    #[test]
    fn newer_states_come_first(
        one in 0..4_000_000_000_000_i64, two in 0..4_000_000_000_000_i64,
        close in 0..3_i64, runs in 1..3_u64, more in 1..2_000_000_u64,
    ) {
        for other in [two, one + close] {
            let (first, second) = (state(one, runs), state(other, more));
            let keys = (key(&first, Format::Parquet), key(&second, Format::Parquet));
            let order = (other, more).cmp(&(one, runs));
            // Among equals, what makes a name unique decides.
            if order.is_ne() {
                prop_assert_eq!(keys.0.cmp(&keys.1), order);
                prop_assert_eq!(object::order(&keys.0).cmp(&object::order(&keys.1)), order);
            } else {
                prop_assert_ne!(&keys.0, &keys.1);
                prop_assert_eq!(object::order(&keys.0), object::order(&keys.1));
            }
        }
    }

    #[test]
    fn a_moment_lists_its_own_states_and_earlier_ones(at in 0..4_000_000_000_000_i64, of in 0..4_000_000_000_000_i64) {
        for of in [of, at - 1, at, at + 1].into_iter().filter(|of| *of >= 0) {
            let key = key(&state(of, 1), Format::Ndjson);
            let name = key.strip_prefix("state/ndjson/").unwrap();
            let at = Timestamp::from_millisecond(at).unwrap();
            prop_assert_eq!(name > object::before(at).as_str(), of <= at.as_millisecond());
        }
    }
}

#[test]
fn moments_outside_all_names_are_the_first_and_the_last() {
    assert_eq!(object::before(Timestamp::MIN), "9999999999999");
    assert_eq!(object::before(Timestamp::MAX), "0000000000000");
    let within = Timestamp::UNIX_EPOCH + SignedDuration::from_micros(1999);
    assert_eq!(object::before(within), "9999999999998", "part of a millisecond belongs to it");
}

#[test]
fn only_files_in_the_folder_itself_are_states() {
    let file = |name: &str| object::file(Format::Parquet, &Listed { name: name.to_owned(), bytes: 7 });
    assert_eq!(
        file("0000000000000.0000000000.x.parquet").unwrap().key,
        "state/parquet/0000000000000.0000000000.x.parquet"
    );
    for other in ["x", "x.parquet.partial", "old/x.parquet", "_SUCCESS"] {
        assert!(file(other).is_none(), "{other}");
    }
    for (key, order) in [
        ("s3://bucket/p/state/parquet/0000000000001.0000000002.a.parquet", Some("0000000000001.0000000002")),
        ("0000000000001.0000000002.a", Some("0000000000001.0000000002")),
        ("", None),
        ("s3://bucket/parquet/ec2_vpcs/dt=2026-11-28/nightly.parquet", None),
        ("0000000000001.00000000", None),
    ] {
        assert_eq!(object::order(key), order, "{key}");
    }
}

#[test]
fn a_name_ends_in_the_digest() {
    assert_eq!(codec::named_digest(&key(&state(7, 1), Format::Parquet)), Some(DIGEST));
    for other in ["", "a.parquet", "a-0123.parquet", "a-0123456789abcdef0123456789abcdeg.parquet", "a-\u{e9}.parquet"] {
        assert_eq!(codec::named_digest(other), None, "{other}");
    }
}
