//! The way of a message from the step that falls due to the debtor's mailbox (P14 to P19, DU-9).

use calendar::SignedDuration;
use contracts::invoicing as invoicing_wire;
use contracts::payments as payments_wire;
use contracts::reminders::*;
use testkit::SmtpBehavior;
use uuid::Uuid;

use crate::fixture::OURS;
use crate::samples::*;
use crate::stage::{BY_HINTS, Stage};

/// Each step of the ladder, on its day, once.
async fn climbs(stage: &Stage) {
    stage.owe(1, day(2, 28), "1000.00", 1);
    for (instant, level) in [
        ("2026-03-05T09:00:00Z", 1),
        ("2026-03-10T09:00:00Z", 2),
        ("2026-03-20T09:00:00Z", 3),
    ] {
        assert!(stage.world.smtp.mails().len() < level);
        stage.at(instant);
        let sent = stage.sent(level).await;
        assert_eq!(sent.last().unwrap().level, i32::try_from(level).unwrap());
    }
    let completed = wait_told::<LadderCompleted>(&stage.world, 1).await;
    assert_eq!(completed[0].step_code, "final");
    stage
        .world
        .clock
        .advance(SignedDuration::from_hours(24 * 60))
        .unwrap();
    let mails = stage.mails(3).await;
    for (mail, sent) in mails.iter().zip(told::<MessageSent>(&stage.world).await) {
        let id = mail.message_id().unwrap();
        assert!(id.starts_with(&sent.message_id), "{id}");
        assert_eq!(mail.envelope_to, ["ap@kunde.example"]);
        assert_eq!(
            mail.subject(),
            format!("{}: Rechnung INV-1", sent.step_code)
        );
        assert!(
            mail.text().unwrap().contains("1.000,00"),
            "{:?}",
            mail.text()
        );
        assert!(
            mail.html().unwrap().contains("Kunde &lt;b&gt;"),
            "{:?}",
            mail.html()
        );
    }
}

#[tokio::test]
async fn p14_every_step_leaves_once_on_its_day_by_hints_through_redis() {
    climbs(&Stage::start_with(BY_HINTS, always()).await).await;
}

#[tokio::test]
async fn p14_every_step_leaves_once_on_its_day_without_redis() {
    climbs(&Stage::start_with("[redis]\nurl = ''\n", always()).await).await;
}

#[tokio::test]
async fn p37_every_step_leaves_once_while_redis_is_out_of_reach() {
    let nowhere = "[redis]\nurl = 'redis://127.0.0.1:1'\n";
    climbs(&Stage::start_with(nowhere, always()).await).await;
}

#[tokio::test]
async fn du9_after_an_outage_only_the_current_step_leaves() {
    let stage = Stage::start().await;
    stage.owe(1, day(1, 2), "1000.00", 1);
    let sent = stage.sent(1).await;
    assert_eq!((sent[0].level, sent[0].step_code.as_str()), (3, "final"));
    stage
        .world
        .clock
        .advance(SignedDuration::from_hours(24 * 60))
        .unwrap();
    wait_told::<LadderCompleted>(&stage.world, 1).await;
    stage.mails(1).await;
}

#[tokio::test]
async fn du9_one_message_a_customer_and_the_gravest_step_sets_the_tone() {
    let stage = Stage::start().await;
    stage
        .world
        .clock
        .set("2026-03-02T10:00:00Z".parse().unwrap())
        .unwrap();
    stage.feeds.keep_back("invoicing");
    stage.owe(1, day(2, 24), "1000.00", 1);
    stage.owe(2, day(2, 14), "500.00", 1);
    stage.feeds.let_go("invoicing");
    let sent = stage.sent(1).await;
    let levels: Vec<i32> = sent[0].lines.iter().map(|line| line.level).collect();
    assert_eq!((sent[0].level, levels), (2, vec![2, 1]));
    assert_eq!(sent[0].totals[0].asked_amount, Some(eur("1500.00")));
    stage.mails(1).await;
}

