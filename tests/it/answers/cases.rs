//! Single odd answers, and what is read from each.

use rolecall::testing::{Catalogue, Table, decode};
use serde_json::{Value, json};

use super::item_json;

fn table(name: &str) -> &'static Table {
    Catalogue::get().expect("a catalogue").find(name).expect("a table")
}

/// The items of a response with their tags and unknown members, or the error.
fn read(name: &str, content: &str) -> Result<Vec<Value>, String> {
    let table = table(name);
    let root = format!("{}Response", table.entry.operation.split(':').nth(1).expect("a name"));
    read_document(table, &format!("<{root}>{content}</{root}>"))
}

fn read_document(table: &Table, document: &str) -> Result<Vec<Value>, String> {
    let body = decode(document.as_bytes(), &table.selector).map_err(|error| error.to_string())?;
    let items = body.items.iter().map(|item| {
        let mut json = item_json(table, &item.values);
        if !item.extra.is_empty() {
            json["aws_extra"] = serde_json::from_str(&item.extra.to_object()).expect("JSON");
        }
        if let Some(tags) = &item.tags {
            json["tags"] = tags.iter().map(|(key, value)| json!([key, value])).collect();
        }
        json
    });
    Ok(items.collect())
}

#[test]
fn names_are_compared_without_prefix_and_with_case() {
    let one = Ok(vec![json!({ "VpcId": "vpc-1" })]);
    let prefixed = "<e:DescribeVpcsResponse xmlns:e='urn:e'><e:vpcSet><e:item><e:vpcId>vpc-1</e:vpcId></e:item></e:vpcSet></e:DescribeVpcsResponse>";
    assert_eq!(read_document(table("ec2_vpcs"), prefixed), one);
    assert_eq!(read("ec2_vpcs", "<vpcSet><member><vpcId>vpc-1</vpcId></member></vpcSet>"), one);
    let other_case = "<vpcSet><item><vpcId>v</vpcId><VPCID>w</VPCID></item></vpcSet>";
    assert_eq!(read("ec2_vpcs", other_case), Ok(vec![json!({ "VpcId": "v", "aws_extra": { "VPCID": "w" } })]));
    let nested = "<reservationSet><x><instancesSet><y><placement><tenancy>a</tenancy><Tenancy>b</Tenancy></placement></y></instancesSet></x></reservationSet>";
    let placement = json!({ "Tenancy": "a", "aws:Tenancy": "b" });
    assert_eq!(read("ec2_instances", nested), Ok(vec![json!({ "Placement": placement })]));
}

#[test]
fn lists_that_occur_twice_are_one() {
    let outer = "<vpcSet><item><vpcId>a</vpcId></item></vpcSet><vpcSet><item><vpcId>b</vpcId></item></vpcSet>";
    assert_eq!(read("ec2_vpcs", outer), Ok(vec![json!({ "VpcId": "a" }), json!({ "VpcId": "b" })]));
    let list = |cidr: &str| format!("<s>{cidr}</s>").replace('s', "cidrBlockAssociationSet");
    let element = |cidr: &str| format!("<item><cidrBlock>{cidr}</cidrBlock></item>");
    let tags = |key: &str| format!("<tagSet><item><key>{key}</key><value/></item></tagSet>");
    let content = [list(&element("1")), tags("k"), list(""), list(&element("2")), tags("K")].concat();
    let expected = json!({ "CidrBlockAssociationSet": [{ "CidrBlock": "1" }, { "CidrBlock": "2" }], "tags": [["k", ""], ["K", ""]] });
    assert_eq!(read("ec2_vpcs", &format!("<vpcSet><item>{content}</item></vpcSet>")), Ok(vec![expected]));
    let groups = "<groups><item><groupId>1</groupId></item></groups>";
    let permission = format!("<item><groups/><fromPort>1</fromPort>{groups}<ipProtocol>6</ipProtocol>{groups}</item>");
    let rules =
        format!("<securityGroupInfo><item><ipPermissions>{permission}</ipPermissions></item></securityGroupInfo>");
    let pairs = json!([{ "GroupId": "1" }, { "GroupId": "1" }]);
    let expected = json!([{ "UserIdGroupPairs": pairs, "FromPort": 1, "IpProtocol": "6" }]);
    assert_eq!(read("ec2_security_groups", &rules), Ok(vec![json!({ "IpPermissions": expected })]));
    for scalar in ["<vpcId>a</vpcId><vpcId>b</vpcId>", "<x/><vpcId/><vpcId/>"] {
        let error = read("ec2_vpcs", &format!("<vpcSet><item>{scalar}</item></vpcSet>")).expect_err("it occurs twice");
        assert!(error.contains("<vpcId> occurs twice"), "{error}");
    }
    assert!(read("ec2_vpcs", "<vpcSet/><nextToken>a</nextToken><nextToken>b</nextToken>").is_err());
}

