//! GetBankStatementImport: one import with its counts as they are now.

use contracts::payments::{GetBankStatementImportRequest, GetBankStatementImportResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::BankStatementImportId;
use crate::rpc::error;
use crate::rpc::wire::bank_statement::import_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetBankStatementImportRequest,
) -> Result<GetBankStatementImportResponse, Refusal> {
    let id = &request.bank_statement_import_id;
    let id = BankStatementImportId(field::only_id("bank_statement_import_id", id)?);
    let mut tx = app.db.begin_read(&call).await?;
    let import = store::bank_statement_import::find_in_tx(&mut tx, call.tenant(), id).await?;
    tx.commit().await?;
    let import = import.ok_or_else(|| error::bank_statement_import_not_found(id))?;
    Ok(GetBankStatementImportResponse {
        bank_statement_import: Some(import_to_wire(&import)),
    })
}
