//! Handing a mail over: made before the last look, and given to the server after one more
//! check of the look's age and the lease (P16, P19).

use timers::JobError;
use tokio::time::Instant;

use super::Held;
use super::look::Look;
use crate::app::App;
use crate::clients::{Handed, Mail, WrittenMail};
use crate::domain::message::Message;
use crate::store::message;
use crate::store::message::content::{self, Content};
use crate::store::tenant_profile::{self, TenantProfile};

/// The mail of a message as an earlier claim wrote it; none where it is no mail.
pub(super) async fn stored(app: &App, held: &Held) -> Result<Option<Mail>, JobError> {
    let mut tx = app.db.begin_read(held.tenant).await?;
    let claimed = message::find_in_tx(&mut tx, held.tenant, held.message_id).await?;
    let words = content::find_in_tx(&mut tx, held.tenant, held.message_id).await?;
    let profile = tenant_profile::find_in_tx(&mut tx, held.tenant).await?;
    tx.commit().await?;
    let Some(((claimed, words), profile)) = claimed.zip(words).zip(profile) else {
        return Ok(None);
    };
    Ok(Some(mail(app, &claimed, words, profile)))
}

/// A claimed message as a mail.
pub(super) fn mail(app: &App, claimed: &Message, words: Content, profile: TenantProfile) -> Mail {
    Mail {
        message_id: claimed.mail_id(app.mailer.message_id_domain()),
        from: (profile.sender_name, profile.sender_email),
        reply_to: profile.reply_to_email,
        to: words.recipient,
        subject: words.subject,
        text: words.text_body,
        html: words.html_body,
    }
}

/// Gives the mail to the server; what it does not take before the look is too old does not leave.
pub(super) async fn hand_over(
    app: &App,
    held: &Held,
    look: &Look,
    mail: Option<WrittenMail>,
) -> Handed {
    let Some(mail) = mail else {
        return Handed::NotTaken;
    };
    let may_send = || {
        let (since_look, since_claim) = (look.asked.elapsed(), held.since.elapsed());
        app.timing.may_send(since_look, since_claim)
    };
    let begun = Instant::now();
    let handed = app.mailer.hand_over(mail, may_send).await;
    app.metrics.handed_over(begun.elapsed());
    handed
}
