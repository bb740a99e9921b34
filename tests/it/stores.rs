//! The conformance suite of the stores: a folder and a bucket have the same guarantees.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use bytes::Bytes;
use rolecall::testing::{PutOutcome, Store, split_object};

use crate::emulator::{Emulator, emulator};
use crate::fixture::PATIENCE;
use crate::sim::{Fault, FaultKind, Service, Sim, Times, World};

/// Returns an SDK configuration with an endpoint and static credentials.
#[expect(clippy::disallowed_methods, reason = "the credentials of a test's own AWS")]
pub(crate) fn config(endpoint: &str, region: &str, account: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(endpoint)
        .region(Region::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(account, "test", None, None, "tests")))
        .build()
}

impl Emulator {
    /// Returns the configuration of a client in the backend account.
    pub(crate) fn backend(&self) -> SdkConfig {
        config(self.fact("endpoint"), self.fact("region"), self.fact("backend_account"))
    }
}

fn bytes(text: &str) -> Bytes {
    Bytes::from(text.to_owned())
}

/// Returns the content of an object that needs more than two parts, the last of them smaller than the others.
fn large() -> Vec<Bytes> {
    (0..300_u32).map(|n| Bytes::from(n.to_le_bytes().repeat(16 << 10))).collect()
}

async fn assert_conforms(store: &Store) {
    // A missing object is no error.
    assert_eq!(store.read("a/none").await.expect("read"), None);

    // An existing object is never overwritten, and the outcome says who created it.
    assert_eq!(store.put_if_absent("a/one", bytes("1")).await.expect("created"), PutOutcome::Created);
    assert_eq!(store.put_if_absent("a/one", bytes("2")).await.expect("told"), PutOutcome::AlreadyExists);
    assert_eq!(store.read("a/one").await.expect("read").expect("there").bytes, bytes("1"));

    // `holds_any` finds objects at any depth below a folder, and none beside it.
    assert_eq!(store.put_if_absent("b/c/dt=1/one", bytes("1")).await.expect("created"), PutOutcome::Created);
    for (folder, any) in [("b", true), ("b/c", true), ("b/c/dt=1", true), ("b/c/dt", false), ("none", false)] {
        assert_eq!(store.holds_any(folder).await.expect("told"), any, "{folder}");
    }

    // `list` names the objects directly in a folder, with their sizes.
    assert_eq!(store.put_if_absent("b/c/dt=1/two", bytes("22")).await.expect("created"), PutOutcome::Created);
    for (folder, most, names) in [
        ("b/c/dt=1", 10, vec![("one", 1), ("two", 2)]),
        ("b/c", 10, vec![]),
        ("b/c/dt", 10, vec![]),
        ("none", 10, vec![]),
    ] {
        let listed = store.list(folder, most).await.expect("listed");
        let mut listed: Vec<(&str, u64)> = listed.iter().map(|listed| (listed.name.as_str(), listed.bytes)).collect();
        listed.sort_unstable();
        assert_eq!(listed, names, "{folder}");
    }
    assert_eq!(store.list("b/c/dt=1", 1).await.expect("listed").len(), 1);

    // Of several concurrent writers exactly one creates the object.
    let racers = (0..8).map(|n| {
        let store = store.clone();
        async move { store.put_if_absent("a/race", bytes(&format!("racer {n}"))).await.expect("told") }
    });
    let ours =
        futures::future::join_all(racers).await.into_iter().filter(|created| *created == PutOutcome::Created).count();
    assert_eq!(ours, 1);

    // A replacement needs the tag of the existing object.
    assert!(store.put_if_match("a/moved", bytes("1"), None).await.expect("told"));
    assert!(!store.put_if_match("a/moved", bytes("x"), None).await.expect("told"));
    let tag = store.read("a/moved").await.expect("read").expect("there").etag;
    assert!(store.put_if_match("a/moved", bytes("2"), Some(&tag)).await.expect("told"));
    assert!(!store.put_if_match("a/moved", bytes("3"), Some(&tag)).await.expect("told"));
    assert_eq!(store.read("a/moved").await.expect("read").expect("there").bytes, bytes("2"));

    // An object appears only when its upload is finished, and never if the upload is aborted.
    let mut upload = store.upload("b/large");
    for piece in large() {
        upload.write(piece).await.expect("written");
    }
    assert_eq!(store.read("b/large").await.expect("read"), None);
    assert_eq!(upload.finish().await.expect("finished"), PutOutcome::Created);
    let whole: Vec<u8> = large().concat();
    assert!(store.read("b/large").await.expect("read").expect("there").bytes == whole);

    let mut second = store.upload("b/large");
    for piece in large() {
        second.write(piece).await.expect("written");
    }
    assert_eq!(second.finish().await.expect("told"), PutOutcome::AlreadyExists);

    let mut given_up = store.upload("b/given-up");
    for piece in large() {
        given_up.write(piece).await.expect("written");
    }
    given_up.abort().await;
    assert_eq!(store.read("b/given-up").await.expect("read"), None);

    // Small and empty uploads become objects too.
    let mut small = store.upload("c/small");
    small.write(bytes("s")).await.expect("written");
    assert_eq!(small.finish().await.expect("finished"), PutOutcome::Created);
    assert_eq!(store.upload("c/empty").finish().await.expect("finished"), PutOutcome::Created);
    assert_eq!(store.read("c/empty").await.expect("read").expect("there").bytes, bytes(""));
}

