//! PlacementBatchService: placed one by one, handed over as one file with count and sums, and agreed
//! on (AY-2).

use contracts::agency::placement_batch_service_client::PlacementBatchServiceClient;
use contracts::agency::*;
use contracts::payments::{Receipt, ReceiptMethod, ReceiptRecorded, ReceiptState};
use contracts::reminders::{Channel as Way, ConsentRecorded, ConsentState};
use testkit::eventually_some;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::fixture::{OURS, SOON, THEIRS, World, reason};
use crate::samples::{
    CUSTOMER, activate, approved, balance, becomes, day, eur, events, invoice_id, only, owes,
    with_agency, with_debts,
};

fn batches(world: &World) -> PlacementBatchServiceClient<Channel> {
    PlacementBatchServiceClient::new(world.channel())
}

fn batch(
    request_id: &str,
    agency: &Agency,
    placements: &[&Placement],
) -> CreatePlacementBatchRequest {
    CreatePlacementBatchRequest {
        request_id: request_id.to_owned(),
        agency_id: agency.agency_id.clone(),
        placement_ids: placements
            .iter()
            .map(|one| one.placement_id.clone())
            .collect(),
        validate_only: false,
    }
}

async fn create(
    world: &World,
    request: CreatePlacementBatchRequest,
) -> Result<PlacementBatch, Status> {
    let asked = world.signed(OURS, request);
    let made = batches(world).create_placement_batch(asked).await?;
    Ok(made.into_inner().placement_batch.unwrap())
}

async fn placed(world: &World, made: &PlacementBatch) -> PlacementBatch {
    eventually_some(SOON, "the batch is placed", async || {
        let request = GetPlacementBatchRequest {
            placement_batch_id: made.placement_batch_id.clone(),
        };
        let asked = world.signed(OURS, request);
        let read = batches(world).get_placement_batch(asked).await.unwrap();
        let batch = read.into_inner().placement_batch.unwrap();
        (batch.state() == PlacementBatchState::Placed).then_some(batch)
    })
    .await
}

async fn file(
    world: &World,
    batch: &PlacementBatch,
    offset: i64,
) -> Result<GetPlacementBatchFileResponse, Status> {
    let request = GetPlacementBatchFileRequest {
        placement_batch_id: batch.placement_batch_id.clone(),
        offset,
    };
    let asked = world.signed(OURS, request);
    let part = batches(world).get_placement_batch_file(asked).await?;
    Ok(part.into_inner())
}

/// What is known of the debtor besides: a payment, and no e-mails.
fn with_history(world: &World) {
    let recorded = ReceiptRecorded {
        receipt: Some(Receipt {
            receipt_id: Uuid::from_u128(0xB0).to_string(),
            customer_id: CUSTOMER.to_string(),
            method: ReceiptMethod::Transfer.into(),
            state: ReceiptState::Recorded.into(),
            amount: Some(eur("25.00")),
            receipt_date: Some(day(2026, 2, 14)),
            ..Receipt::default()
        }),
    };
    let feed = &world.peers.feed;
    feed.announce("payments", OURS.uuid(), Uuid::from_u128(0xB0), 1, &recorded);
    let opted_out = ConsentRecorded {
        consent_id: Uuid::from_u128(0xC0).to_string(),
        customer_id: CUSTOMER.to_string(),
        channel: Way::Email.into(),
        state: ConsentState::OptedOut.into(),
        effective_time: Some(prost_types::Timestamp {
            seconds: 1_770_000_000,
            nanos: 0,
        }),
    };
    feed.announce("reminders", OURS.uuid(), CUSTOMER, 1, &opted_out);
}

#[tokio::test]
async fn ay_2_what_was_placed_is_handed_over_as_one_file_with_count_and_sums() {
    let world = World::start().await;
    with_history(&world);
    let agency = with_debts(&world, &[1, 2, 3]).await;
    let one = approved(&world, "one", &agency.agency_id, &[1, 2]).await;
    let two = approved(&world, "two", &agency.agency_id, &[3]).await;
    let mut preview = batch("preview", &agency, &[]);
    preview.validate_only = true;
    let preview = create(&world, preview).await.unwrap();
    assert_eq!(preview.placement_batch_id, "");
    assert_eq!(
        (preview.placement_count, preview.placed_amounts),
        (2, vec![eur("3000.00")])
    );

    // The third invoice is paid before its turn comes.
    owes(&world, balance(3, 2, "0.00"));
    let made = create(&world, batch("b1", &agency, &[])).await.unwrap();
    assert_eq!(
        (made.state(), made.batch_number),
        (PlacementBatchState::Placing, 1)
    );
    let done = placed(&world, &made).await;
    assert_eq!(
        (done.active_count, done.withdrawn_count, done.invoice_count),
        (1, 1, 2)
    );
    assert_eq!(done.placed_amounts, [eur("2000.00")]);
    becomes(&world, &one.placement_id, PlacementState::Active).await;
    becomes(&world, &two.placement_id, PlacementState::Withdrawn).await;

    let whole = file(&world, &done, 0).await.unwrap();
    assert_eq!(whole.file_name, "placements-000001.csv");
    assert_eq!((whole.row_count, whole.placement_count), (2, 1));
    assert_eq!(whole.placed_amounts, [eur("2000.00")]);
    let row = |number: u128| {
        format!(
            "{},P-one,Muster Handel GmbH,{CUSTOMER},K-17,Erika Beispiel,CONSUMER,Erika Beispiel,\
             Musterweg 1,10115,Berlin,,DE,erika@example.com,'+4930123456,de,Europe/Berlin,{},\
             INV-{number:04},,2026-01-01,2026-01-31,EUR,1000.00,0.00,0.00,1000.00,2026-02-14,25.00,\
             0,EMAIL\r\n",
            one.placement_id,
            invoice_id(number),
        )
    };
    let columns = "placement_id,placement_external_id,creditor_name,customer_id,\
                   customer_external_id,debtor_name,debtor_kind,contact_name,address_lines,\
                   postal_code,city,region,country_code,email,phone,language,time_zone,invoice_id,\
                   invoice_number,invoice_external_id,invoice_date,due_date,currency_code,\
                   principal,fees,interest,placed_amount,last_payment_date,last_payment_amount,\
                   reminder_level,opted_out_channels\r\n";
    let text = String::from_utf8(whole.content.clone()).unwrap();
    assert_eq!(text, format!("{columns}{}{}", row(1), row(2)));
    let rest = file(&world, &done, 10).await.unwrap();
    assert_eq!(rest.content, whole.content[10..]);
    let event: PlacementBatchPlaced = only(&events(&world, OURS).await);
    assert_eq!(event.sha256_hex, whole.sha256_hex);
}

