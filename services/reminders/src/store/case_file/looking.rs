//! What a case comes to on a day, and whether its customer may be contacted at an instant: the
//! domain's questions with what they need to know.

use calendar::{Date, Timestamp, add_days};
use postgres::{DbError, Tx};
use uuid::Uuid;

use super::CaseFile;
use crate::domain::code::Level;
use crate::domain::consent::{Consent, in_force};
use crate::domain::contact::{ContactAnswer, ContactQuestion, check};
use crate::domain::debtor::Channel;
use crate::domain::hold::HoldReason;
use crate::domain::id::{InvoiceId, MessageId};
use crate::domain::judgement::{Judgement, judge};
use crate::domain::message::Message;
use crate::domain::reason::Reason;
use crate::domain::situation::Situation;
use crate::store::{frequency, row};

/// For which day and instant a case is judged.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The day, in the customer's zone.
    pub on: Date,
    /// The instant at which the contact rules are asked.
    pub at: Timestamp,
    /// Only steps of this level or higher.
    pub min_level: Level,
    /// The message that is being claimed, and its reservation: left out of what is known.
    pub except: Option<MessageId>,
}

impl CaseFile {
    /// Judges the case, contact rules included; none where no strategy serves the customer.
    ///
    /// # Errors
    /// [`DbError`] of the statements; sums that are too large count as one.
    pub async fn judge_in_tx(
        &self,
        tx: &mut Tx,
        asked: &Asked,
    ) -> Result<Option<Judgement>, DbError> {
        let Some((version, ladder)) = self.strategy() else {
            return Ok(None);
        };
        let messages = self.messages_but(asked.except);
        let situation = Situation {
            invoices: &self.invoices,
            holds: &self.holds,
            unapplied: &self.unapplied,
            messages: &messages,
            last_message: self.last_message(),
        };
        let judged = judge(
            &situation,
            &ladder,
            &version.name(),
            asked.on,
            asked.min_level,
        );
        let mut judgement = row::read("open_amount", judged)?;
        if let Some(letter) = &judgement.letter {
            let about = letter.invoice_ids();
            let except = asked.except.map(MessageId::uuid);
            let channel = letter.step.channel;
            let answer = self
                .contact_in_tx(tx, channel, &about, asked.at, None, except)
                .await?;
            judgement.heed(answer);
        }
        Ok(Some(judgement))
    }

    /// Why nothing of a message is due any more: all of it is settled, or the steps went on (P21).
    #[must_use]
    pub fn why_not_due(&self, message: &Message) -> Reason {
        let owed = |id: &InvoiceId| {
            let invoice = self.invoices.iter().find(|one| one.invoice_id == *id);
            invoice.is_some_and(|one| one.oldest_due_date().is_some())
        };
        match message.invoice_ids().iter().any(owed) {
            true => Reason::StepChanged,
            false => Reason::Paid,
        }
    }

    /// Whether the customer may be contacted through a channel about some invoices at an instant.
    /// `held` is the reason for which all of it is held, `except` a reservation that is left out.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn contact_in_tx(
        &self,
        tx: &mut Tx,
        channel: Channel,
        invoice_ids: &[InvoiceId],
        at: Timestamp,
        held: Option<HoldReason>,
        except: Option<Uuid>,
    ) -> Result<ContactAnswer, DbError> {
        let (tenant, customer_id) = (self.tenant, self.case.customer_id);
        let policy = self.policy(self.zones.local_date(at));
        let caps = policy.map(|policy| policy.definition.frequency_caps.as_slice());
        let furthest = caps
            .unwrap_or_default()
            .iter()
            .map(|cap| cap.window_days)
            .max();
        let today = self.zones.local_date(at);
        let from = add_days(today, furthest.unwrap_or(0).saturating_neg()).unwrap_or(Date::MIN);
        let said = self.consents.iter().filter(|one| one.channel == channel);
        let said: Vec<Consent> = said.cloned().collect();
        let contacts = frequency::contacts_in_tx(tx, tenant, customer_id, from, except).await?;
        Ok(check(&ContactQuestion {
            channel,
            zones: &self.zones,
            policy,
            consent: in_force(&said, at),
            held,
            contacts: &contacts,
            invoice_ids,
            at,
        }))
    }
}
