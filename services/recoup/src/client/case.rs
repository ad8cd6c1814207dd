//! `recoup case`: where the collection of each customer stands.

use comfy_table::{Cell, Table};
use contracts::reminders::case_service_client::CaseServiceClient;
use contracts::reminders::get_case_request::Key;
use contracts::reminders::{
    Case, CaseInvoice, CaseState, GetCaseRequest, HoldReason, ListCaseInvoicesRequest,
    ListCasesRequest,
};
use serde_json::json;

use crate::client::connection::Calls;
use crate::client::output::{self, Format, Json};
use crate::client::page::Limit;
use crate::client::refused::answered;
use crate::client::words::{parse, word, word_on_wire};
use crate::client::{Asking, cell, find};

/// Reads collection cases
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Lists cases, the most urgent first
    List(List),
    /// Shows one with its invoices
    Show(Show),
}

/// What to list. Filters that are given must all hold.
#[derive(Debug, Clone, clap::Args)]
pub struct List {
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    limit: Limit,
    /// Only in this state: open or clear
    #[arg(long, value_parser = parse::<CaseState>)]
    state: Option<CaseState>,
    /// Only with something past due (true) or without (false)
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    overdue: Option<bool>,
    /// Only with an open invoice of this level or higher
    #[arg(long)]
    min_level: Option<i32>,
    /// Only where this holds reminders back, for example dispute or promise
    #[arg(long, value_parser = parse::<HoldReason>)]
    hold: Option<HoldReason>,
    /// Only of this segment
    #[arg(long)]
    segment: Option<String>,
}

/// Which to show.
#[derive(Debug, Clone, clap::Args)]
pub struct Show {
    #[command(flatten)]
    asking: Asking,
    /// Its case_id, or the customer's customer_id or external_id
    id: String,
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// What was refused.
    pub async fn run(&self) -> anyhow::Result<()> {
        match self {
            Self::List(list) => list.run().await,
            Self::Show(show) => show.run().await,
        }
    }
}

impl List {
    async fn run(&self) -> anyhow::Result<()> {
        let calls = self.asking.connection.calls().await?;
        let mut cases = CaseServiceClient::new(calls);
        let page = async |page_size, page_token| {
            let request = ListCasesRequest {
                state: self.state.map(Into::into),
                overdue: self.overdue,
                min_level: self.min_level,
                hold_reason: self.hold.map(Into::into),
                segment: self.segment.clone(),
                page_size,
                page_token,
                ..ListCasesRequest::default()
            };
            let answer = cases.list_cases(request).await;
            let answer = answered("listing the cases", answer)?;
            anyhow::Ok((answer.cases, answer.next_page_token))
        };
        let found = self.limit.gather(page).await?;
        output::listing(self.asking.output, "cases", &found, lines)
    }
}

fn lines(cases: &[Case]) -> Table {
    let mut table = output::table([
        "customer", "name", "state", "open", "overdue", "level", "next", "held by", "case id",
    ]);
    for case in cases {
        table.add_row([
            Cell::new(&case.customer_external_id),
            Cell::new(&case.customer_name),
            Cell::new(word(case.state())),
            cell::right(sums(case, |balance| balance.open_amount.as_ref())),
            cell::right(sums(case, |balance| balance.overdue_amount.as_ref())),
            cell::right(case.level),
            Cell::new(next(case)),
            Cell::new(holds(&case.hold_reasons)),
            Cell::new(&case.case_id),
        ]);
    }
    table
}

/// An amount of each currency, a line each.
fn sums(
    case: &Case,
    amount: impl Fn(&contracts::reminders::CaseBalance) -> Option<&contracts::common::Money>,
) -> String {
    let balances = case.balances.iter();
    let lines: Vec<String> = balances
        .map(|balance| cell::money_text(amount(balance)))
        .collect();
    lines.join("\n")
}

fn next(case: &Case) -> String {
    let Some(next) = &case.next_action else {
        return String::new();
    };
    let time = cell::instant(next.action_time.as_ref());
    format!("{time} {}", next.step_code).trim_end().to_owned()
}

