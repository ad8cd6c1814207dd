//! What an import came to, as the services tell it: figures, aging, reminders. Only whether a reminder
//! left after the settlement is judged here, by the file's own dates.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use comfy_table::{Cell, Table};
use contracts::convert::{date_to_wire, instant_from_wire};
use contracts::invoicing::{
    AgingBasis, AgingQuery, GetAgingResponse, GetFiguresRequest, GetFiguresResponse,
};
use contracts::reminders::message_service_client::MessageServiceClient;
use contracts::reminders::{DebtorMessage, ListMessagesRequest, MessageState};
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::client::connection::Calls;
use crate::client::output::{self, Json};
use crate::client::page::Limit;
use crate::client::refused::answered;
use crate::client::{aging, cell, figures};
use crate::import::calendar::period;
use crate::import::mapping::Mapping;
use crate::import::replay::Done;
use crate::import::rows::{Book, Fault};

/// Months whose invoices are told with an aging: its own and those before.
const MONTHS: usize = 3;

/// What an import came to.
#[derive(Debug)]
pub struct Report {
    /// Rows of the file.
    pub row_count: usize,
    /// Rows that were left out, with every fault.
    pub skipped: Vec<Fault>,
    /// What was new.
    pub done: Done,
    /// The first and the last day of the file.
    pub period: (Date, Date),
    /// The figures of that period.
    pub figures: GetFiguresResponse,
    /// What is outstanding on its last day, and on the days asked for.
    pub outstanding: Vec<Outstanding>,
    /// What was sent.
    pub reminders: Reminders,
}

/// What was outstanding at the end of a day.
#[derive(Debug)]
pub struct Outstanding {
    /// By due date.
    pub aging: GetAgingResponse,
    /// What was invoiced in the months up to it, by their first days.
    pub invoiced: Vec<(Date, GetFiguresResponse)>,
}

/// Reminders that were sent.
#[derive(Debug, Default)]
pub struct Reminders {
    /// By step: messages, and invoices that they asked for.
    pub by_step: BTreeMap<String, (usize, usize)>,
    /// Invoices that were asked for on the day of their settlement or later. Must be 0.
    pub after_settlement: usize,
}

/// Asks for everything, with what was outstanding at the end of each day of `as_of`.
///
/// # Errors
/// What was refused.
pub async fn ask(
    calls: &Calls,
    mapping: &Mapping,
    book: &Book,
    (done, as_of): (Done, &[Date]),
) -> anyhow::Result<Report> {
    let (first, last) = period(&book.receivables).context("no row was imported")?;
    let currency = mapping.currency()?.code();
    let mut outstanding = Vec::new();
    for day in as_of.iter().copied().chain([last]) {
        outstanding.push(outstanding_on(calls, day, currency).await?);
    }
    Ok(Report {
        row_count: book.row_count,
        skipped: book.faults.clone(),
        done,
        period: (first, last),
        figures: figures_of(calls, (first, last), currency).await?,
        outstanding,
        reminders: sent(calls, book, &mapping.zone()?).await?,
    })
}

async fn figures_of(
    calls: &Calls,
    (from, to): (Date, Date),
    currency: &str,
) -> anyhow::Result<GetFiguresResponse> {
    let request = GetFiguresRequest {
        from_date: Some(date_to_wire(from)),
        to_date: Some(date_to_wire(to)),
        customer_id: None,
        currency_code: Some(currency.to_owned()),
    };
    Ok(figures::read(calls, request).await?)
}

async fn outstanding_on(calls: &Calls, day: Date, currency: &str) -> anyhow::Result<Outstanding> {
    let query = AgingQuery {
        as_of_date: Some(date_to_wire(day)),
        basis: AgingBasis::DueDate.into(),
        currency_code: Some(currency.to_owned()),
        ..AgingQuery::default()
    };
    let aging = aging::read(calls, query, None).await?;
    let mut invoiced = Vec::new();
    let mut to = day;
    for _ in 0..MONTHS {
        let from = to.first_of_month();
        invoiced.push((from, figures_of(calls, (from, to), currency).await?));
        to = from.checked_sub(1.day())?;
    }
    invoiced.reverse();
    Ok(Outstanding { aging, invoiced })
}

