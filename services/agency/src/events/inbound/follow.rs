//! Placements that follow what is owed: each event of invoicing becomes entries of the placements
//! that have its invoices, commission on what was paid directly, and the end of a placement on
//! which nothing is owed any more.
//!
//! Placements are locked in the order of their identities. All of it commits with the event.

use calendar::Date;
use contracts::common::Event as Announced;
use contracts::invoicing as wire;
use events::ApplyError;
use postgres::{TenantId, Tx};
use uuid::Uuid;

use super::{booking, facts};
use crate::app::App;
use crate::domain::commission::{Commission, CommissionStamp};
use crate::domain::debt::Debt;
use crate::domain::event::Event;
use crate::domain::identity::{AgencyId, ApplicationId, CommissionId, InvoiceId, ReceiptId};
use crate::domain::placement::{
    BalanceChange, Cash, CashKind, CashPart, DirectPayment, Movement, Origin, Placement,
};
use crate::jobs::locked::{Cause, LockedPlacement};
use crate::store;

/// Which way money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To invoices.
    Applied,
    /// From them again.
    TakenBack,
}

/// The money of an application.
#[derive(Debug)]
pub(super) struct Money {
    pub(super) application_id: ApplicationId,
    pub(super) receipt_id: ReceiptId,
    pub(super) way: Way,
    /// The day of the payment, or of its reversal.
    date: Date,
    pub(super) parts: Vec<CashPart>,
}

impl Money {
    /// The money of an application that was applied, or of its reversal.
    pub(super) fn read(application: &wire::Application, way: Way) -> Result<Self, ApplyError> {
        let (allocations, date) = match (way, &application.reversal) {
            (Way::TakenBack, Some(reversal)) => {
                let date = facts::date(reversal.reversal_date.as_ref(), "reversal_date")?;
                (&reversal.reopened, date)
            }
            (Way::TakenBack, None) => return Err(facts::malformed("reversal")),
            (Way::Applied, _) => {
                let date = facts::date(application.receipt_date.as_ref(), "receipt_date")?;
                (&application.allocations, date)
            }
        };
        let part = |allocation: &wire::Allocation| {
            Ok(CashPart {
                invoice_id: facts::parsed(&allocation.invoice_id, "invoice_id")?,
                amount: facts::money(allocation.amount.as_ref(), "amount")?,
            })
        };
        Ok(Self {
            application_id: facts::parsed(&application.application_id, "application_id")?,
            receipt_id: facts::parsed(&application.receipt_id, "receipt_id")?,
            way,
            date,
            parts: allocations
                .iter()
                .map(part)
                .collect::<Result<_, ApplyError>>()?,
        })
    }
}

/// Lets every placement with one of the invoices follow, and books the line of a remittance whose
/// receipt it was.
pub(super) async fn follow_in_tx(
    app: &App,
    tx: &mut Tx,
    event: &Announced,
    debts: &[Debt],
    money: Option<&Money>,
) -> Result<(), ApplyError> {
    let tenant: TenantId = facts::parsed(&event.tenant_id, "tenant_id")?;
    let invoices: Vec<InvoiceId> = debts.iter().map(|debt| debt.invoice_id).collect();
    let placements = store::placement_invoice::placements_of_in_tx(tx, tenant, &invoices).await?;
    let line = match money {
        Some(money) => {
            store::remittance_line::find_of_receipt_in_tx(tx, tenant, money.receipt_id).await?
        }
        None => None,
    };
    if placements.is_empty() && line.is_none() {
        return Ok(());
    }
    let known = store::known_tenant::find_in_tx(tx, tenant).await?;
    let zone = facts::needed(known, "the tenant's profile")?.zone;
    let at = app.clock.now();
    let cause = Cause {
        at,
        traceparent: &event.traceparent,
    };
    let balances = changes(debts)?;
    let mut movement = Movement {
        balances: &balances,
        cash: None,
        today: zone.local_date(at),
        at,
    };
    for placement_id in placements {
        let Some(mut locked) = LockedPlacement::lock_in_tx(tx, tenant, placement_id).await? else {
            continue;
        };
        movement.cash = match money {
            Some(money) => {
                let agency = line.as_ref().map(|line| line.agency_id);
                Some(cash_in_tx(tx, tenant, &locked.placement, money, agency).await?)
            }
            None => None,
        };
        let told = follow_one_in_tx(app, tx, tenant, &mut locked, &movement).await?;
        let scheduled = locked.save_in_tx(tx, tenant, cause, &told).await?;
        app.pending.add(scheduled);
    }
    match line.as_ref().zip(money) {
        Some((line, money)) => booking::applied_in_tx(app, tx, tenant, line, money, cause).await,
        None => Ok(()),
    }
}

