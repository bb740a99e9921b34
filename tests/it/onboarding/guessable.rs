//! External IDs that can be guessed: refused or left out on every path into the registry, and never enabled.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::checks::{BACKEND_ROLE, findings, target};
use crate::command::{CommandOutput, rolecall, run_command};
use crate::fixture::{BACKEND, Fixture, account_with, write_registry};
use crate::sim::account_id;

const GUESSABLE: &str = "umbrella-prod-2024";
const ALLOW: &str = "--allow-guessable-external-ids";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn with(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).expect("written");
        self.path(name).display().to_string()
    }

    /// Runs a command on this folder's registry. Nothing it prints has the external ID.
    fn run(&self, arguments: &[&str]) -> CommandOutput {
        let registry = self.path("targets.json").display().to_string();
        let mut command = rolecall(arguments);
        command.args(["--registry", &registry]).env("AWS_REGION", "eu-central-1");
        let ran = run_command(command);
        assert!(!ran.out.contains(GUESSABLE) && !ran.err.contains(GUESSABLE), "{ran:?}");
        ran
    }

    fn targets(&self) -> Value {
        let text = std::fs::read(self.path("targets.json")).expect("a registry");
        serde_json::from_slice::<Value>(&text).expect("JSON")["targets"].take()
    }

    fn has_registry(&self) -> bool {
        Path::new(&self.path("targets.json")).exists()
    }
}

#[test]
fn a_given_one_is_refused_unless_it_is_allowed() {
    let folder = Folder::new();
    let id = folder.with("id", GUESSABLE);
    let add = ["targets", "add", "111122223333", "--external-id-file", &id];
    let refused = folder.run(&add);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(!folder.has_registry(), "nothing is half done");
    insta::assert_snapshot!(refused.err);
    let enabled = folder.run(&[&add[..], &[ALLOW, "--enabled"]].concat());
    assert!(enabled.code == 2 && enabled.err.contains("leave out --enabled"), "{enabled:?}");
    assert!(!folder.has_registry());
    let added = folder.run(&[&add[..], &[ALLOW]].concat());
    assert!(added.code == 0 && added.out.contains("cannot be enabled"), "{added:?}");
    assert_eq!(
        (&folder.targets()[0]["external_id"], &folder.targets()[0]["enabled"]),
        (&json!(GUESSABLE), &json!(false))
    );
    let enabled = folder.run(&["targets", "enable", "111122223333"]);
    assert_eq!(enabled.code, 2, "{enabled:?}");
    assert_eq!(folder.targets()[0]["enabled"], json!(false));
    insta::assert_snapshot!(enabled.err);
    let listed = folder.run(&["targets", "list"]);
    assert!(listed.out.contains("GUESSABLE") && listed.out.contains("1 external IDs can be guessed"), "{listed:?}");
    let listed = folder.run(&["targets", "list", "--json"]).response();
    assert_eq!(listed[0]["external_id_is_guessable"], true, "{listed}");
    // A disabled one can be disabled, and removed.
    assert_eq!(folder.run(&["targets", "disable", "111122223333"]).code, 0);
    assert_eq!(folder.run(&["targets", "remove", "111122223333"]).code, 0);
}

/// A registry that was edited by hand has a customer with an easy external ID. No new account gets the same.
#[test]
fn that_of_a_customer_is_not_given_to_more_accounts() {
    let folder = Folder::new();
    let text = format!(
        r#"{{"version":1,"targets":[{{"account_id":"111122223333","external_id":"{GUESSABLE}","customer":"umbrella"}}]}}"#
    );
    folder.with("targets.json", &text);
    let csv = folder.with("list.csv", "account_id\n444455556666\n777788889999\n");
    let onboard = ["onboard", "--backend-role", BACKEND_ROLE, "--customer", "umbrella"];
    for arguments in [
        &["targets", "add", "444455556666", "--customer", "umbrella"][..],
        &["targets", "import", "--csv", &csv, "--customer", "umbrella"],
        &[&onboard[..], &["444455556666", "777788889999"]].concat(),
    ] {
        let refused = folder.run(arguments);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert_eq!(refused.err.matches("the customer `umbrella`").count(), 1, "one customer, one problem: {refused:?}");
        assert_eq!(folder.targets().as_array().map(Vec::len), Some(1), "{arguments:?}");
    }
    // The invitation of an account that is there already has it too.
    let refused = folder.run(&[&onboard[..], &["111122223333"]].concat());
    assert!(refused.code == 2 && refused.err.contains("Another external ID"), "{refused:?}");
    let imported = folder.run(&["targets", "import", "--csv", &csv, "--customer", "umbrella", ALLOW]);
    assert_eq!(imported.code, 0, "{imported:?}");
    assert!(folder.targets().as_array().expect("targets")[1..].iter().all(|target| target["enabled"] == false));
    // Another customer is not concerned.
    assert_eq!(folder.run(&["targets", "add", "000011112222", "--customer", "globex"]).code, 0);
    assert_eq!(folder.run(&["targets", "enable", "000011112222"]).code, 0);
    let plan = folder.run(&["plan", "--accounts", "all", "--json"]);
    assert_eq!(plan.code, 0, "{plan:?}");
    assert_eq!(plan.response()["guessable_external_ids"], json!(["111122223333"]));
    let plan = folder.run(&["plan", "--accounts", "all"]);
    assert!(plan.out.contains("The external IDs of these accounts can be guessed"), "{plan:?}");
}

