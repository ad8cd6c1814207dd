//! What we do with the events of invoicing: keep what customers have open and how they paid it, let
//! invoices take the place of reservations, and look at the holds again.

use contracts::common::Event;
use contracts::convert::date_from_wire;
use contracts::google;
use contracts::invoicing as wire;
use contracts::invoicing::{ClosingKind, InvoiceBalance};
use events::{ApplyError, Applying, append_in_tx};
use futures_util::FutureExt as _;
use jiff::civil::Date;
use money::Money;
use opentelemetry::KeyValue;
use postgres::{TenantId, Tx};
use prost::Name as _;

use super::{
    Changed, customer, facts, id, lock_in_tx, missing, money, poison, review_in_tx, tenant,
};
use crate::app::App;
use crate::domain::{CreditEvent, CustomerId, InvoiceId, ReservationId};
use crate::events::outbound::announce;
use crate::store;
use crate::store::known_cash::{self, Moved};
use crate::store::known_invoice::{KnownInvoice, KnownItem};

/// Everything an event tells that matters here.
struct Told {
    /// Whom it is about.
    customer_id: CustomerId,
    /// What invoices are worth after it.
    invoices: Vec<KnownInvoice>,
    /// Money applied to invoices; negative: taken back.
    applied: Option<Money>,
    /// What the customer has in credit after it, of which version.
    credit: Option<(Money, i64)>,
    /// The order that was billed.
    billed: Option<Billed>,
}

/// An invoice that takes the place of a reservation.
struct Billed {
    reservation_id: ReservationId,
    invoice_number: String,
}

/// Applies events in the transaction of their batch, all invoices at once, then reviews each
/// customer's holds once.
pub fn apply<'a>(app: &'a App, tx: &'a mut Tx, events: &'a [&'a Event]) -> Applying<'a> {
    async move {
        let tenant = tenant(events)?;
        let mut all = Vec::new();
        let mut changed = Changed::new();
        for event in events {
            let Some(told) = told(event)? else {
                continue;
            };
            let owners = told.invoices.iter().map(|known| known.customer_id);
            for owner in owners.chain([told.customer_id]) {
                changed.insert(owner, &event.traceparent);
            }
            all.push((*event, told));
            let kind = KeyValue::new("type", event.r#type.clone());
            app.metrics.applied_events.add(1, &[kind]);
        }
        if all.is_empty() {
            return Ok(());
        }
        lock_in_tx(tx, tenant, &changed).await?;
        keep_in_tx(tx, tenant, &all).await?;
        for (event, told) in &all {
            if let (Some(billed), Some(issued)) = (&told.billed, told.invoices.first()) {
                consume_in_tx(app, tx, (tenant, event), billed, issued).await?;
            }
        }
        Ok(review_in_tx(app, tx, tenant, &changed).await?)
    }
    .boxed()
}

async fn keep_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    all: &[(&Event, Told)],
) -> Result<(), ApplyError> {
    let invoices = all
        .iter()
        .flat_map(|(_, told)| told.invoices.iter().cloned());
    let invoices: Vec<KnownInvoice> = invoices.collect();
    store::known_invoice::keep_in_tx(tx, tenant, &invoices).await?;
    let mut applied = Moved::new();
    for (_, told) in all {
        if let Some(amount) = told.applied {
            known_cash::add(&mut applied, told.customer_id, amount)?;
        }
        if let Some((open, version)) = told.credit {
            known_cash::keep_credit_in_tx(tx, tenant, told.customer_id, open, version).await?;
        }
    }
    Ok(known_cash::apply_in_tx(tx, tenant, &applied).await?)
}

/// `None`: of no use here.
fn told(event: &Event) -> Result<Option<Told>, ApplyError> {
    let kind = event.r#type.as_str();
    let told = if kind == wire::InvoiceIssued::full_name() {
        let facts: wire::InvoiceIssued = facts(event)?;
        let content = facts.invoice.and_then(|invoice| invoice.content);
        let named = content.map(|content| content.reservation_id);
        let named = named.filter(|named| !named.is_empty());
        let number = facts
            .balance_after
            .as_ref()
            .map(|after| after.invoice_number.clone());
        let billed = named.map(|named| {
            Ok::<_, ApplyError>(Billed {
                reservation_id: ReservationId(id(&named, "reservation_id")?),
                invoice_number: number.unwrap_or_default(),
            })
        });
        Told {
            billed: billed.transpose()?,
            ..of_balance(facts.balance_after)?
        }
    } else if kind == wire::InvoiceVoided::full_name() {
        of_balance(facts::<wire::InvoiceVoided>(event)?.balance_after)?
    } else if kind == wire::ApplicationApplied::full_name() {
        let facts: wire::ApplicationApplied = facts(event)?;
        of_application(facts.application, &facts.balances_after, false)?
    } else if kind == wire::ApplicationReversed::full_name() {
        let facts: wire::ApplicationReversed = facts(event)?;
        of_application(facts.application, &facts.balances_after, true)?
    } else if kind == wire::CreditNoteIssued::full_name() {
        let facts: wire::CreditNoteIssued = facts(event)?;
        let after = facts.balance_after;
        of_credit(facts.customer_credit_after, after.as_slice())?
    } else if kind == wire::CustomerCreditApplied::full_name() {
        let facts: wire::CustomerCreditApplied = facts(event)?;
        of_credit(facts.customer_credit_after, &facts.balances_after)?
    } else if kind == wire::DisputeOpened::full_name() {
        of_balance(facts::<wire::DisputeOpened>(event)?.balance_after)?
    } else if kind == wire::DisputeResolved::full_name() {
        of_balance(facts::<wire::DisputeResolved>(event)?.balance_after)?
    } else if kind == wire::InvoiceWrittenOff::full_name() {
        of_balance(facts::<wire::InvoiceWrittenOff>(event)?.balance_after)?
    } else if kind == wire::WriteOffReversed::full_name() {
        of_balance(facts::<wire::WriteOffReversed>(event)?.balance_after)?
    } else {
        return Ok(None);
    };
    Ok(Some(told))
}

fn of_balance(balance: Option<InvoiceBalance>) -> Result<Told, ApplyError> {
    let balance = balance.ok_or_else(|| missing("balance_after"))?;
    of_customer(&balance.customer_id, [&balance])
}

fn of_application(
    application: Option<wire::Application>,
    balances: &[InvoiceBalance],
    taken_back: bool,
) -> Result<Told, ApplyError> {
    let application = application.ok_or_else(|| missing("application"))?;
    let allocated = money(application.allocated_amount.as_ref(), "allocated_amount")?;
    let kept = application.overpayment_tolerance_amount.as_ref();
    let kept = money(kept, "overpayment_tolerance_amount")?;
    let used = allocated.checked_add(kept);
    let used = used.map_err(|error| poison(error.to_string()))?;
    Ok(Told {
        applied: Some(if taken_back { used.negated() } else { used }),
        ..of_customer(&application.customer_id, balances)?
    })
}

fn of_credit(
    credit: Option<wire::CustomerCreditBalance>,
    balances: &[InvoiceBalance],
) -> Result<Told, ApplyError> {
    let credit = credit.ok_or_else(|| missing("customer_credit_after"))?;
    let open = money(credit.open_amount.as_ref(), "open_amount")?;
    Ok(Told {
        credit: Some((open, credit.version)),
        ..of_customer(&credit.customer_id, balances)?
    })
}

fn of_customer<'a>(
    customer_id: &str,
    balances: impl IntoIterator<Item = &'a InvoiceBalance>,
) -> Result<Told, ApplyError> {
    Ok(Told {
        customer_id: customer(customer_id)?,
        invoices: balances.into_iter().map(known).collect::<Result<_, _>>()?,
        applied: None,
        credit: None,
        billed: None,
    })
}

