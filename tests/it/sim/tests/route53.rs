use super::client::encode;
use super::*;

fn names_of(client: &Client, zone: &str, size: usize) -> Vec<(String, String)> {
    let (mut all, mut start) = (Vec::new(), String::new());
    loop {
        let path = format!("/2013-04-01/hostedzone/{zone}/rrset?maxitems={size}{start}");
        let page = client.get("route53", &path);
        assert_eq!(page.status, 200, "{}", page.text());
        all.extend(page.all("Name").into_iter().zip(page.all("Type")));
        let Some(name) = page.element("NextRecordName") else {
            return all;
        };
        assert_eq!(page.element("IsTruncated").as_deref(), Some("true"));
        let kind = page.element("NextRecordType").expect("a type");
        start = format!("&name={}&type={kind}", encode(&name));
        if let Some(identifier) = page.element("NextRecordIdentifier") {
            start.push_str(&format!("&identifier={}", encode(&identifier)));
        }
    }
}

#[tokio::test]
async fn zones_and_records_are_listed_in_pages() {
    let sim = sim(|world| {
        let account = world.account(&account_id(0));
        account.zones = 120;
        account.zone_records.insert(1, 47);
    })
    .await;
    let client = Client::root(&sim, &account_id(0));
    let page = client.get("route53", "/2013-04-01/hostedzone?maxitems=500");
    assert_eq!((page.all("CallerReference").len(), page.element("MaxItems").as_deref()), (100, Some("100")));
    let marker = page.element("NextMarker").expect("a marker");
    let page = client.get("route53", &format!("/2013-04-01/hostedzone?maxitems=100&marker={marker}"));
    assert_eq!((page.all("CallerReference").len(), page.element("NextMarker")), (20, None));
    let zone = zone_id(&account_id(0), 1);
    let expected: Vec<String> = (0..47).map(|i| record_name(&zone_name(&account_id(0), 1), i)).collect();
    for size in [1, 3, 5, 300] {
        let names: Vec<String> = names_of(&client, &zone, size).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, expected, "pages of {size}");
    }
    let typed = client.get("route53", &format!("/2013-04-01/hostedzone/{zone}/rrset?type=A"));
    assert_eq!((typed.status, typed.code().as_str()), (400, "InvalidInput"));
    let private = client.get("route53", &format!("/2013-04-01/hostedzone/{}", zone_id(&account_id(0), 2)));
    assert_eq!(private.element("VPCId"), Some(Kind::Vpcs.id(&account_id(0), "eu-west-1", 0)));
    for gone in [zone_id(&account_id(0), 120), zone_id(&account_id(1), 0), "Zé".to_owned()] {
        let answer = client.get("route53", &format!("/2013-04-01/hostedzone/{}/rrset", encode(&gone)));
        assert_eq!((answer.status, answer.code().as_str()), (404, "NoSuchHostedZone"));
    }
}

#[tokio::test]
async fn tags_and_health_checks_are_listed() {
    let sim = sim(|world| world.account(&account_id(0)).zones = 20).await;
    let client = Client::root(&sim, &account_id(0));
    let ask = |n: usize| {
        let ids = (0..n).map(|i| format!("<ResourceId>{}</ResourceId>", zone_id(&account_id(0), i)));
        let body = format!("<ListTagsForResourcesRequest>{}</ListTagsForResourcesRequest>", ids.collect::<String>());
        client.send("route53", "POST", "/2013-04-01/tags/hostedzone", &[], body.as_bytes()).expect("an answer")
    };
    assert_eq!(ask(10).all("ResourceId").len(), 10);
    assert_eq!(ask(11).code(), "InvalidInput");
    assert_eq!(ask(0).code(), "InvalidInput");
    let checks = client.get("route53", "/2013-04-01/healthcheck?maxitems=1000");
    assert_eq!(checks.all("HealthCheckVersion").len(), 1);
    let id = checks.element("Id").expect("an id");
    assert_eq!(client.get("route53", &format!("/2013-04-01/tags/healthcheck/{id}")).all("Key"), ["Name"]);
}
