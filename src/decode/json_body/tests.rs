use crate::decode::shapes::{self, Operation};
use crate::decode::{Item, ItemSelector, Value, decode, decode_within};

fn selector(operation: &str, path: &str) -> ItemSelector {
    ItemSelector::new(shapes::operation(operation).unwrap(), path, &[]).unwrap()
}

fn rules() -> ItemSelector {
    selector("route53resolver:ListResolverRules", "ResolverRules")
}

fn value<'a>(selector: &ItemSelector, item: &'a Item, name: &str) -> &'a Value {
    &item.values[selector.item().member(name).unwrap().0]
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// The item of a response with one rule, which has these members besides its id.
fn rule(members: &str) -> Item {
    let body = format!(r#"{{"ResolverRules":[{{"Id":"r"{members}}}]}}"#);
    decode(body.as_bytes(), &rules()).unwrap_or_else(|error| panic!("{members}: {error}")).items.remove(0)
}

const RULES: &str = r#"{
  "MaxResults": 100, "NextToken": "t\u0026\"1",
  "ResolverRules": [
    { "Id": "rslvr-rr-1", "Name": "", "OwnerId": null, "DomainName": "caf\u00e9 \ud83d\ude00.",
      "TargetIps": [ { "Ip": "10.0.0.1", "Port": 53, "new": { "a": [1, 2.50, 1e2] } }, { "Ip": null, "Port": 65536123456789 } ],
      "newThing": { "a": "1 \n 2", "b": null, "c": [ ], "d": 12345678901234567890123, "e": 1e400, "f": true } },
    { "Id": "rslvr-rr-2", "TargetIps": [] }
  ]
}"#;

#[test]
fn items_are_decoded_and_paging_members_are_kept() {
    let selector = rules();
    let body = decode(RULES.as_bytes(), &selector).unwrap();
    let item = &body.items[0];
    assert_eq!(value(&selector, item, "Id"), &text("rslvr-rr-1"));
    assert_eq!(value(&selector, item, "Name"), &text(""));
    assert_eq!(value(&selector, item, "OwnerId"), &Value::Missing);
    assert_eq!(value(&selector, item, "Status"), &Value::Missing);
    assert_eq!(value(&selector, item, "DomainName"), &text("café 😀."));
    let targets = r#"[{"Ip":"10.0.0.1","Port":53,"new":{"a":[1,2.50,1e2]}},{"Port":65536123456789}]"#;
    assert_eq!(value(&selector, item, "TargetIps"), &Value::Json(targets.into()));
    // Numbers keep their digits. One that no reader takes is text.
    let unknown = r#"{"newThing":{"a":"1 \n 2","b":null,"c":[],"d":12345678901234567890123,"e":"1e400","f":true}}"#;
    assert_eq!(item.extra.to_object(), unknown);
    assert_eq!(value(&selector, &body.items[1], "TargetIps"), &Value::Json("[]".into()));
    assert_eq!(body.scalars.text("NextToken").as_deref(), Some("t&\"1"));
    assert_eq!(body.scalars.text("MaxResults").as_deref(), Some("100"));
    assert!(body.held > 0 && body.dropped == 0);
}

