//! The calls about single resources, by type, and what AWS answers to them.

use crate::sim::{Kind, account_id, health_check_id, zone_id};

pub(super) const ZONES: usize = 7;
pub(super) const HEALTH_CHECKS: usize = 4;
/// Resources of each type that the simulation does not have by itself.
pub(super) const OTHERS: usize = 4;
pub(super) const RECORDS: usize = 5;
pub(super) const REGION: &str = "eu-west-1";

/// The rows or the column that calls about single resources fill.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fills {
    /// Rows of the table itself, with the parent's id in this column: so many of each parent.
    Rows { parent: &'static str, each: usize },
    /// One of these columns of the resource's own row.
    Column(&'static [&'static str]),
}

/// Calls of one kind about single resources.
#[derive(Clone, Debug)]
pub(super) struct Family {
    pub table: &'static str,
    pub operations: &'static [&'static str],
    pub ids: Vec<String>,
    pub fills: Fills,
    /// The code of a resource that does not exist.
    pub not_found: &'static str,
    /// What AWS answers about a resource, if the simulation has no answer of its own.
    pub answer: Option<fn(&str) -> String>,
}

fn route53(name: &str, inside: &str) -> String {
    format!("<{name}Response>{inside}<IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></{name}Response>")
}

fn other_ids(prefix: &str) -> Vec<String> {
    (0..OTHERS).map(|number| format!("{prefix}{number:017x}")).collect()
}

pub(super) fn families() -> Vec<Family> {
    let account = account_id(0);
    let zones: Vec<String> = (0..ZONES).map(|index| zone_id(&account, index)).collect();
    let private = zones.iter().enumerate().filter(|(index, _)| index % 3 == 2).map(|(_, id)| id.clone());
    let public = zones.iter().enumerate().filter(|(index, _)| index % 3 != 2).map(|(_, id)| id.clone());
    let zone = |table, operations, ids: Vec<String>, fills| Family {
        table,
        operations,
        ids,
        fills,
        not_found: "NoSuchHostedZone",
        answer: None,
    };
    vec![
        zone(
            "route53_records",
            &["ListResourceRecordSets"],
            zones.clone(),
            Fills::Rows { parent: "hosted_zone_id", each: RECORDS },
        ),
        zone("route53_hosted_zones", &["GetHostedZone"], zones.clone(), Fills::Column(&["vpcs", "delegation_set"])),
        zone(
            "route53_hosted_zones",
            &["ListTagsForResources", "ListTagsForResource"],
            zones.clone(),
            Fills::Column(&["tags"]),
        ),
        Family {
            answer: Some(|_| {
                let status = "<Status><ServeSignature>SIGNING</ServeSignature></Status><KeySigningKeys/>";
                format!("<GetDNSSECResponse>{status}</GetDNSSECResponse>")
            }),
            ..zone("route53_hosted_zones", &["GetDNSSEC"], public.collect(), Fills::Column(&["dnssec_status"]))
        },
        Family {
            answer: Some(|id| {
                let vpcs = "<VPC><VPCRegion>eu-west-1</VPCRegion><VPCId>vpc-1</VPCId></VPC>";
                route53(
                    "ListVPCAssociationAuthorizations",
                    &format!("<HostedZoneId>{id}</HostedZoneId><VPCs>{vpcs}</VPCs>"),
                )
            }),
            ..zone(
                "route53_vpc_association_authorizations",
                &["ListVPCAssociationAuthorizations"],
                private.collect(),
                Fills::Rows { parent: "hosted_zone_id", each: 1 },
            )
        },
        Family {
            table: "route53_health_checks",
            operations: &["ListTagsForResources", "ListTagsForResource"],
            ids: (0..HEALTH_CHECKS).map(|index| health_check_id(&account, index)).collect(),
            fills: Fills::Column(&["tags"]),
            not_found: "NoSuchHealthCheck",
            answer: None,
        },
        Family {
            table: "route53_zone_associations",
            operations: &["ListHostedZonesByVPC"],
            ids: (0..OTHERS).map(|index| Kind::Vpcs.id(&account, REGION, index)).collect(),
            fills: Fills::Rows { parent: "vpc_id", each: 2 },
            not_found: "InvalidVpcID.NotFound",
            answer: Some(|_| {
                let zones = ["Z1", "Z2"].map(|id| {
                    let owner = "<Owner><OwningAccount>111122223333</OwningAccount></Owner>";
                    format!(
                        "<HostedZoneSummary><HostedZoneId>{id}</HostedZoneId><Name>x.</Name>{owner}</HostedZoneSummary>"
                    )
                });
                route53(
                    "ListHostedZonesByVPC",
                    &format!("<HostedZoneSummaries>{}</HostedZoneSummaries>", zones.concat()),
                )
            }),
        },
        Family {
            table: "ec2_managed_prefix_lists",
            operations: &["GetManagedPrefixListEntries"],
            ids: other_ids("pl-"),
            fills: Fills::Column(&["entries"]),
            not_found: "InvalidPrefixListID.NotFound",
            answer: Some(|_| {
                let entries = "<entrySet><item><cidr>10.0.0.0/8</cidr></item></entrySet>";
                format!("<GetManagedPrefixListEntriesResponse>{entries}</GetManagedPrefixListEntriesResponse>")
            }),
        },
        Family {
            table: "ec2_transit_gateway_routes",
            operations: &["SearchTransitGatewayRoutes"],
            ids: other_ids("tgw-rtb-"),
            fills: Fills::Rows { parent: "transit_gateway_route_table_id", each: 1 },
            not_found: "InvalidRouteTableID.NotFound",
            answer: Some(|_| {
                let routes =
                    "<routeSet><item><destinationCidrBlock>10.0.0.0/8</destinationCidrBlock></item></routeSet>";
                format!("<SearchTransitGatewayRoutesResponse>{routes}</SearchTransitGatewayRoutesResponse>")
            }),
        },
        Family {
            table: "route53_traffic_policies",
            operations: &["ListTrafficPolicyVersions"],
            ids: other_ids("policy-"),
            fills: Fills::Column(&["versions"]),
            not_found: "NoSuchTrafficPolicy",
            answer: Some(|id| {
                let policy = format!("<TrafficPolicy><Id>{id}</Id><Version>1</Version></TrafficPolicy>");
                route53("ListTrafficPolicyVersions", &format!("<TrafficPolicies>{policy}</TrafficPolicies>"))
            }),
        },
        Family {
            table: "route53_cidr_collections",
            operations: &["ListCidrBlocks"],
            ids: other_ids("collection-"),
            fills: Fills::Column(&["cidr_blocks"]),
            not_found: "NoSuchCidrCollectionException",
            answer: Some(|_| {
                let blocks = "<CidrBlocks><member><CidrBlock>10.0.0.0/8</CidrBlock></member></CidrBlocks>";
                format!("<ListCidrBlocksResponse>{blocks}</ListCidrBlocksResponse>")
            }),
        },
    ]
}

