//! TaskService: the worklist, and what follows from how a task ended.

use contracts::reminders::communication_service_client::CommunicationServiceClient;
use contracts::reminders::task_service_client::TaskServiceClient;
use contracts::reminders::*;
use testkit::eventually_some;
use tonic::{Code, Status};

use crate::feeds::Feeds;
use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::samples::*;

async fn list(world: &World, request: ListTasksRequest) -> Vec<Task> {
    let mut client = TaskServiceClient::new(world.channel());
    let listed = client.list_tasks(world.signed(OURS, request)).await;
    listed.unwrap().into_inner().tasks
}

async fn get(world: &World, task_id: &str) -> Task {
    let asked = GetTaskRequest {
        task_id: task_id.to_owned(),
    };
    let mut client = TaskServiceClient::new(world.channel());
    let found = client.get_task(world.signed(OURS, asked)).await;
    found.unwrap().into_inner().task.unwrap()
}

fn done(id: &str, task: &Task, outcome: TaskOutcome) -> CompleteTaskRequest {
    CompleteTaskRequest {
        request_id: id.to_owned(),
        task_id: task.task_id.clone(),
        etag: task.etag.clone(),
        outcome: outcome.into(),
        occurred_time: None,
        note: "notiert".to_owned(),
        follow_up_date: None,
    }
}

async fn complete(
    world: &World,
    request: CompleteTaskRequest,
) -> Result<CompleteTaskResponse, Status> {
    let mut client = TaskServiceClient::new(world.channel());
    let answer = client.complete_task(world.signed(OURS, request)).await?;
    Ok(answer.into_inner())
}

fn refused(outcome: Result<impl std::fmt::Debug, Status>) -> (Code, String) {
    let status = outcome.unwrap_err();
    (status.code(), reason(&status))
}

fn rule(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

/// One contact a week, at any hour.
fn once_a_week() -> ContactPolicyDefinition {
    ContactPolicyDefinition {
        frequency_caps: vec![FrequencyCap {
            measure: FrequencyMeasure::Attempts.into(),
            channels: Vec::new(),
            max_count: 1,
            window_days: 7,
            scope: FrequencyScope::Customer.into(),
        }],
        ..always()
    }
}

/// A case whose first step, a call, is due: the task for it.
async fn with_call() -> (World, Feeds, Task) {
    let (world, feeds) = world().await;
    with_policy(&world, once_a_week()).await;
    let by_timer = StrategyDefinition {
        step_trigger: StepTrigger::Timer.into(),
        ..definition(vec![
            step("call-1", 5, Channel::Call),
            step("call-2", 90, Channel::Call),
        ])
    };
    in_force(&world, "calls", by_timer).await;
    with_case(&world, &feeds, 1, day(2, 20)).await;
    let opened = wait_told::<TaskOpened>(&world, 1).await;
    assert_eq!(opened[0].kind(), TaskKind::Call);
    let task = get(&world, &opened[0].task_id).await;
    (world, feeds, task)
}

async fn contacts(world: &World) -> Vec<Communication> {
    let asked = ListCommunicationsRequest::default();
    let mut client = CommunicationServiceClient::new(world.channel());
    let listed = client.list_communications(world.signed(OURS, asked)).await;
    listed.unwrap().into_inner().communications
}

async fn verdict(world: &World, case_id: &str) -> ContactVerdict {
    let asked = CheckContactRequest {
        case_id: case_id.to_owned(),
        channel: Channel::Call.into(),
        invoice_ids: Vec::new(),
        contact_time: None,
    };
    let answer = contact_policies(world)
        .check_contact(world.signed(OURS, asked))
        .await;
    answer.unwrap().into_inner().verdict()
}

#[tokio::test]
async fn a_call_that_was_made_takes_its_step_and_counts() {
    let (world, _feeds, task) = with_call().await;
    assert_eq!(task.step_code, "call-1");
    assert_eq!(task.lines[0].invoice_number, "INV-1");
    assert_eq!(task.totals[0].asked_amount, Some(eur("1000.00")));
    assert!(task.permitted_from_time.is_some());
    let now = ListTasksRequest {
        permitted_now: true,
        state: Some(TaskState::Open.into()),
        ..ListTasksRequest::default()
    };
    assert_eq!(list(&world, now.clone()).await, std::slice::from_ref(&task));
    let spoke = CompleteTaskRequest {
        occurred_time: Some(time("2026-03-02T08:50:00Z")),
        ..done("t1", &task, TaskOutcome::SpokeToDebtor)
    };
    let ended = complete(&world, spoke.clone()).await.unwrap();
    let completed = ended.task.clone().unwrap();
    assert_eq!(completed.state(), TaskState::Completed);
    assert_eq!(
        (
            completed.completed_by.as_str(),
            ended.follow_up_task.clone()
        ),
        ("ada", None)
    );
    assert_eq!(complete(&world, spoke).await.unwrap(), ended);
    let entries = contacts(&world).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].outcome(), CommunicationOutcome::SpokeToDebtor);
    assert_eq!(entries[0].task_id, task.task_id);
    assert_eq!(entries[0].address, "+49301234567");
    let sent = wait_told::<MessageSent>(&world, 1).await;
    assert_eq!(
        (sent[0].step_code.as_str(), sent[0].channel()),
        ("call-1", Channel::Call)
    );
    assert_eq!(sent[0].sent_time, Some(time("2026-03-02T08:50:00Z")));
    assert_eq!(told::<TaskCompleted>(&world).await.len(), 1);
    // One contact a week: this was it, and it is counted once.
    assert_eq!(verdict(&world, &task.case_id).await, ContactVerdict::Later);
    assert_eq!(list(&world, now).await, []);
}

