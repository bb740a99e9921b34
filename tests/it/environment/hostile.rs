//! A matrix of hostile values: local commands work whatever they are, and calls fail with one clear message.

use super::loopback::{Loopback, sts};
use super::{assert_orderly, on_registry, refused, run};
use crate::command::run_command;

/// Variables and values, and whether a run must be refused with the variable's name.
const VALUES: &[(&str, &[&str], bool)] = &[
    ("AWS_RETRY_MODE", &["legacy", "", "adaptive", "nonsense"], false),
    ("AWS_MAX_ATTEMPTS", &["", "0", "-1", "many", "99999999999"], false),
    ("AWS_DEFAULTS_MODE", &["legacy", "", "x"], false),
    ("AWS_NEW_RETRIES_2026", &["x", ""], false),
    ("AWS_USE_FIPS_ENDPOINT", &["", "false"], false),
    ("AWS_USE_FIPS_ENDPOINT", &["1", "ja"], true),
    ("AWS_USE_DUALSTACK_ENDPOINT", &["0", "on"], true),
    ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", &["1"], true),
    ("AWS_REQUEST_CHECKSUM_CALCULATION", &["", "never"], false),
    ("AWS_RESPONSE_CHECKSUM_VALIDATION", &["", "never"], false),
    ("AWS_SDK_UA_APP_ID", &["", "an app\n", "ä"], false),
    ("AWS_DISABLE_REQUEST_COMPRESSION", &["", "x"], false),
    ("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", &["", "-1"], false),
    ("AWS_ACCOUNT_ID_ENDPOINT_MODE", &["", "x"], false),
    ("AWS_AUTH_SCHEME_PREFERENCE", &["", ",", "none"], false),
    ("AWS_SIGV4A_SIGNING_REGION_SET", &["", ","], false),
    ("AWS_DISABLE_CLOCK_SKEW_CORRECTION", &["", "x"], false),
    ("AWS_EC2_METADATA_DISABLED", &["", "x"], false),
    ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &["", "x y", "http://"], false),
    ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", &["", "IPv5"], false),
    ("AWS_EXECUTION_ENV", &["", "AWS_ECS"], false),
    ("AWS_EXECUTION_ENV", &["a\nb"], true),
    ("AWS_REGION", &[" eu-west-1 ", "eu-west-1\r\n"], false),
    ("AWS_REGION", &["Ireland", "eu west 1", "eu-west-1/x", "xx-west-1", "aws-global"], true),
    ("AWS_ENDPOINT_URL_S3", &[""], false),
    ("AWS_ENDPOINT_URL_STS", &["localhost:4566", "//x", "http://", "http://x:y"], true),
    ("AWS_ENDPOINT_URL", &["localhost:4566", "localhost", "ftp://x", "http://", "http:// x", "mailto:x", "{}"], true),
    ("AWS_ACCESS_KEY_ID", &["AKID\r", "AKID\n", "\tAKID "], false),
    ("AWS_ACCESS_KEY_ID", &["AK\rID", "AK ID", "AKÏD"], true),
    ("AWS_SECRET_ACCESS_KEY", &["s3cret\r\n", " s3cret"], false),
    ("AWS_SECRET_ACCESS_KEY", &["s3\ncret", "s3cret s3cret"], true),
    ("AWS_SESSION_TOKEN", &["", "token\r\n"], false),
    ("AWS_SESSION_TOKEN", &["to\rken", "to\u{7f}ken"], true),
    ("AWS_PROFILE", &["", "nobody", "a\nb"], false),
    ("AWS_CONFIG_FILE", &["", "/", "/dev/null", "~"], false),
    ("AWS_CA_BUNDLE", &["", "/nowhere"], false),
    ("HTTP_PROXY", &[""], false),
    ("HTTP_PROXY", &["socks5://x", "http://", "::", "http://x y"], true),
    ("HTTPS_PROXY", &["socks5://x", "ftp://x"], true),
    ("NO_PROXY", &["", ",,,", "*", "[::", "a:b:c"], false),
    ("SSL_CERT_FILE", &["/nowhere", "/"], false),
];