#[tokio::test]
async fn ay_2_the_agency_acknowledges_count_and_sums() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1]).await;
    approved(&world, "one", &agency.agency_id, &[1]).await;
    world.peers.script().reminders_is_down = true;
    let made = create(&world, batch("b1", &agency, &[])).await.unwrap();
    let acknowledge = |id: &str, amount: &str| AcknowledgePlacementBatchRequest {
        request_id: id.to_owned(),
        placement_batch_id: made.placement_batch_id.clone(),
        etag: String::new(),
        acknowledgement: Some(BatchAcknowledgement {
            placement_count: 1,
            amounts: vec![eur(amount)],
        }),
    };
    let early = world.signed(OURS, acknowledge("k0", "1000.00"));
    let early = batches(&world)
        .acknowledge_placement_batch(early)
        .await
        .unwrap_err();
    assert_eq!(reason(&early), "BATCH_NOT_PLACED");
    assert_eq!(
        reason(&file(&world, &made, 0).await.unwrap_err()),
        "BATCH_NOT_PLACED"
    );
    world.peers.script().reminders_is_down = false;
    placed(&world, &made).await;
    for (id, amount, state) in [
        ("k1", "999.00", PlacementBatchState::Mismatched),
        ("k2", "1000.00", PlacementBatchState::Acknowledged),
    ] {
        let asked = world.signed(OURS, acknowledge(id, amount));
        let said = batches(&world)
            .acknowledge_placement_batch(asked)
            .await
            .unwrap();
        assert_eq!(said.into_inner().placement_batch.unwrap().state(), state);
    }
    let asked = world.signed(OURS, acknowledge("k3", "1000.00"));
    let twice = batches(&world)
        .acknowledge_placement_batch(asked)
        .await
        .unwrap_err();
    assert_eq!(reason(&twice), "BATCH_ACKNOWLEDGED");
}

#[tokio::test]
async fn what_makes_no_batch_is_refused_and_names_the_offenders() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1, 2]).await;
    let other = with_agency(&world, OURS, "sued").await;
    let nothing = create(&world, batch("b0", &agency, &[])).await.unwrap_err();
    assert_eq!(
        (nothing.code(), reason(&nothing).as_str()),
        (Code::FailedPrecondition, "NOTHING_APPROVED")
    );
    let theirs = approved(&world, "theirs", &other.agency_id, &[2]).await;
    let refused = create(&world, batch("b1", &agency, &[&theirs]))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "PLACEMENT_OF_OTHER_AGENCY");
    let named = refused.get_details_error_info().unwrap().metadata["placement_ids"].clone();
    assert_eq!(named, theirs.placement_id);
    let refused = create(&world, batch("b2", &other, &[&theirs]))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "NO_AGREEMENT");
    let one = approved(&world, "one", &agency.agency_id, &[1]).await;
    world.peers.script().reminders_is_down = true;
    create(&world, batch("b3", &agency, &[&one])).await.unwrap();
    let taken = activate(&world, "a1", &one).await.unwrap_err();
    assert!(["PLACEMENT_IN_BATCH", "PLACEMENT_NOT_APPROVED"].contains(&reason(&taken).as_str()));
    let asked = world.signed(THEIRS, batch("b4", &agency, &[&one]));
    let foreign = batches(&world)
        .create_placement_batch(asked)
        .await
        .unwrap_err();
    assert_eq!(
        (foreign.code(), reason(&foreign).as_str()),
        (Code::NotFound, "AGENCY_NOT_FOUND")
    );
}

#[tokio::test]
async fn p19_a_batch_goes_on_without_what_another_placement_holds() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1, 2]).await;
    let one = approved(&world, "one", &agency.agency_id, &[1]).await;
    let twin = approved(&world, "twin", &agency.agency_id, &[1, 2]).await;
    activate(&world, "a1", &one).await.unwrap();
    let made = create(&world, batch("b1", &agency, &[&twin]))
        .await
        .unwrap();
    let done = placed(&world, &made).await;
    assert_eq!((done.active_count, done.withdrawn_count), (0, 1));
    assert_eq!(file(&world, &done, 0).await.unwrap().row_count, 0);
    let withdrawn = becomes(&world, &twin.placement_id, PlacementState::Withdrawn).await;
    assert!(
        withdrawn
            .end_note
            .contains("another placement holds invoice")
    );
    assert_eq!(world.peers.asked("place"), 1);
}
