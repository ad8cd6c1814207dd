//! What the frequency caps count. Whoever adds an entry holds the lock of the customer's case row, so
//! that two contacts never take the last place of a cap both (P17).

use std::collections::BTreeMap;

use calendar::{Date, add_days};
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use serde_json::{Value, json};
use uuid::Uuid;

use super::row;
use crate::domain::contact::{ContactMade, ContactPolicy, FrequencyMeasure, FrequencyScope};
use crate::domain::debtor::Channel;
use crate::domain::id::{CustomerId, InvoiceId};

/// A contact that is to count, or to be reserved.
#[derive(Debug, Clone, Copy)]
pub struct Contact<'a> {
    /// The message that reserves it, or the entry of the communication record.
    pub contact_id: Uuid,
    /// With whom.
    pub customer_id: CustomerId,
    /// What it counts as.
    pub made: &'a ContactMade,
}

impl Contact<'_> {
    /// It counts once for the customer and once for each invoice.
    fn subjects(&self) -> Vec<Uuid> {
        let invoices = self.made.invoice_ids.iter().map(|id| id.uuid());
        invoices.chain([self.customer_id.uuid()]).collect()
    }
}

/// Counts a contact that was made, whatever the caps say. Entered again it stays as it was.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn enter_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    contact: &Contact<'_>,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO frequency_entry
             (tenant_id, subject_id, contact_id, local_date, channel, is_conversation)
         SELECT $1, subject_id, $2, $3, $4, $5 FROM unnest($6::uuid[]) AS subject_id
         ON CONFLICT DO NOTHING",
        tenant.uuid(),
        contact.contact_id,
        contact.made.local_date.to_sqlx() as _,
        contact.made.channel.name(),
        contact.made.is_conversation,
        &contact.subjects(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Reserves a contact to come, unless a cap of the policy is reached; tells whether it did. The same
/// rule as [`crate::domain::contact::FrequencyCap::first_free_day`], in one statement.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn reserve_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    contact: &Contact<'_>,
    policy: &ContactPolicy,
) -> Result<bool, DbError> {
    let reserved = sqlx::query!(
        "INSERT INTO frequency_entry
             (tenant_id, subject_id, contact_id, local_date, channel, is_conversation)
         SELECT $1, subject_id, $2, $3, $4, $5 FROM unnest($6::uuid[]) AS subject_id
          WHERE NOT EXISTS (
             SELECT FROM jsonb_to_recordset($7) AS cap
                 (subject_id uuid, max_count bigint, from_date date, channels text[],
                  talks_only boolean)
              WHERE cap.max_count <= (
                 SELECT count(*) FROM frequency_entry entry
                  WHERE entry.tenant_id = $1 AND entry.subject_id = cap.subject_id
                    AND entry.local_date >= cap.from_date
                    AND (cap.channels IS NULL OR entry.channel = ANY (cap.channels))
                    AND (entry.is_conversation OR NOT cap.talks_only)))",
        tenant.uuid(),
        contact.contact_id,
        contact.made.local_date.to_sqlx() as _,
        contact.made.channel.name(),
        contact.made.is_conversation,
        &contact.subjects(),
        caps_of(contact, policy),
    )
    .execute(&mut **tx)
    .await?;
    Ok(reserved.rows_affected() > 0)
}

/// The caps that cover the channel, one entry for each subject they count for.
fn caps_of(contact: &Contact<'_>, policy: &ContactPolicy) -> Value {
    let channel = contact.made.channel;
    let covering = policy
        .definition
        .frequency_caps
        .iter()
        .filter(|cap| cap.channels.is_empty() || cap.channels.contains(&channel));
    let entries = covering.flat_map(|cap| {
        let invoices = contact.made.invoice_ids.iter().map(|id| id.uuid());
        let subjects: Vec<Uuid> = match cap.scope {
            FrequencyScope::Customer => vec![contact.customer_id.uuid()],
            FrequencyScope::Invoice => invoices.collect(),
        };
        let before_today = cap.window_days.saturating_sub(1);
        let from_date = add_days(contact.made.local_date, before_today.saturating_neg());
        let channels = (!cap.channels.is_empty()).then_some(&cap.channels);
        let told = json!({
            "max_count": cap.max_count,
            "from_date": from_date.unwrap_or(Date::constant(1, 1, 1)),
            "channels": channels,
            "talks_only": cap.measure == FrequencyMeasure::Conversations,
        });
        subjects.into_iter().map(move |subject| {
            let mut entry = told.clone();
            if let Value::Object(fields) = &mut entry {
                fields.insert("subject_id".to_owned(), json!(subject));
            }
            entry
        })
    });
    Value::Array(entries.collect())
}

/// Gives back what a message had reserved.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn give_back_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    contact_id: Uuid,
) -> Result<(), DbError> {
    sqlx::query!(
        "DELETE FROM frequency_entry WHERE tenant_id = $1 AND contact_id = $2",
        tenant.uuid(),
        contact_id,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The contacts with a customer from a day on, made and reserved, but for `except`: the one that is
/// asked about.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn contacts_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    from: Date,
    except: Option<Uuid>,
) -> Result<Vec<ContactMade>, DbError> {
    let rows = sqlx::query!(
        "SELECT entry.contact_id, entry.local_date, entry.channel, entry.is_conversation,
                about.subject_id
           FROM frequency_entry entry
           JOIN frequency_entry about
             ON about.tenant_id = $1 AND about.contact_id = entry.contact_id
          WHERE entry.tenant_id = $1 AND entry.subject_id = $2 AND entry.local_date >= $3
            AND ($4::uuid IS NULL OR entry.contact_id <> $4)",
        tenant.uuid(),
        customer_id.uuid(),
        from.to_sqlx() as _,
        except,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut contacts: BTreeMap<Uuid, ContactMade> = BTreeMap::new();
    for found in rows {
        let channel: Channel = row::named("channel", &found.channel)?;
        let contact = contacts.entry(found.contact_id).or_insert(ContactMade {
            local_date: found.local_date.to_jiff(),
            channel,
            is_conversation: found.is_conversation,
            invoice_ids: Vec::new(),
        });
        if found.subject_id != customer_id.uuid() {
            contact.invoice_ids.push(InvoiceId::new(found.subject_id));
        }
    }
    Ok(contacts.into_values().collect())
}
