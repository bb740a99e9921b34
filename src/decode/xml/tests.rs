use crate::decode::shapes::{self, List, Member, MemberKind, MemberOrderHint, Operation, Structure};
use crate::decode::{Item, ItemSelector, Value, decode, decode_within};

fn selector(operation: &str, path: &str, context: &[&str]) -> ItemSelector {
    ItemSelector::new(shapes::operation(operation).unwrap(), path, context).unwrap()
}

fn value<'a>(selector: &ItemSelector, item: &'a Item, name: &str) -> &'a Value {
    &item.values[selector.item().member(name).unwrap().0]
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
fn items_are_decoded_and_paging_members_are_kept() {
    let selector = selector("ec2:DescribeVpcs", "Vpcs", &[]);
    let body = decode(VPCS.as_bytes(), &selector).unwrap();
    let item = &body.items[0];
    assert_eq!(value(&selector, item, "VpcId"), &Value::Text("vpc-1".into()));
    assert_eq!(value(&selector, item, "IsDefault"), &Value::Boolean(false));
    assert_eq!(value(&selector, item, "CidrBlock"), &Value::Text(String::new()));
    assert_eq!(value(&selector, item, "State"), &Value::Missing);
    assert_eq!(value(&selector, item, "Ipv6CidrBlockAssociationSet"), &Value::Json("[]".into()));
    insta::assert_snapshot!(format!("{:?}", value(&selector, item, "CidrBlockAssociationSet")),
        @r#"Json("[{\"CidrBlock\":\"10.0.0.0/16\",\"CidrBlockState\":{\"State\":\"associated\",\"odd\":\"x\"}}]")"#);
    assert_eq!(item.extra.to_object(), r#"{"newThing":{"a":"1 & 2","b":""}}"#);
    assert_eq!(item.tags, Some(vec![("Name".into(), "café \"x\"".into()), ("empty".into(), String::new())]));
    assert_eq!(body.scalars.text("NextToken").as_deref(), Some("t&1"));
}

#[test]
fn context_members_are_found_before_and_after_their_items() {
    let selector = selector(
        "ec2:DescribeInstances",
        "Reservations.Instances",
        &["Reservations.OwnerId", "Reservations.ReservationId"],
    );
    let xml = "<DescribeInstancesResponse><reservationSet>\
        <item><ownerId>1</ownerId><instancesSet><item><instanceId>i-1</instanceId></item></instancesSet><reservationId>r-1</reservationId></item>\
        <item><reservationId>r-2</reservationId><instancesSet><item><instanceId>i-2</instanceId></item></instancesSet></item>\
        </reservationSet></DescribeInstancesResponse>";
    let body = decode(xml.as_bytes(), &selector).unwrap();
    let text = |text: &str| Value::Text(text.into());
    assert_eq!(body.items[0].context, [text("1"), text("r-1")]);
    assert_eq!(body.items[1].context, [Value::Missing, text("r-2")]);
}

#[test]
fn items_of_two_lists_are_read_in_the_order_of_the_response() {
    let path = "SubnetIpv4CidrReservations|SubnetIpv6CidrReservations";
    let selector = selector("ec2:GetSubnetCidrReservations", path, &[]);
    let reservation = |id: &str| format!("<item><subnetCidrReservationId>{id}</subnetCidrReservationId></item>");
    let read = |content: &str| {
        let xml = format!("<GetSubnetCidrReservationsResponse>{content}</GetSubnetCidrReservationsResponse>");
        let body = decode(xml.as_bytes(), &selector).map_err(|error| error.to_string())?;
        let id = |item: &Item| format!("{:?}", value(&selector, item, "SubnetCidrReservationId"));
        Ok::<_, String>(body.items.iter().map(id).collect::<Vec<_>>().join(" "))
    };
    let (first, second) = (reservation("scr-4"), reservation("scr-6"));
    let lists = format!(
        "<subnetIpv6CidrReservationSet>{second}</subnetIpv6CidrReservationSet>\
         <subnetIpv4CidrReservationSet>{first}{first}</subnetIpv4CidrReservationSet>"
    );
    assert_eq!(read(&lists).unwrap(), r#"Text("scr-6") Text("scr-4") Text("scr-4")"#);
    assert_eq!(read("<subnetIpv4CidrReservationSet/>").unwrap(), "");
    // A list under another name is no empty answer.
    let renamed = lists.replace("Ipv6Cidr", "Ipv7Cidr");
    assert!(read(&renamed).is_err(), "{renamed}");
    // Lists of different structures are no items of one table.
    let get_zone = shapes::operation("route53:GetHostedZone").unwrap();
    assert!(ItemSelector::new(get_zone, "HostedZone|DelegationSet", &[]).is_err());
}

#[test]
fn a_truncated_or_foreign_document_is_an_error() {
    let selector = selector("ec2:DescribeVpcs", "Vpcs", &[]);
    let end = VPCS.rfind("</DescribeVpcsResponse>").unwrap() + "</DescribeVpcsResponse>".len();
    for cut in (0..end).filter(|cut| VPCS.is_char_boundary(*cut)) {
        assert!(decode(&VPCS.as_bytes()[..cut], &selector).is_err(), "cut at {cut} was decoded as whole");
    }
    for foreign in ["", "   ", "<html><body>ok</body></html>", "{}", "<Response><Errors/></Response>", "\u{0}\u{1}"] {
        assert!(decode(foreign.as_bytes(), &selector).is_err(), "{foreign:?} was decoded as a response");
    }
    let deep = "<a>".repeat(100_000);
    assert!(decode(format!("<DescribeVpcsResponse>{deep}").as_bytes(), &selector).is_err());
}

static TUNNEL: Structure = Structure {
    name: "TunnelOption",
    secret: true,
    members: &[
        Member { wire: "preSharedKey", name: "PreSharedKey", column: "pre_shared_key", kind: MemberKind::Sensitive },
        Member { wire: "lifetime", name: "Lifetime", column: "lifetime", kind: MemberKind::Integer },
    ],
    original_members: usize::MAX,
    order_hint: MemberOrderHint::empty(),
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
    original_members: usize::MAX,
    order_hint: MemberOrderHint::empty(),
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
    original_members: usize::MAX,
    order_hint: MemberOrderHint::empty(),
};
static DESCRIBE_CONNECTIONS: Operation =
    Operation { name: "ec2:DescribeConnections", root: "", wrapper: "", output: &CONNECTIONS, request: None };

#[test]
fn sensitive_members_and_unknown_ones_beside_them_are_dropped() {
    let selector = ItemSelector::new(&DESCRIBE_CONNECTIONS, "Connections", &[]).unwrap();
    let xml = "<DescribeConnectionsResponse><connectionSet><item><configuration>SECRET</configuration>\
        <newSecret>SECRET</newSecret><tunnelSet><item><preSharedKey>SECRET</preSharedKey><newSecret>SECRET</newSecret>\
        <lifetime>28800</lifetime></item></tunnelSet></item></connectionSet></DescribeConnectionsResponse>";
    let body = decode(xml.as_bytes(), &selector).unwrap();
    assert!(!format!("{body:?}").contains("SECRET"));
    assert_eq!(body.dropped, 2);
    assert_eq!(value(&selector, &body.items[0], "Tunnels"), &Value::Json(r#"[{"Lifetime":28800}]"#.into()));
}

#[test]
fn an_item_of_unknown_members_is_an_error_also_where_they_are_dropped() {
    let selector = ItemSelector::new(&DESCRIBE_CONNECTIONS, "Connections", &[]).unwrap();
    let xml = "<DescribeConnectionsResponse><connectionSet><item><wrapped><lifetime>1</lifetime></wrapped></item>\
        </connectionSet></DescribeConnectionsResponse>";
    assert!(decode(xml.as_bytes(), &selector).is_err());
}

#[test]
fn a_scalar_of_another_type_is_kept_as_text() {
    let selector = selector("ec2:DescribeVpcs", "Vpcs", &[]);
    let xml = "<DescribeVpcsResponse><vpcSet><item><isDefault>maybe</isDefault></item></vpcSet></DescribeVpcsResponse>";
    let body = decode(xml.as_bytes(), &selector).unwrap();
    assert_eq!(value(&selector, &body.items[0], "IsDefault"), &Value::Missing);
    assert_eq!(body.items[0].extra.to_object(), r#"{"isDefault":"maybe"}"#);
}

#[test]
fn record_sets_are_decoded_whole() {
    let selector = selector("route53:ListResourceRecordSets", "ResourceRecordSets", &[]);
    let xml = r#"<ListResourceRecordSetsResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ResourceRecordSets>
        <ResourceRecordSet><Name>\052.example.com.</Name><Type>TXT</Type><TTL>300</TTL><Weight>0</Weight>
        <ResourceRecords><ResourceRecord><Value>"a b"</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>
        </ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>300</MaxItems></ListResourceRecordSetsResponse>"#;
    let body = decode(xml.as_bytes(), &selector).unwrap();
    let item = &body.items[0];
    assert_eq!(value(&selector, item, "Name"), &Value::Text("\\052.example.com.".into()));
    assert_eq!(value(&selector, item, "TTL"), &Value::Integer(300));
    assert_eq!(value(&selector, item, "ResourceRecords"), &Value::Json(r#"[{"Value":"\"a b\""}]"#.into()));
}

/// Documents that take a quadratic reader minutes.
#[test]
fn hostile_documents_take_linear_time() {
    const MANY: usize = 100_000;
    let numbered = |element: fn(usize) -> String| (0..MANY).map(element).collect::<String>();
    let item = |inside: &str| format!("<vpcSet><item><vpcId>v</vpcId>{inside}</item></vpcSet>");
    let long = "x".repeat(2 << 20);
    let deep = format!("{}{}", "<a>".repeat(55), "</a>".repeat(55));
    for content in [
        item(&numbered(|n| format!("<u{n}/>"))),
        item(&numbered(|n| format!("<u><n{n}/></u>"))),
        item(&numbered(|n| format!("<tagSet><item><key>{}</key></item></tagSet>", n % 60_000))),
        item(&numbered(|n| {
            format!("<cidrBlockAssociationSet><item><cidrBlock>{n}</cidrBlock></item></cidrBlockAssociationSet>")
        })),
        item(&format!("<u a='{long}'>{long}<b c=\"{long}\"/></u>")),
        item(&format!("<u>{}</u>", "]<!---->&#65;<![CDATA[]]]>".repeat(MANY))),
        item(&format!("<u>{}</u>", deep.repeat(1000))),
        format!("<vpcSet>{}</vpcSet>", "<item/>".repeat(MANY)),
        format!("{}{}", "<vpcSet/>".repeat(MANY), "<!-- x -->".repeat(MANY)),
        format!("<vpcSet/>{}", numbered(|n| format!("<u{n}>x</u{n}>"))),
    ] {
        let document = format!("<DescribeVpcsResponse>{content}</DescribeVpcsResponse>");
        let selector = selector("ec2:DescribeVpcs", "Vpcs", &[]);
        assert!(decode(document.as_bytes(), &selector).is_ok(), "{}", &content[..content.len().min(200)]);
    }
    let lists = numbered(|n| format!("<ipRanges/><groups><item><groupId>{n}</groupId></item></groups>"));
    let permissions = format!("<ipPermissions><item><fromPort>1</fromPort>{lists}</item></ipPermissions>");
    let nested = format!("<securityGroupInfo><item><groupId>g</groupId>{permissions}</item></securityGroupInfo>");
    let document = format!("<DescribeSecurityGroupsResponse>{nested}</DescribeSecurityGroupsResponse>");
    assert!(decode(document.as_bytes(), &selector("ec2:DescribeSecurityGroups", "SecurityGroups", &[])).is_ok());
}

#[test]
fn items_take_no_more_memory_than_they_may() {
    let selector = selector("ec2:DescribeInstances", "Reservations.Instances", &["Reservations.OwnerId"]);
    let read = |inside: &str, items: &str| {
        let reservation = format!("<item>{inside}<instancesSet>{items}</instancesSet></item>");
        let list = format!("<reservationSet>{reservation}</reservationSet>");
        let document = format!("<DescribeInstancesResponse>{list}</DescribeInstancesResponse>");
        decode_within(document.as_bytes(), &selector, 1 << 20)
    };
    let item = "<item/>".repeat(100);
    let held = read("", &item).expect("it is read").held;
    assert!(held > 100 * selector.item().members.len() * size_of::<Value>(), "{held}");
    for (inside, items) in [
        (String::new(), "<item/>".repeat(10_000)),
        (format!("<ownerId>{}</ownerId>", "x".repeat(100_000)), item.clone()),
        (String::new(), format!("<item><instanceId>{}</instanceId></item>", "x".repeat(2 << 20))),
    ] {
        let error = read(&inside, &items).expect_err("it takes too much");
        assert!(error.to_string().contains("1048576 bytes"), "{error}");
    }
}
