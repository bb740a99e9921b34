//! A bucket that is silent for a while: runs outlast it, and an invocation that ends before says so.

use rolecall::testing::{Engine, ErrorKind, Runtime, Settings};
use std::time::Duration;
use tokio::time::Instant;

use crate::commits::{has, narrow, refused, with_bucket};
use crate::fixture::Fixture;
use crate::sim::{Fault, FaultKind, Service, Times};

fn silent(key: &str) -> Fault {
    Fault::new(FaultKind::Hang).service(Service::S3).operation("PutObject").path(key)
}

/// A bucket answers nothing for longer than all attempts of the SDK take.
#[tokio::test(flavor = "multi_thread")]
async fn a_silence_of_the_bucket_is_outlasted() {
    let fixture = with_bucket().await;
    let (short, backoff) = (Duration::from_secs(6), Duration::from_millis(10));
    let settings = Settings { call_timeout: short, attempts: 2, backoff, ..fixture.settings.clone() };
    let mut fixture = Fixture { settings, ..fixture };
    let first = fixture.sim.add_fault(silent("runs/outlasted/manifest.json").times(Times::First(5)));
    let slow = Fault::error(503, "SlowDown").service(Service::S3).operation("PutObject").path("runs/outlasted/shards/");
    let slow = fixture.sim.add_fault(slow.times(Times::First(5)));
    fixture.run(narrow("outlasted"), None).await.expect("a response");
    assert_eq!((fixture.sim.fired(first), fixture.sim.fired(slow)), (5, 5));
    assert!(has(&fixture, "runs/outlasted/manifest.json"));
    // It does not last for ever.
    fixture.settings.operation_timeout = 2 * short;
    fixture.sim.add_fault(silent("runs/silent/manifest.json"));
    let error = refused(fixture.run(narrow("silent"), None).await);
    assert!(error.message.contains("The run is not committed") && error.message.contains("no answer"), "{error}");
}

/// Lambda ends a function without a word.
#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_tells_of_the_silence_before_it_ends() {
    let fixture = with_bucket().await;
    fixture.sim.add_fault(silent("runs/ended/manifest.json"));
    let ends_at = Some(Instant::now() + Duration::from_secs(45));
    let engine = Engine { runtime: Runtime::Lambda, ends_at, ..fixture.engine() };
    let error = refused(engine.run(fixture.order(&narrow("ended"))).await);
    assert_eq!(error.kind, ErrorKind::OutputNotWritable, "{error}");
    for part in ["before the time of the invocation ended", "run the same event again"] {
        assert!(error.message.contains(part), "{error}");
    }
}
