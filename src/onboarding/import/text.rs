//! Reads the text of a list that a spreadsheet program saved: its encoding, its separator and the numbers of its lines.
//!
//! **Invariant:** knows nothing of columns.

use std::borrow::Cow;

use crate::input::ValidationErrors;

/// The separators of spreadsheets: a comma, in much of Europe a semicolon, and a tab in "Unicode text".
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// A text, and how its fields are separated.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    pub text: Cow<'a, str>,
    pub separator: u8,
    /// The lines before `text`.
    skipped: u64,
}

impl<'a> Sheet<'a> {
    /// Reads UTF-8, with or without a byte order mark.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, ValidationErrors> {
        let wrong =
            |what: String| ValidationErrors::one("csv", format!("{what}: save it as UTF-8 (in Excel, CSV UTF-8)"));
        let sample = &bytes[..bytes.len().min(64)];
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || sample.contains(&0) {
            return Err(wrong("it is UTF-16 or no text".to_owned()));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            wrong(format!("it is not UTF-8 text, first in line {}", 1 + line_ends(before)))
        })?;
        // The programs of old Macs end lines by `\r` alone, which the reader does not take for the end of a remark.
        let text = if text.contains('\n') { Cow::Borrowed(text) } else { Cow::Owned(text.replace('\r', "\n")) };
        // Excel writes and reads a first line that names the separator.
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        if let Some(separator) = first.trim_end().trim_matches('"').strip_prefix("sep=")
            && let [separator] = separator.as_bytes()
        {
            return Ok(Self { separator: *separator, text: rest.to_owned().into(), skipped: 1 });
        }
        Ok(Self { separator: separator_in(first_row(&text)), text, skipped: 0 })
    }

    /// The first row that is neither empty nor a remark, without a quote at its start.
    pub(super) fn first_row(&self) -> &str {
        first_row(&self.text).trim_start_matches('"')
    }

    /// Returns whether the last quoted field is not closed, so that it took all lines after it.
    pub(super) fn is_unclosed(&self) -> bool {
        memchr::memchr_iter(b'"', self.text.as_bytes()).count() % 2 == 1
    }

    pub(super) fn lines(&self) -> LineCounter<'_> {
        LineCounter { bytes: self.text.as_bytes(), at: 0, line: 1 + self.skipped }
    }
}

fn first_row(text: &str) -> &str {
    let rows = text.split(['\r', '\n']).map(str::trim_start);
    let is_row = |row: &&str| !row.trim_matches([',', ';', '\t', '"', ' ']).is_empty() && !row.starts_with('#');
    rows.into_iter().find(is_row).unwrap_or_default()
}

/// Returns the first separator outside quotes.
fn separator_in(row: &str) -> u8 {
    let mut is_quoted = false;
    for byte in row.bytes() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            _ if !is_quoted && SEPARATORS.contains(&byte) => return byte,
            _ => {}
        }
    }
    b','
}

/// Finds the lines of records, which come in order. Each byte is looked at once.
pub(super) struct LineCounter<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl LineCounter<'_> {
    /// Returns the line of the record that the reader places at this byte: it may place it at the end of the line before.
    pub(super) fn line_at(&mut self, byte: u64) -> u64 {
        let byte = usize::try_from(byte).map_or(self.bytes.len(), |byte| byte.min(self.bytes.len()));
        if byte > self.at {
            self.skip_to(byte);
        }
        loop {
            match self.bytes.get(self.at) {
                Some(b'\r' | b'\n') => self.skip_to(self.at + 1),
                Some(b'#') => {
                    let end = memchr::memchr2(b'\r', b'\n', &self.bytes[self.at..]);
                    self.skip_to(end.map_or(self.bytes.len(), |length| self.at + length));
                }
                _ => return self.line,
            }
        }
    }

    fn skip_to(&mut self, end: usize) {
        self.line += line_ends(&self.bytes[self.at..end]);
        // A line end of two characters was counted with its first one.
        if self.at > 0 && self.bytes[self.at - 1..].starts_with(b"\r\n") {
            self.line -= 1;
        }
        self.at = end;
    }
}

/// Counts the line ends: `\n`, `\r\n` and `\r`.
fn line_ends(bytes: &[u8]) -> u64 {
    let mut ends = 0;
    for at in memchr::memchr2_iter(b'\r', b'\n', bytes) {
        if bytes[at] == b'\r' || at == 0 || bytes[at - 1] != b'\r' {
            ends += 1;
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn encodings_are_told_apart() {
        let refusal = |bytes: &[u8]| Sheet::read(bytes).unwrap_err().to_string();
        let utf16: Vec<u8> = "111122223333".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [&[b"\xff\xfe", &utf16[..]].concat()[..], &utf16, b"\xfe\xff\0a"] {
            assert!(refusal(bytes).contains("UTF-16"));
        }
        assert_eq!(
            refusal(b"account_id,name\r\n111122223333,caf\xe9\r\n"),
            "csv: it is not UTF-8 text, first in line 2: save it as UTF-8 (in Excel, CSV UTF-8)"
        );
        for (text, separator) in [
            ("a,b;c", b','),
            ("a;b,c", b';'),
            ("\"a,x\";b", b';'),
            ("# a,b\r\n\r\n;;\r\na\tb", b'\t'),
            ("sep=|\r\na|b", b'|'),
            ("a", b','),
            ("", b','),
        ] {
            assert_eq!(Sheet::read(text.as_bytes()).unwrap().separator, separator, "{text:?}");
            assert_eq!(Sheet::read(format!("\u{feff}{text}").as_bytes()).unwrap().separator, separator, "{text:?}");
        }
    }

    proptest! {
        /// The lines are those that an editor shows.
        #[test]
        fn lines_are_counted_once(rows in proptest::collection::vec("[ab]{0,2}", 1..8), end in 0..3_usize) {
            let end = ["\n", "\r\n", "\r"][end];
            let text = rows.join(end);
            let sheet = Sheet { text: text.as_str().into(), separator: b',', skipped: 0 };
            let mut lines = sheet.lines();
            let mut at = 0;
            for (index, row) in rows.iter().enumerate() {
                if !row.is_empty() {
                    // The reader may place a record at any of the line ends before it.
                    let begins = at - text[..at].len().min(if index > 0 { end.len() - 1 } else { 0 });
                    prop_assert_eq!(lines.line_at(begins as u64), index as u64 + 1, "{:?} {}", text, at);
                }
                at += row.len() + end.len();
            }
        }
    }
}
