//! Owns what it takes to make a promise: what may be promised, on what, and by when.

use std::collections::{BTreeMap, BTreeSet};

use calendar::{Date, Timestamp, add_days};
use money::{Money, MoneyError};

use super::{Promise, PromiseState};
use crate::domain::case::Case;
use crate::domain::debtor::Channel;
use crate::domain::event::DomainEvent;
use crate::domain::id::{InvoiceId, PromiseId};
use crate::domain::strategy::PromiseTerms;

/// What a person records as promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPromise {
    /// Its identity.
    pub promise_id: PromiseId,
    /// What was promised.
    pub amount: Money,
    /// By when, in the debtor's zone.
    pub promised_date: Date,
    /// How it reached us.
    pub channel: Option<Channel>,
    /// What was said; personal data.
    pub note: String,
    /// Who took it.
    pub taken_by: String,
    /// When.
    pub at: Timestamp,
}

/// An invoice that is named in a promise, as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromisedInvoice {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// What is owed on it.
    pub open_amount: Money,
    /// Whether an agency collects it.
    pub is_placed: bool,
}

/// What a promise is made on.
#[derive(Debug, Clone, Copy)]
pub struct PromiseGround<'a> {
    /// How promises of the customer are judged; none: no strategy serves them.
    pub terms: Option<&'a PromiseTerms>,
    /// The invoices that are named.
    pub invoices: &'a [PromisedInvoice],
    /// The promises of the case, but for the one it replaces.
    pub others: &'a [Promise],
    /// What is owed on every invoice of the case that a promise names.
    pub opens: &'a BTreeMap<InvoiceId, Money>,
    /// The promise it replaces.
    pub superseded: Option<&'a Promise>,
    /// Today in the debtor's zone.
    pub today: Date,
}

/// Why a promise was not recorded or not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PromiseError {
    /// NO_STRATEGY: no strategy serves the customer.
    #[error("no strategy serves the customer")]
    NoStrategy,
    /// INVOICE_NOT_OPEN.
    #[error("nothing is owed on invoice {0}")]
    InvoiceNotOpen(InvoiceId),
    /// INVOICE_PLACED.
    #[error("an agency collects invoice {0}")]
    InvoicePlaced(InvoiceId),
    /// CURRENCY_MISMATCH.
    #[error("the amount is in another currency than invoice {0}")]
    CurrencyMismatch(InvoiceId),
    /// PROMISE_EXCEEDS_OPEN.
    #[error("{free} of what is owed on the invoices is not promised yet")]
    ExceedsOpen {
        /// What may still be promised.
        free: Money,
    },
    /// PROMISE_DATE_IN_THE_PAST.
    #[error("the promised day lies before {today}")]
    DateInThePast {
        /// Today in the debtor's zone.
        today: Date,
    },
    /// PROMISE_TOO_FAR_AHEAD.
    #[error("a promise reaches to {latest} at most")]
    TooFarAhead {
        /// The last day that may be promised.
        latest: Date,
    },
    /// PROMISE_NOT_RUNNING.
    #[error("the promise is {0}")]
    NotRunning(PromiseState),
    /// Amounts too large.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Promise {
    /// Records a promise.
    ///
    /// # Errors
    /// [`PromiseError`], all but `NotRunning`.
    pub fn make(
        case: &Case,
        new: NewPromise,
        ground: &PromiseGround<'_>,
    ) -> Result<(Self, DomainEvent), PromiseError> {
        let terms = ground.terms.ok_or(PromiseError::NoStrategy)?;
        check_date(&new, terms, ground.today)?;
        check_invoices(&new, ground.invoices)?;
        let invoices = ground.invoices.iter();
        let named: BTreeSet<InvoiceId> = invoices.map(|named| named.invoice_id).collect();
        let free = ground.not_yet_promised(new.amount)?;
        if new.amount.try_cmp(&free)?.is_gt() {
            return Err(PromiseError::ExceedsOpen { free });
        }
        let promise = Self {
            promise_id: new.promise_id,
            case_id: case.case_id,
            customer_id: case.customer_id,
            level: level(&named, ground.others.iter().chain(ground.superseded)),
            invoice_ids: named,
            promised_amount: new.amount,
            promised_date: new.promised_date,
            grace_days: terms.grace_days,
            tolerance: terms.tolerance,
            state: PromiseState::Open,
            channel: new.channel,
            taken_by: new.taken_by,
            note: new.note,
            counted: Vec::new(),
            judgements: Vec::new(),
            superseded_by: None,
            created_time: new.at,
            revision: 1,
        };
        let event = DomainEvent::PromiseMade {
            case: case.reference(),
            promise: Box::new(promise.clone()),
            superseded_promise_id: ground.superseded.map(|promise| promise.promise_id),
        };
        Ok((promise, event))
    }
}

