//! What agencies earn on placements. Written once, when a placement becomes ACTIVE.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use calendar::Date;
use jiff_sqlx::ToSqlx as _;
use money::{Decimal, Money};
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::commission_schedule::CommissionMethod;
use crate::domain::commission_terms::{CommissionSlice, CommissionTerms};
use crate::domain::identity::{AgreementId, DecisionId, PlacementId};

/// Stores the terms of a placement.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_id: PlacementId,
    terms: &CommissionTerms,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO commission_terms (tenant_id, placement_id, agreement_id, method, age_days,
                                       foreign_debtor, final_demand_date,
                                       counts_direct_payments, tail_days, decision_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant.uuid(),
        placement_id.uuid(),
        terms.agreement_id.uuid(),
        terms.method.name(),
        terms.age_days,
        terms.foreign,
        terms.final_demand_date.map(Date::to_sqlx) as _,
        terms.counts_direct_payments,
        terms.tail_days,
        terms.decision_id.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    for (slice_number, slice) in (1..).zip(&terms.slices) {
        sqlx::query!(
            "INSERT INTO commission_slice (tenant_id, placement_id, slice_number, currency_code,
                                           from_amount, below_amount, rate)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            tenant.uuid(),
            placement_id.uuid(),
            slice_number,
            slice.from_amount.currency().code(),
            slice.from_amount.amount(),
            slice.below_amount.map(|amount| amount.amount()),
            slice.rate.ratio(),
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

struct Row {
    placement_id: Uuid,
    agreement_id: Uuid,
    method: String,
    age_days: i32,
    foreign_debtor: bool,
    final_demand_date: Option<jiff_sqlx::Date>,
    counts_direct_payments: bool,
    tail_days: i32,
    decision_id: Uuid,
    currency_code: String,
    from_amount: Decimal,
    below_amount: Option<Decimal>,
    rate: Decimal,
}

impl Row {
    fn slice(&self) -> Result<CommissionSlice, DbError> {
        let currency = row::currency(&self.currency_code)?;
        let money = |amount: Decimal| -> Result<Money, DbError> { row::money(amount, currency) };
        Ok(CommissionSlice {
            from_amount: money(self.from_amount)?,
            below_amount: self.below_amount.map(money).transpose()?,
            rate: row::rate(self.rate)?,
        })
    }

    fn terms(&self) -> Result<CommissionTerms, DbError> {
        let method = CommissionMethod::from_name(&self.method);
        Ok(CommissionTerms {
            agreement_id: AgreementId::new(self.agreement_id),
            method: row::named("commission method", method)?,
            age_days: self.age_days,
            foreign: self.foreign_debtor,
            slices: Vec::new(),
            final_demand_date: row::date(self.final_demand_date),
            counts_direct_payments: self.counts_direct_payments,
            tail_days: self.tail_days,
            decision_id: DecisionId::new(self.decision_id),
        })
    }
}

/// The terms of those placements that have some.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_ids: &[PlacementId],
) -> Result<BTreeMap<PlacementId, CommissionTerms>, DbError> {
    let ids: Vec<Uuid> = placement_ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        "SELECT t.placement_id, t.agreement_id, t.method, t.age_days, t.foreign_debtor,
                t.final_demand_date, t.counts_direct_payments, t.tail_days, t.decision_id,
                s.currency_code, s.from_amount, s.below_amount, s.rate
           FROM commission_terms t
           JOIN commission_slice s USING (tenant_id, placement_id)
          WHERE t.tenant_id = $1 AND t.placement_id = ANY ($2)
          ORDER BY t.placement_id, s.slice_number",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut found: BTreeMap<PlacementId, CommissionTerms> = BTreeMap::new();
    for row in &rows {
        let terms = match found.entry(PlacementId::new(row.placement_id)) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(row.terms()?),
        };
        terms.slices.push(row.slice()?);
    }
    Ok(found)
}