#[test]
fn scalars_are_read_by_their_types_and_kept_if_they_have_another() {
    let selector = selector("route53domains:ListDomains", "Domains");
    let read = |members: &str| {
        let body = format!(r#"{{"Domains":[{{"DomainName":"d",{members}}}]}}"#);
        decode(body.as_bytes(), &selector).unwrap().items.remove(0)
    };
    let time = |text: &str| Value::Timestamp(text.parse().unwrap());
    for (member, expected) in [
        (r#""Expiry":1398796238"#, time("2014-04-29T18:30:38Z")),
        (r#""Expiry":1398796238.5"#, time("2014-04-29T18:30:38.5Z")),
        (r#""Expiry":1.398796238E9"#, time("2014-04-29T18:30:38Z")),
        (r#""Expiry":"2014-04-29T18:30:38Z""#, time("2014-04-29T18:30:38Z")),
    ] {
        assert_eq!(value(&selector, &read(member), "Expiry"), &expected, "{member}");
    }
    assert_eq!(value(&selector, &read(r#""AutoRenew":true"#), "AutoRenew"), &Value::Boolean(true));
    for (member, kept) in [
        (r#""Expiry":"never""#, r#"{"Expiry":"never"}"#),
        (r#""Expiry":true"#, r#"{"Expiry":true}"#),
        (r#""AutoRenew":"true""#, r#"{"AutoRenew":"true"}"#),
        (r#""AutoRenew":1"#, r#"{"AutoRenew":1}"#),
        (r#""AutoRenew":{"a":[1]}"#, r#"{"AutoRenew":{"a":[1]}}"#),
    ] {
        let item = read(member);
        assert_eq!(item.extra.to_object(), kept, "{member}");
        assert!(item.values[1..].iter().all(|value| *value == Value::Missing), "{member}");
    }
    // The limits of 64 bits, and what is beyond them, in a nested structure.
    for number in ["9223372036854775807", "-9223372036854775808", "9223372036854775808", "1.0", "-0"] {
        let json = format!(r#"[{{"Port":{number}}}]"#);
        let expected = if number == "-0" { r#"[{"Port":0}]"#.to_owned() } else { json.clone() };
        let item = rule(&format!(r#","TargetIps":{json}"#));
        assert_eq!(value(&rules(), &item, "TargetIps"), &Value::Json(expected), "{number}");
    }
}

#[test]
fn a_foreign_or_cut_document_is_an_error() {
    let selector = rules();
    for cut in (0..RULES.len()).filter(|cut| RULES.is_char_boundary(*cut)) {
        assert!(decode(&RULES.as_bytes()[..cut], &selector).is_err(), "cut at {cut} was decoded as whole");
    }
    for foreign in [
        "",
        "  ",
        "null",
        "[]",
        "\"ResolverRules\"",
        "<html/>",
        r#"{"message":"Forbidden"}"#,
        r#"{"__type":"InternalFailure"}"#,
        r#"{"ResolverRules":{}}"#,
        r#"{"ResolverRules":[null]}"#,
        r#"{"ResolverRules":["a"]}"#,
        r#"{"ResolverRules":[{"id":"lower case"}]}"#,
        r#"{"ResolverRules":[]} {}"#,
        r#"{"ResolverRules":[],"ResolverRules":[]}"#,
        r#"{"ResolverRules":[{"Id":"a","Id":"b"}]}"#,
        r#"{"ResolverRules":[],"NextToken":7}"#,
        r#"{"ResolverRules":[],"nextToken":"x"}"#,
        r#"{"ResolverRules":[],"Marker":"x"}"#,
        r#"{"ResolverRules":[],"IsTruncated":true}"#,
        r#"{"ResolverRules":[],"resolverRules":[{"Id":"a"}]}"#,
        r#"{"ResolverRules":[],"More":{"ResolverRules":[{"Id":"a"}]}}"#,
        r#"{"ResolverRules":[{"Id":"a","NextToken":"x"}]}"#,
        r#"{"ResolverRules":[{"Id":"a","ResolverRules":[]}]}"#,
        "{\"ResolverRules\":[{\"Id\":\"\u{0}\"}]}",
        r#"{"ResolverRules":[{"Id":"\ud800"}]}"#,
    ] {
        assert!(decode(foreign.as_bytes(), &selector).is_err(), "{foreign:?} was decoded as a response");
    }
    assert!(decode(b"{\"ResolverRules\":[{\"Id\":\"\xff\"}]}", &selector).is_err());
    for fine in [
        "{}",
        "\u{feff}{\"ResolverRules\":[]}",
        r#"{"ResolverRules":null,"NextToken":null}"#,
        r#"{"ResolverRules":[],"IsTruncated":false,"requestId":"x","Total":{"Count":0}}"#,
    ] {
        assert_eq!(decode(fine.as_bytes(), &selector).map(|body| body.items.len()), Ok(0), "{fine}");
    }
}

#[test]
fn sensitive_members_and_unknown_ones_beside_them_are_dropped() {
    let selector = selector("route53domains:GetDomainDetail", "");
    let body = r#"{"DomainName":"example.com","AdminContact":{"FirstName":"SECRET"},"RegistrantContact":"SECRET",
        "AbuseContactEmail":"SECRET","brandNewContact":{"Email":"SECRET"},"RegistrarName":["SECRET"],
        "Nameservers":[{"Name":"ns-1.","GlueIps":[]}],"CreationDate":1398796238.0}"#;
    let body = decode(body.as_bytes(), &selector).unwrap();
    assert!(!format!("{body:?}").contains("SECRET"));
    // The unknown member, and the text that is a list, in which anything could be.
    assert_eq!(body.dropped, 2);
    let item = &body.items[0];
    assert_eq!(value(&selector, item, "Nameservers"), &Value::Json(r#"[{"Name":"ns-1.","GlueIps":[]}]"#.into()));
    assert_eq!(value(&selector, item, "DomainName"), &text("example.com"));
}

#[test]
fn the_digest_counts_content_and_neither_order_nor_space() {
    let one = rule(r#","Name":"a","TargetIps":[{"Ip":"1.1.1.1","Port":53},{"Ip":"2.2.2.2"}],"x":[1,{"y":null}]"#);
    for same in [
        r#" , "x" : [ 1 ] , "TargetIps" : [ {"Ip":"2.2.2.2","Port":null}, {"Port":53,"Ip":"1.1.1.1"} ] , "Name" : "\u0061""#,
        r#","Name":"a","Status":null,"StatusMessage":"","TargetIps":[{"Ip":"1.1.1.1","Port":53},{"Ip":"2.2.2.2"}],"x":[1,{}]"#,
    ] {
        assert_eq!(rule(same).digest, one.digest, "{same}");
    }
    for other in [
        r#","Name":"b","TargetIps":[{"Ip":"1.1.1.1","Port":53},{"Ip":"2.2.2.2"}],"x":[1]"#,
        r#","Name":"a","TargetIps":[{"Ip":"1.1.1.1"},{"Ip":"2.2.2.2","Port":53}],"x":[1]"#,
        r#","Name":"a","TargetIps":[{"Ip":"1.1.1.1","Port":53},{"Ip":"2.2.2.2"}],"x":[2]"#,
    ] {
        assert_ne!(rule(other).digest, one.digest, "{other}");
    }
    // The elements of a list add up, as they do over several pages.
    let part = |members: &str| rule(members).digest.wrapping_sub(rule("").digest);
    let both = part(r#","TargetIps":[{"Ip":"1"},{"Ip":"2"}]"#);
    assert_eq!(both, part(r#","TargetIps":[{"Ip":"1"}]"#).wrapping_add(part(r#","TargetIps":[{"Ip":"2"}]"#)));
}

#[test]
fn unknown_members_have_keys_of_their_own() {
    let item = rule(r#","id":"x","ID":1,"new":{"a":1,"A":2},"TargetIps":[{"ip":"x","Ip":"y"}]"#);
    assert_eq!(item.extra.to_object(), r#"{"id":"x","ID_2":1,"new":{"a":1,"A_2":2}}"#);
    assert_eq!(value(&rules(), &item, "TargetIps"), &Value::Json(r#"[{"Ip":"y","aws:ip":"x"}]"#.into()));
    assert_eq!(
        item.json(rules().item()),
        r#"{"Id":"r","TargetIps":[{"Ip":"y","aws:ip":"x"}],"aws:id":"x","ID_2":1,"new":{"a":1,"A_2":2}}"#
    );
}

/// Documents that take a quadratic reader minutes, and ones that would overflow the stack of a careless one.
#[test]
fn hostile_documents_take_linear_time() {
    const MANY: usize = 100_000;
    let numbered = |element: fn(usize) -> String| (0..MANY).map(element).collect::<Vec<_>>().join(",");
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let item = |inside: &str| format!(r#"{{"ResolverRules":[{{"Id":"r",{inside}}}]}}"#);
    for document in [
        item(&numbered(|n| format!("\"u{n}\":{n}"))),
        item(&format!("\"u\":[{}]", numbered(|n| format!("{{\"n{n}\":\"\"}}")))),
        item(&format!("\"TargetIps\":[{}]", numbered(|n| format!("{{\"Ip\":\"{n}\"}}")))),
        item(&format!("\"u\":\"{}\"", "\\\\\\\"\\u0041".repeat(MANY))),
        item(&format!("\"u\":{}", deep(50))),
    ] {
        assert!(decode(document.as_bytes(), &rules()).is_ok(), "{}", &document[..120]);
    }
    for depth in [70, 1_000_000] {
        assert!(decode(item(&format!("\"u\":{}", deep(depth))).as_bytes(), &rules()).is_err(), "{depth}");
    }
}

#[test]
fn items_take_no_more_memory_than_they_may() {
    let read = |items: String| decode_within(format!(r#"{{"ResolverRules":[{items}]}}"#).as_bytes(), &rules(), 1 << 20);
    assert!(read(vec!["{}"; 100].join(",")).is_ok());
    for items in [vec!["{}"; 10_000].join(","), format!(r#"{{"Id":"{}"}}"#, "x".repeat(2 << 20))] {
        let error = read(items).expect_err("it takes too much");
        assert!(error.to_string().contains("1048576 bytes"), "{error}");
    }
}

#[test]
fn every_operation_with_a_request_is_read_as_json_and_no_other() {
    let is_json = |name: &str| shapes::operation(name).is_some_and(Operation::is_json);
    assert!(is_json("route53profiles:ListProfiles") && is_json("route53domains:ListDomains"));
    assert!(!is_json("ec2:DescribeVpcs") && !is_json("route53:ListHostedZones"));
}
