//! A few members of each EC2 type under their names on the wire. `items` adds the tags.

use super::super::xml::Xml;
use super::Kind;
use super::items::Items;

const WHEN: &str = "2026-03-04T05:06:07.000Z";

pub(super) fn vpc(items: &Items, xml: &mut Xml, i: usize) {
    let cidr = format!("10.{}.0.0/16", i % 256);
    xml.text("vpcId", &items.id(Kind::Vpcs, i)).text("ownerId", items.account).text("state", "available");
    xml.text("cidrBlock", &cidr).open("cidrBlockAssociationSet").open("item").text("cidrBlock", &cidr);
    xml.text("associationId", &items.fake("vpc-cidr-assoc", i)).open("cidrBlockState").text("state", "associated");
    xml.close("cidrBlockState").close("item").close("cidrBlockAssociationSet");
    xml.text("dhcpOptionsId", &items.fake("dopt", 0)).text("instanceTenancy", "default").plain("isDefault", i == 0);
}

pub(super) fn subnet(items: &Items, xml: &mut Xml, i: usize) {
    let id = items.id(Kind::Subnets, i);
    xml.text("subnetId", &id).text("subnetArn", &items.arn("subnet", &id)).text("state", "available");
    xml.text("ownerId", items.account).text("vpcId", &items.id(Kind::Vpcs, 0));
    xml.text("cidrBlock", &format!("10.0.{}.0/24", i % 256)).empty("ipv6CidrBlockAssociationSet");
    xml.plain("availableIpAddressCount", 251 - i % 7).text("availabilityZone", &format!("{}a", items.region));
    xml.text("availabilityZoneId", "sim-az1").plain("defaultForAz", i == 0).plain("mapPublicIpOnLaunch", false);
    xml.open("privateDnsNameOptionsOnLaunch").text("hostnameType", "ip-name");
    xml.plain("enableResourceNameDnsARecord", false).close("privateDnsNameOptionsOnLaunch");
}

pub(super) fn route_table(items: &Items, xml: &mut Xml, i: usize) {
    let id = items.id(Kind::RouteTables, i);
    xml.text("routeTableId", &id).text("vpcId", &items.id(Kind::Vpcs, 0)).text("ownerId", items.account);
    xml.open("routeSet").open("item").text("destinationCidrBlock", "10.0.0.0/16").text("gatewayId", "local");
    xml.text("state", "active").text("origin", "CreateRouteTable").close("item");
    xml.open("item").text("destinationCidrBlock", "0.0.0.0/0").text("state", "active");
    xml.text("gatewayId", &items.id(Kind::InternetGateways, 0)).text("origin", "CreateRoute").close("item");
    xml.close("routeSet").open("associationSet").open("item").text("routeTableId", &id).plain("main", i == 0);
    xml.text("routeTableAssociationId", &items.fake("rtbassoc", i)).open("associationState");
    xml.text("state", "associated").close("associationState").close("item").close("associationSet");
    xml.empty("propagatingVgwSet");
}

pub(super) fn security_group(items: &Items, xml: &mut Xml, i: usize) {
    let id = items.id(Kind::SecurityGroups, i);
    xml.text("groupId", &id).text("securityGroupArn", &items.arn("security-group", &id));
    xml.text("ownerId", items.account).text("groupName", &format!("group {i} & co"));
    xml.text("groupDescription", if i.is_multiple_of(2) { "" } else { "a <group>" });
    xml.text("vpcId", &items.id(Kind::Vpcs, 0));
    xml.open("ipPermissions").open("item").text("ipProtocol", "tcp").plain("fromPort", 443).plain("toPort", 443);
    xml.empty("groups").open("ipRanges").open("item").text("cidrIp", "0.0.0.0/0").text("description", "the world");
    xml.close("item").close("ipRanges").empty("ipv6Ranges").empty("prefixListIds").close("item");
    xml.close("ipPermissions").empty("ipPermissionsEgress");
}

pub(super) fn network_interface(items: &Items, xml: &mut Xml, i: usize) {
    let ip = items.ip(i);
    xml.text("networkInterfaceId", &items.id(Kind::NetworkInterfaces, i)).text("ownerId", items.account);
    xml.text("subnetId", &items.id(Kind::Subnets, 0)).text("vpcId", &items.id(Kind::Vpcs, 0));
    xml.text("availabilityZone", &format!("{}a", items.region)).text("description", "");
    xml.text("interfaceType", "interface").plain("requesterManaged", false).text("status", "in-use");
    xml.text("macAddress", &format!("02:00:00:00:{:02x}:{:02x}", (i >> 8) & 255, i & 255));
    xml.text("privateIpAddress", &ip).plain("sourceDestCheck", true).open("groupSet").open("item");
    xml.text("groupId", &items.id(Kind::SecurityGroups, 0)).text("groupName", "group 0 & co");
    xml.close("item").close("groupSet").open("attachment").text("attachmentId", &items.fake("eni-attach", i));
    xml.plain("deviceIndex", 0).text("status", "attached").text("attachTime", WHEN).plain("deleteOnTermination", true);
    xml.close("attachment").open("privateIpAddressesSet").open("item").text("privateIpAddress", &ip);
    xml.plain("primary", true).close("item").close("privateIpAddressesSet").empty("ipv6AddressesSet");
}

