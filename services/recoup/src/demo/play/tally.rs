//! What came of the play, read through the APIs, and what of it is not as it must be.

use std::collections::BTreeMap;

use anyhow::Context as _;
use contracts::agency::GetAgencyResultsRequest;
use contracts::agency::result_service_client::ResultServiceClient;
use contracts::credit::credit_hold_service_client::CreditHoldServiceClient;
use contracts::credit::{CreditHoldKind, CreditHoldState, ListCreditHoldsRequest};
use contracts::payments::bank_statement_service_client::BankStatementServiceClient;
use contracts::payments::{BankLine, BankLineState, ListBankLinesRequest};
use contracts::reminders::message_service_client::MessageServiceClient;
use contracts::reminders::promise_service_client::PromiseServiceClient;
use contracts::reminders::{
    Channel, ListMessagesRequest, ListPromisesRequest, MessageState, PromiseState,
};

use super::words::GRACE_DAYS;
use super::{Play, clerk};
use crate::demo::book::customer::Behaviour;
use crate::demo::book::later;
use crate::demo::book::reference::Quote;
use crate::demo::table::Table;

/// What the machine made of bank lines of one kind.
#[derive(Debug, Clone, Copy, Default)]
struct Matched {
    right: usize,
    wrong: usize,
    /// Left to a person.
    not_at_all: usize,
}

impl Matched {
    fn all(self) -> usize {
        self.right + self.wrong + self.not_at_all
    }
}

/// What there is to tell.
#[derive(Debug, Default)]
pub struct Told {
    /// The tables.
    pub tables: Vec<Table>,
    /// What is not as it must be.
    pub failures: Vec<String>,
}

