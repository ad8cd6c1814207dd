//! Owns the receipt: money that came in, whose it is, and what may be done with it when. Recording
//! and assigning are here; refunding is in [`super::refund`], applying is in [`super::receipt_application`], taking back in
//! [`super::receipt_reversal`]. Must not know invoices: what is owed lives in invoicing.

use jiff::Timestamp;
use jiff::civil::Date;
use money::{Currency, Money};

use super::counting_day::{DayError, not_in_future};
use super::{
    AgencyId, AgencyRemittanceId, BalanceError, BankAccountId, BankLineId, Coded, CustomerId,
    EntryCause, EntryKind, ReceiptBalances, ReceiptEntry, ReceiptId, ReceiptReversal, Refund,
    Remittance, Stamp,
};

/// How money came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptMethod {
    /// A bank transfer that the payer made.
    Transfer,
    /// A card payment.
    Card,
    /// A direct debit that we drew.
    DirectDebit,
    /// A cheque.
    Cheque,
    /// Cash.
    Cash,
    /// Paid to an agency; recorded for the gross amount that the debtor paid (AY-6).
    Agency,
}

impl Coded for ReceiptMethod {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Transfer, "TRANSFER"),
        (Self::Card, "CARD"),
        (Self::DirectDebit, "DIRECT_DEBIT"),
        (Self::Cheque, "CHEQUE"),
        (Self::Cash, "CASH"),
        (Self::Agency, "AGENCY"),
    ];
}

/// Where a receipt stands. How much of it is applied is a fact apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptState {
    /// The money is here.
    Recorded,
    /// Its applications are being taken back, then it will be.
    Reversing,
    /// It was taken back as a whole. Final.
    Reversed,
}

impl Coded for ReceiptState {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Recorded, "RECORDED"),
        (Self::Reversing, "REVERSING"),
        (Self::Reversed, "REVERSED"),
    ];
}

/// Where a receipt came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptOrigin {
    /// A person or a foreign system recorded it.
    Recorded,
    /// A line of a bank statement.
    BankLine(BankLineId),
    /// A line of an agency's remittance.
    Agency(AgencyRemittanceLine),
}

/// A line of what an agency remitted. It books once, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AgencyRemittanceLine {
    /// The agency.
    pub agency_id: AgencyId,
    /// The remittance.
    pub remittance_id: AgencyRemittanceId,
    /// The line of it, from 1 on.
    pub line_number: i32,
}

/// Money that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Identity.
    pub receipt_id: ReceiptId,
    /// The foreign system's own identity, where it has one.
    pub external_id: Option<String>,
    /// Whose money it is; `None` while nobody knows.
    pub customer_id: Option<CustomerId>,
    /// How it came in.
    pub method: ReceiptMethod,
    /// Where it stands.
    pub state: ReceiptState,
    /// Its sums.
    pub balances: ReceiptBalances,
    /// The day it counts from: the bank's value date, else the entry date.
    pub receipt_date: Date,
    /// What the payer said about it.
    pub remittance: Remittance,
    /// Where it came from.
    pub origin: ReceiptOrigin,
    /// The account it came in on, where that is known.
    pub bank_account_id: Option<BankAccountId>,
    /// What was given back, oldest first.
    pub refunds: Vec<Refund>,
    /// How it was taken back; `None` unless it was, or is being.
    pub reversal: Option<ReceiptReversal>,
    /// How many of its applications are being taken back now.
    pub reversing_count: i32,
    /// How many entries it has.
    pub entry_count: i32,
    /// When it was recorded.
    pub created_time: Timestamp,
    /// Rises by 1 with every change; 1 when recorded.
    pub version: i64,
}

/// What is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReceipt {
    /// Identity, where the caller chose it.
    pub receipt_id: Option<ReceiptId>,
    /// The foreign system's own identity, where it has one.
    pub external_id: Option<String>,
    /// Whose money it is, where that is known.
    pub customer_id: Option<CustomerId>,
    /// How it came in.
    pub method: ReceiptMethod,
    /// What came in.
    pub amount: Money,
    /// The day it counts from.
    pub receipt_date: Date,
    /// What the payer said about it.
    pub remittance: Remittance,
    /// Where it came from.
    pub origin: ReceiptOrigin,
    /// The account it came in on and its currency, where that is known.
    pub account: Option<(BankAccountId, Currency)>,
}

