//! A strict JSON parser: it refuses an empty body, a byte order mark, and a field that an object has twice.
//!
//! **Invariant:** does not know which fields a document should have.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::{ValidationErrors, field_path, quoted};

/// Parses a document as JSON. `document` is the first segment of its paths: `request`, `registry`.
pub fn parse(document: &str, bytes: &[u8]) -> Result<Value, ValidationErrors> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ValidationErrors::one(document, "is empty: it must be a JSON object"));
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(ValidationErrors::one(document, "opens with a byte order mark: save it as UTF-8 without one"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let what = format!("is not UTF-8 text (at byte {}): save it as UTF-8", error.valid_up_to() + 1);
        ValidationErrors::one(document, what)
    })?;
    let mut repeated = ValidationErrors::new();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let reader = StrictValue { place: document.to_owned(), errors: &mut repeated };
    // A syntax error has line and column, and no text of the document.
    let value = reader
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| ValidationErrors::one(document, format!("is not JSON: {error}")))?;
    repeated.into_result(value)
}

/// Deserializes one value and knows its path, so that a repeated field is reported with it.
struct StrictValue<'a> {
    place: String,
    errors: &'a mut ValidationErrors,
}

impl<'de> DeserializeSeed<'de> for StrictValue<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictValue<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let place = format!("{}[{}]", self.place, list.len());
            match items.next_element_seed(StrictValue { place, errors: &mut *self.errors })? {
                Some(item) => list.push(item),
                None => break,
            }
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if object.contains_key(&name) {
                self.errors.push(&self.place, format!("gives the field {} twice: keep one of them", quoted(&name)));
            }
            let place = field_path(&self.place, &name);
            let value = entries.next_value_seed(StrictValue { place, errors: &mut *self.errors })?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal(bytes: &[u8]) -> String {
        match parse("request", bytes) {
            Ok(_) => "accepted".to_owned(),
            Err(errors) => errors.to_string(),
        }
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        insta::assert_snapshot!(refusal(b""), @"request: is empty: it must be a JSON object");
        insta::assert_snapshot!(refusal(b" \n\t"), @"request: is empty: it must be a JSON object");
        insta::assert_snapshot!(refusal(b"\xef\xbb\xbf{}"), @"request: opens with a byte order mark: save it as UTF-8 without one");
        insta::assert_snapshot!(refusal(b"{\"a\": \"\xff\"}"), @"request: is not UTF-8 text (at byte 8): save it as UTF-8");
        insta::assert_snapshot!(refusal(b"{\n  \"a\": 1,\n}"), @"request: is not JSON: trailing comma at line 3 column 1");
        insta::assert_snapshot!(refusal(b"{} {}"), @"request: is not JSON: trailing characters at line 1 column 4");
        insta::assert_snapshot!(refusal(b"{\"accounts\": "), @"request: is not JSON: EOF while parsing a value at line 1 column 13");
        insta::assert_snapshot!(refusal("[".repeat(100_000).as_bytes()), @"request: is not JSON: recursion limit exceeded at line 1 column 128");
    }

    #[test]
    fn a_field_given_twice_is_refused_wherever_it_is() {
        let text = r#"{"accounts": "all", "list": [1, {"a": {"b": 1, "c": {"d": 2, "d": 2}, "b": "a secret"}}],
            "accounts": ["111122223333"]}"#;
        insta::assert_snapshot!(refusal(text.as_bytes()), @r"
        request.list[1].a.c: gives the field `d` twice: keep one of them
        request.list[1].a: gives the field `b` twice: keep one of them
        request: gives the field `accounts` twice: keep one of them
        ");
        assert!(!refusal(text.as_bytes()).contains("a secret"));
    }

    #[test]
    fn a_syntax_error_repeats_nothing_of_the_document() {
        let message = refusal(br#"{"external_id": "s3cr3t-1234" "via": 1}"#);
        assert!(!message.contains("s3cr3t"), "{message}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse("request", &bytes);
        }

        #[test]
        fn any_text_of_json_characters_reads_as_serde_json_reads_it(text in r#"[\[\]{}",:ab0-9.eE\\ntrufals -]{0,60}"#) {
            if let Ok(value) = parse("request", text.as_bytes()) {
                prop_assert_eq!(Some(value), serde_json::from_str::<Value>(&text).ok());
            }
        }
    }
}
