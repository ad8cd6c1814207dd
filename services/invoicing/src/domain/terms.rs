//! Owns when an invoice is due and what paying early earns: agreed terms and offers, and the dates
//! and amounts they give one invoice (DD-1 … DD-10, ED-1). The arithmetic of dates and shares is the
//! calendar library's. Must not decide whether a discount was earned: see [`super::discount`].

use calendar::terms::{Share, TermsError};
use calendar::{BusinessCalendar, CalendarError, Convention, DateOutOfRange, PaymentTerms};
use jiff::civil::Date;
use money::{Money, MoneyError, Rate, Rounding};
use serde::{Deserialize, Serialize};

/// Agreed terms: the rule, not yet dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The name that people know them by, `net30`. Printed, never interpreted.
    pub code: String,
    /// Parts and date steps, without discounts: those are an offer of their own.
    pub schedule: PaymentTerms,
    /// What happens to a due date that is not a business day (DD-10).
    pub convention: Convention,
    /// The calendar that decides it, with any convention that moves dates.
    pub calendar_code: Option<String>,
}

/// When an invoice is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// By terms.
    Terms(Terms),
    /// As a whole on this day.
    On(Date),
}

/// A discount for paying early, as a rule (ED-1). Without tiers it says that there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyPaymentOffer {
    /// Earliest first: days rise and discounts fall.
    pub tiers: Vec<DiscountTier>,
    /// Whether a payment of a part earns its share (ED-2), or only the full net amount in time
    /// (ED-3).
    pub partial_payments_earn: bool,
}

/// One tier of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountTier {
    /// Paid at most this many days after the invoice date, that day included (DD-6).
    pub within_days: u16,
    /// The share of the gross amount that need not be paid.
    pub ratio: Rate,
}

/// Why an offer was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// More than 8 tiers.
    #[error("an early-payment offer has at most 8 tiers")]
    TooManyTiers,
    /// A tier of more than a year.
    #[error("a discount is earned within 0 to 365 days")]
    Days,
    /// A discount of nothing, or of everything.
    #[error("a discount ratio is above 0 and below 1")]
    Ratio,
    /// A later tier that is not smaller, or not later.
    #[error("tiers are in order: each later one has more days and a smaller discount")]
    Order,
}

impl EarlyPaymentOffer {
    /// An offer of these tiers; of none, no discount.
    ///
    /// # Errors
    /// [`OfferError`] names the first rule that is broken.
    pub fn try_new(
        tiers: Vec<DiscountTier>,
        partial_payments_earn: bool,
    ) -> Result<Self, OfferError> {
        if tiers.len() > 8 {
            return Err(OfferError::TooManyTiers);
        }
        if tiers.iter().any(|tier| tier.within_days > 365) {
            return Err(OfferError::Days);
        }
        let is_share = |tier: &DiscountTier| Rate::ZERO < tier.ratio && tier.ratio < Rate::ONE;
        if !tiers.iter().all(is_share) {
            return Err(OfferError::Ratio);
        }
        let in_order = |pair: &[DiscountTier; 2]| {
            pair[0].within_days < pair[1].within_days && pair[0].ratio > pair[1].ratio
        };
        if !tiers.array_windows().all(in_order) {
            return Err(OfferError::Order);
        }
        Ok(Self {
            tiers,
            partial_payments_earn,
        })
    }
}

/// One part of an invoice in dates and amounts; becomes an open item (DD-9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instalment {
    /// The last day on which paying is in time.
    pub due_date: Date,
    /// The calendar that moved the due date off a non-business day, where one did.
    pub calendar_code: Option<String>,
    /// How much.
    pub amount: Money,
    /// What paying it early earns.
    pub discounts: ItemDiscounts,
}

/// What paying one item early earns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemDiscounts {
    /// Earliest first, each smaller than the one before.
    pub offers: Vec<DiscountOffer>,
    /// As [`EarlyPaymentOffer::partial_payments_earn`].
    pub partial_payments_earn: bool,
}

