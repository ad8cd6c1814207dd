//! Owns how an answer of invoicing is booked: what it allocated, what it kept within the tolerance,
//! what it did not take; and the mirror, when an application was taken back. An answer is booked
//! once, and only if it adds up; one that does not is a fault of invoicing for people to look at,
//! and the money stays where it is.

use jiff::Timestamp;
use jiff::civil::Date;
use money::{Money, MoneyError};
use serde::{Deserialize, Serialize};

use super::{
    BalanceError, Coded, EntryCause, EntryKind, InvoiceId, OpenItemId, Receipt, ReceiptApplication,
    ReceiptApplicationState, ReceiptEntry, ReversalId,
};

/// What an open item is made of, as invoicing tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OpenItemKind {
    /// An instalment of the invoiced amount.
    Principal,
    /// A fee charged for being late.
    Fee,
    /// Interest for being late.
    Interest,
}

impl Coded for OpenItemKind {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Principal, "PRINCIPAL"),
        (Self::Fee, "FEE"),
        (Self::Interest, "INTEREST"),
    ];
}

/// What came to one open item, as invoicing tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// Its number.
    pub invoice_number: String,
    /// The item.
    pub open_item_id: OpenItemId,
    /// What the item is made of.
    pub open_item_kind: OpenItemKind,
    /// When the item is due.
    pub due_date: Date,
    /// The money that was allocated.
    pub amount: Money,
    /// Early-payment discount granted with it.
    pub discount_amount: Money,
    /// The rest that was let go within the tolerance.
    pub tolerance_amount: Money,
    /// The part of `amount` that first reinstated what had been written off.
    pub reinstated_amount: Money,
    /// What of the item is open afterwards.
    pub open_amount_after: Money,
}

/// Why invoicing refused an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemRefusal {
    /// The canonical gRPC status code.
    pub code: i32,
    /// Invoicing's reason, UPPER_SNAKE.
    pub reason: String,
    /// One sentence for a person.
    pub message: String,
    /// Facts by stable key.
    pub metadata: std::collections::BTreeMap<String, String>,
}

/// Why money was taken back, as invoicing is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReversalReason {
    /// It belongs elsewhere; the receipt stands.
    Unapplied,
    /// There was no such money.
    ReceiptReversed,
    /// The bank took the money back.
    Returned,
}

impl Coded for ReversalReason {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Unapplied, "UNAPPLIED"),
        (Self::ReceiptReversed, "RECEIPT_REVERSED"),
        (Self::Returned, "RETURNED"),
    ];
}

/// An application taken back, or being.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationReversal {
    /// Identity; the same in invoicing.
    pub reversal_id: ReversalId,
    /// Why.
    pub reason: ReversalReason,
    /// The day from which the debt is open again.
    pub reversal_date: Date,
    /// What was re-opened; empty until invoicing has answered.
    pub reopened: Vec<Allocation>,
    /// When it was reversed; `None` until invoicing has answered.
    pub reversed_time: Option<Timestamp>,
}

/// Invoicing's stored answer to an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplicationAnswer {
    /// Applied, at least in part.
    Applied {
        /// Where the money went.
        allocations: Vec<Allocation>,
        /// What was kept as overpayment within the tolerance: a posting, no allocation (TL-5).
        overpayment_tolerance_amount: Money,
        /// What was not taken.
        rest_amount: Money,
    },
    /// Refused; nothing was applied.
    Refused(ItemRefusal),
}

/// Invoicing's stored answer to a reversal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReversalAnswer {
    /// Taken back; these allocations are open again.
    Reversed(Vec<Allocation>),
    /// Refused.
    Refused(ItemRefusal),
}

/// Why an answer is not booked. What is not `AlreadyBooked` needs people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It was booked before: there is nothing to do.
    #[error("the answer is booked already")]
    AlreadyBooked,
    /// Its parts are not the amount that was offered.
    #[error("the answer's parts are not the {0} that was offered")]
    DoesNotAddUp(Money),
    /// Invoicing says that it cannot take back what it applied.
    #[error("invoicing refuses to take the application back: {0}")]
    ReversalRefused(String),
    /// The receipt's sums would not hold.
    #[error(transparent)]
    Balance(#[from] BalanceError),
}

impl From<MoneyError> for AnswerError {
    fn from(error: MoneyError) -> Self {
        Self::Balance(error.into())
    }
}

