use super::*;

fn call(client: &Client, target: &str, body: &str) -> (u16, serde_json::Value) {
    let headers = [("x-amz-target", target), ("content-type", "application/x-amz-json-1.1")];
    let service = if target.starts_with("Route53Domains") { "route53domains" } else { "route53resolver" };
    let answer = client.send(service, "POST", "/", &headers, body.as_bytes()).expect("an answer");
    (answer.status, serde_json::from_str(&answer.text()).expect("JSON"))
}

#[tokio::test]
async fn json_listings_are_paged_and_refused_as_in_aws() {
    let sim = sim(|world| {
        let account = world.account(&account_id(0));
        (account.resolver_rules, account.domains) = (130, 2);
    })
    .await;
    let client = Client::root(&sim, &account_id(0)).region("eu-west-1");
    let rules = "Route53Resolver.ListResolverRules";
    let (status, first) = call(&client, rules, r#"{"MaxResults":100}"#);
    assert_eq!((status, first["ResolverRules"].as_array().map(Vec::len)), (200, Some(100)));
    let token = first["NextToken"].as_str().expect("a token");
    let next = serde_json::json!({ "MaxResults": 100, "NextToken": token }).to_string();
    let (_, second) = call(&client, rules, &next);
    assert_eq!((second["ResolverRules"].as_array().map(Vec::len), second.get("NextToken")), (Some(30), None));
    for (target, body, code) in [
        (rules, r#"{"MaxResults":101}"#, "InvalidParameterException"),
        (rules, r#"{"NextToken":"x"}"#, "InvalidNextTokenException"),
        ("Route53Resolver.ListResolverRuleAssociations", next.as_str(), "InvalidNextTokenException"),
        ("Route53Resolver.CreateResolverRule", "{}", "UnknownOperationException"),
        // Domains are in us-east-1 alone.
        ("Route53Domains_v20140515.ListDomains", "{}", "SignatureDoesNotMatch"),
    ] {
        let (status, answer) = call(&client, target, body);
        assert!(status >= 400 && answer["__type"] == code, "{target} {body}: {answer}");
    }
    let client = client.region("us-east-1");
    let (_, domains) = call(&client, "Route53Domains_v20140515.ListDomains", r#"{"MaxItems":1}"#);
    assert_eq!(domains["Domains"].as_array().map(Vec::len), Some(1));
    assert!(domains["NextPageMarker"].is_string());
}
