//! Names of files for what customers have named.
//!
//! **Invariant:** what a name says leads nowhere but into the folder of the export.

/// The most bytes of a name that are kept. Every file system takes 255 with what is added.
const MAX_BYTES: usize = 120;

/// A text as part of a file name: letters, digits, hyphens, underscores and dots. It does not begin with a dot.
pub(super) fn file_part(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let plain = |letter: char| if is_plain(letter) { letter.to_ascii_lowercase() } else { '_' };
    let mut part: String = text.chars().map(plain).collect();
    part.truncate(MAX_BYTES);
    let part = part.trim_end_matches('.');
    match part.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None if part.is_empty() => "_".to_owned(),
        None => part.to_owned(),
    }
}

/// Whether a path stays in the folder: no component is empty, `.` or `..`, or has an odd character.
pub(crate) fn is_inside(path: &str) -> bool {
    let is_plain =
        |byte: u8| (b' '..=b'~').contains(&byte) && !matches!(byte, b'\\' | b':' | b'"' | b'|' | b'<' | b'>');
    let is_name =
        |part: &str| !part.is_empty() && part.len() <= 255 && !matches!(part, "." | "..") && part.bytes().all(is_plain);
    path.split('/').all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_the_folder() {
        for (text, expected) in [
            ("acme.example.", "acme.example"),
            ("0/25.2.0.192.in-addr.arpa.", "0_25.2.0.192.in-addr.arpa"),
            ("\\056\\056/x.example.", "_056_056_x.example"),
            ("../../etc/passwd", "_._.._etc_passwd"),
            ("..", "_"),
            ("", "_"),
            ("*.ä\n\u{0}", "_.___"),
            ("CON", "con"),
        ] {
            assert_eq!(file_part(text), expected, "{text}");
            assert!(is_inside(&file_part(text)));
        }
        assert_eq!(file_part(&"a".repeat(300)).len(), MAX_BYTES);
        for outside in ["", "/a", "a//b", "a/../b", "..", "./a", "a\\b", "a\nb", "c:x", "a/"] {
            assert!(!is_inside(outside), "{outside}");
        }
        assert!(is_inside("zones/0/25.2.0.192.in-addr.arpa.yaml"));
    }
}
