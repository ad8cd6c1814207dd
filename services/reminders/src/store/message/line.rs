//! What messages ask for, line by line.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
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
    for (number, line) in (1_i32..).zip(&message.lines) {
        sqlx::query!(
            "INSERT INTO message_line (tenant_id, message_id, number, invoice_id, invoice_number,
                                       open_item_id, due_date, days_past_due, open_amount,
                                       asked_amount, currency, step_code, level, item_level)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            tenant.uuid(),
            message.message_id.uuid(),
            number,
            line.invoice_id.uuid(),
            line.invoice_number,
            line.open_item_id.uuid(),
            line.due_date.to_sqlx() as _,
            line.days_past_due,
            line.open_amount.amount(),
            line.asked_amount.amount(),
            line.open_amount.currency().code(),
            line.step_code.as_str(),
            i16::from(line.level),
            i16::from(line.item_level),
        )
        .execute(&mut **tx)
        .await?;
    }
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
