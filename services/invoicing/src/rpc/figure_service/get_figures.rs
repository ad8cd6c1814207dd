//! GetFigures: how well the invoices of a period turned into money, each currency on its own.

use std::collections::{BTreeMap, BTreeSet};

use contracts::invoicing::{GetFiguresRequest, GetFiguresResponse};
use jiff::civil::Date;
use money::{Currency, Money, MoneyError};
use postgres::{DbError, TenantId, Tx};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::{AgedBook, AgingBasis, FigureInputs, SettledSums};
use crate::rpc::wire::figure::{figures_to_wire, period_from_wire};
use crate::store;
use crate::store::aging::Selection;
use crate::store::figure::{Invoiced, Period};

/// All sums in one report transaction, as of one instant; then the figures of each currency.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetFiguresRequest,
) -> Result<GetFiguresResponse, Refusal> {
    let period = period_from_wire(&request)?;
    let mut tx = app.db.begin_report(call.tenant()).await?;
    store::report::plan_anew_in_tx(&mut tx).await?;
    let sums = Sums::read_in_tx(&mut tx, call.tenant(), period).await?;
    tx.commit().await?;
    let figures = sums.currencies().into_iter().map(|currency| {
        let inputs = sums.inputs(period, currency)?;
        figures_to_wire(currency, &inputs)
    });
    let figures = figures.collect::<Result<_, MoneyError>>();
    Ok(GetFiguresResponse {
        figures: figures.map_err(Refusal::internal)?,
    })
}

/// Everything that figures are computed from.
struct Sums {
    opening: AgedBook,
    closing: AgedBook,
    invoiced: BTreeMap<Currency, Invoiced>,
    credited: BTreeMap<Currency, Money>,
    written_off: BTreeMap<Currency, Money>,
    settled: BTreeMap<Currency, SettledSums>,
}

impl Sums {
    async fn read_in_tx(tx: &mut Tx, tenant: TenantId, period: Period) -> Result<Self, DbError> {
        let opening = match period.from_date.yesterday() {
            Ok(day) => store::aging::book_in_tx(tx, tenant, at_end_of(day, period)).await?,
            // Before the first day of the calendar there was nothing.
            Err(_) => AgedBook::default(),
        };
        let closing = at_end_of(period.to_date, period);
        Ok(Self {
            opening,
            closing: store::aging::book_in_tx(tx, tenant, closing).await?,
            invoiced: store::figure::invoiced_in_tx(tx, tenant, period).await?,
            credited: store::figure::credited_in_tx(tx, tenant, period).await?,
            written_off: store::figure::written_off_in_tx(tx, tenant, period).await?,
            settled: store::settled::settled_in_tx(tx, tenant, period).await?,
        })
    }

    /// Every currency in which there was anything.
    fn currencies(&self) -> BTreeSet<Currency> {
        let mut found: BTreeSet<Currency> = self.opening.currencies().collect();
        found.extend(self.closing.currencies());
        found.extend(self.invoiced.keys());
        found.extend(self.credited.keys());
        found.extend(self.written_off.keys());
        found.extend(self.settled.keys());
        found
    }

    fn inputs(&self, period: Period, currency: Currency) -> Result<FigureInputs, MoneyError> {
        let zero = Money::zero(currency);
        let sum = |sums: &BTreeMap<Currency, Money>| sums.get(&currency).copied().unwrap_or(zero);
        let opening = self.opening.due_amounts(period.from_date, currency)?;
        let closing = self.closing.due_amounts(period.to_date, currency)?;
        let invoiced = self.invoiced.get(&currency);
        let settled = self.settled.get(&currency);
        Ok(FigureInputs {
            day_count: period.day_count(),
            opening_amount: opening
                .not_due_amount
                .checked_add(opening.past_due_amount)?,
            sales_amount: invoiced.map_or(zero, |invoiced| invoiced.amount),
            closing_not_due_amount: closing.not_due_amount,
            closing_past_due_amount: closing.past_due_amount,
            closing_customer_credit_amount: self.closing.customer_credit(currency).negated(),
            credited_amount: sum(&self.credited),
            written_off_amount: sum(&self.written_off),
            invoiced_count: invoiced.map_or(0, |invoiced| invoiced.count),
            disputed_count: invoiced.map_or(0, |invoiced| invoiced.disputed_count),
            settled: settled
                .cloned()
                .unwrap_or_else(|| SettledSums::none(currency)),
        })
    }
}

/// What was outstanding at the end of a day, of what the period selects.
fn at_end_of(as_of_date: Date, period: Period) -> Selection {
    Selection {
        as_of_date,
        basis: AgingBasis::DueDate,
        customer_id: period.customer_id,
        currency: period.currency,
    }
}
