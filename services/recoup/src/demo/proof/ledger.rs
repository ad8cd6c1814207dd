//! The facts of invoicing for one tenant, row by row: invoices, what is owed on them, and every step
//! that changed it. Owns the walk forward in time: what something was worth at the end of a day is the
//! sum of the steps that count by then, from the first one on. Must not look at any sum that the
//! service keeps: neither open amounts nor closing dates.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::civil::Date;
use money::{Currency, Decimal};
use sqlx::PgConnection;
use uuid::Uuid;

/// All of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    pub invoices: Vec<Invoice>,
    pub credits: Vec<CreditStep>,
}

/// An invoice that was issued.
#[derive(Debug, Clone)]
pub(super) struct Invoice {
    pub invoice_id: Uuid,
    pub currency: Currency,
    pub invoice_date: Date,
    pub counts_from_date: Date,
    pub gross: Decimal,
    pub items: Vec<Item>,
    /// In the order in which they were written.
    pub steps: Vec<Step>,
}

/// A part of an invoice that is due by itself.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub open_item_id: Uuid,
    pub due_date: Date,
}

/// A change of what is owed on an item.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub entry_id: Uuid,
    pub open_item_id: Uuid,
    pub kind: String,
    pub amount: Decimal,
    pub date: Date,
    /// The document that caused it: `APPLICATION`, `REVERSAL`, …; empty: none.
    pub cause_kind: String,
    pub reversed_entry_id: Option<Uuid>,
    /// When it came to be known.
    pub known_time: Timestamp,
}

/// A change of what is owed to a customer.
#[derive(Debug, Clone)]
pub(super) struct CreditStep {
    pub currency: Currency,
    pub amount: Decimal,
    pub date: Date,
}

/// By which route an invoice came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    Payment,
    Other,
}

#[derive(sqlx::FromRow)]
struct InvoiceRow {
    invoice_id: Uuid,
    currency: String,
    invoice_date: jiff_sqlx::Date,
    counts_from_date: jiff_sqlx::Date,
    gross_amount: Decimal,
}

#[derive(sqlx::FromRow)]
struct StepRow {
    invoice_id: Uuid,
    entry_id: Uuid,
    open_item_id: Uuid,
    kind: String,
    amount: Decimal,
    entry_date: jiff_sqlx::Date,
    cause_kind: String,
    reversed_entry_id: Option<Uuid>,
    created_time: jiff_sqlx::Timestamp,
}

impl Ledger {
    /// Reads all of a tenant.
    ///
    /// # Errors
    /// The database does not answer, or a row cannot be read.
    pub(super) async fn read(invoicing: &mut PgConnection, tenant: Uuid) -> anyhow::Result<Self> {
        let mut items = items(invoicing, tenant).await?;
        let mut steps = steps(invoicing, tenant).await?;
        let sql = "SELECT invoice_id, currency, invoice_date, counts_from_date, gross_amount
                     FROM invoice WHERE tenant_id = $1 AND issued_time IS NOT NULL
                    ORDER BY invoice_number";
        let rows: Vec<InvoiceRow> = sqlx::query_as(sql)
            .bind(tenant)
            .fetch_all(&mut *invoicing)
            .await?;
        let invoices = rows.into_iter().map(|row| {
            Ok(Invoice {
                invoice_id: row.invoice_id,
                currency: currency(&row.currency)?,
                invoice_date: row.invoice_date.to_jiff(),
                counts_from_date: row.counts_from_date.to_jiff(),
                gross: row.gross_amount,
                items: items.remove(&row.invoice_id).unwrap_or_default(),
                steps: steps.remove(&row.invoice_id).unwrap_or_default(),
            })
        });
        let invoices = invoices.collect::<anyhow::Result<_>>()?;
        let credits = credits(invoicing, tenant).await?;
        Ok(Self { invoices, credits })
    }

    /// The currencies in which anything was ever invoiced, by code.
    pub(super) fn currencies(&self) -> Vec<Currency> {
        let currencies = self.invoices.iter().map(|invoice| invoice.currency);
        let by_code: BTreeMap<_, _> = currencies.map(|one| (one.code(), one)).collect();
        by_code.into_values().collect()
    }

    /// The invoices in a currency.
    pub(super) fn of(&self, currency: Currency) -> impl Iterator<Item = &Invoice> {
        let wanted = move |invoice: &&Invoice| invoice.currency == currency;
        self.invoices.iter().filter(wanted)
    }
}