#[test]
fn paging_members_are_read_once_and_passed_on_plainly() {
    for (content, expected) in [
        ("<nextToken><![CDATA[a&b]]></nextToken>", "a&b"),
        ("<nextToken>ab<!-- x -->cd</nextToken>", "abcd"),
        ("<e:nextToken>a&#98;<?x y?>c</e:nextToken>", "abc"),
        ("<nextToken/>", ""),
    ] {
        let document = format!("<DescribeVpcsResponse><vpcSet/>{content}</DescribeVpcsResponse>");
        let body = decode(document.as_bytes(), &table("ec2_vpcs").selector).expect("it is read");
        assert_eq!(body.scalars.text("NextToken").as_deref(), Some(expected));
    }
    let blank = "<ListHostedZonesResponse><HostedZones/><IsTruncated>\n true <!-- x --></IsTruncated></ListHostedZonesResponse>";
    let body = decode(blank.as_bytes(), &table("route53_hosted_zones").selector).expect("it is read");
    assert_eq!(body.scalars.is_true("IsTruncated"), Ok(true));
}

/// In the query protocol, one element has everything else.
#[test]
fn content_beside_the_result_of_a_query_is_an_error() {
    let balancers = "<LoadBalancers><member><LoadBalancerArn>a</LoadBalancerArn></member></LoadBalancers>";
    let result = |content: &str| format!("<DescribeLoadBalancersResult>{content}</DescribeLoadBalancersResult>");
    let metadata = |content: &str| format!("<ResponseMetadata>{content}</ResponseMetadata>");
    let id = "<RequestId>r</RequestId>";
    for content in [result(balancers) + &metadata(id), metadata(id) + &result(balancers)] {
        assert_eq!(read("elbv2_load_balancers", &content), Ok(vec![json!({ "LoadBalancerArn": "a" })]));
    }
    for content in [
        result("") + &metadata(&format!("{id}{balancers}")),
        result("") + &metadata("<member><LoadBalancerArn>a</LoadBalancerArn></member>"),
        result(balancers) + &metadata("<NextMarker>a</NextMarker>"),
        result(balancers) + "<NextMarker>a</NextMarker>",
        result("") + balancers,
        result(balancers) + &result(balancers),
        metadata(id),
        balancers.to_owned(),
    ] {
        let error = read("elbv2_load_balancers", &content).expect_err(&content);
        assert!(!error.is_empty());
    }
}

#[test]
fn content_that_would_be_passed_over_is_an_error() {
    let item = "<item><vpcId>v</vpcId></item>";
    for content in [
        &format!("<VpcSet>{item}</VpcSet>"),
        &format!("<wrap><vpcSet>{item}</vpcSet></wrap>"),
        &format!("<vpcSet/><VpcSet>{item}</VpcSet>"),
        &format!("<vpcSet/><moreVpcs>{item}</moreVpcs>"),
        &format!("<vpcSet><wrap>{item}{item}</wrap></vpcSet>"),
        &format!("<vpcSet><item><vpcId>v</vpcId>{item}</item></vpcSet>"),
        &format!("<vpcSet/>{item}"),
        item,
        "<vpcSet>text</vpcSet>",
        "<vpcSet><item>text</item></vpcSet>",
        "<vpcSet/>text",
        "<vpcSet/><NextToken>a</NextToken>",
        "<vpcSet/><nextPageToken>a</nextPageToken>",
        "<vpcSet/><IsTruncated>true</IsTruncated>",
        "<vpcSet/><paging><nextToken>a</nextToken></paging>",
        "<vpcSet/><requestId><nextToken>a</nextToken></requestId>",
        "<vpcSet/><nextToken>a<b/></nextToken>",
        "<vpcSet><item><nextToken>a</nextToken><vpcId>v</vpcId></item></vpcSet>",
        "<unknown/>",
        "<vpcSet><item><vpcId>a<b/></vpcId></item></vpcSet>",
        "<vpcSet><item><tagSet><item>text</item></tagSet></item></vpcSet>",
    ] {
        assert!(read("ec2_vpcs", content).is_err(), "{content}");
    }
    assert!(read("ec2_instances", "<reservationSet><item><unknown/></item></reservationSet>").is_err());
    assert!(read("ec2_instances", "<reservationSet><item><instancesSet><item><productCodes><productCode>a</productCode></productCodes></item></instancesSet></item></reservationSet>").is_err());
    let one = format!("<DescribeVpcsResponse><vpcSet>{item}</vpcSet></DescribeVpcsResponse>");
    for document in [format!("{one}{one}"), format!("{one}x"), format!("x{one}"), one.replace("Vpcs", "Subnets")] {
        assert!(read_document(table("ec2_vpcs"), &document).is_err(), "{document}");
    }
    for nothing in [
        "",
        "<requestId>r</requestId>",
        "<vpcSet/>",
        "<vpcSet> <!-- x --> </vpcSet><newMember>x</newMember>",
        "<vpcSet/><IsTruncated>false</IsTruncated>",
        "<IsTruncated>false</IsTruncated>",
    ] {
        assert_eq!(read("ec2_vpcs", nothing), Ok(vec![]), "{nothing}");
    }
}

