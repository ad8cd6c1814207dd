//! ListTasks: the worklist. The highest priority first, then by day.

use contracts::reminders::{ListTasksRequest, ListTasksResponse};
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};

use super::shown::{permitted_in_tx, shown_in_tx};
use crate::app::App;
use crate::domain::id::CaseId;
use crate::domain::task::Task;
use crate::rpc::wire::field;
use crate::rpc::wire::task::{kind_from_wire, state_from_wire};
use crate::store;
use crate::store::task::{Filter, Place};

/// One page in one read transaction. With `permitted_now` each call of the page is held against the
/// rules of this moment, and those that they forbid are left out: such a page may be short, even
/// empty, with more behind it.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListTasksRequest,
) -> Result<ListTasksResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let (tenant, now) = (call.tenant(), app.clock.now());
    let narrows = ListTasksRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<Place>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::task::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    let place = |task: &Task| (task.priority, task.due_date, task.task_id.uuid());
    let (found, next_page_token) = page.cut(rows, place);
    let mut tasks = Vec::with_capacity(found.len());
    for task in found {
        if !request.permitted_now || permitted_in_tx(&mut tx, tenant, &task, now).await? {
            tasks.push(shown_in_tx(&mut tx, tenant, task, now).await?);
        }
    }
    tx.commit().await?;
    Ok(ListTasksResponse {
        tasks,
        next_page_token,
    })
}

fn filter_from_wire(request: &ListTasksRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let case_id = request.case_id.as_deref();
    let case_id = field::filter_id(&mut violations, "case_id", case_id, CaseId::new);
    let (set, stated) = (request.kind.is_some(), kind_from_wire(request.kind()));
    let kind = field::filter_stated(&mut violations, "kind", set, stated);
    let (set, stated) = (request.state.is_some(), state_from_wire(request.state()));
    let state = field::filter_stated(&mut violations, "state", set, stated);
    let due_to = request.due_to_date.as_ref();
    let due_to = field::optional_date(&mut violations, "due_to_date", due_to);
    violations.finish()?;
    Ok(Filter {
        case_id,
        kind,
        state,
        due_to: due_to.flatten(),
    })
}
