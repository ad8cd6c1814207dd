//! The mails that went out, one by one, against what the databases say: each is a message that was
//! sent, none left after what it asks for was paid (P16), none outside the permitted hours where the
//! debtor is (P17).

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use calendar::BusinessCalendar;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use money::Decimal;
use sqlx::PgConnection;
use stores::Stores;
use uuid::Uuid;

use super::Check;
use super::databases::Databases;
use super::eml::{self, MailFile};
use super::ledger::Ledger;

/// What was found.
#[derive(Debug, Clone)]
pub struct Mails {
    /// Every check, those that hold too.
    pub checks: Vec<Check>,
    /// How many mails each step sent, by level.
    pub by_step: Vec<StepMails>,
    /// The mails, by name.
    pub files: Vec<MailFile>,
}

/// The mails of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepMails {
    /// The step.
    pub step_code: String,
    /// Its place on the ladder, from 1 on.
    pub level: i16,
    /// How many mails it sent.
    pub sent: usize,
}

/// A message as reminders keeps it.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Message {
    message_id: Uuid,
    state: String,
    step_code: String,
    level: i16,
    recipient: String,
}

/// What a message asked for.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Line {
    message_id: Uuid,
    invoice_number: String,
    open_item_id: Uuid,
    asked_amount: Decimal,
}

/// Checks the mails in a folder, which are all of one tenant.
///
/// # Errors
/// The folder or a database cannot be read.
pub async fn check(folder: &Path, stores: &Stores, tenant: Uuid) -> anyhow::Result<Mails> {
    let files = eml::read_all(folder).await?;
    let mut databases = Databases::open(stores).await?;
    let messages = messages(&mut databases.reminders, tenant).await?;
    let lines = lines(&mut databases.reminders, tenant).await?;
    let ledger = Ledger::read(&mut databases.invoicing, tenant).await?;
    let checks = vec![
        each_is_a_message(&files, &messages),
        each_message_is_one(&files, &messages),
        not_after_paid(&files, &lines, &ledger),
        within_hours(&files, &mut databases.reminders, tenant).await?,
    ];
    let by_step = by_step(&files, &messages);
    Ok(Mails {
        checks,
        by_step,
        files,
    })
}

/// A mail of unknown outcome may be there; nothing else may.
fn each_is_a_message(files: &[MailFile], messages: &BTreeMap<Uuid, Message>) -> Check {
    let mut check = Check::of(
        "P14",
        "each mail is a message that was sent, to its recipient",
    );
    for file in files {
        let message = messages.get(&file.message_id);
        let known = message.is_some_and(|message| {
            let out = matches!(message.state.as_str(), "SENT" | "UNKNOWN");
            out && message.recipient == file.recipient
        });
        check.look(known, || match message {
            None => format!("{}: no message has this Message-ID", file.name),
            Some(message) => format!("{}: {} to {}", file.name, message.state, message.recipient),
        });
    }
    check
}

fn each_message_is_one(files: &[MailFile], messages: &BTreeMap<Uuid, Message>) -> Check {
    let mut check = Check::of("P15", "each message that was sent is one mail");
    for message in messages.values().filter(|message| message.state == "SENT") {
        let of_it = files
            .iter()
            .filter(|file| file.message_id == message.message_id);
        let count = of_it.count();
        check.look(count == 1, || {
            format!("message {}: {count} mails", message.message_id)
        });
    }
    check
}

/// Of every line as much must have been open as was asked for, by what was known before the mail left.
/// What became known at the very instant does not count: the clock of a sandbox stands while work is
/// done, and cannot tell which came first.
fn not_after_paid(files: &[MailFile], lines: &[Line], ledger: &Ledger) -> Check {
    let mut steps: BTreeMap<Uuid, Vec<(Timestamp, Decimal)>> = BTreeMap::new();
    for step in ledger.invoices.iter().flat_map(|invoice| &invoice.steps) {
        let of_item = steps.entry(step.open_item_id).or_default();
        of_item.push((step.known_time, step.amount));
    }
    let times: BTreeMap<Uuid, &MailFile> =
        files.iter().map(|file| (file.message_id, file)).collect();
    let mut check = Check::of("P16", "no mail asks for what was paid before");
    for line in lines {
        let Some(file) = times.get(&line.message_id) else {
            continue;
        };
        let of_item = steps.get(&line.open_item_id).map_or(&[][..], Vec::as_slice);
        let before = of_item.iter().filter(|(known, _)| *known < file.time);
        let open: Decimal = before.map(|(_, amount)| *amount).sum();
        check.look(line.asked_amount <= open, || {
            let (number, asked) = (&line.invoice_number, line.asked_amount.normalize());
            let open = open.normalize();
            format!(
                "{}: asks for {asked} of {number}, open was {open}",
                file.name
            )
        });
    }
    check
}

/// What a mail is judged by: the wall where the debtor is, and the rules in force there on that day.
#[derive(sqlx::FromRow)]
struct Judged {
    name: String,
    wall: String,
    local_date: jiff_sqlx::Date,
    within: bool,
    calendar_code: Option<String>,
}

