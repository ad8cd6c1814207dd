//! CaseService: where the collection of each customer stands.

use contracts::invoicing::InvoiceBalance;
use contracts::reminders::case_service_client::CaseServiceClient;
use contracts::reminders::get_case_request::Key;
use contracts::reminders::*;
use tonic::Code;
use tonic::transport::Channel as Transport;
use uuid::Uuid;

use crate::fixture::{OURS, THEIRS, World, reason};
use crate::samples::*;
use crate::stage::Stage;

fn cases(world: &World) -> CaseServiceClient<Transport> {
    CaseServiceClient::new(world.channel())
}

/// The case of the customer.
pub async fn case(world: &World) -> Case {
    let asked = GetCaseRequest {
        key: Some(Key::CustomerId(CUSTOMER.to_string())),
    };
    let answer = cases(world).get_case(world.signed(OURS, asked)).await;
    answer.unwrap().into_inner().case.unwrap()
}

#[tokio::test]
async fn a_case_tells_what_is_owed_and_what_comes_next() {
    let stage = Stage::start().await;
    stage.owe(1, day(2, 28), "1000.00", 1);
    stage.owe(2, day(3, 10), "500.00", 1);
    let told = testkit::eventually_some(PATIENCE, "both invoices", async || {
        wait_told::<CaseOpened>(&stage.world, 1).await;
        let told = case(&stage.world).await;
        (told.balances[0].open_count == 2).then_some(told)
    })
    .await;
    let owed = &told.balances[0];
    assert_eq!(owed.open_amount, Some(eur("1500.00")));
    assert_eq!(owed.overdue_amount, Some(eur("1000.00")));
    assert_eq!(owed.oldest_due_date, Some(day(2, 28)));
    assert_eq!(
        (told.strategy_code.as_str(), told.strategy_version),
        ("standard", 1)
    );
    assert_eq!(told.customer_name, "Kunde <b>GmbH</b>");
    let next = told.next_action.unwrap();
    assert_eq!((next.step_code.as_str(), next.level), ("reminder", 1));
    // Midnight in Berlin.
    assert_eq!(next.action_time, Some(time("2026-03-04T23:00:00Z")));
    let asked = ListCaseInvoicesRequest {
        case_id: told.case_id.clone(),
        page_size: 1,
        ..ListCaseInvoicesRequest::default()
    };
    let page = cases(&stage.world)
        .list_case_invoices(stage.world.signed(OURS, asked.clone()))
        .await
        .unwrap()
        .into_inner();
    let first = &page.invoices[0];
    assert_eq!(
        (first.invoice_number.as_str(), first.days_past_due),
        ("INV-1", 2)
    );
    assert_eq!(first.next_step_date, Some(day(3, 5)));
    let asked = ListCaseInvoicesRequest {
        page_token: page.next_page_token,
        ..asked
    };
    let page = cases(&stage.world)
        .list_case_invoices(stage.world.signed(OURS, asked))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(page.invoices[0].invoice_number, "INV-2");
    assert!(page.next_page_token.is_empty());
}

#[tokio::test]
async fn p14_what_two_feeds_tell_of_a_customer_at_the_same_time_is_planned() {
    const CUSTOMERS: u8 = 120;
    let stage = Stage::start().await;
    for source in ["credit", "invoicing"] {
        stage.feeds.keep_back(source);
    }
    for number in (1..=CUSTOMERS).map(u128::from) {
        let customer_id = Uuid::from_u128(CUSTOMER.as_u128() + number);
        tell_customer(&stage.feeds, OURS, customer_id);
        let worth = InvoiceBalance {
            customer_id: customer_id.to_string(),
            ..balance(number, day(3, 10), "1000.00", 1)
        };
        stage.tell(number, worth, 1);
    }
    for source in ["credit", "invoicing"] {
        stage.feeds.let_go(source);
    }
    let asked = ListCasesRequest {
        page_size: 200,
        ..ListCasesRequest::default()
    };
    let listed = testkit::eventually_some(PATIENCE, "all cases, of known customers", async || {
        let asked = stage.world.signed(OURS, asked.clone());
        let answer = cases(&stage.world).list_cases(asked).await.unwrap();
        let listed = answer.into_inner().cases;
        let known = listed.iter().filter(|case| !case.customer_name.is_empty());
        (known.count() == usize::from(CUSTOMERS)).then_some(listed)
    })
    .await;
    let unplanned = listed.iter().filter(|case| case.next_action.is_none());
    assert_eq!(unplanned.count(), 0);
}

#[tokio::test]
async fn cases_are_listed_by_what_narrows_them() {
    let stage = Stage::start().await;
    stage.owe(1, day(2, 28), "1000.00", 1);
    wait_told::<CaseOpened>(&stage.world, 1).await;
    let count = async |request: ListCasesRequest| {
        let asked = stage.world.signed(OURS, request);
        let answer = cases(&stage.world).list_cases(asked).await;
        answer.unwrap().into_inner().cases.len()
    };
    assert_eq!(count(ListCasesRequest::default()).await, 1);
    for (request, found) in [
        (
            ListCasesRequest {
                overdue: Some(true),
                ..Default::default()
            },
            1,
        ),
        (
            ListCasesRequest {
                overdue: Some(false),
                ..Default::default()
            },
            0,
        ),
        (
            ListCasesRequest {
                min_level: Some(1),
                ..Default::default()
            },
            0,
        ),
        (
            ListCasesRequest {
                state: Some(CaseState::Open.into()),
                ..Default::default()
            },
            1,
        ),
        (
            ListCasesRequest {
                state: Some(CaseState::Clear.into()),
                ..Default::default()
            },
            0,
        ),
        (
            ListCasesRequest {
                hold_reason: Some(HoldReason::Legal.into()),
                ..Default::default()
            },
            0,
        ),
        (
            ListCasesRequest {
                segment: Some("other".to_owned()),
                ..Default::default()
            },
            0,
        ),
    ] {
        assert_eq!(count(request.clone()).await, found, "{request:?}");
    }
}

#[tokio::test]
async fn p28_a_foreign_tenant_finds_nothing() {
    let stage = Stage::start().await;
    stage.owe(1, day(2, 28), "1000.00", 1);
    wait_told::<CaseOpened>(&stage.world, 1).await;
    let own = case(&stage.world).await;
    for key in [
        Key::CaseId(own.case_id.clone()),
        Key::CustomerId(CUSTOMER.to_string()),
    ] {
        let asked = stage
            .world
            .signed(THEIRS, GetCaseRequest { key: Some(key) });
        let refused = cases(&stage.world).get_case(asked).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::NotFound, "CASE_NOT_FOUND")
        );
    }
    let asked = ListCaseInvoicesRequest {
        case_id: own.case_id,
        ..ListCaseInvoicesRequest::default()
    };
    let asked = stage.world.signed(THEIRS, asked);
    let refused = cases(&stage.world)
        .list_case_invoices(asked)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let asked = stage.world.signed(THEIRS, ListCasesRequest::default());
    let listed = cases(&stage.world)
        .list_cases(asked)
        .await
        .unwrap()
        .into_inner();
    assert!(listed.cases.is_empty());
}
