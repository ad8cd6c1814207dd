//! Lines of remittances that follow what became of their receipts: applied, they are booked; taken
//! back, their commission is (AY-6).

use calendar::Date;
use events::ApplyError;
use money::Money as Amount;
use postgres::{TenantId, Tx};

use super::facts;
use super::follow::{Money, Way};
use crate::app::App;
use crate::domain::identity::ReceiptId;
use crate::domain::remittance_line::{RemittanceLine, RemittanceLineState};
use crate::jobs::booked::{self, BookError};
use crate::jobs::locked::{Cause, LockedPlacement};
use crate::store;

impl From<BookError> for ApplyError {
    fn from(error: BookError) -> Self {
        match error {
            BookError::Db(error) => error.into(),
            other => Self::Poison(other.to_string()),
        }
    }
}

/// Money of the line's receipt went to invoices or came back from them. The first that goes books
/// the line.
pub(super) async fn applied_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    line: &RemittanceLine,
    money: &Money,
    cause: Cause<'_>,
) -> Result<(), ApplyError> {
    let Some((mut locked, mut line)) = lock_in_tx(tx, tenant, line).await? else {
        return Ok(());
    };
    let amounts = money.parts.iter().map(|part| part.amount);
    let applied = Amount::sum(line.gross.currency(), amounts).map_err(facts::poison)?;
    let waits = [RemittanceLineState::Pending, RemittanceLineState::Parked].contains(&line.state);
    let told = match money.way {
        Way::Applied if waits => {
            let both = (&mut locked, &mut line);
            booked::book_in_tx(app, tx, tenant, both, applied, cause).await?
        }
        // What nobody booked has nothing to give back.
        Way::TakenBack if waits => return Ok(()),
        way => {
            let more = match way {
                Way::Applied => applied,
                Way::TakenBack => applied.negated(),
            };
            line.apply(more).map_err(facts::poison)?;
            store::remittance_line::update_in_tx(tx, tenant, &line).await?;
            Vec::new()
        }
    };
    let scheduled = locked.save_in_tx(tx, tenant, cause, &told).await?;
    app.pending.add(scheduled);
    Ok(())
}

/// A receipt was reversed on `date`; if it is a line's, that is taken back.
pub(super) async fn receipt_reversed_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    (receipt_id, date): (ReceiptId, Date),
    cause: Cause<'_>,
) -> Result<(), ApplyError> {
    let line = store::remittance_line::find_of_receipt_in_tx(tx, tenant, receipt_id).await?;
    let Some(line) = line else {
        return Ok(());
    };
    let Some((mut locked, mut line)) = lock_in_tx(tx, tenant, &line).await? else {
        return Ok(());
    };
    let both = (&mut locked, &mut line);
    let told = booked::reverse_in_tx(app, tx, tenant, both, date, cause).await?;
    let scheduled = locked.save_in_tx(tx, tenant, cause, &told).await?;
    app.pending.add(scheduled);
    Ok(())
}

async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    seen: &RemittanceLine,
) -> Result<Option<(LockedPlacement, RemittanceLine)>, ApplyError> {
    let locked = LockedPlacement::lock_in_tx(tx, tenant, seen.placement_id).await?;
    let line = store::remittance_line::find_in_tx(tx, tenant, seen.remittance_line_id).await?;
    Ok(locked.zip(line))
}
