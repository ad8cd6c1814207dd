//! GetAging: a table for each currency, of all customers or of one.

use contracts::convert::date_to_wire;
use contracts::invoicing::{GetAgingRequest, GetAgingResponse};
use runtime::{Call, Refusal, Violations};

use super::selection_in_tx;
use crate::app::App;
use crate::domain::CustomerId;
use crate::rpc::wire::aging::{query_from_wire, table_to_wire};
use crate::rpc::wire::field;
use crate::store;

/// One statement in one report transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetAgingRequest,
) -> Result<GetAgingResponse, Refusal> {
    let mut violations = Violations::new();
    let asked = query_from_wire(&mut violations, request.query.as_ref());
    let customer = request.customer_id.as_deref();
    let customer_id = field::filter_id(&mut violations, "customer_id", customer).map(CustomerId);
    let (asked,) = violations.complete((asked,))?;
    let tenant = call.tenant();
    let mut tx = app.db.begin_report(tenant).await?;
    store::report::plan_anew_in_tx(&mut tx).await?;
    let selection = selection_in_tx(app, &mut tx, tenant, &asked, customer_id).await?;
    let book = store::aging::book_in_tx(&mut tx, tenant, selection).await?;
    tx.commit().await?;
    let tables = book.tables(&asked.scale, selection.as_of_date);
    let tables = tables.map_err(Refusal::internal)?;
    Ok(GetAgingResponse {
        as_of_date: Some(date_to_wire(selection.as_of_date)),
        tables: tables.iter().map(table_to_wire).collect(),
    })
}
