//! Owns by what a bank line is known again (P7): the account and the bank's reference, or, where the
//! bank gives none, the account and everything that the line says, with its place among lines of its
//! day that say the same. Statements that overlap give the same lines the same keys, in whatever
//! file and order they come, as long as a file has its days whole or cut off at the end.
//!
//! Must not change, ever: a line whose key changed would be booked a second time.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::BankAccountId;
use super::statement_csv::StatementLine;

/// By what a line is known again, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineKey(pub [u8; 32]);

/// The keys of the lines of one file, in their order. Two lines have one key only if they have one
/// bank reference: then they are the same line.
#[must_use]
pub fn line_keys(account: BankAccountId, lines: &[StatementLine]) -> Vec<LineKey> {
    let mut seen: HashMap<LineKey, u32> = HashMap::new();
    let key = |line: &StatementLine| {
        if !line.bank_reference.is_empty() {
            return key_of(account, &["reference", &line.bank_reference]);
        }
        let content = content_key(account, line);
        let place = seen.entry(content).or_insert(0);
        *place += 1;
        numbered(content, *place)
    };
    lines.iter().map(key).collect()
}

/// What identical lines have in common. Capitals and blanks vary between exports of one bank, so
/// they do not count; blanks were cleaned when the line was read.
fn content_key(account: BankAccountId, line: &StatementLine) -> LineKey {
    let remittance = &line.remittance;
    let texts = [
        &remittance.payment_reference,
        &remittance.text,
        &remittance.payer_name,
        &remittance.payer_account,
    ];
    let [reference, text, name, payer_account] = texts.map(|text| text.to_uppercase());
    let fields = [
        "content",
        &line.booking_date.to_string(),
        &line.value_date.to_string(),
        line.amount.currency().code(),
        &line.amount.to_amount_string(),
        &reference,
        &text,
        &name,
        &payer_account,
    ];
    key_of(account, &fields)
}

fn numbered(content: LineKey, place: u32) -> LineKey {
    let mut hash = Sha256::new();
    hash.update(content.0);
    hash.update(place.to_be_bytes());
    LineKey(hash.finalize().into())
}

