//! The demo's proof: it holds on books that nobody touched, tells the service's figures, and turns red
//! with the name of what is wrong whatever row is tampered with.

mod tamperings;

use std::fs;
use std::path::Path;

use contracts::common::{Decimal as WireDecimal, Money};
use contracts::invoicing::aging_service_client::AgingServiceClient;
use contracts::invoicing::figure_service_client::FigureServiceClient;
use contracts::invoicing::{
    AgingBasis, AgingQuery, CurrencyFigures, FigureKind, GetAgingRequest, GetFiguresRequest,
};
use jiff::civil::{Date, date};
use money::Decimal;
use recoup::demo::proof::{self, Check, Figures, Period, Proof, mails};
use recoup::token::DEVELOPMENT_TENANT;
use stores::Stores;

use crate::story::{Story, day};
use tamperings::{WITH_MAILS, WITH_MONEY};

const PERIOD: Period = Period {
    from_date: date(2026, 1, 1),
    to_date: date(2026, 2, 28),
};

/// Three customers: one is reminded and pays late, one pays a part that is taken back, one pays too
/// much.
async fn told() -> Story {
    let story = Story::begin().await;
    let (late, partly, over) = (
        story.customer("late").await,
        story.customer("partly").await,
        story.customer("over").await,
    );
    let of_late = story.bill(&late, "500.00").await;
    let of_partly = story.bill(&partly, "300.00").await;
    let of_over = story.bill(&over, "200.00").await;
    story.pay(&over, &of_over, "250.00", "2026-01-02").await;
    let part = story.pay(&partly, &of_partly, "100.00", "2026-01-02").await;
    story.until("2026-02-09T12:00:00Z").await;
    story.unapply(&part).await;
    story.pay(&late, &of_late, "500.00", "2026-02-09").await;
    story.until("2026-02-28T12:00:00Z").await;
    story
}

async fn proven(stores: &Stores) -> Proof {
    let tenant = DEVELOPMENT_TENANT.uuid();
    proof::check(stores, tenant, PERIOD).await.unwrap()
}

