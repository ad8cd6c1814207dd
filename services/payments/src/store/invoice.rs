//! The projection of invoices, and the references by which they are found.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use money::{Decimal, Money};
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row::{from_json, money, to_json};
use crate::domain::{CustomerId, InvoiceId, KnownInvoice, KnownItem, OpenItemId};

/// What invoicing announced of an invoice that is known.
#[derive(Debug, Clone)]
pub struct AnnouncedBalance {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// What of it is open.
    pub open_amount: Money,
    /// Every item, the settled ones too.
    pub items: Vec<OpenOfItem>,
    /// Of the invoice, as announced.
    pub version: i64,
}

/// What of one item is open.
#[derive(Debug, Clone, Copy)]
pub struct OpenOfItem {
    /// The item.
    pub open_item_id: OpenItemId,
    /// When it is due.
    pub due_date: Date,
    /// What is open.
    pub open_amount: Money,
}

pub(super) struct Row {
    pub(super) invoice_id: Uuid,
    pub(super) customer_id: Uuid,
    pub(super) external_id: Option<String>,
    pub(super) invoice_number: String,
    pub(super) payment_reference: String,
    pub(super) invoice_date: jiff_sqlx::Date,
    pub(super) currency_code: String,
    pub(super) open_amount: Decimal,
    pub(super) items: serde_json::Value,
    pub(super) version: i64,
}

impl Row {
    pub(super) fn into_invoice(self) -> Result<KnownInvoice, DbError> {
        Ok(KnownInvoice {
            invoice_id: InvoiceId(self.invoice_id),
            customer_id: CustomerId(self.customer_id),
            external_id: self.external_id,
            invoice_number: self.invoice_number,
            payment_reference: self.payment_reference,
            invoice_date: self.invoice_date.to_jiff(),
            open_amount: money(self.open_amount, &self.currency_code)?,
            items: from_json("items", self.items)?,
            version: self.version,
        })
    }
}

/// Stores an invoice that was announced; one that is known stays as it is: issuing comes first.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoice: &KnownInvoice,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO invoice (tenant_id, invoice_id, customer_id, external_id, invoice_number,
                              payment_reference, invoice_date, currency_code, open_amount, items,
                              version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (tenant_id, invoice_id) DO NOTHING",
        tenant.uuid(),
        invoice.invoice_id.0,
        invoice.customer_id.0,
        invoice.external_id,
        invoice.invoice_number,
        invoice.payment_reference,
        invoice.invoice_date.to_sqlx() as _,
        invoice.currency().code(),
        invoice.open_amount.amount(),
        to_json(&invoice.items)?,
        invoice.version,
    )
    .execute(&mut **tx)
    .await?;
    let (number, reference) = invoice.reference_forms();
    let forms = number.iter().chain(&reference);
    let keys: BTreeSet<String> = forms.flat_map(|forms| forms.keys()).collect();
    let keys: Vec<String> = keys.into_iter().collect();
    sqlx::query!(
        "INSERT INTO invoice_reference (tenant_id, reference_key, invoice_id)
         SELECT $1, reference_key, $2 FROM unnest($3::text[]) AS reference_key
         ON CONFLICT DO NOTHING",
        tenant.uuid(),
        invoice.invoice_id.0,
        &keys,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores what of an invoice is open now, unless something newer is known (P24). Tells whether the
/// invoice is known.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn balance_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    announced: &AnnouncedBalance,
) -> Result<bool, DbError> {
    let stored = sqlx::query!(
        "SELECT items, version FROM invoice WHERE tenant_id = $1 AND invoice_id = $2 FOR UPDATE",
        tenant.uuid(),
        announced.invoice_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(stored) = stored else {
        return Ok(false);
    };
    if stored.version >= announced.version {
        return Ok(true);
    }
    let before: Vec<KnownItem> = from_json("items", stored.items)?;
    let items: Vec<KnownItem> = announced
        .items
        .iter()
        .map(|item| item.after(&before))
        .collect();
    sqlx::query!(
        "UPDATE invoice SET open_amount = $3, items = $4, version = $5
          WHERE tenant_id = $1 AND invoice_id = $2",
        tenant.uuid(),
        announced.invoice_id.0,
        announced.open_amount.amount(),
        to_json(&items)?,
        announced.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(true)
}

impl OpenOfItem {
    /// The item with what is open of it now. One that came to be owed since, a fee or interest,
    /// has no discount.
    fn after(&self, before: &[KnownItem]) -> KnownItem {
        let known = before
            .iter()
            .find(|item| item.open_item_id == self.open_item_id);
        let open_amount = self.open_amount;
        match known {
            Some(item) => KnownItem {
                open_amount,
                ..item.clone()
            },
            None => KnownItem {
                open_item_id: self.open_item_id,
                due_date: self.due_date,
                original_amount: open_amount,
                open_amount,
                discounts: Vec::new(),
            },
        }
    }
}

/// The invoices that have one of these references, by identity.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn by_references_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    keys: &BTreeSet<String>,
) -> Result<Vec<KnownInvoice>, DbError> {
    let keys: Vec<String> = keys.iter().cloned().collect();
    sqlx::query_as!(
        Row,
        "SELECT invoice_id, customer_id, external_id, invoice_number, payment_reference,
                invoice_date, currency_code, open_amount, items, version
           FROM invoice
          WHERE tenant_id = $1
            AND invoice_id IN (SELECT invoice_id FROM invoice_reference
                                WHERE tenant_id = $1 AND reference_key = ANY ($2))
          ORDER BY invoice_id",
        tenant.uuid(),
        &keys,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_invoice)
    .collect()
}

/// Invoices by identity.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    ids: &BTreeSet<InvoiceId>,
) -> Result<Vec<KnownInvoice>, DbError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query_as!(
        Row,
        "SELECT invoice_id, customer_id, external_id, invoice_number, payment_reference,
                invoice_date, currency_code, open_amount, items, version
           FROM invoice WHERE tenant_id = $1 AND invoice_id = ANY ($2)",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_invoice)
    .collect()
}

/// Invoices by what a foreign system calls them, and by their numbers.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn named_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    external_ids: &[String],
    numbers: &[String],
) -> Result<Vec<KnownInvoice>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT invoice_id, customer_id, external_id, invoice_number, payment_reference,
                invoice_date, currency_code, open_amount, items, version
           FROM invoice
          WHERE tenant_id = $1 AND (external_id = ANY ($2) OR invoice_number = ANY ($3))",
        tenant.uuid(),
        external_ids,
        numbers,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_invoice)
    .collect()
}
