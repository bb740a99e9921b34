//! Compares the scanner with quick-xml over the same documents.

use proptest::prelude::*;
use quick_xml::events::Event;

use super::*;

/// The tags of a document, with the text of those named `text`.
fn scanned(document: &str) -> Result<Vec<String>, DecodeError> {
    let mut scanner = Scanner::new(document);
    let mut events = Vec::new();
    loop {
        match scanner.tag()? {
            Tag::Start("text") => events.push(format!("text {:?}", scanner.text()?)),
            Tag::Start("any") => {
                scanner.skip(|_| {})?;
                events.push("any".into());
            }
            Tag::Start(name) => events.push(format!("<{name}")),
            Tag::End => events.push(">".into()),
            Tag::Eof => return Ok(events),
        }
    }
}

/// Reads the same with quick-xml.
fn read(document: &str) -> Option<Vec<String>> {
    let mut reader = quick_xml::Reader::from_str(document);
    reader.config_mut().expand_empty_elements = true;
    let (mut events, mut depth, mut text) = (Vec::new(), 0_usize, None::<(usize, String)>);
    let mut skipped = None::<usize>;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                depth += 1;
                let name = start.local_name().as_ref().to_owned();
                match (&text, name.as_str()) {
                    _ if skipped.is_some() => {}
                    (None, "any") => skipped = Some(depth),
                    (Some(_), _) => {}
                    (None, "text") => text = Some((depth, String::new())),
                    (None, name) => events.push(format!("<{name}")),
                }
            }
            Event::End(_) if skipped.is_some() => {
                if skipped == Some(depth) {
                    skipped = None;
                    events.push("any".into());
                }
                depth -= 1;
            }
            Event::End(_) => {
                match text.take() {
                    Some((at, content)) if at == depth => events.push(format!("text {content:?}")),
                    Some(inside) => text = Some(inside),
                    None => events.push(">".into()),
                }
                depth -= 1;
            }
            Event::Text(part) => text
                .iter_mut()
                .filter(|(at, _)| *at == depth)
                .for_each(|(_, text)| text.push_str(&part.xml10_content())),
            Event::CData(part) => text
                .iter_mut()
                .filter(|(at, _)| *at == depth)
                .for_each(|(_, text)| text.push_str(&part.xml10_content())),
            Event::GeneralRef(reference) => {
                let found = match reference.resolve_char_ref().ok()? {
                    Some(character) => character.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&reference.xml10_content())?.to_owned(),
                };
                text.iter_mut().filter(|(at, _)| *at == depth).for_each(|(_, text)| text.push_str(&found));
            }
            Event::Eof => return (depth == 0).then_some(events),
            _ => {}
        }
    }
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z \r\n\t\u{e9}\u{1f600}]{0,12}",
        Just("&amp;&lt;&gt;&quot;&apos;&#65;&#x1F600;&#13;".to_owned()),
        Just("<![CDATA[<a>&amp;]] \r\n]]>".to_owned()),
        Just("<!-- <a> & - -->".to_owned()),
        Just("<?do <a>?>".to_owned()),
    ]
}

fn document() -> impl Strategy<Value = String> {
    let text = prop::collection::vec(piece(), 0..4).prop_map(|parts| format!("<text>{}</text >", parts.concat()));
    let leaf = prop_oneof![
        text,
        Just("<empty/>".to_owned()),
        Just("<empty  with='>' and=\"/>\" />".to_owned()),
        Just("<text/>".to_owned()),
        Just("<x:text xmlns:x='urn:y'>a</x:text>".to_owned()),
        Just("<any>a<b at='1'>c</b><b/>d<text>x</text><any/></any>".to_owned()),
    ];
    let inside = leaf.prop_recursive(4, 40, 5, |inside| {
        (prop::collection::vec(inside, 0..5), "([a-z]{1,3}:)?[a-zA-Z][a-zA-Z0-9._-]{0,9}", " *")
            .prop_filter("a name of its own", |(_, name, _)| !name.ends_with("text") && !name.ends_with("any"))
            .prop_map(|(inside, name, space)| format!("<{name}>{space}{}\n</{name}>", inside.concat()))
    });
    inside.prop_map(|inside| format!("<?xml version=\"1.0\"?>\n<root xmlns=\"urn:x\">{inside}</root>\n"))
}

proptest! {
    #[test]
    fn reads_the_same_as_quick_xml(document in document()) {
        let expected = read(&document);
        prop_assert!(expected.is_some(), "{document}");
        prop_assert_eq!(scanned(&document).ok(), expected);
    }

    #[test]
    fn a_truncated_document_is_an_error(document in document(), at in 0.0..1.0_f64) {
        let end = document.rfind('>').unwrap_or_default();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let cut = (0..=(at * end as f64) as usize).rev().find(|at| document.is_char_boundary(*at)).unwrap_or(0);
        let begun = document[..cut].contains("<root");
        prop_assert!(!begun || scanned(&document[..cut]).is_err(), "{}", &document[..cut]);
    }

    #[test]
    fn no_input_panics(text in "[<>/!?a-z&;#\"'= \\[\\]CDATA-]{0,60}") {
        let _ = scanned(&text);
    }
}

#[test]
fn end_tags_must_match_their_start_tags() {
    for broken in ["<a></b>", "<a></ab>", "<ab></a>", "<a>", "</a>", "<a", "<a b='", "<a><", "<>x</>", "<a><b></a></b>"]
    {
        assert!(scanned(broken).is_err(), "{broken}");
    }
    assert_eq!(scanned("<a ></a\n>").unwrap(), ["<a", ">"]);
    let secret = "<text>a&SECRET;b</text>";
    assert!(!scanned(secret).unwrap_err().to_string().contains("SECRET"));
}

#[test]
fn nothing_is_passed_over_without_an_error() {
    for broken in [
        "<a/><b/>",
        "<a></a><a></a>",
        "<a/>x",
        "x<a/>",
        "<a/>&#65;",
        "<a>x</a>",
        "<a><b/>x</a>",
        "<a>&amp;<b/></a>",
        "<a><![CDATA[x]]></a>",
        "<a><!-- <!-- --><b/> --></a>",
        "<a><!-- a -- b --></a>",
        "<text>a<b>c</b>d</text>",
        "<text>a]]>b</text>",
        "<a b=\"><text/><c d=\"\"/></a>",
        "<x:/>",
        "<x:a></a>",
    ] {
        assert!(scanned(broken).is_err(), "{broken}");
    }
    for blank in ["<a> <![CDATA[ \n]]>&#32;<!-- x --><?y z?></a>", " \n<a></a>\t<!-- x --> <?y?>\n"] {
        assert_eq!(scanned(blank).unwrap(), ["<a", ">"], "{blank}");
    }
    assert_eq!(scanned("<x:a><y:text>b</y:text></x:a >").unwrap(), ["<a", "text \"b\"", ">"]);
}
