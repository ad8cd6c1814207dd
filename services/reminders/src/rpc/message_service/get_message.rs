//! GetMessage: with every decision about it.

use contracts::reminders::{GetMessageRequest, GetMessageResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::id::MessageId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::message::message_to_wire;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetMessageRequest,
) -> Result<GetMessageResponse, Refusal> {
    let id = field::only_id("message_id", &request.message_id, MessageId::new)?;
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::message::find_in_tx(&mut tx, call.tenant(), id).await?;
    let message = found.ok_or_else(|| error::message::not_found(id))?;
    let subject = id.uuid();
    let decisions = store::decision::of_subject_in_tx(&mut tx, call.tenant(), subject).await?;
    tx.commit().await?;
    Ok(GetMessageResponse {
        message: Some(message_to_wire(&message, &decisions)),
    })
}