/// Why something cannot be done with a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// An amount of 0 or less.
    #[error("the amount is above 0")]
    NotPositive,
    /// A day that money cannot count from.
    #[error(transparent)]
    Day(#[from] DayError),
    /// Method AGENCY without the agency's line, or the line with another method.
    #[error("the agency's line belongs to the method AGENCY and to no other")]
    AgencyLine,
    /// `CURRENCY_MISMATCH`: the account or the receipt has another currency.
    #[error("{given} does not fit {expected}")]
    CurrencyMismatch {
        /// The currency of the account or the receipt.
        expected: Currency,
        /// The currency that was given.
        given: Currency,
    },
    /// `AMOUNT_EXCEEDS_UNAPPLIED`: more than is left, or nothing is left.
    #[error("{asked} is more than the {unapplied} that is unapplied")]
    AmountExceedsUnapplied {
        /// What was asked for.
        asked: Money,
        /// What is left.
        unapplied: Money,
    },
    /// `RECEIPT_NOT_ASSIGNED`: nobody said whose items are to be settled.
    #[error("neither the receipt nor the request names a customer")]
    NotAssigned,
    /// `RECEIPT_APPLIED`: some of it is allocated.
    #[error("some of the receipt is applied: unapply it first")]
    Applied,
    /// `RECEIPT_REFUNDED`: some of it was given back.
    #[error("some of the receipt was refunded")]
    Refunded,
    /// `RECEIPT_REVERSED`: it was taken back, or is being.
    #[error("the receipt was taken back")]
    Reversed,
    /// `RECEIPT_BUSY`: an application of it is reserved or being reversed, or it is itself.
    #[error("an application of the receipt is on its way; try again")]
    Busy,
    /// The sums would not hold: a bug.
    #[error(transparent)]
    Balance(#[from] BalanceError),
}

impl Receipt {
    /// Records money that came in; all of it is unapplied. A value date after today is taken from
    /// a bank, which may well value money later than it books it, and from nobody else.
    ///
    /// # Errors
    /// [`ReceiptError`]: `NotPositive`, `Day`, `AgencyLine`, `CurrencyMismatch`.
    pub fn record(
        new: NewReceipt,
        today: Date,
        stamp: &mut Stamp<'_>,
    ) -> Result<(Self, ReceiptEntry), ReceiptError> {
        new.check(today)?;
        let mut receipt = Self {
            receipt_id: new.receipt_id.unwrap_or_else(|| ReceiptId(stamp.id())),
            external_id: new.external_id,
            customer_id: new.customer_id,
            method: new.method,
            state: ReceiptState::Recorded,
            balances: ReceiptBalances::nothing(new.amount.currency()),
            receipt_date: new.receipt_date,
            remittance: new.remittance,
            origin: new.origin,
            bank_account_id: new.account.map(|(account, _)| account),
            refunds: Vec::new(),
            reversal: None,
            reversing_count: 0,
            entry_count: 0,
            created_time: stamp.time,
            version: 1,
        };
        let day = receipt.receipt_date;
        let cause = EntryCause::Recording;
        let entry = receipt.post(EntryKind::Received, new.amount, cause, day, stamp.time)?;
        Ok((receipt, entry))
    }

    /// Says whose money it is. `None` when that customer was known already: nothing changes.
    /// Otherwise the customer it was thought to be of, if any.
    ///
    /// # Errors
    /// [`ReceiptError`]: `Reversed`, `Busy`, `Applied`.
    pub fn assign(&mut self, customer_id: CustomerId) -> Result<Option<Assigned>, ReceiptError> {
        self.must_stand()?;
        if self.customer_id == Some(customer_id) {
            return Ok(None);
        }
        self.must_be_quiet()?;
        let applied = [self.balances.allocated, self.balances.overpayment_tolerance];
        if applied.iter().any(Money::is_positive) {
            return Err(ReceiptError::Applied);
        }
        let previous_customer_id = self.customer_id.replace(customer_id);
        self.version += 1;
        Ok(Some(Assigned {
            previous_customer_id,
        }))
    }

    /// The currency of all its amounts.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.balances.received.currency()
    }

    /// Refuses a receipt that was taken back, or is being.
    pub(super) fn must_stand(&self) -> Result<(), ReceiptError> {
        match self.state {
            ReceiptState::Recorded => Ok(()),
            ReceiptState::Reversing => Err(ReceiptError::Busy),
            ReceiptState::Reversed => Err(ReceiptError::Reversed),
        }
    }

    /// Refuses a receipt with an application on its way: what will be left of it is not known.
    pub(super) fn must_be_quiet(&self) -> Result<(), ReceiptError> {
        if self.balances.reserved.is_positive() || self.reversing_count > 0 {
            return Err(ReceiptError::Busy);
        }
        Ok(())
    }

    /// Refuses an amount that is not above 0 and within what is unapplied.
    pub(super) fn must_have(&self, asked: Money) -> Result<(), ReceiptError> {
        if asked.currency() != self.currency() {
            let (expected, given) = (self.currency(), asked.currency());
            return Err(ReceiptError::CurrencyMismatch { expected, given });
        }
        if !asked.is_positive() {
            return Err(ReceiptError::NotPositive);
        }
        let unapplied = self.balances.unapplied;
        if unapplied
            .try_cmp(&asked)
            .map_err(BalanceError::from)?
            .is_lt()
        {
            return Err(ReceiptError::AmountExceedsUnapplied { asked, unapplied });
        }
        Ok(())
    }

    /// Moves money and writes the entry of it.
    pub(super) fn post(
        &mut self,
        kind: EntryKind,
        amount: Money,
        cause: EntryCause,
        entry_date: Date,
        created_time: Timestamp,
    ) -> Result<ReceiptEntry, BalanceError> {
        self.balances = self.balances.after(kind, amount)?;
        self.entry_count += 1;
        Ok(ReceiptEntry {
            receipt_id: self.receipt_id,
            entry_number: self.entry_count,
            kind,
            amount,
            entry_date,
            cause,
            created_time,
        })
    }
}

