//! The way to AWS: proxies, certificates, and what STS or something in its place answers.

use super::loopback::{Answer, Loopback, identity, refusal, sts};
use super::{refused, run};
use crate::command::{rolecall, run_command};

#[test]
fn proxies_are_used_unless_no_proxy_names_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let (proxy, endpoint) = (Loopback::start(sts), Loopback::start(sts));
    for name in ["HTTP_PROXY", "http_proxy"] {
        let mut command = run(folder.path());
        command.env(name, proxy.url()).env("AWS_ENDPOINT_URL", "http://sts.example.invalid");
        let ran = run_command(command);
        assert!(ran.out.contains("failed"), "{ran:?}");
        let seen = proxy.requests();
        assert!(seen.iter().any(|request| request.starts_with("POST http://sts.example.invalid/")), "{seen:?}");
    }
    let before = proxy.requests().len();
    for exception in ["127.0.0.1".to_owned(), format!("127.0.0.1:{}", endpoint.port), "127.0.0.0/8".into(), "*".into()]
    {
        for name in ["NO_PROXY", "no_proxy"] {
            let mut command = run(folder.path());
            command.env("HTTP_PROXY", proxy.url()).env("AWS_ENDPOINT_URL", endpoint.url()).env(name, &exception);
            assert!(run_command(command).out.contains("failed"), "{name}={exception}");
        }
    }
    assert_eq!(proxy.requests().len(), before, "a listed host was called by the proxy");
    assert!(!endpoint.requests().is_empty());
    // Without the exception, the loopback too is called by the proxy.
    let mut command = run(folder.path());
    command.env("HTTP_PROXY", proxy.url()).env("AWS_ENDPOINT_URL", endpoint.url()).env("NO_PROXY", "example.com");
    run_command(command);
    assert!(proxy.requests().len() > before);
}

#[test]
fn https_is_tunnelled_with_the_proxys_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let proxy = Loopback::start(|_| Answer::Http(403, "", String::new()));
    for name in ["HTTPS_PROXY", "https_proxy"] {
        let mut command = run(folder.path());
        command.env(name, format!("http://user:s3cret@127.0.0.1:{}", proxy.port));
        let message = refused(command, "EndpointUnreachable");
        assert!(message.contains(&format!("the proxy in {name}")), "{message}");
    }
    let seen = proxy.requests();
    assert!(seen.iter().all(|request| request.starts_with("CONNECT sts.eu-west-1.amazonaws.com:443 ")), "{seen:?}");
    assert!(seen[0].to_ascii_lowercase().contains("proxy-authorization: basic"), "{seen:?}");
    let asking = Loopback::start(|_| Answer::Http(407, "proxy-authenticate: Basic\r\n", String::new()));
    let mut command = run(folder.path());
    command.env("HTTP_PROXY", asking.url()).env("AWS_ENDPOINT_URL", "http://sts.example.invalid");
    let message = refused(command, "EndpointUnreachable");
    assert!(message.contains("asks for a user name and a password") && message.contains("HTTP_PROXY"), "{message}");
}

#[test]
fn missing_certificates_end_a_call_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let none = |command: &mut std::process::Command| {
        command.env("SSL_CERT_FILE", folder.path().join("none.pem")).env("SSL_CERT_DIR", folder.path());
    };
    let mut command = run(folder.path());
    none(&mut command);
    let message = refused(command, "InvalidSettings");
    assert!(message.contains("AWS_CA_BUNDLE") && message.contains("SSL_CERT_FILE"), "{message}");
    // Plain HTTP needs no certificates.
    let server = Loopback::start(sts);
    let mut command = run(folder.path());
    none(&mut command);
    command.env("AWS_ENDPOINT_URL", server.url());
    assert!(run_command(command).out.contains("failed"));
    for (content, what) in [(None, "cannot be read"), (Some("nothing\n"), "has no certificate that can be used")] {
        let bundle = folder.path().join("bundle.pem");
        let _ = std::fs::remove_file(&bundle);
        if let Some(content) = content {
            std::fs::write(&bundle, content).expect("written");
        }
        let mut command = run(folder.path());
        command.env("AWS_CA_BUNDLE", &bundle);
        let message = refused(command, "InvalidSettings");
        assert!(message.starts_with("AWS_CA_BUNDLE: ") && message.contains(what), "{message}");
        let config = folder.path().join("config");
        std::fs::write(&config, format!("[default]\nca_bundle = {}\n", bundle.display())).expect("written");
        let mut command = run(folder.path());
        command.env("AWS_CONFIG_FILE", &config);
        let message = refused(command, "InvalidSettings");
        assert!(message.starts_with("ca_bundle of the profile `default`: ") && message.contains(what), "{message}");
    }
}