impl Invoice {
    /// What each item was worth at the end of a day, those worth nothing left out.
    pub(super) fn open_items(&self, as_of: Date) -> Vec<(&Item, Decimal)> {
        if as_of < self.counts_from_date {
            return Vec::new();
        }
        let worth = |item: &Item| -> Decimal {
            let own = self
                .steps
                .iter()
                .filter(|step| step.open_item_id == item.open_item_id);
            own.filter(|step| step.date <= as_of)
                .map(|step| step.amount)
                .sum()
        };
        let all = self.items.iter().map(|item| (item, worth(item)));
        all.filter(|(_, worth)| !worth.is_zero()).collect()
    }

    /// The due date of its last item.
    pub(super) fn last_due_date(&self) -> Option<Date> {
        self.items.iter().map(|item| item.due_date).max()
    }

    /// Whether it was taken back as a whole by the end of a day.
    pub(super) fn is_void(&self, as_of: Date) -> bool {
        let void = |step: &Step| step.kind == "VOID" && step.date <= as_of;
        self.steps.iter().any(void)
    }

    /// The first day from which on nothing of it was owed, up to `as_of`, and what did it. What was
    /// applied and wholly taken back by then is no step; only the ends of days count.
    pub(super) fn settled(&self, as_of: Date) -> Option<(Date, Route)> {
        let steps = self.lasting(as_of);
        let days: BTreeSet<Date> = steps.iter().map(|step| step.date).collect();
        let worth = |day: Date| -> Decimal {
            let by_then = steps.iter().filter(|step| step.date <= day);
            by_then.map(|step| step.amount).sum()
        };
        let mut settled_on = None;
        for day in days.iter().rev() {
            if !worth(*day).is_zero() {
                break;
            }
            settled_on = Some(*day);
        }
        let day = settled_on?;
        // In the order of writing: the last one is what did it.
        let last = steps.iter().rfind(|step| step.date <= day)?;
        Some((day, last.route()))
    }

    /// The steps by a day, without those that were wholly taken back by then and what did that.
    fn lasting(&self, as_of: Date) -> Vec<&Step> {
        let by_then: Vec<&Step> = self
            .steps
            .iter()
            .filter(|step| step.date <= as_of)
            .collect();
        let mut gone = BTreeSet::new();
        for back in by_then.iter().filter(|step| step.cause_kind == "REVERSAL") {
            let taken = by_then
                .iter()
                .find(|step| Some(step.entry_id) == back.reversed_entry_id);
            if let Some(taken) = taken.filter(|taken| taken.amount == -back.amount) {
                gone.extend([taken.entry_id, back.entry_id]);
            }
        }
        let lasts = |step: &&Step| !gone.contains(&step.entry_id);
        by_then.into_iter().filter(lasts).collect()
    }
}

impl Step {
    fn route(&self) -> Route {
        let by_money = matches!(self.cause_kind.as_str(), "APPLICATION" | "REVERSAL");
        let of_money = matches!(self.kind.as_str(), "ALLOCATION" | "DISCOUNT" | "TOLERANCE");
        if by_money && of_money {
            Route::Payment
        } else {
            Route::Other
        }
    }
}

/// A currency of the tables.
///
/// # Errors
/// It is none.
pub(super) fn currency(code: &str) -> anyhow::Result<Currency> {
    Currency::try_new(code).with_context(|| format!("the currency {code:?}"))
}

async fn items(
    invoicing: &mut PgConnection,
    tenant: Uuid,
) -> anyhow::Result<BTreeMap<Uuid, Vec<Item>>> {
    let sql = "SELECT invoice_id, open_item_id, due_date FROM open_item WHERE tenant_id = $1
                ORDER BY due_date, open_item_id";
    let rows: Vec<(Uuid, Uuid, jiff_sqlx::Date)> = sqlx::query_as(sql)
        .bind(tenant)
        .fetch_all(invoicing)
        .await?;
    let mut items: BTreeMap<Uuid, Vec<Item>> = BTreeMap::new();
    for (invoice_id, open_item_id, due_date) in rows {
        let due_date = due_date.to_jiff();
        let item = Item {
            open_item_id,
            due_date,
        };
        items.entry(invoice_id).or_default().push(item);
    }
    Ok(items)
}

async fn steps(
    invoicing: &mut PgConnection,
    tenant: Uuid,
) -> anyhow::Result<BTreeMap<Uuid, Vec<Step>>> {
    let sql = "SELECT invoice_id, entry_id, open_item_id, kind, amount, entry_date,
                      coalesce(cause_kind, '') AS cause_kind, reversed_entry_id, created_time
                 FROM invoice_entry WHERE tenant_id = $1 ORDER BY invoice_id, entry_number";
    let rows: Vec<StepRow> = sqlx::query_as(sql)
        .bind(tenant)
        .fetch_all(invoicing)
        .await?;
    let mut steps: BTreeMap<Uuid, Vec<Step>> = BTreeMap::new();
    for row in rows {
        let step = Step {
            entry_id: row.entry_id,
            open_item_id: row.open_item_id,
            kind: row.kind,
            amount: row.amount,
            date: row.entry_date.to_jiff(),
            cause_kind: row.cause_kind,
            reversed_entry_id: row.reversed_entry_id,
            known_time: row.created_time.to_jiff(),
        };
        steps.entry(row.invoice_id).or_default().push(step);
    }
    Ok(steps)
}