#[tokio::test]
async fn folder_conforms_and_leaves_no_partial_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = folder.path().join("new/deep");
    let config = SdkConfig::builder().build();
    let store = Store::open(address.to_str().expect("a path"), &config, PATIENCE, None).expect("opened");
    assert_conforms(&store).await;
    let mut left: Vec<String> = Vec::new();
    for part in ["a", "b", "c"] {
        let entries = std::fs::read_dir(address.join(part)).expect("a folder");
        left.extend(entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()));
    }
    left.sort();
    assert_eq!(left, ["c", "empty", "large", "moved", "one", "race", "small"]);
}

#[tokio::test]
async fn bucket_conforms_and_leaves_no_open_upload() {
    let name = "store-conformance";
    emulator().bucket(name);
    for (prefix, key) in [("", None), ("/some/prefix", None)] {
        let store = Store::open(&format!("s3://{name}{prefix}"), &emulator().backend(), PATIENCE, key).expect("opened");
        assert_conforms(&store).await;
    }
    assert_eq!(emulator().open_uploads(name), 0);
}

#[tokio::test]
async fn objects_are_encrypted_with_the_given_key() {
    let (name, key) =
        ("store-encryption", "arn:aws:kms:eu-central-1:999999999999:key/00000000-0000-4000-8000-000000000000");
    emulator().bucket(name);
    let address = format!("s3://{name}");
    let named = Store::open(&address, &emulator().backend(), PATIENCE, Some(key)).expect("opened");
    named.put_if_absent("small", bytes("1")).await.expect("created");
    let mut upload = named.upload("large");
    for piece in large() {
        upload.write(piece).await.expect("written");
    }
    upload.finish().await.expect("finished");
    let default = Store::open(&address, &emulator().backend(), PATIENCE, None).expect("opened");
    default.put_if_absent("default", bytes("1")).await.expect("created");
    let keys = ["small", "large", "default"].map(|object| emulator().kms_key(&format!("{address}/{object}")));
    assert_eq!(keys, [key, key, ""]);
}

#[tokio::test]
async fn write_error_names_the_place_and_the_cause() {
    let config = config("http://127.0.0.1:9", "eu-central-1", "999999999999");
    let store = Store::open("/proc/rolecall-cannot-be-here", &config, PATIENCE, None).expect("opened");
    let error = store.put_if_absent("x", bytes("1")).await.expect_err("it cannot be written").to_string();
    assert!(error.starts_with("/proc/rolecall-cannot-be-here: "), "{error}");
    let missing = Store::open("s3://no-such-bucket-anywhere", &emulator().backend(), PATIENCE, None).expect("opened");
    let error = missing.put_if_absent("x", bytes("1")).await.expect_err("no such bucket").to_string();
    assert!(error.starts_with("s3:PutObject s3://no-such-bucket-anywhere/x: NoSuchBucket"), "{error}");
}

/// S3 has said how many bytes come. The SDK repeats no such request, since it was answered.
#[tokio::test(flavor = "multi_thread")]
async fn object_whose_body_breaks_off_is_read_again() {
    let mut world = World::new("999999999999");
    world.bucket("results");
    let sim = Sim::start(world).await;
    sim.put_object("results", "one", "0123456789");
    let config = config(&sim.endpoint(), "eu-central-1", "999999999999");
    let store = Store::open("s3://results", &config, PATIENCE, None).expect("opened");
    let breaks = |times| Fault::new(FaultKind::Cut).service(Service::S3).operation("GetObject").times(times);
    let whole = sim.add_fault(breaks(Times::First(2)));
    assert_eq!(store.read("one").await.expect("read").expect("there").bytes, bytes("0123456789"));
    let ranged = sim.add_fault(breaks(Times::First(2)));
    let range = store.read_range("one", 2, 3).await.expect("read").expect("there");
    assert_eq!((range.bytes, range.size), (bytes("234"), 10));
    assert_eq!((sim.fired(whole), sim.fired(ranged)), (2, 2));
    // A part of an object is never taken for the whole.
    sim.add_fault(breaks(Times::Always));
    let error = store.read("one").await.expect_err("it breaks off").to_string();
    assert!(error.starts_with("s3:GetObject s3://results/one: the answer ended early"), "{error}");
}

#[test]
fn addresses_are_parsed() {
    let config = SdkConfig::builder().build();
    for wrong in ["", "s3://", "s3://UPPER/x", "s3://a/x", "https://bucket/x", "gs://bucket"] {
        assert!(Store::open(wrong, &config, PATIENCE, None).is_err(), "{wrong}");
    }
    assert_eq!(split_object("s3://bucket/a/b.json"), Ok(("s3://bucket/a".into(), "b.json".into())));
    assert_eq!(split_object("targets.json"), Ok((".".into(), "targets.json".into())));
    assert!(split_object("s3://bucket").is_err() && split_object("folder/").is_err());
}
