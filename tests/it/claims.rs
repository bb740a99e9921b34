//! What an invoker can claim in an event: records of other runs, a time to come, and the names of runs that others have.
//! Whatever it sends, a scheduled run collects its own request.

use jiff::{SignedDuration, Timestamp};
use rolecall::testing::{Engine, Error, RequestDraft, Response, RunIdSource, RunRequest, Runtime, Settings};
use serde_json::{Value, json};

use crate::command::{manifest, run_command};
use crate::fixture::{Fixture, ProgressCounter, account_with, assert_complete, ids};
use crate::sim::{Fault, FaultKind, account_id};

/// A function that the simulated AWS invokes.
struct Invoked {
    fixture: Fixture,
    engine: Engine,
}

impl Invoked {
    async fn start(accounts: usize) -> Self {
        let fixture = Fixture::start(accounts, account_with(2, 0, 0), |_| {}).await;
        let engine = Engine { runtime: Runtime::Lambda, ..fixture.engine() };
        Self { fixture, engine }
    }

    async fn send(&self, source: RunIdSource, request: Value) -> Result<Response, Error> {
        let draft = RequestDraft::read(&request, "request");
        let request = RunRequest { may_inline: true, ..RunRequest::new(draft, source) };
        Box::pin(self.engine.run(request)).await
    }

    /// Sends a request as a direct invocation.
    async fn invoke(&self, request: Value) -> Result<Response, Error> {
        self.send(RunIdSource::Invocation("an-invocation".into()), request).await
    }

    async fn refusal(&self, request: Value) -> String {
        let error = self.invoke(request).await.expect_err("a refusal");
        format!("{}: {}", error.kind.name(), error.message)
    }
}

fn request(more: Value) -> Value {
    let mut request = json!({ "accounts": "all", "regions": ["eu-west-1"], "resources": ["ec2_vpcs"] });
    let more: serde_json::Map<String, Value> = serde_json::from_value(more).expect("an object");
    request.as_object_mut().expect("an object").extend(more);
    request
}

