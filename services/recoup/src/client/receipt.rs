//! `recoup receipt`: money that came in, and what it pays for.

use comfy_table::{Cell, Table};
use contracts::convert::date_to_wire;
use contracts::payments::get_receipt_request::Key;
use contracts::payments::receipt_application_service_client::ReceiptApplicationServiceClient;
use contracts::payments::receipt_service_client::ReceiptServiceClient;
use contracts::payments::{
    GetReceiptRequest, ListReceiptApplicationsRequest, ListReceiptsRequest, Receipt,
    ReceiptApplication, ReceiptMethod, ReceiptState,
};
use jiff::civil::Date;
use serde_json::json;

use crate::client::connection::Calls;
use crate::client::output::{self, Format, Json};
use crate::client::page::Limit;
use crate::client::refused::answered;
use crate::client::words::{parse, word};
use crate::client::{Asking, cell, find};

/// Reads receipts
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Lists receipts, newest first
    List(List),
    /// Shows one with its applications
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
    /// Only in this state: recorded, reversing or reversed
    #[arg(long, value_parser = parse::<ReceiptState>)]
    state: Option<ReceiptState>,
    /// Only with this method: transfer, card, direct-debit, cheque, cash or agency
    #[arg(long, value_parser = parse::<ReceiptMethod>)]
    method: Option<ReceiptMethod>,
    /// Only in this currency
    #[arg(long)]
    currency: Option<String>,
    /// Only with something left to apply (true) or without (false)
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    unapplied: Option<bool>,
    /// Only of customers that are known (true) or are not (false)
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    identified: Option<bool>,
    /// Only with a receipt date on or after this day
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Only with a receipt date on or before this day
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
}

/// Which to show.
#[derive(Debug, Clone, clap::Args)]
pub struct Show {
    #[command(flatten)]
    asking: Asking,
    /// Its receipt_id or external_id
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
        let asked = ListReceiptsRequest {
            customer_id: find::customer_id(&calls, self.customer.as_ref()).await?,
            identified: self.identified,
            state: self.state.map(Into::into),
            method: self.method.map(Into::into),
            currency_code: self.currency.clone(),
            unapplied: self.unapplied,
            from_receipt_date: self.from.map(date_to_wire),
            to_receipt_date: self.to.map(date_to_wire),
            ..ListReceiptsRequest::default()
        };
        let mut receipts = ReceiptServiceClient::new(calls);
        let page = async |page_size, page_token| {
            let request = ListReceiptsRequest {
                page_size,
                page_token,
                ..asked.clone()
            };
            let answer = receipts.list_receipts(request).await;
            let answer = answered("listing the receipts", answer)?;
            anyhow::Ok((answer.receipts, answer.next_page_token))
        };
        let found = self.limit.gather(page).await?;
        output::listing(self.asking.output, "receipts", &found, lines)
    }
}

fn lines(receipts: &[Receipt]) -> Table {
    let mut table = output::table([
        "dated",
        "external id",
        "method",
        "state",
        "amount",
        "allocated",
        "unapplied",
        "customer id",
        "receipt id",
    ]);
    for receipt in receipts {
        table.add_row([
            Cell::new(cell::day(receipt.receipt_date.as_ref())),
            Cell::new(&receipt.external_id),
            Cell::new(word(receipt.method())),
            Cell::new(word(receipt.state())),
            cell::money(receipt.amount.as_ref()),
            cell::money(receipt.allocated_amount.as_ref()),
            cell::money(receipt.unapplied_amount.as_ref()),
            Cell::new(&receipt.customer_id),
            Cell::new(&receipt.receipt_id),
        ]);
    }
    table
}

impl Show {
    async fn run(&self) -> anyhow::Result<()> {
        let calls = self.asking.connection.calls().await?;
        let mut receipts = ReceiptServiceClient::new(calls.clone());
        let own = find::is_identity(&self.id).then(|| Key::ReceiptId(self.id.clone()));
        let keys = own.into_iter().chain([Key::ExternalId(self.id.clone())]);
        let answer = find::by_any(keys, async |key| {
            let request = GetReceiptRequest { key: Some(key) };
            answered("reading the receipt", receipts.get_receipt(request).await)
        });
        let receipt = answer.await?.receipt.unwrap_or_default();
        let applications = applications(&calls, &receipt.receipt_id).await?;
        match self.asking.output {
            Format::Json => {
                let json = Json::try_new()?;
                let (receipt, applications) = (json.of(&receipt)?, json.all(&applications)?);
                output::json(&json!({ "receipt": receipt, "applications": applications }))
            }
            Format::Table => {
                output::text(&sheet(&receipt).to_string())?;
                output::text(&applied(&applications).to_string())
            }
        }
    }
}

async fn applications(calls: &Calls, receipt_id: &str) -> anyhow::Result<Vec<ReceiptApplication>> {
    let mut client = ReceiptApplicationServiceClient::new(calls.clone());
    let page = async |page_size, page_token| {
        let request = ListReceiptApplicationsRequest {
            page_size,
            page_token,
            receipt_id: Some(receipt_id.to_owned()),
            ..ListReceiptApplicationsRequest::default()
        };
        let answer = client.list_receipt_applications(request).await;
        let answer = answered("listing what the receipt pays for", answer)?;
        anyhow::Ok((answer.applications, answer.next_page_token))
    };
    Ok(Limit::ALL.gather(page).await?.entries)
}

fn sheet(receipt: &Receipt) -> Table {
    let remittance = receipt.remittance.clone().unwrap_or_default();
    output::sheet([
        ("receipt id", receipt.receipt_id.clone()),
        ("external id", receipt.external_id.clone()),
        ("customer id", receipt.customer_id.clone()),
        ("method", word(receipt.method())),
        ("state", word(receipt.state())),
        ("dated", cell::day(receipt.receipt_date.as_ref())),
        ("amount", cell::money_text(receipt.amount.as_ref())),
        (
            "allocated",
            cell::money_text(receipt.allocated_amount.as_ref()),
        ),
        (
            "reserved",
            cell::money_text(receipt.reserved_amount.as_ref()),
        ),
        (
            "refunded",
            cell::money_text(receipt.refunded_amount.as_ref()),
        ),
        (
            "returned",
            cell::money_text(receipt.returned_amount.as_ref()),
        ),
        (
            "unapplied",
            cell::money_text(receipt.unapplied_amount.as_ref()),
        ),
        ("payment reference", remittance.payment_reference),
        ("remittance", remittance.text),
        ("payer", remittance.payer_name),
        ("recorded", cell::instant(receipt.created_time.as_ref())),
    ])
}

fn applied(applications: &[ReceiptApplication]) -> Table {
    let mut table = output::table(["applied to", "state", "amount", "discount", "why not"]);
    for application in applications {
        let state = word(application.state());
        if application.allocations.is_empty() {
            let refusal = application.refusal.clone().unwrap_or_default();
            table.add_row([
                Cell::new(""),
                Cell::new(&state),
                cell::money(application.amount.as_ref()),
                Cell::new(""),
                Cell::new(refusal.message),
            ]);
        }
        for allocation in &application.allocations {
            table.add_row([
                Cell::new(&allocation.invoice_number),
                Cell::new(&state),
                cell::money(allocation.amount.as_ref()),
                cell::money(allocation.discount_amount.as_ref()),
                Cell::new(""),
            ]);
        }
    }
    table
}