#[test]
fn unknown_members_have_one_kind_and_no_key_twice() {
    let item = "<item><newThing>1</newThing><vpcId>v</vpcId><newThing>2</newThing></item>";
    let expected = json!({ "VpcId": "v", "aws_extra": { "newThing": ["1", "2"] } });
    assert_eq!(read("ec2_vpcs", &format!("<vpcSet>{item}</vpcSet>")), Ok(vec![expected]));
    let rail = "<Guardrail><Name>x</Name></Guardrail>";
    for (rails, expected) in [(rail.to_owned(), 1), (format!("{rail}{rail}"), 2)] {
        let zone = format!("<HostedZone><Id>Z</Id><Guardrails>{rails}</Guardrails></HostedZone>");
        let zones = read("route53_hosted_zones", &format!("<HostedZones>{zone}</HostedZones>")).expect("zones");
        assert_eq!(zones[0]["aws_extra"]["Guardrails"].as_array().map(Vec::len), Some(expected), "{zones:?}");
    }
    let tag = |inside: &str| format!("<item>{inside}</item>");
    let tags =
        [tag("<key>a</key><value>1</value>"), tag("<key>a</key><value>2</value>"), tag("<value>3</value>")].concat();
    let item = format!("<item><vpcId>v</vpcId><tagSet>{tags}{}</tagSet></item>", tag("<key>b</key><new>4</new>"));
    let lost = json!([{ "Value": "3" }, { "Key": "b", "Value": "", "new": "4" }, { "Key": "a", "Value": "1" }]);
    let expected = json!({ "VpcId": "v", "tags": [["a", "2"], ["b", ""]], "aws_extra": { "tagSet": lost } });
    assert_eq!(read("ec2_vpcs", &format!("<vpcSet>{item}</vpcSet>")), Ok(vec![expected]));
}

#[test]
fn scalars_are_read_as_botocore_reads_them() {
    let volume = "<item><encrypted>\n true\n </encrypted><size> 5 </size><createTime>\n2014-04-29T18:30:38\n</createTime><volumeId> v </volumeId></item>";
    let expected = json!({ "Encrypted": true, "Size": 5, "CreateTime": "2014-04-29T18:30:38Z", "VolumeId": " v " });
    assert_eq!(read("ec2_volumes", &format!("<volumeSet>{volume}</volumeSet>")), Ok(vec![expected]));
    let request = "<item><validUntil>9999-12-31T23:59:59Z</validUntil><createTime>never</createTime></item>";
    let expected = json!({ "ValidUntil": "9999-12-31T23:59:59Z", "aws_extra": { "createTime": "never" } });
    let content = format!("<spotInstanceRequestSet>{request}</spotInstanceRequestSet>");
    assert_eq!(read("ec2_spot_instance_requests", &content), Ok(vec![expected]));
    let odd = "<snapshotSet><item><startTime>never</startTime></item></snapshotSet><snapshotSet><item><snapshotId>s</snapshotId></item></snapshotSet>";
    let expected = [json!({ "aws_extra": { "startTime": "never" } }), json!({ "SnapshotId": "s" })];
    assert_eq!(read("ec2_snapshots", odd), Ok(expected.to_vec()));
}

#[test]
fn encodings_are_read_or_refused() {
    let vpc = |id: &str| {
        format!("<DescribeVpcsResponse><vpcSet><item><vpcId>{id}</vpcId></item></vpcSet></DescribeVpcsResponse>")
    };
    let read = |document: &[u8]| decode(document, &table("ec2_vpcs").selector).map(|body| body.items.len());
    for marked in [
        "\u{feff}",
        "\u{feff}<?xml version='1.0' encoding='UTF-8'?>",
        "<?xml version=\"1.0\" encoding=\"us-ascii\" ?>\n",
    ] {
        assert_eq!(read(format!("{marked}{}", vpc("\u{e9}")).as_bytes()), Ok(1), "{marked}");
    }
    let latin = "<?xml version='1.0' encoding='ISO-8859-1'?>";
    assert_eq!(read(format!("{latin}{}", vpc("e")).as_bytes()), Ok(1));
    assert!(read(format!("{latin}{}", vpc("\u{e9}")).as_bytes()).is_err());
    assert!(read(&vpc("\u{e9}").chars().map(|c| c as u8).collect::<Vec<_>>()).is_err());
    for order in [u16::to_le_bytes, u16::to_be_bytes] {
        for mark in ["", "\u{feff}"] {
            let wide: Vec<u8> = format!("{mark}{}", vpc("v")).encode_utf16().flat_map(order).collect();
            assert!(read(&wide).is_err());
        }
    }
}
