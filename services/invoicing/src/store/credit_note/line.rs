//! The lines of credit notes.

use std::collections::BTreeMap;

use money::{Decimal, Rate};
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use crate::domain::{Coded as _, CreditNoteId, Line, Tax, TaxCategory};
use crate::store::row;

struct Row {
    credit_note_id: Uuid,
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
    fn into_line(self) -> Result<Line, DbError> {
        let category = row::coded::<TaxCategory>("tax category", &self.tax_category)?;
        let ratio = row::read("tax ratio", Rate::try_new(self.tax_ratio))?;
        Ok(Line {
            description: self.description,
            quantity: self.quantity,
            unit: self.unit,
            unit_price: self.unit_price,
            tax: row::read("tax", Tax::try_new(category, ratio))?,
            net_amount: row::money(self.net_amount, row::currency(&self.currency)?)?,
        })
    }
}

/// The lines of these notes, in their order.
pub(super) async fn of_notes_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    notes: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<Line>>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT line.credit_note_id, line.description, line.quantity, line.unit, line.unit_price,
                line.tax_category, line.tax_ratio, line.net_amount, note.currency
           FROM credit_note_line line
           JOIN credit_note note USING (tenant_id, credit_note_id)
          WHERE line.tenant_id = $1 AND line.credit_note_id = ANY ($2)
          ORDER BY line.credit_note_id, line.line_number",
        tenant.uuid(),
        notes,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut lines: BTreeMap<Uuid, Vec<Line>> = BTreeMap::new();
    for row in rows {
        let of_note = lines.entry(row.credit_note_id).or_default();
        of_note.push(row.into_line()?);
    }
    Ok(lines)
}

/// Stores the lines of a new note.
pub(super) async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    credit_note_id: CreditNoteId,
    lines: &[Line],
) -> Result<(), DbError> {
    let numbers: Vec<i32> = (1_i32..).zip(lines).map(|(number, _)| number).collect();
    sqlx::query!(
        "INSERT INTO credit_note_line (tenant_id, credit_note_id, line_number, description,
                                       quantity, unit, unit_price, tax_category, tax_ratio,
                                       net_amount)
         SELECT $1, $2, * FROM unnest($3::int[], $4::text[], $5::numeric[], $6::text[],
                                      $7::numeric[], $8::text[], $9::numeric[], $10::numeric[])",
        tenant.uuid(),
        credit_note_id.0,
        &numbers,
        &column(lines, |line| line.description.clone()),
        &column(lines, |line| line.quantity),
        &column(lines, |line| line.unit.clone()),
        &column(lines, |line| line.unit_price),
        &column(lines, |line| line.tax.category.code().to_owned()),
        &column(lines, |line| line.tax.ratio.ratio()),
        &column(lines, |line| line.net_amount.amount()),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
