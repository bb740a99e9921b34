use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;

use proptest::prelude::*;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::store::LocalStore;

const DURATION: Duration = Duration::from_secs(60);

fn claim(folder: &Path, attempt: &str) -> LeaseClaim {
    LeaseClaim {
        store: Store::Folder(LocalStore::new(folder)),
        run_id: "x".parse().unwrap(),
        shard: "0".into(),
        attempt: attempt.into(),
        duration: DURATION,
    }
}

fn path(folder: &Path) -> std::path::PathBuf {
    folder.join("leases/x/0.json")
}

fn read(folder: &Path) -> Lease {
    serde_json::from_slice(&std::fs::read(path(folder)).unwrap()).unwrap()
}

/// Acquires a lease on a shard that nobody commits, without a deadline.
async fn acquired(claim: LeaseClaim) -> Option<HeldLease> {
    match claim.acquire((&StopCondition::default(), DURATION), |_| {}, async || Ok(None::<()>)).await {
        Ok(Access::Granted(lease)) => lease,
        Ok(Access::Done(())) | Err(_) => panic!("not granted"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_written_renewed_and_released() {
    let folder = tempfile::tempdir().unwrap();
    let held = acquired(claim(folder.path(), "a")).await.unwrap();
    let first = read(folder.path());
    assert_eq!((first.holder.as_str(), first.renewals, first.released, first.duration_ms), ("a", 0, false, 60_000));
    assert!(first.expires_at > first.since);
    tokio::time::sleep(DURATION).await;
    let later = read(folder.path());
    assert!((2..=3).contains(&later.renewals) && later.since == first.since, "{later:?}");
    held.release().await;
    assert!(read(folder.path()).released);
    let next = acquired(claim(folder.path(), "b")).await.unwrap();
    assert_eq!((read(folder.path()).holder.as_str(), read(folder.path()).renewals), ("b", 0));
    // What an attempt does not hold, it does not release.
    claim(folder.path(), "a").change(|lease| lease.ended(now())).await.unwrap();
    assert!(!read(folder.path()).released);
    drop(next);
}

#[tokio::test(start_paused = true)]
async fn a_lease_of_a_dead_attempt_is_taken_over_when_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    drop(acquired(claim(folder.path(), "a")).await);
    let begun = Instant::now();
    let held = acquired(claim(folder.path(), "b")).await;
    assert!(held.is_some() && begun.elapsed() >= DURATION && begun.elapsed() < DURATION + 2 * POLL_INTERVAL);
    assert_eq!(read(folder.path()).holder, "b");
}

#[tokio::test(start_paused = true)]
async fn a_waiting_execution_gets_what_the_holder_has_committed() {
    let folder = tempfile::tempdir().unwrap();
    let held = acquired(claim(folder.path(), "a")).await.unwrap();
    let committed = Arc::new(Mutex::new(None));
    let found = committed.clone();
    let waits = std::sync::atomic::AtomicUsize::new(0);
    let until = StopCondition::default();
    let waiting = claim(folder.path(), "b").acquire(
        (&until, Duration::ZERO),
        |lease| {
            assert_eq!(lease.holder, "a");
            waits.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        },
        || {
            let found = *found.lock().unwrap();
            async move { Ok(found) }
        },
    );
    let working = async {
        tokio::time::sleep(10 * DURATION).await;
        *committed.lock().unwrap() = Some("the manifest");
        held.release().await;
    };
    let (access, ()) = tokio::join!(waiting, working);
    assert!(matches!(access, Ok(Access::Done("the manifest"))));
    assert_eq!(waits.into_inner(), 1);
    // The next execution finds a released lease, and what was committed before its end.
    let access = claim(folder.path(), "c").acquire((&until, Duration::ZERO), |_| {}, async || Ok(Some("it"))).await;
    assert!(matches!(access, Ok(Access::Done("it"))));
    assert!(read(folder.path()).released);
}

#[tokio::test(start_paused = true)]
async fn an_execution_without_time_says_who_works_at_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let _held = acquired(claim(folder.path(), "0badcafe")).await.unwrap();
    let begun = Instant::now();
    let in_a_minute = StopCondition { deadline: Some(begun + Duration::from_secs(300)), ..StopCondition::default() };
    let stop = CancellationToken::new();
    stop.cancel();
    let interrupted = StopCondition { stop, deadline: None };
    let mut told = Vec::new();
    for (until, waited) in [(in_a_minute, Duration::from_secs(290)), (interrupted, Duration::ZERO)] {
        let begun = Instant::now();
        let margin = Duration::from_secs(10);
        let access = claim(folder.path(), "b").acquire((&until, margin), |_| {}, async || Ok(None::<()>)).await;
        let error = access.err().unwrap();
        assert_eq!((error.kind, begun.elapsed()), (ErrorKind::RunInProgress, waited));
        told.push(error.to_string());
    }
    insta::with_settings!({ filters => [(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "[time]")] }, {
        insta::assert_snapshot!(told.join("\n"), @r"
        run x is in progress: attempt 0badcafe has worked at shard 0 since [time], and holds its lease until [time] unless it renews it. This execution called none of the shard's customers: ask for the run again later, which returns its result, or continues it if that attempt has ended
        run x is in progress: attempt 0badcafe has worked at shard 0 since [time], and holds its lease until [time] unless it renews it. This execution called none of the shard's customers: ask for the run again later, which returns its result, or continues it if that attempt has ended
        ");
    });
}

#[tokio::test(start_paused = true)]
async fn what_is_no_lease_keeps_nobody_out() {
    for content in ["", "{", "[]", "{\"holder\": \"a\"}"] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(path(folder.path()).parent().unwrap()).unwrap();
        std::fs::write(path(folder.path()), content).unwrap();
        assert!(acquired(claim(folder.path(), "b")).await.is_some(), "{content}");
        assert_eq!(read(folder.path()).holder, "b");
    }
    // A store that takes no lease keeps nobody out either.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("leases"), "").unwrap();
    assert!(acquired(claim(folder.path(), "b")).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_taken_or_removed_is_renewed_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let held = acquired(claim(folder.path(), "a")).await.unwrap();
    let other = Lease { holder: "b".into(), ..read(folder.path()) };
    std::fs::write(path(folder.path()), serde_json::to_vec(&other).unwrap()).unwrap();
    tokio::time::sleep(DURATION).await;
    held.release().await;
    assert_eq!(read(folder.path()), other);
    std::fs::remove_file(path(folder.path())).unwrap();
    assert!(!claim(folder.path(), "b").change(|lease| lease.renewed(now())).await.unwrap());
    assert!(!path(folder.path()).exists());
}

/// An execution: when it begins, how long its work takes, and after what time of work it dies.
#[derive(Clone, Copy, Debug)]
struct Execution {
    begins: u64,
    works: u64,
    dies: Option<u64>,
}

fn execution() -> impl Strategy<Value = Execution> {
    (0_u64..400, 1_u64..400, proptest::option::weighted(0.4, 0_u64..400)).prop_map(|(begins, works, dies)| Execution {
        begins,
        works,
        dies: dies.filter(|dies| *dies < works),
    })
}

/// What all executions have seen: how many work at this moment, at most, and how many have committed.
#[derive(Debug, Default)]
struct Overlap {
    working: usize,
    most: usize,
    committed: usize,
}

async fn execute(folder: &Path, number: usize, execution: Execution, seen: &Mutex<Overlap>) {
    tokio::time::sleep(Duration::from_secs(execution.begins)).await;
    let until = StopCondition::default();
    let committed = || {
        let is_committed = seen.lock().unwrap().committed > 0;
        async move { Ok(is_committed.then_some(())) }
    };
    let claim = claim(folder, &number.to_string());
    let access = claim.acquire((&until, Duration::ZERO), |_| {}, committed).await.unwrap();
    let Access::Granted(lease) = access else { return };
    let change = |change: fn(&mut Overlap)| change(&mut seen.lock().unwrap());
    change(|seen| {
        seen.working += 1;
        seen.most = seen.most.max(seen.working);
    });
    tokio::time::sleep(Duration::from_secs(execution.dies.unwrap_or(execution.works))).await;
    change(|seen| seen.working -= 1);
    if execution.dies.is_none() {
        change(|seen| seen.committed += 1);
        lease.unwrap().release().await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn one_execution_works_at_a_time_and_the_first_that_lives_commits(
        executions in proptest::collection::vec(execution(), 1..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let seen = Mutex::new(Overlap::default());
        runtime.block_on(futures::future::join_all(
            executions.iter().enumerate().map(|(number, one)| execute(folder.path(), number, *one, &seen)),
        ));
        let seen = seen.into_inner().unwrap();
        let one_lives = executions.iter().any(|one| one.dies.is_none());
        prop_assert_eq!((seen.working, seen.most, seen.committed), (0, 1, usize::from(one_lives)));
    }
}
