//! `recoup invoice`: what is owed, and its history.

use comfy_table::{Cell, Table};
use contracts::convert::date_to_wire;
use contracts::google::r#type::Date as WireDate;
use contracts::invoicing::get_invoice_request::Key;
use contracts::invoicing::invoice_content::Customer;
use contracts::invoicing::invoice_service_client::InvoiceServiceClient;
use contracts::invoicing::{
    GetInvoiceRequest, Invoice, InvoiceEntry, InvoiceState, ListInvoiceEntriesRequest,
    ListInvoicesRequest,
};
use jiff::civil::Date;
use serde_json::json;

use crate::client::connection::Calls;
use crate::client::output::{self, Format, Json};
use crate::client::page::Limit;
use crate::client::refused::answered;
use crate::client::words::{parse, word};
use crate::client::{Asking, aging, cell, find};

/// Reads invoices
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Lists invoices, newest first
    List(List),
    /// Shows one with its history
    Show(Show),
}

/// What to list. Filters that are given must all hold.
#[derive(Debug, Clone, clap::Args)]
pub struct List {
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    limit: Limit,
    /// Only of this customer, by customer_id or external_id
    #[arg(long)]
    customer: Option<String>,
    /// Only in these states: draft, issued, closed or void
    #[arg(long, value_delimiter = ',', value_parser = parse::<InvoiceState>)]
    state: Vec<InvoiceState>,
    /// Only in this currency
    #[arg(long)]
    currency: Option<String>,
    /// Only with an invoice date on or after this day
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Only with an invoice date on or before this day
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// Only with something past due today
    #[arg(long)]
    overdue: bool,
    /// Only with an open dispute (true) or without (false)
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    disputed: Option<bool>,
}

/// Which to show.
#[derive(Debug, Clone, clap::Args)]
pub struct Show {
    #[command(flatten)]
    asking: Asking,
    /// Its invoice_id, external_id or number
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
        let asked = self.request(&calls).await?;
        let mut invoices = InvoiceServiceClient::new(calls);
        let page = async |page_size, page_token| {
            let request = ListInvoicesRequest {
                page_size,
                page_token,
                ..asked.clone()
            };
            let answer = invoices.list_invoices(request).await;
            let answer = answered("listing the invoices", answer)?;
            anyhow::Ok((answer.invoices, answer.next_page_token))
        };
        let found = self.limit.gather(page).await?;
        output::listing(self.asking.output, "invoices", &found, lines)
    }

    async fn request(&self, calls: &Calls) -> anyhow::Result<ListInvoicesRequest> {
        let overdue: Option<WireDate> = match self.overdue {
            true => Some(aging::today(calls).await?),
            false => None,
        };
        Ok(ListInvoicesRequest {
            customer_id: find::customer_id(calls, self.customer.as_ref()).await?,
            states: self.state.iter().copied().map(Into::into).collect(),
            currency_code: self.currency.clone(),
            from_invoice_date: self.from.map(date_to_wire),
            to_invoice_date: self.to.map(date_to_wire),
            due_before_date: overdue,
            disputed: self.disputed,
            ..ListInvoicesRequest::default()
        })
    }
}

fn lines(invoices: &[Invoice]) -> Table {
    let mut table = output::table([
        "number",
        "state",
        "dated",
        "due",
        "total",
        "open",
        "disputed",
        "customer id",
        "invoice id",
    ]);
    for invoice in invoices {
        table.add_row([
            Cell::new(&invoice.invoice_number),
            Cell::new(word(invoice.state())),
            Cell::new(dated(invoice)),
            Cell::new(cell::day(invoice.oldest_due_date.as_ref())),
            cell::money(gross(invoice)),
            cell::money(invoice.open_amount.as_ref()),
            cell::money(disputed(invoice)),
            Cell::new(customer(invoice)),
            Cell::new(&invoice.invoice_id),
        ]);
    }
    table
}

fn dated(invoice: &Invoice) -> String {
    let content = invoice.content.as_ref();
    cell::day(content.and_then(|content| content.invoice_date.as_ref()))
}

fn gross(invoice: &Invoice) -> Option<&contracts::common::Money> {
    invoice.totals.as_ref()?.gross_amount.as_ref()
}

/// What is disputed, where anything is.
fn disputed(invoice: &Invoice) -> Option<&contracts::common::Money> {
    let is_zero = |amount: &str| amount.chars().all(|digit| matches!(digit, '0' | '.'));
    let amount = invoice.disputed_amount.as_ref();
    amount.filter(|amount| !is_zero(&amount.amount))
}

