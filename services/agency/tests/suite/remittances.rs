//! Agency money (AY-5, AY-6): what agencies report, what they remit, net and gross, and what they
//! earn. A line books once, however often it comes. Every sum is worked out by hand.

use contracts::agency::agency_report_service_client::AgencyReportServiceClient;
use contracts::agency::commission_service_client::CommissionServiceClient;
use contracts::agency::remittance_row::Placement as Key;
use contracts::agency::remittance_service_client::RemittanceServiceClient;
use contracts::agency::result_service_client::ResultServiceClient;
use contracts::agency::*;
use contracts::common::{ImportOptions, ImportReport, ImportState};
use contracts::invoicing::{Allocation, Application, ApplicationApplied};
use contracts::payments::{Receipt, ReceiptMethod, ReceiptReversal, ReceiptReversed, ReceiptState};
use testkit::eventually_some;
use tonic::{Code, Request, Status};
use uuid::Uuid;

use crate::fixture::{OURS, SOON, THEIRS, World, reason};
use crate::samples::{
    CUSTOMER, activate, approved, balance, day, eur, events, get, invoice_id, only, rate, terms,
    tier, types, with_debts_under,
};

fn header(agency_id: &str, mode: RemittanceMode) -> RemittanceHeader {
    RemittanceHeader {
        agency_id: agency_id.to_owned(),
        remittance_reference: "R-1".to_owned(),
        remittance_date: Some(day(2026, 5, 4)),
        mode: mode.into(),
        currency_code: "EUR".to_owned(),
        ..RemittanceHeader::default()
    }
}

fn row(number: i32, placement: &Placement, gross: &str, commission: Option<&str>) -> RemittanceRow {
    RemittanceRow {
        row_number: number,
        line_reference: format!("L-{number}"),
        placement: Some(Key::PlacementId(placement.placement_id.clone())),
        paid_date: Some(day(2026, 5, 4)),
        gross_amount: Some(eur(gross)),
        commission_amount: commission.map(eur),
        ..RemittanceRow::default()
    }
}

async fn import(
    world: &World,
    request_id: &str,
    header: RemittanceHeader,
    rows: Vec<RemittanceRow>,
) -> Result<(ImportReport, Option<Remittance>), Status> {
    let mut rows = rows.into_iter();
    let first = ImportRemittanceRequest {
        request_id: request_id.to_owned(),
        options: Some(ImportOptions::default()),
        header: Some(header),
        rows: rows.by_ref().take(1).collect(),
    };
    let second = ImportRemittanceRequest {
        rows: rows.collect(),
        ..ImportRemittanceRequest::default()
    };
    let (metadata, extensions, ()) = world.signed(OURS, ()).into_parts();
    let messages = tokio_stream::iter([first, second]);
    let asked = Request::from_parts(metadata, extensions, messages);
    let mut client = RemittanceServiceClient::new(world.channel());
    let answer = client.import_remittance(asked).await?.into_inner();
    Ok((answer.report.unwrap(), answer.remittance))
}

async fn lines(world: &World) -> Vec<RemittanceLine> {
    let asked = world.signed(OURS, ListRemittanceLinesRequest::default());
    let mut client = RemittanceServiceClient::new(world.channel());
    let page = client.list_remittance_lines(asked).await.unwrap();
    page.into_inner().remittance_lines
}

async fn line_becomes(
    world: &World,
    reference: &str,
    state: RemittanceLineState,
) -> RemittanceLine {
    let what = format!("line {reference} is {}", state.as_str_name());
    eventually_some(SOON, &what, async || {
        let mut found = lines(world).await.into_iter();
        found.find(|line| line.line_reference == reference && line.state() == state)
    })
    .await
}