/// Each field with its length before it, so that no two lists of fields are the same bytes.
fn key_of(account: BankAccountId, fields: &[&str]) -> LineKey {
    let mut hash = Sha256::new();
    hash.update(b"recoup/bank-line/1");
    hash.update(account.0.as_bytes());
    for field in fields {
        hash.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(field.as_bytes());
    }
    LineKey(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::ToSpan;
    use jiff::civil::{Date, date};
    use money::Currency;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::domain::samples::layout;
    use crate::domain::statement_csv::read_statement;

    const ACCOUNT: BankAccountId = BankAccountId(Uuid::from_u128(7));

    /// What happened on an account: day, cents, text, and the bank's reference where it has one.
    type Happened = (u8, u8, u8, Option<u16>);

    fn day(number: u8) -> Date {
        date(2026, 3, 1)
            .checked_add(i64::from(number).days())
            .unwrap()
    }

    /// A statement as the bank would export it.
    fn export(lines: &[Happened]) -> String {
        let mut csv =
            "Buchung;Valuta;Betrag;Währung;Referenz;Text 1;Text 2;Name;IBAN;Bankref\n".to_owned();
        for (number, cents, text, reference) in lines {
            let booked = day(*number).strftime("%d.%m.%Y");
            let reference = reference.map_or(String::new(), |number| format!("B{number}"));
            csv += &format!("{booked};;0,{cents:02};EUR;;text {text};;;;{reference}\n");
        }
        csv
    }

    fn keys(csv: &str) -> Vec<LineKey> {
        let file = read_statement(csv.as_bytes(), &layout(), Currency::EUR).unwrap();
        assert_eq!(file.faults, []);
        line_keys(ACCOUNT, &file.lines)
    }

    #[test]
    fn p_7_identical_lines_of_a_day_are_told_apart_by_their_place() {
        let twice = [(1, 5, 1, None), (1, 5, 1, None), (2, 5, 1, None)];
        let all = keys(&export(&twice));
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 3);
        assert_eq!(keys(&export(&twice[..1])), all[..1]);
    }

    #[test]
    fn p_7_a_bank_reference_identifies_whatever_else_changed() {
        let first = keys(&export(&[(1, 5, 1, Some(9))]));
        let richer = keys(&export(&[(2, 5, 2, Some(9))]));
        assert_eq!(first, richer);
        assert_ne!(first, keys(&export(&[(1, 5, 1, Some(8))])));
        assert_ne!(first, keys(&export(&[(1, 5, 1, None)])));
    }

    #[test]
    fn p_7_capitals_and_blanks_do_not_make_another_line() {
        let csv = export(&[(1, 5, 1, None)]);
        let shouted = csv.replace("text 1;", "TEXT   1 ;");
        assert_eq!(keys(&csv), keys(&shouted));
    }

    #[test]
    fn p_7_accounts_do_not_share_lines() {
        let csv = export(&[(1, 5, 1, Some(9))]);
        let file = read_statement(csv.as_bytes(), &layout(), Currency::EUR).unwrap();
        let other = line_keys(BankAccountId(Uuid::from_u128(8)), &file.lines);
        assert_ne!(other, keys(&csv));
    }

    /// Computed by another program, once and for all: a key that changes books every line again.
    #[test]
    fn p_7_keys_are_the_same_for_ever() {
        let hex = |key: &LineKey| {
            key.0
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        };
        let all = keys(&export(&[(1, 5, 1, Some(9)), (1, 5, 1, None)]));
        let printed: Vec<String> = all.iter().map(hex).collect();
        assert_eq!(
            printed,
            [
                "f287d848a8349fc57762f17fef7d8c837242fbc5ef00a00378f4cafaed50c251",
                "c42c6b8889231f2d80c65ff1869e550fa4aa7391b5897947f1f9b07d58df723d",
            ]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(
            ProptestConfig::default().cases.max(2_000)
        ))]

        /// Three overlapping statements of one account, in every order and each twice, make the
        /// lines of the account: none doubled, none lost.
        #[test]
        fn p_7_overlapping_statements_in_any_order_are_the_same_lines(
            mut ledger in proptest::collection::vec((0_u8..6, 1_u8..4, 0_u8..2, any::<bool>()), 0..20),
            cuts in (0_u8..6, 0_u8..6, 0_u8..6, 0_u8..6),
            cut_off in 0_usize..5,
            reversed in any::<bool>(),
        ) {
            ledger.sort_by_key(|(number, ..)| *number);
            let referred = (1_u16..).zip(ledger).map(|(place, (number, cents, text, has_reference))| {
                (number, cents, text, has_reference.then_some(place))
            });
            let ledger: Vec<Happened> = referred.collect();
            let days = |from: u8, to: u8| -> Vec<Happened> {
                let within = |happened: &&Happened| (from..=to).contains(&happened.0);
                ledger.iter().filter(within).copied().collect()
            };
            let (a, b, c, d) = cuts;
            let mut statements = [days(0, a.max(b)), days(b.min(c), c.max(d)), days(d.min(a), 5)];
            // One was drawn in the middle of its last day.
            let kept = statements[1].len().saturating_sub(cut_off);
            statements[1].truncate(kept);
            let covered: BTreeSet<LineKey> = {
                let any_of = |happened: &&Happened| {
                    happened.0 <= a.max(b) || happened.0 >= d.min(a)
                };
                let whole: Vec<Happened> = ledger.iter().filter(any_of).copied().collect();
                keys(&export(&whole)).into_iter().collect()
            };
            // Order of different lines within a file means nothing.
            if reversed {
                statements[0].reverse();
            }
            let exports = statements.map(|statement| keys(&export(&statement)));
            let truth: BTreeSet<LineKey> = keys(&export(&ledger)).into_iter().collect();
            for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
                let mut booked = BTreeSet::new();
                let mut payments = 0;
                for place in order.into_iter().chain(order) {
                    for key in &exports[place] {
                        payments += usize::from(booked.insert(*key));
                    }
                }
                prop_assert!(booked.is_subset(&truth));
                prop_assert!(covered.is_subset(&booked));
                prop_assert_eq!(payments, booked.len());
            }
        }
    }
}
