//! What waits for a person, in all services and tenants: no passing of time settles it.

use contracts::convert::instant_to_wire;
use contracts::sandbox::{UnsettledItem, UnsettledKind};
use futures_util::future::try_join_all;
use futures_util::try_join;
use jiff::Timestamp;
use reminders::domain::message::MessageState;

use crate::services::Part;

/// Items that are listed at most.
const LISTED: usize = 1_000;

/// What waits, oldest first, cut to what is listed; and how much there is.
pub(super) struct Unsettled {
    pub items: Vec<UnsettledItem>,
    pub count: i32,
}

/// Asks every service.
///
/// # Errors
/// A database does not answer.
pub(super) async fn of(parts: &[Part]) -> anyhow::Result<Unsettled> {
    let asked = try_join_all(parts.iter().map(in_part)).await?;
    let mut found: Vec<Since> = asked.into_iter().flatten().collect();
    found.sort_by_key(|(since, _)| *since);
    let count = i32::try_from(found.len())?;
    let items = found
        .into_iter()
        .take(LISTED)
        .map(|(_, item)| item)
        .collect();
    Ok(Unsettled { items, count })
}

/// Since when, and what.
type Since = (Timestamp, UnsettledItem);

async fn in_part(part: &Part) -> anyhow::Result<Vec<Since>> {
    let of_service = async {
        match part.service {
            reminders::SERVICE => waiting_messages(part).await,
            agency::SERVICE => waiting_lines(part).await,
            _ => Ok(Vec::new()),
        }
    };
    let asked = try_join!(parked_events(part), parked_timers(part), of_service);
    let (events, timers, others) = asked?;
    Ok([events, timers, others].concat())
}

async fn parked_events(part: &Part) -> anyhow::Result<Vec<Since>> {
    let parked = events::parking::list(&part.db, None, None, None, i64::MAX).await?;
    let items = parked.into_iter().map(|parked| {
        let subject = format!("{}/{}", parked.event.source, parked.event.event_id);
        let tenant = parked.event.tenant_id;
        let kind = UnsettledKind::ParkedEvent;
        item(
            part,
            kind,
            (tenant, subject),
            "EVENT_PARKED",
            parked.parked_time,
        )
    });
    Ok(items.collect())
}

async fn parked_timers(part: &Part) -> anyhow::Result<Vec<Since>> {
    if part.timers.is_none() {
        return Ok(Vec::new());
    }
    let mut tx = part.db.begin_background().await?;
    let parked = timers::parked::list_in_tx(&mut tx, None, i64::MAX).await?;
    tx.commit().await?;
    let items = parked.into_iter().map(|parked| {
        let subject = format!("{}/{}", parked.kind, parked.subject_id);
        let tenant = parked.tenant.to_string();
        let kind = UnsettledKind::ParkedTimer;
        item(
            part,
            kind,
            (tenant, subject),
            "TIMER_PARKED",
            parked.parked_time,
        )
    });
    Ok(items.collect())
}

async fn waiting_messages(part: &Part) -> anyhow::Result<Vec<Since>> {
    let mut tx = part.db.begin_background().await?;
    let waiting = reminders::store::waiting::messages_in_tx(&mut tx).await?;
    tx.commit().await?;
    let items = waiting.into_iter().map(|message| {
        let subject = format!("message/{}", message.message_id);
        let kind = match message.state {
            MessageState::Unknown => UnsettledKind::UnknownOutcome,
            _ => UnsettledKind::ParkedAction,
        };
        let subject = (message.tenant.to_string(), subject);
        item(part, kind, subject, &message.reason, message.since_time)
    });
    Ok(items.collect())
}

async fn waiting_lines(part: &Part) -> anyhow::Result<Vec<Since>> {
    let mut tx = part.db.begin_background().await?;
    let waiting = agency::store::waiting::lines_in_tx(&mut tx).await?;
    tx.commit().await?;
    let items = waiting.into_iter().map(|line| {
        let subject = format!("remittance_line/{}", line.remittance_line_id);
        let kind = UnsettledKind::ParkedAction;
        let subject = (line.tenant.to_string(), subject);
        item(part, kind, subject, &line.reason, line.since_time)
    });
    Ok(items.collect())
}

fn item(
    part: &Part,
    kind: UnsettledKind,
    (tenant_id, subject): (String, String),
    reason: &str,
    since: Timestamp,
) -> Since {
    let item = UnsettledItem {
        service: part.service.to_owned(),
        kind: kind.into(),
        tenant_id,
        subject,
        reason: reason.to_owned(),
        since_time: Some(instant_to_wire(since)),
    };
    (since, item)
}
