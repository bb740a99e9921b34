//! Appends JSON to a string: strings, members and commas.
//!
//! Hand-written because it copies borrowed XML text straight into the row. A `serde_json::Value` would first copy
//! every response into a tree. Escaping alone could go through `serde_json`: it has not been measured with
//! `cargo bench --bench page`, so the scan that handles whole words at a time stays.
//!
//! **Invariant:** knows neither XML nor rows.

/// Appends a JSON string.
pub(crate) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    // Most texts need no escaping. This loop has no early exit, so that the compiler can vectorise it.
    if !text.bytes().fold(false, |found, byte| found | (byte < 0x20) | (byte == b'"') | (byte == b'\\')) {
        out.push_str(text);
        out.push('"');
        return;
    }
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[from..at]);
        from = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            other => out.push_str(&format!("\\u{other:04x}")),
        }
    }
    out.push_str(&text[from..]);
    out.push('"');
}

/// Appends `"name":` and the output of `value`, after a comma if it is not the first member.
pub(crate) fn write_member(out: &mut String, name: &str, value: impl FnOnce(&mut String)) {
    write_comma(out, '{');
    write_string(out, name);
    out.push(':');
    value(out);
}

/// Appends a comma, unless `out` is empty or ends with the opening bracket.
pub(crate) fn write_comma(out: &mut String, opening: char) {
    if !out.is_empty() && !out.ends_with(opening) {
        out.push(',');
    }
}

/// Appends the elements of a JSON list to another list.
pub(crate) fn append_list(list: &mut String, more: &str) {
    let Some(elements) = more.strip_prefix('[').filter(|elements| *elements != "]") else { return };
    list.pop();
    write_comma(list, '[');
    list.push_str(elements);
}