/// A tier of an offer on a particular debt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountOffer {
    /// Last day on which it is earned, without days of grace.
    pub last_date: Date,
    /// The share of the amount.
    pub ratio: Rate,
    /// The discount on the amount as it was issued.
    pub amount: Money,
}

/// Why terms gave an invoice no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Fixed instalments exceed the total (DD-7).
    #[error("fixed instalments come to more than the total")]
    FixedExceedTotal,
    /// A due date before the invoice date.
    #[error("the due date is before the invoice date")]
    DueBeforeInvoiceDate,
    /// There is no such calendar, or it has no data for the year of a due date.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// Another currency, too large an amount, or a date beyond the calendar.
    #[error(transparent)]
    Terms(#[from] TermsError),
}

impl From<MoneyError> for ScheduleError {
    fn from(error: MoneyError) -> Self {
        Self::Terms(error.into())
    }
}

impl From<DateOutOfRange> for ScheduleError {
    fn from(error: DateOutOfRange) -> Self {
        Self::Terms(error.into())
    }
}

impl Due {
    /// The instalments of an invoice over `gross`, in the order of the terms; they sum to it
    /// (DD-7). A total of zero is one row on the invoice date.
    ///
    /// # Errors
    /// [`ScheduleError`].
    pub fn instalments(
        &self,
        gross: Money,
        invoice_date: Date,
        offer: &EarlyPaymentOffer,
    ) -> Result<Vec<Instalment>, ScheduleError> {
        let dated = match self {
            Self::On(due_date) if *due_date < invoice_date => {
                return Err(ScheduleError::DueBeforeInvoiceDate);
            }
            Self::On(due_date) => vec![(*due_date, None, gross)],
            Self::Terms(terms) => terms.dated(gross, invoice_date)?,
        };
        let instalment = |(due_date, calendar_code, amount)| {
            Ok(Instalment {
                due_date,
                calendar_code,
                amount,
                discounts: offer.on(amount, invoice_date, due_date)?,
            })
        };
        dated.into_iter().map(instalment).collect()
    }
}

type DatedAmount = (Date, Option<String>, Money);

impl Terms {
    fn dated(&self, gross: Money, invoice_date: Date) -> Result<Vec<DatedAmount>, ScheduleError> {
        self.check_fixed(gross)?;
        let parts = self.schedule.schedule(gross, invoice_date)?;
        let dated = |part: calendar::terms::Instalment| {
            let (due_date, calendar_code) = self.on_business_day(part.due_date)?;
            Ok((due_date, calendar_code, part.amount))
        };
        parts.into_iter().map(dated).collect()
    }

    /// Fixed parts are agreed amounts: the library would shorten one that does not fit.
    fn check_fixed(&self, gross: Money) -> Result<(), ScheduleError> {
        if gross.is_zero() {
            return Ok(());
        }
        let fixed = self
            .schedule
            .parts()
            .iter()
            .filter_map(|part| match part.share {
                Share::Fixed(amount) => Some(amount),
                _ => None,
            });
        let sum = Money::sum(gross.currency(), fixed)?;
        if gross.try_cmp(&sum)?.is_lt() {
            return Err(ScheduleError::FixedExceedTotal);
        }
        Ok(())
    }

    fn on_business_day(&self, date: Date) -> Result<(Date, Option<String>), CalendarError> {
        if self.convention == Convention::None {
            return Ok((date, None));
        }
        let code = self.calendar_code.as_deref().unwrap_or_default();
        let adjusted = BusinessCalendar::built_in(code)?.adjust(date, self.convention)?;
        let moved = adjusted.date != date;
        Ok((adjusted.date, moved.then(|| code.to_owned())))
    }
}

