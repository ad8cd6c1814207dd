//! `recoup customer`: who owes or may owe the tenant.

use comfy_table::{Cell, Table};
use contracts::credit::customer_service_client::CustomerServiceClient;
use contracts::credit::{Customer, CustomerKind, ListCustomersRequest};
use serde_json::json;

use crate::client::output::{self, Format, Json};
use crate::client::page::Limit;
use crate::client::refused::answered;
use crate::client::words::{parse, word, word_on_wire};
use crate::client::{Asking, cell, find};

/// Reads customers
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Lists customers, oldest first
    List(List),
    /// Shows one
    Show(Show),
}

/// What to list.
#[derive(Debug, Clone, clap::Args)]
pub struct List {
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    limit: Limit,
    /// Only in this segment
    #[arg(long)]
    segment: Option<String>,
    /// Only of this kind: business or consumer
    #[arg(long, value_parser = parse::<CustomerKind>)]
    kind: Option<CustomerKind>,
    /// Only in this country, ISO 3166-1 alpha-2
    #[arg(long)]
    country: Option<String>,
    /// Only those that belong to this customer directly
    #[arg(long, value_name = "CUSTOMER")]
    parent: Option<String>,
}

/// Which to show.
#[derive(Debug, Clone, clap::Args)]
pub struct Show {
    #[command(flatten)]
    asking: Asking,
    /// Its customer_id or external_id
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
        let parent_customer_id = find::customer_id(&calls, self.parent.as_ref()).await?;
        let mut customers = CustomerServiceClient::new(calls);
        let page = async |page_size, page_token| {
            let request = ListCustomersRequest {
                page_size,
                page_token,
                segment: self.segment.clone(),
                kind: self.kind.map(Into::into),
                country_code: self.country.clone(),
                parent_customer_id: parent_customer_id.clone(),
            };
            let answer = customers.list_customers(request).await;
            let answer = answered("listing the customers", answer)?;
            anyhow::Ok((answer.customers, answer.next_page_token))
        };
        let found = self.limit.gather(page).await?;
        output::listing(self.asking.output, "customers", &found, lines)
    }
}

fn lines(customers: &[Customer]) -> Table {
    let mut table = output::table([
        "external id",
        "name",
        "kind",
        "segment",
        "country",
        "terms",
        "customer id",
    ]);
    for customer in customers {
        let details = customer.details.clone().unwrap_or_default();
        table.add_row([
            customer.external_id.clone(),
            details.display_name,
            word_on_wire::<CustomerKind>(details.kind),
            details.segment,
            details.country_code,
            terms(customer),
            customer.customer_id.clone(),
        ]);
    }
    table
}

fn terms(customer: &Customer) -> String {
    let granted = customer.granted_terms.as_ref();
    let terms = granted.and_then(|granted| granted.payment_terms.as_ref());
    terms
        .map(|terms| terms.terms_code.clone())
        .unwrap_or_default()
}

impl Show {
    async fn run(&self) -> anyhow::Result<()> {
        let calls = self.asking.connection.calls().await?;
        let customer = find::customer(&calls, &self.id).await?;
        if self.asking.output == Format::Json {
            return output::json(&json!({ "customer": Json::try_new()?.of(&customer)? }));
        }
        output::text(&sheet(&customer).to_string())?;
        let details = customer.details.unwrap_or_default();
        let mut table = output::table(["contact", "for", "e-mail", "telephone"]);
        for contact in &details.contacts {
            table.add_row([
                Cell::new(&contact.display_name),
                Cell::new(word(contact.role())),
                Cell::new(&contact.email),
                Cell::new(&contact.phone),
            ]);
        }
        output::text(&table.to_string())
    }
}

fn sheet(customer: &Customer) -> Table {
    let details = customer.details.clone().unwrap_or_default();
    output::sheet([
        ("customer id", customer.customer_id.clone()),
        ("external id", customer.external_id.clone()),
        ("name", details.display_name.clone()),
        ("kind", word(details.kind())),
        ("segment", details.segment.clone()),
        ("country", details.country_code.clone()),
        ("language", details.language.clone()),
        ("time zone", details.time_zone.clone()),
        ("credit policy", details.credit_policy_code.clone()),
        ("terms", terms(customer)),
        (
            "customer since",
            cell::day(details.customer_since_date.as_ref()),
        ),
        ("created", cell::instant(customer.created_time.as_ref())),
    ])
}
