//! CreatePromise: a debtor's word, and the pause that comes with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use calendar::{Date, Timestamp};
use contracts::reminders::{CreatePromiseRequest, CreatePromiseResponse};
use money::Money;
use postgres::idempotency::{self, Begun};
use postgres::{Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::domain::debtor::Channel;
use crate::domain::event::DomainEvent;
use crate::domain::hold::{Ended, HoldReason};
use crate::domain::id::{CaseId, InvoiceId, PromiseId};
use crate::domain::invoice::CaseInvoice;
use crate::domain::promise::{NewPromise, Promise, PromiseGround, PromisedInvoice};
use crate::rpc::about::named_in_tx;
use crate::rpc::error;
use crate::rpc::wire::debtor::channel_from_wire;
use crate::rpc::wire::field;
use crate::rpc::wire::promise::promise_to_wire;
use crate::store::case_file::CaseFile;

/// What is to be recorded.
struct Told {
    case_id: CaseId,
    invoice_ids: BTreeSet<InvoiceId>,
    amount: Money,
    promised_date: Date,
    channel: Option<Channel>,
    note: String,
    superseded: Option<PromiseId>,
}

/// 1. Parse; 2. take the request id, or answer as the first time; 3. under the lock of the case, hold
///    the promise to what is owed and promised already; 4. store it with its pause; what it replaces
///    ends; 5. plan the case anew, the day of judgement included.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CreatePromiseRequest,
) -> Result<Answer<CreatePromiseResponse>, Refusal> {
    let told = parsed(&request)?;
    let key = call.key(&request)?;
    let (tenant, now) = (call.tenant(), app.clock.now());
    let done = retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok((Answer::replayed(stored), None)),
            Begun::First(begun) => begun,
        };
        let file = CaseFile::lock_in_tx(&mut tx, tenant, told.case_id, now).await?;
        let mut file = file.ok_or_else(|| error::contact::case_not_found(told.case_id))?;
        file.look_up_promises_in_tx(&mut tx).await?;
        let replaced = replaced(&file, told.superseded)?;
        let new = new_promise(&told, &call, now);
        let (promise, event) = made_in_tx(
            &mut tx,
            &mut file,
            &told.invoice_ids,
            new,
            replaced.as_ref(),
        )
        .await?;
        let superseded = match replaced {
            Some(mut replaced) => {
                let ended = replaced.supersede(promise.promise_id);
                ended.map_err(|refused| error::promise::refused(&refused))?;
                let how = Ended {
                    time: now,
                    by: call.actor().to_owned(),
                    note: String::new(),
                };
                file.end_promise_in_tx(&mut tx, replaced.clone(), how)
                    .await?;
                Some(replaced)
            }
            None => None,
        };
        let shown = |one: &Promise| promise_to_wire(one, &[]).map_err(Refusal::internal);
        let answer = CreatePromiseResponse {
            promise: Some(shown(&promise)?),
            superseded_promise: superseded.as_ref().map(shown).transpose()?,
        };
        let facts = json!({ "promise_id": promise.promise_id });
        file.add_promise_in_tx(&mut tx, promise, event).await?;
        let entry = call.audit(format!("case/{}", told.case_id), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let scheduled = file.save_in_tx(&mut tx, call.traceparent()).await?;
        begun.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok::<_, Refusal>((Answer::new(answer), scheduled))
    })
    .await;
    let (answer, scheduled) = done?;
    app.wakeups.announce(scheduled);
    Ok(answer)
}

/// The promise of the case that is replaced.
fn replaced(file: &CaseFile, promise_id: Option<PromiseId>) -> Result<Option<Promise>, Refusal> {
    let Some(promise_id) = promise_id else {
        return Ok(None);
    };
    let found = file.promise(promise_id).cloned();
    let found = found.ok_or_else(|| error::promise::not_found(promise_id))?;
    // Refused before anything else is judged: what was judged is not replaced.
    let mut tried = found.clone();
    let replaceable = tried.supersede(promise_id);
    replaceable.map_err(|refused| error::promise::refused(&refused))?;
    Ok(Some(found))
}

