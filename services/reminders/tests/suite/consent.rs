//! ConsentService: what customers said; the latest word counts, from the commit on (P18).

use contracts::reminders::consent_service_client::ConsentServiceClient;
use contracts::reminders::*;
use testkit::eventually_some;
use tonic::{Code, Status};

use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::samples::*;

fn said(id: &str, state: ConsentState, channels: &[Channel]) -> RecordConsentRequest {
    RecordConsentRequest {
        request_id: id.to_owned(),
        customer_id: CUSTOMER.to_string(),
        channels: channels.iter().map(|&channel| channel.into()).collect(),
        state: state.into(),
        effective_time: None,
        evidence: "unsubscribe link".to_owned(),
    }
}

async fn record(world: &World, request: RecordConsentRequest) -> Result<Vec<Consent>, Status> {
    let asked = world.signed(OURS, request);
    let mut client = ConsentServiceClient::new(world.channel());
    Ok(client.record_consent(asked).await?.into_inner().consents)
}

/// Waits until credit's feed has told of the customer.
async fn heard(world: &World, request: RecordConsentRequest) -> Vec<Consent> {
    eventually_some(PATIENCE, "the customer is known", async || {
        record(world, request.clone()).await.ok()
    })
    .await
}

async fn list(world: &World, include_overtaken: bool) -> Vec<Consent> {
    let asked = ListConsentsRequest {
        customer_id: Some(CUSTOMER.to_string()),
        include_overtaken,
        ..ListConsentsRequest::default()
    };
    let asked = world.signed(OURS, asked);
    let mut client = ConsentServiceClient::new(world.channel());
    let listed = client.list_consents(asked).await;
    listed.unwrap().into_inner().consents
}

async fn verdict(world: &World, case_id: &str, channel: Channel) -> (ContactVerdict, String) {
    let asked = CheckContactRequest {
        case_id: case_id.to_owned(),
        channel: channel.into(),
        invoice_ids: Vec::new(),
        contact_time: None,
    };
    let answer = contact_policies(world)
        .check_contact(world.signed(OURS, asked))
        .await;
    let answer = answer.unwrap().into_inner();
    (answer.verdict(), answer.decision.unwrap().outcome)
}

#[tokio::test]
async fn cc_5_the_latest_word_counts() {
    let (world, _feeds) = world().await;
    let both = [Channel::Letter, Channel::Email];
    let out = heard(&world, said("c1", ConsentState::OptedOut, &both)).await;
    let channels: Vec<_> = out.iter().map(Consent::channel).collect();
    assert_eq!(channels, both);
    assert!(
        out.iter()
            .all(|entry| entry.in_force && entry.recorded_by == "ada")
    );
    let replayed = record(&world, said("c1", ConsentState::OptedOut, &both)).await;
    assert_eq!(replayed.unwrap(), out);
    // Said before, recorded later: overtaken from the beginning.
    let early = RecordConsentRequest {
        effective_time: Some(time("2026-03-01T08:00:00Z")),
        ..said("c2", ConsentState::Given, &[Channel::Email])
    };
    let early = record(&world, early).await.unwrap();
    assert!(!early[0].in_force);
    assert_eq!(list(&world, false).await.len(), 2);
    assert_eq!(list(&world, true).await.len(), 3);
    // At the same instant the one recorded later counts.
    let again = record(&world, said("c3", ConsentState::Given, &[Channel::Email])).await;
    assert!(again.unwrap()[0].in_force);
    let counts = list(&world, false).await;
    let states: Vec<_> = counts
        .iter()
        .map(|one| (one.channel(), one.state()))
        .collect();
    assert!(states.contains(&(Channel::Email, ConsentState::Given)));
    assert!(states.contains(&(Channel::Letter, ConsentState::OptedOut)));
    let told = wait_told::<ConsentRecorded>(&world, 4).await;
    assert_eq!(told.len(), 4);
    let versions: Vec<i64> = events(&world, OURS)
        .await
        .iter()
        .filter(|event| event.subject == CUSTOMER.to_string())
        .map(|event| event.subject_version)
        .collect();
    assert_eq!(versions, [1, 2, 3, 4]);
}

#[tokio::test]
async fn p18_an_opt_out_forbids_the_channel_at_once() {
    let (world, feeds) = world().await;
    let case_id = with_case(&world, &feeds, 1, day(2, 27)).await;
    let needs_consent = ContactPolicyDefinition {
        consent_channels: vec![Channel::Call.into()],
        ..always()
    };
    with_policy(&world, needs_consent).await;
    let allowed = (ContactVerdict::Allowed, "ALLOWED".to_owned());
    assert_eq!(verdict(&world, &case_id, Channel::Email).await, allowed);
    let missing = "FORBIDDEN_BY_CONSENT_MISSING".to_owned();
    let call = verdict(&world, &case_id, Channel::Call).await;
    assert_eq!(call, (ContactVerdict::Forbidden, missing.clone()));
    heard(&world, said("c1", ConsentState::Given, &[Channel::Call])).await;
    assert_eq!(verdict(&world, &case_id, Channel::Call).await, allowed);
    let out = [Channel::Call, Channel::Email];
    record(&world, said("c2", ConsentState::OptedOut, &out))
        .await
        .unwrap();
    for channel in out {
        let verdict = verdict(&world, &case_id, channel).await;
        assert_eq!(verdict.1, "FORBIDDEN_BY_OPTED_OUT");
    }
    // Cleared: as if nothing had ever been said.
    record(&world, said("c3", ConsentState::Cleared, &out))
        .await
        .unwrap();
    assert_eq!(verdict(&world, &case_id, Channel::Email).await, allowed);
    assert_eq!(verdict(&world, &case_id, Channel::Call).await.1, missing);
}

#[tokio::test]
async fn what_is_wrong_is_told() {
    let (world, _feeds) = world().await;
    heard(&world, said("c0", ConsentState::Given, &[Channel::Email])).await;
    let empty = RecordConsentRequest {
        request_id: "c1".to_owned(),
        customer_id: "x".to_owned(),
        channels: vec![1, 1],
        ..RecordConsentRequest::default()
    };
    let status = record(&world, empty).await.unwrap_err();
    assert_eq!(
        fields(&status),
        ["customer_id", "channels[1]", "state", "evidence"]
    );
    let late = RecordConsentRequest {
        effective_time: Some(time("2026-03-02T09:00:01Z")),
        ..said("c2", ConsentState::OptedOut, &[Channel::Email])
    };
    let status = record(&world, late).await.unwrap_err();
    let future = (Code::InvalidArgument, "TIME_IN_THE_FUTURE".to_owned());
    assert_eq!((status.code(), reason(&status)), future);
    let asked = world.signed(
        THEIRS,
        said("c3", ConsentState::OptedOut, &[Channel::Email]),
    );
    let foreign = ConsentServiceClient::new(world.channel())
        .record_consent(asked)
        .await
        .unwrap_err();
    let missing = (Code::NotFound, "CUSTOMER_NOT_FOUND".to_owned());
    assert_eq!((foreign.code(), reason(&foreign)), missing);
    let reused = said("c0", ConsentState::OptedOut, &[Channel::Email]);
    let status = record(&world, reused).await.unwrap_err();
    assert_eq!(reason(&status), "REQUEST_ID_REUSED");
}