#[test]
fn imports_leave_it_out_with_the_reason() {
    let folder = Folder::new();
    let profile = |name: &str, account: &str, id: &str| {
        format!("[profile {name}]\nrole_arn = arn:aws:iam::{account}:role/x\nexternal_id = {id}\nsource_profile = y\n")
    };
    let profiles = folder.with(
        "config",
        &[
            profile("sound", "111122223333", "kW9zP2mX7qL5vN8tR4"),
            profile("easy", "444455556666", GUESSABLE),
            profile("number", "777788889999", "acc-777788889999"),
        ]
        .concat(),
    );
    let import = ["targets", "import", "--profile-file", &profiles, "--json"];
    let imported = folder.run(&import);
    assert_eq!(imported.code, 0, "{imported:?}");
    let report = imported.response();
    assert_eq!(report["added"], json!(["111122223333"]));
    assert!(!imported.out.contains("acc-777788889999"));
    insta::assert_snapshot!(serde_json::to_string_pretty(&report["left_out"]).expect("JSON"));
    let imported = folder.run(&[&import[..], &[ALLOW]].concat()).response();
    assert_eq!((&imported["added"], &imported["left_out"]), (&json!(["444455556666", "777788889999"]), &json!([])));
    assert!(folder.targets().as_array().expect("targets").iter().all(|target| target["enabled"] == false));
}

/// A simulated customer whose role and registry entry have the external ID.
async fn customer_with(external_id: &str) -> Fixture {
    let fixture = Fixture::start(2, account_with(1, 1, 2), |world| {
        world.role(BACKEND, "rolecall-backend", None);
        world.role(&account_id(0), "rolecall-inventory", Some(external_id));
        for number in 0..2 {
            let role = world.account(&account_id(number)).roles.get_mut("rolecall-inventory").expect("a role");
            role.trusts = vec![BACKEND_ROLE.to_owned()];
        }
    })
    .await;
    let other = crate::sim::external_id(&account_id(1));
    write_registry(
        fixture.folder.path(),
        &[
            json!({ "account_id": account_id(0), "external_id": external_id, "enabled": false }),
            json!({ "account_id": account_id(1), "external_id": other, "enabled": false }),
        ],
    );
    fixture
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_calls_it_unsafe_and_enables_only_the_others() {
    let fixture = customer_with(GUESSABLE).await;
    let mut command =
        fixture.rolecall(&["check", "--backend-role", BACKEND_ROLE, "--wait", "0s", "--json", "--enable"]);
    command.args(["--resources", "ec2_vpcs", "--regions", "eu-central-1"]);
    let checked = tokio::task::block_in_place(|| run_command(command));
    assert_eq!(checked.code, 1, "{checked:?}");
    assert!(!checked.out.contains(GUESSABLE) && !checked.err.contains(GUESSABLE));
    let report = checked.response();
    assert_eq!(report["enabled"], json!([account_id(1)]), "{report}");
    assert_eq!(target(&report, &account_id(0))["verdict"], "unsafe");
    assert!(
        findings(target(&report, &account_id(0))).starts_with("unsafe: its external ID can be guessed"),
        "{report}"
    );
    assert!(!findings(target(&report, &account_id(1))).contains("guessed"), "{report}");
}

/// One customer does not stop the run of the others: it is warned of, without the reason.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_warns_and_goes_on() {
    let fixture = customer_with(GUESSABLE).await;
    let registry = std::fs::read_to_string(fixture.folder.path().join("targets.json")).expect("a registry");
    let registry = registry.replace("false", "true");
    std::fs::write(fixture.folder.path().join("targets.json"), registry).expect("written");
    let out = fixture.out().display().to_string();
    let mut command = fixture.command(&out);
    command.args(["--resources", "ec2_vpcs", "--regions", "eu-central-1", "--backend-role", BACKEND_ROLE]);
    let ran = tokio::task::block_in_place(|| run_command(command));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("can be guessed") && ran.err.contains(&account_id(0)), "{ran:?}");
    assert!(!ran.err.contains(&account_id(1)) && !ran.err.contains("made of"), "{ran:?}");
    assert!(!ran.err.contains(GUESSABLE) && !ran.out.contains(GUESSABLE), "{ran:?}");
}
