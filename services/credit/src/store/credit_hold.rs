//! Holds. Who writes one holds the customer's exposure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use serde_json::Value;
use uuid::Uuid;

use super::row;
use crate::domain::{
    Coded as _, CreditHold, CreditHoldId, CreditHoldKind, CreditHoldState, CustomerId, Decision,
    DecisionId, HoldOverride, HoldRelease,
};

/// A hold with the decision that placed it.
struct Row {
    credit_hold_id: Uuid,
    customer_id: Uuid,
    kind: String,
    state: String,
    reason: String,
    end_date: Option<jiff_sqlx::Date>,
    placed_by: String,
    placed_time: jiff_sqlx::Timestamp,
    override_reason: Option<String>,
    override_until: Option<jiff_sqlx::Date>,
    overridden_by: Option<String>,
    overridden_time: Option<jiff_sqlx::Timestamp>,
    released_by: Option<String>,
    release_reason: Option<String>,
    released_time: Option<jiff_sqlx::Timestamp>,
    version: i64,
    decision_id: Option<Uuid>,
    outcome: Option<String>,
    policy_version: Option<String>,
    rules: Option<Value>,
    facts: Option<Value>,
    decided_time: Option<jiff_sqlx::Timestamp>,
}

impl Row {
    fn into_hold(self) -> Result<CreditHold, DbError> {
        let said = self.override_reason.zip(row::date(self.override_until));
        let by = self.overridden_by.zip(self.overridden_time);
        let hold_override = said
            .zip(by)
            .map(|((reason, until_date), (by, time))| HoldOverride {
                reason,
                until_date,
                overridden_by: by,
                overridden_time: time.to_jiff(),
            });
        let released = self.released_by.zip(self.release_reason);
        let release = released
            .zip(self.released_time)
            .map(|((by, reason), time)| HoldRelease {
                released_by: by,
                reason,
                released_time: time.to_jiff(),
            });
        let decided = self.decision_id.zip(self.outcome).zip(self.policy_version);
        let why = self.rules.zip(self.facts).zip(self.decided_time);
        let decision = decided
            .zip(why)
            .map(|(((id, outcome), policy), ((rules, facts), time))| {
                Ok::<_, DbError>(Decision {
                    decision_id: DecisionId(id),
                    outcome,
                    rules: row::from_json("rules", rules)?,
                    policy_version: policy,
                    facts: row::from_json("facts", facts)?,
                    decided_time: time.to_jiff(),
                })
            });
        Ok(CreditHold {
            credit_hold_id: CreditHoldId(self.credit_hold_id),
            customer_id: CustomerId(self.customer_id),
            kind: row::coded::<CreditHoldKind>("kind", &self.kind)?,
            state: row::coded::<CreditHoldState>("state", &self.state)?,
            reason: self.reason,
            end_date: row::date(self.end_date),
            decision: decision.transpose()?,
            placed_by: self.placed_by,
            placed_time: self.placed_time.to_jiff(),
            hold_override,
            release,
            version: self.version,
        })
    }
}

/// Holds with the decisions that placed them.
macro_rules! select {
    ($rest:literal, $($arguments:tt)*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT hold.credit_hold_id, hold.customer_id, hold.kind, hold.state, hold.reason,
                      hold.end_date, hold.placed_by, hold.placed_time, hold.override_reason,
                      hold.override_until, hold.overridden_by, hold.overridden_time,
                      hold.released_by, hold.release_reason, hold.released_time, hold.version,
                      hold.decision_id, why.outcome AS "outcome?",
                      why.policy_version AS "policy_version?", why.rules AS "rules?",
                      why.facts AS "facts?", why.decided_time AS "decided_time?"
                 FROM credit_hold AS hold
                 LEFT JOIN credit_decision AS why
                        ON why.tenant_id = hold.tenant_id
                       AND why.decision_id = hold.decision_id "# + $rest,
            $($arguments)*
        )
    };
}

/// The holds of a customer that are not released, in the order in which they were placed.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn standing_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Vec<CreditHold>, DbError> {
    let found = standing_of_all_in_tx(tx, tenant, [customer_id]).await?;
    Ok(found.into_values().next().unwrap_or_default())
}

