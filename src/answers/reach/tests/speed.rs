//! How long a large estate takes. Run it with `--release -- --ignored`.

use std::time::Instant;

use serde_json::json;

use super::super::Reachability;
use super::Estate;

#[test]
#[ignore = "it measures"]
#[expect(clippy::disallowed_methods, reason = "no clock is paused here")]
fn a_large_estate() {
    let mut estate = Estate::open();
    for number in 0..50_000 {
        let rules = [
            Estate::rule("tcp", 443, 443, &["0.0.0.0/0", "::/0"]),
            Estate::rule("tcp", 22, 22, &["10.0.0.0/8", "52.1.2.3/32", "52.1.2.4/32"]),
            Estate::rule("tcp", 5432, 5432, &["172.16.0.0/12"]),
        ];
        estate = estate.row("ec2_security_groups", &format!("sg-a{number}"), json!({ "ip_permissions": rules }));
    }
    for number in 0..200_000 {
        let public = number % 2 == 0;
        let association = if public { json!({"PublicIp": "3.4.5.6"}) } else { json!(null) };
        estate = estate.row("ec2_network_interfaces", &format!("eni-a{number}"), json!({
            "subnet_id": "subnet-1", "vpc_id": "vpc-1", "interface_type": "interface",
            "groups": [{"GroupId": format!("sg-a{}", number % 50_000), "GroupName": "a group"}, {"GroupId": "sg-1"}],
            "association": association,
            "private_ip_addresses": [{"PrivateIpAddress": "10.0.0.4", "Primary": true, "Association": association}],
        }));
    }
    let facts = estate.facts();
    let start = Instant::now();
    let reach = Reachability::new(&facts);
    let read = start.elapsed();
    let reached = facts.all("ec2_network_interfaces").filter(|one| reach.interface(*one).public == Some(true)).count();
    eprintln!("{read:?} to read, {:?} in all", start.elapsed());
    assert_eq!(reached, 100_001);
}
