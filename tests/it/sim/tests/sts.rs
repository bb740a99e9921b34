use super::client::encode;
use super::*;

#[tokio::test]
async fn trust_and_external_id_are_checked() {
    let sim = sim(|world| {
        let role = "arn:aws:iam::999999999999:role/rolecall-backend";
        world.keys.insert("AKIAFUNCTION".to_owned(), role.to_owned());
        world.role(&account_id(1), "narrow", None).trusts = vec![role.to_owned()];
    })
    .await;
    let (backend, a) = (Client::root(&sim, BACKEND), account_id(0));
    let arn = format!("arn:aws:iam::{a}:role/rolecall-inventory");
    let assume = |form: &str| backend.sts("AssumeRole", &format!("RoleArn={arn}&RoleSessionName=test{form}"));
    for wrong in ["", "&ExternalId=other"] {
        let denied = assume(wrong);
        assert_eq!((denied.status, denied.code().as_str()), (403, "AccessDenied"));
    }
    for bad in [
        "&ExternalId=x",
        "&ExternalId=a%20b",
        "&DurationSeconds=899",
        "&DurationSeconds=soon",
        "&Policy=%7B%7D%7D",
        "&Tags.1=x",
    ] {
        assert_eq!(assume(bad).status, 400, "{bad}");
    }
    let long = encode(&format!("{{\"Statement\":[],\"x\":\"{}\"}}", "x".repeat(2048)));
    assert_eq!(backend.assume(&a, &format!("&Policy={long}")).code(), "ValidationError");
    let stranger = Client::root(&sim, &account_id(1));
    assert_eq!(stranger.assume(&a, "").code(), "AccessDenied");
    let session = backend.session(&a, "");
    let identity = session.sts("GetCallerIdentity", "");
    assert_eq!(identity.element("Account"), Some(a.clone()));
    assert_eq!(identity.element("Arn"), Some(format!("arn:aws:sts::{a}:assumed-role/rolecall-inventory/test")));
    // A role that trusts only one role, and the one hour limit of role chaining.
    let narrow = format!("RoleArn=arn:aws:iam::{}:role/narrow&RoleSessionName=test", account_id(1));
    assert_eq!(backend.sts("AssumeRole", &narrow).code(), "AccessDenied");
    let function = Client { key: "AKIAFUNCTION".to_owned(), ..backend.clone() };
    assert_eq!(function.sts("AssumeRole", &narrow).status, 200);
    assert_eq!(function.sts("AssumeRole", &format!("{narrow}&DurationSeconds=3601")).code(), "ValidationError");
    assert!(sim.counts().assumed[&a] >= 8);
    assert!(sim.log_of(Service::Sts, "AssumeRole").iter().all(|e| !format!("{e:?}").contains("ext-")));
    assert!(sim.secrets().contains(&session.token.expect("a token")));
}

#[tokio::test]
async fn session_policies_expiry_and_revocation_apply() {
    let sim = sim(|_| {}).await;
    let (backend, a) = (Client::root(&sim, BACKEND), account_id(0));
    let policy =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["ec2:DescribeV*"],"Resource":"*"}}"#;
    let session = backend.session(&a, &format!("&Policy={}", encode(policy)));
    assert_eq!(session.ec2("DescribeVpcs", "").status, 200);
    let denied = session.ec2("DescribeSubnets", "");
    assert_eq!((denied.status, denied.code().as_str()), (403, "UnauthorizedOperation"));
    assert!(denied.text().contains("no session policy"));
    assert_eq!(session.get("route53", "/2013-04-01/hostedzone").code(), "AccessDenied");
    let without_token = Client { token: None, ..session.clone() };
    assert_eq!(without_token.ec2("DescribeVpcs", "").code(), "AuthFailure");
    assert_eq!(without_token.sts("GetCallerIdentity", "").code(), "InvalidClientTokenId");
    sim.expire_sessions(&a);
    assert_eq!(session.ec2("DescribeVpcs", "").code(), "RequestExpired");
    assert_eq!(session.get("route53", "/2013-04-01/hostedzone").code(), "ExpiredToken");
    let again = backend.session(&a, "");
    assert_eq!(again.ec2("DescribeVpcs", "").status, 200);
    sim.revoke_sessions(&a);
    assert_eq!(again.ec2("DescribeVpcs", "").code(), "UnauthorizedOperation");
    sim.change(|world| world.packed_policy_limit = Some(50));
    assert_eq!(backend.assume(&a, &format!("&Policy={}", encode(policy))).code(), "PackedPolicyTooLarge");
    sim.change(|world| world.session_life = Some(std::time::Duration::ZERO));
    assert_eq!(backend.session(&a, "").ec2("DescribeVpcs", "").code(), "RequestExpired");
}

#[tokio::test]
async fn regions_and_credential_scopes_are_checked() {
    let sim = sim(|world| {
        world.account(&account_id(0)).opted_in.insert("af-south-1".to_owned());
        world.account(&account_id(0)).alias = Some("acme".to_owned());
    })
    .await;
    let (one, two) = (Client::root(&sim, &account_id(0)), Client::root(&sim, &account_id(1)));
    assert_eq!(one.region("af-south-1").ec2("DescribeVpcs", "").status, 200);
    let refused = two.region("af-south-1").ec2("DescribeVpcs", "");
    assert_eq!((refused.status, refused.code().as_str()), (401, "AuthFailure"));
    assert_eq!(two.ec2("DescribeRegions", "").all("regionName").len(), 17);
    assert_eq!(one.ec2("DescribeRegions", "").all("regionName").len(), 18);
    let all = one.ec2("DescribeRegions", "AllRegions=true");
    assert_eq!(all.all("optInStatus").iter().filter(|s| *s == "not-opted-in").count(), 16);
    let wrong_scope = one.region("eu-west-1").get("route53", "/2013-04-01/hostedzone");
    assert_eq!(wrong_scope.code(), "SignatureDoesNotMatch");
    let alias = one.query("iam", "2010-05-08", "ListAccountAliases", "").expect("an answer");
    assert_eq!(alias.all("member"), ["acme"]);
    let list = |body: &str| one.send("account", "POST", "/listRegions", &[], body.as_bytes()).expect("an answer");
    let page: serde_json::Value = serde_json::from_slice(&list(r#"{"MaxResults":30}"#).body).expect("JSON");
    assert_eq!(page["Regions"].as_array().map(Vec::len), Some(30));
    let next = format!(r#"{{"MaxResults":30,"NextToken":{}}}"#, page["NextToken"]);
    let page: serde_json::Value = serde_json::from_slice(&list(&next).body).expect("JSON");
    assert_eq!((page["Regions"].as_array().map(Vec::len), page.get("NextToken")), (Some(4), None));
}
