//! ListCases: the most urgent first.

use calendar::Zone;
use contracts::reminders::{ListCasesRequest, ListCasesResponse};
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::rpc::wire::case::{case_to_wire, state_from_wire};
use crate::rpc::wire::field;
use crate::rpc::wire::hold::reason_from_wire;
use crate::store;
use crate::store::case::{Filter, Place};
use crate::store::case_file::CaseFile;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListCasesRequest,
) -> Result<ListCasesResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let (tenant, now) = (call.tenant(), app.clock.now());
    let narrows = ListCasesRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<Place>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let profile = store::tenant_profile::find_in_tx(&mut tx, tenant).await?;
    let today = profile
        .map_or_else(Zone::utc, |one| one.zone)
        .local_date(now);
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::case::list_in_tx(&mut tx, tenant, &filter, today, after, limit).await?;
    let (shown, next_page_token) = page.cut(rows, |(case, next)| {
        let time = next.as_ref().map(|next| next.action_time);
        (case.priority, time, case.case_id.uuid())
    });
    let mut cases = Vec::with_capacity(shown.len());
    for (case, next) in shown {
        let file = CaseFile::read_in_tx(&mut tx, tenant, case.case_id, now).await?;
        if let Some(file) = file {
            cases.push(case_to_wire(&file, next.as_ref()).map_err(Refusal::internal)?);
        }
    }
    tx.commit().await?;
    Ok(ListCasesResponse {
        cases,
        next_page_token,
    })
}

fn filter_from_wire(request: &ListCasesRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let (set, stated) = (request.state.is_some(), state_from_wire(request.state()));
    let state = field::filter_stated(&mut violations, "state", set, stated);
    let set = request.hold_reason.is_some();
    let stated = reason_from_wire(request.hold_reason());
    let hold_reason = field::filter_stated(&mut violations, "hold_reason", set, stated);
    let level = request.min_level.map(u8::try_from).transpose();
    let min_level = violations.parsed("min_level", level).flatten();
    let segment = request.segment.as_deref();
    field::filter_text(&mut violations, "segment", segment, field::SEGMENT_CHARS);
    let before = request.next_action_before_time.as_ref();
    let before = field::optional_instant(&mut violations, "next_action_before_time", before);
    violations.finish()?;
    Ok(Filter {
        state,
        overdue: request.overdue,
        min_level: min_level.map(i16::from),
        hold_reason,
        segment: request.segment.clone(),
        next_action_before: before.flatten(),
    })
}