#[test]
fn no_value_makes_a_command_panic() {
    let server = Loopback::start(sts);
    let folder = tempfile::tempdir().expect("a folder");
    for (name, values, is_refused) in VALUES {
        for value in *values {
            let case = format!("{name}={value:?}");
            for arguments in [&["targets", "list"][..], &["plan", "--accounts", "all"]] {
                let mut local = on_registry(folder.path(), arguments);
                local.env("AWS_REGION", "eu-west-1").env(name, value);
                let ran = run_command(local);
                assert_orderly(&ran, &case);
                assert_eq!(ran.code, 0, "{case} {arguments:?}: {ran:?}");
            }
            let mut command = run(folder.path());
            command.env("AWS_ENDPOINT_URL", server.url()).env(name, value);
            let ran = run_command(command);
            assert_orderly(&ran, &case);
            let message = ran.err.replace("\n  ", "\n");
            let expected = format!("rolecall: InvalidSettings\n{name}: ");
            assert_eq!(message.starts_with(&expected), *is_refused, "{case}: {ran:?}");
            // The account's role is refused by the server, so a run that made its calls has no answered cell.
            assert_eq!(ran.code, 2, "{case}: {ran:?}");
            assert!(*is_refused || ran.out.contains("failed"), "{case}: {ran:?}");
        }
    }
}

#[test]
fn commands_without_calls_need_no_environment() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [&["resources"][..], &["schema", "request"]] {
        let mut command = crate::command::rolecall(arguments);
        command
            .current_dir(folder.path())
            .env("AWS_MAX_ATTEMPTS", "0")
            .env("AWS_ENDPOINT_URL", "x")
            .env("AWS_REGION", "?");
        command.env("SSL_CERT_FILE", "/nowhere").env("SSL_CERT_DIR", "/nowhere");
        let ran = run_command(command);
        assert_orderly(&ran, &format!("{arguments:?}"));
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
    }
}

/// The AWS CLI writes names of several words with underscores, the SDK with hyphens.
#[test]
fn endpoints_of_services_in_the_profile_are_read_in_both_spellings() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config");
    for service in ["elastic_load_balancing_v2", "elastic-load-balancing-v2", "route_53", "ec2"] {
        let text = format!("[default]\nservices = own\n[services own]\n{service} =\n  endpoint_url = localhost\n");
        std::fs::write(&file, text).expect("written");
        let mut command = run(folder.path());
        command.env("AWS_CONFIG_FILE", &file);
        let message = refused(command, "InvalidSettings");
        assert!(message.contains(&format!("endpoint_url of {service} in the services of the profile")), "{message}");
    }
}

#[test]
fn keys_of_the_profile_are_checked_like_variables() {
    let server = Loopback::start(sts);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config");
    for (key, value, wrong) in [
        ("retry_mode", "legacy", None),
        ("max_attempts", "0", None),
        ("max_attempts", "x", None),
        ("use_fips_endpoint", "1", Some("use_fips_endpoint of the profile `default`")),
        ("endpoint_url", "localhost", Some("endpoint_url of the profile `default`")),
        ("region", "Ireland", Some("region of the profile `default`")),
        ("ca_bundle", "/nowhere", None),
    ] {
        std::fs::write(&file, format!("[default]\n{key} = {value}\n")).expect("written");
        let mut command = run(folder.path());
        command.env("AWS_CONFIG_FILE", &file).env("AWS_ENDPOINT_URL", server.url());
        if key == "region" {
            command.env_remove("AWS_REGION");
        }
        let ran = run_command(command);
        assert_orderly(&ran, key);
        let message = ran.err.replace("\n  ", "\n");
        match wrong {
            Some(place) => {
                assert!(message.starts_with(&format!("rolecall: InvalidSettings\n{place}: ")), "{key}: {ran:?}")
            }
            None => assert!(ran.out.contains("failed"), "{key}: {ran:?}"),
        }
    }
}
