//! CommunicationService: the record of who turned to whom. Only added to.

use contracts::reminders::communication_service_client::CommunicationServiceClient;
use contracts::reminders::*;
use tonic::{Code, Status};

use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::samples::*;

fn call(id: &str, case_id: &str, at: &str) -> RecordCommunicationRequest {
    RecordCommunicationRequest {
        request_id: id.to_owned(),
        case_id: case_id.to_owned(),
        direction: CommunicationDirection::Outbound.into(),
        channel: Channel::Call.into(),
        outcome: CommunicationOutcome::SpokeToDebtor.into(),
        occurred_time: Some(time(at)),
        invoice_ids: vec![invoice_id(1).to_string()],
        note: "zahlt am Freitag".to_owned(),
    }
}

async fn record(
    world: &World,
    request: RecordCommunicationRequest,
) -> Result<Communication, Status> {
    let asked = world.signed(OURS, request);
    let mut client = CommunicationServiceClient::new(world.channel());
    let answer = client.record_communication(asked).await?;
    Ok(answer.into_inner().communication.unwrap())
}

async fn list(world: &World, request: ListCommunicationsRequest) -> ListCommunicationsResponse {
    let asked = world.signed(OURS, request);
    let mut client = CommunicationServiceClient::new(world.channel());
    client
        .list_communications(asked)
        .await
        .unwrap()
        .into_inner()
}

#[tokio::test]
async fn a_contact_is_entered_once_and_found_by_what_it_was() {
    let (world, feeds) = world().await;
    let case_id = with_case(&world, &feeds, 2, day(2, 27)).await;
    let entry = record(&world, call("c1", &case_id, "2026-03-02T08:00:00Z")).await;
    let entry = entry.unwrap();
    assert_eq!(entry.recorded_by, "ada");
    assert_eq!(entry.customer_id, CUSTOMER.to_string());
    let again = record(&world, call("c1", &case_id, "2026-03-02T08:00:00Z")).await;
    assert_eq!(again.unwrap(), entry);
    let mail = RecordCommunicationRequest {
        direction: CommunicationDirection::Inbound.into(),
        channel: Channel::Email.into(),
        outcome: CommunicationOutcome::Received.into(),
        invoice_ids: Vec::new(),
        ..call("c2", &case_id, "2026-03-02T08:30:00Z")
    };
    let mail = record(&world, mail).await.unwrap();
    let all = list(&world, ListCommunicationsRequest::default()).await;
    assert_eq!(all.communications, [mail.clone(), entry.clone()]);
    let about = ListCommunicationsRequest {
        invoice_id: Some(invoice_id(1).to_string()),
        ..ListCommunicationsRequest::default()
    };
    assert_eq!(
        list(&world, about).await.communications,
        std::slice::from_ref(&entry)
    );
    let inbound = ListCommunicationsRequest {
        direction: Some(CommunicationDirection::Inbound.into()),
        occurred_from_time: Some(time("2026-03-02T08:30:00Z")),
        ..ListCommunicationsRequest::default()
    };
    assert_eq!(list(&world, inbound).await.communications, [mail]);
    let before = ListCommunicationsRequest {
        occurred_before_time: Some(time("2026-03-02T08:30:00Z")),
        page_size: 1,
        ..ListCommunicationsRequest::default()
    };
    let page = list(&world, before).await;
    assert_eq!(
        (page.communications, page.next_page_token.as_str()),
        (vec![entry], "")
    );
    let told = told::<CommunicationRecorded>(&world).await;
    assert_eq!(told.len(), 2);
}

#[tokio::test]
async fn what_cannot_have_happened_is_refused() {
    let (world, feeds) = world().await;
    let case_id = with_case(&world, &feeds, 1, day(2, 27)).await;
    let refused = async |request| {
        let status = record(&world, request).await.unwrap_err();
        (status.code(), reason(&status))
    };
    let future = call("c1", &case_id, "2026-03-02T09:00:01Z");
    let expected = (Code::InvalidArgument, "TIME_IN_THE_FUTURE".to_owned());
    assert_eq!(refused(future).await, expected);
    let posted = RecordCommunicationRequest {
        outcome: CommunicationOutcome::Sent.into(),
        ..call("c1", &case_id, "2026-03-02T08:00:00Z")
    };
    let expected = (Code::InvalidArgument, "OUTCOME_NOT_FOR_CHANNEL".to_owned());
    assert_eq!(refused(posted).await, expected);
    let stranger = RecordCommunicationRequest {
        invoice_ids: vec![invoice_id(9).to_string()],
        ..call("c1", &case_id, "2026-03-02T08:00:00Z")
    };
    let expected = (Code::NotFound, "INVOICE_NOT_IN_CASE".to_owned());
    assert_eq!(refused(stranger).await, expected);
    let nowhere = call(
        "c1",
        &uuid::Uuid::from_u128(5).to_string(),
        "2026-03-02T08:00:00Z",
    );
    let expected = (Code::NotFound, "CASE_NOT_FOUND".to_owned());
    assert_eq!(refused(nowhere).await, expected);
    let asked = world.signed(THEIRS, call("c1", &case_id, "2026-03-02T08:00:00Z"));
    let foreign = CommunicationServiceClient::new(world.channel())
        .record_communication(asked)
        .await;
    assert_eq!(reason(&foreign.unwrap_err()), "CASE_NOT_FOUND");
    let status = record(
        &world,
        RecordCommunicationRequest {
            request_id: "c1".to_owned(),
            note: "a\u{7}".to_owned(),
            ..RecordCommunicationRequest::default()
        },
    );
    assert_eq!(
        fields(&status.await.unwrap_err()),
        [
            "case_id",
            "direction",
            "channel",
            "outcome",
            "occurred_time",
            "note"
        ]
    );
}
