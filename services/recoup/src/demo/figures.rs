//! Aging and figures at the end, as invoicing tells them.

use contracts::invoicing::aging_service_client::AgingServiceClient;
use contracts::invoicing::figure_service_client::FigureServiceClient;
use contracts::invoicing::{
    AgingBasis, AgingQuery, CurrencyFigures, FigureKind, FigureUnit, GetAgingRequest,
    GetAgingResponse, GetFiguresRequest,
};
use jiff::civil::Date;

use super::client::{World, day};
use super::table::Table;

/// What invoicing says about the whole time.
#[derive(Debug)]
pub struct Reading {
    /// Receivables by age at its end, by due date.
    pub aging: GetAgingResponse,
    /// The figures of each currency.
    pub figures: Vec<CurrencyFigures>,
}

/// Asks invoicing.
///
/// # Errors
/// A call that is refused.
pub async fn read(world: &World, from: Date, until: Date) -> anyhow::Result<Reading> {
    let request = GetAgingRequest {
        query: Some(AgingQuery {
            as_of_date: day(until),
            basis: AgingBasis::DueDate.into(),
            ..AgingQuery::default()
        }),
        customer_id: None,
    };
    let aging = AgingServiceClient::new(world.calls())
        .get_aging(request)
        .await?
        .into_inner();
    let request = GetFiguresRequest {
        from_date: day(from),
        to_date: day(until),
        ..GetFiguresRequest::default()
    };
    let figures = FigureServiceClient::new(world.calls())
        .get_figures(request)
        .await?
        .into_inner();
    Ok(Reading {
        aging,
        figures: figures.figures,
    })
}

impl Reading {
    /// Receivables by age.
    #[must_use]
    pub fn aging_table(&self) -> Table {
        let first = self.aging.tables.first();
        let labels = first.map(|table| table.buckets.iter().map(|bucket| bucket.label.clone()));
        let mut columns = vec!["days past due".to_owned()];
        columns.extend(labels.into_iter().flatten());
        columns.extend(["customer credit", "outstanding"].map(str::to_owned));
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let mut shown = Table::of("Aging by due date", &columns);
        for table in &self.aging.tables {
            let buckets = table.buckets.iter().map(|bucket| &bucket.amount);
            let sums = [&table.customer_credit_amount, &table.outstanding_amount];
            let amounts = buckets.chain(sums).map(|money| match money {
                Some(money) => money.amount.clone(),
                None => String::new(),
            });
            shown.row([table.currency_code.clone()].into_iter().chain(amounts));
        }
        shown
    }

    /// The figures, a column a currency.
    #[must_use]
    pub fn figures_table(&self) -> Table {
        let mut columns = vec!["figure"];
        columns.extend(self.figures.iter().map(|one| one.currency_code.as_str()));
        let mut shown = Table::of("Figures of the whole time", &columns);
        let mut formulas = Vec::new();
        for (kind, name) in NAMES {
            let of_kind = |one: &CurrencyFigures| {
                one.figures
                    .iter()
                    .find(|figure| figure.kind() == kind)
                    .cloned()
            };
            let values = self.figures.iter().map(|one| {
                let Some(figure) = of_kind(one) else {
                    return String::new();
                };
                let unit = match figure.unit() {
                    FigureUnit::Percent => " %",
                    FigureUnit::Days => " d",
                    FigureUnit::Unspecified => "",
                };
                figure
                    .value
                    .map_or("–".to_owned(), |value| format!("{}{unit}", value.value))
            });
            let formula = self.figures.first().and_then(of_kind);
            formulas.extend(formula.map(|figure| format!("{name} = {}", figure.formula)));
            shown.row([name.to_owned()].into_iter().chain(values));
        }
        shown.note = formulas.join("\n");
        shown
    }
}

/// The figures that are told, with their names.
const NAMES: [(FigureKind, &str); 6] = [
    (FigureKind::Dso, "DSO"),
    (FigureKind::BestPossibleDso, "best possible DSO"),
    (FigureKind::AverageDaysDelinquent, "average days delinquent"),
    (
        FigureKind::CollectionEffectiveness,
        "collection effectiveness",
    ),
    (FigureKind::PercentPastDue, "percent past due"),
    (FigureKind::AverageDaysToPay, "average days to pay"),
];
