//! What stands in the cells of a table. Must not round or add anything: amounts are shown as they
//! were answered.

use comfy_table::{Cell, CellAlignment};
use contracts::common::Money;
use contracts::convert::{date_from_wire, instant_from_wire};
use contracts::google::r#type::Date;

/// An amount with its currency, to the right.
pub fn money(money: Option<&Money>) -> Cell {
    right(money_text(money))
}

/// An amount with its currency: `12.50 EUR`.
pub fn money_text(money: Option<&Money>) -> String {
    let text = money.map(|money| format!("{} {}", money.amount, money.currency_code));
    text.unwrap_or_default()
}

/// A day, `2026-03-31`; nothing where there is none.
pub fn day(date: Option<&Date>) -> String {
    let day = date.and_then(|date| date_from_wire(date).ok());
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// An instant to the second, UTC.
pub fn instant(instant: Option<&prost_types::Timestamp>) -> String {
    let instant = instant.and_then(|instant| instant_from_wire(instant).ok());
    let text = instant.map(|instant| instant.strftime("%Y-%m-%d %H:%M:%SZ").to_string());
    text.unwrap_or_default()
}

/// A number, to the right.
pub fn right(text: impl ToString) -> Cell {
    Cell::new(text.to_string()).set_alignment(CellAlignment::Right)
}
