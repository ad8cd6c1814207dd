//! Owns how a reference is written and recognised: one invoice number appears as `INV-000123`,
//! `inv 123`, `Inv.Nr 000123` or `RF18 5390 0754 7034`, and each way has a key that the known
//! references are looked up by. Must not decide what a match is worth: [`super::quote`] does.
//!
//! A text is cut into runs of letters and runs of digits; runs without anything between them are one
//! word. A reference matches a window of whole runs, so digits are never cut:
//!
//! * `compact`: everything but letters and digits removed: `INV000123`;
//! * `stripped`: leading zeros of each digit run removed too, runs kept apart: `INV.123`;
//! * `core`: the same two without the letters in front: `000123`, `123`.

use std::collections::BTreeSet;

use super::Remittance;
use super::check_digits::scheme_of;

/// Runs of a text that are looked at; what comes behind is no reference any more.
const MAX_RUNS: usize = 256;
/// Runs in one window: more than any number has between its separators.
const MAX_WINDOW_RUNS: usize = 8;
/// Longest reference without separators.
const MAX_COMPACT: usize = 64;
/// Fewest digits that mean a number where no letters stand before them.
pub(super) const MIN_BARE_DIGITS: usize = 4;

/// Letters or digits without a change between the two, in capitals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// The letters or digits.
    pub(super) text: String,
    /// Which of the two.
    pub(super) is_digits: bool,
    /// What stands before it.
    pub(super) gap: Gap,
}

/// What stands between two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing: they are one word.
    None,
    /// Signs without a blank: `-`, `/`, `.`.
    Signs,
    /// A blank, or the beginning of the text.
    Blank,
}

/// Cuts a text into runs, the first [`MAX_RUNS`].
pub(super) fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut gap = Gap::Blank;
    for letter in text.chars() {
        if !letter.is_alphanumeric() {
            gap = match gap {
                Gap::Blank => Gap::Blank,
                _ if letter.is_whitespace() => Gap::Blank,
                _ => Gap::Signs,
            };
            continue;
        }
        let is_digits = letter.is_ascii_digit();
        let is_full = runs.len() == MAX_RUNS;
        match runs.last_mut() {
            Some(run) if gap == Gap::None && run.is_digits == is_digits => {
                run.text.extend(letter.to_uppercase());
            }
            _ if is_full => break,
            _ => runs.push(Run {
                text: letter.to_uppercase().collect(),
                is_digits,
                gap,
            }),
        }
        gap = Gap::None;
    }
    runs
}

/// Whole runs of a text that may be a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    /// Place of its first run in the text.
    pub(super) start: usize,
    /// Place after its last run.
    pub(super) end: usize,
    /// Letters and digits alone.
    pub(super) compact: String,
    /// Without leading zeros, runs apart.
    pub(super) stripped: String,
    /// Whether it begins and ends with a word, and no digits go on behind a sign: `INV-12` in
    /// `INV-12-3` may be another number's beginning.
    pub(super) stands_alone: bool,
    /// Whether it joins digits over a blank, as `0001 23` for `000123`.
    pub(super) joins_digits: bool,
    /// Whether it has letters.
    pub(super) has_letters: bool,
    /// How many digits it has.
    pub(super) digits: usize,
}

/// Every window with enough digits to be a reference.
pub(super) fn windows(text: &str) -> Vec<Window> {
    let runs = runs(text);
    let mut windows = Vec::new();
    for start in 0..runs.len() {
        for end in (start + 1)..=runs.len().min(start + MAX_WINDOW_RUNS) {
            let window = window(&runs, start, end);
            if window.compact.len() > MAX_COMPACT {
                break;
            }
            let enough = if window.has_letters {
                1
            } else {
                MIN_BARE_DIGITS
            };
            if window.digits >= enough {
                windows.push(window);
            }
        }
    }
    windows
}

fn window(runs: &[Run], start: usize, end: usize) -> Window {
    let inside = runs.get(start..end).unwrap_or_default();
    let (first, after) = (inside.first(), runs.get(end));
    let before = start.checked_sub(1).and_then(|place| runs.get(place));
    let goes_on = |one: Option<&Run>, other: Option<&Run>| {
        let digits = |run: Option<&Run>| run.is_some_and(|run| run.is_digits);
        digits(one) && digits(other)
    };
    let gap_before = first.map_or(Gap::Blank, |run| run.gap);
    let gap_after = after.map_or(Gap::Blank, |run| run.gap);
    let cut = |gap: Gap, goes_on: bool| gap == Gap::None || (gap == Gap::Signs && goes_on);
    let stands_alone =
        !cut(gap_before, goes_on(before, first)) && !cut(gap_after, goes_on(inside.last(), after));
    let joins_digits = inside.windows(2).any(|pair| match pair {
        [one, two] => one.is_digits && two.is_digits && two.gap == Gap::Blank,
        _ => false,
    });
    let digit_runs = inside.iter().filter(|run| run.is_digits);
    Window {
        start,
        end,
        compact: compact(inside),
        stripped: stripped(inside),
        stands_alone,
        joins_digits,
        has_letters: inside.iter().any(|run| !run.is_digits),
        digits: digit_runs.map(|run| run.text.len()).sum(),
    }
}

fn compact(runs: &[Run]) -> String {
    runs.iter().map(|run| run.text.as_str()).collect()
}

fn stripped(runs: &[Run]) -> String {
    let mut text = String::new();
    for run in runs {
        if !text.is_empty() {
            text.push('.');
        }
        let significant = run.text.trim_start_matches('0');
        match (run.is_digits, significant) {
            (true, "") => text.push('0'),
            (true, significant) => text.push_str(significant),
            (false, _) => text.push_str(&run.text),
        }
    }
    text
}

