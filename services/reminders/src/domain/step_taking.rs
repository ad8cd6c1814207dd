//! Owns what a message that left means for its invoices: their step is taken, they are that much
//! higher, and whoever reached the top is told of once (DU-4). Must not decide whether it left.

use calendar::Timestamp;
use jiff::tz::Offset;

use crate::domain::case::Case;
use crate::domain::code::Level;
use crate::domain::event::DomainEvent;
use crate::domain::id::{InvoiceId, OpenItemId};
use crate::domain::invoice::{CaseInvoice, TakenStep};
use crate::domain::ladder::Ladder;
use crate::domain::letter::Line;
use crate::domain::message::Message;
use crate::domain::reason::Reason;
use crate::domain::zones::Zones;

/// Takes the steps of a message that left, for those of `invoices` that are on it, and announces it.
/// `ladder` is the one by which the message was judged, `zones` those of the debtor.
pub fn take_steps(
    case: &mut Case,
    message: &Message,
    invoices: &mut [CaseInvoice],
    ladder: &Ladder<'_>,
    zones: &Zones,
) -> Vec<DomainEvent> {
    let sent_time = message.sent_time.unwrap_or(message.created_time);
    case.message_sent(sent_time);
    let mut events = vec![DomainEvent::MessageSent {
        case: case.reference(),
        message: Box::new(message.clone()),
        sent_local_time: local_time(zones, sent_time),
    }];
    for invoice in invoices.iter_mut() {
        let Some(line) = first_line(message, invoice.invoice_id) else {
            continue;
        };
        let was_at_the_top = ladder.ends_at(invoice.level());
        let step = TakenStep {
            step_code: line.step_code.clone(),
            level: line.level,
            date: message.step_date,
            time: sent_time,
        };
        climb(message, invoice, Some(&step));
        if !was_at_the_top && ladder.ends_at(invoice.level()) {
            events.extend(completed(case, invoice, line));
        }
    }
    events
}

/// Passes over the steps of a message that did not leave and shall not: the ladder goes on with the
/// next ones.
pub fn pass_over(message: &Message, invoices: &mut [CaseInvoice]) {
    for invoice in invoices.iter_mut() {
        climb(message, invoice, None);
    }
}

/// Notes on the invoices of a message that ended without reaching anybody which step was kept out and
/// why, so that the case is not looked at for the same step over and over; tells for how many of them
/// that is news (P14).
pub fn note_kept_out(message: &Message, invoices: &mut [CaseInvoice], reason: Reason) -> usize {
    let mut news = 0_usize;
    for invoice in invoices.iter_mut() {
        if let Some(line) = first_line(message, invoice.invoice_id)
            && invoice.keep_out(line.level, reason)
        {
            news = news.saturating_add(1);
        }
    }
    news
}

fn climb(message: &Message, invoice: &mut CaseInvoice, step: Option<&TakenStep>) {
    let lines = message
        .lines
        .iter()
        .filter(|line| line.invoice_id == invoice.invoice_id);
    let levels: Vec<(OpenItemId, Level)> = lines
        .map(|line| (line.open_item_id, line.item_level))
        .collect();
    if !levels.is_empty() {
        invoice.climb_to(&levels, step);
    }
}

fn first_line(message: &Message, invoice_id: InvoiceId) -> Option<&Line> {
    message
        .lines
        .iter()
        .find(|line| line.invoice_id == invoice_id)
}

/// Nothing to tell of an invoice that was settled while its message was on the way.
fn completed(case: &Case, invoice: &CaseInvoice, line: &Line) -> Option<DomainEvent> {
    Some(DomainEvent::LadderCompleted {
        case: case.reference(),
        invoice_id: invoice.invoice_id,
        invoice_number: invoice.invoice_number.clone(),
        open_amount: invoice.open_amount().ok()?,
        oldest_due_date: invoice.oldest_due_date()?,
        step_code: line.step_code.clone(),
        level: line.level,
    })
}

/// The instant on the debtor's wall, RFC 3339 with the offset, which tells which of two equal wall
/// times it is (P22).
fn local_time(zones: &Zones, instant: Timestamp) -> String {
    let wall = zones.for_days().local_datetime(instant);
    let ahead = Offset::UTC.to_timestamp(wall).map(|read_as_utc| {
        let seconds = read_as_utc.as_second().saturating_sub(instant.as_second());
        Offset::from_seconds(i32::try_from(seconds).unwrap_or_default()).unwrap_or(Offset::UTC)
    });
    let whole = Timestamp::from_second(instant.as_second()).unwrap_or(instant);
    whole
        .display_with_offset(ahead.unwrap_or(Offset::UTC))
        .to_string()
}

