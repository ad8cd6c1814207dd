//! The log of the mail sink beside the table of messages: what left, left once (P15); what was sent
//! according to the table did leave (P14); and nothing left for an invoice that had been paid or
//! placed for longer than the window W (P16, P19).

use std::collections::BTreeMap;

use calendar::Timestamp;
use sqlx::PgPool;
use testkit::ReceivedMail;
use uuid::Uuid;

use crate::Installation;

/// The window W of P16, in whole milliseconds: what came less than this before a mail may have been
/// overtaken by it.
const WINDOW_MS: i64 = 2_000;

/// What is wrong with the mails, each as text.
pub async fn doubled_or_lost(installation: &Installation) -> Vec<String> {
    let mails = installation.mails.mails();
    let mut taken: BTreeMap<Uuid, Vec<&ReceivedMail>> = BTreeMap::new();
    let mut found = Vec::new();
    for mail in &mails {
        match message_of(mail) {
            Some(message_id) => taken.entry(message_id).or_default().push(mail),
            None => found.push(format!("P15 a mail of no message: {:?}", mail.message_id())),
        }
    }
    let messages = messages(installation.database("reminders")).await;
    for (message_id, mails) in &taken {
        if mails.len() > 1 {
            found.push(format!(
                "P15 message {message_id} left {} times",
                mails.len()
            ));
        }
        match messages.get(message_id).map(String::as_str) {
            Some("SENT" | "UNKNOWN") => {}
            state => found.push(format!("P15 message {message_id} left and is {state:?}")),
        }
    }
    let sent = messages.iter().filter(|(_, state)| *state == "SENT");
    for (message_id, _) in sent.filter(|(message_id, _)| !taken.contains_key(*message_id)) {
        found.push(format!("P14 message {message_id} is SENT and never left"));
    }
    for (promise, settled) in settled_at(installation).await {
        found.extend(too_late(installation, promise, &settled, &taken).await);
    }
    found
}

/// The message that a mail is, by its Message-ID.
fn message_of(mail: &ReceivedMail) -> Option<Uuid> {
    let id = mail.message_id()?;
    id.split('@').next()?.parse().ok()
}

async fn messages(reminders: &PgPool) -> BTreeMap<Uuid, String> {
    let sql = "SELECT message_id, state FROM message WHERE channel = 'EMAIL'";
    let rows: Vec<(Uuid, String)> = sqlx::query_as(sql)
        .fetch_all(reminders)
        .await
        .expect("the messages");
    rows.into_iter().collect()
}

/// From when on nobody may be written to about an invoice, in milliseconds since 1970.
async fn settled_at(installation: &Installation) -> [(&'static str, BTreeMap<Uuid, i64>); 2] {
    let paid = "SELECT i.invoice_id, (extract(epoch FROM max(e.created_time)) * 1000)::bigint
           FROM open_item i JOIN invoice_entry e USING (tenant_id, invoice_id)
          GROUP BY i.invoice_id HAVING max(i.open_amount) = 0";
    let placed = "SELECT invoice_id, (extract(epoch FROM min(activated_time)) * 1000)::bigint
           FROM placement_invoice JOIN placement USING (tenant_id, placement_id)
          WHERE placement.state = 'ACTIVE' AND placement_invoice.state = 'INCLUDED'
          GROUP BY invoice_id";
    let times = async |service: &'static str, sql: &'static str| -> BTreeMap<Uuid, i64> {
        let rows: Vec<(Uuid, i64)> = sqlx::query_as(sql)
            .fetch_all(installation.database(service))
            .await
            .expect("when invoices were settled");
        rows.into_iter().collect()
    };
    [
        ("P16 after paid", times("invoicing", paid).await),
        ("P19 after placed", times("agency", placed).await),
    ]
}

async fn too_late(
    installation: &Installation,
    promise: &str,
    settled: &BTreeMap<Uuid, i64>,
    taken: &BTreeMap<Uuid, Vec<&ReceivedMail>>,
) -> Vec<String> {
    let sql = "SELECT message_id, invoice_id FROM message_line";
    let lines: Vec<(Uuid, Uuid)> = sqlx::query_as(sql)
        .fetch_all(installation.database("reminders"))
        .await
        .expect("the lines of the messages");
    let mut found = Vec::new();
    for (message_id, invoice_id) in lines {
        let Some(settled_ms) = settled.get(&invoice_id) else {
            continue;
        };
        for mail in taken.get(&message_id).into_iter().flatten() {
            let late_ms = milliseconds(mail.time) - settled_ms;
            if late_ms > WINDOW_MS {
                found.push(format!("{promise}: message {message_id}, {late_ms} ms"));
            }
        }
    }
    found
}

fn milliseconds(time: Timestamp) -> i64 {
    time.as_millisecond()
}
