//! Rows into invoices.

use std::collections::BTreeMap;

use money::Decimal;
use postgres::{DbError, TenantId, Tx, column};
use serde_json::Value;
use uuid::Uuid;

use super::line;
use crate::domain::{
    CustomerId, DocumentTotals, Invoice, InvoiceContent, InvoiceId, InvoiceState, Line, Receivable,
    ReservationId, Standing,
};
use crate::store::{receivable, row};

struct Row {
    invoice_id: Uuid,
    external_id: Option<String>,
    state: String,
    customer_id: Uuid,
    currency: String,
    invoice_date: Option<jiff_sqlx::Date>,
    due: Option<Value>,
    early_payment_offer: Option<Value>,
    series_code: String,
    payment_reference: String,
    order_reference: String,
    reservation_id: Option<Uuid>,
    note: String,
    net_amount: Decimal,
    tax_amount: Decimal,
    gross_amount: Decimal,
    taxes: Value,
    policy_version: Option<String>,
    version: i64,
    created_time: jiff_sqlx::Timestamp,
    issued_time: Option<jiff_sqlx::Timestamp>,
}

impl Row {
    fn into_invoice(self, lines: Vec<Line>, debt: Option<Receivable>) -> Result<Invoice, DbError> {
        let currency = row::currency(&self.currency)?;
        let standing = match (debt, row::coded::<InvoiceState>("state", &self.state)?) {
            (Some(debt), _) => Standing::Owed(Box::new(debt)),
            (None, InvoiceState::Draft) => Standing::Draft {
                version: self.version,
            },
            (None, _) => Standing::VoidDraft {
                version: self.version,
            },
        };
        let parsed = |value: Option<Value>| value.map(|value| row::from_json("due", value));
        let offer = self.early_payment_offer;
        let offer = offer.map(|value| row::from_json("early-payment offer", value));
        Ok(Invoice {
            invoice_id: InvoiceId(self.invoice_id),
            external_id: self.external_id,
            content: InvoiceContent {
                customer_id: CustomerId(self.customer_id),
                currency,
                invoice_date: row::date(self.invoice_date),
                due: parsed(self.due).transpose()?,
                early_payment_offer: offer.transpose()?,
                lines,
                series_code: self.series_code,
                payment_reference: self.payment_reference,
                order_reference: self.order_reference,
                reservation_id: self.reservation_id.map(ReservationId),
                note: self.note,
            },
            totals: DocumentTotals {
                net_amount: row::money(self.net_amount, currency)?,
                taxes: row::from_json("taxes", self.taxes)?,
                tax_amount: row::money(self.tax_amount, currency)?,
                gross_amount: row::money(self.gross_amount, currency)?,
            },
            standing,
            policy_version: self.policy_version,
            create_time: self.created_time.to_jiff(),
            issued_time: self.issued_time.map(jiff_sqlx::Timestamp::to_jiff),
        })
    }
}

/// These invoices, whole, in the order of `invoices`; unknown ones are left out. Where they are to
/// be changed this must be a later statement than the one that locked them.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn load_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoices: &[InvoiceId],
) -> Result<Vec<Invoice>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT invoice_id, external_id, state, customer_id, currency, invoice_date, due,
                early_payment_offer, series_code, payment_reference, order_reference,
                reservation_id, note, net_amount, tax_amount, gross_amount, taxes, policy_version,
                version, created_time, issued_time
           FROM invoice WHERE tenant_id = $1 AND invoice_id = ANY ($2)",
        tenant.uuid(),
        &column(invoices, |id| id.0),
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut lines = line::of_invoices_in_tx(tx, tenant, invoices).await?;
    let debts = receivable::load_in_tx(tx, tenant, invoices).await?;
    let by_id = |debt: Receivable| (debt.invoice_id, debt);
    let mut debts: BTreeMap<InvoiceId, Receivable> = debts.into_iter().map(by_id).collect();
    let mut found = BTreeMap::new();
    for row in rows {
        let id = InvoiceId(row.invoice_id);
        let lines = lines.remove(&id).unwrap_or_default();
        found.insert(id, row.into_invoice(lines, debts.remove(&id))?);
    }
    Ok(invoices.iter().filter_map(|id| found.remove(id)).collect())
}
