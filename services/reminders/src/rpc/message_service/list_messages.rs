//! ListMessages: newest first.

use contracts::reminders::{ListMessagesRequest, ListMessagesResponse};
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};
use uuid::Uuid;

use crate::app::App;
use crate::domain::id::{CaseId, DunningRunId, InvoiceId};
use crate::domain::message::MessageState;
use crate::rpc::wire::debtor::channel_from_wire;
use crate::rpc::wire::field;
use crate::rpc::wire::message::{message_to_wire, state_from_wire};
use crate::store;
use crate::store::message::{Filter, Place};

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListMessagesRequest,
) -> Result<ListMessagesResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let tenant = call.tenant();
    let narrows = ListMessagesRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<Place>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::message::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    let (shown, next_page_token) = page.cut(rows, |one| (one.created_time, one.message_id.uuid()));
    let subjects: Vec<Uuid> = shown.iter().map(|one| one.message_id.uuid()).collect();
    let decisions = store::decision::of_subjects_in_tx(&mut tx, tenant, &subjects).await?;
    tx.commit().await?;
    let messages = shown.iter().map(|one| {
        let decisions = decisions.get(&one.message_id.uuid());
        message_to_wire(one, decisions.map_or(&[], Vec::as_slice))
    });
    let messages = messages.collect();
    Ok(ListMessagesResponse {
        messages,
        next_page_token,
    })
}

fn filter_from_wire(request: &ListMessagesRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let noted = &mut violations;
    let case_id = field::filter_id(noted, "case_id", request.case_id.as_deref(), CaseId::new);
    let invoice = request.invoice_id.as_deref();
    let invoice_id = field::filter_id(noted, "invoice_id", invoice, InvoiceId::new);
    let run = request.dunning_run_id.as_deref();
    let dunning_run_id = field::filter_id(noted, "dunning_run_id", run, DunningRunId::new);
    let states = field::stated_set(noted, "states", &request.states, state_from_wire);
    let (set, stated) = (
        request.channel.is_some(),
        channel_from_wire(request.channel()),
    );
    let channel = field::filter_stated(noted, "channel", set, stated);
    let from = field::optional_date(noted, "step_from_date", request.step_from_date.as_ref());
    let to = field::optional_date(noted, "step_to_date", request.step_to_date.as_ref());
    let step_code = request.step_code.as_deref();
    field::filter_text(noted, "step_code", step_code, field::CODE_CHARS);
    violations.finish()?;
    let states: Vec<MessageState> = states.unwrap_or_default().into_iter().collect();
    Ok(Filter {
        case_id,
        invoice_id,
        dunning_run_id,
        states,
        channel,
        step_code: request.step_code.clone(),
        from: from.flatten(),
        to: to.flatten(),
    })
}
