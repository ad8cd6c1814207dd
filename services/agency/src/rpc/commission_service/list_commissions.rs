//! ListCommissions: newest first, each with its decision.

use std::collections::BTreeMap;

use contracts::agency::{ListCommissionsRequest, ListCommissionsResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use runtime::{Call, Refusal};
use uuid::Uuid;

use crate::app::App;
use crate::domain::decision::Decision;
use crate::domain::identity::DecisionId;
use crate::rpc::wire::commission::{commission_to_wire, filter_from_wire};
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListCommissionsRequest,
) -> Result<ListCommissionsResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let (tenant, narrows) = (call.tenant(), format!("{filter:?}"));
    let listing = Listing::new(tenant, call.method().path, narrows.as_bytes());
    let page = listing.page::<(Timestamp, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::commission::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    let (rows, next_page_token) = page.cut(rows, |entry| {
        (entry.booked_time, entry.commission_id.uuid())
    });
    let ids: Vec<DecisionId> = rows.iter().map(|entry| entry.decision_id).collect();
    let decisions = store::decision::find_all_in_tx(&mut tx, tenant, &ids).await?;
    tx.commit().await?;
    let by_id = |decision: Decision| (decision.decision_id, decision);
    let decisions: BTreeMap<_, _> = decisions.into_iter().map(by_id).collect();
    let shown = rows
        .iter()
        .map(|entry| commission_to_wire(entry, decisions.get(&entry.decision_id)));
    Ok(ListCommissionsResponse {
        commissions: shown.collect(),
        next_page_token,
    })
}
