//! GetMessageContent: the words as fixed when the message was claimed.

use contracts::reminders::{GetMessageContentRequest, GetMessageContentResponse};
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::id::MessageId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::message::content_to_wire;
use crate::store::message;
use crate::store::message::content;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetMessageContentRequest,
) -> Result<GetMessageContentResponse, Refusal> {
    let id = field::only_id("message_id", &request.message_id, MessageId::new)?;
    let mut tx = app.db.begin_read(&call).await?;
    let known = message::case_of_in_tx(&mut tx, call.tenant(), id).await?;
    known.ok_or_else(|| error::message::not_found(id))?;
    let words = content::find_in_tx(&mut tx, call.tenant(), id).await?;
    tx.commit().await?;
    let words = words.ok_or_else(|| error::message::not_rendered(id))?;
    Ok(GetMessageContentResponse {
        content: Some(content_to_wire(words)),
    })
}