pub(super) fn internet_gateway(items: &Items, xml: &mut Xml, i: usize) {
    xml.text("internetGatewayId", &items.id(Kind::InternetGateways, i)).text("ownerId", items.account);
    xml.open("attachmentSet").open("item").text("vpcId", &items.id(Kind::Vpcs, i)).text("state", "available");
    xml.close("item").close("attachmentSet");
}

pub(super) fn nat_gateway(items: &Items, xml: &mut Xml, i: usize) {
    xml.text("natGatewayId", &items.id(Kind::NatGateways, i)).text("subnetId", &items.id(Kind::Subnets, 0));
    xml.text("vpcId", &items.id(Kind::Vpcs, 0)).text("state", "available").text("createTime", WHEN);
    xml.text("connectivityType", "public").open("natGatewayAddressSet").open("item");
    xml.text("allocationId", &items.id(Kind::Addresses, i)).text("privateIp", &items.ip(i));
    xml.text("publicIp", "203.0.113.9").plain("isPrimary", true).text("status", "succeeded");
    xml.close("item").close("natGatewayAddressSet");
}

pub(super) fn instance(items: &Items, xml: &mut Xml, i: usize) {
    let (name, code) = if i % 4 == 3 { ("stopped", 80) } else { ("running", 16) };
    xml.text("instanceId", &items.id(Kind::Instances, i)).text("imageId", &items.fake("ami", 0));
    xml.open("instanceState").plain("code", code).text("name", name).close("instanceState");
    xml.text("privateDnsName", "ip-10-0-0-1.ec2.internal").text("dnsName", "").text("reason", "");
    xml.text("instanceType", "t4g.micro").text("launchTime", WHEN).plain("amiLaunchIndex", i % 2).empty("productCodes");
    xml.open("placement").text("availabilityZone", &format!("{}a", items.region)).text("tenancy", "default");
    xml.close("placement").open("monitoring").text("state", "disabled").close("monitoring");
    xml.text("subnetId", &items.id(Kind::Subnets, 0)).text("vpcId", &items.id(Kind::Vpcs, 0));
    xml.text("privateIpAddress", &items.ip(i)).text("architecture", "arm64").plain("ebsOptimized", true);
    xml.open("blockDeviceMapping").open("item").text("deviceName", "/dev/xvda").open("ebs");
    xml.text("volumeId", &items.id(Kind::Volumes, i)).text("status", "attached").text("attachTime", WHEN);
    xml.plain("deleteOnTermination", true).close("ebs").close("item").close("blockDeviceMapping");
    xml.open("groupSet").open("item").text("groupId", &items.id(Kind::SecurityGroups, 0));
    xml.text("groupName", "group 0 & co").close("item").close("groupSet");
    xml.open("iamInstanceProfile").text("arn", &format!("arn:aws:iam::{}:instance-profile/app", items.account));
    xml.text("id", "AIPASIMULATEDPROFILE").close("iamInstanceProfile");
    xml.open("cpuOptions").plain("coreCount", 2).plain("threadsPerCore", 1).close("cpuOptions");
    xml.text("rootDeviceName", "/dev/xvda").text("rootDeviceType", "ebs").text("virtualizationType", "hvm");
}

pub(super) fn volume(items: &Items, xml: &mut Xml, i: usize) {
    xml.text("volumeId", &items.id(Kind::Volumes, i)).plain("size", 8 + i % 100).text("snapshotId", "");
    xml.text("availabilityZone", &format!("{}a", items.region)).text("status", "in-use").text("createTime", WHEN);
    xml.open("attachmentSet").open("item").text("volumeId", &items.id(Kind::Volumes, i));
    xml.text("instanceId", &items.id(Kind::Instances, i)).text("device", "/dev/xvda").text("status", "attached");
    xml.text("attachTime", WHEN).plain("deleteOnTermination", true).close("item").close("attachmentSet");
    xml.text("volumeType", "gp3").plain("iops", 3000).plain("throughput", 125).plain("encrypted", i.is_multiple_of(2));
    xml.plain("multiAttachEnabled", false);
}

pub(super) fn address(items: &Items, xml: &mut Xml, i: usize) {
    xml.text("publicIp", &format!("203.0.{}.{}", (i >> 8) & 255, i & 255)).text("domain", "vpc");
    xml.text("allocationId", &items.id(Kind::Addresses, i)).text("publicIpv4Pool", "amazon");
    xml.text("networkBorderGroup", items.region);
    if i.is_multiple_of(2) {
        xml.text("associationId", &items.fake("eipassoc", i)).text("privateIpAddress", &items.ip(i));
        xml.text("networkInterfaceId", &items.id(Kind::NetworkInterfaces, i));
        xml.text("networkInterfaceOwnerId", items.account);
    }
}
