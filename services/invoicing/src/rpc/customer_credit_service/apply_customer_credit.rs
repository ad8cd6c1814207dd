//! ApplyCustomerCredit: what we owe a customer settles what the customer owes.

use std::sync::Arc;

use contracts::invoicing::{ApplyCustomerCreditRequest, ApplyCustomerCreditResponse};
use events::append_in_tx;
use jiff::Timestamp;
use jiff::civil::Date;
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::domain::{
    CustomerCredit, CustomerCreditApplication, CustomerCreditBalance, InvoiceBalance,
    InvoicingEvent, Receivable, Stamp,
};
use crate::events::outbound::announce;
use crate::rpc::business_day::today_in_tx;
use crate::rpc::error;
use crate::rpc::wire::balance::balances_to_wire;
use crate::rpc::wire::customer_credit::{
    CreditUse, credit_application_to_wire, credit_to_wire, credit_use_from_wire,
};
use crate::rpc::wire::field;
use crate::store;
use crate::store::receivable::Wanted;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock what may be settled, then
///    the credit, and compare its etag; 4. decide; 5. store balances, what is left, event, audit
///    entry and answer together.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ApplyCustomerCreditRequest,
) -> Result<Answer<ApplyCustomerCreditResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let order = credit_use_from_wire(&request)?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let today = today_in_tx(&mut tx, tenant, now).await?;
        let mut locked = Locked::lock_in_tx(&mut tx, tenant, &order).await?;
        error::check_etag(&request.etag, &field::etag(locked.credit.version))?;
        let used = locked.decide(&order, today, now)?;
        let total = locked.save_in_tx(&mut tx, tenant, &used).await?;
        tell_in_tx(&mut tx, &call, &locked.credit, &used, total, now).await?;
        let answer = ApplyCustomerCreditResponse {
            application: Some(credit_application_to_wire(&used.0)),
            customer_credit: Some(credit_to_wire(&locked.credit)),
            balances_after: balances_to_wire(&used.1),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}

type Used = (CustomerCreditApplication, Vec<InvoiceBalance>);

/// A credit and what it may settle, both locked.
struct Locked {
    credit: CustomerCredit,
    book: Vec<Receivable>,
}

impl Locked {
    /// Whose the credit is never changes, so it is read first: what is owed is locked before any
    /// credit, in every transaction.
    async fn lock_in_tx(tx: &mut Tx, tenant: TenantId, order: &CreditUse) -> Result<Self, Refusal> {
        let id = order.customer_credit_id;
        let not_found = || error::customer_credit_not_found(id);
        let seen = store::customer_credit::find_in_tx(tx, tenant, id).await?;
        let seen = seen.ok_or_else(not_found)?;
        let mut wanted = Wanted::default();
        let currency = seen.original_amount.currency();
        wanted.add(seen.customer_id, currency, &order.target);
        let book = store::receivable::lock_in_tx(tx, tenant, &wanted).await?;
        let credit = store::customer_credit::lock_in_tx(tx, tenant, id).await?;
        let credit = credit.ok_or_else(not_found)?;
        Ok(Self { credit, book })
    }

    fn decide(&mut self, order: &CreditUse, today: Date, now: Timestamp) -> Result<Used, Refusal> {
        let id = self.credit.customer_credit_id;
        let mut new_id = Uuid::now_v7;
        let mut stamp = Stamp::new(now, &mut new_id);
        let (credit, book) = (&mut self.credit, &mut self.book);
        let used = credit.apply(order.amount, &order.target, book, today, &mut stamp);
        used.map_err(|refused| error::customer_credit_refused(id, &refused))
    }

    /// Answers what the customer has in credit then.
    async fn save_in_tx(
        &mut self,
        tx: &mut Tx,
        tenant: TenantId,
        (used, _): &Used,
    ) -> Result<CustomerCreditBalance, Refusal> {
        let mut changed = store::receivable::unsaved(&mut self.book);
        store::receivable::save_in_tx(tx, tenant, &mut changed).await?;
        store::customer_credit::save_use_in_tx(tx, tenant, &mut self.credit, used).await?;
        let (whose, currency) = (used.customer_id, used.amount.currency());
        let total = store::customer_credit_balance::lock_in_tx(tx, tenant, whose, currency).await;
        let mut total = total?;
        let moved = total.move_by(used.amount.negated());
        moved.map_err(Refusal::internal)?;
        store::customer_credit_balance::save_in_tx(tx, tenant, &total).await?;
        Ok(total)
    }
}

async fn tell_in_tx(
    tx: &mut Tx,
    call: &Call,
    credit: &CustomerCredit,
    (used, balances): &Used,
    customer_credit_after: CustomerCreditBalance,
    now: Timestamp,
) -> Result<(), Refusal> {
    let told = InvoicingEvent::CustomerCreditApplied {
        application: used.clone(),
        customer_credit_version: credit.version,
        balances_after: balances.clone(),
        customer_credit_after,
    };
    let told = [announce(now, &told).map_err(Refusal::internal)?];
    append_in_tx(tx, call.tenant(), call.traceparent(), &told).await?;
    let subject = format!("customer_credit/{}", credit.customer_credit_id.0);
    let facts = json!({ "amount": used.amount.to_string() });
    Ok(audit::record_in_tx(tx, &call.audit(subject, facts, now)).await?)
}
