//! The way of a message to the debtor, from the queue to its end: the protocol of P14 to P19.
//!
//! 1. [`claim`]: under the lock of the case's row the case is judged again, the words are written,
//!    the message is claimed under a lease and the case's epoch, the frequency counters are
//!    reserved. Committed.
//! 2. [`look`]: invoicing is asked what the invoices are worth. No answer, no message.
//! 3. [`decide`]: under the lock again, everything at this instant: epoch, amounts, holds, cash,
//!    hours, caps. HANDING_OFF is committed immediately before the connection.
//! 4. [`hand_over`]: the look's age and the lease are checked once more, then the mail leaves. What
//!    came of it is committed: SENT, refused, not taken, or unknown.
//!
//! The order is what keeps a paid debtor from being reminded (P16), a placed one (P19), and anybody
//! twice (P15): whatever dies between two commits leaves a state that says what is not known. The
//! window that is left, from the last check to the provider's answer, is measured.
//!
//! Leases are real time, the database's; everything else is business time.

mod claim;
mod decide;
mod hand_over;
mod look;
mod outcome;
mod words;

use std::sync::Arc;

use postgres::TenantId;
use runtime::fault;
use timers::{Claim, JobError, Scheduled, Settled};
use tokio::time::Instant;

use self::claim::Claimed;
use self::decide::Decided;
use crate::app::App;
use crate::domain::id::{InvoiceId, MessageId};
use crate::domain::message::Message;

/// The timer of a message.
pub const KIND: &str = "send_message";

/// A message that a sender has claimed.
#[derive(Debug)]
struct Held {
    tenant: TenantId,
    message_id: MessageId,
    invoice_ids: Vec<InvoiceId>,
    /// The lease's token: whoever holds an older one can do nothing more.
    token: i64,
    /// Before the claim was committed, so that the lease never ends earlier than is thought here.
    since: Instant,
}

impl Held {
    fn of(tenant: TenantId, claimed: &Message, since: Instant) -> Self {
        Self {
            tenant,
            message_id: claimed.message_id,
            invoice_ids: claimed.invoice_ids(),
            token: claimed.lease.token,
            since,
        }
    }
}

/// What a try came to.
struct Tried {
    settled: Settled,
    scheduled: Vec<Scheduled>,
    outcome: &'static str,
}

/// Sends a message, or finds out that it is not to be sent.
///
/// # Errors
/// [`JobError`]: invoicing or the database does not answer, or somebody else has the message.
pub async fn run(app: Arc<App>, claim: Claim) -> Result<Settled, JobError> {
    let tried = send(&app, &claim).await?;
    let labels = [opentelemetry::KeyValue::new("outcome", tried.outcome)];
    app.metrics.messages.add(1, &labels);
    app.announce();
    app.wakeups.announce(tried.scheduled);
    Ok(tried.settled)
}

async fn send(app: &App, claim: &Claim) -> Result<Tried, JobError> {
    let (held, mail) = match claim::claim(app, claim).await? {
        Claimed::Held(held, Some(mail)) => (held, Some(*mail)),
        Claimed::Held(held, None) => {
            let stored = hand_over::stored(app, &held).await?;
            (held, stored)
        }
        Claimed::Settled(tried) => return Ok(tried),
    };
    let recipient = mail.as_ref().map(|mail| mail.to.clone());
    // None where an address in it is none.
    let mail = mail.and_then(|mail| mail.written().ok());
    loop {
        let look = look::ask(app, &held).await?;
        match decide::decide(app, claim, &held, &look, mail.is_some()).await? {
            Decided::LookAgain => {}
            Decided::Settled(tried) => return Ok(tried),
            Decided::HandOver => {
                let handed = hand_over::hand_over(app, &held, &look, mail).await;
                fault::point("reminders.send.handed_over");
                return outcome::settle(app, claim, &held, handed, recipient).await;
            }
        }
    }
}
