//! The words of a message: the template in force, with the facts of the case, in the language of
//! whoever it goes to.

use postgres::{DbError, Tx};

use crate::domain::content::{CustomerFacts, Facts, MessageFacts, Sender, render};
use crate::domain::debtor::Recipient;
use crate::domain::id::MessageId;
use crate::domain::letter::Letter;
use crate::domain::reason::Reason;
use crate::domain::template::TemplateVersion;
use crate::store::case_file::CaseFile;
use crate::store::message::content::Content;
use crate::store::template_version;
use crate::store::tenant_profile::{self, TenantProfile};

/// The words, and who gave them.
pub(super) struct Words {
    /// To whom and what.
    pub(super) content: Content,
    /// `template/reminder@2`; empty for a call without a script.
    pub(super) template_version: String,
    /// As whom; none for a call without a script.
    pub(super) sender: Option<TenantProfile>,
}

/// Writes a letter, or says why it cannot be written: [`Reason::NoAddress`],
/// [`Reason::TemplateFailed`].
///
/// # Errors
/// [`DbError`] of the statements.
pub(super) async fn written_in_tx(
    tx: &mut Tx,
    file: &CaseFile,
    letter: &Letter,
    message_id: MessageId,
) -> Result<Result<Words, Reason>, DbError> {
    let channel = letter.step.channel;
    let recipient = file.debtor.as_ref().and_then(|one| one.recipient(channel));
    let Some(recipient) = recipient else {
        return Ok(Err(Reason::NoAddress));
    };
    let Some(code) = &letter.step.template_code else {
        // A call without a script: the person knows what to say.
        return Ok(Ok(Words {
            content: content(recipient, String::new(), String::new(), String::new()),
            template_version: String::new(),
            sender: None,
        }));
    };
    let template = template_version::active_in_tx(tx, file.tenant, code).await?;
    let sender = tenant_profile::find_in_tx(tx, file.tenant).await?;
    let (Some(template), Some(sender)) = (template, sender) else {
        tracing::warn!(%code, "a template or the tenant's profile is missing");
        return Ok(Err(Reason::TemplateFailed));
    };
    Ok(write(
        file, letter, message_id, recipient, &template, sender,
    ))
}

fn write(
    file: &CaseFile,
    letter: &Letter,
    message_id: MessageId,
    recipient: Recipient,
    template: &TemplateVersion,
    sender: TenantProfile,
) -> Result<Words, Reason> {
    let customer = CustomerFacts {
        name: file
            .debtor
            .as_ref()
            .map(|one| one.display_name.clone())
            .unwrap_or_default(),
        contact_name: recipient.display_name.clone(),
        external_id: file.case.customer_external_id.clone().unwrap_or_default(),
    };
    let message = MessageFacts {
        reference: message_id.to_string(),
        date: letter.step_date,
    };
    let facts = Facts::of_letter(
        Sender::from(&sender),
        customer,
        message,
        letter,
        &file.invoices,
    );
    let facts = facts.map_err(|_| Reason::TemplateFailed)?;
    let written = render(&template.words, &recipient.language, &facts).map_err(|failed| {
        tracing::warn!(%failed, "a template was not rendered");
        Reason::TemplateFailed
    })?;
    let recipient = Recipient {
        language: written.language,
        ..recipient
    };
    Ok(Words {
        content: content(
            recipient,
            written.subject,
            written.text_body,
            written.html_body,
        ),
        template_version: template.name(),
        sender: Some(sender),
    })
}

fn content(recipient: Recipient, subject: String, text_body: String, html_body: String) -> Content {
    Content {
        recipient: recipient.address,
        language: recipient.language,
        subject,
        text_body,
        html_body,
    }
}
