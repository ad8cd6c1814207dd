//! The lines of invoices: written as a whole, never changed.

use std::collections::BTreeMap;

use money::{Decimal, Rate};
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use crate::domain::{Coded as _, Invoice, InvoiceId, Line, Tax, TaxCategory};
use crate::store::row;

struct Row {
    invoice_id: Uuid,
    description: String,
    quantity: Decimal,
    unit: String,
    unit_price: Decimal,
    tax_category: String,
    tax_ratio: Decimal,
    net_amount: Decimal,
    currency: String,
}

impl Row {
    fn into_line(self) -> Result<(InvoiceId, Line), DbError> {
        let category = row::coded::<TaxCategory>("tax category", &self.tax_category)?;
        let ratio = row::read("tax ratio", Rate::try_new(self.tax_ratio))?;
        let line = Line {
            description: self.description,
            quantity: self.quantity,
            unit: self.unit,
            unit_price: self.unit_price,
            tax: row::read("tax", Tax::try_new(category, ratio))?,
            net_amount: row::money(self.net_amount, row::currency(&self.currency)?)?,
        };
        Ok((InvoiceId(self.invoice_id), line))
    }
}

/// The lines of these invoices, in their order.
pub(super) async fn of_invoices_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoices: &[InvoiceId],
) -> Result<BTreeMap<InvoiceId, Vec<Line>>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT l.invoice_id, l.description, l.quantity, l.unit, l.unit_price, l.tax_category,
                l.tax_ratio, l.net_amount, i.currency
           FROM invoice_line l
           JOIN invoice i ON i.tenant_id = l.tenant_id AND i.invoice_id = l.invoice_id
          WHERE l.tenant_id = $1 AND l.invoice_id = ANY ($2)
          ORDER BY l.invoice_id, l.line_number",
        tenant.uuid(),
        &column(invoices, |id| id.0),
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut lines: BTreeMap<InvoiceId, Vec<Line>> = BTreeMap::new();
    for row in rows {
        let (invoice_id, line) = row.into_line()?;
        lines.entry(invoice_id).or_default().push(line);
    }
    Ok(lines)
}

/// Stores the lines of invoices that have none.
pub(super) async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoices: &[&Invoice],
) -> Result<(), DbError> {
    let numbered = |invoice: &&Invoice| {
        let lines = (1_i32..).zip(invoice.content.lines.clone());
        let id = invoice.invoice_id;
        lines
            .map(|(number, line)| (id, number, line))
            .collect::<Vec<_>>()
    };
    let lines: Vec<(InvoiceId, i32, Line)> = invoices.iter().flat_map(numbered).collect();
    sqlx::query!(
        "INSERT INTO invoice_line (tenant_id, invoice_id, line_number, description, quantity, unit,
                                   unit_price, tax_category, tax_ratio, net_amount)
         SELECT $1, * FROM unnest($2::uuid[], $3::int[], $4::text[], $5::numeric[], $6::text[],
                                  $7::numeric[], $8::text[], $9::numeric[], $10::numeric[])",
        tenant.uuid(),
        &column(&lines, |(id, ..)| id.0),
        &column(&lines, |(_, number, _)| *number),
        &column(&lines, |(.., line)| line.description.clone()),
        &column(&lines, |(.., line)| line.quantity),
        &column(&lines, |(.., line)| line.unit.clone()),
        &column(&lines, |(.., line)| line.unit_price),
        &column(&lines, |(.., line)| line.tax.category.code().to_owned()),
        &column(&lines, |(.., line)| line.tax.ratio.ratio()),
        &column(&lines, |(.., line)| line.net_amount.amount()),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes away the lines of a draft, before it gets others.
pub(super) async fn delete_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoice_id: InvoiceId,
) -> Result<(), DbError> {
    sqlx::query!(
        "DELETE FROM invoice_line WHERE tenant_id = $1 AND invoice_id = $2",
        tenant.uuid(),
        invoice_id.0,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
