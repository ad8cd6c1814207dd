//! The replay itself: what happened on each day, done on that day of the sandbox's clock, in the morning
//! before anybody may be reminded.
//!
//! A day is at most one import of invoices, one of receipts, and a call for each dispute. Dates that
//! the contracts take (of the invoice, of the objection, of the receipt) are sent; the day on which
//! a dispute ends is the clock's. Request ids come from
//! [`sent`](super::sent).

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use contracts::common::{ImportOptions, ImportReport, ImportState, RejectedRow};
use contracts::convert::{date_to_wire, instant_from_wire, instant_to_wire};
use contracts::credit::customer_service_client::CustomerServiceClient;
use contracts::credit::{CustomerRow, ImportCustomersRequest};
use contracts::invoicing::dispute_service_client::DisputeServiceClient;
use contracts::invoicing::get_invoice_request::Key;
use contracts::invoicing::invoice_service_client::InvoiceServiceClient;
use contracts::invoicing::open_dispute_request::Extent;
use contracts::invoicing::{
    DisputeReason, DisputeResolution, GetInvoiceRequest, ImportInvoicesRequest, InvoiceRow,
    OpenDisputeRequest, ResolveDisputeRequest,
};
use contracts::payments::receipt_service_client::ReceiptServiceClient;
use contracts::payments::{ImportReceiptsRequest, ReceiptRow};
use contracts::sandbox::advance_request::Reach;
use contracts::sandbox::advance_response::Step;
use contracts::sandbox::clock_service_client::ClockServiceClient;
use contracts::sandbox::{AdvanceRequest, GetClockRequest};
use futures_util::stream;
use indicatif::ProgressBar;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tonic::{Code, Response};

use crate::client::connection::Calls;
use crate::client::refused::{Refused, answered};
use crate::import::calendar::{Day, days, period};
use crate::import::mapping::Mapping;
use crate::import::place::{morning, morning_after};
use crate::import::rows::{Book, Receivable};
use crate::import::sent::{customer_row, id, id_of, invoice_row, receipt_row};
use crate::import::setup;

/// Rows in a message of a stream.
const ROWS_A_MESSAGE: usize = 500;

/// Rows in a stream.
const ROWS_AN_IMPORT: usize = 10_000;

/// With this an installation says that it has answered the same request before.
const REPLAYED: &str = "recoup-replayed";

/// What a replay did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Done {
    /// Customers that were not there.
    pub customers: i32,
    /// Invoices that were not there.
    pub invoices: i32,
    /// Receipts that were not there.
    pub receipts: i32,
    /// Disputes that were not there.
    pub disputes: i32,
    /// What waits for a person at the end.
    pub unsettled: i32,
}

/// Goes through the days of the book.
///
/// # Errors
/// The clock stands after the first day although the book is not there, or what was refused.
pub async fn run(
    calls: &Calls,
    mapping: &Mapping,
    book: &Book,
    bar: &ProgressBar,
) -> anyhow::Result<Done> {
    let (first, last) = period(&book.receivables).context("no row to import")?;
    let days = days(&book.receivables);
    bar.set_length(u64::try_from(days.len())?);
    let mut replay = Replay {
        calls,
        mapping,
        zone: mapping.zone()?,
        open: BTreeMap::new(),
        done: Done::default(),
    };
    let start = morning(first, &replay.zone)?;
    let now = replay.clock().await?;
    let known = replay.invoice_id(&book.receivables[0].number).await?;
    if now > start && known.is_none() {
        bail!(
            "the sandbox's clock stands at {now}, after the first invoice of {first}: start one \
             with `recoup up --sandbox --start …` before that day, or leave --address out"
        );
    }
    setup::run(calls, mapping, first).await?;
    replay.customers(&book.receivables).await?;
    replay.check(&book.receivables).await?;
    for (date, day) in &days {
        bar.set_message(date.to_string());
        replay.until(morning(*date, &replay.zone)?).await?;
        replay
            .live(day)
            .await
            .with_context(|| format!("on {date}"))?;
        bar.inc(1);
    }
    replay.until(morning_after(last, &replay.zone)?).await?;
    Ok(replay.done)
}

/// A replay on its way.
struct Replay<'a> {
    calls: &'a Calls,
    mapping: &'a Mapping,
    zone: TimeZone,
    /// Disputes that are open, by number of their invoice.
    open: BTreeMap<String, String>,
    done: Done,
}

