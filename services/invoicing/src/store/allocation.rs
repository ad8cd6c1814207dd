//! What came to each open item, as the document that did it tells it: an application, its reversal, a
//! credit note, a use of customer credit. Append-only.

use std::collections::BTreeMap;

use money::Decimal;
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use super::row;
use crate::domain::{
    Allocation, CauseKind, Coded as _, EntryCause, InvoiceId, OpenItemId, OpenItemKind,
};

struct Row {
    cause_id: Uuid,
    invoice_id: Uuid,
    invoice_number: String,
    open_item_id: Uuid,
    kind: String,
    due_date: jiff_sqlx::Date,
    currency: String,
    amount: Decimal,
    discount_amount: Decimal,
    tolerance_amount: Decimal,
    reinstated_amount: Decimal,
    open_amount_after: Decimal,
}

impl Row {
    fn into_allocation(self) -> Result<Allocation, DbError> {
        let currency = row::currency(&self.currency)?;
        Ok(Allocation {
            invoice_id: InvoiceId(self.invoice_id),
            invoice_number: self.invoice_number,
            open_item_id: OpenItemId(self.open_item_id),
            open_item_kind: row::coded::<OpenItemKind>("kind", &self.kind)?,
            due_date: self.due_date.to_jiff(),
            amount: row::money(self.amount, currency)?,
            discount_amount: row::money(self.discount_amount, currency)?,
            tolerance_amount: row::money(self.tolerance_amount, currency)?,
            reinstated_amount: row::money(self.reinstated_amount, currency)?,
            open_amount_after: row::money(self.open_amount_after, currency)?,
        })
    }
}

/// Stores the allocations of new documents, each document's in their order.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    documents: &[(EntryCause, &[Allocation])],
) -> Result<(), DbError> {
    let mut rows: Vec<(CauseKind, Uuid, i32, &Allocation)> = Vec::new();
    for (cause, allocations) in documents {
        let (kind, id) = cause.parts();
        let numbered = (1_i32..).zip(*allocations);
        rows.extend(numbered.map(|(number, allocation)| (kind, id, number, allocation)));
    }
    sqlx::query!(
        "INSERT INTO allocation (tenant_id, cause_kind, cause_id, allocation_number, invoice_id,
                                 open_item_id, amount, discount_amount, tolerance_amount,
                                 reinstated_amount, open_amount_after)
         SELECT $1, n.cause_kind, n.cause_id, n.allocation_number, n.invoice_id, n.open_item_id,
                n.amount, n.discount_amount, n.tolerance_amount, n.reinstated_amount,
                n.open_amount_after
           FROM unnest($2::text[], $3::uuid[], $4::int[], $5::uuid[], $6::uuid[], $7::numeric[],
                       $8::numeric[], $9::numeric[], $10::numeric[], $11::numeric[])
                AS n (cause_kind, cause_id, allocation_number, invoice_id, open_item_id, amount,
                      discount_amount, tolerance_amount, reinstated_amount, open_amount_after)",
        tenant.uuid(),
        &column(&rows, |(kind, ..)| kind.code().to_owned()),
        &column(&rows, |(_, id, ..)| *id),
        &column(&rows, |(_, _, number, _)| *number),
        &column(&rows, |(.., one)| one.invoice_id.0),
        &column(&rows, |(.., one)| one.open_item_id.0),
        &column(&rows, |(.., one)| one.amount.amount()),
        &column(&rows, |(.., one)| one.discount_amount.amount()),
        &column(&rows, |(.., one)| one.tolerance_amount.amount()),
        &column(&rows, |(.., one)| one.reinstated_amount.amount()),
        &column(&rows, |(.., one)| one.open_amount_after.amount()),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The allocations of documents of one kind, by document, in their order.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn of_documents_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    kind: CauseKind,
    documents: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<Allocation>>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT a.cause_id, a.invoice_id, v.invoice_number AS "invoice_number!", a.open_item_id,
                i.kind, i.due_date, i.currency, a.amount, a.discount_amount, a.tolerance_amount,
                a.reinstated_amount, a.open_amount_after
           FROM allocation a
           JOIN open_item i USING (tenant_id, invoice_id, open_item_id)
           JOIN invoice v USING (tenant_id, invoice_id)
          WHERE a.tenant_id = $1 AND a.cause_kind = $2 AND a.cause_id = ANY ($3)
          ORDER BY a.cause_id, a.allocation_number"#,
        tenant.uuid(),
        kind.code(),
        documents,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut found: BTreeMap<Uuid, Vec<Allocation>> = BTreeMap::new();
    for row in rows {
        let document = found.entry(row.cause_id).or_default();
        document.push(row.into_allocation()?);
    }
    Ok(found)
}