fn check_date(new: &NewPromise, terms: &PromiseTerms, today: Date) -> Result<(), PromiseError> {
    if new.promised_date < today {
        return Err(PromiseError::DateInThePast { today });
    }
    let latest = add_days(today, terms.max_days_ahead).unwrap_or(Date::MAX);
    if new.promised_date > latest {
        return Err(PromiseError::TooFarAhead { latest });
    }
    Ok(())
}

fn check_invoices(new: &NewPromise, invoices: &[PromisedInvoice]) -> Result<(), PromiseError> {
    for invoice in invoices {
        if invoice.open_amount.currency() != new.amount.currency() {
            return Err(PromiseError::CurrencyMismatch(invoice.invoice_id));
        }
        if !invoice.open_amount.is_positive() {
            return Err(PromiseError::InvoiceNotOpen(invoice.invoice_id));
        }
        if invoice.is_placed {
            return Err(PromiseError::InvoicePlaced(invoice.invoice_id));
        }
    }
    Ok(())
}

impl PromiseGround<'_> {
    /// What is owed on the named invoices, less what running promises on them still wait for; such a
    /// promise is served by its other invoices first, as far as those are owed.
    fn not_yet_promised(&self, amount: Money) -> Result<Money, MoneyError> {
        let currency = amount.currency();
        let nothing = Money::zero(currency);
        let owed = self.invoices.iter().map(|named| named.open_amount);
        let mut free = Money::sum(currency, owed)?;
        let on_them = self.others.iter().filter(|other| {
            other.state.is_running() && other.invoice_ids.iter().any(|id| self.names(*id))
        });
        for other in on_them {
            let elsewhere = other.invoice_ids.iter().filter(|id| !self.names(**id));
            let opens = elsewhere.filter_map(|id| self.opens.get(id).copied());
            let elsewhere = Money::sum(currency, opens)?;
            let here = other
                .outstanding_amount()?
                .checked_sub(elsewhere)?
                .max_with(nothing)?;
            free = free.checked_sub(here)?.max_with(nothing)?;
        }
        Ok(free)
    }

    fn names(&self, invoice_id: InvoiceId) -> bool {
        self.invoices
            .iter()
            .any(|named| named.invoice_id == invoice_id)
    }
}

/// The n-th promise on the same invoice, the highest over its invoices; cancelled ones were never
/// given.
fn level<'a>(
    named: &BTreeSet<InvoiceId>,
    others: impl Iterator<Item = &'a Promise> + Clone,
) -> i32 {
    let given = others.filter(|other| other.state != PromiseState::Cancelled);
    let before = |invoice_id: &InvoiceId| {
        let on_it = given
            .clone()
            .filter(|other| other.invoice_ids.contains(invoice_id));
        i32::try_from(on_it.count()).unwrap_or(i32::MAX)
    };
    named
        .iter()
        .map(before)
        .max()
        .unwrap_or(0)
        .saturating_add(1)
}

#[cfg(test)]
mod tests {
    use money::Rate;

    use super::*;
    use crate::domain::samples::{self, eur, invoice_id};

    const TODAY: Date = Date::constant(2026, 5, 1);

    struct Asked {
        amount: Money,
        promised_date: Date,
        invoices: Vec<PromisedInvoice>,
        others: Vec<Promise>,
        opens: BTreeMap<InvoiceId, Money>,
        superseded: Option<Promise>,
    }

    fn owed(number: u128, amount: &str) -> PromisedInvoice {
        PromisedInvoice {
            invoice_id: invoice_id(number),
            open_amount: eur(amount),
            is_placed: false,
        }
    }

    fn asked(amount: &str, invoices: &[PromisedInvoice]) -> Asked {
        Asked {
            amount: eur(amount),
            promised_date: Date::constant(2026, 5, 10),
            invoices: invoices.to_vec(),
            others: Vec::new(),
            opens: BTreeMap::new(),
            superseded: None,
        }
    }

