//! What we do with the events of invoicing: keep the invoices with the references by which payers
//! name them, and what of each is open. Only to find what money is meant for: what it settles is
//! decided by invoicing itself, as this may lag.

use contracts::common::Event;
use contracts::convert::{date_from_wire, money_from_wire};
use contracts::invoicing as wire;
use contracts::invoicing::invoice_content::Customer;
use events::ApplyError;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use money::Money;
use opentelemetry::KeyValue;
use postgres::{TenantId, Tx};
use prost::Name;

use super::{facts, parsed, required};
use crate::app::App;
use crate::domain::{CustomerId, InvoiceId, KnownDiscount, KnownInvoice, KnownItem, OpenItemId};
use crate::store;
use crate::store::invoice::{AnnouncedBalance, OpenOfItem};

/// Applies one event in the transaction of its batch.
pub fn apply<'a>(
    app: &'a App,
    tx: &'a mut Tx,
    event: &'a Event,
) -> BoxFuture<'a, Result<(), ApplyError>> {
    async move {
        let tenant = parsed(&event.tenant_id, "tenant_id")?;
        let kind = event.r#type.as_str();
        if kind == wire::InvoiceIssued::full_name() {
            issued(tx, tenant, facts(event)?).await?;
        } else {
            let Some(balances) = balances_after(event)? else {
                return Ok(());
            };
            for balance in &balances {
                balance_changed(tx, tenant, balance).await?;
            }
        }
        app.metrics
            .applied_events
            .add(1, &[KeyValue::new("type", kind.to_owned())]);
        Ok(())
    }
    .boxed()
}

/// The balances that an event carries; `None` for one that changes no invoice.
fn balances_after(event: &Event) -> Result<Option<Vec<wire::InvoiceBalance>>, ApplyError> {
    let kind = event.r#type.as_str();
    let one = |balance: Option<wire::InvoiceBalance>| Some(balance.into_iter().collect());
    Ok(if kind == wire::InvoiceVoided::full_name() {
        one(facts::<wire::InvoiceVoided>(event)?.balance_after)
    } else if kind == wire::ApplicationApplied::full_name() {
        Some(facts::<wire::ApplicationApplied>(event)?.balances_after)
    } else if kind == wire::ApplicationReversed::full_name() {
        Some(facts::<wire::ApplicationReversed>(event)?.balances_after)
    } else if kind == wire::CreditNoteIssued::full_name() {
        one(facts::<wire::CreditNoteIssued>(event)?.balance_after)
    } else if kind == wire::CustomerCreditApplied::full_name() {
        Some(facts::<wire::CustomerCreditApplied>(event)?.balances_after)
    } else if kind == wire::InvoiceWrittenOff::full_name() {
        one(facts::<wire::InvoiceWrittenOff>(event)?.balance_after)
    } else if kind == wire::WriteOffReversed::full_name() {
        one(facts::<wire::WriteOffReversed>(event)?.balance_after)
    } else {
        None
    })
}

async fn issued(
    tx: &mut Tx,
    tenant: TenantId,
    facts: wire::InvoiceIssued,
) -> Result<(), ApplyError> {
    let invoice = required(facts.invoice, "invoice")?;
    let balance = required(facts.balance_after, "balance_after")?;
    let content = required(invoice.content, "content")?;
    let customer_id = match &content.customer {
        Some(Customer::CustomerId(id)) => parsed(id, "customer_id")?,
        Some(Customer::CustomerExternalId(_)) | None => required(None, "customer_id")?,
    };
    let number = invoice.invoice_number;
    let reference = Some(content.payment_reference).filter(|reference| !reference.is_empty());
    let items = invoice
        .open_items
        .iter()
        .map(item)
        .collect::<Result<_, _>>()?;
    let known = KnownInvoice {
        invoice_id: InvoiceId(parsed(&invoice.invoice_id, "invoice_id")?),
        customer_id: CustomerId(customer_id),
        external_id: Some(invoice.external_id).filter(|id| !id.is_empty()),
        payment_reference: reference.unwrap_or_else(|| number.clone()),
        invoice_number: number,
        invoice_date: date(content.invoice_date, "invoice_date")?,
        open_amount: amount(balance.open_amount, "open_amount")?,
        items,
        version: balance.version,
    };
    store::invoice::insert_in_tx(tx, tenant, &known).await?;
    Ok(())
}

fn item(item: &wire::OpenItem) -> Result<KnownItem, ApplyError> {
    let discount = |offer: &contracts::common::DiscountOffer| {
        Ok::<_, ApplyError>(KnownDiscount {
            last_date: date(offer.last_date, "last_date")?,
            amount: amount(offer.discount_amount.clone(), "discount_amount")?,
        })
    };
    let discounts = item.discount_offers.iter().map(discount);
    Ok(KnownItem {
        open_item_id: OpenItemId(parsed(&item.open_item_id, "open_item_id")?),
        due_date: date(item.due_date, "due_date")?,
        original_amount: amount(item.original_amount.clone(), "original_amount")?,
        open_amount: amount(item.open_amount.clone(), "open_amount")?,
        discounts: discounts.collect::<Result<_, _>>()?,
    })
}

/// An invoice that was never announced has been parked with its announcement: this waits behind it.
async fn balance_changed(
    tx: &mut Tx,
    tenant: TenantId,
    balance: &wire::InvoiceBalance,
) -> Result<(), ApplyError> {
    let open_of = |item: &wire::OpenItemBalance| {
        Ok::<_, ApplyError>(OpenOfItem {
            open_item_id: OpenItemId(parsed(&item.open_item_id, "open_item_id")?),
            due_date: date(item.due_date, "due_date")?,
            open_amount: amount(item.open_amount.clone(), "open_amount")?,
        })
    };
    let announced = AnnouncedBalance {
        invoice_id: InvoiceId(parsed(&balance.invoice_id, "invoice_id")?),
        open_amount: amount(balance.open_amount.clone(), "open_amount")?,
        items: balance
            .open_items
            .iter()
            .map(open_of)
            .collect::<Result<_, _>>()?,
        version: balance.version,
    };
    let is_known = store::invoice::balance_in_tx(tx, tenant, &announced).await?;
    required(is_known.then_some(()), "the invoice's own announcement")
}

fn date(
    date: Option<contracts::google::r#type::Date>,
    field: &str,
) -> Result<jiff::civil::Date, ApplyError> {
    date_from_wire(&required(date, field)?)
        .map_err(|error| ApplyError::Poison(format!("{field}: {error}")))
}

fn amount(amount: Option<contracts::common::Money>, field: &str) -> Result<Money, ApplyError> {
    money_from_wire(&required(amount, field)?)
        .map_err(|error| ApplyError::Poison(format!("{field}: {error}")))
}
