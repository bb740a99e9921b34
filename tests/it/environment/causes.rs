//! Credentials that are missing: each cause has its own sentence, with what to do.

use std::path::Path;
use std::process::Command;

use super::loopback::{Answer, Loopback, refusal, sts};
use super::{refused, run};

/// Returns a run with the profile `work` of this configuration.
fn with_profile(folder: &Path, config: &str) -> Command {
    let file = folder.join("config");
    std::fs::write(&file, config).expect("written");
    let mut command = run(folder);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    command.env("AWS_CONFIG_FILE", &file).env("AWS_PROFILE", "work").env("PATH", "/usr/bin:/bin");
    command
}

const SSO: &str = "[profile work]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Auditor\n\
                   [sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n";
const ROLE: &str = "[profile work]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = base\nMFA\n\
                    [profile base]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = s3cret\n";
const TOKEN: &str = "[profile work]\nrole_arn = arn:aws:iam::111122223333:role/x\nweb_identity_token_file = TOKEN\n";

#[test]
fn each_cause_of_missing_credentials_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let token = folder.join("token").display().to_string();
    std::fs::write(&token, "a.b.c").expect("written");
    let process = |program: &str| format!("[profile work]\ncredential_process = {program}\n");
    let printing = |id: &str| {
        process(&format!("printf '{{\"Version\":1,\"AccessKeyId\":\"{id}\",\"SecretAccessKey\":\"s3cret\"}}'"))
    };
    let cases: Vec<(&str, String, &[&str])> = vec![
        ("SSO expired", SSO.into(), &["the SSO session of the profile `work` has expired", "aws sso login --profile work"]),
        ("MFA", ROLE.replace("MFA", "mfa_serial = arn:aws:iam::1:mfa/x"), &["MFA device (mfa_serial)", "export-credentials"]),
        ("role denied", ROLE.replace("MFA\n", ""), &["the profile `work` cannot assume arn:aws:iam::111122223333:role/x"]),
        ("process fails", process("sh -c 'echo no smart card >&2; exit 3'"), &["credential_process of the profile `work` fails (exit status: 3)", "no smart card"]),
        ("process missing", process("/nowhere/get-credentials"), &["does not exist or cannot be run", "credential_process"]),
        ("process prints text", process("echo hello"), &["printed no credentials", "Version 1"]),
        ("process prints a broken key", printing("AK\\\\nID"), &["access key id", "set it again"]),
        ("unknown profile", "[profile home]\nregion = eu-west-1\n".into(), &["the profile `work` does not exist", "home"]),
        ("broken file", "[profile work\n".into(), &["the profiles cannot be read", "correct the file"]),
        ("no section", "region = eu-west-1\n".into(), &["the profiles cannot be read"]),
        ("token expired", TOKEN.replace("TOKEN", &token), &["the web identity token has expired"]),
        ("token missing", TOKEN.replace("TOKEN", "/nowhere/token"), &["the web identity token cannot be read", "web_identity_token_file"]),
        ("aws login", "[profile work]\nlogin_session = arn:aws:iam::111122223333:user/x\n".into(), &["the sign-in of the profile `work` has expired", "aws login --profile work"]),
        ("no credentials", "[profile work]\nregion = eu-west-1\n".into(), &["the profile `work` has no credentials"]),
        ("loop", "[profile work]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = b\n[profile b]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = work\n".into(), &["the profile `work` cannot be used"]),
    ];
    let server = Loopback::start(|request| {
        if request.contains("AssumeRoleWithWebIdentity") {
            refusal(400, "ExpiredTokenException", "Token expired")
        } else {
            sts(request)
        }
    });
    let mut sentences = Vec::new();
    for (case, config, parts) in cases {
        let mut command = with_profile(folder, &config);
        command.env("AWS_ENDPOINT_URL", server.url());
        let message = refused(command, "NoCredentials");
        for part in parts {
            assert!(message.contains(part), "{case}: {message}");
        }
        assert!(!sentences.contains(&message), "{case}: {message}");
        sentences.push(message);
    }
}

#[test]
fn a_role_of_identity_center_that_is_not_assigned_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Loopback::start(|request| {
        if request.contains("/federation/credentials") {
            Answer::Http(
                403,
                "x-amzn-errortype: ForbiddenException\r\ncontent-type: application/json\r\n",
                r#"{"message":"No access"}"#.into(),
            )
        } else {
            sts(request)
        }
    });
    let cache = folder.path().join(".aws/sso/cache");
    std::fs::create_dir_all(&cache).expect("a folder");
    // The name is the SHA-1 of `corp`.
    let cached = r#"{"accessToken":"t","expiresAt":"2099-01-01T00:00:00Z","region":"eu-west-1","startUrl":"https://corp.awsapps.com/start"}"#;
    std::fs::write(cache.join("ee0bfd2552fbd840c02cc48b6e823320543c450f.json"), cached).expect("written");
    let mut command = with_profile(folder.path(), SSO);
    command.env("AWS_ENDPOINT_URL", server.url());
    let message = refused(command, "NoCredentials");
    assert!(message.contains("does not let you use the role `Auditor` in account `111122223333`"), "{message}");
}

#[test]
fn failures_on_the_way_to_credentials_are_not_the_credentials() {
    let folder = tempfile::tempdir().expect("a folder");
    for (answer, what) in [
        (refusal(400, "Throttling", "Rate exceeded"), "limits the rate"),
        (Answer::Http(503, "", String::new()), "a failure of its own"),
        (Answer::Close, "cannot be reached"),
    ] {
        let server = Loopback::start(move |_| answer.clone());
        let mut command = with_profile(folder.path(), &ROLE.replace("MFA\n", ""));
        command.env("AWS_ENDPOINT_URL", server.url());
        let message = refused(command, "EndpointUnreachable");
        assert!(message.contains(what), "{message}");
    }
}

#[test]
fn an_empty_endpoint_is_named_where_the_sdk_cannot_take_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = with_profile(folder.path(), &ROLE.replace("MFA\n", ""));
    command.env("AWS_ENDPOINT_URL", "");
    assert!(refused(command, "NoCredentials").starts_with("AWS_ENDPOINT_URL is set and empty"));
    for (name, value) in [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "x y"),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/a b"),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ""),
    ] {
        let mut command = run(folder.path());
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY").env(name, value);
        assert!(refused(command, "NoCredentials").starts_with("the container's source of credentials"), "{name}");
    }
}

#[test]
fn a_key_of_the_source_profile_that_cannot_be_sent_ends_no_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Loopback::start(sts);
    for key in ["AKID\u{7f}X", "AK\rID"] {
        let config = ROLE.replace("MFA\n", "").replace("AKIDEXAMPLE", key);
        let mut command = with_profile(folder.path(), &config);
        command.env("AWS_ENDPOINT_URL", server.url());
        let message = refused(command, "NoCredentials");
        assert!(message.contains("access key"), "{message}");
    }
}
