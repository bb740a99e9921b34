use super::*;

/// Reads an environment of variables alone.
async fn read(variables: &[(&str, &str)]) -> Environment {
    let get = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(*value));
    Environment::read(get, Some("a-profile-that-no-file-has")).await
}

fn problems(environment: &Environment) -> Vec<&str> {
    environment.problems.iter().map(|problem| problem.place.as_str()).collect()
}

#[tokio::test]
async fn blank_values_are_unset() {
    let blank = read(&[
        ("AWS_REGION", ""),
        ("AWS_ENDPOINT_URL", " "),
        ("AWS_ENDPOINT_URL_STS", ""),
        ("AWS_CA_BUNDLE", ""),
        ("AWS_USE_FIPS_ENDPOINT", ""),
        ("HTTPS_PROXY", ""),
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", "\n"),
        ("AWS_MAX_ATTEMPTS", ""),
    ])
    .await;
    assert!(blank.problems.is_empty(), "{}", blank.problems);
    assert!(blank.endpoints.global.is_none() && blank.ca_bundle.is_none() && blank.proxies.https.is_none());
    assert!(blank.region.is_none() && !blank.has_access_key);
}

#[tokio::test]
async fn each_value_that_cannot_be_used_is_named() {
    for (name, value) in [
        ("AWS_REGION", "Frankfurt"),
        ("AWS_REGION", "eu west 1"),
        ("AWS_DEFAULT_REGION", "xx-west-1"),
        ("AWS_USE_FIPS_ENDPOINT", "1"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "yes"),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "on"),
        ("AWS_ENDPOINT_URL", "localhost:4566"),
        ("AWS_ENDPOINT_URL", "ftp://localhost"),
        ("AWS_ENDPOINT_URL", "http://"),
        ("AWS_ENDPOINT_URL", "http://localhost:port"),
        ("AWS_ENDPOINT_URL", "http://localhost/?a=b"),
        ("AWS_ENDPOINT_URL_S3", "//localhost"),
        ("HTTPS_PROXY", "socks5://localhost:1080"),
        ("http_proxy", "http://"),
    ] {
        let environment = read(&[(name, value)]).await;
        assert_eq!(problems(&environment), [name], "{value}: {}", environment.problems);
    }
    let half = read(&[("AWS_ACCESS_KEY_ID", "AKID")]).await;
    assert_eq!(problems(&half), ["AWS_SECRET_ACCESS_KEY"]);
    let half = read(&[("AWS_SECRET_ACCESS_KEY", "secret")]).await;
    assert_eq!(problems(&half), ["AWS_ACCESS_KEY_ID"]);
    let broken = read(&[("AWS_ACCESS_KEY_ID", "AK\rID"), ("AWS_SECRET_ACCESS_KEY", "my secret")]).await;
    assert_eq!(problems(&broken), ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
    assert!(!broken.problems.to_string().contains("my secret"));
    let token = read(&[("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")]).await;
    assert_eq!(problems(&token), ["AWS_ROLE_ARN"]);
}

#[tokio::test]
async fn good_values_are_trimmed_and_taken() {
    let environment = read(&[
        ("AWS_REGION", " eusc-de-east-1\n"),
        ("AWS_ENDPOINT_URL", "http://[::1]:4566"),
        ("AWS_ENDPOINT_URL_ROUTE_53", "https://route53.example.com/path"),
        ("AWS_USE_FIPS_ENDPOINT", "TRUE"),
        ("AWS_ACCESS_KEY_ID", "AKID\r\n"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("HTTPS_PROXY", "proxy.example.com:3128"),
        ("http_proxy", ""),
        ("HTTP_PROXY", "http://user:pw@proxy.example.com:3128"),
        ("NO_PROXY", "localhost:4566, *.example.com 10.0.0.0/8"),
    ])
    .await;
    assert!(environment.problems.is_empty(), "{}", environment.problems);
    assert_eq!(environment.region.as_deref(), Some("eusc-de-east-1"));
    assert_eq!(environment.use_fips, Some(true));
    assert!(environment.has_access_key);
    assert_eq!(environment.proxies.https.as_ref().map(|proxy| proxy.variable), Some("HTTPS_PROXY"));
    assert!(environment.proxies.http.is_none(), "the name in lower case goes first, also if it is empty");
    for (url, is_direct) in [
        ("http://localhost:4566/", true),
        ("http://localhost:4567/", false),
        ("http://169.254.169.254/latest", true),
        ("http://[fd00:ec2::254]/latest", true),
        ("https://sts.eu-west-1.amazonaws.com/", false),
    ] {
        assert_eq!(environment.proxies.is_direct(&url.parse().unwrap()), is_direct, "{url}");
    }
    let shown = format!("{environment:?}");
    assert!(!shown.contains("user:pw"), "{shown}");
}

#[tokio::test]
async fn settings_of_another_partition_are_problems() {
    for (region, sts, role, wrong) in [
        ("cn-north-1", Some("us-east-1"), None, &["ROLECALL_STS_REGION"][..]),
        ("eusc-de-east-1", None, Some("arn:aws:iam::111122223333:role/x"), &["ROLECALL_BACKEND_ROLE"]),
        ("eusc-de-east-1", Some("eusc-de-east-1"), Some("arn:aws-eusc:iam::111122223333:role/x"), &[]),
        ("eu-west-1", Some("us-east-1"), Some("arn:aws:iam::111122223333:role/x"), &[]),
        ("xx-west-1", None, None, &["AWS_REGION"]),
    ] {
        let settings = Settings {
            sts_region: sts.map(str::to_owned),
            backend_role: role.map(str::to_owned),
            ..Settings::default()
        };
        let mut environment = read(&[]).await;
        environment.check_partition(region, &settings);
        assert_eq!(problems(&environment), wrong, "{region} {sts:?} {role:?}");
    }
}
