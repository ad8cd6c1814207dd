//! `recoup aging`: receivables by age, as of any day.

use comfy_table::{Cell, Table};
use contracts::common::Money;
use contracts::convert::date_to_wire;
use contracts::google::r#type::Date as WireDate;
use contracts::invoicing::aging_service_client::AgingServiceClient;
use contracts::invoicing::{AgingBasis, AgingQuery, AgingTable, GetAgingRequest, GetAgingResponse};
use jiff::civil::Date;

use crate::client::connection::Calls;
use crate::client::output::{self, Format, Json};
use crate::client::refused::{Refused, answered};
use crate::client::{Asking, cell, find};

/// Shows receivables by age
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    /// The day at whose end it is told [default: today in the tenant's time zone]
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
    /// From which day items age
    #[arg(long, value_enum, default_value_t = By::DueDate)]
    by: By,
    /// Highest age in days of each bucket but the last
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "30,60,90",
        value_name = "DAYS"
    )]
    buckets: Vec<i32>,
    /// Only of this customer, by customer_id or external_id
    #[arg(long)]
    customer: Option<String>,
    /// Only in this currency
    #[arg(long)]
    currency: Option<String>,
}

/// From which day items age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    /// From the due date: not due, 1-30 days past due, …
    DueDate,
    /// From the invoice date: 0-30 days old, …
    InvoiceDate,
}

/// Runs the command.
///
/// # Errors
/// What was refused.
pub async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let calls = arguments.asking.connection.calls().await?;
    let query = AgingQuery {
        as_of_date: arguments.as_of.map(date_to_wire),
        basis: basis(arguments.by).into(),
        bucket_limits_days: arguments.buckets.clone(),
        currency_code: arguments.currency.clone(),
    };
    let customer_id = find::customer_id(&calls, arguments.customer.as_ref()).await?;
    let aging = read(&calls, query, customer_id).await?;
    match arguments.asking.output {
        Format::Json => output::json(&Json::try_new()?.of(&aging)?),
        Format::Table => {
            let day = cell::day(aging.as_of_date.as_ref());
            output::text(&format!("at the end of {day}"))?;
            match aging.tables.is_empty() {
                true => output::text("nothing is outstanding"),
                false => output::text(&shown(&aging.tables).to_string()),
            }
        }
    }
}

const fn basis(by: By) -> AgingBasis {
    match by {
        By::DueDate => AgingBasis::DueDate,
        By::InvoiceDate => AgingBasis::InvoiceDate,
    }
}

/// Asks for receivables by age.
///
/// # Errors
/// What was refused.
pub async fn read(
    calls: &Calls,
    query: AgingQuery,
    customer_id: Option<String>,
) -> Result<GetAgingResponse, Refused> {
    let query = Some(query);
    let request = GetAgingRequest { query, customer_id };
    let mut client = AgingServiceClient::new(calls.clone());
    answered("reading the aging", client.get_aging(request).await)
}

/// Today, as the installation has it: by its clock, which may be a sandbox's, in the tenant's zone.
///
/// # Errors
/// What was refused.
pub async fn today(calls: &Calls) -> anyhow::Result<WireDate> {
    let query = AgingQuery {
        basis: AgingBasis::DueDate.into(),
        ..AgingQuery::default()
    };
    let aging = read(calls, query, None).await?;
    aging
        .as_of_date
        .ok_or_else(|| anyhow::anyhow!("the installation does not say what day it is"))
}

/// A line for each bucket, with what is owed in each currency and the number of items.
#[must_use]
pub fn shown(tables: &[AgingTable]) -> Table {
    let mut shown = output::table(["currency", "age", "amount", "items"]);
    let mut line = |currency: &str, age: &str, amount: Option<&Money>, items: String| {
        let amount = amount
            .map(|money| money.amount.as_str())
            .unwrap_or_default();
        shown.add_row([
            Cell::new(currency),
            Cell::new(age),
            cell::right(amount),
            cell::right(items),
        ]);
    };
    for table in tables {
        for bucket in &table.buckets {
            let items = bucket.item_count.to_string();
            let amount = bucket.amount.as_ref();
            line(&table.currency_code, &bucket.label, amount, items);
        }
        let credit = table.customer_credit_amount.as_ref();
        line(
            &table.currency_code,
            "customer credit",
            credit,
            String::new(),
        );
        let outstanding = table.outstanding_amount.as_ref();
        let items = table.item_count.to_string();
        line(&table.currency_code, "outstanding", outstanding, items);
    }
    shown
}
