//! Payment terms: when which part of an invoice is due, and what paying early earns.
//!
//! Owns terms as data ([`PaymentTerms`]), their compact text, and the schedule they give an
//! invoice. Must not know invoices, nor whether a discount was earned: it says the rate and the
//! last day, the invoice decides (ED-2 … ED-8). Dates come out as the terms say; moving them to
//! business days is a second, visible step ([`crate::BusinessCalendar::adjust`], DD-10).
//!
//! # The text
//!
//! Terms are written, stored and announced as text. Words may be in any case, blanks are free
//! between words, numbers and signs.
//!
//! ```text
//! terms    = { discount } , ( rule | parts ) ;
//! discount = percent , "/" , days ;                  (* 2/10: 2 % if paid within 10 days       *)
//! parts    = part , ";" , part , { ";" , part } ;    (* the last part is the rest              *)
//! part     = share , ":" , rule ;
//! share    = percent , "%"                           (* of the total                           *)
//!          | percent , "%" , "of" , "rest"           (* of what the parts before have left     *)
//!          | "fixed" , amount , currency             (* fixed 396.84 EUR                       *)
//!          | "rest" ;
//! rule     = step , { step } ;                       (* in order, from the invoice date        *)
//! step     = "net" , days                            (* only as first step: plus days          *)
//!          | "+" , days , [ "day" | "days" ]
//!          | "+" , months , ( "month" | "months" )   (* clamped: 31 Jan + 1 month = 28 Feb     *)
//!          | "eom"                                   (* to the end of the month                *)
//!          | "on" , day                              (* to that day of the same month          *)
//!          | "next" , day                            (* to that day of the following month     *)
//!          | day , "prox" , [ "cutoff" , day , [ "exclusive" ] ] ;
//! ```
//!
//! `10 prox` is the 10th of the month after; with `cutoff 20` one month later still for dates after
//! the 20th, with `cutoff 20 exclusive` from the 20th on.
//!
//! | text | meaning |
//! |---|---|
//! | `net 30` | 30 days (DD-1) |
//! | `2/10 net 30` | 2 % discount through day 10, due on day 30 (DD-6) |
//! | `2/5 1/14 net 30` | chained discounts (ED-1) |
//! | `net 30 eom`, `eom + 30` | the two orders of "30 days end of month" (DD-2) |
//! | `net 30 eom next 10` | 30 days, month end, then the 10th of the following month (DD-3) |
//! | `10 prox cutoff 20` | proximo with a cut-off (DD-4) |
//! | `50%: net 5; rest: net 10` | two instalments (DD-9) |
//! | `25% of rest: net 30; 25%: + 1 month; fixed 396.84 EUR: + 1 month + 30; rest: + 2 months on 15 + 30` | DD-7 |

mod due_rule;
mod schedule;
mod text;

use money::{Decimal, Money, MoneyError, Rate, Rounding};
use serde::{Deserialize, Serialize};

pub use due_rule::{CutOff, DueRule, DueStep};
pub use schedule::{DiscountDeadline, Instalment};

use crate::DateOutOfRange;

/// More parts than this is a payment plan, not payment terms.
const MOST_PARTS: usize = 60;

/// When which part of an invoice is due, and what paying early earns. Valid by construction: the
/// parts always add up to the whole.
///
/// As text and JSON the compact form that the module describes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PaymentTerms {
    discounts: Vec<DiscountTier>,
    parts: Vec<Part>,
}

/// An offer for paying early: `rate` off if the money arrives within `days` of the invoice date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiscountTier {
    /// The share of the amount that need not be paid.
    pub rate: Rate,
    /// The last day of the offer, counted from the invoice date.
    pub days: u16,
}

/// One instalment: how much, and when it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// How much of the total.
    pub share: Share,
    /// When.
    pub due: DueRule,
}

/// How much of an invoice's total one instalment takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// A ratio of the total.
    OfTotal(Rate),
    /// A ratio of what the instalments before have left.
    OfRest(Rate),
    /// A fixed amount, which takes the sign of the total; less if less is left.
    Fixed(Money),
    /// All that is left.
    Rest,
}

