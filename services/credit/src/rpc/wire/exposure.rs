//! Exposure.

use contracts::convert::{date_to_wire, money_to_wire};
use contracts::credit as wire;

use crate::domain::{CurrencyExposure, Exposure};

/// An exposure for the wire.
#[must_use]
pub fn exposure_to_wire(exposure: &Exposure) -> wire::Exposure {
    wire::Exposure {
        total_amount: Some(money_to_wire(exposure.total_amount)),
        currencies: exposure.currencies.iter().map(currency_to_wire).collect(),
    }
}

fn currency_to_wire(exposure: &CurrencyExposure) -> wire::CurrencyExposure {
    let position = &exposure.position;
    let days = exposure.rate_dates.iter();
    wire::CurrencyExposure {
        open_invoice_amount: Some(money_to_wire(position.open_invoice_amount)),
        reserved_amount: Some(money_to_wire(position.reserved_amount)),
        unapplied_cash_amount: Some(money_to_wire(exposure.unapplied_cash_amount)),
        customer_credit_amount: Some(money_to_wire(position.customer_credit_amount)),
        total_amount: Some(money_to_wire(exposure.total_amount)),
        converted_amount: Some(money_to_wire(exposure.converted_amount)),
        rate_dates: days.map(|day| date_to_wire(*day)).collect(),
    }
}