fn customer(invoice: &Invoice) -> String {
    let content = invoice.content.as_ref();
    match content.and_then(|content| content.customer.as_ref()) {
        Some(Customer::CustomerId(id) | Customer::CustomerExternalId(id)) => id.clone(),
        None => String::new(),
    }
}

impl Show {
    async fn run(&self) -> anyhow::Result<()> {
        let calls = self.asking.connection.calls().await?;
        let mut invoices = InvoiceServiceClient::new(calls);
        let own = find::is_identity(&self.id).then(|| Key::InvoiceId(self.id.clone()));
        let theirs = [
            Key::ExternalId(self.id.clone()),
            Key::InvoiceNumber(self.id.clone()),
        ];
        let answer = find::by_any(own.into_iter().chain(theirs), async |key| {
            let request = GetInvoiceRequest { key: Some(key) };
            answered("reading the invoice", invoices.get_invoice(request).await)
        });
        let invoice = answer.await?.invoice.unwrap_or_default();
        let page = async |page_size, page_token| {
            let request = ListInvoiceEntriesRequest {
                invoice_id: invoice.invoice_id.clone(),
                page_size,
                page_token,
            };
            let answer = invoices.list_invoice_entries(request).await;
            let answer = answered("reading the invoice's history", answer)?;
            anyhow::Ok((answer.entries, answer.next_page_token))
        };
        let entries = Limit::ALL.gather(page).await?.entries;
        match self.asking.output {
            Format::Json => {
                let json = Json::try_new()?;
                let (invoice, entries) = (json.of(&invoice)?, json.all(&entries)?);
                output::json(&json!({ "invoice": invoice, "entries": entries }))
            }
            Format::Table => {
                output::text(&sheet(&invoice).to_string())?;
                output::text(&charged(&invoice).to_string())?;
                output::text(&owed(&invoice).to_string())?;
                output::text(&history(&entries).to_string())
            }
        }
    }
}

fn sheet(invoice: &Invoice) -> Table {
    let content = invoice.content.clone().unwrap_or_default();
    output::sheet([
        ("invoice id", invoice.invoice_id.clone()),
        ("external id", invoice.external_id.clone()),
        ("number", invoice.invoice_number.clone()),
        ("state", word(invoice.state())),
        ("customer id", customer(invoice)),
        ("dated", dated(invoice)),
        ("order", content.order_reference),
        ("payment reference", content.payment_reference),
        ("total", cell::money_text(gross(invoice))),
        ("open", cell::money_text(invoice.open_amount.as_ref())),
        ("disputed", cell::money_text(disputed(invoice))),
        (
            "oldest due date",
            cell::day(invoice.oldest_due_date.as_ref()),
        ),
        ("closed", cell::day(invoice.closed_date.as_ref())),
        ("credit policy", invoice.policy_version.clone()),
        ("issued", cell::instant(invoice.issued_time.as_ref())),
    ])
}

fn charged(invoice: &Invoice) -> Table {
    let mut table = output::table(["line", "what", "quantity", "price", "net"]);
    let number = |decimal: Option<&contracts::common::Decimal>| {
        cell::right(
            decimal
                .map(|decimal| decimal.value.as_str())
                .unwrap_or_default(),
        )
    };
    let lines = invoice.content.iter().flat_map(|content| &content.lines);
    for line in lines {
        table.add_row([
            cell::right(line.line_number),
            Cell::new(&line.description),
            number(line.quantity.as_ref()),
            number(line.unit_price.as_ref()),
            cell::money(line.net_amount.as_ref()),
        ]);
    }
    table
}

fn owed(invoice: &Invoice) -> Table {
    let mut table = output::table(["owed", "due", "at first", "open", "settled"]);
    for item in &invoice.open_items {
        table.add_row([
            Cell::new(word(item.kind())),
            Cell::new(cell::day(item.due_date.as_ref())),
            cell::money(item.original_amount.as_ref()),
            cell::money(item.open_amount.as_ref()),
            Cell::new(cell::day(item.closed_date.as_ref())),
        ]);
    }
    table
}

fn history(entries: &[InvoiceEntry]) -> Table {
    let mut table = output::table(["counts from", "what happened", "amount", "written"]);
    for entry in entries {
        table.add_row([
            Cell::new(cell::day(entry.entry_date.as_ref())),
            Cell::new(word(entry.kind())),
            cell::money(entry.amount.as_ref()),
            Cell::new(cell::instant(entry.created_time.as_ref())),
        ]);
    }
    table
}