/// Why terms were refused, or gave no schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// The text does not follow the grammar.
    #[error("at position {position}: expected {expected}")]
    Syntax {
        /// The place in the text, counted in characters from 1.
        position: usize,
        /// What may stand there.
        expected: &'static str,
    },
    /// A number of the text or the data is outside its limits.
    #[error("{what} is from {least} to {most}")]
    OutOfLimits {
        /// What the number stands for.
        what: &'static str,
        /// The smallest allowed.
        least: u16,
        /// The largest allowed.
        most: u16,
    },
    /// A discount of 0 % or less, or of 100 % or more.
    #[error("a discount is more than 0 % and less than 100 %")]
    DiscountRate,
    /// A later offer that is not smaller than an earlier one.
    #[error("discounts are in order: each later one has more days and a lower rate")]
    DiscountOrder,
    /// An offer that ends after the due date.
    #[error("a discount ends on the due date at the latest")]
    DiscountAfterDue,
    /// A discount on terms with several instalments.
    #[error("an early-payment discount needs terms with one due date")]
    DiscountOnParts,
    /// The last part is not the rest, or another one is.
    #[error("the last part takes the rest, and only the last")]
    RestLast,
    /// A share of 0 % or less, or more than 100 %, alone or together.
    #[error("shares are more than 0 % and together at most 100 %")]
    ShareRate,
    /// A fixed share that is zero or negative.
    #[error("a fixed share is greater than zero")]
    FixedNotPositive,
    /// A share stated as ratio and divisor that are not the same share (DD-8).
    #[error("ratio and divisor do not state the same share")]
    RatioAndDivisor,
    /// Amounts of different currencies, or too large.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A due date beyond the calendar.
    #[error(transparent)]
    Date(#[from] DateOutOfRange),
}

impl PaymentTerms {
    /// Terms from their parts, in order; the last one takes [`Share::Rest`].
    ///
    /// # Errors
    /// [`TermsError`] names the first rule that is broken.
    pub fn try_new(discounts: Vec<DiscountTier>, parts: Vec<Part>) -> Result<Self, TermsError> {
        within("the number of parts", parts.len(), 1, MOST_PARTS)?;
        check_shares(&parts)?;
        check_discounts(&discounts, &parts)?;
        Ok(Self { discounts, parts })
    }

    /// The whole amount `days` after the invoice date.
    ///
    /// # Errors
    /// [`TermsError::OutOfLimits`] for more than ten years.
    pub fn net(days: u16) -> Result<Self, TermsError> {
        let due = DueRule::try_new(vec![DueStep::AddDays(days)])?;
        Self::try_new(
            Vec::new(),
            vec![Part {
                share: Share::Rest,
                due,
            }],
        )
    }

    /// The offers for paying early, the largest first.
    #[must_use]
    pub fn discounts(&self) -> &[DiscountTier] {
        &self.discounts
    }

    /// The instalments in order; one for ordinary terms.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
}

impl Share {
    /// A ratio of the total that another system states both ways, as 0.25 and as a fourth. They
    /// must agree to eight digits, so that 0.33333333 is a third and 0.4 is not a half (DD-8).
    ///
    /// # Errors
    /// [`TermsError::RatioAndDivisor`].
    pub fn of_total(ratio: Rate, divisor: Decimal) -> Result<Self, TermsError> {
        let reciprocal = |value| {
            let exact = Decimal::ONE.checked_div(value)?;
            Some(money::round(exact, 8, Rounding::HalfAwayFromZero))
        };
        let agree = reciprocal(divisor) == Some(ratio.ratio())
            || reciprocal(ratio.ratio()) == Some(divisor);
        if agree {
            Ok(Self::OfTotal(ratio))
        } else {
            Err(TermsError::RatioAndDivisor)
        }
    }
}

fn check_shares(parts: &[Part]) -> Result<(), TermsError> {
    let rests = parts
        .iter()
        .filter(|part| part.share == Share::Rest)
        .count();
    if rests != 1 || parts.last().map(|part| part.share) != Some(Share::Rest) {
        return Err(TermsError::RestLast);
    }
    let mut of_total = Decimal::ZERO;
    for part in parts {
        match part.share {
            Share::OfTotal(rate) => {
                check_share_rate(rate)?;
                of_total = of_total.saturating_add(rate.ratio());
            }
            Share::OfRest(rate) => check_share_rate(rate)?,
            Share::Fixed(amount) if !amount.is_positive() => {
                return Err(TermsError::FixedNotPositive);
            }
            Share::Fixed(_) | Share::Rest => {}
        }
    }
    if of_total > Decimal::ONE {
        Err(TermsError::ShareRate)
    } else {
        Ok(())
    }
}

fn check_share_rate(rate: Rate) -> Result<(), TermsError> {
    if Rate::ZERO < rate && rate <= Rate::ONE {
        Ok(())
    } else {
        Err(TermsError::ShareRate)
    }
}