fn changes(debts: &[Debt]) -> Result<Vec<BalanceChange>, ApplyError> {
    let change = |debt: &Debt| {
        Ok(BalanceChange {
            invoice_id: debt.invoice_id,
            version: debt.balance.version,
            open: debt.balance.open.total().map_err(facts::poison)?,
        })
    };
    debts.iter().map(change).collect()
}

/// The money as this placement is to see it.
async fn cash_in_tx<'a>(
    tx: &mut Tx,
    tenant: TenantId,
    placement: &Placement,
    money: &'a Money,
    agency: Option<AgencyId>,
) -> Result<Cash<'a>, ApplyError> {
    let kind = match money.way {
        Way::Applied => CashKind::Applied(agency.map_or(Origin::Debtor, Origin::Agency)),
        Way::TakenBack => {
            let (placement_id, application_id) = (placement.placement_id, money.application_id);
            let counted =
                store::placement_entry::counted_as_in_tx(tx, tenant, placement_id, application_id);
            CashKind::TakenBack {
                counted_as: counted.await?,
            }
        }
    };
    Ok(Cash {
        application_id: money.application_id,
        receipt_id: money.receipt_id,
        kind,
        date: money.date,
        parts: &money.parts,
    })
}

async fn follow_one_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    locked: &mut LockedPlacement,
    movement: &Movement<'_>,
) -> Result<Vec<Event>, ApplyError> {
    let followed = locked.placement.follow(&mut locked.invoices, movement);
    let followed = followed.map_err(facts::poison)?;
    store::placement_entry::insert_all_in_tx(tx, tenant, &followed.entries).await?;
    let mut told = followed.events;
    if let Some(direct) = &followed.direct {
        let stamp = CommissionStamp {
            commission_id: CommissionId::new(Uuid::now_v7()),
            decision: app.stamp(movement.at),
        };
        told.extend(on_direct_in_tx(tx, tenant, &mut locked.placement, direct, stamp).await?);
    }
    locked.placement.close_if_settled(movement.at);
    Ok(told)
}

/// Commission on what the debtor paid us, or taken back with it (AY-6).
async fn on_direct_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement: &mut Placement,
    direct: &DirectPayment,
    stamp: CommissionStamp,
) -> Result<Option<Event>, ApplyError> {
    let earned = if direct.amount.is_negative() {
        let (placement_id, application_id) = (placement.placement_id, direct.application_id);
        let booked =
            store::commission::find_direct_in_tx(tx, tenant, placement_id, application_id).await?;
        let taken_back = booked.map(|booked| booked.take_back(placement, direct.date, stamp));
        taken_back.transpose()
    } else {
        Commission::on_direct_payment(placement, direct, stamp)
    };
    let Some((commission, decision)) = earned.map_err(facts::poison)? else {
        return Ok(None);
    };
    store::decision::insert_in_tx(tx, tenant, &decision).await?;
    store::commission::insert_in_tx(tx, tenant, &commission).await?;
    let booked = placement.book_commission(&commission, decision);
    booked.map(Some).map_err(facts::poison)
}