impl Play<'_> {
    /// Reads what came of everything.
    ///
    /// # Errors
    /// A call that is refused.
    pub async fn told(&self) -> anyhow::Result<Told> {
        let mut told = Told::default();
        told.tables.push(self.tell_orders().await?);
        self.tell_matching(&mut told).await?;
        told.tables.push(self.tell_messages().await?);
        self.tell_promises(&mut told).await?;
        told.tables.push(self.tell_agencies().await?);
        Ok(told)
    }

    /// What one reads first.
    #[must_use]
    pub fn facts(&self, mails: usize) -> Vec<(String, String)> {
        let issued = self.issued.iter().flatten().count();
        let facts = [
            ("customers", self.book.customers.len()),
            ("invoices", issued),
            ("bank lines", self.book.transfers.len()),
            ("mails", mails),
        ];
        facts
            .map(|(what, count)| (what.to_owned(), count.to_string()))
            .to_vec()
    }

    async fn tell_orders(&self) -> anyhow::Result<Table> {
        let mut table = Table::of("Orders and credit", &["what", "how many"]);
        let issued = self.issued.iter().flatten().count();
        let (mut placed, mut released) = (BTreeMap::<&str, usize>::new(), 0);
        let mut page_token = String::new();
        loop {
            let request = ListCreditHoldsRequest {
                page_size: 500,
                page_token,
                ..ListCreditHoldsRequest::default()
            };
            let page = CreditHoldServiceClient::new(self.world.calls())
                .list_credit_holds(request)
                .await?
                .into_inner();
            for hold in page.credit_holds {
                let kind = match hold.kind() {
                    CreditHoldKind::Overdue => "holds for being overdue",
                    CreditHoldKind::OverLimit => "holds for being over the limit",
                    CreditHoldKind::Manual | CreditHoldKind::Unspecified => "holds by hand",
                };
                *placed.entry(kind).or_default() += 1;
                released += usize::from(hold.state() == CreditHoldState::Released);
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let mut row = |what: &str, count: usize| table.row([what.to_owned(), count.to_string()]);
        row("customers", self.book.customers.len());
        for (behaviour, _) in Behaviour::WEIGHTS {
            let customers = self.book.customers.iter();
            let such = customers.filter(|customer| customer.behaviour == behaviour);
            row(&format!("  {}", behaviour.name()), such.count());
        }
        row("invoices issued", issued);
        row("orders refused credit", self.tally.refused_orders);
        for (kind, count) in placed {
            row(kind, count);
        }
        row("of the holds released again", released);
        row("disputes", self.disputes.len());
        Ok(table)
    }

    async fn lines(&self) -> anyhow::Result<Vec<BankLine>> {
        let mut statements = BankStatementServiceClient::new(self.world.calls());
        let (mut lines, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListBankLinesRequest {
                page_size: 500,
                page_token,
                ..ListBankLinesRequest::default()
            };
            let page = statements.list_bank_lines(request).await?.into_inner();
            lines.extend(page.bank_lines);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(lines);
            }
        }
    }

    /// Compares what was matched without a person with the truth of the book.
    async fn tell_matching(&self, told: &mut Told) -> anyhow::Result<()> {
        let mut by_quote = BTreeMap::<Quote, Matched>::new();
        let mut of_agencies = Matched::default();
        for line in self.lines().await? {
            let (state, reference) = (line.state(), &line.bank_reference);
            if matches!(state, BankLineState::Waiting | BankLineState::InReview) {
                told.failures
                    .push(format!("bank line {reference} is {state:?}"));
            }
            let (quote, right) = self.compared(&line);
            let matched = match quote {
                Some(quote) => by_quote.entry(quote).or_default(),
                None => &mut of_agencies,
            };
            match (state == BankLineState::Matched, right) {
                (false, _) => matched.not_at_all += 1,
                (true, true) => matched.right += 1,
                (true, false) => {
                    matched.wrong += 1;
                    told.failures
                        .push(format!("bank line {reference} is matched wrong"));
                }
            }
        }
        let mut table = matching_table(&by_quote, of_agencies);
        table.note = format!(
            "Of the lines left to a person, a suggestion was right for {}.",
            self.tally.accepted_suggestions
        );
        told.tables.push(table);
        Ok(())
    }

    /// How a line was quoted, none where it is an agency's, and whether its match is the truth.
    fn compared(&self, line: &BankLine) -> (Option<Quote>, bool) {
        let Some(transfer) = self.transfer_of(line) else {
            return (None, false);
        };
        let truth = self.truly_paid(transfer);
        let customer = &self.customer_ids[transfer.customer];
        let right = line.line_match.as_ref().is_some_and(|found| {
            found.customer_id == *customer && clerk::same(&found.invoices, &truth)
        });
        (Some(transfer.quote), right)
    }

    async fn tell_messages(&self) -> anyhow::Result<Table> {
        let mut messages = MessageServiceClient::new(self.world.calls());
        let mut by_step: BTreeMap<(i32, String, &str), [usize; 2]> = BTreeMap::new();
        let mut page_token = String::new();
        loop {
            let request = ListMessagesRequest {
                page_size: 500,
                page_token,
                ..ListMessagesRequest::default()
            };
            let page = messages.list_messages(request).await?.into_inner();
            for message in page.messages {
                let channel = match message.channel() {
                    Channel::Email => "e-mail",
                    Channel::Letter => "letter",
                    Channel::Call => "call",
                    Channel::Unspecified => "",
                };
                let key = (message.level, message.step_code.clone(), channel);
                let counts = by_step.entry(key).or_default();
                counts[usize::from(message.state() != MessageState::Sent)] += 1;
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let mut table = Table::of("Messages by step", &["step", "channel", "sent", "not sent"]);
        table.columns[1].numeric = false;
        for ((_, step, channel), [sent, other]) in by_step {
            table.row([
                step,
                channel.to_owned(),
                sent.to_string(),
                other.to_string(),
            ]);
        }
        table.note = "Not sent: a rule or a fact forbade it when its time came.".to_owned();
        Ok(table)
    }

    async fn tell_promises(&self, told: &mut Told) -> anyhow::Result<()> {
        let mut states: BTreeMap<&str, usize> = BTreeMap::new();
        let mut page_token = String::new();
        loop {
            let request = ListPromisesRequest {
                page_size: 500,
                page_token,
                ..ListPromisesRequest::default()
            };
            let page = PromiseServiceClient::new(self.world.calls())
                .list_promises(request)
                .await?
                .into_inner();
            for promise in page.promises {
                let state = promise.state();
                let vow = self
                    .promises
                    .get(&promise.promise_id)
                    .context("a promise of nobody")?;
                let judged = later(vow.by, GRACE_DAYS) < self.book.until;
                let expected = if vow.kept {
                    PromiseState::Kept
                } else {
                    PromiseState::Broken
                };
                if judged && state != expected {
                    told.failures.push(format!(
                        "a promise by {} is {state:?}, not {expected:?}",
                        vow.by
                    ));
                }
                let name = match state {
                    PromiseState::Kept => "kept",
                    PromiseState::Broken => "broken",
                    _ => "running",
                };
                *states.entry(name).or_default() += 1;
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let count = |name: &str| states.get(name).copied().unwrap_or(0);
        let (kept, broken) = (count("kept"), count("broken"));
        let mut table = Table::of("Promises to pay", &["what", "how many"]);
        table.row(["kept".to_owned(), kept.to_string()]);
        table.row(["broken".to_owned(), broken.to_string()]);
        table.row(["running".to_owned(), count("running").to_string()]);
        table.row([
            "share kept of those judged".to_owned(),
            percent(kept, kept + broken),
        ]);
        told.tables.push(table);
        Ok(())
    }

    async fn tell_agencies(&self) -> anyhow::Result<Table> {
        let request = GetAgencyResultsRequest::default();
        let results = ResultServiceClient::new(self.world.calls())
            .get_agency_results(request)
            .await?
            .into_inner();
        let mut table = Table::of(
            "Placements and recovery",
            &[
                "agency",
                "placements",
                "placed",
                "by agency",
                "direct",
                "commission",
                "net",
                "net recovery",
            ],
        );
        let amount = |money: &Option<contracts::common::Money>| match money {
            Some(money) => money.amount.clone(),
            None => String::new(),
        };
        let mut rows: Vec<Vec<String>> = Vec::new();
        for result in &results.results {
            let ratio = result
                .net_recovery_ratio
                .as_ref()
                .map(|ratio| ratio.value.clone());
            rows.push(vec![
                format!("{} {}", result.display_name, result.currency_code),
                result.placement_count.to_string(),
                amount(&result.placed_amount),
                amount(&result.recovered_amount),
                amount(&result.direct_amount),
                amount(&result.commission_amount),
                amount(&result.net_amount),
                ratio.unwrap_or_default(),
            ]);
        }
        rows.sort();
        table.rows = rows;
        table.note = "Net: what came by the agency and directly, less its commission.".to_owned();
        Ok(table)
    }
}

fn matching_table(by_quote: &BTreeMap<Quote, Matched>, of_agencies: Matched) -> Table {
    let mut table = Table::of(
        "Cash matched without a human, by how it was quoted",
        &[
            "quoted",
            "lines",
            "right",
            "wrong",
            "not at all",
            "share right",
        ],
    );
    let mut row = |what: &str, matched: Matched| {
        let counts = [
            matched.all(),
            matched.right,
            matched.wrong,
            matched.not_at_all,
        ];
        let counts = counts.into_iter().map(|count| count.to_string());
        let share = percent(matched.right, matched.all());
        table.row([what.to_owned()].into_iter().chain(counts).chain([share]));
    };
    let mut all = of_agencies;
    for (quote, matched) in by_quote {
        row(quote.name(), *matched);
        all.right += matched.right;
        all.wrong += matched.wrong;
        all.not_at_all += matched.not_at_all;
    }
    if of_agencies.all() > 0 {
        row("transfers of agencies (no receipts)", of_agencies);
    }
    row("all", all);
    table
}

/// A share as a percentage with one digit, rounded half up.
fn percent(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let tenths = (part * 2_000 + whole) / (whole * 2);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_half_up() {
        let shown = [(0, 0), (0, 4), (1, 3), (2, 3), (1, 2_000), (4, 4)];
        let shown = shown.map(|(part, whole)| percent(part, whole));
        assert_eq!(
            shown,
            ["–", "0.0 %", "33.3 %", "66.7 %", "0.1 %", "100.0 %"]
        );
    }
}
