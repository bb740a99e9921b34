//! A block of JSON inside the page, which nothing in it can leave.
//!
//! A small block is JSON that people can read. A large one is compressed, and the browser decompresses it when it is needed. The
//! first one never is: the page needs it at once.
//!
//! **Invariant:** no block has `<`, `>`, `&` or a hidden character in it, so that no value ends the block, opens a comment or
//! reorders the text for who reads the file.

use std::io::{Result, Write};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::terminal::is_hidden;

/// The size from which a block is compressed.
const LARGE: usize = 64 << 10;
/// Level 6 is three times slower, and a tenth smaller.
const LEVEL: u32 = 4;

/// Writes a block of JSON that is read when the page opens, before anything can be decompressed.
pub(super) fn write_first_block(name: &str, json: &[u8], out: &mut dyn Write) -> Result<()> {
    writeln!(out, "<script type=\"application/json\" id=\"data-{name}\">{}</script>", harmless(json))
}

/// Writes a block of JSON that is read when somebody looks.
pub(super) fn write_block(name: &str, json: &[u8], out: &mut dyn Write) -> Result<()> {
    if json.len() >= LARGE {
        let mut encoder = GzEncoder::new(Vec::with_capacity(json.len() / 4), Compression::new(LEVEL));
        encoder.write_all(json)?;
        let text = BASE64_STANDARD.encode(encoder.finish()?);
        return writeln!(out, "<script type=\"application/gzip+base64\" id=\"data-{name}\">{text}</script>");
    }
    write_first_block(name, json, out)
}

/// JSON with the same meaning, without characters that mean something to HTML or to a reader's terminal.
pub(super) fn harmless(json: &[u8]) -> String {
    let text = String::from_utf8_lossy(json);
    let mut harmless = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '<' | '>' | '&') || character != '\n' && is_hidden(character) {
            let units =
                character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
            harmless.push_str(&units);
        } else {
            harmless.push(character);
        }
    }
    harmless
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn no_value_leaves_its_block() {
        let hostile = json!({
            "</script><script>alert(1)</script>": "<!--", "b": "]]>\u{2028}\u{2029}", "c": "\u{202e}\0\u{feff}&lt;", "d": "x".repeat(10_000),
        });
        let text = harmless(hostile.to_string().as_bytes());
        assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}', '\u{202e}', '\0', '\u{feff}']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), hostile);
    }

    #[test]
    fn large_blocks_are_compressed() {
        let json = format!("[\"{}\"]", "</script>".repeat(LARGE));
        let mut out = Vec::new();
        write_block("x", json.as_bytes(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("<script type=\"application/gzip+base64\" id=\"data-x\">H4sI") && text.len() < LARGE);
        assert_eq!(text.matches('<').count(), 2);
    }
}
