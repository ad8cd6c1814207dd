//! GetReceipt.

use contracts::payments::{GetReceiptRequest, GetReceiptResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::rpc::error;
use crate::rpc::wire::receipt::receipt_to_wire;
use crate::rpc::wire::receipt_request::key_from_wire;
use crate::store;
use crate::store::receipt::ReceiptKey;

/// One receipt in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetReceiptRequest,
) -> Result<GetReceiptResponse, Refusal> {
    let key = key_from_wire(&request)?;
    let mut tx = app.db.begin_read(&call).await?;
    let receipt = store::receipt::find_in_tx(&mut tx, call.tenant(), &key).await?;
    tx.commit().await?;
    let receipt = receipt.ok_or_else(|| match key {
        ReceiptKey::Id(id) => error::receipt_not_found(id.0),
        ReceiptKey::External(external_id) => error::receipt_not_found(external_id),
    })?;
    Ok(GetReceiptResponse {
        receipt: Some(receipt_to_wire(&receipt)),
    })
}
