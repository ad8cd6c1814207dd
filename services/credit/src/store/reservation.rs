//! Reservations. Who writes one holds the customer's exposure.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use money::Decimal;
use postgres::{DbError, TenantId, Tx};
use serde_json::Value;
use uuid::Uuid;

use super::row;
use crate::domain::{
    Coded as _, CustomerId, DecisionId, Reservation, ReservationId, ReservationState,
};

struct Row {
    reservation_id: Uuid,
    customer_id: Uuid,
    order_reference: String,
    state: String,
    currency: String,
    amount: Decimal,
    remaining_amount: Decimal,
    expected_invoice_date: Option<jiff_sqlx::Date>,
    expires_time: Option<jiff_sqlx::Timestamp>,
    uses: Value,
    decision_id: Uuid,
    created_time: jiff_sqlx::Timestamp,
    ended_time: Option<jiff_sqlx::Timestamp>,
    version: i64,
}

impl Row {
    fn into_reservation(self) -> Result<Reservation, DbError> {
        Ok(Reservation {
            reservation_id: ReservationId(self.reservation_id),
            customer_id: CustomerId(self.customer_id),
            order_reference: self.order_reference,
            state: row::coded::<ReservationState>("state", &self.state)?,
            amount: row::money(self.amount, &self.currency)?,
            remaining_amount: row::money(self.remaining_amount, &self.currency)?,
            expected_invoice_date: row::date(self.expected_invoice_date),
            expires_time: self.expires_time.map(jiff_sqlx::Timestamp::to_jiff),
            uses: row::from_json("uses", self.uses)?,
            decision_id: DecisionId(self.decision_id),
            created_time: self.created_time.to_jiff(),
            ended_time: self.ended_time.map(jiff_sqlx::Timestamp::to_jiff),
            version: self.version,
        })
    }
}

/// Stores a new reservation; `false`: its identity is taken, and nothing is written.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    reservation: &Reservation,
) -> Result<bool, DbError> {
    let inserted = sqlx::query!(
        "INSERT INTO reservation (tenant_id, reservation_id, customer_id, order_reference, state,
                                  currency, amount, remaining_amount, expected_invoice_date,
                                  expires_time, uses, decision_id, created_time, ended_time,
                                  version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         ON CONFLICT ON CONSTRAINT reservation_pkey DO NOTHING",
        tenant.uuid(),
        reservation.reservation_id.0,
        reservation.customer_id.0,
        reservation.order_reference,
        reservation.state.code(),
        reservation.amount.currency().code(),
        reservation.amount.amount(),
        reservation.remaining_amount.amount(),
        reservation.expected_invoice_date.map(|day| day.to_sqlx()) as _,
        reservation.expires_time.map(|time| time.to_sqlx()) as _,
        row::to_json(&reservation.uses)?,
        reservation.decision_id.0,
        reservation.created_time.to_sqlx() as _,
        reservation.ended_time.map(|time| time.to_sqlx()) as _,
        reservation.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Stores where a reservation stands.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    reservation: &Reservation,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE reservation
            SET state = $3, remaining_amount = $4, expires_time = $5, uses = $6, ended_time = $7,
                version = $8
          WHERE tenant_id = $1 AND reservation_id = $2",
        tenant.uuid(),
        reservation.reservation_id.0,
        reservation.state.code(),
        reservation.remaining_amount.amount(),
        reservation.expires_time.map(|time| time.to_sqlx()) as _,
        row::to_json(&reservation.uses)?,
        reservation.ended_time.map(|time| time.to_sqlx()) as _,
        reservation.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A reservation, to read; a change locks the exposure of its customer and reads it again.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    reservation_id: ReservationId,
) -> Result<Option<Reservation>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT reservation_id, customer_id, order_reference, state, currency, amount,
                remaining_amount, expected_invoice_date, expires_time, uses, decision_id,
                created_time, ended_time, version
           FROM reservation WHERE tenant_id = $1 AND reservation_id = $2",
        tenant.uuid(),
        reservation_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_reservation)
    .transpose()
}

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only in one of these states; none: in any.
    pub states: Vec<ReservationState>,
    /// Only for this order.
    pub order_reference: Option<String>,
}

/// Reservations behind an instant and identity, newest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Reservation>, DbError> {
    let states: Vec<String> = filter
        .states
        .iter()
        .map(|state| state.code().to_owned())
        .collect();
    sqlx::query_as!(
        Row,
        "SELECT reservation_id, customer_id, order_reference, state, currency, amount,
                remaining_amount, expected_invoice_date, expires_time, uses, decision_id,
                created_time, ended_time, version
           FROM reservation
          WHERE tenant_id = $1
            AND ($2::uuid IS NULL OR customer_id = $2)
            AND (cardinality($3::text[]) = 0 OR state = ANY ($3))
            AND ($4::text IS NULL OR order_reference = $4)
            AND ($5::timestamptz IS NULL OR (created_time, reservation_id) < ($5, $6::uuid))
          ORDER BY created_time DESC, reservation_id DESC LIMIT $7",
        tenant.uuid(),
        filter.customer_id.map(|customer_id| customer_id.0),
        &states,
        filter.order_reference,
        after.map(|(created, _)| created.to_sqlx()) as _,
        after.map(|(_, reservation_id)| *reservation_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_reservation)
    .collect()
}