fn compact(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_in_no_response_unless_the_setting_allows_it() {
    let mut invoked = Invoked::start(2).await;
    assert_complete(&invoked.invoke(request(json!({ "run_id": "theirs" }))).await.expect("a response"));
    let inline = || request(json!({ "run_id": "theirs", "inline": true }));
    let refused = invoked.refusal(inline()).await;
    assert!(refused.starts_with("InvalidRequest: request.inline: is switched off here"), "{refused}");
    assert!(refused.contains("ROLECALL_INLINE=true") && refused.contains("Inline=yes"), "{refused}");
    invoked.engine.settings.inline = Some(true);
    let records = invoked.invoke(inline()).await.expect("a response").inline.expect("records");
    assert_eq!(records["ec2_vpcs"].len(), 2 * 2);
    // A caller at a terminal owns the output.
    invoked.engine = Engine { runtime: Runtime::Terminal, ..invoked.fixture.engine() };
    assert!(invoked.invoke(inline()).await.expect("a response").inline.is_some());
    invoked.engine.settings.inline = Some(false);
    assert!(invoked.refusal(inline()).await.contains("request.inline"));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_scheduled_runs_cannot_be_claimed() {
    let invoked = Invoked::start(1).await;
    for run_id in [
        "scheduled-20991129T030000Z",
        "SCHEDULED-x",
        "nightly-20991129T030000Z",
        "nightly-20991129T030000Z.r1",
        "nightly-20991129T030000Z-0123456789abcdef",
    ] {
        let refused = invoked.refusal(request(json!({ "run_id": run_id }))).await;
        assert!(refused.contains("reserved") || refused.starts_with("RunIdTaken"), "{run_id}: {refused}");
        // The same names come from forged ids of events and messages.
        if !run_id.contains(".r") {
            for source in [RunIdSource::Event(run_id.into()), RunIdSource::Message(run_id.into())] {
                let error = invoked.send(source, request(json!({}))).await.expect_err("a refusal");
                assert!(error.message.contains("scheduled run's name"), "{run_id}: {error}");
            }
        }
        let mut command = invoked.fixture.command(&invoked.fixture.out().display().to_string());
        let ran = run_command({
            command.args(["--run-id", run_id]);
            command
        });
        assert!(ran.code == 2 && ran.out.is_empty(), "{run_id}: {ran:?}");
    }
    assert!(!invoked.fixture.out().exists(), "something was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn times_to_come_are_refused() {
    let invoked = Invoked::start(1).await;
    let now = Timestamp::now();
    for ahead in [2 * 60, 3600, 24 * 3600, 5 * 365 * 24 * 3600] {
        let time = now + SignedDuration::from_secs(ahead);
        let refused = invoked.refusal(request(json!({ "scheduled_at": time }))).await;
        assert!(refused.contains("request.scheduled_at") && refused.contains("is in the future"), "{refused}");
        let rule = RunIdSource::Rule { rule: "nightly".into(), time };
        let error = invoked.send(rule, request(json!({}))).await.expect_err("a refusal");
        assert!(error.message.contains("event.time") && error.message.contains("is in the future"), "{error}");
    }
    // A clock that is slow by some seconds loses no run.
    let time = now + SignedDuration::from_secs(20);
    assert_complete(&invoked.invoke(request(json!({ "scheduled_at": time }))).await.expect("a response"));
}

/// An invoker is faster than the schedule: another request for the same time is committed, or only planned, first.
#[tokio::test(flavor = "multi_thread")]
async fn another_request_for_the_same_time_suppresses_no_scheduled_run() {
    let invoked = Invoked::start(3).await;
    let time = Timestamp::now() - SignedDuration::from_secs(1);
    let first_name = format!("scheduled-{}", compact(time));
    let all = || request(json!({ "scheduled_at": time }));
    for claim in [
        request(json!({ "scheduled_at": time, "accounts": [account_id(0)] })),
        request(json!({ "scheduled_at": time, "accounts": [account_id(1)] })),
        request(json!({ "scheduled_at": time, "format": "parquet" })),
    ] {
        assert_complete(&invoked.invoke(claim).await.expect("a response"));
    }
    let scheduled = invoked.invoke(all()).await.expect("a response");
    assert_complete(&scheduled);
    let name = scheduled.run_id.to_string();
    assert!(name.starts_with(&format!("{first_name}-")), "{name}");
    assert_eq!(ids(&invoked.fixture.out(), &name, "ec2_vpcs").len(), 3 * 2);
    assert_eq!(manifest(&invoked.fixture.out(), &first_name)["accounts"]["planned"], 1, "the claim has its own run");
    // A second delivery of the scheduled event is the same run.
    invoked.fixture.sim.reset_counts();
    let again = invoked.invoke(all()).await.expect("a response");
    assert_eq!((again.run_id, again.started_at), (scheduled.run_id, scheduled.started_at));
    assert!(invoked.fixture.sim.counts().assumed.is_empty());
    // The same holds for the name of a rule.
    let rule = |rule: &str| RunIdSource::Rule { rule: rule.into(), time };
    let of_rule = invoked.send(rule("scheduled"), request(json!({ "exclude": [account_id(2)] }))).await;
    let of_rule = of_rule.expect("a response");
    assert_eq!(of_rule.accounts.planned, 2);
    assert!(of_rule.run_id.as_str().starts_with(&format!("{first_name}-")), "{}", of_rule.run_id);
}

/// A request whose name was chosen, and not derived from a time, is refused if another one has the name.
#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_name_serves_one_request() {
    let invoked = Invoked::start(2).await;
    assert_complete(&invoked.invoke(request(json!({ "run_id": "mine" }))).await.expect("a response"));
    for other in
        [json!({ "accounts": [account_id(0)] }), json!({ "format": "parquet" }), json!({ "skip_unknown": true })]
    {
        let mut other = request(other);
        other["run_id"] = json!("mine");
        assert!(invoked.refusal(other).await.starts_with("RunIdTaken"));
    }
    let same = request(json!({ "run_id": "mine", "format": "ndjson" }));
    assert_complete(&invoked.invoke(same).await.expect("the setting's format is the request's"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_of_a_run_is_for_the_request_that_it_left() {
    let invoked = Invoked::start(3).await;
    // Another run has the name of the rest before there is a rest.
    let early = request(json!({ "run_id": "cut.r1", "accounts": [account_id(0)] }));
    assert_complete(&invoked.invoke(early).await.expect("a response"));
    let held = invoked.fixture.sim.add_fault(Fault::new(FaultKind::Held).account(&account_id(1)));
    let seen = |seen: &ProgressCounter| seen.finished_accounts() == 2;
    let cut = invoked.fixture.run_until(request(json!({ "run_id": "cut" })), seen).await.expect("a response");
    let whole = invoked.fixture.run_until(request(json!({ "run_id": "whole" })), seen).await.expect("a response");
    invoked.fixture.sim.lift(held);
    let remaining = |response: &Response| serde_json::to_value(response.remaining.clone()).expect("JSON");
    assert!(invoked.refusal(remaining(&cut)).await.starts_with("RunIdTaken"));
    let out = invoked.fixture.out().display().to_string();
    let status = run_command(invoked.fixture.rolecall(&["status", "cut", "--output", &out, "--json"]));
    let status: Value = serde_json::from_str(&status.out).expect("JSON");
    assert_eq!(
        (&status["chain"]["runs"], &status["chain"]["status"]),
        (&json!(["cut"]), &json!("partial")),
        "{status}"
    );
    let resumed = run_command(invoked.fixture.rolecall(&["resume", "cut", "--output", &out]));
    assert!(resumed.code == 2 && resumed.err.contains("RunIdTaken"), "{resumed:?}");
    // A request that is not the rest cannot take its name once there is a rest.
    let other = request(json!({ "run_id": "whole.r1", "accounts": [account_id(0)] }));
    let refused = invoked.refusal(other).await;
    assert!(refused.starts_with("RunIdTaken: run whole.r1 is the rest of run whole"), "{refused}");
    assert_complete(&invoked.invoke(remaining(&whole)).await.expect("a response"));
    assert_eq!(manifest(&invoked.fixture.out(), "whole.r1")["resumes"], "whole");
}

/// A scheduled run that was planned and not committed is finished at a terminal under its own name.
#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_run_is_resumed_under_its_name() {
    let invoked = Invoked::start(3).await;
    let held = invoked.fixture.sim.add_fault(Fault::new(FaultKind::Held).account(&account_id(1)));
    let time = Timestamp::now();
    let asked = request(json!({ "scheduled_at": time }));
    let cut = invoked.fixture.run_until(asked, |seen: &ProgressCounter| seen.finished_accounts() == 2).await;
    let name = cut.expect("a response").run_id.to_string();
    invoked.fixture.sim.lift(held);
    let out = invoked.fixture.out();
    let shard = out.join(format!("runs/{name}/shards/0.json"));
    std::fs::remove_file(out.join(format!("runs/{name}/manifest.json"))).expect("removed");
    std::fs::remove_file(shard).expect("removed");
    let resumed = run_command(invoked.fixture.rolecall(&["resume", &name, "--output", &out.display().to_string()]));
    assert_eq!(resumed.code, 0, "{resumed:?}");
    assert_eq!(manifest(&out, &name)["status"], "complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_of_a_scheduled_run_is_continued() {
    let invoked = Invoked::start(3).await;
    let held = invoked.fixture.sim.add_fault(Fault::new(FaultKind::Held).account(&account_id(1)));
    let asked = request(json!({ "scheduled_at": Timestamp::now() }));
    let cut = invoked.fixture.run_until(asked, |seen: &ProgressCounter| seen.finished_accounts() == 2).await;
    let cut = cut.expect("a response");
    invoked.fixture.sim.lift(held);
    let remaining = serde_json::to_value(cut.remaining.expect("a rest")).expect("JSON");
    let mut forged = remaining.clone();
    forged["accounts"] = json!([account_id(0)]);
    assert!(invoked.refusal(forged).await.starts_with("RunIdTaken"));
    assert_complete(&invoked.invoke(remaining).await.expect("a response"));
    let rest = format!("{}.r1", cut.run_id);
    assert_eq!(manifest(&invoked.fixture.out(), &rest)["resumes"], cut.run_id.as_str());
}

#[test]
fn settings_of_the_function_are_read_strictly() {
    let read = |name: &'static str, value: &'static str| {
        Settings::read(|asked| (asked == name).then(|| value.to_owned())).map_err(|errors| errors.to_string())
    };
    for value in ["true", "Yes", "ON", "1"] {
        assert_eq!(read("ROLECALL_INLINE", value).expect("settings").inline, Some(true));
    }
    assert_eq!(read("ROLECALL_INLINE", "false").expect("settings").inline, Some(false));
    assert_eq!(read("ROLECALL_INLINE", " ").expect("settings").inline, None);
    assert!(read("ROLECALL_INLINE", "maybe").expect_err("a refusal").contains("write true or false"));
    assert!(read("ROLECALL_STEPS", "deny").expect_err("a refusal").contains("write accept, refuse or only"));
}
