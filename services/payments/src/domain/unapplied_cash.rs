//! Owns unapplied cash: the money of a customer in one currency that lowers no invoice (CA-6). It is
//! the sum over the customer's receipts, kept up to date by the difference that each change makes.
//! Must not be changed by anything but a receipt.

use std::collections::BTreeMap;

use money::{Currency, Money, MoneyError};

use super::{CustomerId, Receipt};

/// What a customer has left in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnappliedCash {
    /// The customer.
    pub customer_id: CustomerId,
    /// What is left to apply on all receipts together.
    pub unapplied_amount: Money,
    /// What is promised to applications that invoicing has not answered yet.
    pub reserved_amount: Money,
    /// Rises by 1 with every change.
    pub version: i64,
}

/// What one receipt is worth to its customer now; of nobody's receipt, `None`.
pub type Share = Option<(CustomerId, Money, Money)>;

/// By how much the cash of customers changes. Entries are in the order of customer and currency,
/// in which their rows are locked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CashShifts(BTreeMap<(CustomerId, Currency), CashShift>);

/// By how much the cash of one customer in one currency changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CashShift {
    /// The customer.
    pub customer_id: CustomerId,
    /// Change of what is left to apply.
    pub unapplied: Money,
    /// Change of what is reserved.
    pub reserved: Money,
}

impl Receipt {
    /// What it adds to the cash of its customer.
    #[must_use]
    pub fn share(&self) -> Share {
        let (unapplied, reserved) = (self.balances.unapplied, self.balances.reserved);
        self.customer_id
            .map(|customer_id| (customer_id, unapplied, reserved))
    }
}

impl CashShifts {
    /// Adds the change of one receipt, from what it was worth before to what it is worth after.
    /// A receipt that is assigned moves from one customer to another.
    ///
    /// # Errors
    /// [`MoneyError`] when sums of receipts exceed what an amount can hold.
    pub fn add(&mut self, before: Share, after: Share) -> Result<(), MoneyError> {
        if let Some((customer_id, unapplied, reserved)) = before {
            self.shift(customer_id, unapplied.negated(), reserved.negated())?;
        }
        if let Some((customer_id, unapplied, reserved)) = after {
            self.shift(customer_id, unapplied, reserved)?;
        }
        Ok(())
    }

    /// The changes that are any.
    pub fn iter(&self) -> impl Iterator<Item = CashShift> + '_ {
        let changes = self.0.values().copied();
        changes.filter(|shift| !shift.unapplied.is_zero() || !shift.reserved.is_zero())
    }

    fn shift(
        &mut self,
        customer_id: CustomerId,
        unapplied: Money,
        reserved: Money,
    ) -> Result<(), MoneyError> {
        let currency = unapplied.currency();
        let entry = self.0.entry((customer_id, currency)).or_insert(CashShift {
            customer_id,
            unapplied: Money::zero(currency),
            reserved: Money::zero(currency),
        });
        entry.unapplied = entry.unapplied.checked_add(unapplied)?;
        entry.reserved = entry.reserved.checked_add(reserved)?;
        Ok(())
    }
}

impl UnappliedCash {
    /// The cash of a customer who has none yet.
    #[must_use]
    pub fn none(customer_id: CustomerId, currency: Currency) -> Self {
        Self {
            customer_id,
            unapplied_amount: Money::zero(currency),
            reserved_amount: Money::zero(currency),
            version: 0,
        }
    }

    /// The cash after a change.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn after(self, shift: CashShift) -> Result<Self, MoneyError> {
        Ok(Self {
            unapplied_amount: self.unapplied_amount.checked_add(shift.unapplied)?,
            reserved_amount: self.reserved_amount.checked_add(shift.reserved)?,
            version: self.version + 1,
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{applied, customer_id, eur, receipt, reserved};

    fn shifts(changes: &[(Share, Share)]) -> Vec<(CustomerId, Money, Money)> {
        let mut all = CashShifts::default();
        for (before, after) in changes {
            all.add(*before, *after).unwrap();
        }
        all.iter()
            .map(|shift| (shift.customer_id, shift.unapplied, shift.reserved))
            .collect()
    }

    #[test]
    fn ca_6_what_no_invoice_took_is_the_customers() {
        let mut money = receipt("100.00");
        let recorded = money.share();
        let one = customer_id(1);
        assert_eq!(
            shifts(&[(None, recorded)]),
            [(one, eur("100.00"), eur("0.00"))]
        );
        reserved(&mut money, Some("60.00"));
        let changed = shifts(&[(recorded, money.share())]);
        assert_eq!(changed, [(one, eur("-60.00"), eur("60.00"))]);
        let before = money.share();
        applied(&mut money, "40.00");
        assert_eq!(
            shifts(&[(before, money.share())]),
            [(one, eur("-40.00"), eur("0.00"))]
        );
    }

    #[test]
    fn a_receipt_of_another_customer_moves_its_cash() {
        let mut money = receipt("100.00");
        let before = money.share();
        money.assign(customer_id(2)).unwrap();
        let moved = shifts(&[(before, money.share())]);
        let (one, two) = (customer_id(1), customer_id(2));
        let nothing = eur("0.00");
        assert_eq!(
            moved,
            [
                (one, eur("-100.00"), nothing),
                (two, eur("100.00"), nothing)
            ]
        );
        money.customer_id = None;
        assert_eq!(money.share(), None);
    }

    #[test]
    fn changes_of_a_batch_are_one_a_customer_and_none_where_they_cancel() {
        let share = |amount: &str| Some((customer_id(1), eur(amount), eur("0.00")));
        let both = shifts(&[(None, share("10.00")), (share("4.00"), share("1.00"))]);
        assert_eq!(both, [(customer_id(1), eur("7.00"), eur("0.00"))]);
        assert_eq!(shifts(&[(share("4.00"), share("4.00"))]), []);
    }

    #[test]
    fn every_change_raises_the_version() {
        let mut all = CashShifts::default();
        all.add(None, receipt("5.00").share()).unwrap();
        let shift = all.iter().next().unwrap();
        let cash = UnappliedCash::none(customer_id(1), Currency::EUR);
        let cash = cash
            .after(shift)
            .and_then(|cash| cash.after(shift))
            .unwrap();
        assert_eq!((cash.unapplied_amount, cash.version), (eur("10.00"), 2));
    }
}
