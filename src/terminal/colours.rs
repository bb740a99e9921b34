//! Decides whether colours are shown, by the conventions of no-color.org and bixense.com/clicolors.

use std::ffi::OsString;

/// Returns whether colours are shown on a stream.
pub(super) fn are_shown(is_terminal: bool) -> bool {
    decide(is_terminal, |name| std::env::var_os(name))
}

/// Returns whether the terminal cannot move its cursor.
pub(super) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// An empty variable counts as unset. `NO_COLOR` overrides what asks for colours.
fn decide(is_terminal: bool, get: impl Fn(&str) -> Option<OsString>) -> bool {
    let value = |name: &str| get(name).filter(|value| !value.is_empty());
    let is_no = |value: &OsString| value == "0" || value.eq_ignore_ascii_case("false");
    if value("NO_COLOR").is_some() {
        return false;
    }
    for name in ["CLICOLOR_FORCE", "FORCE_COLOR"] {
        match value(name) {
            Some(value) if !is_no(&value) => return true,
            // `FORCE_COLOR=0` means no colours, `CLICOLOR_FORCE=0` means no force.
            Some(_) if name == "FORCE_COLOR" => return false,
            _ => {}
        }
    }
    let is_off = value("CLICOLOR").is_some_and(|value| is_no(&value));
    is_terminal && !is_off && value("TERM").is_none_or(|term| term != "dumb")
}

/// Colours the level of a log line, the word after its time.
pub(super) fn paint_level(line: &str) -> String {
    let Some((time, rest)) = line.split_once(' ') else { return line.to_owned() };
    let level = rest.trim_start();
    for (name, colour) in [("ERROR", 31), ("WARN", 33), ("INFO", 32), ("DEBUG", 34), ("TRACE", 35)] {
        if let Some(message) = level.strip_prefix(name) {
            return format!("\u{1b}[2m{time}\u{1b}[0m \u{1b}[{colour}m{name:>5}\u{1b}[0m{message}");
        }
    }
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_before_the_terminal() {
        let shown = |is_terminal, variables: &[(&str, &str)]| {
            decide(is_terminal, |name| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
            })
        };
        for (variables, on_terminal, in_file) in [
            (&[][..], true, false),
            (&[("NO_COLOR", "")], true, false),
            (&[("NO_COLOR", "0")], false, false),
            (&[("NO_COLOR", "1"), ("FORCE_COLOR", "1")], false, false),
            (&[("NO_COLOR", ""), ("FORCE_COLOR", "1")], true, true),
            (&[("FORCE_COLOR", "3")], true, true),
            (&[("FORCE_COLOR", "0")], false, false),
            (&[("FORCE_COLOR", "")], true, false),
            (&[("CLICOLOR_FORCE", "1")], true, true),
            (&[("CLICOLOR_FORCE", "0")], true, false),
            (&[("CLICOLOR", "0")], false, false),
            (&[("CLICOLOR", "1")], true, false),
            (&[("TERM", "dumb")], false, false),
            (&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], true, true),
            (&[("TERM", "xterm-256color")], true, false),
            (&[("TERM", "")], true, false),
        ] {
            assert_eq!((shown(true, variables), shown(false, variables)), (on_terminal, in_file), "{variables:?}");
        }
    }

    #[test]
    fn the_level_alone_is_coloured() {
        let painted = paint_level("2026-11-28T00:00:00Z  WARN run{run_id=WARN}: x");
        assert_eq!(painted, "\u{1b}[2m2026-11-28T00:00:00Z\u{1b}[0m \u{1b}[33m WARN\u{1b}[0m run{run_id=WARN}: x");
        assert_eq!(paint_level("anything else"), "anything else");
    }
}