/// A known reference in all the ways in which it is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceForms {
    /// Letters and digits alone.
    pub(super) compact: String,
    /// Without leading zeros, runs apart.
    pub(super) stripped: String,
    /// Both without the letters in front, where that leaves enough digits.
    pub(super) core: Option<(String, String)>,
    /// Whether its check digits prove a quote of it.
    pub(super) proves_itself: bool,
}

impl ReferenceForms {
    /// The forms of a number or payment reference; `None` for one without a digit, which no text
    /// can be searched for.
    #[must_use]
    pub fn of(reference: &str) -> Option<Self> {
        let runs = runs(reference);
        let first_digits = runs.iter().position(|run| run.is_digits)?;
        let compact_text = compact(&runs);
        let core = runs.get(first_digits..).unwrap_or_default();
        let digits = core.iter().filter(|run| run.is_digits);
        let enough = digits.map(|run| run.text.len()).sum::<usize>() >= MIN_BARE_DIGITS;
        Some(Self {
            proves_itself: scheme_of(&compact_text).is_some(),
            compact: compact_text,
            stripped: stripped(&runs),
            core: (first_digits > 0 && enough).then(|| (compact(core), stripped(core))),
        })
    }

    /// The keys that the reference is stored under and looked up by.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<String> {
        let core = self
            .core
            .iter()
            .flat_map(|(compact, stripped)| [compact, stripped]);
        let all = [&self.compact, &self.stripped].into_iter().chain(core);
        all.cloned().collect()
    }
}

/// The keys under which the references that a remittance may quote are stored.
#[must_use]
pub fn lookup_keys(remittance: &Remittance) -> BTreeSet<String> {
    let texts = [&remittance.payment_reference, &remittance.text];
    let windows = texts.into_iter().flat_map(|text| windows(text));
    windows
        .flat_map(|window| [window.compact, window.stripped])
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn remittance(text: &str) -> Remittance {
        Remittance {
            text: text.into(),
            ..Remittance::default()
        }
    }

    fn found(reference: &str, text: &str) -> bool {
        let keys = ReferenceForms::of(reference).unwrap().keys();
        let looked_up = lookup_keys(&remittance(text));
        keys.iter().any(|key| looked_up.contains(key))
    }

    #[test]
    fn ca_1_a_number_is_found_however_it_is_written() {
        for text in [
            "INV-000123",
            "inv 000123",
            "Payment of Inv000123, thanks",
            "INV 123",
            "inv.nr. 000123",
            "invoice:000123",
            "RE 0000123/INV-000123",
            "INV-000 123",
            "INV_0123;INV_0124",
        ] {
            assert!(found("INV-000123", text), "{text}");
        }
        assert!(found("RF18 5390 0754 7034", "rf18539007547034"));
        assert!(found("RF18539007547034", "Ref RF18 5390 0754 7034 danke"));
        assert!(found("2026/0042", "20260042"));
        assert!(found("2026-0042", "Rg. 2026/42"));
    }

    #[test]
    fn ca_1_digits_are_never_cut() {
        for text in [
            "INV-0001234",
            "INV-1000123",
            "9000123",
            "INV-00012",
            "123",
            "INV",
        ] {
            assert!(!found("INV-000123", text), "{text}");
        }
        assert!(!found("2026-0042", "2026 142"));
    }

    #[test]
    fn a_few_bare_digits_mean_nothing() {
        assert_eq!(ReferenceForms::of("A-12").unwrap().core, None);
        assert!(!found("A-12", "for 12 months"));
        assert!(found("A-12", "a 12"));
        assert_eq!(ReferenceForms::of("THANKS"), None);
    }

    #[test]
    fn runs_and_what_stands_between_them() {
        let gaps: Vec<_> = runs("ab12-3 / c")
            .into_iter()
            .map(|run| (run.text, run.gap))
            .collect();
        let expected = [
            ("AB", Gap::Blank),
            ("12", Gap::None),
            ("3", Gap::Signs),
            ("C", Gap::Blank),
        ];
        assert_eq!(gaps, expected.map(|(text, gap)| (text.to_owned(), gap)));
    }

    #[test]
    fn a_window_that_may_be_another_numbers_beginning_does_not_stand_alone() {
        let alone = |text: &str, compact: &str| {
            let windows = windows(text);
            let window = windows.iter().find(|window| window.compact == compact);
            window.unwrap().stands_alone
        };
        assert!(alone("INV-12, INV-13", "INV12"));
        assert!(alone("INV-12/INV-13", "INV12"));
        assert!(!alone("INV-12-3", "INV12"));
        assert!(!alone("PO4711INV0012", "INV0012"));
    }

    #[test]
    fn a_long_text_has_bounded_keys() {
        let noise = "a1-".repeat(100_000);
        assert!(lookup_keys(&remittance(&noise)).len() < 5_000);
    }

    proptest! {
        #[test]
        fn any_text_is_searched_without_harm(text in "\\PC{0,200}") {
            for window in windows(&text) {
                prop_assert!(window.start < window.end);
            }
        }

        #[test]
        fn ca_1_a_quoted_number_is_always_found(
            prefix in "[A-Z]{0,4}",
            number in "[0-9]{4,10}",
            before in "([a-z]{1,6} ){0,3}",
            after in "( [a-z]{1,6}){0,3}",
        ) {
            let text = format!("{before}{prefix}-{number}{after}");
            let reference = format!("{prefix}-{number}");
            prop_assert!(found(&reference, &text), "{reference} in {text}");
        }
    }
}
