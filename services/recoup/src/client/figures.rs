//! `recoup figures`: how well invoices turn into money.

use anyhow::Context as _;
use comfy_table::{Cell, Table};
use contracts::convert::{date_from_wire, date_to_wire};
use contracts::invoicing::figure_service_client::FigureServiceClient;
use contracts::invoicing::{
    CurrencyFigures, Figure, FigureUnit, GetFiguresRequest, GetFiguresResponse,
};
use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::client::connection::Calls;
use crate::client::output::{self, Format, Json};
use crate::client::refused::{Refused, answered};
use crate::client::words::word;
use crate::client::{Asking, aging, cell, find};

/// The length of a period whose first day is not given: a quarter of a year.
const DEFAULT_DAYS: i64 = 90;

/// Shows how well invoices turn into money, each figure with its formula
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    /// First day of the period [default: 90 days that end with its last]
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Last day of the period [default: today in the tenant's time zone]
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// Only of this customer, by customer_id or external_id
    #[arg(long)]
    customer: Option<String>,
    /// Only in this currency
    #[arg(long)]
    currency: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// What was refused.
pub async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let calls = arguments.asking.connection.calls().await?;
    let to = match arguments.to {
        Some(to) => to,
        None => date_from_wire(&aging::today(&calls).await?).context("today")?,
    };
    let default_from = || to.saturating_sub((DEFAULT_DAYS - 1).days());
    let from = arguments.from.unwrap_or_else(default_from);
    let request = GetFiguresRequest {
        from_date: Some(date_to_wire(from)),
        to_date: Some(date_to_wire(to)),
        customer_id: find::customer_id(&calls, arguments.customer.as_ref()).await?,
        currency_code: arguments.currency.clone(),
    };
    let figures = read(&calls, request).await?;
    if arguments.asking.output == Format::Json {
        return output::json(&Json::try_new()?.of(&figures)?);
    }
    output::text(&format!("from {from} to {to}"))?;
    if figures.figures.is_empty() {
        return output::text("there was nothing");
    }
    output::text(&inputs(&figures.figures).to_string())?;
    output::text(&shown(&figures.figures).to_string())
}

/// Asks for the figures of a period.
///
/// # Errors
/// What was refused.
pub async fn read(
    calls: &Calls,
    request: GetFiguresRequest,
) -> Result<GetFiguresResponse, Refused> {
    let mut client = FigureServiceClient::new(calls.clone());
    answered("reading the figures", client.get_figures(request).await)
}

/// What the figures were computed from.
#[must_use]
pub fn inputs(figures: &[CurrencyFigures]) -> Table {
    let mut table = output::table(["currency", "what", "amount", "invoices"]);
    for of_currency in figures {
        let inputs = of_currency.inputs.clone().unwrap_or_default();
        let lines = [
            ("open before", inputs.opening_amount, None),
            ("invoiced", inputs.sales_amount, Some(inputs.invoiced_count)),
            ("settled", inputs.settled_amount, Some(inputs.settled_count)),
            ("settled late", None, Some(inputs.settled_late_count)),
            ("disputed", None, Some(inputs.disputed_count)),
            ("credited", inputs.credited_amount, None),
            ("written off", inputs.written_off_amount, None),
            ("open at the end", inputs.closing_amount, None),
            ("not due at the end", inputs.closing_not_due_amount, None),
            ("past due at the end", inputs.closing_past_due_amount, None),
        ];
        for (what, amount, count) in lines {
            let amount = amount.map(|money| money.amount).unwrap_or_default();
            table.add_row([
                Cell::new(&of_currency.currency_code),
                Cell::new(what),
                cell::right(amount),
                cell::right(count.map(|count| count.to_string()).unwrap_or_default()),
            ]);
        }
    }
    table
}

/// The figures with their formulas.
#[must_use]
pub fn shown(figures: &[CurrencyFigures]) -> Table {
    let mut table = output::table(["currency", "figure", "value", "formula"]);
    for of_currency in figures {
        for figure in &of_currency.figures {
            table.add_row([
                Cell::new(&of_currency.currency_code),
                Cell::new(word(figure.kind())),
                cell::right(value(figure)),
                Cell::new(&figure.formula),
            ]);
        }
    }
    table
}

/// The value with its unit, or why there is none.
fn value(figure: &Figure) -> String {
    let Some(value) = &figure.value else {
        return figure.undefined_reason.clone();
    };
    match figure.unit() {
        FigureUnit::Percent => format!("{} %", value.value),
        FigureUnit::Days => format!("{} days", value.value),
        FigureUnit::Unspecified => value.value.clone(),
    }
}
