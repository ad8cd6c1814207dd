//! What bears on a case, read in one statement, and a second one where a promise runs: a case is opened
//! for every fact and every step, and one statement a table would be a dozen ways to the database.

use std::collections::BTreeSet;

use calendar::{Date, SignedDuration, Timestamp, Zone};
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};

use super::{CaseFile, LOOK};
use crate::domain::case::Case;
use crate::domain::cash::{UnappliedCash, cover};
use crate::domain::debtor::Debtor;
use crate::domain::zones::Zones;
use crate::store::{
    case_invoice, cash, consent, contact_policy, customer, hold, message, promise, row,
    strategy_version,
};

struct Row {
    debtor: Vec<customer::Row>,
    cash: Vec<cash::Row>,
    policies: Vec<contact_policy::Row>,
    strategies: Vec<strategy_version::Row>,
    invoices: Vec<case_invoice::Row>,
    holds: Vec<hold::Row>,
    has_promise: bool,
    has_running_promise: bool,
    messages: Vec<message::OnCaseRow>,
    consents: Vec<consent::Row>,
    has_open_task: bool,
    has_timer: bool,
    look_time: Option<jiff_sqlx::Timestamp>,
    real_time: jiff_sqlx::Timestamp,
}

/// The file of a case as its database stands.
///
/// # Errors
/// [`DbError`] of the statement.
pub(super) async fn of_case_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    case: Case,
    now: Timestamp,
) -> Result<CaseFile, DbError> {
    let found = sqlx::query_file_as!(
        Row,
        "src/store/case_file/reading.sql",
        tenant.uuid(),
        case.case_id.uuid(),
        case.customer_id.uuid(),
        begun_everywhere(now).to_sqlx() as _,
        LOOK,
    )
    .fetch_one(&mut **tx)
    .await?;
    let debtor = all(found.debtor, customer::Row::into_debtor)?.pop();
    let zones = debtor.as_ref().map_or_else(nowhere, Debtor::zones);
    let today = zones.local_date(now);
    let cash: Vec<UnappliedCash> = all(found.cash, cash::Row::into_cash)?;
    let mut messages = all(found.messages, message::OnCaseRow::into_message)?;
    messages.retain(|(_, one)| one.step_date >= today || !one.state.is_final());
    // Most cases have none that runs; those that do are read apart, because one plan would not fit both.
    let promises = match found.has_running_promise {
        true => promise::of_case_in_tx(tx, tenant, case.case_id).await?,
        false => Vec::new(),
    };
    Ok(CaseFile {
        tenant,
        now,
        real_now: found.real_time.to_jiff(),
        invoices: all(found.invoices, case_invoice::Row::into_invoice)?,
        holds: all(found.holds, hold::Row::into_hold)?,
        unapplied: row::read("unapplied_amount", cover(&cash))?,
        promises,
        has_unread_promises: found.has_promise && !found.has_running_promise,
        messages,
        strategies: all(found.strategies, strategy_version::Row::into_version)?,
        policies: all(found.policies, contact_policy::Row::into_policy)?,
        consents: all(found.consents, consent::Row::into_consent)?,
        has_open_task: found.has_open_task,
        has_timer: found.has_timer,
        look_time: row::time(found.look_time),
        touched: BTreeSet::new(),
        events: Vec::new(),
        case,
        debtor,
        zones,
    })
}

/// A day that is today or past in every zone: none is a whole day behind UTC.
fn begun_everywhere(now: Timestamp) -> Date {
    let yesterday = now.saturating_sub(SignedDuration::from_hours(24));
    Zone::utc().local_date(yesterday.unwrap_or(now))
}

fn all<R, T>(rows: Vec<R>, read: impl Fn(R) -> Result<T, DbError>) -> Result<Vec<T>, DbError> {
    rows.into_iter().map(read).collect()
}

/// The zones of a customer of whom nothing is known.
fn nowhere() -> Zones {
    Zones::of(None, "")
}