impl ReceiptApplication {
    /// Books invoicing's answer: the application is APPLIED or REFUSED, and what was not taken is
    /// unapplied again.
    ///
    /// # Errors
    /// [`AnswerError`]; then nothing has changed.
    pub fn book(
        &mut self,
        receipt: &mut Receipt,
        answer: ApplicationAnswer,
        time: Timestamp,
    ) -> Result<Vec<ReceiptEntry>, AnswerError> {
        if self.state != ReceiptApplicationState::Reserved {
            return Err(AnswerError::AlreadyBooked);
        }
        let mut booked = self.clone();
        match answer {
            ApplicationAnswer::Applied {
                allocations,
                overpayment_tolerance_amount,
                rest_amount,
            } => {
                booked.state = ReceiptApplicationState::Applied;
                booked.allocated_amount = sum(self.amount, &allocations)?;
                booked.allocations = allocations;
                booked.overpayment_tolerance_amount = overpayment_tolerance_amount;
                booked.rest_amount = rest_amount;
            }
            ApplicationAnswer::Refused(refusal) => {
                booked.state = ReceiptApplicationState::Refused;
                booked.refusal = Some(refusal);
                booked.rest_amount = self.amount;
            }
        }
        booked.must_add_up()?;
        booked.booked_time = Some(time);
        let moves = [
            (EntryKind::Allocated, booked.allocated_amount),
            (
                EntryKind::ToleranceKept,
                booked.overpayment_tolerance_amount,
            ),
            (EntryKind::Released, booked.rest_amount),
        ];
        let cause = EntryCause::Application(self.application_id);
        let entries = post_all(receipt, moves, cause, self.receipt_date, time)?;
        *self = booked;
        Ok(entries)
    }

    /// Books that invoicing took the application back: its money is unapplied again, by an entry of
    /// its own with its own day (CA-7). The receipt that is itself being taken back is not done by
    /// this: see [`Receipt::complete_reversal`].
    ///
    /// # Errors
    /// [`AnswerError`]; then nothing has changed.
    pub fn book_reversal(
        &mut self,
        receipt: &mut Receipt,
        answer: ReversalAnswer,
        time: Timestamp,
    ) -> Result<Vec<ReceiptEntry>, AnswerError> {
        let Some(mut reversal) = self.reversal.clone() else {
            return Err(AnswerError::AlreadyBooked);
        };
        if self.state != ReceiptApplicationState::Reversing {
            return Err(AnswerError::AlreadyBooked);
        }
        let reopened = match answer {
            ReversalAnswer::Reversed(reopened) => reopened,
            ReversalAnswer::Refused(refusal) => {
                return Err(AnswerError::ReversalRefused(refusal.reason));
            }
        };
        if sum(self.amount, &reopened)? != self.allocated_amount {
            return Err(AnswerError::DoesNotAddUp(self.allocated_amount));
        }
        let moves = [
            (EntryKind::Unallocated, self.allocated_amount),
            (
                EntryKind::ToleranceUndone,
                self.overpayment_tolerance_amount,
            ),
        ];
        let cause = EntryCause::ApplicationReversal(self.application_id, reversal.reversal_id);
        let entries = post_all(receipt, moves, cause, reversal.reversal_date, time)?;
        reversal.reopened = reopened;
        reversal.reversed_time = Some(time);
        self.reversal = Some(reversal);
        self.state = ReceiptApplicationState::Reversed;
        receipt.reversing_count -= 1;
        Ok(entries)
    }

    /// P1 across the two services: what invoicing answers is what was offered, no part below 0.
    fn must_add_up(&self) -> Result<(), AnswerError> {
        let allocated = self.allocations.iter().map(|allocation| allocation.amount);
        let parts = [self.overpayment_tolerance_amount, self.rest_amount];
        let mut all = allocated.chain(parts);
        let total = Money::sum(self.amount.currency(), all.clone())?;
        if total != self.amount || all.any(|part| part.is_negative()) {
            return Err(AnswerError::DoesNotAddUp(self.amount));
        }
        Ok(())
    }
}

fn sum(amount: Money, allocations: &[Allocation]) -> Result<Money, MoneyError> {
    let amounts = allocations.iter().map(|allocation| allocation.amount);
    Money::sum(amount.currency(), amounts)
}

