//! Pages of customers.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::Row;
use crate::domain::{Coded as _, CountryCode, Customer, CustomerId, CustomerKind, Segment};

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this segment; `Some(None)`: only in that of all others.
    pub segment: Option<Option<Segment>>,
    /// Only of this kind.
    pub kind: Option<CustomerKind>,
    /// Only in this country.
    pub country_code: Option<CountryCode>,
    /// Only those that belong to this customer directly.
    pub parent: Option<CustomerId>,
}

/// Customers behind an instant and identity, oldest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Customer>, DbError> {
    // The empty text stands for the segment of all others, which has no name.
    let segment = filter.segment.as_ref();
    let segment = segment.map(|one| one.as_ref().map_or("", Segment::as_str));
    sqlx::query_as!(
        Row,
        "SELECT customer_id, external_id, display_name, kind, segment, country_code, language,
                time_zone, address, tax_number, parent_customer_id, contacts, credit_policy_code,
                customer_since_date, created_time, version, details_version
           FROM customer
          WHERE tenant_id = $1
            AND ($2::text IS NULL OR coalesce(segment, '') = $2)
            AND ($3::text IS NULL OR kind = $3)
            AND ($4::text IS NULL OR country_code = $4)
            AND ($5::uuid IS NULL OR parent_customer_id = $5)
            AND ($6::timestamptz IS NULL OR (created_time, customer_id) > ($6, $7::uuid))
          ORDER BY created_time, customer_id LIMIT $8",
        tenant.uuid(),
        segment,
        filter.kind.map(|kind| kind.code()),
        filter.country_code.as_ref().map(CountryCode::as_str),
        filter.parent.map(|parent| parent.0),
        after.map(|(created, _)| created.to_sqlx()) as _,
        after.map(|(_, customer_id)| *customer_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_customer)
    .collect()
}
