//! Terms, offers and tolerance: as credit grants them, and as invoices state them.

use std::collections::BTreeMap;

use contracts::common;
use contracts::convert::terms::{
    UnfitTerms, convention_from_wire, schedule_from_wire, terms_to_wire as schedule_to_wire,
};
use contracts::convert::{date_from_wire, money_from_wire};
use contracts::credit::GrantedTerms;
use money::{Rate, decimal_string};

use crate::domain::{DiscountTier, EarlyPaymentOffer, Grant, Terms, Tolerance};

/// The grant of an event of credit.
///
/// # Errors
/// [`UnfitTerms`] with the first field at fault.
pub fn grant_from_wire(granted: &GrantedTerms) -> Result<Grant, UnfitTerms> {
    let valid_from = granted
        .valid_from_date
        .as_ref()
        .ok_or_else(|| missing("valid_from_date"))?;
    let terms = granted
        .payment_terms
        .as_ref()
        .ok_or_else(|| missing("payment_terms"))?;
    Ok(Grant {
        valid_from_date: date_from_wire(valid_from).map_err(|e| unfit("valid_from_date", e))?,
        policy_version: format!(
            "credit-policy/{}@{}",
            granted.policy_code, granted.policy_version
        ),
        terms: terms_from_wire(terms)?,
        early_payment_offer: granted
            .early_payment_offer
            .as_ref()
            .map_or_else(|| Ok(EarlyPaymentOffer::default()), offer_from_wire)?,
        tolerance: granted
            .payment_tolerance
            .as_ref()
            .map_or_else(|| Ok(Tolerance::default()), tolerance_from_wire)?,
    })
}

/// Payment terms.
///
/// # Errors
/// As [`grant_from_wire`].
pub fn terms_from_wire(terms: &common::PaymentTerms) -> Result<Terms, UnfitTerms> {
    Ok(Terms {
        code: terms.terms_code.clone(),
        schedule: schedule_from_wire(terms)?,
        convention: convention_from_wire(terms)?,
        calendar_code: Some(terms.calendar_code.clone()).filter(|code| !code.is_empty()),
    })
}

/// An offer for paying early.
///
/// # Errors
/// As [`grant_from_wire`].
pub fn offer_from_wire(offer: &common::EarlyPaymentOffer) -> Result<EarlyPaymentOffer, UnfitTerms> {
    let tier = |(index, tier): (usize, &common::DiscountTier)| {
        let within_days = u16::try_from(tier.within_days)
            .map_err(|_| unfit(format!("tiers[{index}].within_days"), "must be 0 to 365"))?;
        let field = format!("tiers[{index}].discount_ratio");
        Ok(DiscountTier {
            within_days,
            ratio: ratio(field, tier.discount_ratio.as_ref())?,
        })
    };
    let tiers = offer
        .tiers
        .iter()
        .enumerate()
        .map(tier)
        .collect::<Result<Vec<_>, UnfitTerms>>()?;
    EarlyPaymentOffer::try_new(tiers, offer.partial_payments_earn)
        .map_err(|error| unfit("tiers", error))
}

/// Payment terms for the wire.
#[must_use]
pub fn terms_to_wire(terms: &Terms) -> common::PaymentTerms {
    let calendar = terms.calendar_code.as_deref();
    schedule_to_wire(&terms.code, &terms.schedule, terms.convention, calendar)
}

/// An offer for the wire.
#[must_use]
pub fn offer_to_wire(offer: &EarlyPaymentOffer) -> common::EarlyPaymentOffer {
    let tier = |tier: &DiscountTier| common::DiscountTier {
        within_days: i32::from(tier.within_days),
        discount_ratio: Some(ratio_to_wire(tier.ratio)),
    };
    common::EarlyPaymentOffer {
        tiers: offer.tiers.iter().map(tier).collect(),
        partial_payments_earn: offer.partial_payments_earn,
    }
}

/// A ratio for the wire.
#[must_use]
pub fn ratio_to_wire(ratio: Rate) -> common::Decimal {
    common::Decimal {
        value: decimal_string(ratio.ratio()),
    }
}

fn tolerance_from_wire(granted: &common::PaymentTolerance) -> Result<Tolerance, UnfitTerms> {
    let mut maximum_amounts = BTreeMap::new();
    for (index, amount) in granted.maximum_amounts.iter().enumerate() {
        let field = format!("maximum_amounts[{index}]");
        let amount = money_from_wire(amount).map_err(|error| unfit(field, error))?;
        maximum_amounts.insert(amount.currency(), amount);
    }
    Ok(Tolerance {
        ratio: ratio("ratio", granted.ratio.as_ref())?,
        maximum_amounts,
        discount_grace_days: u16::try_from(granted.discount_grace_days)
            .map_err(|_| unfit("discount_grace_days", "must be 0 to 60"))?,
    })
}

fn ratio(field: impl Into<String>, value: Option<&common::Decimal>) -> Result<Rate, UnfitTerms> {
    let value = value.map_or("0", |value| value.value.as_str());
    Rate::parse(value).map_err(|error| unfit(field, error))
}

fn missing(field: &str) -> UnfitTerms {
    unfit(field, "is required")
}

fn unfit(field: impl Into<String>, fault: impl ToString) -> UnfitTerms {
    UnfitTerms {
        field: field.into(),
        fault: fault.to_string(),
    }
}
