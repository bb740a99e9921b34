//! The little JSON that is written by hand, where building a value first would cost a copy of every answer.

/// Appends a JSON string.
pub(crate) fn string(out: &mut String, text: &str) {
    out.push('"');
    // Most texts have nothing to escape, and looking for that alone takes whole words at a time.
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

/// Appends `"name":` and what `value` writes, with a comma where something stands before it.
pub(crate) fn member(out: &mut String, name: &str, value: impl FnOnce(&mut String)) {
    separate(out, '{');
    string(out, name);
    out.push(':');
    value(out);
}

/// Appends a comma, unless nothing or only the opening bracket stands before.
pub(crate) fn separate(out: &mut String, opening: char) {
    if !out.is_empty() && !out.ends_with(opening) {
        out.push(',');
    }
}
