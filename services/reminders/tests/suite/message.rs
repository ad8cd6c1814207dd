//! MessageService: what was sent, what was not, and why.

use contracts::reminders::message_service_client::MessageServiceClient;
use contracts::reminders::*;
use testkit::SmtpBehavior;
use tonic::transport::Channel as Transport;
use tonic::{Code, Status};

use crate::fixture::{OURS, THEIRS, World, reason};
use crate::samples::*;
use crate::stage::Stage;

fn client(world: &World) -> MessageServiceClient<Transport> {
    MessageServiceClient::new(world.channel())
}

/// Every message, newest first.
pub async fn messages(world: &World) -> Vec<DebtorMessage> {
    let asked = world.signed(OURS, ListMessagesRequest::default());
    let answer = client(world).list_messages(asked).await;
    answer.unwrap().into_inner().messages
}

/// A message of unknown outcome.
async fn unknown(stage: &Stage) -> DebtorMessage {
    stage.world.smtp.set_behavior(SmtpBehavior::AcceptThenDrop);
    stage.owe(1, day(2, 24), "1000.00", 1);
    wait_told::<MessageParked>(&stage.world, 1).await;
    stage.world.smtp.set_behavior(SmtpBehavior::Accept);
    messages(&stage.world).await.remove(0)
}

async fn resolve(
    stage: &Stage,
    message: &DebtorMessage,
    resolution: MessageResolution,
) -> Result<DebtorMessage, Status> {
    let asked = ResolveMessageRequest {
        request_id: format!("{} {}", message.etag, resolution.as_str_name()),
        message_id: message.message_id.clone(),
        etag: message.etag.clone(),
        resolution: resolution.into(),
        sent_time: None,
        note: "asked the provider".to_owned(),
    };
    let asked = stage.world.signed(OURS, asked);
    let answer = client(&stage.world).resolve_message(asked).await?;
    Ok(answer.into_inner().message.unwrap())
}

#[tokio::test]
async fn a_message_tells_its_words_and_every_decision() {
    let stage = Stage::start().await;
    stage.owe(1, day(2, 24), "1000.00", 1);
    stage.sent(1).await;
    let sent = messages(&stage.world).await.remove(0);
    assert_eq!((sent.state(), sent.attempt_count), (MessageState::Sent, 1));
    assert_eq!(sent.strategy_version, "strategy/standard@1");
    assert_eq!(sent.template_version, "template/reminder@1");
    let outcomes: Vec<&str> = sent
        .decisions
        .iter()
        .map(|one| one.outcome.as_str())
        .collect();
    assert_eq!(outcomes, ["MESSAGE", "CLAIMED", "GO"]);
    let asked = GetMessageContentRequest {
        message_id: sent.message_id.clone(),
    };
    let words = client(&stage.world)
        .get_message_content(stage.world.signed(OURS, asked.clone()))
        .await
        .unwrap()
        .into_inner()
        .content
        .unwrap();
    assert_eq!(words.recipient, "ap@kunde.example");
    assert_eq!(words.subject, "reminder: Rechnung INV-1");
    let foreign = client(&stage.world)
        .get_message_content(stage.world.signed(THEIRS, asked))
        .await
        .unwrap_err();
    assert_eq!(reason(&foreign), "MESSAGE_NOT_FOUND");
    let asked = GetMessageRequest {
        message_id: sent.message_id.clone(),
    };
    let one = client(&stage.world)
        .get_message(stage.world.signed(OURS, asked.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(one.message.as_ref(), Some(&sent));
    let foreign = client(&stage.world)
        .get_message(stage.world.signed(THEIRS, asked))
        .await
        .unwrap_err();
    assert_eq!(foreign.code(), Code::NotFound);
    let refused = resolve(&stage, &sent, MessageResolution::SendAgain)
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "MESSAGE_NOT_RESOLVABLE");
}

#[tokio::test]
async fn p15_an_unknown_message_that_left_takes_its_step() {
    let stage = Stage::start().await;
    let message = unknown(&stage).await;
    let settled = resolve(&stage, &message, MessageResolution::Sent)
        .await
        .unwrap();
    assert_eq!(settled.state(), MessageState::Sent);
    let sent = stage.sent(1).await;
    assert_eq!(
        (sent[0].message_id.as_str(), sent[0].level),
        (settled.message_id.as_str(), 1)
    );
    let done = wait_told::<TaskCompleted>(&stage.world, 1).await;
    assert_eq!(done[0].kind(), TaskKind::UnknownMessage);
    let stale = resolve(&stage, &message, MessageResolution::SkipStep)
        .await
        .unwrap_err();
    assert_eq!(
        (stale.code(), reason(&stale).as_str()),
        (Code::Aborted, "STALE_ETAG")
    );
    stage.mails(1).await;
}

#[tokio::test]
async fn p15_an_unknown_message_that_did_not_leave_is_judged_anew() {
    let stage = Stage::start().await;
    let message = unknown(&stage).await;
    let settled = resolve(&stage, &message, MessageResolution::SendAgain)
        .await
        .unwrap();
    assert_eq!(
        (settled.state(), settled.reason.as_str()),
        (MessageState::Abandoned, "DID_NOT_LEAVE")
    );
    let sent = stage.sent(1).await;
    assert_ne!(sent[0].message_id, settled.message_id);
    stage.mails(2).await;
}

#[tokio::test]
async fn p15_a_step_that_is_skipped_is_passed_over() {
    let stage = Stage::start().await;
    let message = unknown(&stage).await;
    resolve(&stage, &message, MessageResolution::SkipStep)
        .await
        .unwrap();
    stage.at("2026-03-06T09:00:00Z");
    let sent = stage.sent(1).await;
    assert_eq!(sent[0].level, 2);
}

#[tokio::test]
async fn what_was_refused_cannot_have_left() {
    let stage = Stage::start().await;
    stage.world.smtp.set_behavior(SmtpBehavior::Reject);
    stage.owe(1, day(2, 24), "1000.00", 1);
    wait_told::<MessageParked>(&stage.world, 1).await;
    let parked = messages(&stage.world).await.remove(0);
    let refused = resolve(&stage, &parked, MessageResolution::Sent)
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "MESSAGE_WAS_REFUSED")
    );
}
