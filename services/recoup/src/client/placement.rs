//! `recoup placement`: debts that an agency collects.

use comfy_table::{Cell, Table};
use contracts::agency::get_placement_request::Key;
use contracts::agency::placement_service_client::PlacementServiceClient;
use contracts::agency::{
    GetPlacementRequest, GetPlacementResponse, ListPlacementsRequest, Placement, PlacementState,
};
use contracts::convert::date_to_wire;
use jiff::civil::Date;

use crate::client::output::{self, Format, Json};
use crate::client::page::Limit;
use crate::client::refused::answered;
use crate::client::words::{parse, word};
use crate::client::{Asking, cell, find};

/// Reads placements with agencies
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Lists placements, newest first
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
    /// Only in these states, for example proposed, active or closed
    #[arg(long, value_delimiter = ',', value_parser = parse::<PlacementState>)]
    state: Vec<PlacementState>,
    /// Only of this customer, by customer_id or external_id
    #[arg(long)]
    customer: Option<String>,
    /// Only with this agency, by agency_id
    #[arg(long)]
    agency: Option<String>,
    /// Only placed on or after this day
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Only placed on or before this day
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
}

/// Which to show.
#[derive(Debug, Clone, clap::Args)]
pub struct Show {
    #[command(flatten)]
    asking: Asking,
    /// Its placement_id or external_id
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
        let asked = ListPlacementsRequest {
            states: self.state.iter().copied().map(Into::into).collect(),
            agency_id: self.agency.clone(),
            customer_id: find::customer_id(&calls, self.customer.as_ref()).await?,
            placement_from_date: self.from.map(date_to_wire),
            placement_to_date: self.to.map(date_to_wire),
            ..ListPlacementsRequest::default()
        };
        let mut placements = PlacementServiceClient::new(calls);
        let page = async |page_size, page_token| {
            let request = ListPlacementsRequest {
                page_size,
                page_token,
                ..asked.clone()
            };
            let answer = placements.list_placements(request).await;
            let answer = answered("listing the placements", answer)?;
            anyhow::Ok((answer.placements, answer.next_page_token))
        };
        let found = self.limit.gather(page).await?;
        output::listing(self.asking.output, "placements", &found, lines)
    }
}

fn lines(placements: &[Placement]) -> Table {
    let mut table = output::table([
        "placed",
        "external id",
        "state",
        "customer",
        "placed amount",
        "recovered",
        "open",
        "commission",
        "agency id",
        "placement id",
    ]);
    for placement in placements {
        table.add_row([
            Cell::new(cell::day(placement.placement_date.as_ref())),
            Cell::new(&placement.external_id),
            Cell::new(word(placement.state())),
            Cell::new(customer(placement)),
            cell::money(placement.placed_amount.as_ref()),
            cell::money(placement.recovered_amount.as_ref()),
            cell::money(placement.open_amount.as_ref()),
            cell::money(placement.commission_amount.as_ref()),
            Cell::new(&placement.agency_id),
            Cell::new(&placement.placement_id),
        ]);
    }
    table
}

/// The name that the tenant knows the customer by.
fn customer(placement: &Placement) -> &str {
    match placement.customer_external_id.as_str() {
        "" => &placement.customer_id,
        external_id => external_id,
    }
}

impl Show {
    async fn run(&self) -> anyhow::Result<()> {
        let calls = self.asking.connection.calls().await?;
        let mut placements = PlacementServiceClient::new(calls);
        let own = find::is_identity(&self.id).then(|| Key::PlacementId(self.id.clone()));
        let keys = own.into_iter().chain([Key::ExternalId(self.id.clone())]);
        let answer = find::by_any(keys, async |key| {
            let request = GetPlacementRequest { key: Some(key) };
            answered(
                "reading the placement",
                placements.get_placement(request).await,
            )
        });
        let answer = answer.await?;
        match self.asking.output {
            Format::Json => output::json(&Json::try_new()?.of(&answer)?),
            Format::Table => {
                let placement = answer.placement.clone().unwrap_or_default();
                output::text(&sheet(&placement).to_string())?;
                output::text(&placed(&answer).to_string())
            }
        }
    }
}

fn sheet(placement: &Placement) -> Table {
    output::sheet([
        ("placement id", placement.placement_id.clone()),
        ("external id", placement.external_id.clone()),
        ("state", word(placement.state())),
        ("agency id", placement.agency_id.clone()),
        ("agency's number", placement.agency_reference.clone()),
        ("customer", customer(placement).to_owned()),
        ("placed", cell::day(placement.placement_date.as_ref())),
        (
            "placed amount",
            cell::money_text(placement.placed_amount.as_ref()),
        ),
        (
            "recovered",
            cell::money_text(placement.recovered_amount.as_ref()),
        ),
        (
            "paid directly",
            cell::money_text(placement.direct_amount.as_ref()),
        ),
        (
            "adjusted",
            cell::money_text(placement.adjusted_amount.as_ref()),
        ),
        ("open", cell::money_text(placement.open_amount.as_ref())),
        (
            "commission",
            cell::money_text(placement.commission_amount.as_ref()),
        ),
        ("proposed by", placement.proposed_by.clone()),
        ("judged by", placement.judged_by.clone()),
        ("ended", cell::instant(placement.ended_time.as_ref())),
        ("note", placement.note.clone()),
    ])
}

fn placed(answer: &GetPlacementResponse) -> Table {
    let mut table = output::table(["number", "dated", "due", "level", "placed", "open"]);
    for invoice in &answer.invoices {
        table.add_row([
            Cell::new(&invoice.invoice_number),
            Cell::new(cell::day(invoice.invoice_date.as_ref())),
            Cell::new(cell::day(invoice.oldest_due_date.as_ref())),
            cell::right(invoice.level),
            cell::money(invoice.placed_amount.as_ref()),
            cell::money(invoice.open_amount.as_ref()),
        ]);
    }
    table
}
