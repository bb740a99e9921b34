//! Reads the value of one tag from a JSON object, without the others: most answers name millions of resources.
//!
//! **Invariant:** finds what a map of the whole object would have: of equal keys the last one, and nothing in what is no object
//! of texts.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

/// The value of a tag.
pub(super) fn one_tag(tags: &str, key: &str) -> Option<String> {
    if !tags.contains(key) && !tags.contains('\\') {
        return None;
    }
    let mut json = serde_json::Deserializer::from_str(tags);
    let found = OneTag(key).deserialize(&mut json).ok()?;
    json.end().ok()?;
    found
}

struct OneTag<'k>(&'k str);

impl<'de> DeserializeSeed<'de> for OneTag<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneTag<'_> {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some((JsonText(key), JsonText(value))) = map.next_entry()? {
            if key == self.0 {
                found = Some(value.into_owned());
            }
        }
        Ok(found)
    }
}

/// A text, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct JsonText<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn one_tag_is_that_of_the_whole_map() {
        for tags in [
            "{}",
            "{\"Name\":\"web\"}",
            "{\"Name\":\"\"}",
            "{\"a\":\"Name\",\"b\":\"x\"}",
            "{\"Name\":\"1\",\"Name\":\"2\"}",
            "{\"N\\u0061me\":\"escaped \\\"x\\\" \\u2603\"}",
            "{\"name\":\"other case\"}",
            "{\"Name\":\"x\",\"a\":1}",
            "{\"Name\":\"x\"} ",
            "{\"Name\":\"x\"} y",
            "[\"Name\"]",
            "null",
            "",
        ] {
            let whole: BTreeMap<String, String> = serde_json::from_str(tags).unwrap_or_default();
            assert_eq!(one_tag(tags, "Name"), whole.get("Name").cloned(), "{tags}");
        }
    }
}