    fn made(asked: Asked) -> Result<Promise, PromiseError> {
        let definition = samples::definition(&[5]);
        let new = NewPromise {
            promise_id: PromiseId::new(samples::uuid(40)),
            amount: asked.amount,
            promised_date: asked.promised_date,
            channel: Some(Channel::Call),
            note: String::new(),
            taken_by: "ann".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        };
        let ground = PromiseGround {
            terms: Some(&definition.promise_terms),
            invoices: &asked.invoices,
            others: &asked.others,
            opens: &asked.opens,
            superseded: asked.superseded.as_ref(),
            today: TODAY,
        };
        Promise::make(&samples::case(), new, &ground).map(|(promise, _)| promise)
    }

    #[test]
    fn a_promise_takes_grace_and_tolerance_from_the_strategy() {
        let promise = made(asked("500.00", &[owed(1, "800.00")])).unwrap();
        assert_eq!((promise.grace_days, promise.level), (2, 1));
        assert_eq!(promise.tolerance, Rate::parse("0.05").unwrap());
        assert_eq!(promise.state, PromiseState::Open);
    }

    #[test]
    fn the_promised_day_lies_within_reach() {
        let on = |day| {
            made(Asked {
                promised_date: day,
                ..asked("5.00", &[owed(1, "8.00")])
            })
        };
        assert!(on(TODAY).is_ok());
        assert_eq!(
            on(TODAY.yesterday().unwrap()).unwrap_err(),
            PromiseError::DateInThePast { today: TODAY }
        );
        let latest = Date::constant(2026, 6, 30);
        assert!(on(latest).is_ok());
        assert_eq!(
            on(latest.tomorrow().unwrap()).unwrap_err(),
            PromiseError::TooFarAhead { latest }
        );
    }

    #[test]
    fn only_what_is_owed_to_us_in_one_currency_is_promised() {
        let refused = |invoice: PromisedInvoice| made(asked("5.00", &[invoice])).unwrap_err();
        let id = invoice_id(1);
        assert_eq!(refused(owed(1, "0.00")), PromiseError::InvoiceNotOpen(id));
        let placed = PromisedInvoice {
            is_placed: true,
            ..owed(1, "8.00")
        };
        assert_eq!(refused(placed), PromiseError::InvoicePlaced(id));
        let dollars = PromisedInvoice {
            open_amount: samples::usd("8.00"),
            ..owed(1, "8.00")
        };
        assert_eq!(refused(dollars), PromiseError::CurrencyMismatch(id));
    }

    #[test]
    fn no_more_is_promised_than_is_owed_other_promises_counted() {
        let running = samples::promise(1, &[1, 2], eur("60.00"), TODAY);
        let with = |amount, elsewhere| {
            made(Asked {
                others: vec![running.clone()],
                opens: BTreeMap::from([(invoice_id(2), eur(elsewhere))]),
                ..asked(amount, &[owed(1, "100.00")])
            })
        };
        // The other promise can take 20.00 from its second invoice and needs 40.00 from the first.
        assert!(with("60.00", "20.00").is_ok());
        let free = eur("60.00");
        assert_eq!(
            with("60.01", "20.00").unwrap_err(),
            PromiseError::ExceedsOpen { free }
        );
        assert!(with("100.00", "60.00").is_ok());
        let mut broken = running.clone();
        broken.state = PromiseState::Broken;
        let others = vec![broken];
        assert!(
            made(Asked {
                others,
                ..asked("100.00", &[owed(1, "100.00")])
            })
            .is_ok()
        );
    }

    #[test]
    fn pr_1_the_level_counts_the_promises_on_the_same_invoice() {
        let mut cancelled = samples::promise(3, &[1], eur("5.00"), TODAY);
        cancelled.state = PromiseState::Cancelled;
        let mut broken = samples::promise(2, &[1], eur("5.00"), TODAY);
        broken.state = PromiseState::Broken;
        let superseded = samples::promise(4, &[1, 2], eur("5.00"), TODAY);
        let promise = made(Asked {
            others: vec![broken, cancelled],
            superseded: Some(superseded),
            ..asked("5.00", &[owed(1, "8.00"), owed(2, "8.00")])
        });
        assert_eq!(promise.unwrap().level, 3);
    }
}