/// Postgres tells the wall's time, by time zones of its own.
async fn within_hours(
    files: &[MailFile],
    reminders: &mut PgConnection,
    tenant: Uuid,
) -> anyhow::Result<Check> {
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let ids: Vec<Uuid> = files.iter().map(|file| file.message_id).collect();
    let times: Vec<_> = files.iter().map(|file| file.time.to_sqlx()).collect();
    let judged: Vec<Judged> = sqlx::query_as(PERMITTED)
        .bind(tenant)
        .bind(&names)
        .bind(&ids)
        .bind(&times)
        .fetch_all(reminders)
        .await
        .context("the permitted hours")?;
    let mut check = Check::of(
        "P17",
        "no mail left outside the permitted hours of the debtor",
    );
    for mail in judged {
        let holiday = holiday(mail.calendar_code.as_deref(), mail.local_date.to_jiff())?;
        check.look(mail.within && !holiday, || {
            let why = if holiday { "a holiday" } else { "closed" };
            format!("{}: {} there, {why}", mail.name, mail.wall)
        });
    }
    Ok(check)
}

/// A debtor without a zone is judged as closed: nothing tells what the wall shows there.
const PERMITTED: &str = "
    SELECT mail.name, coalesce(mail.wall::text, 'an unknown time') AS wall,
           coalesce(mail.wall, mail.sent_time AT TIME ZONE 'UTC')::date AS local_date,
           coalesce(EXISTS (
               SELECT FROM jsonb_array_elements(policy.definition -> 'permitted_hours') hours
                WHERE hours -> 'weekdays' ? trim(to_char(mail.wall, 'DAY'))
                  AND mail.wall::time >= (hours -> 'window' ->> 'open')::time
                  AND mail.wall::time < (hours -> 'window' ->> 'close')::time
                  AND (hours -> 'channels' = '[]' OR hours -> 'channels' ? 'EMAIL')), false)
           AND NOT coalesce(policy.definition -> 'closed_dates' ? mail.wall::date::text, false)
               AS within,
           policy.definition ->> 'calendar_code' AS calendar_code
      FROM (SELECT file.name, file.sent_time, customer.tenant_id, customer.country_code,
                   customer.kind, file.sent_time AT TIME ZONE customer.time_zone AS wall
              FROM unnest($2::text[], $3::uuid[], $4::timestamptz[])
                   AS file (name, message_id, sent_time)
              JOIN message ON message.tenant_id = $1 AND message.message_id = file.message_id
              JOIN customer USING (tenant_id, customer_id)) mail
      LEFT JOIN LATERAL (
           SELECT definition FROM contact_policy
            WHERE tenant_id = mail.tenant_id AND valid_from_date <= mail.wall::date
              AND (country_code IS NULL OR country_code = mail.country_code)
              AND (debtor_kind IS NULL OR debtor_kind = mail.kind)
            ORDER BY (country_code IS NOT NULL) DESC, (debtor_kind IS NOT NULL) DESC,
                     valid_from_date DESC
            LIMIT 1) policy ON true
     ORDER BY mail.name";

fn holiday(calendar_code: Option<&str>, day: Date) -> anyhow::Result<bool> {
    let Some(code) = calendar_code else {
        return Ok(false);
    };
    let calendar = BusinessCalendar::built_in(code)?;
    Ok(calendar.holiday_name(day).is_some())
}

fn by_step(files: &[MailFile], messages: &BTreeMap<Uuid, Message>) -> Vec<StepMails> {
    let mut counts: BTreeMap<(i16, &str), usize> = BTreeMap::new();
    for message in files
        .iter()
        .filter_map(|file| messages.get(&file.message_id))
    {
        let count = counts
            .entry((message.level, &message.step_code))
            .or_default();
        *count = count.saturating_add(1);
    }
    let step = |((level, step_code), sent): ((i16, &str), usize)| StepMails {
        step_code: step_code.to_owned(),
        level,
        sent,
    };
    counts.into_iter().map(step).collect()
}

async fn messages(
    reminders: &mut PgConnection,
    tenant: Uuid,
) -> anyhow::Result<BTreeMap<Uuid, Message>> {
    let sql = "SELECT message_id, state, step_code, level, coalesce(recipient, '') AS recipient
                 FROM message LEFT JOIN message_content USING (tenant_id, message_id)
                WHERE tenant_id = $1 AND channel = 'EMAIL'";
    let rows: Vec<Message> = sqlx::query_as(sql)
        .bind(tenant)
        .fetch_all(reminders)
        .await?;
    Ok(rows
        .into_iter()
        .map(|message| (message.message_id, message))
        .collect())
}

async fn lines(reminders: &mut PgConnection, tenant: Uuid) -> anyhow::Result<Vec<Line>> {
    let sql = "SELECT message_id, invoice_number, open_item_id, asked_amount
                 FROM message_line WHERE tenant_id = $1 ORDER BY message_id, number";
    Ok(sqlx::query_as(sql)
        .bind(tenant)
        .fetch_all(reminders)
        .await?)
}