/// Invoicing tells that all of a receipt that payments was asked to apply went to invoice 1, of which
/// so much is open then.
async fn applied(world: &World, amount: &str, version: i64, open: &str) {
    let receipt_id = eventually_some(SOON, "the receipt is to be applied", async || {
        world.peers.script().to_apply.pop()
    })
    .await;
    let application_id = Uuid::now_v7();
    let told = ApplicationApplied {
        application: Some(Application {
            application_id: application_id.to_string(),
            customer_id: CUSTOMER.to_string(),
            receipt_id,
            amount: Some(eur(amount)),
            receipt_date: Some(day(2026, 5, 4)),
            allocations: vec![Allocation {
                invoice_id: invoice_id(1),
                amount: Some(eur(amount)),
                ..Allocation::default()
            }],
            ..Application::default()
        }),
        balances_after: vec![balance(1, version, open)],
    };
    world
        .peers
        .feed
        .announce("invoicing", OURS.uuid(), application_id, 1, &told);
}

async fn placed(world: &World, terms: AgreementTerms) -> (Agency, Placement) {
    let agency = with_debts_under(world, &[1], terms).await;
    let placement = approved(world, "one", &agency.agency_id, &[1]).await;
    let active = activate(world, "a1", &placement).await.unwrap();
    (agency, active.placement.unwrap())
}

fn gross_terms() -> AgreementTerms {
    AgreementTerms {
        remittance_mode: RemittanceMode::Gross.into(),
        ..terms()
    }
}

/// The agency reports a payment; the same number comes in once only.
async fn report_once(world: &World, agency: &Agency) {
    let report = ReportAgencyPaymentRequest {
        request_id: "report".to_owned(),
        agency_id: agency.agency_id.clone(),
        report_reference: "Z-9".to_owned(),
        placement: Some(
            report_agency_payment_request::Placement::PlacementExternalId("P-one".to_owned()),
        ),
        amount: Some(eur("400.00")),
        paid_date: Some(day(2026, 5, 4)),
        note: String::new(),
    };
    let mut reports = AgencyReportServiceClient::new(world.channel());
    let asked = world.signed(OURS, report.clone());
    let told = reports
        .report_agency_payment(asked)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        told.agency_report.unwrap().state(),
        AgencyReportState::Reported
    );
    let mut twice = report;
    twice.request_id = "again".to_owned();
    let twice = reports
        .report_agency_payment(world.signed(OURS, twice))
        .await
        .unwrap_err();
    assert_eq!(reason(&twice), "AGENCY_REPORT_EXISTS");
}

/// 90.00 were kept back where 100.00 were agreed; who is somebody else's tenant does not see it.
async fn kept_back_90_of_100(world: &World, earned: CommissionBooked) {
    let request = GetCommissionRequest {
        commission_id: earned.commission_id,
    };
    let mut commissions = CommissionServiceClient::new(world.channel());
    let read = commissions
        .get_commission(world.signed(OURS, request.clone()))
        .await
        .unwrap();
    let read = read.into_inner().commission.unwrap();
    assert_eq!(
        (read.amount, read.agreed_amount),
        (Some(eur("90.00")), Some(eur("100.00")))
    );
    let foreign = commissions
        .get_commission(world.signed(THEIRS, request))
        .await
        .unwrap_err();
    assert_eq!(
        (foreign.code(), reason(&foreign).as_str()),
        (Code::NotFound, "COMMISSION_NOT_FOUND")
    );
}

async fn results_show_310_of_1000(world: &World) {
    let mut results = ResultServiceClient::new(world.channel());
    let asked = world.signed(OURS, GetAgencyResultsRequest::default());
    let found = results
        .get_agency_results(asked)
        .await
        .unwrap()
        .into_inner()
        .results;
    assert_eq!(
        (found.len(), found[0].display_name.as_str()),
        (1, "Inkasso Nord")
    );
    assert_eq!(found[0].net_amount, Some(eur("310.00")));
    assert_eq!(found[0].recovery_ratio, rate("0.4"));
    assert_eq!(found[0].net_recovery_ratio, rate("0.31"));
    assert!(found[0].small_sample && found[0].months.is_empty());
}