/// Whose money a receipt was thought to be before it was assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assigned {
    /// `None` where nobody knew.
    pub previous_customer_id: Option<CustomerId>,
}

impl NewReceipt {
    fn check(&self, today: Date) -> Result<(), ReceiptError> {
        if !self.amount.is_positive() {
            return Err(ReceiptError::NotPositive);
        }
        if !matches!(self.origin, ReceiptOrigin::BankLine(_)) {
            not_in_future(self.receipt_date, today)?;
        }
        let has_agency_line = matches!(self.origin, ReceiptOrigin::Agency(_));
        if has_agency_line != (self.method == ReceiptMethod::Agency) {
            return Err(ReceiptError::AgencyLine);
        }
        let given = self.amount.currency();
        match self.account {
            Some((_, expected)) if expected != given => {
                Err(ReceiptError::CurrencyMismatch { expected, given })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::{customer_id, eur, new_receipt, receipt, stamped};

    const TODAY: Date = date(2026, 3, 10);

    fn record(new: NewReceipt) -> Result<(Receipt, ReceiptEntry), ReceiptError> {
        stamped(|stamp| Receipt::record(new, TODAY, stamp))
    }

    #[test]
    fn p_1_recorded_money_is_unapplied() {
        let (receipt, entry) = record(new_receipt("100.00")).unwrap();
        assert_eq!(receipt.balances.unapplied, eur("100.00"));
        assert_eq!(receipt.balances.received, eur("100.00"));
        assert_eq!((entry.kind, entry.entry_number), (EntryKind::Received, 1));
        assert_eq!(entry.entry_date, receipt.receipt_date);
        assert_eq!((receipt.version, receipt.entry_count), (1, 1));
    }

    #[test]
    fn money_comes_in_above_zero_and_not_in_the_future() {
        let zero = record(new_receipt("0.00"));
        assert_eq!(zero.unwrap_err(), ReceiptError::NotPositive);
        let mut tomorrow = new_receipt("1.00");
        tomorrow.receipt_date = date(2026, 3, 11);
        assert!(matches!(
            record(tomorrow.clone()),
            Err(ReceiptError::Day(_))
        ));
        tomorrow.origin = ReceiptOrigin::BankLine(BankLineId(Uuid::from_u128(9)));
        assert!(record(tomorrow).is_ok(), "a bank's value date may be later");
    }

    #[test]
    fn ay_6_an_agency_line_belongs_to_the_method_agency_only() {
        let line = AgencyRemittanceLine {
            agency_id: AgencyId(Uuid::from_u128(1)),
            remittance_id: AgencyRemittanceId(Uuid::from_u128(2)),
            line_number: 1,
        };
        let mut new = new_receipt("1.00");
        new.method = ReceiptMethod::Agency;
        assert_eq!(record(new.clone()).unwrap_err(), ReceiptError::AgencyLine);
        new.origin = ReceiptOrigin::Agency(line);
        assert!(record(new.clone()).is_ok());
        new.method = ReceiptMethod::Cash;
        assert_eq!(record(new).unwrap_err(), ReceiptError::AgencyLine);
    }

    #[test]
    fn rd_5_the_account_has_the_currency_of_the_money() {
        let mut new = new_receipt("1.00");
        new.account = Some((BankAccountId(Uuid::from_u128(1)), Currency::USD));
        let (expected, given) = (Currency::USD, Currency::EUR);
        let mismatch = ReceiptError::CurrencyMismatch { expected, given };
        assert_eq!(record(new).unwrap_err(), mismatch);
    }

    #[test]
    fn money_is_assigned_and_assigned_again_while_nothing_is_applied() {
        let mut money = receipt("100.00");
        money.customer_id = None;
        let nobody = Some(Assigned {
            previous_customer_id: None,
        });
        assert_eq!(money.assign(customer_id(1)), Ok(nobody));
        assert_eq!(
            (money.customer_id, money.version),
            (Some(customer_id(1)), 2)
        );
        let first = Some(Assigned {
            previous_customer_id: Some(customer_id(1)),
        });
        assert_eq!(money.assign(customer_id(2)), Ok(first));
        assert_eq!(money.assign(customer_id(2)), Ok(None));
        assert_eq!(money.version, 3, "the same customer again changes nothing");
    }

    #[test]
    fn codes() {
        assert_complete::<ReceiptMethod>(6);
        assert_complete::<ReceiptState>(3);
    }
}
