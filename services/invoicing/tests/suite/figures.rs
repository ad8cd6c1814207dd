//! FigureService: measures of a period as they were at its end, against figures worked out by hand
//! and against a naive recomputation.

use contracts::convert::date_to_wire;
use contracts::invoicing::figure_service_client::FigureServiceClient;
use contracts::invoicing::{
    CurrencyFigures, FigureInputs, FigureKind, FigureUnit, GetFiguresRequest,
};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use money::Decimal;
use postgres::TenantId;
use tonic::transport::Channel;

use crate::dice::{Dice, random_book};
use crate::fixture::{OURS, THEIRS, World, fields};
use crate::ledger::{Ledger, customer};

const FROM: Date = date(2026, 1, 1);
const TO: Date = date(2026, 3, 31);

fn client(world: &World) -> FigureServiceClient<Channel> {
    FigureServiceClient::new(world.channel())
}

fn period(from: Date, to: Date) -> GetFiguresRequest {
    GetFiguresRequest {
        from_date: Some(date_to_wire(from)),
        to_date: Some(date_to_wire(to)),
        ..GetFiguresRequest::default()
    }
}

async fn figures(
    world: &World,
    tenant: TenantId,
    request: GetFiguresRequest,
) -> Vec<CurrencyFigures> {
    let answer = client(world)
        .get_figures(world.signed(tenant, request))
        .await;
    answer.unwrap().into_inner().figures
}

fn value(figures: &CurrencyFigures, kind: FigureKind) -> Option<String> {
    let mut all = figures.figures.iter();
    let figure = all.find(|figure| figure.kind() == kind).unwrap();
    assert!(!figure.formula.is_empty());
    assert_eq!(figure.value.is_none(), !figure.undefined_reason.is_empty());
    figure.value.as_ref().map(|value| value.value.clone())
}

fn amounts(inputs: &FigureInputs) -> [&str; 8] {
    [
        &inputs.opening_amount,
        &inputs.sales_amount,
        &inputs.closing_amount,
        &inputs.closing_not_due_amount,
        &inputs.closing_past_due_amount,
        &inputs.closing_customer_credit_amount,
        &inputs.credited_amount,
        &inputs.written_off_amount,
    ]
    .map(|amount| amount.as_ref().unwrap().amount.as_str())
}

/// The example of rule ME-1: 900 000 open before, 1 500 000 invoiced in 90 days, 780 000 not due and
/// 270 000 past due at the end. Then what must not matter: the quarter after.
async fn data_set_a(ledger: &Ledger) {
    let who = customer(1);
    let before = ledger
        .owed(who, "900000.00", date(2025, 12, 1), date(2025, 12, 31))
        .await;
    let paid = ledger
        .entry(&before, 0, "ALLOCATION", "-900000.00", date(2026, 2, 1))
        .await;
    let late = ledger
        .owed(who, "720000.00", date(2026, 1, 10), date(2026, 2, 9))
        .await;
    ledger
        .entry(&late, 0, "ALLOCATION", "-450000.00", date(2026, 3, 1))
        .await;
    ledger
        .owed(who, "780000.00", date(2026, 3, 15), date(2026, 4, 14))
        .await;
    ledger
        .take_back(&before, 0, paid, "900000.00", date(2026, 4, 5))
        .await;
    ledger
        .entry(&late, 0, "ALLOCATION", "-270000.00", date(2026, 4, 10))
        .await;
    ledger
        .owed(who, "1.00", date(2026, 4, 11), date(2026, 5, 11))
        .await;
    ledger.dispute(&late, Some("5.00"), date(2026, 4, 12)).await;
}

#[tokio::test]
async fn me_1_the_example_with_its_inputs_whatever_came_later() {
    let world = World::start().await;
    let ledger = Ledger::open(&world, OURS).await;
    data_set_a(&ledger).await;
    let found = figures(&world, OURS, period(FROM, TO)).await;
    let [eur] = &found[..] else {
        panic!("{found:?}")
    };
    let inputs = eur.inputs.as_ref().unwrap();
    assert_eq!((eur.currency_code.as_str(), inputs.day_count), ("EUR", 90));
    let expected = [
        "900000.00",
        "1500000.00",
        "1050000.00",
        "780000.00",
        "270000.00",
        "0.00",
        "0.00",
        "0.00",
    ];
    assert_eq!(amounts(inputs), expected);
    let counts = (inputs.invoiced_count, inputs.disputed_count);
    assert_eq!(counts, (2, 0));
    // Closed by payment at the end of March, though the payment was taken back in April.
    let settled = (inputs.settled_count, inputs.settled_late_count);
    assert_eq!(settled, (1, 1));
    for (kind, expected) in [
        (FigureKind::Dso, "63"),
        (FigureKind::BestPossibleDso, "46.8"),
        (FigureKind::AverageDaysDelinquent, "16.2"),
        (FigureKind::CollectionEffectiveness, "83.3333"),
        (FigureKind::PercentCurrent, "74.2857"),
        (FigureKind::PercentPastDue, "25.7143"),
        (FigureKind::AverageDaysToPay, "62"),
        (FigureKind::WeightedDaysToPay, "62"),
        (FigureKind::AverageDaysLateSigned, "32"),
        (FigureKind::PercentSettledLate, "100"),
    ] {
        assert_eq!(value(eur, kind).as_deref(), Some(expected), "{kind:?}");
    }
    let units = eur.figures.iter().map(|figure| figure.unit());
    assert_eq!(units.filter(|unit| *unit == FigureUnit::Percent).count(), 4);
    assert!(figures(&world, THEIRS, period(FROM, TO)).await.is_empty());
}

