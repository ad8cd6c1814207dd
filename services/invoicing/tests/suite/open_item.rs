//! OpenItemService: what is owed now, page by page, and the last look at many invoices.

use contracts::invoicing::collectability_result::Outcome;
use contracts::invoicing::open_item_service_client::OpenItemServiceClient;
use contracts::invoicing::{
    Collectability, GetCollectabilityRequest, GetCollectabilityResponse, InvoiceState,
    ListOpenItemsRequest, ListedOpenItem, OpenItemKind,
};
use jiff::civil::{Date, date};
use postgres::TenantId;
use tonic::transport::Channel;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::ledger::{Ledger, Owed, Written, customer};

const JAN_1: Date = date(2026, 1, 1);

fn client(world: &World) -> OpenItemServiceClient<Channel> {
    OpenItemServiceClient::new(world.channel())
}

async fn look(
    world: &World,
    tenant: TenantId,
    invoice_ids: Vec<String>,
) -> Result<GetCollectabilityResponse, Status> {
    let asked = world.signed(tenant, GetCollectabilityRequest { invoice_ids });
    let answer = client(world).get_collectability(asked).await?;
    Ok(answer.into_inner())
}

fn ids(owed: &[&Owed]) -> Vec<String> {
    owed.iter()
        .map(|one| one.invoice_id.0.to_string())
        .collect()
}

/// What is open, disputed and collectable of each invoice, in the answer's order.
fn amounts(answer: &GetCollectabilityResponse) -> Vec<[String; 3]> {
    let told = |outcome: &Option<Outcome>| match outcome {
        Some(Outcome::Collectability(told)) => told.clone(),
        other => panic!("{other:?}"),
    };
    let amounts = |told: Collectability| {
        let balance = told.balance.unwrap();
        [
            balance.open_amount,
            balance.disputed_amount,
            told.collectable_amount,
        ]
        .map(|amount| amount.unwrap().amount)
    };
    let outcomes = answer.results.iter().map(|one| told(&one.outcome));
    outcomes.map(amounts).collect()
}

/// All listed items, a page of `page_size` after another.
async fn listed(
    world: &World,
    tenant: TenantId,
    page_size: i32,
    filter: ListOpenItemsRequest,
) -> Vec<ListedOpenItem> {
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let asked = ListOpenItemsRequest {
            page_size,
            page_token,
            ..filter.clone()
        };
        let answer = client(world)
            .list_open_items(world.signed(tenant, asked))
            .await;
        let page = answer.unwrap().into_inner();
        found.extend(page.open_items);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return found;
        }
    }
}

/// The open amounts in the order of a listing.
fn open(items: &[ListedOpenItem]) -> Vec<String> {
    let amount = |listed: &ListedOpenItem| {
        let item = listed.open_item.clone().unwrap();
        item.open_amount.unwrap().amount
    };
    items.iter().map(amount).collect()
}

#[tokio::test]
async fn a_look_tells_what_may_be_collected_in_the_order_of_the_request() {
    let world = World::start().await;
    let ledger = Ledger::open(&world, OURS).await;
    let due = date(2026, 1, 31);
    let whole = ledger.owed(customer(1), "100.00", JAN_1, due).await;
    let paid = ledger.owed(customer(1), "40.00", JAN_1, due).await;
    ledger
        .entry(&paid, 0, "ALLOCATION", "-40.00", date(2026, 1, 20))
        .await;
    let halves = [(date(2026, 1, 6), "50.00"), (date(2026, 1, 11), "50.00")];
    let two = Written {
        customer_id: customer(2),
        currency: "EUR",
        invoice_date: JAN_1,
        issued_date: JAN_1,
        items: &halves,
    };
    let halves = ledger.issue(&two).await;
    ledger
        .entry(&halves, 0, "ALLOCATION", "-50.00", date(2026, 1, 4))
        .await;
    ledger.sum_up().await;
    let asked = ids(&[&halves, &paid, &whole]);
    let answer = look(&world, OURS, asked.clone()).await.unwrap();
    let answered: Vec<_> = answer
        .results
        .iter()
        .map(|one| one.invoice_id.clone())
        .collect();
    assert_eq!(answered, asked);
    let expected = [
        ["50.00", "0.00", "50.00"],
        ["0.00"; 3],
        ["100.00", "0.00", "100.00"],
    ];
    assert_eq!(amounts(&answer), expected);
    assert!(answer.look_time.is_some());
    let Some(Outcome::Collectability(told)) = &answer.results[0].outcome else {
        panic!("{answer:?}")
    };
    let balance = told.balance.as_ref().unwrap();
    let items = balance.open_items.iter().map(|item| {
        let amount = item.open_amount.as_ref().unwrap();
        (
            item.due_date.unwrap().day,
            amount.amount.as_str(),
            item.closed_date.is_some(),
        )
    });
    assert!(items.eq([(6, "0.00", true), (11, "50.00", false)]));
    assert_eq!(balance.state(), InvoiceState::Issued);
}

#[tokio::test]
async fn a_disputed_part_alone_is_held_back_and_never_more_than_is_open() {
    let world = World::start().await;
    let ledger = Ledger::open(&world, OURS).await;
    let due = date(2026, 1, 31);
    let part = ledger.owed(customer(1), "100.00", JAN_1, due).await;
    let whole = ledger.owed(customer(1), "70.00", JAN_1, due).await;
    ledger.dispute(&part, Some("30.00"), JAN_1).await;
    ledger.dispute(&whole, None, JAN_1).await;
    let told = async || amounts(&look(&world, OURS, ids(&[&part, &whole])).await.unwrap());
    let disputed = [["100.00", "30.00", "70.00"], ["70.00", "70.00", "0.00"]];
    assert_eq!(told().await, disputed);
    ledger
        .entry(&part, 0, "ALLOCATION", "-80.00", date(2026, 1, 20))
        .await;
    ledger.sum_up().await;
    assert_eq!(told().await[0], ["20.00", "20.00", "0.00"]);
    let items = listed(&world, OURS, 50, ListOpenItemsRequest::default()).await;
    let disputed = items.iter().map(|listed| {
        let amount = listed.invoice_disputed_amount.as_ref().unwrap();
        amount.amount.as_str()
    });
    assert!(disputed.eq(["20.00", "70.00"]));
}