impl EarlyPaymentOffer {
    /// The offers on an item. None outlives its due date, and of two with the same last day the
    /// first, larger one counts.
    fn on(
        &self,
        amount: Money,
        invoice_date: Date,
        due_date: Date,
    ) -> Result<ItemDiscounts, ScheduleError> {
        let mut offers: Vec<DiscountOffer> = Vec::with_capacity(self.tiers.len());
        for tier in &self.tiers {
            let through = calendar::add_days(invoice_date, i32::from(tier.within_days))?;
            let last_date = through.min(due_date);
            if offers
                .last()
                .is_some_and(|offer| offer.last_date == last_date)
            {
                break;
            }
            let discount = amount.checked_mul_rounded(tier.ratio, Rounding::HalfAwayFromZero)?;
            if discount.is_positive() {
                offers.push(DiscountOffer {
                    last_date,
                    ratio: tier.ratio,
                    amount: discount,
                });
            }
        }
        Ok(ItemDiscounts {
            partial_payments_earn: self.partial_payments_earn && !offers.is_empty(),
            offers,
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::samples::{eur, offer, rate, terms};

    fn rows(due: &Due, gross: &str, invoice_date: Date) -> Vec<(Date, String)> {
        let instalments = due
            .instalments(eur(gross), invoice_date, &EarlyPaymentOffer::default())
            .unwrap();
        let row = |one: Instalment| (one.due_date, one.amount.to_amount_string());
        instalments.into_iter().map(row).collect()
    }

    fn net(text: &str) -> Due {
        Due::Terms(terms(text))
    }

    #[test]
    fn dd_1_net_30() {
        let expected = [(date(2026, 3, 2), "100.00".to_owned())];
        assert_eq!(rows(&net("net 30"), "100.00", date(2026, 1, 31)), expected);
    }

    #[test]
    fn dd_7_split_with_remainder() {
        let text = "25% of rest: net 30; 25%: + 1 month; fixed 396.84 EUR: + 1 month + 30; \
            rest: + 2 months on 15 + 30";
        let expected = [
            (date(2011, 10, 31), "396.84"),
            (date(2011, 11, 1), "396.84"),
            (date(2011, 12, 1), "396.84"),
            (date(2012, 1, 14), "396.83"),
        ];
        let expected = expected.map(|(due, amount)| (due, amount.to_owned()));
        assert_eq!(rows(&net(text), "1587.35", date(2011, 10, 1)), expected);
        let zero = [(date(2011, 10, 1), "0.00".to_owned())];
        assert_eq!(rows(&net(text), "0.00", date(2011, 10, 1)), zero);
    }

    #[test]
    fn dd_7_fixed_instalments_must_fit() {
        let due = net("fixed 100 EUR: net 5; fixed 50 EUR: net 10; rest: net 15");
        let issue = |gross| due.instalments(eur(gross), date(2026, 1, 1), &offer("", false));
        assert_eq!(issue("149.99"), Err(ScheduleError::FixedExceedTotal));
        assert_eq!(issue("150.00").unwrap().len(), 2);
        let yen = net("fixed 100 JPY: net 5; rest: net 15");
        let refused = yen.instalments(eur("500.00"), date(2026, 1, 1), &offer("", false));
        assert!(matches!(refused, Err(ScheduleError::Terms(_))));
    }

    #[test]
    fn dd_10_a_due_date_moves_by_the_calendar_and_names_it() {
        // 2026-05-01 is a Friday and a holiday in Germany.
        let due = |convention| {
            let mut terms = terms("net 30");
            terms.convention = convention;
            terms.calendar_code = Some("DE".to_owned());
            let due = Due::Terms(terms);
            let none = EarlyPaymentOffer::default();
            let rows = due
                .instalments(eur("1.00"), date(2026, 4, 1), &none)
                .unwrap();
            (rows[0].due_date, rows[0].calendar_code.clone())
        };
        let de = Some("DE".to_owned());
        assert_eq!(due(Convention::None), (date(2026, 5, 1), None));
        assert_eq!(due(Convention::Following), (date(2026, 5, 4), de.clone()));
        assert_eq!(due(Convention::Preceding), (date(2026, 4, 30), de.clone()));
        assert_eq!(due(Convention::ModifiedFollowing), (date(2026, 5, 4), de));
        let mut unknown = terms("net 30");
        unknown.convention = Convention::Following;
        unknown.calendar_code = Some("ATLANTIS".to_owned());
        let refused = Due::Terms(unknown).instalments(
            eur("1.00"),
            date(2026, 4, 1),
            &EarlyPaymentOffer::default(),
        );
        assert_eq!(
            refused,
            Err(ScheduleError::Calendar(CalendarError::Unknown))
        );
    }

    #[test]
    fn a_due_date_is_not_before_the_invoice() {
        let none = EarlyPaymentOffer::default();
        let due = Due::On(date(2026, 1, 31));
        let same_day = due.instalments(eur("1.00"), date(2026, 1, 31), &none);
        assert_eq!(same_day.unwrap()[0].due_date, date(2026, 1, 31));
        let later = due.instalments(eur("1.00"), date(2026, 2, 1), &none);
        assert_eq!(later, Err(ScheduleError::DueBeforeInvoiceDate));
    }

    fn offers(due: &Due, tiers: &str, gross: &str, invoice_date: Date) -> Vec<(Date, String)> {
        let offer = offer(tiers, false);
        let rows = due.instalments(eur(gross), invoice_date, &offer).unwrap();
        let all = rows.iter().flat_map(|row| &row.discounts.offers);
        all.map(|one| (one.last_date, one.amount.to_amount_string()))
            .collect()
    }

    #[test]
    fn dd_6_discount_and_due_date() {
        let one = |day: Date, amount: &str| vec![(day, amount.to_owned())];
        let two_ten = offers(&net("net 30"), "2/10", "1000.00", date(2026, 3, 1));
        assert_eq!(two_ten, one(date(2026, 3, 11), "20.00"));
        let two_seven = offers(&net("net 30"), "2/7", "100.00", date(2026, 1, 1));
        assert_eq!(two_seven, one(date(2026, 1, 8), "2.00"));
        let ten_days = offers(&net("net 30"), "2/10", "100.00", date(2019, 1, 1));
        assert_eq!(ten_days, one(date(2019, 1, 11), "2.00"));
    }

    #[test]
    fn ed_1_chained_tiers() {
        let chained = offers(&net("net 30"), "2/5 1/14", "1000.00", date(2026, 6, 25));
        let expected = [(date(2026, 6, 30), "20.00"), (date(2026, 7, 9), "10.00")];
        assert_eq!(
            chained,
            expected.map(|(day, amount)| (day, amount.to_owned()))
        );
    }

    #[test]
    fn dd_9_each_instalment_has_its_own_offer_that_ends_when_it_is_due() {
        let due = net("50%: net 7; rest: net 30");
        let each = offers(&due, "2/5 1/14", "1000.00", date(2026, 6, 25));
        let expected = [
            (date(2026, 6, 30), "10.00"),
            (date(2026, 7, 2), "5.00"),
            (date(2026, 6, 30), "10.00"),
            (date(2026, 7, 9), "5.00"),
        ];
        assert_eq!(each, expected.map(|(day, amount)| (day, amount.to_owned())));
        let at_once = offers(&net("net 5"), "2/5 1/14", "1000.00", date(2026, 6, 25));
        assert_eq!(at_once, [(date(2026, 6, 30), "20.00".to_owned())]);
    }

    #[test]
    fn ed_1_tiers_are_in_order() {
        let tier = |within_days, ratio| DiscountTier {
            within_days,
            ratio: rate(ratio),
        };
        let refused = |tiers| EarlyPaymentOffer::try_new(tiers, false).unwrap_err();
        assert_eq!(refused(vec![tier(366, "0.02")]), OfferError::Days);
        assert_eq!(refused(vec![tier(5, "1")]), OfferError::Ratio);
        assert_eq!(refused(vec![tier(5, "0")]), OfferError::Ratio);
        let same = vec![tier(5, "0.02"), tier(14, "0.02")];
        assert_eq!(refused(same), OfferError::Order);
        assert_eq!(refused(vec![tier(5, "0.02"); 9]), OfferError::TooManyTiers);
    }
}
