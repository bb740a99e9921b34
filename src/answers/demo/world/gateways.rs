//! What stands at the edge of a network: NAT gateways, endpoints, VPN gateways, and flow logs.
//!
//! **Invariant:** the interfaces of a service are written with the service.

use serde_json::{Value, json};

use super::super::accounts::Site;
use super::super::ids::{id, zone_id};
use super::super::rows::DemoRows;
use super::interface::allocation_id;
use super::{DemoInterface, DemoNetwork};

/// Writes a NAT gateway, with its interface and its elastic address. Returns its id.
pub(in super::super) fn nat(
    rows: &mut DemoRows,
    network: &DemoNetwork,
    (name, subnet): (&'static str, &'static str),
    (address, public): (&str, &'static str),
) -> String {
    let nat_id = network.id_of("nat", name);
    let description = format!("Interface for NAT Gateway {nat_id}");
    let interface = DemoInterface::new(network, subnet, name, address).elastic(name, public).of_service(
        "nat_gateway",
        "amazon-aws",
        &description,
    );
    interface.write(rows);
    let association = interface.association().unwrap_or_default();
    let columns = json!({
        "nat_gateway_id": nat_id,
        "state": "available",
        "connectivity_type": "public",
        "create_time": "2026-02-11T09:30:00Z",
        "vpc_id": network.id(),
        "subnet_id": network.subnet_id(subnet),
        "nat_gateway_addresses": [{
            "AllocationId": allocation_id(network.site, name),
            "AssociationId": association["AssociationId"],
            "IsPrimary": true,
            "NetworkInterfaceId": interface.id(),
            "PrivateIp": address,
            "PublicIp": public,
            "Status": "succeeded",
        }],
        "tags": network.site.tags(name),
    });
    rows.add(network.site, "ec2_nat_gateways", columns);
    nat_id
}

fn endpoint_row(network: &DemoNetwork, service: &str, kind: &str) -> Value {
    let site = network.site;
    let name = format!("{}-{service}", network.name);
    json!({
        "vpc_endpoint_id": network.id_of("vpce", service),
        "vpc_endpoint_type": kind,
        "vpc_id": network.id(),
        "service_name": format!("com.amazonaws.{}.{service}", site.region),
        "service_region": site.region,
        "state": "available",
        "policy_document": json!({
            "Version": "2008-10-17",
            "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }],
        })
        .to_string(),
        "ip_address_type": "ipv4",
        "dns_options": { "DnsRecordIpType": "ipv4" },
        "private_dns_enabled": kind == "Interface",
        "requester_managed": false,
        "route_table_ids": [],
        "subnet_ids": [],
        "groups": [],
        "network_interface_ids": [],
        "dns_entries": [],
        "creation_timestamp": "2026-02-12T10:00:00Z",
        "tags": site.tags(&name),
    })
}

/// Writes a gateway endpoint, which these route tables use.
pub(in super::super) fn gateway_endpoint(rows: &mut DemoRows, network: &DemoNetwork, service: &str, tables: &[&str]) {
    let mut columns = endpoint_row(network, service, "Gateway");
    columns["route_table_ids"] = tables.iter().map(|table| Value::from(network.table_id(table))).collect();
    rows.add(network.site, "ec2_vpc_endpoints", columns);
}

/// Writes an interface endpoint with its interface, which has this name, in a subnet.
pub(in super::super) fn endpoint(rows: &mut DemoRows, service: &'static str, interface: DemoInterface) {
    let network = interface.network.clone();
    let mut columns = endpoint_row(&network, service, "Interface");
    let endpoint_id = network.id_of("vpce", service);
    let interface =
        interface.of_service("vpc_endpoint", "amazon-aws", &format!("VPC Endpoint Interface {endpoint_id}"));
    interface.write(rows);
    let domain = format!("{service}.{}.vpce.amazonaws.com", network.site.region);
    let suffix = &endpoint_id.chars().rev().take(8).collect::<String>();
    columns["subnet_ids"] = json!([network.subnet_id(interface.subnet)]);
    columns["groups"] = interface.group_list();
    columns["network_interface_ids"] = json!([interface.id()]);
    columns["dns_entries"] = json!([
        { "DnsName": format!("{endpoint_id}-{suffix}.{domain}"), "HostedZoneId": "Z273ZU8SZ5RJPC" },
        {
            "DnsName": format!("{service}.{}.amazonaws.com", network.site.region),
            "HostedZoneId": zone_id(&endpoint_id),
        },
    ]);
    rows.add(network.site, "ec2_vpc_endpoints", columns);
}

/// Writes a VPN gateway that is attached to a network. Returns its id.
pub(in super::super) fn vpn_gateway(rows: &mut DemoRows, network: &DemoNetwork) -> String {
    let gateway_id = network.id_of("vgw", "");
    let columns = json!({
        "vpn_gateway_id": gateway_id,
        "state": "available",
        "type": "ipsec.1",
        "amazon_side_asn": 64512,
        "vpc_attachments": [{ "State": "attached", "VpcId": network.id() }],
        "tags": network.site.tags(&format!("{}-vpn", network.name)),
    });
    rows.add(network.site, "ec2_vpn_gateways", columns);
    gateway_id
}

/// Writes a client VPN endpoint in a network.
pub(in super::super) fn client_vpn(rows: &mut DemoRows, network: &DemoNetwork, subnet: &str, range: &str) {
    let site = network.site;
    let endpoint_id = id("cvpn-endpoint", &site.unique(network.name));
    let columns = json!({
        "client_vpn_endpoint_id": endpoint_id,
        "description": "Remote access",
        "status": { "Code": "available" },
        "creation_time": "2026-04-20T07:00:00",
        "dns_name": format!("*.{endpoint_id}.prod.clientvpn.{}.amazonaws.com", site.region),
        "client_cidr_block": range,
        "split_tunnel": true,
        "vpn_protocol": "openvpn",
        "transport_protocol": "udp",
        "vpn_port": 443,
        "vpc_id": network.id(),
        "associated_target_networks": [{ "NetworkId": network.subnet_id(subnet), "NetworkType": "vpc" }],
        "security_group_ids": [network.group_id("default")],
        "connection_log_options": { "Enabled": false },
        "session_timeout_hours": 12,
        "tags": site.tags(&format!("{}-remote", network.name)),
    });
    rows.add(site, "ec2_client_vpn_endpoints", columns);
}

/// Writes a flow log of a network, or of one of its subnets.
pub(in super::super) fn flow_log(rows: &mut DemoRows, site: Site, resource_id: &str, problem: Option<&str>) {
    let mut columns = json!({
        "flow_log_id": id("fl", &site.unique(resource_id)),
        "flow_log_status": "ACTIVE",
        "resource_id": resource_id,
        "traffic_type": "ALL",
        "log_destination_type": "s3",
        "log_destination": format!("arn:aws:s3:::{}-flow-logs", site.account.customer),
        "deliver_logs_status": if problem.is_some() { "FAILED" } else { "SUCCESS" },
        "creation_time": "2026-02-12T10:05:00Z",
        "max_aggregation_interval": 600,
        "log_format": "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${action}",
        "destination_options": {
            "FileFormat": "parquet", "HiveCompatiblePartitions": false, "PerHourPartition": false,
        },
        "tags": site.tags("flow-log"),
    });
    if let Some(problem) = problem {
        columns["deliver_logs_error_message"] = problem.into();
    }
    rows.add(site, "ec2_flow_logs", columns);
}
