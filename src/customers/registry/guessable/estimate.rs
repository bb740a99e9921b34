//! Estimates how much randomness a text has: the fewest bits that describe it as a row of patterns and random characters.
//!
//! **Invariant:** knows what a pattern costs and which reason it gives, and not how one is found.

use super::GuessReason;
use super::patterns::{Clues, Pattern, find_patterns};
use super::text::CompactText;

/// The bits of an external ID that cannot be guessed, in tenths. At a thousand attempts a second, each of which AWS logs, the
/// estimate stands for more than 30,000 years.
pub(super) const MINIMUM_BITS: u32 = 500;

/// What a text is worth.
pub(super) struct Randomness {
    /// In tenths of a bit.
    pub bits: u32,
    /// What most of its characters are, other than random.
    pub reason: GuessReason,
}

/// Returns the estimate of a text. It is the cheapest of all ways to divide the text. Once every way has enough bits, the rest
/// of the text is not looked at.
pub(super) fn estimate(text: &CompactText, clues: &Clues<'_>) -> Randomness {
    let length = text.characters.len();
    let mut best: Vec<u32> = vec![u32::MAX; length + 1];
    let mut last: Vec<Option<Pattern>> = (0..=length).map(|_| None).collect();
    best[0] = 0;
    let mut furthest = 0;
    for at in 0..length {
        // Every way passes one of these places.
        let fewest = best[at..=furthest].iter().min().copied().unwrap_or_default();
        if fewest >= MINIMUM_BITS {
            return Randomness { bits: fewest, reason: GuessReason::LittleRandomness };
        }
        let random = best[at].saturating_add(text.random_bits[at]);
        if random < best[at + 1] {
            (best[at + 1], last[at + 1]) = (random, None);
        }
        furthest = furthest.max(at + 1);
        let before = best[at];
        find_patterns(text, at, clues, &mut |pattern| {
            let (end, bits) = (at + pattern.length, before.saturating_add(pattern.bits));
            furthest = furthest.max(end);
            if bits < best[end] {
                (best[end], last[end]) = (bits, Some(pattern));
            }
        });
    }
    Randomness { bits: best[length], reason: main_reason(&last) }
}

/// Returns the reason that most characters have on the cheapest way.
fn main_reason(last: &[Option<Pattern>]) -> GuessReason {
    let mut characters: Vec<(usize, GuessReason)> = Vec::new();
    let mut end = last.len() - 1;
    while end > 0 {
        let Some(pattern) = &last[end] else {
            end -= 1;
            continue;
        };
        match characters.iter_mut().find(|(_, reason)| *reason == pattern.reason) {
            Some((count, _)) => *count += pattern.length,
            None => characters.push((pattern.length, pattern.reason)),
        }
        end -= pattern.length;
    }
    let most = characters.into_iter().max_by_key(|&(count, reason)| (count, std::cmp::Reverse(reason)));
    most.map_or(GuessReason::LittleRandomness, |(_, reason)| reason)
}
