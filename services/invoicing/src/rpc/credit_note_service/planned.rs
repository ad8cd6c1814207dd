//! A credit note that was found fit: what it credits, from when and under which number, with the
//! invoice that it corrects under its lock.

use jiff::Timestamp;
use jiff::civil::Date;
use postgres::{TenantId, Tx};
use runtime::Refusal;

use crate::domain::{
    CreditNoteError, CreditPlan, CustomerId, Invoice, InvoiceCredit, InvoiceEntry, InvoiceId,
    NumberedDocument,
};
use crate::rpc::business_day::named_or_today_in_tx;
use crate::rpc::error;
use crate::rpc::wire::content::CustomerKey;
use crate::rpc::wire::credit_note::{BroughtExtent, BroughtNote, part_from_wire};
use crate::store;

/// Everything that issuing needs.
pub(super) struct Planned {
    /// The invoice; `None` for a note that stands alone.
    pub invoice: Option<Invoice>,
    /// Its stored entries.
    pub history: Vec<InvoiceEntry>,
    /// What is credited.
    pub plan: CreditPlan,
    /// The date from which it counts.
    pub date: Date,
    /// The number, drawn last.
    pub number: String,
}

impl Planned {
    /// Locks the invoice, then the series: no number is drawn for a note that is not fit (P12).
    ///
    /// # Errors
    /// The refusals of the RPC.
    pub async fn plan_in_tx(
        tx: &mut Tx,
        tenant: TenantId,
        brought: &BroughtNote,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let (invoice, plan) = match &brought.extent {
            BroughtExtent::Whole(invoice_id) => {
                let invoice = lock_in_tx(tx, tenant, *invoice_id).await?;
                let plan = plan_of_in_tx(tx, tenant, &invoice, InvoiceCredit::Whole).await?;
                (Some(invoice), plan)
            }
            BroughtExtent::Part(invoice_id, lines) => {
                let invoice = lock_in_tx(tx, tenant, *invoice_id).await?;
                let lines = part_from_wire(lines, invoice.content.currency)?;
                let part = InvoiceCredit::Part(lines);
                let plan = plan_of_in_tx(tx, tenant, &invoice, part).await?;
                (Some(invoice), plan)
            }
            BroughtExtent::StandAlone(customer_id, currency, lines) => {
                check_customer_in_tx(tx, tenant, *customer_id).await?;
                let plan = CreditPlan::stand_alone(*customer_id, *currency, lines.clone());
                let subject = format!("customer/{}", customer_id.0);
                (
                    None,
                    plan.map_err(|error| error::credit_note_refused(subject, &error))?,
                )
            }
        };
        let history = match &invoice {
            Some(one) => store::receivable::history_in_tx(tx, tenant, &[one.invoice_id]).await?,
            None => Vec::new(),
        };
        let named = ("credit_note_date", brought.credit_note_date);
        Ok(Self {
            invoice,
            history,
            plan,
            date: named_or_today_in_tx(tx, tenant, now, named.0, named.1).await?,
            number: draw_in_tx(tx, tenant, &brought.series_code, now).await?,
        })
    }
}

async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoice_id: InvoiceId,
) -> Result<Invoice, Refusal> {
    let locked = store::invoice::lock_in_tx(tx, tenant, invoice_id).await?;
    locked.ok_or_else(|| error::invoice_not_found(invoice_id.0))
}

async fn plan_of_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoice: &Invoice,
    extent: InvoiceCredit,
) -> Result<CreditPlan, Refusal> {
    let invoice_id = invoice.invoice_id;
    let before = store::credit_note::totals_of_invoice_in_tx(tx, tenant, invoice_id).await?;
    let plan = CreditPlan::of_invoice(invoice, extent, &before);
    let subject = format!("invoice/{}", invoice_id.0);
    plan.map_err(|error: CreditNoteError| error::credit_note_refused(subject, &error))
}

async fn check_customer_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<(), Refusal> {
    match store::customer::find_in_tx(tx, tenant, customer_id).await? {
        Some(_) => Ok(()),
        None => Err(error::customer_not_yet_known(&CustomerKey::Id(customer_id))),
    }
}

async fn draw_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    series_code: &str,
    now: Timestamp,
) -> Result<String, Refusal> {
    let document = NumberedDocument::CreditNote;
    let drawn = store::number_series::draw_in_tx(tx, tenant, series_code, document, 1, now).await?;
    let drawn = drawn.map_err(|undrawn| error::undrawn(undrawn, series_code))?;
    let number = drawn.into_iter().next();
    number.ok_or_else(|| Refusal::internal("a series drew nothing"))
}
