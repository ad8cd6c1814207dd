//! Booking a line of a remittance, and taking it back, in the caller's transaction: the line, its
//! commission, the counts of its remittance, and the report that it answers change together (AY-6).
//! The debt itself follows invoicing's events.

use calendar::Date;
use money::Money;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::book_line;
use super::locked::{Cause, LockedPlacement};
use crate::app::App;
use crate::domain::commission::CommissionStamp;
use crate::domain::event::Event;
use crate::domain::identity::CommissionId;
use crate::domain::remittance_booking::BookedLine;
use crate::domain::remittance_line::{LineError, RemittanceLine, RemittanceLineState};
use crate::store;

/// Why a line was not booked or taken back.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// What the domain found, which it should not.
    #[error(transparent)]
    Line(#[from] LineError),
    /// Something that must be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
}

impl From<money::MoneyError> for BookError {
    fn from(error: money::MoneyError) -> Self {
        Self::Line(error.into())
    }
}

/// Books a line that waits: `applied` of its receipt went to invoices. Answers what is told.
///
/// # Errors
/// [`BookError`].
pub async fn book_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    (locked, line): (&mut LockedPlacement, &mut RemittanceLine),
    applied: Money,
    cause: Cause<'_>,
) -> Result<Vec<Event>, BookError> {
    let was_parked = line.state == RemittanceLineState::Parked;
    let booked = line.book(&mut locked.placement, applied, stamp(app, cause))?;
    let mut told = keep_in_tx(tx, tenant, line, booked).await?;
    let head = store::remittance::lock_in_tx(tx, tenant, line.remittance_id).await?;
    let mut head = head.ok_or(BookError::Missing("the remittance"))?;
    if was_parked {
        head.line_retried();
    }
    told.extend(head.line_booked(cause.at)?);
    store::remittance::save_in_tx(tx, tenant, &head).await?;
    if let Some(reference) = &line.report_reference {
        let agency_id = line.agency_id;
        let report =
            store::agency_report::lock_of_reference_in_tx(tx, tenant, agency_id, reference);
        // One that names another placement is another payment.
        let same = report
            .await?
            .filter(|one| one.placement_id == line.placement_id);
        if let Some(mut report) = same {
            report.remitted(line.remittance_line_id);
            store::agency_report::update_in_tx(tx, tenant, &report).await?;
        }
    }
    let subject = line.remittance_line_id.uuid();
    timers::cancel_in_tx(tx, tenant, book_line::KIND, subject).await?;
    Ok(told)
}

/// Takes a booked line back: its receipt was reversed on `date`. Answers what is told; nothing for
/// one that was taken back before, or never booked.
///
/// # Errors
/// [`BookError`].
pub async fn reverse_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    (locked, line): (&mut LockedPlacement, &mut RemittanceLine),
    date: Date,
    cause: Cause<'_>,
) -> Result<Vec<Event>, BookError> {
    let Some(commission_id) = line.commission_id else {
        return Ok(Vec::new());
    };
    let booked = store::commission::find_in_tx(tx, tenant, commission_id).await?;
    let booked = booked.ok_or(BookError::Missing("the commission"))?;
    let stamp = stamp(app, cause);
    match line.reverse(&mut locked.placement, &booked, date, stamp)? {
        Some(taken_back) => keep_in_tx(tx, tenant, line, taken_back).await,
        None => Ok(Vec::new()),
    }
}

fn stamp(app: &App, cause: Cause<'_>) -> CommissionStamp {
    CommissionStamp {
        commission_id: CommissionId::new(Uuid::now_v7()),
        decision: app.stamp(cause.at),
    }
}

async fn keep_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    line: &RemittanceLine,
    booked: BookedLine,
) -> Result<Vec<Event>, BookError> {
    store::decision::insert_in_tx(tx, tenant, &booked.decision).await?;
    store::commission::insert_in_tx(tx, tenant, &booked.commission).await?;
    store::remittance_line::update_in_tx(tx, tenant, line).await?;
    Ok(booked.events.into())
}