/// The listings of the types that the simulation does not have.
pub(super) fn listings() -> Vec<(&'static str, String)> {
    let all = |ids: Vec<String>, one: fn(&str) -> String| ids.iter().map(|id| one(id)).collect::<String>();
    let lists = all(other_ids("pl-"), |id| {
        format!("<item><prefixListId>{id}</prefixListId><ownerId>{}</ownerId></item>", account_id(0))
    });
    let tables = all(other_ids("tgw-rtb-"), |id| {
        format!("<item><transitGatewayRouteTableId>{id}</transitGatewayRouteTableId></item>")
    });
    let policies =
        all(other_ids("policy-"), |id| format!("<TrafficPolicySummary><Id>{id}</Id></TrafficPolicySummary>"));
    let collections = all(other_ids("collection-"), |id| format!("<member><Id>{id}</Id></member>"));
    vec![
        (
            "DescribeManagedPrefixLists",
            format!("<R><prefixListSet>{lists}</prefixListSet></R>")
                .replace("R>", "DescribeManagedPrefixListsResponse>"),
        ),
        (
            "DescribeTransitGatewayRouteTables",
            format!(
                "<DescribeTransitGatewayRouteTablesResponse><transitGatewayRouteTables>{tables}</transitGatewayRouteTables></DescribeTransitGatewayRouteTablesResponse>"
            ),
        ),
        (
            "ListTrafficPolicies",
            route53("ListTrafficPolicies", &format!("<TrafficPolicySummaries>{policies}</TrafficPolicySummaries>")),
        ),
        (
            "ListCidrCollections",
            format!(
                "<ListCidrCollectionsResponse><CidrCollections>{collections}</CidrCollections></ListCidrCollectionsResponse>"
            ),
        ),
    ]
}
