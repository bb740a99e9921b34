//! Reads elements that the service model does not know as JSON.
//!
//! **Invariant:** knows neither members of the model nor rows.

use super::scan::{Scanner, Tag};
use crate::decode::error::DecodeError;
use crate::decode::json::write_string;
use crate::decode::unknown::UnknownMembers;

/// The key of the text that stands beside elements.
const TEXT_KEY: &str = "#text";

/// Reads the content of an element of unknown shape as JSON, up to its end tag: a text, a list, or an object.
pub(super) fn read_unknown(scanner: &mut Scanner<'_>, parent: &str) -> Result<String, DecodeError> {
    let mut text = String::new();
    let mut names: Option<&str> = None;
    let mut same = true;
    let mut children = UnknownMembers::default();
    let mut json = String::new();
    while let Tag::Start(name) = scanner.content(&mut text)? {
        same &= names.is_none_or(|first| first == name);
        names.get_or_insert(name);
        children.push(name, read_unknown(scanner, name)?);
    }
    let Some(name) = names else {
        write_string(&mut json, &text);
        return Ok(json);
    };
    let stray = !text.trim_ascii().is_empty();
    if same && !stray && is_element_of(name, parent) {
        json.push('[');
        json.push_str(&children.values().collect::<Vec<_>>().join(","));
        json.push(']');
        return Ok(json);
    }
    if stray {
        let mut of_text = String::new();
        write_string(&mut of_text, text.trim_ascii());
        children.push(TEXT_KEY, of_text);
    }
    Ok(children.to_object())
}

/// Whether an element of this name is an element of the list, whatever their number. A list of one element would look
/// like a structure with one member otherwise, and a structure with one member like a list.
///
/// AWS names the elements `item` or `member`, or like the list in the singular (`HostedZones`, `HostedZone`).
fn is_element_of(element: &str, list: &str) -> bool {
    if ["item", "member", "entry", "element"].contains(&element) {
        return true;
    }
    let words = (last_word(element), last_word(list));
    ["Set", "List"].contains(&words.1) || is_singular_of(element, list) || is_singular_of(words.0, words.1)
}

fn is_singular_of(singular: &str, plural: &str) -> bool {
    let (singular, plural) = (singular.to_ascii_lowercase(), plural.to_ascii_lowercase());
    let ends = |ending: &str, instead: &str| {
        plural.strip_suffix(ending).is_some_and(|stem| singular.strip_suffix(instead) == Some(stem))
    };
    ends("s", "") || ends("es", "") || ends("ies", "y")
}

/// The last word of a name in camel case.
fn last_word(name: &str) -> &str {
    let bytes = name.as_bytes();
    let begins = |at: &usize| {
        bytes[*at].is_ascii_uppercase()
            && (bytes.get(at.wrapping_sub(1)).is_some_and(|byte| !byte.is_ascii_uppercase())
                || bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase))
    };
    (1..bytes.len()).rev().find(begins).and_then(|at| name.get(at..)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(xml: &str) -> String {
        let mut scanner = Scanner::new(xml);
        let Tag::Start(name) = scanner.tag().unwrap() else { panic!("no element") };
        read_unknown(&mut scanner, name).unwrap()
    }

    #[test]
    fn one_and_two_elements_have_the_same_kind() {
        for (list, element) in [
            ("newSet", "item"),
            ("NewThings", "member"),
            ("Guardrails", "Guardrail"),
            ("linkedGuardrails", "Guardrail"),
            ("LinkedPolicies", "Policy"),
            ("Boxes", "Box"),
            ("gadgetSet", "gadget"),
            ("GadgetList", "Thing"),
            ("VPCs", "VPC"),
        ] {
            let one = format!("<{element}><Name>x</Name></{element}>");
            assert_eq!(read(&format!("<{list}>{one}</{list}>")), r#"[{"Name":"x"}]"#, "{list}");
            assert_eq!(read(&format!("<{list}>{one}{one}</{list}>")), r#"[{"Name":"x"},{"Name":"x"}]"#, "{list}");
        }
        assert_eq!(read("<operator><managed>false</managed></operator>"), r#"{"managed":"false"}"#);
        assert_eq!(read("<newOptions><state>on</state></newOptions>"), r#"{"state":"on"}"#);
        assert_eq!(read("<newOptions><state>a</state><state>b</state></newOptions>"), r#"{"state":["a","b"]}"#);
    }

    #[test]
    fn no_key_occurs_twice_and_nothing_is_lost() {
        assert_eq!(read("<x><a>1</a><b>2</b><a>3</a></x>"), r#"{"a":["1","3"],"b":"2"}"#);
        assert_eq!(read("<x><a>1</a><A>2</A><a_2>3</a_2></x>"), r#"{"a":"1","A_2":"2","a_2_2":"3"}"#);
        assert_eq!(read("<x>one<a>1</a> two</x>"), r##"{"a":"1","#text":"one two"}"##);
        assert_eq!(read("<x><s><item>1</item></s><s><item>2</item></s><b/></x>"), r#"{"s":["1","2"],"b":""}"#);
        assert_eq!(read("<x> a <![CDATA[<b>]]>&amp;<!-- c --></x>"), r#"" a <b>&""#);
    }

    #[test]
    fn many_names_take_linear_time() {
        let many: String = (0..20_000).map(|n| format!("<n{n}/><N{n}/>")).collect();
        let json = read(&format!("<x>{many}</x>"));
        let parsed: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&json).unwrap();
        assert_eq!(parsed.len(), 40_000);
    }
}