#[tokio::test]
async fn p28_what_is_not_known_here_is_refused_item_by_item() {
    let world = World::start().await;
    let ours = Ledger::open(&world, OURS).await;
    let theirs = Ledger::open(&world, THEIRS).await;
    let mine = ours.owed(customer(1), "100.00", JAN_1, JAN_1).await;
    let foreign = theirs.owed(customer(1), "5.00", JAN_1, JAN_1).await;
    let unknown = Uuid::now_v7().to_string();
    let asked = vec![
        foreign.invoice_id.0.to_string(),
        mine.invoice_id.0.to_string(),
        unknown.clone(),
    ];
    let answer = look(&world, OURS, asked).await.unwrap();
    let refused = answer.results.iter().map(|one| match &one.outcome {
        Some(Outcome::Refusal(refusal)) => (refusal.code, refusal.reason.as_str()),
        _ => (0, ""),
    });
    let not_found = (i32::from(Code::NotFound), "INVOICE_NOT_FOUND");
    assert!(refused.eq([not_found, (0, ""), not_found]));
    assert_eq!(
        listed(&world, OURS, 50, ListOpenItemsRequest::default())
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn a_look_names_1_to_1000_invoices_each_once() {
    let world = World::start().await;
    let fresh =
        |count: usize| -> Vec<String> { (0..count).map(|_| Uuid::now_v7().to_string()).collect() };
    let twice = vec![fresh(1).remove(0); 2];
    let mut malformed = fresh(3);
    malformed[2] = "7".to_owned();
    for (field, asked) in [
        ("invoice_ids", Vec::new()),
        ("invoice_ids", fresh(1001)),
        ("invoice_ids[1]", twice),
        ("invoice_ids[2]", malformed),
    ] {
        let refused = look(&world, OURS, asked).await.unwrap_err();
        assert_eq!(
            (refused.code(), fields(&refused)),
            (Code::InvalidArgument, vec![field.to_owned()])
        );
    }
    assert_eq!(
        look(&world, OURS, fresh(1000)).await.unwrap().results.len(),
        1000
    );
}

#[tokio::test]
async fn open_items_are_listed_the_earliest_due_first_on_pages_of_any_size() {
    let world = World::start().await;
    let ledger = Ledger::open(&world, OURS).await;
    let items = [(date(2026, 1, 20), "1.00"), (date(2026, 1, 10), "2.00")];
    let written = Written {
        customer_id: customer(1),
        currency: "EUR",
        invoice_date: JAN_1,
        issued_date: JAN_1,
        items: &items,
    };
    ledger.issue(&written).await;
    let usd = [(date(2026, 1, 15), "3.00")];
    ledger
        .issue(&Written {
            currency: "USD",
            customer_id: customer(2),
            items: &usd,
            ..written.clone()
        })
        .await;
    let paid = ledger.owed(customer(1), "4.00", JAN_1, JAN_1).await;
    ledger.entry(&paid, 0, "ALLOCATION", "-4.00", JAN_1).await;
    ledger
        .owed(customer(2), "5.00", JAN_1, date(2026, 1, 10))
        .await;
    ledger.sum_up().await;
    let all = ListOpenItemsRequest::default();
    for page_size in [1, 2, 3, 50] {
        let found = listed(&world, OURS, page_size, all.clone()).await;
        assert_eq!(
            open(&found),
            ["2.00", "5.00", "3.00", "1.00"],
            "{page_size}"
        );
    }
    let of_customer = ListOpenItemsRequest {
        customer_id: Some(customer(2).0.to_string()),
        ..all.clone()
    };
    assert_eq!(
        open(&listed(&world, OURS, 1, of_customer).await),
        ["5.00", "3.00"]
    );
    let in_dollars = ListOpenItemsRequest {
        currency_code: Some("USD".to_owned()),
        ..all.clone()
    };
    assert_eq!(open(&listed(&world, OURS, 1, in_dollars).await), ["3.00"]);
    let overdue = ListOpenItemsRequest {
        due_before_date: Some(contracts::convert::date_to_wire(date(2026, 1, 15))),
        kind: Some(OpenItemKind::Principal.into()),
        ..all.clone()
    };
    assert_eq!(
        open(&listed(&world, OURS, 50, overdue).await),
        ["2.00", "5.00"]
    );
    let fees = ListOpenItemsRequest {
        kind: Some(OpenItemKind::Fee.into()),
        ..all
    };
    assert!(listed(&world, OURS, 50, fees).await.is_empty());
    assert!(
        listed(&world, THEIRS, 50, ListOpenItemsRequest::default())
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_listing_says_which_filters_are_malformed() {
    let world = World::start().await;
    let bad = ListOpenItemsRequest {
        customer_id: Some("x".to_owned()),
        currency_code: Some("eur".to_owned()),
        kind: Some(0),
        ..ListOpenItemsRequest::default()
    };
    let refused = client(&world)
        .list_open_items(world.signed(OURS, bad))
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["customer_id", "currency_code", "kind"]);
    assert_eq!(reason(&refused), "REQUEST_INVALID");
}
