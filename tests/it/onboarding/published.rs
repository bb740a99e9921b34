//! `published.json` beside the registry: a role or a template that `make deploy` did not publish is refused.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::command::{CommandOutput, run_command};
use crate::fixture::{BACKEND, Fixture, account_with};

const ROLE: &str = "arn:aws:iam::999999999999:role/rolecall-backend";
const TEMPLATE: &str = include_str!("../../../infra/customer-role.yaml");
const MODULE: &[u8] = include_bytes!("../../../infra/terraform/customer-role.zip");
const OTHER: &str = "a template";
const BUCKET: &str = "rolecall-customers-999999999999-eu-central-1";
const REPLACED: &str = "replaced-customers-999999999999-eu-central-1";
const EMPTY: &str = "empty-customers-999999999999-eu-central-1";

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// Publishes a role and a template, and runs a command that reads it.
fn with_published(fixture: &Fixture, published: &Value, arguments: &[&str]) -> CommandOutput {
    std::fs::write(fixture.folder.path().join("published.json"), published.to_string()).expect("written");
    tokio::task::block_in_place(|| run_command(fixture.rolecall(arguments)))
}

fn published(fixture: &Fixture, role: &str, bucket: &str, template: &str) -> Value {
    let sha256 = sha256(template);
    json!({ "version": 1, "backend_role_arn": role, "template_sha256": sha256,
            "template_url": format!("{}/{bucket}/customer-role/{sha256}.yaml", fixture.sim.endpoint()) })
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_deploy_published_reaches_an_invitation() {
    let fixture = Fixture::start(1, account_with(1, 1, 2), |world| {
        world.role(BACKEND, "rolecall-backend", None);
        [BUCKET, REPLACED, EMPTY].into_iter().for_each(|bucket| world.bucket(bucket));
        world.bucket("of-a-stranger");
    })
    .await;
    let registry = fixture.folder.path().join("targets.json");
    let before = std::fs::read(&registry).expect("a registry");
    let key = |template: &str| format!("customer-role/{}.yaml", sha256(template));
    fixture.sim.put_object(BUCKET, &key(TEMPLATE), TEMPLATE);
    fixture.sim.put_object(BUCKET, &key(OTHER), OTHER);
    fixture.sim.put_object(REPLACED, &key(TEMPLATE), "other bytes");
    fixture.sim.put_object("of-a-stranger", &key(TEMPLATE), TEMPLATE);
    let invite = ["onboard", "811122223333", "--json"];
    let strangers_role = "arn:aws:iam::666666666666:role/rolecall-backend";
    for (role, bucket, template, why) in [
        (strangers_role, BUCKET, TEMPLATE, "of another account"),
        (ROLE, "of-a-stranger", TEMPLATE, "not where `make deploy` puts it"),
        (ROLE, "rolecall-customers-666666666666-eu-central-1", TEMPLATE, "not where `make deploy` puts it"),
        (ROLE, BUCKET, OTHER, "not this version's"),
        (ROLE, REPLACED, TEMPLATE, "another SHA-256"),
        (ROLE, EMPTY, TEMPLATE, "not there"),
        ("arn:aws:iam::999999999999:user/me", BUCKET, TEMPLATE, "not what `make deploy` writes"),
    ] {
        let refused = with_published(&fixture, &published(&fixture, role, bucket, template), &invite);
        assert_eq!(refused.code, 2, "{role} {bucket} {template}: {refused:?}");
        let kind = if why.contains("writes") { "RegistryUnreadable" } else { "InvalidRegistry" };
        assert!(refused.err.contains(kind) && refused.err.contains(why), "{refused:?}");
        assert_eq!(std::fs::read(&registry).expect("a registry"), before, "something was registered");
    }
    // Other commands believe the role of a stranger no more.
    let stranger = published(&fixture, strangers_role, BUCKET, TEMPLATE);
    for command in [
        &["check", "--accounts", "all"][..],
        &["policy", "customer", "--trust"],
        &["targets", "import", "--backend-role"],
    ] {
        let refused = with_published(&fixture, &stranger, command);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.err.contains("of another account") && !refused.out.contains("666666666666"), "{refused:?}");
    }
    let correct = published(&fixture, ROLE, BUCKET, TEMPLATE);
    let invited = with_published(&fixture, &correct, &invite);
    assert_eq!(invited.code, 0, "{invited:?}");
    let invitation = &invited.response()[0];
    assert_eq!(invitation["backend_role_arn"], ROLE);
    assert_eq!(
        (&invitation["template_url"], &invitation["template_sha256"]),
        (&correct["template_url"], &correct["template_sha256"])
    );
    // The module beside it has to have its content. An emulated bucket is no source for Terraform.
    let module = hex::encode(Sha256::digest(MODULE));
    let mut with_module = correct.clone();
    with_module["module_sha256"] = json!(module);
    let missing = with_published(&fixture, &with_module, &invite);
    assert!(
        missing.code == 2 && missing.err.contains("the module") && missing.err.contains("not there"),
        "{missing:?}"
    );
    fixture.sim.put_object(BUCKET, &format!("customer-role/{module}.zip"), "other bytes");
    let replaced = with_published(&fixture, &with_module, &invite);
    assert!(replaced.code == 2 && replaced.err.contains("another SHA-256"), "{replaced:?}");
    fixture.sim.put_object(BUCKET, &format!("customer-role/{module}.zip"), MODULE);
    let invited = with_published(&fixture, &with_module, &invite);
    assert!(invited.code == 0 && invited.out.contains("./customer-role"), "{invited:?}");
    // An operator may name both.
    let url = "https://example.org/t.yaml";
    let named = [&invite[..], &["--backend-role", strangers_role, "--template-url", url]].concat();
    let invited = with_published(&fixture, &stranger, &named);
    assert_eq!(invited.code, 0, "{invited:?}");
}