fn known(balance: &InvoiceBalance) -> Result<KnownInvoice, ApplyError> {
    let by_payment = balance.closing_kind() == ClosingKind::Payment;
    let items = balance.open_items.iter().map(|item| {
        Ok(KnownItem {
            open_item_id: id(&item.open_item_id, "open_item_id")?,
            due_date: date(item.due_date.as_ref(), "due_date")?,
            closed_date: optional_date(item.closed_date.as_ref(), "closed_date")?,
        })
    });
    let closed_date = optional_date(balance.closed_date.as_ref(), "closed_date")?;
    Ok(KnownInvoice {
        invoice_id: InvoiceId(id(&balance.invoice_id, "invoice_id")?),
        customer_id: customer(&balance.customer_id)?,
        invoice_date: date(balance.invoice_date.as_ref(), "invoice_date")?,
        gross_amount: money(balance.gross_amount.as_ref(), "gross_amount")?,
        open_amount: money(balance.open_amount.as_ref(), "open_amount")?,
        disputed_amount: money(balance.disputed_amount.as_ref(), "disputed_amount")?,
        items: items.collect::<Result<_, ApplyError>>()?,
        settled_date: closed_date.filter(|_| by_payment),
        version: balance.version,
    })
}

fn date(date: Option<&google::r#type::Date>, field: &str) -> Result<Date, ApplyError> {
    optional_date(date, field)?.ok_or_else(|| missing(field))
}

fn optional_date(
    date: Option<&google::r#type::Date>,
    field: &str,
) -> Result<Option<Date>, ApplyError> {
    let read = date.map(date_from_wire).transpose();
    read.map_err(|error| poison(format!("{field}: {error}")))
}

/// Swaps the reservation for the open item, by the amount billed. A reservation that is not known or
/// another customer's, or one in another currency, stays as it is: the invoice was issued all the
/// same, and its open amount counts.
async fn consume_in_tx(
    app: &App,
    tx: &mut Tx,
    (tenant, event): (TenantId, &Event),
    billed: &Billed,
    issued: &KnownInvoice,
) -> Result<(), ApplyError> {
    let now = app.clock.now();
    let reservation_id = billed.reservation_id;
    let found = store::reservation::find_in_tx(tx, tenant, reservation_id).await?;
    let Some(mut reservation) = found.filter(|found| found.customer_id == issued.customer_id)
    else {
        tracing::warn!(reservation_id = %reservation_id.0, "an invoice names no reservation of its customer");
        return Ok(());
    };
    let (invoice_id, amount) = (issued.invoice_id, issued.gross_amount);
    match reservation.consume(invoice_id, billed.invoice_number.clone(), amount, now) {
        Ok(Some(reservation_use)) => {
            store::reservation::update_in_tx(tx, tenant, &reservation).await?;
            let told = CreditEvent::ReservationConsumed {
                reservation: Box::new(reservation),
                reservation_use,
            };
            let told = [announce(tenant, now, &told)];
            append_in_tx(tx, tenant, &event.traceparent, &told).await?;
        }
        Ok(None) => {}
        Err(refused) => {
            tracing::warn!(reservation_id = %reservation_id.0, %refused, "an invoice uses no reservation");
        }
    }
    Ok(())
}