/// As [`standing_in_tx`], of several customers.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn standing_of_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customers: impl IntoIterator<Item = CustomerId>,
) -> Result<BTreeMap<CustomerId, Vec<CreditHold>>, DbError> {
    let rows = select!(
        "WHERE hold.tenant_id = $1 AND hold.customer_id = ANY ($2) AND hold.state <> 'RELEASED'
              ORDER BY hold.placed_time, hold.credit_hold_id",
        tenant.uuid(),
        &row::ids(customers),
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut standing: BTreeMap<CustomerId, Vec<CreditHold>> = BTreeMap::new();
    for row in rows {
        let hold = row.into_hold()?;
        standing.entry(hold.customer_id).or_default().push(hold);
    }
    Ok(standing)
}

/// One hold, to read; a change locks the exposure of its customer and reads it again.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    credit_hold_id: CreditHoldId,
) -> Result<Option<CreditHold>, DbError> {
    select!(
        "WHERE hold.tenant_id = $1 AND hold.credit_hold_id = $2",
        tenant.uuid(),
        credit_hold_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_hold)
    .transpose()
}

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only of this kind.
    pub kind: Option<CreditHoldKind>,
    /// Only in one of these states; none: in any.
    pub states: Vec<CreditHoldState>,
}

/// Holds behind an instant and identity, newest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<CreditHold>, DbError> {
    let states = filter.states.iter().map(|state| state.code().to_owned());
    let states: Vec<String> = states.collect();
    select!(
        "WHERE hold.tenant_id = $1
              AND ($2::uuid IS NULL OR hold.customer_id = $2)
              AND ($3::text IS NULL OR hold.kind = $3)
              AND (cardinality($4::text[]) = 0 OR hold.state = ANY ($4))
              AND ($5::timestamptz IS NULL
                   OR (hold.placed_time, hold.credit_hold_id) < ($5, $6::uuid))
              ORDER BY hold.placed_time DESC, hold.credit_hold_id DESC LIMIT $7",
        tenant.uuid(),
        filter.customer_id.map(|customer_id| customer_id.0),
        filter.kind.map(|kind| kind.code()),
        &states,
        after.map(|(placed, _)| placed.to_sqlx()) as _,
        after.map(|(_, credit_hold_id)| *credit_hold_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_hold)
    .collect()
}

/// Stores a hold as it is now, new or changed. The decision of one by facts is stored before it.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn save_in_tx(tx: &mut Tx, tenant: TenantId, hold: &CreditHold) -> Result<(), DbError> {
    let (pass, release) = (hold.hold_override.as_ref(), hold.release.as_ref());
    sqlx::query!(
        "INSERT INTO credit_hold (tenant_id, credit_hold_id, customer_id, kind, state, reason,
                                  end_date, decision_id, placed_by, placed_time, override_reason,
                                  override_until, overridden_by, overridden_time, released_by,
                                  release_reason, released_time, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
         ON CONFLICT (tenant_id, credit_hold_id) DO UPDATE
            SET state = excluded.state, override_reason = excluded.override_reason,
                override_until = excluded.override_until, overridden_by = excluded.overridden_by,
                overridden_time = excluded.overridden_time, released_by = excluded.released_by,
                release_reason = excluded.release_reason, released_time = excluded.released_time,
                version = excluded.version",
        tenant.uuid(),
        hold.credit_hold_id.0,
        hold.customer_id.0,
        hold.kind.code(),
        hold.state.code(),
        hold.reason,
        hold.end_date.map(|day| day.to_sqlx()) as _,
        hold.decision
            .as_ref()
            .map(|decision| decision.decision_id.0),
        hold.placed_by,
        hold.placed_time.to_sqlx() as _,
        pass.map(|pass| pass.reason.as_str()),
        pass.map(|pass| pass.until_date.to_sqlx()) as _,
        pass.map(|pass| pass.overridden_by.as_str()),
        pass.map(|pass| pass.overridden_time.to_sqlx()) as _,
        release.map(|release| release.released_by.as_str()),
        release.map(|release| release.reason.as_str()),
        release.map(|release| release.released_time.to_sqlx()) as _,
        hold.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
