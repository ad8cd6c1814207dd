//! Owns the lines of invoices and credit notes: quantity, price and tax of one thing charged. Must
//! not compute tax: that is per document (RD-4), see [`super::DocumentTotals`].

use money::{Currency, Decimal, Money, MoneyError, Rate, Rounding};
use serde::{Deserialize, Serialize};

use super::Coded;

/// Tax category, the codes of UNTDID 5305 that EN 16931 uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TaxCategory {
    /// Taxed at a ratio above 0.
    #[serde(rename = "S")]
    Standard,
    /// Taxed at 0.
    #[serde(rename = "Z")]
    Zero,
    /// Exempt.
    #[serde(rename = "E")]
    Exempt,
    /// The buyer owes the tax.
    #[serde(rename = "AE")]
    ReverseCharge,
    /// Leaves the tax area.
    #[serde(rename = "G")]
    Export,
    /// Supplied to another member state.
    #[serde(rename = "K")]
    IntraCommunity,
    /// Not a matter of this tax.
    #[serde(rename = "O")]
    Outside,
}

impl Coded for TaxCategory {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Standard, "S"),
        (Self::Zero, "Z"),
        (Self::Exempt, "E"),
        (Self::ReverseCharge, "AE"),
        (Self::Export, "G"),
        (Self::IntraCommunity, "K"),
        (Self::Outside, "O"),
    ];
}

/// How a line is taxed: lines of equal tax are summed before tax is computed (RD-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tax {
    /// The category.
    pub category: TaxCategory,
    /// Tax as a ratio of the net amount.
    pub ratio: Rate,
}

/// Why a line was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// A ratio below 0 or above 1.
    #[error("a tax ratio is from 0 to 1")]
    TaxRatio,
    /// Category S at 0, or another above 0.
    #[error("the tax ratio is above 0 with category S, and 0 with every other")]
    TaxCategory,
    /// A unit price below 0: what is taken off has a negative quantity.
    #[error("a unit price is 0 or more; what is taken off has a negative quantity")]
    UnitPrice,
    /// The net amount is too large.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Tax {
    /// A tax of a category at a ratio.
    ///
    /// # Errors
    /// [`LineError::TaxRatio`] or [`LineError::TaxCategory`].
    pub fn try_new(category: TaxCategory, ratio: Rate) -> Result<Self, LineError> {
        if ratio < Rate::ZERO || Rate::ONE < ratio {
            return Err(LineError::TaxRatio);
        }
        if (category == TaxCategory::Standard) != (Rate::ZERO < ratio) {
            return Err(LineError::TaxCategory);
        }
        Ok(Self { category, ratio })
    }
}

/// One line; its number is its place in the document, from 1 on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What is charged. Personal data.
    pub description: String,
    /// How many; negative for what is taken off.
    pub quantity: Decimal,
    /// Unit of the quantity; empty where there is none.
    pub unit: String,
    /// Net price of one unit; may be finer than the currency.
    pub unit_price: Decimal,
    /// How it is taxed.
    pub tax: Tax,
    /// Quantity times price, rounded half away from zero (RD-2).
    pub net_amount: Money,
}

impl Line {
    /// A line with its net amount computed.
    ///
    /// # Errors
    /// [`LineError::UnitPrice`], or [`LineError::Money`] when the product is too large.
    pub fn try_new(
        description: String,
        quantity: Decimal,
        unit: String,
        unit_price: Decimal,
        tax: Tax,
        currency: Currency,
    ) -> Result<Self, LineError> {
        if unit_price < Decimal::ZERO {
            return Err(LineError::UnitPrice);
        }
        let factors = [quantity, unit_price];
        let net_amount =
            Money::from_product(&factors, Decimal::ONE, currency, Rounding::HalfAwayFromZero)?;
        Ok(Self {
            description,
            quantity,
            unit,
            unit_price,
            tax,
            net_amount,
        })
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::{eur, rate};

    fn line(quantity: Decimal, unit_price: Decimal, currency: &str) -> Result<Line, LineError> {
        let tax = Tax::try_new(TaxCategory::Standard, rate("0.19")).unwrap();
        let currency = currency.parse().unwrap();
        Line::try_new(
            "a".into(),
            quantity,
            "piece".into(),
            unit_price,
            tax,
            currency,
        )
    }

    #[test]
    fn rd_2_the_net_amount_is_rounded_half_away_from_zero() {
        assert_eq!(
            line(dec!(3), dec!(0.015), "EUR").unwrap().net_amount,
            eur("0.05")
        );
        assert_eq!(
            line(dec!(-3), dec!(0.015), "EUR").unwrap().net_amount,
            eur("-0.05")
        );
        assert_eq!(
            line(dec!(1.5), dec!(33.333333), "EUR").unwrap().net_amount,
            eur("50.00")
        );
        let yen = line(dec!(2.5), dec!(99), "JPY").unwrap().net_amount;
        assert_eq!(yen.to_string(), "248 JPY");
    }

    #[test]
    fn prices_are_not_negative_and_amounts_have_an_end() {
        assert_eq!(line(dec!(1), dec!(-1), "EUR"), Err(LineError::UnitPrice));
        let huge = dec!(999999999999999);
        assert_eq!(
            line(huge, huge, "EUR"),
            Err(LineError::Money(MoneyError::Overflow))
        );
    }

    #[test]
    fn tax_is_above_zero_with_category_s_only() {
        let tax = |category, ratio| Tax::try_new(category, rate(ratio)).map(|_| ());
        assert_eq!(tax(TaxCategory::Standard, "0.19"), Ok(()));
        assert_eq!(tax(TaxCategory::ReverseCharge, "0"), Ok(()));
        assert_eq!(tax(TaxCategory::Standard, "0"), Err(LineError::TaxCategory));
        assert_eq!(
            tax(TaxCategory::Exempt, "0.19"),
            Err(LineError::TaxCategory)
        );
        assert_eq!(tax(TaxCategory::Standard, "1.01"), Err(LineError::TaxRatio));
        assert_eq!(tax(TaxCategory::Zero, "-0.01"), Err(LineError::TaxRatio));
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        assert_complete::<TaxCategory>(7);
        let json = serde_json::to_string(&TaxCategory::ReverseCharge).unwrap();
        assert_eq!(json, "\"AE\"");
    }
}
