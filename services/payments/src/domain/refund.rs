//! Owns refunds: unapplied money of a receipt given back to the payer (CA-6). Must not touch what is
//! applied: a refund never re-opens an invoice.

use jiff::Timestamp;
use jiff::civil::Date;
use money::Money;

use super::counting_day::since_receipt;
use super::{EntryCause, EntryKind, Receipt, ReceiptEntry, ReceiptError, RefundId, Stamp};

/// Money given back to the payer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Identity.
    pub refund_id: RefundId,
    /// How much.
    pub amount: Money,
    /// Why.
    pub note: String,
    /// The day from which it counts.
    pub refund_date: Date,
    /// When it was booked.
    pub created_time: Timestamp,
}

/// What is given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundOrder {
    /// How much.
    pub amount: Money,
    /// Why.
    pub note: String,
    /// The day from which it counts.
    pub refund_date: Date,
}

impl Receipt {
    /// Gives unapplied money back to where it came from. Never re-opens an invoice (CA-6): it takes
    /// from what no invoice has.
    ///
    /// # Errors
    /// [`ReceiptError`]: `Reversed`, `Busy`, `NotPositive`, `CurrencyMismatch`,
    /// `AmountExceedsUnapplied`, `Day`.
    pub fn refund(
        &mut self,
        order: RefundOrder,
        today: Date,
        stamp: &mut Stamp<'_>,
    ) -> Result<ReceiptEntry, ReceiptError> {
        self.must_stand()?;
        self.must_be_quiet()?;
        self.must_have(order.amount)?;
        since_receipt(order.refund_date, self.receipt_date, today)?;
        let refund = Refund {
            refund_id: RefundId(stamp.id()),
            amount: order.amount,
            note: order.note,
            refund_date: order.refund_date,
            created_time: stamp.time,
        };
        let cause = EntryCause::Refund(refund.refund_id);
        let (amount, day) = (refund.amount, refund.refund_date);
        let entry = self.post(EntryKind::Refunded, amount, cause, day, stamp.time)?;
        self.refunds.push(refund);
        self.version += 1;
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use money::Currency;

    use super::*;
    use crate::domain::samples::{eur, receipt, stamped};

    const TODAY: Date = date(2026, 3, 10);

    fn order(amount: &str) -> RefundOrder {
        RefundOrder {
            amount: eur(amount),
            note: "paid twice".into(),
            refund_date: TODAY,
        }
    }

    #[test]
    fn ca_6_only_unapplied_money_is_refunded() {
        let mut money = receipt("100.00");
        let entry = stamped(|stamp| money.refund(order("30.00"), TODAY, stamp)).unwrap();
        assert_eq!((entry.kind, entry.entry_number), (EntryKind::Refunded, 2));
        assert_eq!(entry.cause, EntryCause::Refund(money.refunds[0].refund_id));
        assert_eq!(money.balances.unapplied, eur("70.00"));
        assert_eq!(money.balances.refunded, eur("30.00"));
        let too_much = stamped(|stamp| money.refund(order("70.01"), TODAY, stamp));
        let error = too_much.unwrap_err();
        assert_eq!(
            error.to_string(),
            "70.01 EUR is more than the 70.00 EUR that is unapplied"
        );
        assert_eq!(money.version, 2, "a refusal changes nothing");
    }

    #[test]
    fn a_refund_is_above_zero_in_the_currency_and_on_a_day_that_was() {
        let mut money = receipt("100.00");
        let mut refused = |order| stamped(|stamp| money.refund(order, TODAY, stamp)).unwrap_err();
        assert_eq!(refused(order("0.00")), ReceiptError::NotPositive);
        let mut late = order("1.00");
        late.refund_date = date(2026, 3, 11);
        assert!(matches!(refused(late), ReceiptError::Day(_)));
        let mut dollars = order("1.00");
        dollars.amount = Money::parse("1.00", Currency::USD).unwrap();
        assert!(matches!(
            refused(dollars),
            ReceiptError::CurrencyMismatch { .. }
        ));
    }
}