async fn sent(calls: &Calls, book: &Book, zone: &TimeZone) -> anyhow::Result<Reminders> {
    let mut client = MessageServiceClient::new(calls.clone());
    let page = async |page_size, page_token| {
        let request = ListMessagesRequest {
            states: vec![MessageState::Sent.into()],
            page_size,
            page_token,
            ..ListMessagesRequest::default()
        };
        let answer = answered("listing the reminders", client.list_messages(request).await)?;
        anyhow::Ok((answer.messages, answer.next_page_token))
    };
    let messages = Limit::ALL.gather(page).await?.entries;
    let known = book.receivables.iter();
    let settled: BTreeMap<&str, Option<Date>> = known
        .map(|one| (one.number.as_str(), one.settled_date))
        .collect();
    let mut reminders = Reminders::default();
    for message in &messages {
        reminders.count(message, &settled, zone)?;
    }
    Ok(reminders)
}

impl Reminders {
    /// Counts a message where it asks for anything of the file.
    fn count(
        &mut self,
        message: &DebtorMessage,
        settled: &BTreeMap<&str, Option<Date>>,
        zone: &TimeZone,
    ) -> anyhow::Result<()> {
        let lines = message
            .lines
            .iter()
            .map(|line| line.invoice_number.as_str());
        let asked: BTreeSet<&str> = lines
            .filter(|number| settled.contains_key(number))
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        let time = message.sent_time.as_ref().context("sent, and no time")?;
        let day = instant_from_wire(time)?.to_zoned(zone.clone()).date();
        let is_late = |number: &&&str| {
            let date = settled.get(**number).copied().flatten();
            date.is_some_and(|date| day >= date)
        };
        self.after_settlement += asked.iter().filter(is_late).count();
        let (messages, invoices) = self.by_step.entry(message.step_code.clone()).or_default();
        *messages += 1;
        *invoices += asked.len();
        Ok(())
    }
}

impl Report {
    /// As JSON: answers of services as proto JSON.
    ///
    /// # Errors
    /// None that a user could cause.
    pub fn json(&self) -> anyhow::Result<Value> {
        let json = Json::try_new()?;
        let skipped = self.skipped.iter().map(|fault| {
            let Fault { row, column, why } = fault;
            json!({ "row": row, "column": column, "why": why })
        });
        let mut outstanding = Vec::new();
        for one in &self.outstanding {
            let mut invoiced = Vec::new();
            for (from, figures) in &one.invoiced {
                let figures = json.all(&figures.figures)?;
                invoiced.push(json!({ "month": month(*from), "figures": figures }));
            }
            let aging = json.of(&one.aging)?;
            outstanding.push(json!({ "aging": aging, "invoiced": invoiced }));
        }
        let steps = self.reminders.by_step.iter().map(|(step, (messages, invoices))| {
            json!({ "step": step, "messages": messages, "invoices": invoices })
        });
        Ok(json!({
            "rowCount": self.row_count,
            "skipped": skipped.collect::<Vec<_>>(),
            "new": serde_json::to_value(self.done)?,
            "from": self.period.0.to_string(),
            "to": self.period.1.to_string(),
            "figures": json.all(&self.figures.figures)?,
            "outstanding": outstanding,
            "reminders": {
                "steps": steps.collect::<Vec<_>>(),
                "afterSettlement": self.reminders.after_settlement,
            },
        }))
    }

