//! Owns the customer's cash that lowers no invoice yet, as payments' feed tells of it: where it covers
//! what would be asked for, nobody is reminded (CA-8). Must not know receipts.

use std::collections::BTreeMap;

use money::{Currency, Money, MoneyError};

use crate::domain::id::CustomerId;

/// A customer's unapplied cash in one currency. Of two versions the higher counts (P24).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnappliedCash {
    /// The customer.
    pub customer_id: CustomerId,
    /// What is left to apply.
    pub unapplied_amount: Money,
    /// What is promised to applications that invoicing has not answered: on its way to the invoices.
    pub reserved_amount: Money,
    /// Version of the entry, rising.
    pub version: i64,
}

/// What covers a debt, by currency: what is left and what is on its way, since the debtor has paid
/// both.
///
/// # Errors
/// [`MoneyError`] when the two amounts of an entry differ in currency, or are too large.
pub fn cover(entries: &[UnappliedCash]) -> Result<BTreeMap<Currency, Money>, MoneyError> {
    let amount = |entry: &UnappliedCash| {
        let amount = entry.unapplied_amount.checked_add(entry.reserved_amount)?;
        Ok((amount.currency(), amount))
    };
    entries.iter().map(amount).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{self, eur};

    #[test]
    fn ca_8_money_on_its_way_covers_too() {
        let entry = UnappliedCash {
            customer_id: samples::debtor().customer_id,
            unapplied_amount: eur("30.00"),
            reserved_amount: eur("70.00"),
            version: 4,
        };
        let cover = cover(&[entry]).unwrap();
        assert_eq!(cover.get(&Currency::EUR), Some(&eur("100.00")));
    }
}