fn holds(reasons: &[i32]) -> String {
    let words: Vec<String> = reasons
        .iter()
        .map(|reason| word_on_wire::<HoldReason>(*reason))
        .collect();
    words.join(", ")
}

impl Show {
    async fn run(&self) -> anyhow::Result<()> {
        let calls = self.asking.connection.calls().await?;
        let case = self.find(&calls).await?;
        let mut cases = CaseServiceClient::new(calls);
        let page = async |page_size, page_token| {
            let request = ListCaseInvoicesRequest {
                case_id: case.case_id.clone(),
                include_settled: false,
                page_size,
                page_token,
            };
            let answer = cases.list_case_invoices(request).await;
            let answer = answered("listing the invoices of the case", answer)?;
            anyhow::Ok((answer.invoices, answer.next_page_token))
        };
        let invoices = Limit::ALL.gather(page).await?.entries;
        match self.asking.output {
            Format::Json => {
                let json = Json::try_new()?;
                let (case, invoices) = (json.of(&case)?, json.all(&invoices)?);
                output::json(&json!({ "case": case, "invoices": invoices }))
            }
            Format::Table => {
                output::text(&sheet(&case).to_string())?;
                output::text(&open(&invoices).to_string())
            }
        }
    }

    /// By the case's own identity, else by either name of its customer.
    async fn find(&self, calls: &Calls) -> anyhow::Result<Case> {
        let mut cases = CaseServiceClient::new(calls.clone());
        let mut read = async |key| {
            let request = GetCaseRequest { key: Some(key) };
            answered("reading the case", cases.get_case(request).await)
        };
        if find::is_identity(&self.id) {
            match read(Key::CaseId(self.id.clone())).await {
                Ok(answer) => return Ok(answer.case.unwrap_or_default()),
                Err(refused) if !find::is_unknown(&refused) => return Err(refused.into()),
                Err(_) => {}
            }
        }
        let customer_id = find::customer(calls, &self.id).await?.customer_id;
        Ok(read(Key::CustomerId(customer_id))
            .await?
            .case
            .unwrap_or_default())
    }
}

fn sheet(case: &Case) -> Table {
    output::sheet([
        ("case id", case.case_id.clone()),
        ("customer id", case.customer_id.clone()),
        ("customer", case.customer_external_id.clone()),
        ("name", case.customer_name.clone()),
        ("state", word(case.state())),
        ("strategy", strategy(case)),
        ("open", sums(case, |balance| balance.open_amount.as_ref())),
        (
            "overdue",
            sums(case, |balance| balance.overdue_amount.as_ref()),
        ),
        (
            "held back",
            sums(case, |balance| balance.held_amount.as_ref()),
        ),
        (
            "unapplied cash",
            sums(case, |balance| balance.unapplied_amount.as_ref()),
        ),
        ("level", case.level.to_string()),
        ("next", next(case)),
        ("held by", holds(&case.hold_reasons)),
        (
            "last message",
            cell::instant(case.last_message_time.as_ref()),
        ),
    ])
}

fn strategy(case: &Case) -> String {
    match case.strategy_code.as_str() {
        "" => String::new(),
        code => format!("{code}@{}", case.strategy_version),
    }
}

fn open(invoices: &[CaseInvoice]) -> Table {
    let mut table = output::table([
        "number",
        "due",
        "days late",
        "open",
        "disputed",
        "level",
        "last step",
        "next step",
        "held by",
    ]);
    for invoice in invoices {
        let next = cell::day(invoice.next_step_date.as_ref());
        table.add_row([
            Cell::new(&invoice.invoice_number),
            Cell::new(cell::day(invoice.oldest_due_date.as_ref())),
            cell::right(invoice.days_past_due),
            cell::money(invoice.open_amount.as_ref()),
            cell::money(invoice.disputed_amount.as_ref()),
            cell::right(invoice.level),
            Cell::new(&invoice.step_code),
            Cell::new(format!("{next} {}", invoice.next_step_code).trim()),
            Cell::new(holds(&invoice.hold_reasons)),
        ]);
    }
    table
}
