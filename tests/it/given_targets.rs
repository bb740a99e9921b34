//! Runs without a registry: accounts and roles come from the flags.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::command::{CommandOutput, rolecall, run_command};
use crate::fixture::{BACKEND, BACKEND_SECRET, Fixture};
use crate::sim::{Account, Fault, FaultKind, Service, account_id};

/// A simulated AWS in which the backend's own account has resources, and in which the roles of two customers need no external
/// ID.
async fn fixture() -> Fixture {
    let own = Account { items: 2, ..Account::default() };
    Fixture::start(3, own.clone(), |world| {
        *world.account(BACKEND) = own;
        for index in [0, 1] {
            world.role(&account_id(index), "ops/reader", None);
        }
    })
    .await
}

/// `rolecall` with credentials and nothing else, in a folder of its own.
fn bare(fixture: &Fixture, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = rolecall(arguments);
    command
        .current_dir(folder)
        .env("AWS_ENDPOINT_URL", fixture.sim.endpoint())
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", BACKEND)
        .env("AWS_SECRET_ACCESS_KEY", BACKEND_SECRET);
    command
}

async fn run(fixture: &Fixture, folder: &Path, arguments: &[&str]) -> CommandOutput {
    let command = bare(fixture, folder, arguments);
    tokio::task::spawn_blocking(move || run_command(command)).await.expect("it ends")
}