#[cfg(test)]
mod tests {
    use calendar::{Date, Zone};

    use super::*;
    use crate::domain::debtor::DebtorKind;
    use crate::domain::samples::{self, eur, instant, invoice};

    const DUE: Date = Date::constant(2026, 3, 1);

    fn sent() -> (Case, Message) {
        let case = samples::case();
        let mut message = samples::message(&case);
        message.sent_time = Some(instant("2026-03-10T08:00Z"));
        for line in &mut message.lines {
            line.level = Level::new(2);
            line.item_level = Level::new(2);
        }
        (case, message)
    }

    fn berlin() -> Zones {
        samples::debtor().zones()
    }

    #[test]
    fn a_step_is_taken_for_every_invoice_on_the_message() {
        let definition = samples::definition(&[5, 20, 40]);
        let ladder = Ladder::new(&definition, DebtorKind::Business, "DE");
        let (mut case, message) = sent();
        let mut invoices = [1, 2, 3].map(|number| invoice(number, DUE, eur("10.00")));
        invoices[0].expedite(DUE);
        let events = take_steps(&mut case, &message, &mut invoices, &ladder, &berlin());
        let levels = invoices.each_ref().map(|invoice| invoice.level().number());
        assert_eq!(levels, [2, 2, 0]);
        assert_eq!(invoices[0].expedited_from, None);
        assert_eq!(invoices[0].step().unwrap().date, message.step_date);
        assert_eq!(case.last_message_time, message.sent_time);
        let [
            DomainEvent::MessageSent {
                sent_local_time, ..
            },
        ] = &events[..]
        else {
            panic!("{events:?}");
        };
        assert_eq!(sent_local_time, "2026-03-10T09:00:00+01:00");
    }

    #[test]
    fn du_4_reaching_the_top_is_told_once_an_invoice() {
        let definition = samples::definition(&[5, 20]);
        let ladder = Ladder::new(&definition, DebtorKind::Business, "DE");
        let (mut case, message) = sent();
        let mut invoices = [1, 2].map(|number| invoice(number, DUE, eur("10.00")));
        let completed = |events: &[DomainEvent]| {
            let told = |event: &&DomainEvent| matches!(event, DomainEvent::LadderCompleted { .. });
            events.iter().filter(told).count()
        };
        let events = take_steps(&mut case, &message, &mut invoices, &ladder, &berlin());
        assert_eq!(completed(&events), 2);
        let events = take_steps(&mut case, &message, &mut invoices, &ladder, &berlin());
        assert_eq!(completed(&events), 0);
    }

    #[test]
    fn p21_a_skipped_step_moves_up_without_a_message() {
        let (_, message) = sent();
        let mut invoices = [invoice(1, DUE, eur("10.00")), invoice(3, DUE, eur("10.00"))];
        pass_over(&message, &mut invoices);
        assert_eq!(invoices[0].level(), Level::new(2));
        assert_eq!(invoices[0].step(), None);
        assert_eq!(invoices[1].level(), Level::NONE);
    }

    #[test]
    fn p14_what_was_kept_out_is_noted_once() {
        let (_, message) = sent();
        let mut invoices = [1, 3].map(|number| invoice(number, DUE, eur("10.00")));
        assert_eq!(note_kept_out(&message, &mut invoices, Reason::OptedOut), 1);
        assert_eq!(note_kept_out(&message, &mut invoices, Reason::OptedOut), 0);
        assert_eq!(note_kept_out(&message, &mut invoices, Reason::Legal), 1);
        assert_eq!(invoices[1].kept_out, None);
    }

    #[test]
    fn p22_the_local_time_tells_its_offset() {
        let local = |zone: &str, at: &str| {
            let zones = Zones::of(Some(Zone::parse(zone).unwrap()), "XX");
            local_time(&zones, instant(at))
        };
        assert_eq!(
            local("Europe/Berlin", "2026-10-25T00:30Z"),
            "2026-10-25T02:30:00+02:00"
        );
        assert_eq!(
            local("Europe/Berlin", "2026-10-25T01:30Z"),
            "2026-10-25T02:30:00+01:00"
        );
        assert_eq!(
            local("Asia/Kathmandu", "2026-01-01T00:00Z"),
            "2026-01-01T05:45:00+05:45"
        );
        assert_eq!(
            local("America/St_Johns", "2026-01-01T12:00Z"),
            "2026-01-01T08:30:00-03:30"
        );
        assert_eq!(
            local("Pacific/Honolulu", "2026-01-01T12:00Z"),
            "2026-01-01T02:00:00-10:00"
        );
    }
}
