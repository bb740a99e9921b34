//! The spans of time in which a cell showed something.
//!
//! **Invariant:** knows the answers of one cell, and not what they showed.

use jiff::Timestamp;

/// A run that asked a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CellRun {
    pub started_at: Timestamp,
    /// Whether the cell was answered in full.
    pub is_answered: bool,
}

/// A span of time in which something was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeldSpan {
    /// The start of the first run that has it.
    pub from: Timestamp,
    /// The start of the first full answer that has it no more. `None`: it is still there.
    pub to: Option<Timestamp>,
    /// Whether the run before answered in full, and did not have it.
    pub from_known: bool,
    /// Whether no run failed between the last that has it and the end.
    pub to_known: bool,
    /// The start of the last run that has it.
    pub last: Timestamp,
}

/// The spans in which something was there. The runs are those that asked the cell, the oldest first.
pub(super) fn held_spans(runs: &[CellRun], has: impl Fn(Timestamp) -> bool) -> Vec<HeldSpan> {
    let mut spans: Vec<HeldSpan> = Vec::new();
    let (mut is_open, mut is_known) = (false, false);
    for run in runs {
        if !run.is_answered {
            is_known = false;
            continue;
        }
        let at = run.started_at;
        match (spans.last_mut().filter(|_| is_open), has(at)) {
            (Some(span), true) => span.last = at,
            (Some(span), false) => {
                (span.to, span.to_known) = (Some(at), is_known);
                is_open = false;
            }
            (None, true) => {
                spans.push(HeldSpan { from: at, to: None, from_known: is_known, to_known: true, last: at });
                is_open = true;
            }
            (None, false) => {}
        }
        is_known = true;
    }
    if let Some(span) = spans.last_mut().filter(|_| is_open) {
        span.to_known = is_known;
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `x` has it, `.` has it not, `?` was not answered. Each character is a night.
    fn spans(nights: &str) -> String {
        let night = |at: usize| Timestamp::from_second(at as i64).unwrap();
        let runs: Vec<CellRun> =
            nights.char_indices().map(|(at, is)| CellRun { started_at: night(at), is_answered: is != '?' }).collect();
        let has = |at: Timestamp| nights.as_bytes()[at.as_second() as usize] == b'x';
        let shown = |span: HeldSpan| {
            let to = span.to.map_or("now".to_owned(), |to| to.as_second().to_string());
            let mark = |is_known: bool| if is_known { "" } else { "?" };
            format!("{}{}-{to}{} ", span.from.as_second(), mark(span.from_known), mark(span.to_known))
        };
        held_spans(&runs, has).into_iter().map(shown).collect::<String>().trim_end().to_owned()
    }

    #[test]
    fn spans_end_at_full_answers_alone() {
        for (nights, expected) in [
            ("", ""),
            ("...", ""),
            ("???", ""),
            ("xxx", "0?-now"),
            (".xx", "1-now"),
            ("?xx", "1?-now"),
            ("x?x", "0?-now"),
            ("xx.", "0?-2"),
            ("xx?.", "0?-3?"),
            ("xx?", "0?-now?"),
            (".x.x", "1-2 3-now"),
            (".?x.?x", "2?-3 5?-now"),
            (".x??.?", "1-4?"),
        ] {
            assert_eq!(spans(nights), expected, "{nights}");
        }
    }
}
