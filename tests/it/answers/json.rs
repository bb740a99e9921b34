//! Odd answers in JSON, for every listing that has JSON: what is read is what `serde_json` reads, and what could hide an item
//! or a page token is an error.

use rolecall::testing::shapes::{Member, MemberKind, Structure};
use rolecall::testing::{Catalogue, Table, decode};
use serde_json::{Map, Value, json};

use super::{is_json, item_json};

const ITEMS: usize = 3;

fn listings() -> impl Iterator<Item = &'static Table> {
    Catalogue::get().expect("a catalogue").tables().iter().filter(|table| is_json(table))
}

/// What a member is called: on the wire, or in AWS's documentation.
type NameOf = fn(&'static Member) -> &'static str;

const WIRE: NameOf = |member| member.wire;
const DOCUMENTED: NameOf = |member| member.name;

/// A structure with every member that is no secret. `number` makes it differ from others.
fn filled(structure: &'static Structure, number: usize, of: NameOf) -> Value {
    let known = structure.members.iter().filter(|member| !matches!(member.kind, MemberKind::Sensitive));
    known.map(|member| (of(member).to_owned(), value(member, &member.kind, number, of))).collect::<Map<_, _>>().into()
}

/// The pairs in a list or an object of tags.
fn tag_pairs(tags: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let part = |pair: &Value, name: &str| text(pair.get(name).unwrap_or(&pair[name.to_lowercase()]));
    match tags {
        Value::Object(tags) => tags.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
        list => list.as_array().expect("tags").iter().map(|pair| (part(pair, "Key"), part(pair, "Value"))).collect(),
    }
}

fn value(member: &'static Member, kind: &'static MemberKind, number: usize, of: NameOf) -> Value {
    match kind {
        MemberKind::Text => json!(format!("{} \"{number}\" \\ \u{e9}\u{1f600}\n\u{0}", member.name)),
        MemberKind::Boolean => json!(number.is_multiple_of(2)),
        MemberKind::Integer => json!(i64::MAX - i64::try_from(number).expect("small")),
        MemberKind::Double => json!(0.1 + number as f64),
        MemberKind::Timestamp => json!("2026-11-22T02:13:55.5Z"),
        MemberKind::Structure(structure) => filled(structure, number, of),
        MemberKind::List(list) => json!([value(member, &list.of, number, of), value(member, &list.of, number + 7, of)]),
        MemberKind::TagMap => json!({ format!("key \"{number}\""): "\u{e9}", "empty": "" }),
        MemberKind::Sensitive => Value::Null,
    }
}

fn is_token(name: &str) -> bool {
    name == "position" || name.to_ascii_lowercase().starts_with("next")
}

fn table_output(table: &Table) -> &'static Structure {
    rolecall::testing::shapes::operation(table.entry.operation).expect("an operation").output
}

/// The names of the list and of the token in the response of a listing.
fn names(table: &Table) -> (&'static str, &'static str) {
    let output = table_output(table);
    let (_, list) = output.member(table.entry.items_path).expect("a list");
    let token = output.members.iter().find(|member| is_token(member.name)).expect("a token");
    (list.wire, token.wire)
}

fn response(table: &Table) -> Map<String, Value> {
    let (list, token) = names(table);
    let items: Vec<Value> = (0..ITEMS).map(|number| filled(table.selector.item(), number, WIRE)).collect();
    Map::from_iter([(token.to_owned(), json!("the next")), (list.to_owned(), items.into())])
}

fn count(table: &Table, body: &str) -> Result<usize, String> {
    decode(body.as_bytes(), &table.selector).map(|body| body.items.len()).map_err(|error| error.to_string())
}

#[test]
fn every_member_is_read_as_it_was_sent() {
    let mut compared = 0;
    for table in listings() {
        let whole = Value::from(response(table));
        for text in [whole.to_string(), serde_json::to_string_pretty(&whole).expect("text")] {
            let body = decode(text.as_bytes(), &table.selector).unwrap_or_else(|error| panic!("{error}: {text}"));
            assert_eq!(body.items.len(), ITEMS);
            for (number, item) in body.items.iter().enumerate() {
                let mut expected = filled(table.selector.item(), number, DOCUMENTED);
                if let Some(tags) = &item.tags {
                    let members = expected.as_object_mut().expect("an object");
                    let sent = members.remove("Tags").or_else(|| members.remove("tags")).expect("tags");
                    assert_eq!(*tags, tag_pairs(&sent), "{text}");
                }
                assert_eq!(item_json(table, &item.values), expected, "{text}");
                assert!(item.extra.is_empty(), "{text}");
                compared += item.values.len();
            }
            let token =
                table_output(table).members.iter().find(|member| member.wire == names(table).1).expect("a token");
            assert_eq!(body.scalars.text(token.name).as_deref(), Some("the next"));
        }
    }
    assert!(compared > 500, "{compared} members");
}

#[test]
fn what_could_hide_an_item_or_a_token_is_an_error() {
    for table in listings() {
        let (list, token) = names(table);
        let whole = || response(table);
        let text = Value::from(whole()).to_string();
        for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            assert!(count(table, &text[..cut]).is_err(), "{}", &text[..cut]);
        }
        let changed = |change: &dyn Fn(&mut Map<String, Value>)| {
            let mut body = whole();
            change(&mut body);
            Value::from(body).to_string()
        };
        let renamed = |from: &'static str, to: String| {
            changed(&move |body| {
                let value = body.remove(from).expect("a member");
                body.insert(to.clone(), value);
            })
        };
        let item = filled(table.selector.item(), 0, WIRE);
        for hidden in [
            renamed(list, if list == list.to_lowercase() { list.to_uppercase() } else { list.to_lowercase() }),
            renamed(list, "Things".into()),
            renamed(token, token.to_uppercase()),
            renamed(token, "Marker".into()),
            changed(&|body| drop(body.insert("More".into(), json!({ list: [item.clone()] })))),
            changed(&|body| drop(body.insert("More".into(), json!([item.clone()])))),
            changed(&|body| drop(body.insert(list.into(), json!({ "0": item.clone() })))),
            changed(&|body| drop(body.insert(list.into(), json!([[item.clone()]])))),
            changed(&|body| drop(body.insert(list.into(), json!([{ "Item": item.clone() }])))),
            changed(&|body| drop(body.insert(list.into(), json!([null])))),
            changed(&|body| drop(body.insert(list.into(), json!("")))),
            changed(&|body| drop(body.insert(token.into(), json!(7)))),
            changed(&|body| drop(body.insert(token.into(), json!([])))),
            json!([whole()]).to_string(),
            json!({ "Response": whole() }).to_string(),
            format!("{text}{text}"),
            format!("{},\"{list}\":[]}}", &text[..text.len() - 1]),
        ] {
            assert!(count(table, &hidden).is_err(), "{}: {hidden}", table.entry.table);
        }
        for (body, items) in [
            (changed(&|body| drop(body.insert(list.into(), Value::Null))), 0),
            (changed(&|body| drop(body.insert(token.into(), Value::Null))), ITEMS),
            (changed(&|body| drop(body.insert("requestId".into(), json!("x")))), ITEMS),
        ] {
            assert_eq!(count(table, &body), Ok(items), "{}: {body}", table.entry.table);
        }
    }
}