#[tokio::test]
async fn ay_6_a_net_remittance_credits_the_debtor_in_full_and_shows_the_difference() {
    let world = World::start().await;
    let (agency, placement) = placed(&world, terms()).await;
    report_once(&world, &agency).await;

    // The agency keeps 90.00; a quarter of 400.00 is 100.00.
    let mut line = row(1, &placement, "400.00", Some("90.00"));
    line.report_reference = "Z-9".to_owned();
    let head = header(&agency.agency_id, RemittanceMode::Net);
    let (report, remittance) = import(&world, "i1", head, vec![line]).await.unwrap();
    assert_eq!(
        (report.state(), report.imported_count),
        (ImportState::Completed, 1)
    );
    assert_eq!(remittance.unwrap().net_amount, Some(eur("310.00")));
    applied(&world, "400.00", 2, "600.00").await;
    let booked = line_becomes(&world, "L-1", RemittanceLineState::Booked).await;
    assert_eq!(booked.applied_amount, Some(eur("400.00")));
    assert_eq!(booked.agreed_commission_amount, Some(eur("100.00")));
    assert_eq!(booked.commission_difference_amount, Some(eur("-10.00")));

    let receipts = world.peers.script().receipts.clone();
    let receipt = receipts.values().next().unwrap();
    assert_eq!(
        (receipts.len(), receipt.method()),
        (1, ReceiptMethod::Agency)
    );
    assert_eq!(receipt.amount, Some(eur("400.00")));
    let after = get(&world, &placement.placement_id)
        .await
        .placement
        .unwrap();
    assert_eq!(after.recovered_amount, Some(eur("400.00")));
    assert_eq!(after.direct_amount, Some(eur("0.00")));
    assert_eq!(after.open_amount, Some(eur("600.00")));
    assert_eq!(after.commission_amount, Some(eur("90.00")));
    let mut reports = AgencyReportServiceClient::new(world.channel());
    let asked = world.signed(OURS, ListAgencyReportsRequest::default());
    let listed = reports
        .list_agency_reports(asked)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        listed.agency_reports[0].state(),
        AgencyReportState::Remitted
    );

    let told = events(&world, OURS).await;
    assert_eq!(
        types(&told)[5..],
        [
            "AgencyPaymentReported",
            "RemittanceImported",
            "RemittanceLineBooked",
            "CommissionBooked",
            "RemittanceBooked",
        ]
    );
    let earned: CommissionBooked = only(&told);
    assert_eq!(earned.settlement(), CommissionSettlement::KeptBack);
    kept_back_90_of_100(&world, earned).await;
    results_show_310_of_1000(&world).await;
}

#[tokio::test]
async fn ay_6_of_a_gross_remittance_the_agency_invoices_what_the_terms_say() {
    let world = World::start().await;
    let (agency, placement) = placed(&world, gross_terms()).await;
    let wrong = header(&agency.agency_id, RemittanceMode::Net);
    let rows = || vec![row(1, &placement, "400.00", None)];
    let refused = import(&world, "i0", wrong, rows()).await.unwrap_err();
    assert_eq!(reason(&refused), "REMITTANCE_MODE_MISMATCH");
    let head = header(&agency.agency_id, RemittanceMode::Gross);
    import(&world, "i1", head, rows()).await.unwrap();
    applied(&world, "400.00", 2, "600.00").await;
    let booked = line_becomes(&world, "L-1", RemittanceLineState::Booked).await;
    assert_eq!(booked.net_amount, Some(eur("400.00")));
    assert_eq!(booked.commission_difference_amount, Some(eur("0.00")));
    let earned: CommissionBooked = only(&events(&world, OURS).await);
    assert_eq!(earned.amount, Some(eur("100.00")));
    assert_eq!(earned.settlement(), CommissionSettlement::Invoiced);
}

