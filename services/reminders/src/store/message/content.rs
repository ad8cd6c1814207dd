//! The words of messages, as fixed when they were claimed: personal data.

use postgres::{DbError, TenantId, Tx};

use crate::domain::id::MessageId;

/// The words of a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// The address.
    pub recipient: String,
    /// BCP 47.
    pub language: String,
    /// The subject; empty for a call.
    pub subject: String,
    /// The text part, or the script of a call.
    pub text_body: String,
    /// The HTML part; empty where there is none.
    pub html_body: String,
}

/// Stores the words of a message, or those it has after being claimed anew.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn save_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    message_id: MessageId,
    content: &Content,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO message_content (tenant_id, message_id, recipient, language, subject,
                                      text_body, html_body)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (tenant_id, message_id) DO UPDATE
            SET recipient = EXCLUDED.recipient, language = EXCLUDED.language,
                subject = EXCLUDED.subject, text_body = EXCLUDED.text_body,
                html_body = EXCLUDED.html_body",
        tenant.uuid(),
        message_id.uuid(),
        content.recipient,
        content.language,
        content.subject,
        content.text_body,
        content.html_body,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The words of a message, once it was claimed.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    message_id: MessageId,
) -> Result<Option<Content>, DbError> {
    Ok(sqlx::query_as!(
        Content,
        "SELECT recipient, language, subject, text_body, html_body
           FROM message_content WHERE tenant_id = $1 AND message_id = $2",
        tenant.uuid(),
        message_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?)
}