#[tokio::test]
async fn p15_a_lost_reply_is_unknown_and_never_repeated() {
    let stage = Stage::start().await;
    stage.world.smtp.set_behavior(SmtpBehavior::AcceptThenDrop);
    stage.owe(1, day(2, 24), "1000.00", 1);
    let parked = wait_told::<MessageParked>(&stage.world, 1).await;
    assert_eq!(parked[0].state(), MessageState::Unknown);
    let tasks = wait_told::<TaskOpened>(&stage.world, 1).await;
    assert_eq!(tasks[0].kind(), TaskKind::UnknownMessage);
    assert_eq!(tasks[0].task_id, parked[0].task_id);
    stage.world.smtp.set_behavior(SmtpBehavior::Accept);
    stage
        .world
        .clock
        .advance(SignedDuration::from_hours(24 * 90))
        .unwrap();
    // Another customer's message shows that the service goes on.
    other_customer_is_reminded(&stage).await;
    assert_eq!(to_customer(&stage), 1);
}

#[tokio::test]
async fn p15_where_the_settings_say_so_it_is_repeated_once_with_the_same_id() {
    let stage = Stage::start_with("[sending]\nresend_unknown = true\n", always()).await;
    stage.world.smtp.set_behavior(SmtpBehavior::AcceptThenDrop);
    stage.owe(1, day(2, 24), "1000.00", 1);
    let parked = wait_told::<MessageParked>(&stage.world, 1).await;
    assert_eq!(parked[0].state(), MessageState::Unknown);
    let mails = stage.mails(2).await;
    assert_eq!(mails[0].message_id(), mails[1].message_id());
}

#[tokio::test]
async fn a_server_that_refuses_for_now_is_tried_again_and_one_that_refuses_for_good_is_not() {
    let stage = Stage::start().await;
    stage.world.smtp.set_behavior(SmtpBehavior::RefuseForNow);
    stage.owe(1, day(2, 24), "1000.00", 1);
    stage.feeds.invoicing.asked(1).await;
    stage.world.smtp.set_behavior(SmtpBehavior::Accept);
    testkit::eventually(PATIENCE, "the second try", async || {
        stage
            .world
            .clock
            .advance(SignedDuration::from_secs(70))
            .unwrap();
        told::<MessageSent>(&stage.world).await.len() == 1
    })
    .await;
    stage.world.smtp.set_behavior(SmtpBehavior::Reject);
    stage.at("2026-03-07T09:00:00Z");
    let parked = wait_told::<MessageParked>(&stage.world, 1).await;
    assert_eq!(parked[0].reason, "ADDRESS_REFUSED");
    let tasks = told::<TaskOpened>(&stage.world).await;
    assert_eq!(tasks[0].kind(), TaskKind::Undeliverable);
    stage.mails(1).await;
}

#[tokio::test]
async fn p16_paid_between_claim_and_last_look_is_superseded() {
    let stage = Stage::start().await;
    stage.feeds.invoicing.hold();
    stage.owe(1, day(2, 24), "1000.00", 1);
    stage.feeds.invoicing.asked(1).await;
    stage.feeds.invoicing.set(balance(1, day(2, 24), "0.00", 2));
    stage.feeds.invoicing.open();
    wait_told::<CaseCleared>(&stage.world, 1).await;
    other_customer_is_reminded(&stage).await;
    assert_eq!(to_customer(&stage), 0);
}

#[tokio::test]
async fn p16_paid_in_part_the_message_asks_for_what_is_left() {
    let stage = Stage::start().await;
    stage.feeds.invoicing.hold();
    stage.owe(1, day(2, 24), "1000.00", 1);
    stage.feeds.invoicing.asked(1).await;
    stage
        .feeds
        .invoicing
        .set(balance(1, day(2, 24), "400.00", 2));
    stage.feeds.invoicing.open();
    let sent = stage.sent(1).await;
    assert_eq!(sent[0].totals[0].asked_amount, Some(eur("400.00")));
    stage.mails(1).await;
}