async fn mailed(story: &Story) -> Vec<Check> {
    let (folder, stores) = (
        story.installation.mail_dir().unwrap(),
        story.installation.stores(),
    );
    let mails = mails::check(folder, stores, DEVELOPMENT_TENANT.uuid()).await;
    mails.unwrap().checks
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_proof_holds_and_finds_the_figures_of_the_service() {
    let story = told().await;
    let proof = proven(story.installation.stores()).await;
    assert_eq!(proof.failures(), [""; 0]);
    for check in &proof.checks {
        let told = check.what;
        let of_agencies = [
            "placement",
            "line",
            "remittance",
            "payment earns",
            "credit",
            "bank",
        ];
        let nothing = of_agencies.iter().any(|what| told.contains(what));
        assert!(check.compared > 0 || nothing, "nothing compared: {told}");
    }
    let [figures] = &proof.figures[..] else {
        panic!("{:?}", proof.figures)
    };
    assert_eq!(figures.closing, Decimal::from(300));
    assert_eq!(figures.settled_count, 2);
    assert_same(figures, &service_figures(&story).await);
    assert_eq!(aged(figures), service_aging(&story, PERIOD.to_date).await);

    // Both that owe are reminded after 5 days; the one that still does again after 15.
    let found = mails::check(
        story.installation.mail_dir().unwrap(),
        story.installation.stores(),
        DEVELOPMENT_TENANT.uuid(),
    );
    let found = found.await.unwrap();
    let faults: Vec<String> = found.checks.iter().flat_map(Check::failures).collect();
    assert_eq!(faults, [""; 0]);
    let steps: Vec<(&str, usize)> = found
        .by_step
        .iter()
        .map(|step| (step.step_code.as_str(), step.sent))
        .collect();
    assert_eq!(steps, [("reminder", 2), ("warning", 1)]);
    let [reminder] = &proof.history.cures[..] else {
        panic!("{:?}", proof.history.cures)
    };
    assert_eq!((reminder.reminded, reminder.cured), (2, 1));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_proof_turns_red_whatever_row_is_tampered_with() {
    let story = told().await;
    let stores = story.installation.stores();
    for one in &WITH_MONEY {
        tamperings::run(stores, one.database, one.doing).await;
        let failures = proven(stores).await.failures();
        let told = failures.iter().any(|failure| failure.starts_with(one.told));
        assert!(told, "{}: {failures:?}", one.doing);
        tamperings::run(stores, one.database, one.undoing).await;
    }
    for one in &WITH_MAILS {
        tamperings::run(stores, one.database, one.doing).await;
        let checks = mailed(&story).await;
        let failures: Vec<String> = checks.iter().flat_map(Check::failures).collect();
        let told = failures.iter().any(|failure| failure.starts_with(one.told));
        assert!(told, "{}: {failures:?}", one.doing);
        tamperings::run(stores, one.database, one.undoing).await;
    }
    // What was undone is as it was; an entry that is gone stays gone.
    assert_eq!(proven(stores).await.failures(), [""; 0]);
    let gone = "DELETE FROM invoice_entry WHERE amount = -500";
    tamperings::run(stores, "invoicing", gone).await;
    let failures = proven(stores).await.failures();
    let missing = "P8 no entry of an invoice is missing";
    assert!(
        failures.iter().any(|failure| failure.starts_with(missing)),
        "{failures:?}"
    );

    let folder = story.installation.mail_dir().unwrap();
    twice(folder);
    let failures: Vec<String> = mailed(&story)
        .await
        .iter()
        .flat_map(Check::failures)
        .collect();
    let once = "P15 each message that was sent is one mail";
    assert!(
        failures.iter().any(|failure| failure.starts_with(once)),
        "{failures:?}"
    );
    story.end().await;
}

/// A mail that was sent a second time.
fn twice(folder: &Path) {
    let first = fs::read_dir(folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    fs::copy(&first, folder.join("again.eml")).unwrap();
}

async fn service_figures(story: &Story) -> CurrencyFigures {
    let request = GetFiguresRequest {
        from_date: day("2026-01-01"),
        to_date: day("2026-02-28"),
        ..GetFiguresRequest::default()
    };
    let answer = FigureServiceClient::new(story.calls())
        .get_figures(request)
        .await;
    answer.unwrap().into_inner().figures.remove(0)
}

fn read(value: Option<&WireDecimal>) -> Option<Decimal> {
    value.map(|value| value.value.parse().unwrap())
}

fn amount(money: Option<&Money>) -> Decimal {
    money.unwrap().amount.parse().unwrap()
}

fn assert_same(own: &Figures, service: &CurrencyFigures) {
    assert_eq!(own.currency.code(), service.currency_code);
    let inputs = service.inputs.as_ref().unwrap();
    assert_eq!(own.opening, amount(inputs.opening_amount.as_ref()));
    assert_eq!(own.sales, amount(inputs.sales_amount.as_ref()));
    assert_eq!(
        own.closing_not_due,
        amount(inputs.closing_not_due_amount.as_ref())
    );
    assert_eq!(
        own.closing_past_due,
        amount(inputs.closing_past_due_amount.as_ref())
    );
    let values = [
        (FigureKind::Dso, own.dso),
        (FigureKind::BestPossibleDso, own.best_possible_dso),
        (
            FigureKind::AverageDaysDelinquent,
            own.average_days_delinquent,
        ),
        (
            FigureKind::CollectionEffectiveness,
            own.collection_effectiveness,
        ),
        (FigureKind::PercentCurrent, own.percent_current),
        (FigureKind::PercentPastDue, own.percent_past_due),
        (FigureKind::AverageDaysToPay, own.average_days_to_pay),
        (FigureKind::WeightedDaysToPay, own.weighted_days_to_pay),
        (
            FigureKind::AverageDaysLateEarlyAsZero,
            own.average_days_late_early_as_zero,
        ),
        (
            FigureKind::AverageDaysLateSigned,
            own.average_days_late_signed,
        ),
        (FigureKind::PercentSettledLate, own.percent_settled_late),
    ];
    assert_eq!(service.figures.len(), values.len());
    for (kind, value) in values {
        let figure = service
            .figures
            .iter()
            .find(|figure| figure.kind() == kind)
            .unwrap();
        assert_eq!(read(figure.value.as_ref()), value, "{kind:?}");
        assert!(value.is_some(), "{kind:?} is defined in this story");
    }
}

/// Amount and count of each bucket, credit and outstanding.
type Aged = (Vec<(Decimal, i64)>, Decimal, Decimal);

fn aged(figures: &Figures) -> Aged {
    let aging = &figures.aging;
    let buckets = aging.buckets.iter().copied().zip(aging.item_counts);
    (buckets.collect(), aging.customer_credit, aging.outstanding)
}

async fn service_aging(story: &Story, as_of: Date) -> Aged {
    let request = GetAgingRequest {
        query: Some(AgingQuery {
            as_of_date: day(&as_of.to_string()),
            basis: AgingBasis::DueDate.into(),
            ..AgingQuery::default()
        }),
        customer_id: None,
    };
    let answer = AgingServiceClient::new(story.calls())
        .get_aging(request)
        .await;
    let table = answer.unwrap().into_inner().tables.remove(0);
    let bucket = |bucket: &contracts::invoicing::AgingBucket| {
        (amount(bucket.amount.as_ref()), bucket.item_count)
    };
    (
        table.buckets.iter().map(bucket).collect(),
        amount(table.customer_credit_amount.as_ref()),
        amount(table.outstanding_amount.as_ref()),
    )
}
