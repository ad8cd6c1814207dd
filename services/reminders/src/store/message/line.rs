//! What messages ask for, line by line.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx, column};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::domain::id::{InvoiceId, MessageId, OpenItemId};
use crate::domain::letter::Line;
use crate::domain::message::Message;
use crate::store::row;

#[derive(sqlx::Decode)]
pub(super) struct Row {
    invoice_id: Uuid,
    invoice_number: String,
    open_item_id: Uuid,
    due_date: jiff_sqlx::Date,
    days_past_due: i32,
    open_amount: Decimal,
    asked_amount: Decimal,
    currency: String,
    step_code: String,
    level: i16,
    item_level: i16,
}

row::nested!(Row);

impl Row {
    pub(super) fn into_line(self) -> Result<Line, DbError> {
        Ok(Line {
            invoice_id: InvoiceId::new(self.invoice_id),
            invoice_number: self.invoice_number,
            open_item_id: OpenItemId::new(self.open_item_id),
            due_date: self.due_date.to_jiff(),
            days_past_due: self.days_past_due,
            open_amount: row::money(self.open_amount, &self.currency)?,
            asked_amount: row::money(self.asked_amount, &self.currency)?,
            step_code: row::named("step_code", &self.step_code)?,
            level: row::read("level", self.level.try_into())?,
            item_level: row::read("item_level", self.item_level.try_into())?,
        })
    }
}

/// Stores the lines of a message, in the order of the letter.
pub(super) async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    message: &Message,
) -> Result<(), DbError> {
    let lines: Vec<(i32, &Line)> = (1..).zip(&message.lines).collect();
    sqlx::query!(
        "INSERT INTO message_line (tenant_id, message_id, number, invoice_id, invoice_number,
                                   open_item_id, due_date, days_past_due, open_amount,
                                   asked_amount, currency, step_code, level, item_level)
         SELECT $1, $2, * FROM UNNEST($3::integer[], $4::uuid[], $5::text[], $6::uuid[], $7::date[],
                                      $8::integer[], $9::numeric[], $10::numeric[], $11::text[],
                                      $12::text[], $13::smallint[], $14::smallint[])",
        tenant.uuid(),
        message.message_id.uuid(),
        &column(&lines, |(number, _)| *number),
        &column(&lines, |(_, line)| line.invoice_id.uuid()),
        &column(&lines, |(_, line)| line.invoice_number.clone()),
        &column(&lines, |(_, line)| line.open_item_id.uuid()),
        &column(&lines, |(_, line)| line.due_date.to_sqlx()) as _,
        &column(&lines, |(_, line)| line.days_past_due),
        &column(&lines, |(_, line)| line.open_amount.amount()),
        &column(&lines, |(_, line)| line.asked_amount.amount()),
        &column(&lines, |(_, line)| line
            .open_amount
            .currency()
            .code()
            .to_owned()),
        &column(&lines, |(_, line)| line.step_code.as_str().to_owned()),
        &column(&lines, |(_, line)| i16::from(line.level)),
        &column(&lines, |(_, line)| i16::from(line.item_level)),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn delete_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    message_id: MessageId,
) -> Result<(), DbError> {
    sqlx::query!(
        "DELETE FROM message_line WHERE tenant_id = $1 AND message_id = $2",
        tenant.uuid(),
        message_id.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
