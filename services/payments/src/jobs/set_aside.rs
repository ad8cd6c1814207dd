//! Setting money of many receipts aside at once: decided one after the other, written together, so
//! that hundreds cost a handful of statements; and, once that is committed, asking invoicing about
//! all of it in one call and booking its answers together. Must not do both in one transaction.

use events::append_in_tx;
use jiff::Timestamp;
use postgres::{TenantId, Tx, retried};
use runtime::{Errand, Refusal};

use super::booking::{Books, Receipts};
use crate::app::App;
use crate::clients;
use crate::domain::{
    ApplicationOrder, Assigned, DomainEvent, Receipt, ReceiptApplication, ReceiptEntry,
    ReceiptError, ReceiptId, Share, Stamp,
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
    Ok(append_in_tx(tx, tenant, "", &told).await?)
}

/// Asks invoicing about what was set aside, at most [`clients::MOST_ITEMS`], and books its answers.
/// May be asked again and again: what was answered before answers the same.
///
/// # Errors
/// UNAVAILABLE, ABORTED or DEADLINE_EXCEEDED while invoicing has not answered; INTERNAL for an answer
/// that cannot be booked; the database's.
pub async fn ask(
    app: &App,
    tenant: TenantId,
    errand: Errand,
    asked: &[ReceiptApplication],
) -> Result<(), Refusal> {
    let answers = clients::apply_credits(&app.invoicing, errand, asked).await?;
    let receipt_ids: Vec<ReceiptId> = asked.iter().map(|one| one.receipt_id).collect();
    retried(|| async {
        let mut tx = app.db.begin(tenant).await?;
        let mut receipts = store::receipt::lock_all_in_tx(&mut tx, tenant, &receipt_ids).await?;
        let books = Books::new(app, tenant, "");
        let booked = books.book_in_tx(&mut tx, &mut receipts, &answers).await?;
        tx.commit().await?;
        books.count(&booked);
        Ok(())
    })
    .await
}
