use super::*;
use crate::decode::shapes;
use crate::decode::shapes::MemberOrderHint;

fn wanted(operation: &str, path: &str, carried: &[&str]) -> ItemSelector {
    ItemSelector::new(shapes::operation(operation).unwrap(), path, carried).unwrap()
}

fn value<'a>(wanted: &ItemSelector, item: &'a Item, name: &str) -> &'a Value {
    &item.values[wanted.item().member(name).unwrap().0]
}

const VPCS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<DescribeVpcsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
    <requestId>r-1</requestId>
    <vpcSet>
        <item><vpcId>vpc-1</vpcId><isDefault>false</isDefault><cidrBlock/><newThing><a>1 &amp; 2</a><b/></newThing>
          <cidrBlockAssociationSet><item><cidrBlock>10.0.0.0/16</cidrBlock><cidrBlockState><state>associated</state><odd>x</odd></cidrBlockState></item></cidrBlockAssociationSet>
          <ipv6CidrBlockAssociationSet/>
          <tagSet><item><key>Name</key><value>caf&#233; &quot;x&quot;</value></item><item><key>empty</key><value/></item></tagSet>
        </item>
    </vpcSet>
    <nextToken>t&amp;1</nextToken>
</DescribeVpcsResponse>"#;

#[test]
fn reads_items_and_leaves_the_paging_members() {
    let wanted = wanted("ec2:DescribeVpcs", "Vpcs", &[]);
    let answer = decode(VPCS.as_bytes(), &wanted).unwrap();
    let item = &answer.items[0];
    assert_eq!(value(&wanted, item, "VpcId"), &Value::Text("vpc-1".into()));
    assert_eq!(value(&wanted, item, "IsDefault"), &Value::Boolean(false));
    assert_eq!(value(&wanted, item, "CidrBlock"), &Value::Text(String::new()));
    assert_eq!(value(&wanted, item, "State"), &Value::Missing);
    assert_eq!(value(&wanted, item, "Ipv6CidrBlockAssociationSet"), &Value::Json("[]".into()));
    insta::assert_snapshot!(format!("{:?}", value(&wanted, item, "CidrBlockAssociationSet")),
        @r#"Json("[{\"CidrBlock\":\"10.0.0.0/16\",\"CidrBlockState\":{\"State\":\"associated\",\"odd\":\"x\"}}]")"#);
    assert_eq!(item.extra, r#""newThing":{"a":"1 & 2","b":""}"#);
    assert_eq!(item.tags, Some(vec![("Name".into(), "café \"x\"".into()), ("empty".into(), String::new())]));
    let skeleton = String::from_utf8(answer.skeleton).unwrap();
    assert!(
        skeleton.contains("<vpcSet></vpcSet>") && skeleton.contains("<nextToken>t&amp;1</nextToken>"),
        "{skeleton}"
    );
}

#[test]
fn carries_what_stands_around_the_items_wherever_it_stands() {
    let wanted = wanted(
        "ec2:DescribeInstances",
        "Reservations.Instances",
        &["Reservations.OwnerId", "Reservations.ReservationId"],
    );
    let xml = "<DescribeInstancesResponse><reservationSet>\
        <item><ownerId>1</ownerId><instancesSet><item><instanceId>i-1</instanceId></item></instancesSet><reservationId>r-1</reservationId></item>\
        <item><reservationId>r-2</reservationId><instancesSet><item><instanceId>i-2</instanceId></item></instancesSet></item>\
        </reservationSet></DescribeInstancesResponse>";
    let answer = decode(xml.as_bytes(), &wanted).unwrap();
    let text = |text: &str| Value::Text(text.into());
    assert_eq!(answer.items[0].carried, [text("1"), text("r-1")]);
    assert_eq!(answer.items[1].carried, [Value::Missing, text("r-2")]);
}

#[test]
fn every_cut_and_every_stranger_is_told() {
    let wanted = wanted("ec2:DescribeVpcs", "Vpcs", &[]);
    let end = VPCS.rfind("</DescribeVpcsResponse>").unwrap() + "</DescribeVpcsResponse>".len();
    for cut in (0..end).filter(|cut| VPCS.is_char_boundary(*cut)) {
        assert!(decode(&VPCS.as_bytes()[..cut], &wanted).is_err(), "cut at {cut} was taken for whole");
    }
    for stranger in ["", "   ", "<html><body>ok</body></html>", "{}", "<Response><Errors/></Response>", "\u{0}\u{1}"] {
        assert!(decode(stranger.as_bytes(), &wanted).is_err(), "{stranger:?} was taken for an answer");
    }
    let deep = "<a>".repeat(100_000);
    assert!(decode(format!("<DescribeVpcsResponse>{deep}").as_bytes(), &wanted).is_err());
}

static TUNNEL: Structure = Structure {
    name: "TunnelOption",
    secret: true,
    members: &[
        Member { wire: "preSharedKey", name: "PreSharedKey", column: "pre_shared_key", kind: MemberKind::Sensitive },
        Member { wire: "lifetime", name: "Lifetime", column: "lifetime", kind: MemberKind::Integer },
    ],
    first: usize::MAX,
    order: MemberOrderHint::unknown(),
};
static CONNECTION: Structure = Structure {
    name: "Connection",
    secret: true,
    members: &[
        Member { wire: "configuration", name: "Configuration", column: "configuration", kind: MemberKind::Sensitive },
        Member {
            wire: "tunnelSet",
            name: "Tunnels",
            column: "tunnels",
            kind: MemberKind::List(&List { item: "item", flattened: false, of: MemberKind::Structure(&TUNNEL) }),
        },
    ],
    first: usize::MAX,
    order: MemberOrderHint::unknown(),
};
static CONNECTIONS: Structure = Structure {
    name: "DescribeConnectionsResult",
    secret: false,
    members: &[Member {
        wire: "connectionSet",
        name: "Connections",
        column: "connections",
        kind: MemberKind::List(&List { item: "item", flattened: false, of: MemberKind::Structure(&CONNECTION) }),
    }],
    first: usize::MAX,
    order: MemberOrderHint::unknown(),
};
static DESCRIBE_CONNECTIONS: Operation =
    Operation { name: "ec2:DescribeConnections", wrapper: "", output: &CONNECTIONS };

#[test]
fn secrets_and_what_is_unknown_beside_them_end_here() {
    let wanted = ItemSelector::new(&DESCRIBE_CONNECTIONS, "Connections", &[]).unwrap();
    let xml = "<DescribeConnectionsResponse><connectionSet><item><configuration>SECRET</configuration>\
        <newSecret>SECRET</newSecret><tunnelSet><item><preSharedKey>SECRET</preSharedKey><newSecret>SECRET</newSecret>\
        <lifetime>28800</lifetime></item></tunnelSet></item></connectionSet></DescribeConnectionsResponse>";
    let answer = decode(xml.as_bytes(), &wanted).unwrap();
    // The SDK's deserialiser gets a skeleton without the items, so they are not there either.
    assert!(!format!("{answer:?}").contains("SECRET") && !String::from_utf8_lossy(&answer.skeleton).contains("SECRET"));
    assert_eq!(answer.dropped, 2);
    assert_eq!(value(&wanted, &answer.items[0], "Tunnels"), &Value::Json(r#"[{"Lifetime":28800}]"#.into()));
}

#[test]
fn a_scalar_of_another_type_is_kept_as_text() {
    let wanted = wanted("ec2:DescribeVpcs", "Vpcs", &[]);
    let xml = "<DescribeVpcsResponse><vpcSet><item><isDefault>maybe</isDefault></item></vpcSet></DescribeVpcsResponse>";
    let answer = decode(xml.as_bytes(), &wanted).unwrap();
    assert_eq!(value(&wanted, &answer.items[0], "IsDefault"), &Value::Missing);
    assert_eq!(answer.items[0].extra, r#""isDefault":"maybe""#);
}

#[test]
fn record_sets_come_out_whole() {
    let wanted = wanted("route53:ListResourceRecordSets", "ResourceRecordSets", &[]);
    let xml = r#"<ListResourceRecordSetsResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ResourceRecordSets>
        <ResourceRecordSet><Name>\052.example.com.</Name><Type>TXT</Type><TTL>300</TTL><Weight>0</Weight>
        <ResourceRecords><ResourceRecord><Value>"a b"</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>
        </ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>300</MaxItems></ListResourceRecordSetsResponse>"#;
    let answer = decode(xml.as_bytes(), &wanted).unwrap();
    let item = &answer.items[0];
    assert_eq!(value(&wanted, item, "Name"), &Value::Text("\\052.example.com.".into()));
    assert_eq!(value(&wanted, item, "TTL"), &Value::Integer(300));
    assert_eq!(value(&wanted, item, "ResourceRecords"), &Value::Json(r#"[{"Value":"\"a b\""}]"#.into()));
}