async fn credits(invoicing: &mut PgConnection, tenant: Uuid) -> anyhow::Result<Vec<CreditStep>> {
    let sql = "SELECT currency, amount, entry_date FROM customer_credit_entry WHERE tenant_id = $1";
    let rows: Vec<(String, Decimal, jiff_sqlx::Date)> = sqlx::query_as(sql)
        .bind(tenant)
        .fetch_all(invoicing)
        .await?;
    let steps = rows.into_iter().map(|(code, amount, date)| {
        Ok(CreditStep {
            currency: currency(&code)?,
            amount,
            date: date.to_jiff(),
        })
    });
    steps.collect()
}

/// Invoices to compute with by hand.
#[cfg(test)]
pub(super) mod tests {
    use jiff::civil::date;

    use super::*;

    /// An invoice in euros of one item.
    pub fn invoice(invoiced: Date, due_date: Date, gross: i64) -> Invoice {
        let open_item_id = Uuid::from_u128(1);
        let mut invoice = Invoice {
            invoice_id: Uuid::from_u128(9),
            currency: Currency::EUR,
            invoice_date: invoiced,
            counts_from_date: invoiced,
            gross: Decimal::from(gross),
            items: vec![Item {
                open_item_id,
                due_date,
            }],
            steps: Vec::new(),
        };
        invoice.step("ISSUE", "", gross, invoiced);
        invoice
    }

    impl Invoice {
        /// One more step on its item, known at noon of its day.
        pub fn step(&mut self, kind: &str, cause_kind: &str, amount: i64, date: Date) -> &mut Step {
            let number = u128::try_from(self.steps.len()).unwrap();
            self.steps.push(Step {
                entry_id: Uuid::from_u128(100 + number),
                open_item_id: self.items[0].open_item_id,
                kind: kind.to_owned(),
                amount: Decimal::from(amount),
                date,
                cause_kind: cause_kind.to_owned(),
                reversed_entry_id: None,
                known_time: format!("{date}T12:00:00Z").parse().unwrap(),
            });
            self.steps.last_mut().unwrap()
        }

        /// Takes the step of this place back.
        pub fn take_back(&mut self, place: usize, date: Date) {
            let back = self.steps[place].clone();
            let amount = i64::try_from(back.amount.mantissa()).unwrap();
            let step = self.step(&back.kind, "REVERSAL", -amount, date);
            step.reversed_entry_id = Some(back.entry_id);
        }
    }

    #[test]
    fn ag_4_what_is_paid_later_shrinks_nothing_and_what_is_taken_back_counts_again() {
        let mut invoice = invoice(date(2026, 1, 10), date(2026, 2, 9), 100);
        invoice.step("ALLOCATION", "APPLICATION", -60, date(2026, 2, 1));
        invoice.take_back(1, date(2026, 2, 20));
        let open = |as_of| -> Decimal {
            invoice
                .open_items(as_of)
                .iter()
                .map(|(_, worth)| *worth)
                .sum()
        };
        for (as_of, expected) in [
            (date(2026, 1, 9), 0),
            (date(2026, 1, 31), 100),
            (date(2026, 2, 1), 40),
            (date(2026, 2, 20), 100),
        ] {
            assert_eq!(open(as_of), Decimal::from(expected), "{as_of}");
        }
    }

    #[test]
    fn settled_is_the_first_day_of_owing_nothing_for_good() {
        let mut invoice = invoice(date(2026, 1, 10), date(2026, 2, 9), 100);
        assert_eq!(invoice.settled(date(2026, 3, 1)), None);
        invoice.step("ALLOCATION", "APPLICATION", -100, date(2026, 2, 1));
        assert_eq!(
            invoice.settled(date(2026, 3, 1)),
            Some((date(2026, 2, 1), Route::Payment))
        );
        invoice.take_back(1, date(2026, 2, 20));
        assert_eq!(invoice.settled(date(2026, 3, 1)), None);
        let seen_from_before = invoice.settled(date(2026, 2, 19));
        assert_eq!(seen_from_before, Some((date(2026, 2, 1), Route::Payment)));
        invoice.step("WRITE_OFF", "WRITE_OFF", -100, date(2026, 2, 25));
        assert_eq!(
            invoice.settled(date(2026, 3, 1)),
            Some((date(2026, 2, 25), Route::Other))
        );
    }
}