fn accounts(told: &CommandOutput, folder: &Path) -> Vec<String> {
    let response: Value = told.response();
    let manifest =
        folder.join("rolecall-output/runs").join(response["run_id"].as_str().expect("an id")).join("manifest.json");
    let manifest: Value = serde_json::from_slice(&std::fs::read(manifest).expect("a manifest")).expect("JSON");
    let listed = manifest["by_account"].as_array().expect("accounts").iter();
    listed.map(|account| account["account_id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_account_needs_credentials_alone() {
    let (fixture, folder) = (fixture().await, tempfile::tempdir().expect("a folder"));
    let told = run(&fixture, folder.path(), &["run", "--here", "--regions", "eu-central-1", "--json"]).await;
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(accounts(&told, folder.path()), [BACKEND]);
    let plan = run(&fixture, folder.path(), &["plan", "--here", "--json"]).await;
    assert!(plan.code == 0 && plan.out.contains(BACKEND) && !plan.out.contains(&account_id(0)), "{plan:?}");
    // A role that the environment names for other commands is not entered: its account is not the caller's.
    let mut command = bare(&fixture, folder.path(), &["plan", "--here", "--json"]);
    command.env("ROLECALL_BACKEND_ROLE", format!("arn:aws:iam::{}:role/ops/reader", account_id(0)));
    let plan = tokio::task::spawn_blocking(move || run_command(command)).await.expect("it ends");
    assert!(plan.code == 0 && plan.out.contains(BACKEND) && !plan.out.contains(&account_id(0)), "{plan:?}");
    // A person reads what to type next, and what it says works.
    let told = run(&fixture, folder.path(), &["run", "--here", "--regions", "eu-central-1"]).await;
    assert!(told.out.contains("Next: `rolecall ask public-addresses`"), "{told:?}");
    let asked = run(&fixture, folder.path(), &["ask", "public-addresses", "--format", "json"]).await;
    assert!(asked.code == 0 && asked.out.contains(BACKEND), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn named_accounts_are_entered_through_the_role_of_this_name() {
    let (fixture, folder) = (fixture().await, tempfile::tempdir().expect("a folder"));
    let both = format!("{},{}", account_id(0), account_id(1));
    let arguments = ["run", "--accounts", &both, "--role-name", "ops/reader", "--no-external-id", "--json"];
    let told = run(&fixture, folder.path(), &[&arguments[..], &["--run-id", "first"]].concat()).await;
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(accounts(&told, folder.path()), [account_id(0), account_id(1)]);
    // The role of the third requires an external ID, so it is not entered. What was collected stays.
    let arguments =
        ["run", "--accounts", &account_id(2), "--role-name", "rolecall-inventory", "--no-external-id", "--json"];
    let told = run(&fixture, folder.path(), &arguments).await;
    assert_eq!(told.code, 2, "{told:?}");
    // No registry, no external ID and no template of rolecall's is to blame.
    let told = run(&fixture, folder.path(), &arguments[..arguments.len() - 1]).await;
    assert!(told.out.contains("does it trust their account?") && !told.out.contains("registry"), "{told:?}");
    let told = run(&fixture, folder.path(), &["resume", "nope", "--role-name", "x", "--no-external-id"]).await;
    assert!(told.code == 2 && told.err.contains("there is no run nope"), "{told:?}");
    // A run that is finished leaves nothing to resume.
    let arguments = ["resume", "first", "--role-name", "ops/reader", "--no-external-id"];
    let told = run(&fixture, folder.path(), &arguments).await;
    assert!(told.code == 0 && told.out.contains("Nothing remains of it."), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_that_do_not_name_a_way_into_accounts_are_refused_before_any_call() {
    let (fixture, folder) = (fixture().await, tempfile::tempdir().expect("a folder"));
    let one = account_id(0);
    for (arguments, what) in [
        (&["--accounts", &one, "--role-name", "x"][..], "--no-external-id"),
        (&["--role-name", "x", "--no-external-id"], "--accounts"),
        (&["--accounts", "all", "--role-name", "x", "--no-external-id"], "--accounts"),
        (&["--here", "--role-name", "x"], "--role-name"),
        (&["--here", "--organization"], "--organization"),
        (&["--here", "--registry", "targets.json"], "--registry"),
        (&["--here", "--event", "event.json"], "--event"),
        (&["--here", "--fleet"], "--fleet"),
        (&["--accounts", &one, "--no-external-id"], "--role-name"),
        (&["--accounts", &one, "--role-name", "a b", "--no-external-id"], "--role-name: `a b` is no name of a role"),
        (&["--here", "--exclude", &one], "--exclude: "),
        (&["--here", "--accounts", &one], "is not the account of your credentials"),
        (&["--here", "--backend-role", "arn:aws:iam::999999999999:role/other"], "--backend-role"),
        (&["--accounts", "1,2", "--role-name", "x", "--no-external-id"], "request.accounts[1]"),
    ] {
        let told = run(&fixture, folder.path(), &[&["run"][..], arguments].concat()).await;
        assert!(told.code == 2 && told.err.contains(what), "{arguments:?}: {told:?}");
    }
    assert!(fixture.sim.counts().assumed.is_empty());
    assert!(!folder.path().join("rolecall-output").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_id_belongs_to_the_targets_it_was_begun_with() {
    let (fixture, folder) = (fixture().await, tempfile::tempdir().expect("a folder"));
    let narrow = ["--regions", "eu-central-1", "--resources", "ec2_vpcs", "--run-id", "nightly", "--json"];
    let here = |account: &str| {
        let mut command = bare(&fixture, folder.path(), &[&["run", "--here"][..], &narrow].concat());
        command.env("AWS_ACCESS_KEY_ID", account);
        tokio::task::spawn_blocking(move || run_command(command))
    };
    assert_eq!(here(BACKEND).await.expect("it ends").code, 0);
    // The same request again is the same run.
    let told = here(BACKEND).await.expect("it ends");
    assert!(told.code == 0 && told.out.contains("nightly"), "{told:?}");
    // With another account's credentials it is another one, and nobody gets the inventory of the first.
    fixture.sim.reset_counts();
    let told = here(&account_id(0)).await.expect("it ends");
    assert!(told.code == 2 && told.err.contains("RunIdTaken") && told.err.contains(BACKEND), "{told:?}");
    assert!(!told.out.contains("ec2_vpcs"), "{told:?}");
    assert_eq!(fixture.sim.counts().of(&account_id(0), Service::Ec2, "DescribeVpcs"), 0);
    // Another role is another run too.
    let role = |name: &str| {
        let accounts = account_id(0);
        let flags = ["run", "--accounts", &accounts, "--role-name", name, "--no-external-id"];
        let narrow = ["--regions", "eu-central-1", "--resources", "ec2_vpcs", "--run-id", "of-role", "--json"];
        let command = bare(&fixture, folder.path(), &[&flags[..], &narrow].concat());
        tokio::task::spawn_blocking(move || run_command(command))
    };
    assert_eq!(role("ops/reader").await.expect("it ends").code, 0);
    let told = role("other").await.expect("it ends");
    assert!(told.code == 2 && told.err.contains("--role-name ops/reader --no-external-id"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_a_registry_is_resumed_with_its_flags_alone() {
    let (fixture, folder) = (fixture().await, tempfile::tempdir().expect("a folder"));
    let slow = fixture.sim.add_fault(Fault::new(FaultKind::Hang).operation("DescribeVpcs"));
    let narrow = ["--regions", "eu-central-1", "--resources", "ec2_vpcs", "--run-id", "cut"];
    let told = run(&fixture, folder.path(), &[&["run", "--here", "--deadline", "1m"][..], &narrow].concat()).await;
    fixture.sim.lift(slow);
    // What it says to type works as it is said.
    assert!(told.out.contains("`rolecall resume cut --here` finishes it"), "{told:?}");
    let status = run(&fixture, folder.path(), &["status", "cut", "--output", "rolecall-output"]).await;
    assert!(status.out.contains("`rolecall resume cut --here"), "{status:?}");
    let registry = fixture.folder.path().join("targets.json").display().to_string();
    // Nor does it print flags that `resume` refuses there.
    let role = "arn:aws:iam::999999999999:role/backend_role";
    let typed = ["status", "cut", "--registry", &registry, "--backend-role", role, "--output", "rolecall-output"];
    let status = run(&fixture, folder.path(), &typed).await;
    assert!(status.out.contains("`rolecall resume cut --here --output rolecall-output`"), "{status:?}");
    let with_registry = ["resume", "cut", "--registry", &registry, "--output", "rolecall-output"];
    for (arguments, account) in [
        (&with_registry[..], BACKEND),
        (&["resume", "cut", "--role-name", "ops/reader", "--no-external-id"], BACKEND),
        (&["resume", "cut", "--here"], &account_id(0)),
    ] {
        let mut command = bare(&fixture, folder.path(), arguments);
        command.env("AWS_ACCESS_KEY_ID", account);
        let told = tokio::task::spawn_blocking(move || run_command(command)).await.expect("it ends");
        assert!(
            told.code == 2 && told.err.contains("with --here and credentials of account"),
            "{arguments:?}: {told:?}"
        );
    }
    let told = run(&fixture, folder.path(), &["resume", "cut", "--here"]).await;
    assert!(told.code == 0 && told.out.contains("Nothing remains of it."), "{told:?}");
}

/// The time of a run is that of its listing too.
#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_does_not_answer_ends_with_the_deadline() {
    let (fixture, folder) = (fixture().await, tempfile::tempdir().expect("a folder"));
    fixture.sim.add_fault(Fault::new(FaultKind::Hang).service(Service::Organizations));
    let arguments = ["run", "--organization", "--deadline", "10s", "--call-timeout", "10m"];
    let told = run(&fixture, folder.path(), &arguments).await;
    assert!(told.code == 2 && told.err.starts_with("rolecall: OutOfTime"), "{told:?}");
    assert!(!folder.path().join("rolecall-output").exists());
}