impl Replay<'_> {
    async fn clock(&self) -> anyhow::Result<Timestamp> {
        let mut clock = ClockServiceClient::new(self.calls.clone());
        let told = clock.get_clock(GetClockRequest {}).await;
        match answered("reading the sandbox's clock", told) {
            Ok(told) => {
                let now = told
                    .current_time
                    .context("the clock does not say its time")?;
                Ok(instant_from_wire(&now)?)
            }
            Err(refused) if refused.code() == Code::Unimplemented => bail!(
                "what answers there is no sandbox: an import lives through years, so it needs \
                 `recoup up --sandbox`, or leave --address out"
            ),
            Err(refused) => Err(refused.into()),
        }
    }

    /// Moves the clock, unless an earlier import has moved it there.
    async fn until(&mut self, target: Timestamp) -> anyhow::Result<()> {
        if self.clock().await? >= target {
            return Ok(());
        }
        let request = AdvanceRequest {
            request_id: format!("receivables/clock/{target}"),
            reach: Some(Reach::TargetTime(instant_to_wire(target))),
        };
        let mut clock = ClockServiceClient::new(self.calls.clone());
        let steps = clock.advance(request).await;
        let mut steps = answered("moving the clock", steps)?;
        loop {
            let step = steps.message().await.map(Response::new);
            let step = answered("moving the clock", step)?;
            match step.context("the clock did not get there")?.step {
                Some(Step::Result(result)) => {
                    self.done.unsettled = result.unsettled_count;
                    return Ok(());
                }
                Some(Step::Progress(_)) | None => {}
            }
        }
    }

    async fn live(&mut self, day: &Day<'_>) -> anyhow::Result<()> {
        if !day.invoiced.is_empty() {
            let rows = day.invoiced.iter().map(|one| invoice_row(one)).collect();
            let request_id = id("invoices", &day.invoiced);
            self.done.invoices += self.import_invoices(request_id, rows, false).await?;
        }
        for one in &day.disputed {
            self.open_dispute(one).await?;
        }
        if !day.settled.is_empty() {
            self.settle(&day.settled).await?;
        }
        for one in &day.settled {
            self.resolve_dispute(one).await?;
        }
        Ok(())
    }

    /// All customers, before the first day: an invoice needs somebody who owes it.
    async fn customers(&mut self, receivables: &[Receivable]) -> anyhow::Result<()> {
        let firsts: BTreeMap<&str, &Receivable> = receivables
            .iter()
            .rev()
            .map(|one| (one.customer.as_str(), one))
            .collect();
        let firsts: Vec<&Receivable> = firsts.into_values().collect();
        for part in firsts.chunks(ROWS_AN_IMPORT) {
            self.done.customers += self.import_customers(part).await?;
        }
        Ok(())
    }

    async fn import_customers(&self, firsts: &[&Receivable]) -> anyhow::Result<i32> {
        let rows = firsts.iter().map(|one| customer_row(one, self.mapping));
        let rows: Vec<CustomerRow> = rows.collect();
        let mut messages: Vec<_> = rows
            .chunks(ROWS_A_MESSAGE)
            .map(|rows| ImportCustomersRequest {
                rows: rows.to_vec(),
                ..ImportCustomersRequest::default()
            })
            .collect();
        if let Some(first) = messages.first_mut() {
            first.request_id = id("customers", firsts);
        }
        let mut customers = CustomerServiceClient::new(self.calls.clone());
        let answer = customers.import_customers(stream::iter(messages)).await;
        let (answer, again) = fresh("importing the customers", answer)?;
        imported(answer.report, again)
    }

    /// Lets invoicing judge all invoices before the first is written: a number that is taken there
    /// shows now.
    async fn check(&self, receivables: &[Receivable]) -> anyhow::Result<()> {
        for part in receivables.chunks(ROWS_AN_IMPORT) {
            let part: Vec<&Receivable> = part.iter().collect();
            let rows = part.iter().map(|one| invoice_row(one)).collect();
            self.import_invoices(id("check", &part), rows, true).await?;
        }
        Ok(())
    }

    async fn import_invoices(
        &self,
        request_id: String,
        rows: Vec<InvoiceRow>,
        validate_only: bool,
    ) -> anyhow::Result<i32> {
        let mut messages: Vec<_> = rows
            .chunks(ROWS_A_MESSAGE)
            .map(|rows| ImportInvoicesRequest {
                rows: rows.to_vec(),
                ..ImportInvoicesRequest::default()
            })
            .collect();
        if let Some(first) = messages.first_mut() {
            first.request_id = request_id;
            let options = ImportOptions {
                validate_only,
                skip_bad: false,
            };
            first.options = Some(options);
        }
        let mut invoices = InvoiceServiceClient::new(self.calls.clone());
        let answer = invoices.import_invoices(stream::iter(messages)).await;
        let (answer, again) = fresh("importing the invoices", answer)?;
        imported(answer.report, again)
    }

    /// Money for each, in full, on the day.
    async fn settle(&mut self, settled: &[&Receivable]) -> anyhow::Result<()> {
        let rows: Vec<ReceiptRow> = settled.iter().map(|one| receipt_row(one)).collect();
        let mut messages: Vec<_> = rows
            .chunks(ROWS_A_MESSAGE)
            .map(|rows| ImportReceiptsRequest {
                rows: rows.to_vec(),
                ..ImportReceiptsRequest::default()
            })
            .collect();
        if let Some(first) = messages.first_mut() {
            first.request_id = id("receipts", settled);
        }
        let mut receipts = ReceiptServiceClient::new(self.calls.clone());
        let answer = receipts.import_receipts(stream::iter(messages)).await;
        let (answer, again) = fresh("importing the receipts", answer)?;
        if let Some(refused) = answer.refused_applications.first() {
            bail!("{}", rejected(refused));
        }
        self.done.receipts += imported(answer.report, again)?;
        Ok(())
    }

    async fn invoice_id(&self, number: &str) -> anyhow::Result<Option<String>> {
        let mut invoices = InvoiceServiceClient::new(self.calls.clone());
        let request = GetInvoiceRequest {
            key: Some(Key::ExternalId(number.to_owned())),
        };
        match answered("reading the invoice", invoices.get_invoice(request).await) {
            Ok(answer) => Ok(answer.invoice.map(|invoice| invoice.invoice_id)),
            Err(refused) if refused.code() == Code::NotFound => Ok(None),
            Err(refused) => Err(refused.into()),
        }
    }

    async fn open_dispute(&mut self, one: &Receivable) -> anyhow::Result<()> {
        let invoice_id = self.invoice_id(&one.number).await?;
        let request = OpenDisputeRequest {
            request_id: id_of("dispute", one),
            invoice_id: invoice_id.with_context(|| format!("invoice {}", one.number))?,
            extent: Some(Extent::WholeInvoice(true)),
            reason: DisputeReason::Other.into(),
            note: "The imported file says so, and not why.".to_owned(),
            disputed_date: one.disputed_date.map(date_to_wire),
            ..OpenDisputeRequest::default()
        };
        let mut disputes = DisputeServiceClient::new(self.calls.clone());
        let answer = disputes.open_dispute(request).await;
        let (answer, again) = fresh("opening the dispute", answer)?;
        let dispute = answer.dispute.unwrap_or_default();
        self.open.insert(one.number.clone(), dispute.dispute_id);
        self.done.disputes += i32::from(!again);
        Ok(())
    }

    async fn resolve_dispute(&mut self, one: &Receivable) -> anyhow::Result<()> {
        let Some(dispute_id) = self.open.remove(&one.number) else {
            return Ok(());
        };
        let request = ResolveDisputeRequest {
            request_id: id_of("resolved", one),
            dispute_id,
            resolution: DisputeResolution::Paid.into(),
            ..ResolveDisputeRequest::default()
        };
        let mut disputes = DisputeServiceClient::new(self.calls.clone());
        let answer = disputes.resolve_dispute(request).await;
        answered("resolving the dispute", answer)?;
        Ok(())
    }
}

/// The answer, and whether it was given before.
fn fresh<T>(
    doing: &'static str,
    answer: Result<Response<T>, tonic::Status>,
) -> Result<(T, bool), Refused> {
    let seen = answer.as_ref();
    let again = seen.is_ok_and(|answer| answer.metadata().contains_key(REPLAYED));
    Ok((answered(doing, answer)?, again))
}

/// How many are new.
fn imported(report: Option<ImportReport>, again: bool) -> anyhow::Result<i32> {
    let report = report.unwrap_or_default();
    match report.state() {
        ImportState::Completed if again => Ok(0),
        ImportState::Completed => Ok(report.imported_count),
        ImportState::Validated => Ok(0),
        ImportState::Refused | ImportState::Unspecified => {
            let lines: Vec<String> = report.rejected_rows.iter().map(rejected).collect();
            bail!("refused\n{}", lines.join("\n"))
        }
    }
}

fn rejected(row: &RejectedRow) -> String {
    let RejectedRow {
        row_number,
        external_id,
        field,
        reason,
        message,
    } = row;
    format!("  row {row_number}, {external_id}, {field}: {message} ({reason})")
}