    /// As tables.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn show(&self) -> anyhow::Result<()> {
        output::text(&self.counts().to_string())?;
        for fault in &self.skipped {
            output::text(&format!("skipped: {fault}"))?;
        }
        let (from, to) = self.period;
        output::text(&format!("\nfrom {from} to {to}"))?;
        output::text(&figures::inputs(&self.figures.figures).to_string())?;
        output::text(&figures::shown(&self.figures.figures).to_string())?;
        for one in &self.outstanding {
            let day = cell::day(one.aging.as_of_date.as_ref());
            output::text(&format!("\nat the end of {day}"))?;
            output::text(&aging::shown(&one.aging.tables).to_string())?;
            output::text(&one.months().to_string())?;
        }
        output::text("\nreminders")?;
        output::text(&self.reminders.table().to_string())
    }

    fn counts(&self) -> Table {
        let mut table = output::table(["", "count"]);
        let bad: BTreeSet<i32> = self.skipped.iter().map(|fault| fault.row).collect();
        let Done {
            customers,
            invoices,
            receipts,
            disputes,
            unsettled,
        } = self.done;
        let lines = [
            ("rows read", self.row_count.to_string()),
            ("rows skipped", bad.len().to_string()),
            ("new customers", customers.to_string()),
            ("new invoices", invoices.to_string()),
            ("new receipts", receipts.to_string()),
            ("new disputes", disputes.to_string()),
            ("waiting for a person", unsettled.to_string()),
        ];
        for (what, count) in lines {
            table.add_row([Cell::new(what), cell::right(count)]);
        }
        table
    }
}

impl Outstanding {
    fn months(&self) -> Table {
        let mut table = output::table(["invoiced in", "amount", "invoices"]);
        for (from, figures) in &self.invoiced {
            for of_currency in &figures.figures {
                let inputs = of_currency.inputs.clone().unwrap_or_default();
                table.add_row([
                    Cell::new(month(*from)),
                    cell::money(inputs.sales_amount.as_ref()),
                    cell::right(inputs.invoiced_count),
                ]);
            }
        }
        table
    }
}

impl Reminders {
    fn table(&self) -> Table {
        let mut table = output::table(["step", "messages", "invoices"]);
        for (step, (messages, invoices)) in &self.by_step {
            table.add_row([
                Cell::new(step),
                cell::right(messages),
                cell::right(invoices),
            ]);
        }
        table.add_row([
            Cell::new("after the settlement"),
            Cell::new(""),
            cell::right(self.after_settlement),
        ]);
        table
    }
}

fn month(first: Date) -> String {
    first.strftime("%Y-%m").to_string()
}

#[cfg(test)]
mod tests {
    use contracts::convert::instant_to_wire;
    use contracts::reminders::MessageLine;
    use jiff::civil::date;

    use super::*;

    fn message(number: &str, sent: &str) -> DebtorMessage {
        let line = MessageLine {
            invoice_number: number.to_owned(),
            ..MessageLine::default()
        };
        DebtorMessage {
            step_code: "first".to_owned(),
            // Two instalments of one invoice.
            lines: vec![line.clone(), line],
            sent_time: Some(instant_to_wire(sent.parse().unwrap())),
            ..DebtorMessage::default()
        }
    }

    #[test]
    fn p16_a_reminder_on_the_day_of_the_settlement_is_one_too_many() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let settled = BTreeMap::from([("A", Some(date(2013, 3, 5))), ("B", None)]);
        let after = |number, sent| {
            let mut reminders = Reminders::default();
            let message = message(number, sent);
            reminders.count(&message, &settled, &zone).unwrap();
            let (messages, invoices) = reminders.by_step.get("first").copied().unwrap_or_default();
            (messages, invoices, reminders.after_settlement)
        };
        // Four in the morning of the 5th in UTC is the evening of the 4th there.
        assert_eq!(after("A", "2013-03-05T04:00:00Z"), (1, 1, 0));
        assert_eq!(after("A", "2013-03-05T14:00:00Z"), (1, 1, 1));
        assert_eq!(after("B", "2013-09-05T14:00:00Z"), (1, 1, 0));
        assert_eq!(after("somebody else's", "2013-03-05T14:00:00Z"), (0, 0, 0));
    }
}
