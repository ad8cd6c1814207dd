//! Setting money of many receipts aside at once: decided one after the other, written together, so
//! that hundreds cost a handful of statements. Must not ask: that comes after the commit.

use events::{NewEvent, append_in_tx};
use jiff::Timestamp;
use postgres::{TenantId, Tx};
use runtime::Refusal;

use super::booking::Receipts;
use crate::domain::{
    ApplicationOrder, Assigned, DomainEvent, Receipt, ReceiptApplication, ReceiptEntry,
    ReceiptError, Share, Stamp,
};
use crate::events::outbound::{announce, announce_cash};
use crate::store;
use crate::store::ledger::Change;
use crate::store::receipt_application::Driver;

/// Money that was set aside and is not stored yet.
#[derive(Debug)]
pub struct SetAside {
    /// The application that it is for.
    pub application: ReceiptApplication,
    driver: Driver,
    entry: ReceiptEntry,
    before: Share,
    assigned: Option<Assigned>,
}

impl SetAside {
    /// Sets money of a locked receipt aside; a receipt of nobody yet becomes the customer's whose
    /// items are settled. On an error nothing has changed.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn reserve(
        receipt: &mut Receipt,
        order: ApplicationOrder,
        driver: Driver,
        stamp: &mut Stamp<'_>,
    ) -> Result<Self, ReceiptError> {
        let (before, mut after) = (receipt.share(), receipt.clone());
        let assigned = match (after.customer_id, order.customer_id) {
            (None, Some(customer_id)) => after.assign(customer_id)?,
            _ => None,
        };
        let (application, entry) = ReceiptApplication::reserve(&mut after, order, stamp)?;
        *receipt = after;
        Ok(Self {
            application,
            driver,
            entry,
            before,
            assigned,
        })
    }

    fn told<'a>(&self, receipt: &'a Receipt) -> Option<DomainEvent<'a>> {
        let previous_customer_id = self.assigned?.previous_customer_id;
        Some(DomainEvent::ReceiptAssigned {
            receipt,
            previous_customer_id,
        })
    }
}

/// Stores what was set aside of `receipts`, at most once of each, and tells what follows from it.
///
/// # Errors
/// The database's.
pub async fn store_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    receipts: &Receipts,
    set_aside: &[SetAside],
    now: Timestamp,
) -> Result<(), Refusal> {
    if set_aside.is_empty() {
        return Ok(());
    }
    let (mut changes, mut reserved, mut told) = (Vec::new(), Vec::new(), Vec::new());
    for one in set_aside {
        let receipt = receipts.get(&one.application.receipt_id);
        let receipt = receipt.ok_or_else(|| Refusal::internal("a receipt that is not locked"))?;
        changes.push(Change {
            receipt,
            before: one.before,
            entries: std::slice::from_ref(&one.entry),
        });
        reserved.push((&one.application, one.driver));
        told.extend(one.told(receipt).map(|event| announce(now, &event)));
    }
    let cash = store::ledger::change_in_tx(tx, tenant, &changes).await?;
    store::receipt_application::insert_all_in_tx(tx, tenant, &reserved).await?;
    told.extend(announce_cash(now, &cash));
    let told: Vec<NewEvent> = told;
    Ok(append_in_tx(tx, tenant, "", &told).await?)
}