#[tokio::test]
async fn p20_a_remittance_that_comes_again_whole_or_longer_books_each_line_once() {
    let world = World::start().await;
    let (agency, placement) = placed(&world, gross_terms()).await;
    let head = || header(&agency.agency_id, RemittanceMode::Gross);
    let one = || row(1, &placement, "100.00", None);
    let two = || row(2, &placement, "100.00", None);
    // The answer to the first question gets lost: the receipt is there all the same.
    world.peers.script().lost_payments = 1;
    import(&world, "i1", head(), vec![one()]).await.unwrap();
    applied(&world, "100.00", 2, "900.00").await;
    line_becomes(&world, "L-1", RemittanceLineState::Booked).await;
    let (again, _) = import(&world, "i2", head(), vec![one()]).await.unwrap();
    assert_eq!((again.imported_count, again.unchanged_count), (0, 1));
    let (longer, remittance) = import(&world, "i3", head(), vec![one(), two()])
        .await
        .unwrap();
    assert_eq!((longer.imported_count, longer.unchanged_count), (1, 1));
    assert_eq!(remittance.unwrap().gross_amount, Some(eur("200.00")));
    applied(&world, "100.00", 3, "800.00").await;
    line_becomes(&world, "L-2", RemittanceLineState::Booked).await;
    assert_eq!(world.peers.script().receipts.len(), 2);
    let after = get(&world, &placement.placement_id)
        .await
        .placement
        .unwrap();
    assert_eq!(after.recovered_amount, Some(eur("200.00")));

    let mut changed = head();
    changed.remittance_date = Some(day(2026, 5, 3));
    let changed = import(&world, "i4", changed, vec![one()])
        .await
        .unwrap_err();
    assert_eq!(reason(&changed), "REMITTANCE_CHANGED");
    let mut total = head();
    total.stated_gross_amount = Some(eur("101.00"));
    let total = import(&world, "i5", total, vec![one()]).await.unwrap_err();
    assert_eq!(
        (total.code(), reason(&total).as_str()),
        (Code::InvalidArgument, "REMITTANCE_TOTAL_MISMATCH")
    );
    let other = row(1, &placement, "99.00", None);
    let mut nobody = row(3, &placement, "1.00", None);
    nobody.placement = Some(Key::AgencyReference("N-7".to_owned()));
    let (bad, _) = import(&world, "i6", head(), vec![other, nobody])
        .await
        .unwrap();
    assert_eq!(bad.state(), ImportState::Refused);
    let faults: Vec<_> = bad
        .rejected_rows
        .iter()
        .map(|one| (one.row_number, one.reason.as_str()))
        .collect();
    assert_eq!(faults, [(1, "LINE_CHANGED"), (3, "PLACEMENT_NOT_FOUND")]);
}

#[tokio::test]
async fn ay_5_slices_are_filled_from_the_lowest_up() {
    let world = World::start().await;
    let mut marginal = gross_terms();
    let schedule = &mut marginal.commission_schedules[0];
    schedule.method = CommissionMethod::Marginal.into();
    schedule.tiers = vec![
        CommissionTier {
            below_amount: Some(eur("300.00")),
            rate: rate("0.5"),
            ..CommissionTier::default()
        },
        tier("0.28"),
    ];
    let (agency, placement) = placed(&world, marginal).await;
    let rows = vec![
        row(1, &placement, "400.00", None),
        row(2, &placement, "200.00", None),
    ];
    let head = || header(&agency.agency_id, RemittanceMode::Gross);
    import(&world, "i1", head(), rows[..1].to_vec())
        .await
        .unwrap();
    applied(&world, "400.00", 2, "600.00").await;
    // Half of 300.00 and 28 % of 100.00.
    let first = line_becomes(&world, "L-1", RemittanceLineState::Booked).await;
    assert_eq!(first.agreed_commission_amount, Some(eur("178.00")));
    import(&world, "i2", head(), rows).await.unwrap();
    applied(&world, "200.00", 3, "400.00").await;
    // 28 % of 200.00.
    let second = line_becomes(&world, "L-2", RemittanceLineState::Booked).await;
    assert_eq!(second.agreed_commission_amount, Some(eur("56.00")));
    let after = get(&world, &placement.placement_id)
        .await
        .placement
        .unwrap();
    assert_eq!(after.commission_amount, Some(eur("234.00")));
}

