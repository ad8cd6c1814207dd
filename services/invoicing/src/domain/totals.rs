//! Owns the sums of a document: net, tax and gross, with tax computed once for each category and
//! ratio on the sum of its lines (RD-3, RD-4). Must not know what kind of document it is.

use std::collections::BTreeMap;

use money::{Currency, Money, MoneyError, Rounding};
use serde::{Deserialize, Serialize};

use super::{Line, Tax};

/// The sums of an invoice or a credit note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentTotals {
    /// Sum of the lines' net amounts.
    pub net_amount: Money,
    /// The tax of each category and ratio, in their order.
    pub taxes: Vec<TaxTotal>,
    /// Sum of the taxes.
    pub tax_amount: Money,
    /// Net plus tax: what is owed or credited.
    pub gross_amount: Money,
}

/// The tax of one category and ratio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxTotal {
    /// Category and ratio.
    pub tax: Tax,
    /// Sum of the net amounts of its lines.
    pub taxable_amount: Money,
    /// The tax on it.
    pub tax_amount: Money,
}

impl DocumentTotals {
    /// The sums of `lines`, which are all in `currency`.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn of(lines: &[Line], currency: Currency) -> Result<Self, MoneyError> {
        let mut taxable: BTreeMap<Tax, Money> = BTreeMap::new();
        for line in lines {
            let sum = taxable.entry(line.tax).or_insert(Money::zero(currency));
            *sum = sum.checked_add(line.net_amount)?;
        }
        let taxed = |(tax, taxable_amount): (Tax, Money)| {
            let tax_amount =
                taxable_amount.checked_mul_rounded(tax.ratio, Rounding::HalfAwayFromZero)?;
            Ok::<_, MoneyError>(TaxTotal {
                tax,
                taxable_amount,
                tax_amount,
            })
        };
        let taxes = taxable.into_iter().map(taxed).collect::<Result<_, _>>()?;
        Self::of_taxes(taxes, currency)
    }

    /// What is left of a document after others have credited a part of it: the difference of each
    /// tax, so that in the end exactly the document is credited, to the cent of its tax.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn less(&self, credited: &[Self]) -> Result<Self, MoneyError> {
        let mut left: BTreeMap<Tax, TaxTotal> = BTreeMap::new();
        for total in &self.taxes {
            left.insert(total.tax, total.clone());
        }
        for total in credited.iter().flat_map(|document| &document.taxes) {
            let zero = Money::zero(self.gross_amount.currency());
            let rest = left.entry(total.tax).or_insert(TaxTotal {
                tax: total.tax,
                taxable_amount: zero,
                tax_amount: zero,
            });
            rest.taxable_amount = rest.taxable_amount.checked_sub(total.taxable_amount)?;
            rest.tax_amount = rest.tax_amount.checked_sub(total.tax_amount)?;
        }
        let nothing = |rest: &TaxTotal| rest.taxable_amount.is_zero() && rest.tax_amount.is_zero();
        let taxes = left.into_values().filter(|rest| !nothing(rest)).collect();
        Self::of_taxes(taxes, self.gross_amount.currency())
    }

    /// Whether `credited` is more than this document charged, in all or at one tax: of each tax the
    /// rest must lie between nothing and what was charged.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn is_exceeded_by(&self, credited: &[Self]) -> Result<bool, MoneyError> {
        let rest = self.less(credited)?;
        let charged = |tax: Tax| {
            let total = self.taxes.iter().find(|total| total.tax == tax);
            total.map_or(0, |total| total.taxable_amount.to_minor())
        };
        let outside = |total: &TaxTotal| {
            let (rest, charged) = (total.taxable_amount.to_minor(), charged(total.tax));
            rest < charged.min(0) || charged.max(0) < rest
        };
        Ok(rest.gross_amount.is_negative() || rest.taxes.iter().any(outside))
    }

    fn of_taxes(taxes: Vec<TaxTotal>, currency: Currency) -> Result<Self, MoneyError> {
        let net_amount = Money::sum(currency, taxes.iter().map(|total| total.taxable_amount))?;
        let tax_amount = Money::sum(currency, taxes.iter().map(|total| total.tax_amount))?;
        Ok(Self {
            net_amount,
            tax_amount,
            gross_amount: net_amount.checked_add(tax_amount)?,
            taxes,
        })
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::domain::samples::{eur, line, zero_rated};

    fn gross_tax(lines: &[Line]) -> Money {
        DocumentTotals::of(lines, Currency::EUR).unwrap().tax_amount
    }

    #[test]
    fn rd_3_tax_of_en_16931() {
        assert_eq!(gross_tax(&[line("1", "1000", "0.25")]), eur("250.00"));
        assert_eq!(gross_tax(&[line("-1", "6491.34", "0.25")]), eur("-1622.84"));
    }

    #[test]
    fn rd_4_tax_is_computed_on_the_document_and_not_on_its_lines() {
        let three = vec![line("1", "10.12", "0.20"); 3];
        assert_eq!(gross_tax(&three), eur("6.07"));
        let ten = vec![line("1", "0.14", "0.20"); 10];
        assert_eq!(gross_tax(&ten), eur("0.28"));
        let by_line = |lines: &[Line]| {
            let taxes = lines.iter().map(|one| gross_tax(std::slice::from_ref(one)));
            Money::sum(Currency::EUR, taxes).unwrap()
        };
        assert_eq!(by_line(&three), eur("6.06"));
        assert_eq!(by_line(&ten), eur("0.30"));
    }

    #[test]
    fn ed_5_gross_of_1500_at_15_percent() {
        let totals = DocumentTotals::of(&[line("1", "1500", "0.15")], Currency::EUR).unwrap();
        assert_eq!(totals.gross_amount, eur("1725.00"));
    }

    #[test]
    fn rd_4_each_category_and_ratio_is_summed_by_itself() {
        let lines = [
            line("2", "50", "0.19"),
            line("1", "10", "0.07"),
            zero_rated("3", "1"),
            line("-1", "20", "0.19"),
        ];
        let totals = DocumentTotals::of(&lines, Currency::EUR).unwrap();
        let rows: Vec<_> = totals
            .taxes
            .iter()
            .map(|total| {
                (
                    total.tax.ratio.percent(),
                    total.taxable_amount,
                    total.tax_amount,
                )
            })
            .collect();
        let percent = |value: i64| Decimal::from(value);
        assert_eq!(
            rows,
            [
                (percent(7), eur("10.00"), eur("0.70")),
                (percent(19), eur("80.00"), eur("15.20")),
                (percent(0), eur("3.00"), eur("0.00")),
            ]
        );
        assert_eq!(totals.net_amount, eur("93.00"));
        assert_eq!(totals.gross_amount, eur("108.90"));
    }

    #[test]
    fn is_3_the_rest_after_credits_makes_the_document_whole_to_the_cent() {
        let document = DocumentTotals::of(&[line("1", "30.36", "0.20")], Currency::EUR).unwrap();
        let part = DocumentTotals::of(&[line("1", "10.12", "0.20")], Currency::EUR).unwrap();
        assert_eq!(part.tax_amount, eur("2.02"));
        let rest = document.less(&[part.clone(), part.clone()]).unwrap();
        // 6.07 less twice 2.02: computed anew it would be 2.02.
        assert_eq!(rest.tax_amount, eur("2.03"));
        assert_eq!(rest.gross_amount, eur("12.15"));
        let nothing = document.less(&[part.clone(), part, rest]).unwrap();
        assert_eq!(nothing.taxes, []);
        assert!(nothing.gross_amount.is_zero());
    }

    #[test]
    fn is_3_no_more_is_credited_than_was_charged_at_any_tax() {
        let totals = |lines: &[Line]| DocumentTotals::of(lines, Currency::EUR).unwrap();
        let document = totals(&[line("1", "100", "0.19"), line("-1", "20", "0.07")]);
        let exceeded = |lines: &[Line]| document.is_exceeded_by(&[totals(lines)]).unwrap();
        assert!(!exceeded(&[
            line("1", "100", "0.19"),
            line("-1", "20", "0.07")
        ]));
        assert!(!exceeded(&[line("1", "40", "0.19")]));
        assert!(exceeded(&[line("1", "101", "0.19")]));
        assert!(exceeded(&[line("1", "1", "0.07")]));
        assert!(exceeded(&[line("-1", "1", "0.19")]));
        assert!(exceeded(&[line("1", "1", "0.25")]));
    }
}
