//! What became of placements that were ACTIVE, for the comparison of agencies.

use std::collections::BTreeMap;

use calendar::Date;
use jiff_sqlx::ToSqlx as _;
use money::Currency;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::{placement, row};
use crate::domain::agency_result::{Dated, PlacementHistory};
use crate::domain::identity::{AgencyId, PlacementId};

/// Which placements are compared.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Only with this agency.
    pub agency_id: Option<AgencyId>,
    /// Only in this currency.
    pub currency: Option<Currency>,
    /// Only of this day or later.
    pub from_date: Option<Date>,
    /// Only of this day or earlier.
    pub to_date: Option<Date>,
}

/// What came, by placement, through the agency or directly; and what the agency earned.
const RECOVERED: &str = "RECOVERED";
const DIRECT: &str = "DIRECT";
const COMMISSION: &str = "COMMISSION";

/// The placements with what came of them, day by day.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn histories_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: Filter,
) -> Result<Vec<PlacementHistory>, DbError> {
    let ids = sqlx::query_scalar!(
        "SELECT placement_id FROM placement
          WHERE tenant_id = $1 AND placement_date IS NOT NULL
            AND ($2::uuid IS NULL OR agency_id = $2)
            AND ($3::text IS NULL OR currency_code = $3)
            AND ($4::date IS NULL OR placement_date >= $4)
            AND ($5::date IS NULL OR placement_date <= $5)",
        tenant.uuid(),
        filter.agency_id.map(AgencyId::uuid),
        filter.currency.map(Currency::code),
        filter.from_date.map(Date::to_sqlx) as _,
        filter.to_date.map(Date::to_sqlx) as _,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut sums = dated_in_tx(tx, tenant, &ids).await?;
    let ids: Vec<PlacementId> = ids.into_iter().map(PlacementId::new).collect();
    let mut histories = Vec::with_capacity(ids.len());
    for placement in placement::find_all_in_tx(tx, tenant, &ids).await? {
        let id = placement.placement_id.uuid();
        let mut of_kind = |kind: &str| sums.remove(&(id, kind.to_owned())).unwrap_or_default();
        histories.push(PlacementHistory {
            agency_id: placement.agency_id,
            placement_date: row::named("placement date", placement.placement_date)?,
            amounts: placement.amounts,
            close_code: placement.close_code,
            recovered: of_kind(RECOVERED),
            direct: of_kind(DIRECT),
            commissions: of_kind(COMMISSION),
        });
    }
    Ok(histories)
}

async fn dated_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_ids: &[Uuid],
) -> Result<BTreeMap<(Uuid, String), Vec<Dated>>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT placement_id AS "placement_id!", kind AS "kind!",
                  currency_code AS "currency_code!", dated AS "dated!: jiff_sqlx::Date",
                  sum(amount) AS "amount!"
             FROM (SELECT placement_id, kind, currency_code, entry_date AS dated, amount
                     FROM placement_entry
                    WHERE tenant_id = $1 AND placement_id = ANY ($2)
                      AND kind IN ('RECOVERED', 'DIRECT')
                    UNION ALL
                   SELECT placement_id, 'COMMISSION', currency_code, paid_date, amount
                     FROM commission
                    WHERE tenant_id = $1 AND placement_id = ANY ($2)) AS happened
            GROUP BY placement_id, kind, currency_code, dated
            ORDER BY placement_id, kind, dated"#,
        tenant.uuid(),
        placement_ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut sums: BTreeMap<(Uuid, String), Vec<Dated>> = BTreeMap::new();
    for row in rows {
        let currency = row::currency(&row.currency_code)?;
        sums.entry((row.placement_id, row.kind))
            .or_default()
            .push(Dated {
                date: row.dated.to_jiff(),
                amount: row::money(row.amount, currency)?,
            });
    }
    Ok(sums)
}
