//! Services that have no SDK here: their requests, their pages, their rates, and what of their answers is kept.

use rolecall::testing::Settings;
use serde_json::{Value, json};

use crate::command::{manifest, rows};
use crate::fixture::{Fixture, account_with, assert_complete, ids, ledger, ledger_row};
use crate::sim::{Account, Buckets, Fault, Service, Times, account_id};

fn template() -> Account {
    Account { resolver_rules: 230, profiles: 2, domains: 3, ..account_with(1, 0, 2) }
}

fn request(run_id: &str, regions: &[&str]) -> Value {
    let resources = ["route53resolver_*", "route53profiles_*", "route53domains_*"];
    json!({ "run_id": run_id, "accounts": "all", "regions": regions, "resources": resources })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_and_every_detail_is_read() {
    let fixture = Fixture::start(2, template(), |_| {}).await;
    let response = fixture.run(request("all", &["eu-west-1", "us-east-2"]), None).await.expect("a response");
    assert_complete(&response);
    for (table, records) in [
        ("route53resolver_rules", 2 * 2 * 230),
        ("route53resolver_rule_associations", 2 * 2 * 230),
        ("route53resolver_endpoints", 0),
        ("route53profiles_profiles", 2 * 2 * 2),
        ("route53domains_domains", 2 * 3),
    ] {
        assert_eq!(response.records[table], records, "{table}");
        assert_eq!(ids(&fixture.out(), "all", table).len() as u64, records, "{table}");
    }
    let counts = fixture.sim.counts();
    assert_eq!(counts.of(&account_id(0), Service::Route53Resolver, "ListResolverRules"), 2 * 3);
    assert_eq!(counts.of(&account_id(0), Service::Route53Profiles, "ListProfileResourceAssociations"), 2 * 2);
    // Domains are called in their one region.
    assert!(fixture.sim.log_of(Service::Route53Domains, "ListDomains").iter().all(|call| call.region == "us-east-1"));
    let table = |table: &str| rows(&fixture.out(), &manifest(&fixture.out(), "all"), table);
    for domain in table("route53domains_domains") {
        assert_eq!(domain["region"], "global");
        assert_eq!(domain["id"], domain["domain_name"]);
        assert_eq!(domain["expiry"], "2030-03-17T17:46:40.5Z");
        assert_eq!(domain["nameservers"], json!([{ "Name": "ns-1.example.net" }]));
        assert_eq!(domain["creation_date"], "2014-05-13T16:53:20Z");
        assert!(!domain.to_string().contains("person@example.org"), "{domain}");
    }
    for profile in table("route53profiles_profiles") {
        assert_eq!((&profile["owner_id"], &profile["profile"]["Status"]), (&profile["account_id"], &json!("COMPLETE")));
    }
    for rule in table("route53resolver_rules") {
        assert!(rule.get("name").is_none(), "null is a missing member: {rule}");
        assert_eq!(rule["target_ips"], json!([{ "Ip": "192.0.2.1", "Port": 53, "Protocol": "Do53" }]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_stays_within_what_aws_allows() {
    let fixture =
        Fixture::start(1, Account { resolver_rules: 1, ..template() }, |world| world.buckets = Buckets::aws());
    let fixture = fixture.await;
    let settings = Settings { resolver_rate: Settings::default().resolver_rate, ..fixture.settings.clone() };
    let fixture = Fixture { settings, ..fixture };
    let response = fixture.run(request("slow", &["eu-west-1", "us-east-2"]), None).await.expect("a response");
    assert_complete(&response);
    assert_eq!((response.throttles, fixture.sim.counts().throttled), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_told_and_retried_as_those_of_other_services() {
    let fixture = Fixture::start(1, template(), |_| {}).await;
    let rules = |fault: Fault| fault.service(Service::Route53Resolver);
    fixture.sim.add_fault(
        rules(Fault::error(400, "ThrottlingException")).operation("ListResolverRules").times(Times::First(2)),
    );
    fixture.sim.add_fault(rules(Fault::error(500, "InternalServiceErrorException")).operation("ListFirewallConfigs"));
    fixture.sim.add_fault(rules(Fault::error(400, "AccessDeniedException")).operation("ListResolverDnssecConfigs"));
    fixture.run(request("errors", &["eu-west-1"]), None).await.expect("a response");
    let ledger = ledger(&fixture.out(), "errors");
    let row = |table: &str| ledger_row(&ledger, &account_id(0), "eu-west-1", table);
    let throttled = row("route53resolver_rules");
    assert_eq!(
        (&throttled["status"], &throttled["throttles"], &throttled["retries"]),
        (&json!("ok"), &json!(2), &json!(2))
    );
    let failed = row("route53resolver_firewall_configs");
    assert_eq!((&failed["status"], &failed["error_code"]), (&json!("failed"), &json!("InternalServiceErrorException")));
    assert_eq!(failed["calls"], 3, "a failure inside is tried again: {failed}");
    let denied = row("route53resolver_dnssec_configs");
    assert_eq!((&denied["status"], &denied["error_code"]), (&json!("denied"), &json!("AccessDeniedException")));
    for row in [failed, denied] {
        assert!(row["request_id"].is_string() && row["error_message"].is_string(), "{row}");
    }
}