#[tokio::test]
async fn p16_without_an_answer_nothing_leaves_and_with_one_it_does() {
    let stage = Stage::start().await;
    stage.feeds.invoicing.go_down();
    stage.owe(1, day(2, 24), "1000.00", 1);
    stage.feeds.invoicing.asked(2).await;
    assert!(stage.world.smtp.mails().is_empty());
    stage.feeds.invoicing.open();
    stage.sent(1).await;
    stage.mails(1).await;
}

/// Office hours in Berlin.
fn office_hours() -> ContactPolicyDefinition {
    let hours = PermittedHours {
        weekdays: (1..=5).collect(),
        start_local_time: "08:00".to_owned(),
        end_local_time: "18:00".to_owned(),
        channels: Vec::new(),
    };
    ContactPolicyDefinition {
        permitted_hours: vec![hours],
        ..always()
    }
}

#[tokio::test]
async fn p17_p22_a_step_of_a_weekend_leaves_when_the_office_opens_in_summer_time() {
    let stage = Stage::start_with("", office_hours()).await;
    stage.at("2026-03-27T20:00:00Z");
    // Due on Saturday the 28th; the clocks change on Sunday.
    stage.owe(1, day(3, 23), "1000.00", 1);
    wait_told::<CaseOpened>(&stage.world, 1).await;
    stage.at("2026-03-28T12:00:00Z");
    stage.at("2026-03-30T05:59:59Z");
    assert!(stage.world.smtp.mails().is_empty());
    stage.at("2026-03-30T06:00:00Z");
    let sent = stage.sent(1).await;
    assert_eq!(sent[0].sent_local_time, "2026-03-30T08:00:00+02:00");
}

#[tokio::test]
async fn p17_a_frequency_cap_puts_the_next_step_off() {
    let cap = FrequencyCap {
        measure: FrequencyMeasure::Attempts.into(),
        channels: Vec::new(),
        max_count: 1,
        window_days: 7,
        scope: FrequencyScope::Customer.into(),
    };
    let policy = ContactPolicyDefinition {
        frequency_caps: vec![cap],
        ..always()
    };
    let stage = Stage::start_with("", policy).await;
    stage.owe(1, day(2, 25), "1000.00", 1);
    stage.sent(1).await;
    // The second step falls due five days later, two days too early.
    stage.at("2026-03-07T09:00:00Z");
    stage.at("2026-03-08T22:59:00Z");
    assert_eq!(stage.world.smtp.mails().len(), 1);
    stage.at("2026-03-08T23:00:00Z");
    let sent = stage.sent(2).await;
    assert_eq!(sent[1].level, 2);
}

#[tokio::test]
async fn p18_a_dispute_pauses_its_invoice_and_its_end_lets_it_go_on() {
    let stage = Stage::start().await;
    stage.owe(1, day(2, 28), "1000.00", 1);
    let dispute = |state: invoicing_wire::DisputeState| invoicing_wire::Dispute {
        dispute_id: Uuid::from_u128(7).to_string(),
        invoice_id: invoice_id(1).to_string(),
        customer_id: CUSTOMER.to_string(),
        state: state.into(),
        whole_invoice: true,
        amount: Some(eur("1000.00")),
        ..invoicing_wire::Dispute::default()
    };
    let mut disputed = balance(1, day(2, 28), "1000.00", 2);
    disputed.disputed_amount = Some(eur("1000.00"));
    stage.feeds.invoicing.set(disputed.clone());
    let opened = invoicing_wire::DisputeOpened {
        dispute: Some(dispute(invoicing_wire::DisputeState::Open)),
        balance_after: Some(disputed),
    };
    stage
        .feeds
        .tell("invoicing", OURS, Uuid::from_u128(7), 1, &opened);
    let placed = wait_told::<HoldPlaced>(&stage.world, 1).await;
    assert_eq!(placed[0].reason(), HoldReason::Dispute);
    stage.at("2026-03-05T09:00:00Z");
    let suppressed = wait_told::<MessageSuppressed>(&stage.world, 1).await;
    assert_eq!(suppressed[0].reason, "DISPUTE");
    assert!(stage.world.smtp.mails().is_empty());
    let free = balance(1, day(2, 28), "1000.00", 3);
    stage.feeds.invoicing.set(free.clone());
    let resolved = invoicing_wire::DisputeResolved {
        dispute: Some(dispute(invoicing_wire::DisputeState::Resolved)),
        balance_after: Some(free),
    };
    stage
        .feeds
        .tell("invoicing", OURS, Uuid::from_u128(7), 2, &resolved);
    let sent = stage.sent(1).await;
    assert_eq!(sent[0].level, 1);
    assert_eq!(told::<MessageSuppressed>(&stage.world).await.len(), 1);
}