fn check_discounts(discounts: &[DiscountTier], parts: &[Part]) -> Result<(), TermsError> {
    if discounts.is_empty() {
        return Ok(());
    }
    let [only] = parts else {
        return Err(TermsError::DiscountOnParts);
    };
    if discounts
        .iter()
        .any(|tier| tier.rate <= Rate::ZERO || Rate::ONE <= tier.rate)
    {
        return Err(TermsError::DiscountRate);
    }
    let in_order =
        |pair: &[DiscountTier; 2]| pair[0].days < pair[1].days && pair[0].rate > pair[1].rate;
    if !discounts.array_windows().all(in_order) {
        return Err(TermsError::DiscountOrder);
    }
    // Only a rule of days alone has a length that is known before the invoice date is.
    if let Some(days) = only.due.fixed_days()
        && discounts.iter().any(|tier| u32::from(tier.days) > days)
    {
        return Err(TermsError::DiscountAfterDue);
    }
    discounts
        .iter()
        .try_for_each(|tier| due_rule::check_days(tier.days))
}

/// Refuses a count outside its limits.
fn within(what: &'static str, value: usize, least: u16, most: usize) -> Result<(), TermsError> {
    if (usize::from(least)..=most).contains(&value) {
        return Ok(());
    }
    Err(TermsError::OutOfLimits {
        what,
        least,
        most: u16::try_from(most).unwrap_or(u16::MAX),
    })
}

#[cfg(test)]
mod tests {
    use money::Currency;
    use rust_decimal::dec;

    use super::*;

    fn refused(text: &str) -> TermsError {
        text.parse::<PaymentTerms>().unwrap_err()
    }

    #[test]
    fn dd_8_ratio_and_divisor_must_agree() {
        let share = |ratio, divisor| Share::of_total(Rate::try_new(ratio).unwrap(), divisor);
        assert_eq!(share(dec!(0.4), dec!(2)), Err(TermsError::RatioAndDivisor));
        assert!(share(dec!(0.33333333), dec!(3)).is_ok());
        assert!(share(dec!(0.25), dec!(4)).is_ok());
        assert!(share(dec!(0.3), dec!(3.33333333)).is_ok());
        assert_eq!(
            share(dec!(0.3333), dec!(3)),
            Err(TermsError::RatioAndDivisor)
        );
        assert_eq!(share(dec!(0), dec!(0)), Err(TermsError::RatioAndDivisor));
    }

    #[test]
    fn dd_8_the_parts_always_make_the_whole() {
        assert_eq!(refused("50%: net 5; 50%: net 10"), TermsError::RestLast);
        assert_eq!(refused("rest: net 5; 50%: net 10"), TermsError::RestLast);
        assert_eq!(refused("rest: net 5; rest: net 10"), TermsError::RestLast);
        assert_eq!(
            refused("60%: net 5; 60%: net 10; rest: net 15"),
            TermsError::ShareRate
        );
        assert_eq!(
            refused("101% of rest: net 5; rest: net 15"),
            TermsError::ShareRate
        );
        assert_eq!(refused("0%: net 5; rest: net 15"), TermsError::ShareRate);
        assert_eq!(
            refused("fixed 0.00 EUR: net 5; rest: net 15"),
            TermsError::FixedNotPositive
        );
        assert_eq!(
            PaymentTerms::try_new(vec![], vec![]),
            Err(TermsError::OutOfLimits {
                what: "the number of parts",
                least: 1,
                most: 60,
            })
        );
        assert!(
            "60%: net 5; 40%: net 10; rest: net 15"
                .parse::<PaymentTerms>()
                .is_ok()
        );
    }

    #[test]
    fn dd_6_discounts_make_sense() {
        assert_eq!(refused("2/31 net 30"), TermsError::DiscountAfterDue);
        assert!("2/30 net 30".parse::<PaymentTerms>().is_ok());
        assert_eq!(refused("0/10 net 30"), TermsError::DiscountRate);
        assert_eq!(refused("100/10 net 30"), TermsError::DiscountRate);
        assert_eq!(refused("1/5 2/14 net 30"), TermsError::DiscountOrder);
        assert_eq!(refused("2/14 1/5 net 30"), TermsError::DiscountOrder);
        assert_eq!(
            refused("2/10 50%: net 5; rest: net 10"),
            TermsError::DiscountOnParts
        );
    }

    #[test]
    fn a_fixed_share_has_a_currency() {
        let terms: PaymentTerms = "fixed 100 JPY: net 5; rest: net 10".parse().unwrap();
        let hundred_yen = Money::parse("100", Currency::JPY).unwrap();
        assert_eq!(terms.parts()[0].share, Share::Fixed(hundred_yen));
    }
}