#[tokio::test]
async fn p9_what_payments_refuses_is_parked_and_booked_when_it_is_retried() {
    let world = World::start().await;
    let (agency, placement) = placed(&world, gross_terms()).await;
    world.peers.script().payments_refusal = Some("CURRENCY_MISMATCH");
    let head = header(&agency.agency_id, RemittanceMode::Gross);
    let (_, remittance) = import(&world, "i1", head, vec![row(1, &placement, "400.00", None)])
        .await
        .unwrap();
    let parked = line_becomes(&world, "L-1", RemittanceLineState::Parked).await;
    assert_eq!(parked.parked_reason, "CURRENCY_MISMATCH");
    let mut client = RemittanceServiceClient::new(world.channel());
    let head = async |client: &mut RemittanceServiceClient<_>| {
        let key =
            get_remittance_request::Key::RemittanceId(remittance.clone().unwrap().remittance_id);
        let asked = world.signed(OURS, GetRemittanceRequest { key: Some(key) });
        let read = client.get_remittance(asked).await.unwrap();
        read.into_inner().remittance.unwrap().state()
    };
    assert_eq!(head(&mut client).await, RemittanceState::NeedsAttention);
    world.peers.script().payments_refusal = None;
    let retry = |id: &str| RetryRemittanceLineRequest {
        request_id: id.to_owned(),
        remittance_line_id: parked.remittance_line_id.clone(),
    };
    let asked = world.signed(OURS, retry("t1"));
    client.retry_remittance_line(asked).await.unwrap();
    applied(&world, "400.00", 2, "600.00").await;
    line_becomes(&world, "L-1", RemittanceLineState::Booked).await;
    assert_eq!(head(&mut client).await, RemittanceState::Booked);
    let asked = world.signed(OURS, retry("t2"));
    let booked = client.retry_remittance_line(asked).await.unwrap_err();
    assert_eq!(reason(&booked), "REMITTANCE_LINE_NOT_PARKED");
}

#[tokio::test]
async fn ay_6_what_cannot_be_applied_is_booked_as_the_customers_own_money() {
    let world = World::start().await;
    let (agency, placement) = placed(&world, gross_terms()).await;
    world.peers.script().applies_nothing = true;
    let head = header(&agency.agency_id, RemittanceMode::Gross);
    import(&world, "i1", head, vec![row(1, &placement, "400.00", None)])
        .await
        .unwrap();
    let booked = line_becomes(&world, "L-1", RemittanceLineState::Booked).await;
    assert_eq!(booked.applied_amount, Some(eur("0.00")));
    let after = get(&world, &placement.placement_id)
        .await
        .placement
        .unwrap();
    assert_eq!(after.open_amount, Some(eur("1000.00")));
    assert_eq!(after.commission_amount, Some(eur("100.00")));
}

#[tokio::test]
async fn ay_5_a_receipt_that_is_reversed_takes_the_commission_back() {
    let world = World::start().await;
    let (agency, placement) = placed(&world, terms()).await;
    let head = header(&agency.agency_id, RemittanceMode::Net);
    let rows = vec![row(1, &placement, "400.00", Some("100.00"))];
    import(&world, "i1", head, rows).await.unwrap();
    applied(&world, "400.00", 2, "600.00").await;
    let booked = line_becomes(&world, "L-1", RemittanceLineState::Booked).await;
    let reversed = ReceiptReversed {
        receipt: Some(Receipt {
            receipt_id: booked.receipt_id.clone(),
            customer_id: CUSTOMER.to_string(),
            method: ReceiptMethod::Agency.into(),
            state: ReceiptState::Reversed.into(),
            amount: Some(eur("400.00")),
            receipt_date: Some(day(2026, 5, 4)),
            reversal: Some(ReceiptReversal {
                reversal_date: Some(day(2026, 5, 4)),
                ..ReceiptReversal::default()
            }),
            ..Receipt::default()
        }),
        returned_amount: Some(eur("400.00")),
    };
    let subject = booked.receipt_id.parse().unwrap();
    world
        .peers
        .feed
        .announce("payments", OURS.uuid(), subject, 3, &reversed);
    line_becomes(&world, "L-1", RemittanceLineState::Reversed).await;
    let after = get(&world, &placement.placement_id)
        .await
        .placement
        .unwrap();
    assert_eq!(after.commission_amount, Some(eur("0.00")));
    let told = events(&world, OURS).await;
    only::<RemittanceLineReversed>(&told);
    let types = types(&told);
    assert_eq!(
        types
            .iter()
            .filter(|name| **name == "CommissionBooked")
            .count(),
        2
    );
}
