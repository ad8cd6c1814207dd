//! What we do with the events of invoicing: keep what is owed, and let placements follow it.
//!
//! Every event that changes what is owed carries the balances after it, complete, so that all of
//! them are treated alike; those of applications tell besides where the money came from.

use contracts::common::Event;
use contracts::invoicing as wire;
use events::ApplyError;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use postgres::{TenantId, Tx};

use super::facts;
use super::follow::{self, Money, Way};
use crate::app::App;
use crate::domain::debt::Debt;
use crate::rpc::wire::balance::debt_from_wire;
use crate::store;

/// What an event says, as far as it concerns what is owed.
#[derive(Debug, Default)]
struct Told {
    balances: Vec<wire::InvoiceBalance>,
    money: Option<Money>,
}

/// Applies one event in the transaction of its batch.
pub fn apply<'a>(
    app: &'a App,
    tx: &'a mut Tx,
    event: &'a Event,
) -> BoxFuture<'a, Result<(), ApplyError>> {
    async move {
        let tenant: TenantId = facts::parsed(&event.tenant_id, "tenant_id")?;
        let Some(told) = read(event)? else {
            return Ok(());
        };
        let debts: Result<Vec<Debt>, _> = told.balances.iter().map(debt_from_wire).collect();
        let debts = debts.map_err(facts::poison)?;
        for debt in &debts {
            store::known_invoice::upsert_in_tx(tx, tenant, debt).await?;
        }
        follow::follow_in_tx(app, tx, event, &debts, told.money.as_ref()).await?;
        facts::count(app, event);
        Ok(())
    }
    .boxed()
}

/// What the event says; none: nothing that concerns what is owed.
fn read(event: &Event) -> Result<Option<Told>, ApplyError> {
    /// The one balance that an event of this type carries, if it carries one.
    macro_rules! with_one {
        ($($kind:ident)+) => {
            $(if facts::is::<wire::$kind>(event) {
                let told: wire::$kind = facts::read(event)?;
                return Ok(Some(Told {
                    balances: told.balance_after.into_iter().collect(),
                    money: None,
                }));
            })+
        };
    }
    with_one! {
        InvoiceIssued InvoiceVoided CreditNoteIssued DisputeOpened DisputeResolved
        InvoiceWrittenOff WriteOffReversed
    }
    if facts::is::<wire::CustomerCreditApplied>(event) {
        let told: wire::CustomerCreditApplied = facts::read(event)?;
        return Ok(Some(Told {
            balances: told.balances_after,
            money: None,
        }));
    }
    if facts::is::<wire::ApplicationApplied>(event) {
        let told: wire::ApplicationApplied = facts::read(event)?;
        let application = facts::needed(told.application, "application")?;
        return Ok(Some(Told {
            money: Some(Money::read(&application, Way::Applied)?),
            balances: told.balances_after,
        }));
    }
    if facts::is::<wire::ApplicationReversed>(event) {
        let told: wire::ApplicationReversed = facts::read(event)?;
        let application = facts::needed(told.application, "application")?;
        return Ok(Some(Told {
            money: Some(Money::read(&application, Way::TakenBack)?),
            balances: told.balances_after,
        }));
    }
    Ok(None)
}
