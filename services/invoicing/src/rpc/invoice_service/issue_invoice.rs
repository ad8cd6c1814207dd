//! IssueInvoice: from here on it is owed.

use std::sync::Arc;

use contracts::invoicing::issue_invoice_request::Subject;
use contracts::invoicing::{IssueInvoiceRequest, IssueInvoiceResponse};
use events::append_in_tx;
use jiff::Timestamp;
use opentelemetry::KeyValue;
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations, fault};
use serde_json::json;

use super::known::{customer_in_tx, issued};
use crate::app::App;
use crate::domain::{Customer, Invoice, InvoiceId, NumberedDocument, Receivable, Standing};
use crate::events::outbound::announce;
use crate::rpc::business_day::today_in_tx;
use crate::rpc::error;
use crate::rpc::heard::until_heard;
use crate::rpc::wire::content::{BroughtInvoice, CustomerKey, new_invoice};
use crate::rpc::wire::field;
use crate::rpc::wire::invoice::invoice_to_wire;
use crate::store;

/// What is to be issued.
enum ToIssue {
    Draft(InvoiceId),
    New(InvoiceId, Box<BroughtInvoice>),
}

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the draft, or write the
///    new invoice; 4. find out whether it is fit and what becomes of it; 5. draw its number, the last
///    lock that is taken; 6. store invoice, open items and entries, and tell it.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: IssueInvoiceRequest,
) -> Result<Answer<IssueInvoiceResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let to_issue = to_issue(&app, request.subject.as_ref())?;
    let key = call.key(&request)?;
    until_heard(&app, || async {
        fault::point("invoicing.issue.before_begin");
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let draft = draft_in_tx(&mut tx, tenant, &to_issue, &request.etag, now).await?;
        let (mut invoice, customer) = draft;
        let today = today_in_tx(&mut tx, tenant, now).await?;
        let invoice_id = invoice.invoice_id;
        let plan = invoice.plan_issue(&customer, today);
        let plan = plan.map_err(|error| error::issue_refused(invoice_id, &error))?;
        let number = draw_in_tx(&mut tx, tenant, &invoice.content.series_code, now).await?;
        app.stamped(|stamp| invoice.issue(plan, number, stamp))
            .map_err(Refusal::internal)?;
        store_in_tx(&mut tx, tenant, &to_issue, &mut invoice).await?;
        let told = announce(now, &issued(&invoice, false)?).map_err(Refusal::internal)?;
        append_in_tx(&mut tx, tenant, call.traceparent(), &[told]).await?;
        let number = invoice.receivable().map(|debt| &debt.invoice_number);
        let facts = json!({ "invoice_number": number });
        let entry = call.audit(format!("invoice/{}", invoice_id.0), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = IssueInvoiceResponse {
            invoice: Some(invoice_to_wire(&invoice).map_err(Refusal::internal)?),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        fault::point("invoicing.issue.before_commit");
        tx.commit().await?;
        fault::point("invoicing.issue.committed");
        let imported = KeyValue::new("imported", false);
        app.metrics.issued_invoices.add(1, &[imported]);
        Ok(Answer::new(answer))
    })
    .await
}

fn to_issue(app: &App, subject: Option<&Subject>) -> Result<ToIssue, Refusal> {
    let mut violations = Violations::new();
    let read = match violations.required("draft_invoice_id", subject) {
        None => None,
        Some(Subject::DraftInvoiceId(id)) => {
            let id = field::id(&mut violations, "draft_invoice_id", id);
            id.map(|id| ToIssue::Draft(InvoiceId(id)))
        }
        Some(Subject::NewInvoice(new)) => {
            let new = violations.within("new_invoice", |violations| new_invoice(violations, new));
            let fresh = || app.stamped(|stamp| InvoiceId(stamp.id()));
            new.map(|new| ToIssue::New(new.invoice_id.unwrap_or_else(fresh), Box::new(new)))
        }
    };
    violations.complete((read,)).map(|(read,)| read)
}

/// The draft, and the customer with the terms that credit announced: no service is asked.
async fn draft_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    to_issue: &ToIssue,
    etag: &str,
    now: Timestamp,
) -> Result<(Invoice, Customer), Refusal> {
    match to_issue {
        ToIssue::Draft(invoice_id) => {
            let draft = store::invoice::lock_in_tx(tx, tenant, *invoice_id).await?;
            let draft = draft.ok_or_else(|| error::invoice_not_found(invoice_id.0))?;
            if matches!(draft.standing, Standing::Draft { .. }) {
                error::check_etag(etag, &field::etag(draft.version()))?;
            }
            let customer = CustomerKey::Id(draft.content.customer_id);
            Ok((draft, customer_in_tx(tx, tenant, &customer).await?))
        }
        ToIssue::New(invoice_id, new) => {
            let customer = customer_in_tx(tx, tenant, &new.brought.customer).await?;
            let content = new.brought.owed_by(customer.customer_id);
            let draft = Invoice::draft(*invoice_id, new.external_id.clone(), content, now);
            Ok((draft.map_err(Refusal::internal)?, customer))
        }
    }
}

async fn draw_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    series_code: &str,
    now: Timestamp,
) -> Result<String, Refusal> {
    let document = NumberedDocument::Invoice;
    let drawn = store::number_series::draw_in_tx(tx, tenant, series_code, document, 1, now).await?;
    let drawn = drawn.map_err(|undrawn| error::undrawn(undrawn, series_code))?;
    let number = drawn.into_iter().next();
    number.ok_or_else(|| Refusal::internal("a series drew nothing"))
}

async fn store_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    to_issue: &ToIssue,
    invoice: &mut Invoice,
) -> Result<(), Refusal> {
    match to_issue {
        ToIssue::Draft(_) => store::invoice::update_in_tx(tx, tenant, invoice).await?,
        ToIssue::New(invoice_id, new) => {
            if !store::invoice::insert_in_tx(tx, tenant, &[invoice], false).await? {
                let external_id = new.external_id.as_deref();
                return Err(error::invoice_exists(*invoice_id, external_id));
            }
        }
    }
    let mut debts: Vec<&mut Receivable> = invoice.receivable_mut().into_iter().collect();
    Ok(store::receivable::insert_items_in_tx(tx, tenant, &mut debts).await?)
}