#[test]
fn each_failure_of_sts_has_its_cause() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = |status: u16, body: &str| Answer::Http(status, "", body.to_owned());
    let long = "x".repeat(3 << 20);
    let cases: Vec<(Answer, &str, &str)> = vec![
        (refusal(400, "Throttling", "Rate exceeded"), "EndpointUnreachable", "limits the rate"),
        (text(429, ""), "EndpointUnreachable", "limits the rate"),
        (refusal(500, "InternalFailure", "oops"), "EndpointUnreachable", "a failure of its own"),
        (text(503, "<html>busy</html>"), "EndpointUnreachable", "a failure of its own"),
        (text(502, ""), "EndpointUnreachable", "a failure of its own"),
        (text(404, "not here"), "EndpointUnreachable", "AWS_ENDPOINT_URL"),
        (Answer::Close, "EndpointUnreachable", "cannot be reached"),
        (Answer::Cut, "EndpointUnreachable", "AWS_ENDPOINT_URL"),
        (text(200, "<html>Welcome to the hotel</html>"), "EndpointUnreachable", "not one of STS"),
        (text(200, "{}"), "EndpointUnreachable", "not one of STS"),
        (identity(""), "EndpointUnreachable", "not one of STS"),
        (refusal(403, "InvalidClientTokenId", "no"), "InvalidCredentials", "are refused"),
        (refusal(403, "SignatureDoesNotMatch", "The request signature"), "InvalidCredentials", "are refused"),
        (refusal(403, "SignatureDoesNotMatch", "Signature expired: 2026"), "InvalidSettings", "the clock"),
        (refusal(403, "RequestTimeTooSkewed", "x"), "InvalidSettings", "the clock"),
        (refusal(403, "ExpiredToken", "x"), "ExpiredCredentials", "sign in again"),
        (refusal(403, "AccessDenied", "x"), "InvalidCredentials", "a policy denies"),
        (refusal(403, "\n AccessDenied\n", &long), "InvalidCredentials", "a policy denies"),
        (text(403, "<html>Forbidden</html>"), "InvalidCredentials", "a policy denies"),
        (
            Answer::Http(400, "x-amzn-errortype: ThrottlingException\r\n", String::new()),
            "EndpointUnreachable",
            "limits the rate",
        ),
    ];
    for (answer, kind, what) in cases {
        let case = format!("{answer:.200?}");
        let server = Loopback::start(move |_| answer.clone());
        let mut command = run(folder.path());
        command.env("AWS_ENDPOINT_URL", server.url());
        let message = refused(command, kind);
        assert!(message.contains(what), "{case}: {message}");
        assert!(message.chars().count() < 1500 && !message.contains('\n'), "{case}: {message}");
    }
}

#[test]
fn refusals_of_any_form_are_denied() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = |status: u16, headers, body: String| Answer::Http(status, headers, body);
    let long = "x".repeat(3 << 20);
    for answer in [
        refusal(403, "AccessDenied", &long),
        refusal(403, &format!("AccessDenied\n{long}"), "no"),
        refusal(200, "AccessDenied", "no"),
        text(403, "", String::new()),
        text(403, "", format!("<html>{long}</html>")),
        text(400, "", r#"{"__type":"x#AccessDeniedException","message":"no"}"#.into()),
        text(400, "x-amzn-errortype: AccessDenied\r\n", long.clone()),
    ] {
        let case = format!("{answer:.200?}");
        let server = Loopback::start(move |request| match sts(request) {
            Answer::Http(403, ..) => answer.clone(),
            known => known,
        });
        let mut command = run(folder.path());
        command.arg("--json").env("AWS_ENDPOINT_URL", server.url());
        let ran = run_command(command);
        let cells = &ran.response()["cells"];
        assert!(
            cells["denied"].as_u64() > Some(0) && cells.as_object().is_some_and(|cells| cells.len() == 1),
            "{case}: {ran:.2000?}"
        );
        assert!(ran.out.len() < 20_000, "{case}: {} bytes", ran.out.len());
        std::fs::remove_dir_all(folder.path().join("out")).expect("removed");
    }
}

