//! The projection of invoices, and debts as the policy sees them: with how far reminding has come,
//! what holds them, and where they are placed.

use jiff_sqlx::ToSqlx as _;
use money::Decimal;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::debt::{Balance, Debt, HoldReason, Ladder, OpenParts};
use crate::domain::identity::{CustomerId, InvoiceId};

/// Stores what an invoice is worth, unless something newer is known (P24). Ladder, holds and
/// placements are kept elsewhere.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn upsert_in_tx(tx: &mut Tx, tenant: TenantId, debt: &Debt) -> Result<(), DbError> {
    let open = &debt.balance.open;
    sqlx::query!(
        "INSERT INTO known_invoice (tenant_id, invoice_id, customer_id, invoice_number,
                                    external_id, invoice_date, currency_code, open_principal,
                                    open_fees, open_interest, disputed_amount, oldest_due_date,
                                    invoice_version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (tenant_id, invoice_id) DO UPDATE
            SET open_principal = excluded.open_principal, open_fees = excluded.open_fees,
                open_interest = excluded.open_interest,
                disputed_amount = excluded.disputed_amount,
                oldest_due_date = excluded.oldest_due_date,
                invoice_version = excluded.invoice_version
          WHERE known_invoice.invoice_version < excluded.invoice_version",
        tenant.uuid(),
        debt.invoice_id.uuid(),
        debt.customer_id.uuid(),
        debt.invoice_number,
        debt.invoice_external_id,
        debt.invoice_date.to_sqlx() as _,
        debt.currency().code(),
        open.principal.amount(),
        open.fees.amount(),
        open.interest.amount(),
        debt.balance.disputed.amount(),
        debt.balance.oldest_due_date.map(|day| day.to_sqlx()) as _,
        debt.balance.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

struct Row {
    invoice_id: Uuid,
    customer_id: Uuid,
    invoice_number: String,
    external_id: Option<String>,
    invoice_date: jiff_sqlx::Date,
    currency_code: String,
    open_principal: Decimal,
    open_fees: Decimal,
    open_interest: Decimal,
    disputed_amount: Decimal,
    oldest_due_date: Option<jiff_sqlx::Date>,
    invoice_version: i64,
    level: i32,
    completed: bool,
    last_step_date: Option<jiff_sqlx::Date>,
    holds: Vec<String>,
    placed: bool,
    earlier_placements: i64,
}

impl Row {
    fn into_debt(self) -> Result<Debt, DbError> {
        let currency = row::currency(&self.currency_code)?;
        let holds = self.holds.iter();
        let holds = holds.map(|reason| row::named("hold reason", HoldReason::from_name(reason)));
        Ok(Debt {
            invoice_id: InvoiceId::new(self.invoice_id),
            customer_id: CustomerId::new(self.customer_id),
            invoice_number: self.invoice_number,
            invoice_external_id: self.external_id,
            invoice_date: self.invoice_date.to_jiff(),
            balance: Balance {
                version: self.invoice_version,
                open: OpenParts {
                    principal: row::money(self.open_principal, currency)?,
                    fees: row::money(self.open_fees, currency)?,
                    interest: row::money(self.open_interest, currency)?,
                },
                disputed: row::money(self.disputed_amount, currency)?,
                oldest_due_date: row::date(self.oldest_due_date),
            },
            ladder: Ladder {
                level: self.level,
                completed: self.completed,
                last_step_date: row::date(self.last_step_date),
            },
            holds: holds.collect::<Result<_, _>>()?,
            placed: self.placed,
            earlier_placements: row::read("count", i32::try_from(self.earlier_placements))?,
        })
    }
}

/// Those debts that invoicing has announced.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoice_ids: &[InvoiceId],
) -> Result<Vec<Debt>, DbError> {
    let ids: Vec<Uuid> = invoice_ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        Row,
        r#"SELECT i.invoice_id, i.customer_id, i.invoice_number, i.external_id, i.invoice_date,
                  i.currency_code, i.open_principal, i.open_fees, i.open_interest,
                  i.disputed_amount, i.oldest_due_date, i.invoice_version,
                  coalesce(l.level, 0) AS "level!", coalesce(l.completed, false) AS "completed!",
                  l.last_step_date AS "last_step_date?",
                  ARRAY(SELECT h.reason FROM known_hold h
                         WHERE h.tenant_id = i.tenant_id AND h.customer_id = i.customer_id
                           AND (h.whole_case OR EXISTS (
                               SELECT FROM known_hold_invoice hi
                                WHERE hi.tenant_id = h.tenant_id AND hi.hold_id = h.hold_id
                                  AND hi.invoice_id = i.invoice_id))) AS "holds!",
                  EXISTS (SELECT FROM placement_invoice p
                           WHERE p.tenant_id = i.tenant_id AND p.invoice_id = i.invoice_id
                             AND p.held) AS "placed!",
                  (SELECT count(*) FROM placement_invoice p
                     JOIN placement ON placement.tenant_id = p.tenant_id
                      AND placement.placement_id = p.placement_id
                    WHERE p.tenant_id = i.tenant_id AND p.invoice_id = i.invoice_id
                      AND p.state = 'INCLUDED' AND placement.activated_time IS NOT NULL)
                      AS "earlier_placements!"
             FROM known_invoice i
             LEFT JOIN known_ladder l ON l.tenant_id = i.tenant_id AND l.invoice_id = i.invoice_id
            WHERE i.tenant_id = $1 AND i.invoice_id = ANY ($2)
            ORDER BY i.invoice_id"#,
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_debt)
    .collect()
}

/// The invoices of customers with something open.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn open_of_customers_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_ids: &[CustomerId],
) -> Result<Vec<InvoiceId>, DbError> {
    let ids: Vec<Uuid> = customer_ids.iter().map(|id| id.uuid()).collect();
    let found = sqlx::query_scalar!(
        "SELECT invoice_id FROM known_invoice
          WHERE tenant_id = $1 AND customer_id = ANY ($2) AND oldest_due_date IS NOT NULL",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(found.into_iter().map(InvoiceId::new).collect())
}