#[tokio::test]
async fn a_wrong_number_counts_for_nothing_and_is_mended() {
    let (world, _feeds, task) = with_call().await;
    complete(&world, done("t1", &task, TaskOutcome::WrongAddress))
        .await
        .unwrap();
    let parked = wait_told::<MessageParked>(&world, 1).await;
    assert_eq!(parked[0].reason, "WRONG_ADDRESS");
    let open = ListTasksRequest {
        state: Some(TaskState::Open.into()),
        ..ListTasksRequest::default()
    };
    let open = list(&world, open).await;
    let kinds: Vec<_> = open.iter().map(Task::kind).collect();
    assert_eq!(kinds, [TaskKind::Undeliverable]);
    assert_eq!(
        contacts(&world).await[0].outcome(),
        CommunicationOutcome::WrongAddress
    );
    assert_eq!(
        verdict(&world, &task.case_id).await,
        ContactVerdict::Allowed
    );
}

#[tokio::test]
async fn a_call_that_reached_nobody_goes_on_another_day() {
    let (world, _feeds, task) = with_call().await;
    let again = CompleteTaskRequest {
        follow_up_date: Some(day(3, 5)),
        ..done("t1", &task, TaskOutcome::NoAnswer)
    };
    let early = CompleteTaskRequest {
        follow_up_date: Some(day(3, 2)),
        ..again.clone()
    };
    let status = complete(&world, early).await.unwrap_err();
    assert_eq!(fields(&status), ["follow_up_date"]);
    let ended = complete(&world, again).await.unwrap();
    let next = ended.follow_up_task.unwrap();
    assert_eq!(ended.task.unwrap().follow_up_task_id, next.task_id);
    assert_eq!(
        (next.kind(), next.due_date),
        (TaskKind::Call, Some(day(3, 5)))
    );
    assert_eq!(next.permitted_from_time, Some(time("2026-03-04T23:00:00Z")));
    // The step was taken by the attempt; the second call takes none.
    complete(&world, done("t2", &next, TaskOutcome::SpokeToDebtor))
        .await
        .unwrap();
    assert_eq!(told::<MessageSent>(&world).await.len(), 1);
    assert_eq!(contacts(&world).await.len(), 2);
}

#[tokio::test]
async fn what_was_not_done_is_no_step() {
    let (world, _feeds, task) = with_call().await;
    let later = CompleteTaskRequest {
        follow_up_date: Some(day(3, 4)),
        ..done("t1", &task, TaskOutcome::NotDone)
    };
    let next = complete(&world, later)
        .await
        .unwrap()
        .follow_up_task
        .unwrap();
    assert_eq!(
        told::<MessageAbandoned>(&world).await,
        [],
        "it stays with the people"
    );
    complete(&world, done("t2", &next, TaskOutcome::NotDone))
        .await
        .unwrap();
    let abandoned = wait_told::<MessageAbandoned>(&world, 1).await;
    assert!(!abandoned[0].step_skipped);
    assert_eq!(told::<MessageSent>(&world).await, []);
    assert_eq!(contacts(&world).await, []);
}