/// The promise, if the case bears it.
async fn made_in_tx(
    tx: &mut Tx,
    file: &mut CaseFile,
    invoice_ids: &BTreeSet<InvoiceId>,
    new: NewPromise,
    superseded: Option<&Promise>,
) -> Result<(Promise, DomainEvent), Refusal> {
    let named = named_in_tx(tx, file, invoice_ids).await?;
    let promised = file.promises.iter().flat_map(|one| one.invoice_ids.clone());
    let promised: Vec<InvoiceId> = promised.collect();
    file.look_up_in_tx(tx, &promised).await?;
    let opens = opens(&file.invoices).map_err(Refusal::internal)?;
    let is_placed = |id: InvoiceId| {
        let of_agency = |reason| reason == HoldReason::Placement;
        let mut holds = file.holds.iter().filter(|hold| of_agency(hold.reason));
        holds.any(|hold| hold.scope.covers(id))
    };
    let invoices: Vec<PromisedInvoice> = named
        .into_iter()
        .filter_map(|invoice_id| {
            Some(PromisedInvoice {
                invoice_id,
                open_amount: opens.get(&invoice_id).copied()?,
                is_placed: is_placed(invoice_id),
            })
        })
        .collect();
    let is_other = |one: &&Promise| Some(one.promise_id) != superseded.map(|one| one.promise_id);
    let others: Vec<Promise> = file.promises.iter().filter(is_other).cloned().collect();
    let strategy = file.strategy();
    let ground = PromiseGround {
        terms: strategy
            .as_ref()
            .map(|(version, _)| &version.definition.promise_terms),
        invoices: &invoices,
        others: &others,
        opens: &opens,
        superseded,
        today: file.today(),
    };
    let made = Promise::make(&file.case, new, &ground);
    made.map_err(|refused| error::promise::refused(&refused))
}

/// What is owed on each invoice.
fn opens(invoices: &[CaseInvoice]) -> Result<BTreeMap<InvoiceId, Money>, money::MoneyError> {
    let open = |one: &CaseInvoice| Ok((one.invoice_id, one.open_amount()?));
    invoices.iter().map(open).collect()
}

fn new_promise(told: &Told, call: &Call, now: Timestamp) -> NewPromise {
    NewPromise {
        promise_id: PromiseId::new(Uuid::now_v7()),
        amount: told.amount,
        promised_date: told.promised_date,
        channel: told.channel,
        note: told.note.clone(),
        taken_by: call.actor().to_owned(),
        at: now,
    }
}

fn parsed(request: &CreatePromiseRequest) -> Result<Told, Refusal> {
    let mut violations = Violations::new();
    let case_id = field::id(&mut violations, "case_id", &request.case_id, CaseId::new);
    let invoices = &request.invoice_ids;
    violations.check(!invoices.is_empty(), "invoice_ids", "is required");
    let invoices = field::ids(&mut violations, "invoice_ids", invoices, InvoiceId::new);
    let amount = field::positive_money(&mut violations, "amount", request.amount.as_ref());
    let date = request.promised_date.as_ref();
    let date = field::date(&mut violations, "promised_date", date);
    let set = request.channel.is_some();
    let channel = channel_from_wire(request.channel());
    let channel = field::filter_stated(&mut violations, "channel", set, channel);
    let note = field::note(&mut violations, "note", &request.note, 2000);
    let superseded = &request.superseded_promise_id;
    let name = "superseded_promise_id";
    let superseded = field::optional_id(&mut violations, name, superseded, PromiseId::new);
    let values = (case_id, invoices, amount, date, note, superseded);
    let (case_id, invoice_ids, amount, promised_date, note, superseded) =
        violations.complete(values)?;
    Ok(Told {
        case_id,
        invoice_ids,
        amount,
        promised_date,
        channel,
        note,
        superseded,
    })
}