/// Posts what is not nothing. On an error the receipt is as it was.
fn post_all<const N: usize>(
    receipt: &mut Receipt,
    moves: [(EntryKind, Money); N],
    cause: EntryCause,
    day: Date,
    time: Timestamp,
) -> Result<Vec<ReceiptEntry>, BalanceError> {
    let mut after = receipt.clone();
    let mut entries = Vec::with_capacity(N);
    for (kind, amount) in moves {
        if !amount.is_zero() {
            entries.push(after.post(kind, amount, cause, day, time)?);
        }
    }
    after.version += 1;
    *receipt = after;
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::{
        NOW, allocation, applied, eur, receipt, refusal, reserved, stamped,
    };

    fn answer(allocated: &[&str], tolerance: &str, rest: &str) -> ApplicationAnswer {
        ApplicationAnswer::Applied {
            allocations: allocated.iter().map(|amount| allocation(amount)).collect(),
            overpayment_tolerance_amount: eur(tolerance),
            rest_amount: eur(rest),
        }
    }

    fn kinds(entries: &[ReceiptEntry]) -> Vec<(EntryKind, Money)> {
        entries
            .iter()
            .map(|entry| (entry.kind, entry.amount))
            .collect()
    }

    #[test]
    fn tl_5_allocated_tolerance_and_rest_are_booked_apart() {
        let mut money = receipt("105.00");
        let mut one = reserved(&mut money, None);
        let said = answer(&["60.00", "40.00"], "1.00", "4.00");
        let entries = one.book(&mut money, said, NOW).unwrap();
        let expected = [
            (EntryKind::Allocated, eur("100.00")),
            (EntryKind::ToleranceKept, eur("1.00")),
            (EntryKind::Released, eur("4.00")),
        ];
        assert_eq!(kinds(&entries), expected);
        assert_eq!(one.state, ReceiptApplicationState::Applied);
        assert_eq!(one.allocated_amount, eur("100.00"));
        assert_eq!(money.balances.allocated, eur("100.00"));
        assert_eq!(money.balances.unapplied, eur("4.00"));
        assert!(money.balances.reserved.is_zero());
    }

    #[test]
    fn a_refusal_releases_all_of_it() {
        let mut money = receipt("100.00");
        let mut one = reserved(&mut money, Some("60.00"));
        let said = ApplicationAnswer::Refused(refusal("INVOICE_CLOSED"));
        let entries = one.book(&mut money, said, NOW).unwrap();
        assert_eq!(kinds(&entries), [(EntryKind::Released, eur("60.00"))]);
        assert_eq!(one.state, ReceiptApplicationState::Refused);
        assert_eq!(one.rest_amount, eur("60.00"));
        assert_eq!(money.balances.unapplied, eur("100.00"));
    }

    #[test]
    fn p_3_an_answer_that_comes_twice_is_booked_once() {
        let mut money = receipt("100.00");
        let mut one = reserved(&mut money, None);
        one.book(&mut money, answer(&["100.00"], "0", "0"), NOW)
            .unwrap();
        let before = money.clone();
        let again = one.book(&mut money, answer(&["100.00"], "0", "0"), NOW);
        assert_eq!(again, Err(AnswerError::AlreadyBooked));
        assert_eq!(money, before);
    }

    #[test]
    fn p_1_an_answer_that_does_not_add_up_is_not_booked() {
        let mut money = receipt("100.00");
        let mut one = reserved(&mut money, None);
        let before = (money.clone(), one.clone());
        for (allocated, tolerance, rest) in [
            ("99.99", "0", "0"),
            ("100.01", "0", "0"),
            ("110.00", "0", "-10.00"),
            ("110.00", "-10.00", "0"),
        ] {
            let said = answer(&[allocated], tolerance, rest);
            let outcome = one.book(&mut money, said, NOW);
            assert_eq!(outcome, Err(AnswerError::DoesNotAddUp(eur("100.00"))));
        }
        let below = one.book(&mut money, answer(&["120.00", "-20.00"], "0", "0"), NOW);
        assert_eq!(below, Err(AnswerError::DoesNotAddUp(eur("100.00"))));
        assert_eq!((money, one), before);
    }

    #[test]
    fn ca_7_what_is_taken_back_is_an_entry_with_its_own_day() {
        let mut money = receipt("105.00");
        let mut one = reserved(&mut money, None);
        one.book(&mut money, answer(&["100.00"], "1.00", "4.00"), NOW)
            .unwrap();
        let day = date(2026, 3, 9);
        stamped(|stamp| one.start_reversal(&mut money, day, day, stamp)).unwrap();
        let said = ReversalAnswer::Reversed(vec![allocation("100.00")]);
        let entries = one.book_reversal(&mut money, said.clone(), NOW).unwrap();
        let expected = [
            (EntryKind::Unallocated, eur("100.00")),
            (EntryKind::ToleranceUndone, eur("1.00")),
        ];
        assert_eq!(kinds(&entries), expected);
        assert!(entries.iter().all(|entry| entry.entry_date == day));
        assert_eq!(money.balances.unapplied, eur("105.00"));
        assert_eq!(money.reversing_count, 0);
        assert_eq!(one.state, ReceiptApplicationState::Reversed);
        assert_eq!(
            one.allocated_amount,
            eur("100.00"),
            "the record of what it was stays"
        );
        let again = one.book_reversal(&mut money, said, NOW);
        assert_eq!(again, Err(AnswerError::AlreadyBooked));
    }

    #[test]
    fn a_reversal_that_invoicing_contradicts_is_left_for_people() {
        let mut money = receipt("100.00");
        let mut one = applied(&mut money, "100.00");
        let day = date(2026, 3, 9);
        stamped(|stamp| one.start_reversal(&mut money, day, day, stamp)).unwrap();
        let before = (money.clone(), one.clone());
        let refused = ReversalAnswer::Refused(refusal("APPLICATION_NOT_FOUND"));
        let outcome = one.book_reversal(&mut money, refused, NOW);
        let reason = AnswerError::ReversalRefused("APPLICATION_NOT_FOUND".into());
        assert_eq!(outcome, Err(reason));
        let less = ReversalAnswer::Reversed(vec![allocation("99.00")]);
        let outcome = one.book_reversal(&mut money, less, NOW);
        assert_eq!(outcome, Err(AnswerError::DoesNotAddUp(eur("100.00"))));
        assert_eq!((money, one), before);
    }

    #[test]
    fn codes() {
        assert_complete::<OpenItemKind>(3);
        assert_complete::<ReversalReason>(3);
    }
}