#[tokio::test]
async fn a_hold_overtakes_the_call() {
    let (world, _feeds, task) = with_call().await;
    let asked = PlaceManualHoldRequest {
        request_id: "h1".to_owned(),
        case_id: task.case_id.clone(),
        invoice_ids: Vec::new(),
        reason: HoldReason::Deceased.into(),
        end_date: None,
        note: "Sterbeurkunde".to_owned(),
    };
    hold_service_client::HoldServiceClient::new(world.channel())
        .place_manual_hold(world.signed(OURS, asked))
        .await
        .unwrap();
    let cancelled = wait_told::<TaskCancelled>(&world, 1).await;
    assert_eq!(cancelled[0].reason, "HELD");
    let outcome = complete(&world, done("t1", &task, TaskOutcome::SpokeToDebtor)).await;
    let stale = (Code::Aborted, "STALE_ETAG".to_owned());
    assert_eq!(refused(outcome), stale);
    let now = get(&world, &task.task_id).await;
    let outcome = complete(&world, done("t1", &now, TaskOutcome::SpokeToDebtor)).await;
    assert_eq!(refused(outcome), rule("TASK_NOT_OPEN"));
}

#[tokio::test]
async fn pr_4_a_broken_promise_is_followed_up() {
    let (world, feeds) = world().await;
    with_strategy(&world).await;
    let case_id = with_case(&world, &feeds, 1, day(2, 27)).await;
    let asked = CreatePromiseRequest {
        request_id: "p1".to_owned(),
        case_id,
        invoice_ids: vec![invoice_id(1).to_string()],
        amount: Some(eur("500.00")),
        promised_date: Some(day(3, 3)),
        ..CreatePromiseRequest::default()
    };
    promise_service_client::PromiseServiceClient::new(world.channel())
        .create_promise(world.signed(OURS, asked))
        .await
        .unwrap();
    world
        .clock
        .set("2026-03-06T08:00:00Z".parse().unwrap())
        .unwrap();
    let opened = wait_told::<TaskOpened>(&world, 1).await;
    let task = eventually_some(PATIENCE, "the task is listed", async || {
        let asked = ListTasksRequest {
            kind: Some(TaskKind::BrokenPromise.into()),
            due_to_date: Some(day(3, 6)),
            ..ListTasksRequest::default()
        };
        list(&world, asked).await.pop()
    })
    .await;
    assert_eq!(task.task_id, opened[0].task_id);
    assert_eq!(task.priority, 1);
    let asked = GetTaskRequest {
        task_id: task.task_id.clone(),
    };
    let foreign = TaskServiceClient::new(world.channel())
        .get_task(world.signed(THEIRS, asked))
        .await;
    assert_eq!(
        refused(foreign),
        (Code::NotFound, "TASK_NOT_FOUND".to_owned())
    );
    let outcome = complete(&world, done("t1", &task, TaskOutcome::Posted)).await;
    assert_eq!(refused(outcome), rule("OUTCOME_NOT_FOR_KIND"));
    let future = CompleteTaskRequest {
        occurred_time: Some(time("2026-03-06T08:00:01Z")),
        ..done("t1", &task, TaskOutcome::Done)
    };
    let expected = (Code::InvalidArgument, "TIME_IN_THE_FUTURE".to_owned());
    assert_eq!(refused(complete(&world, future).await), expected);
    let ended = complete(&world, done("t1", &task, TaskOutcome::Done))
        .await
        .unwrap();
    assert_eq!(ended.task.unwrap().outcome(), TaskOutcome::Done);
    assert_eq!(contacts(&world).await, [], "it was no contact");
    let bare = CompleteTaskRequest {
        request_id: "t2".to_owned(),
        ..CompleteTaskRequest::default()
    };
    let status = complete(&world, bare).await.unwrap_err();
    assert_eq!(fields(&status), ["task_id", "etag", "outcome"]);
}