#[tokio::test]
async fn ca8_nobody_is_reminded_whose_cash_covers_what_is_due() {
    let stage = Stage::start().await;
    let cash = |amount: &str, version| payments_wire::UnappliedCashChanged {
        unapplied_cash: Some(payments_wire::UnappliedCash {
            customer_id: CUSTOMER.to_string(),
            unapplied_amount: Some(eur(amount)),
            reserved_amount: Some(eur("0.00")),
            version,
        }),
    };
    stage
        .feeds
        .tell("payments", OURS, CUSTOMER, 1, &cash("1000.00", 1));
    stage.owe(1, day(2, 28), "1000.00", 1);
    wait_told::<CaseOpened>(&stage.world, 1).await;
    stage.at("2026-03-05T09:00:00Z");
    let suppressed = wait_told::<MessageSuppressed>(&stage.world, 1).await;
    assert_eq!(suppressed[0].reason, "UNAPPLIED_CASH_COVERS");
    let tasks = wait_told::<TaskOpened>(&stage.world, 1).await;
    assert_eq!(tasks[0].kind(), TaskKind::UnappliedCash);
    assert!(stage.world.smtp.mails().is_empty());
    // A cent too little covers nothing.
    stage
        .feeds
        .tell("payments", OURS, CUSTOMER, 2, &cash("999.99", 2));
    stage.sent(1).await;
}

#[tokio::test]
async fn p24_what_is_told_twice_or_too_late_changes_nothing() {
    let stage = Stage::start().await;
    stage.owe(1, day(2, 28), "1000.00", 1);
    stage.tell(1, balance(1, day(2, 28), "1000.00", 1), 1);
    stage.owe(1, day(2, 28), "600.00", 3);
    stage.tell(1, balance(1, day(2, 28), "1000.00", 2), 2);
    stage.owe(2, day(2, 28), "1.00", 1);
    stage.at("2026-03-05T09:00:00Z");
    let sent = stage.sent(1).await;
    assert_eq!(sent[0].totals[0].asked_amount, Some(eur("601.00")));
    assert_eq!(told::<CaseOpened>(&stage.world).await.len(), 1);
    stage.mails(1).await;
}

/// A customer of their own, with an invoice that is due: when their mail is there, whatever was due
/// before has had its turn.
async fn other_customer_is_reminded(stage: &Stage) {
    let other = Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_0c02);
    tell_customer_at(&stage.feeds, OURS, other, "other@kunde.example");
    let mut worth = balance(9, day(1, 2), "50.00", 1);
    worth.customer_id = other.to_string();
    stage.feeds.invoicing.set(worth.clone());
    stage.tell(9, worth, 1);
    testkit::eventually(PATIENCE, "the other customer's mail", async || {
        let mails = stage.world.smtp.mails();
        mails
            .iter()
            .any(|mail| mail.envelope_to == ["other@kunde.example"])
    })
    .await;
}

/// How many mails the customer got.
fn to_customer(stage: &Stage) -> usize {
    let mails = stage.world.smtp.mails();
    mails
        .iter()
        .filter(|mail| mail.envelope_to == ["ap@kunde.example"])
        .count()
}