#[test]
fn a_bucket_is_followed_to_its_region() {
    let registry =
        r#"{"version":1,"targets":[{"account_id":"111122223333","external_id":"an-external-id-hR7tQz2LmX9vKp4w"}]}"#;
    for (there, code) in [
        ("eu-central-1", Some("PermanentRedirect")),
        ("eu-central-1", Some("AuthorizationHeaderMalformed")),
        ("eu-central-1", None),
        ("cn-north-1", Some("PermanentRedirect")),
    ] {
        let server = Loopback::start(move |request| {
            let header = match there {
                "cn-north-1" => "x-amz-bucket-region: cn-north-1\r\netag: \"a\"\r\n",
                _ if code.is_none() => "etag: \"a\"\r\n",
                _ => "x-amz-bucket-region: eu-central-1\r\netag: \"a\"\r\n",
            };
            if request.contains(&format!("/{there}/s3/aws4_request")) {
                return Answer::Http(200, header, registry.to_owned());
            }
            let code = code.unwrap_or("AuthorizationHeaderMalformed");
            Answer::Http(
                400,
                header,
                format!("<Error><Code>{code}</Code><Message>no</Message><Region>{there}</Region></Error>"),
            )
        });
        let mut command = rolecall(&["targets", "list", "--registry", "s3://a-bucket/targets.json"]);
        command.env("AWS_ENDPOINT_URL", server.url()).env("AWS_REGION", "eu-west-1");
        command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "s3cret");
        let ran = run_command(command);
        if there == "cn-north-1" {
            assert_eq!(ran.code, 2, "{ran:?}");
            assert!(ran.err.contains("the bucket is in the region cn-north-1"), "{ran:?}");
            assert!(
                server.requests().iter().all(|request| !request.contains("/cn-north-1/")),
                "{:?}",
                server.requests()
            );
        } else {
            assert!(ran.code == 0 && ran.out.contains("111122223333"), "{code:?}: {ran:?}");
        }
    }
}

#[test]
fn regions_are_called_in_their_own_partition_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let proxy = Loopback::start(|_| Answer::Http(403, "", String::new()));
    let connected = |region: &str, change: &dyn Fn(&mut std::process::Command)| {
        let before = proxy.requests().len();
        let mut command = run(folder.path());
        command.env("HTTPS_PROXY", proxy.url()).env("AWS_REGION", region);
        change(&mut command);
        let ran = run_command(command);
        (ran, proxy.requests().split_off(before))
    };
    for (region, host) in [
        ("eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu"),
        ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"),
        ("us-iso-east-1", "sts.us-iso-east-1.c2s.ic.gov"),
        ("eu-isoe-west-1", "sts.eu-isoe-west-1.cloud.adc-e.uk"),
    ] {
        // The request's region is one of another partition then.
        let (ran, _) = connected(region, &|_| {});
        assert!(ran.err.contains("is in the partition `aws`, which a backend in"), "{ran:?}");
        let out = folder.path().join("out").display().to_string();
        let arguments = ["run", "--accounts", "all", "--output", &out];
        let before = proxy.requests().len();
        let mut command = super::on_registry(folder.path(), &arguments);
        command.env("HTTPS_PROXY", proxy.url()).env("AWS_REGION", region);
        command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "s3cret");
        refused(command, "EndpointUnreachable");
        let seen = proxy.requests().split_off(before);
        assert!(!seen.is_empty() && seen.iter().all(|request| request.contains(&format!(" {host}:443 "))), "{seen:?}");
    }
    for (name, value) in
        [("ROLECALL_STS_REGION", "us-east-1"), ("ROLECALL_BACKEND_ROLE", "arn:aws:iam::999999999999:role/backend")]
    {
        let (ran, seen) = connected("eusc-de-east-1", &|command| {
            command.env(name, value);
            command.args(["--regions", "eusc-de-east-1"]);
        });
        assert!(seen.is_empty() && ran.code == 2, "{ran:?} {seen:?}");
    }
}
