//! GetBankLine: one line with the decision behind its match.

use contracts::payments::{GetBankLineRequest, GetBankLineResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::BankLineId;
use crate::rpc::error;
use crate::rpc::wire::bank_line::line_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetBankLineRequest,
) -> Result<GetBankLineResponse, Refusal> {
    let id = BankLineId(field::only_id("bank_line_id", &request.bank_line_id)?);
    let mut tx = app.db.begin_read(&call).await?;
    let line = store::bank_line::find_in_tx(&mut tx, call.tenant(), id).await?;
    tx.commit().await?;
    let line = line.ok_or_else(|| error::bank_line_not_found(id))?;
    Ok(GetBankLineResponse {
        bank_line: Some(line_to_wire(&line)),
    })
}