#[tokio::test]
async fn me_5_early_as_zero_and_as_negative_are_two_figures() {
    let world = World::start().await;
    let ledger = Ledger::open(&world, OURS).await;
    let due = date(2026, 1, 31);
    for (amount, paid_on) in [
        ("100.00", date(2026, 1, 11)),
        ("300.00", date(2026, 2, 10)),
        ("200.00", date(2026, 1, 31)),
    ] {
        let owed = ledger.owed(customer(1), amount, FROM, due).await;
        let paid = format!("-{amount}");
        ledger.entry(&owed, 0, "ALLOCATION", &paid, paid_on).await;
    }
    // Closed, and not by payment: no figure of paying.
    let credited = ledger.owed(customer(1), "50.00", FROM, due).await;
    ledger.entry(&credited, 0, "CREDIT", "-50.00", due).await;
    ledger.sum_up().await;
    let found = figures(&world, OURS, period(FROM, TO)).await;
    // 80 days over 3; 19 000 over 600.00; 10 days late, and 20 early; 1 of 3 late.
    for (kind, expected) in [
        (FigureKind::AverageDaysToPay, "26.6667"),
        (FigureKind::WeightedDaysToPay, "31.6667"),
        (FigureKind::AverageDaysLateEarlyAsZero, "3.3333"),
        (FigureKind::AverageDaysLateSigned, "-3.3333"),
        (FigureKind::PercentSettledLate, "33.3333"),
    ] {
        assert_eq!(
            value(&found[0], kind).as_deref(),
            Some(expected),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn me_7_nothing_invoiced_is_undefined_and_a_write_off_does_not_improve_effectiveness() {
    let world = World::start().await;
    let ledger = Ledger::open(&world, OURS).await;
    let old = ledger
        .owed(customer(1), "100.00", date(2025, 11, 1), date(2025, 12, 1))
        .await;
    let effectiveness = async || {
        let found = figures(&world, OURS, period(FROM, TO)).await;
        assert_eq!(value(&found[0], FigureKind::Dso), None);
        let inputs = found[0].inputs.clone().unwrap();
        let written_off = inputs.written_off_amount.unwrap().amount;
        (
            value(&found[0], FigureKind::CollectionEffectiveness).unwrap(),
            written_off,
        )
    };
    assert_eq!(effectiveness().await, ("0".to_owned(), "0.00".to_owned()));
    ledger
        .entry(&old, 0, "WRITE_OFF", "-100.00", date(2026, 2, 1))
        .await;
    ledger.sum_up().await;
    assert_eq!(effectiveness().await, ("0".to_owned(), "100.00".to_owned()));
    ledger
        .entry(&old, 0, "REINSTATEMENT", "40.00", date(2026, 3, 1))
        .await;
    ledger
        .entry(&old, 0, "ALLOCATION", "-40.00", date(2026, 3, 1))
        .await;
    ledger.sum_up().await;
    assert_eq!(effectiveness().await, ("40".to_owned(), "60.00".to_owned()));
}

#[tokio::test]
async fn rd_5_currencies_and_customers_are_told_apart() {
    let world = World::start().await;
    let ledger = Ledger::open(&world, OURS).await;
    random_book(&ledger, &mut Dice::new(7), 20).await;
    let all = figures(&world, OURS, period(FROM, TO)).await;
    let codes = all.iter().map(|one| one.currency_code.as_str());
    assert!(codes.eq(["EUR", "USD"]));
    let only = GetFiguresRequest {
        currency_code: Some("USD".to_owned()),
        ..period(FROM, TO)
    };
    assert_eq!(figures(&world, OURS, only).await, all[1..]);
    let count = |found: &[CurrencyFigures]| -> i64 {
        let inputs = found.iter().filter_map(|one| one.inputs.as_ref());
        inputs.map(|inputs| inputs.invoiced_count).sum()
    };
    let mut of_customers = 0;
    for number in 0..9 {
        let one = GetFiguresRequest {
            customer_id: Some(customer(number).0.to_string()),
            ..period(FROM, TO)
        };
        of_customers += count(&figures(&world, OURS, one).await);
    }
    assert_eq!(of_customers, count(&all));
}

#[tokio::test]
async fn a_period_ends_after_it_begins_and_within_ten_years() {
    let world = World::start().await;
    for to in [FROM - 1.day(), FROM + 3661.days()] {
        let asked = world.signed(OURS, period(FROM, to));
        let refused = client(&world).get_figures(asked).await.unwrap_err();
        assert_eq!(fields(&refused), ["to_date"]);
    }
    assert!(
        figures(&world, OURS, period(FROM, FROM + 3660.days()))
            .await
            .is_empty()
    );
    let asked = world.signed(OURS, GetFiguresRequest::default());
    let refused = client(&world).get_figures(asked).await.unwrap_err();
    assert_eq!(fields(&refused), ["from_date", "to_date"]);
}

/// What was invoiced and not void by the end.
const INVOICED: &str = "
    SELECT (100 * coalesce(sum(gross_amount), 0))::bigint FROM invoice
     WHERE tenant_id = $1 AND invoice_date BETWEEN $2::date AND $3::date
       AND NOT EXISTS (SELECT FROM invoice_entry entry
                        WHERE entry.invoice_id = invoice.invoice_id AND kind = 'VOID'
                          AND state = 'VOID' AND closed_date <= $3::date)";

/// What was written off less what was reinstated.
const WRITTEN_OFF: &str = "
    SELECT (- 100 * coalesce(sum(amount), 0))::bigint FROM invoice_entry
     WHERE tenant_id = $1 AND kind IN ('WRITE_OFF', 'REINSTATEMENT')
       AND entry_date BETWEEN $2::date AND $3::date";

/// The invoices that were worth nothing at the end of the period, from a day of it on, and whose
/// latest entry until then was money: days from their dates to that day.
const DAYS_TO_PAY: &str = "
    WITH entry AS (
      SELECT e.*, invoice.invoice_date
        FROM invoice_entry e JOIN invoice USING (tenant_id, invoice_id)
       WHERE tenant_id = $1 AND entry_date <= $3::date AND counts_from_date <= $3::date
         AND cause_kind IS DISTINCT FROM 'REVERSAL'
         AND NOT EXISTS (SELECT FROM invoice_entry r
                          WHERE r.reversed_entry_id = e.entry_id AND r.cause_kind = 'REVERSAL'
                            AND r.entry_date <= $3::date)
    ), day AS (
      SELECT invoice_id, invoice_date, entry_date,
             sum(sum(amount)) OVER (PARTITION BY invoice_id ORDER BY entry_date) AS worth
        FROM entry GROUP BY invoice_id, invoice_date, entry_date
    ), closed AS (
      SELECT invoice_id, invoice_date, min(entry_date) AS closed_date
        FROM day
       WHERE entry_date > (SELECT max(entry_date) FROM day o
                            WHERE o.invoice_id = day.invoice_id AND o.worth <> 0)
       GROUP BY invoice_id, invoice_date
    )
    SELECT coalesce(sum(closed_date - invoice_date), 0)
      FROM closed
     WHERE closed_date >= $2::date
       AND 'ALLOCATION' = (SELECT kind FROM entry
                            WHERE entry.invoice_id = closed.invoice_id
                              AND entry_date <= closed_date
                            ORDER BY entry_number DESC LIMIT 1)";

#[tokio::test]
async fn figures_of_any_book_and_period_equal_a_naive_recomputation() {
    let world = World::start().await;
    let ledger = Ledger::open(&world, OURS).await;
    let mut dice = Dice::new(20260401);
    random_book(&ledger, &mut dice, 60).await;
    let mut settled = 0;
    for _ in 0..12 {
        let (one, two) = (dice.day(), dice.day());
        let (from, to) = (one.min(two), one.max(two));
        let found = figures(&world, OURS, period(from, to)).await;
        let inputs: Vec<_> = found.iter().filter_map(|one| one.inputs.as_ref()).collect();
        let cents = |index: usize| -> i64 {
            let amounts = inputs
                .iter()
                .map(|inputs| amounts(inputs)[index].replace('.', ""));
            amounts.map(|cents| cents.parse::<i64>().unwrap()).sum()
        };
        assert_eq!(
            cents(1),
            ledger.told(INVOICED, &[from, to]).await,
            "{from} {to}"
        );
        assert_eq!(
            cents(7),
            ledger.told(WRITTEN_OFF, &[from, to]).await,
            "{from} {to}"
        );
        let mut days_to_pay = Decimal::ZERO;
        for one in &found {
            let count = one.inputs.as_ref().unwrap().settled_count;
            if let Some(average) = value(one, FigureKind::AverageDaysToPay) {
                days_to_pay += average.parse::<Decimal>().unwrap() * Decimal::from(count);
            }
            settled += count;
        }
        // The average is rounded to four digits.
        let days_to_pay = days_to_pay.round_dp(1).normalize();
        let naive = Decimal::from(ledger.told(DAYS_TO_PAY, &[from, to]).await);
        assert_eq!(days_to_pay, naive, "{from} {to}");
    }
    assert!(settled > 20, "{settled}");
}
