//! DunningRunService: preview, approval, sending; repeated at will (DU-9).

use contracts::google::r#type::Date;
use contracts::reminders::dunning_run_service_client::DunningRunServiceClient;
use contracts::reminders::*;
use tonic::transport::Channel as Transport;
use tonic::{Code, Status};

use crate::fixture::{OURS, THEIRS, World, reason};
use crate::samples::*;
use crate::stage::Stage;

fn client(world: &World) -> DunningRunServiceClient<Transport> {
    DunningRunServiceClient::new(world.channel())
}

/// A stage on which nothing leaves between runs, with one invoice that is due.
async fn by_runs() -> Stage {
    let stage = Stage::start().await;
    let steps = vec![
        step("reminder", 5, Channel::Email),
        step("warning", 10, Channel::Email),
    ];
    next_version(&stage.world, definition(steps)).await;
    stage.owe(1, day(2, 24), "1000.00", 1);
    wait_told::<CaseOpened>(&stage.world, 1).await;
    stage
}

/// Another version of the strategy, in force.
async fn next_version(world: &World, definition: StrategyDefinition) {
    let key = get_strategy_request::Key::StrategyCode("standard".to_owned());
    let asked = GetStrategyRequest { key: Some(key) };
    let found = strategies(world)
        .get_strategy(world.signed(OURS, asked))
        .await;
    let strategy = found.unwrap().into_inner().strategy.unwrap();
    let asked = CreateStrategyVersionRequest {
        request_id: "version 2".to_owned(),
        strategy_id: strategy.strategy_id.clone(),
        etag: strategy.etag,
        definition: Some(definition),
        change_note: String::new(),
    };
    let written = strategies(world)
        .create_strategy_version(world.signed(OURS, asked))
        .await;
    let strategy = written.unwrap().into_inner().strategy.unwrap();
    let asked = ActivateStrategyVersionRequest {
        request_id: "activate 2".to_owned(),
        strategy_id: strategy.strategy_id,
        version: 2,
        etag: strategy.etag,
        validate_only: false,
    };
    let activated = strategies(world)
        .activate_strategy_version(world.signed(OURS, asked))
        .await;
    activated.unwrap();
}

async fn start(
    world: &World,
    id: &str,
    run_date: Date,
    validate_only: bool,
) -> Result<DunningRun, Status> {
    let asked = StartDunningRunRequest {
        request_id: id.to_owned(),
        run_date: Some(run_date),
        filter: None,
        validate_only,
    };
    let answer = client(world)
        .start_dunning_run(world.signed(OURS, asked))
        .await?;
    Ok(answer.into_inner().dunning_run.unwrap())
}

async fn ended(world: &World, run: &DunningRun, state: DunningRunState) -> DunningRun {
    let asked = GetDunningRunRequest {
        dunning_run_id: run.dunning_run_id.clone(),
    };
    testkit::eventually_some(PATIENCE, "the end of the run", async || {
        let asked = world.signed(OURS, asked.clone());
        let answer = client(world).get_dunning_run(asked).await.unwrap();
        let run = answer.into_inner().dunning_run.unwrap();
        (run.state() == state).then_some(run)
    })
    .await
}

async fn items(world: &World, run: &DunningRun) -> Vec<DunningRunItem> {
    let asked = ListDunningRunItemsRequest {
        dunning_run_id: run.dunning_run_id.clone(),
        ..ListDunningRunItemsRequest::default()
    };
    let asked = world.signed(OURS, asked);
    let answer = client(world).list_dunning_run_items(asked).await.unwrap();
    answer.into_inner().items
}

#[tokio::test]
async fn du9_a_preview_queues_nothing_and_is_carried_out_once_approved() {
    let stage = by_runs().await;
    let world = &stage.world;
    let run = start(world, "preview", day(3, 2), true).await.unwrap();
    let preview = ended(world, &run, DunningRunState::Previewed).await;
    assert_eq!((preview.case_count, preview.judged_count), (1, 1));
    assert_eq!(preview.totals[0].asked_amount, Some(eur("1000.00")));
    let shown = items(world, &run).await;
    assert_eq!(shown[0].outcome(), DunningOutcome::Message);
    assert_eq!(
        (shown[0].step_code.as_str(), shown[0].message_id.as_str()),
        ("reminder", "")
    );
    assert!(world.smtp.mails().is_empty());
    let asked = ApproveDunningRunRequest {
        request_id: "approve".to_owned(),
        dunning_run_id: run.dunning_run_id.clone(),
        etag: preview.etag.clone(),
    };
    let approved = client(world)
        .approve_dunning_run(world.signed(OURS, asked.clone()))
        .await;
    assert_eq!(
        approved
            .unwrap()
            .into_inner()
            .dunning_run
            .unwrap()
            .approved_by,
        "ada"
    );
    ended(world, &run, DunningRunState::Completed).await;
    let sent = stage.sent(1).await;
    assert_eq!(sent[0].dunning_run_id, run.dunning_run_id);
    assert_eq!(items(world, &run).await[0].message_id, sent[0].message_id);
    let completed = wait_told::<DunningRunCompleted>(world, 1).await;
    assert_eq!(completed[0].case_count, 1);
    let again = ApproveDunningRunRequest {
        request_id: "approve again".to_owned(),
        etag: completed_etag(world, &run).await,
        ..asked
    };
    let refused = client(world)
        .approve_dunning_run(world.signed(OURS, again))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "DUNNING_RUN_NOT_PREVIEWED");
}

async fn completed_etag(world: &World, run: &DunningRun) -> String {
    ended(world, run, DunningRunState::Completed).await.etag
}

#[tokio::test]
async fn du9_a_run_that_is_repeated_reminds_nobody_twice() {
    let stage = by_runs().await;
    let world = &stage.world;
    let first = start(world, "one", day(3, 2), false).await.unwrap();
    ended(world, &first, DunningRunState::Completed).await;
    stage.sent(1).await;
    let second = start(world, "two", day(3, 2), false).await.unwrap();
    ended(world, &second, DunningRunState::Completed).await;
    assert_eq!(
        items(world, &second).await[0].outcome(),
        DunningOutcome::AlreadyDone
    );
    stage.mails(1).await;
    let asked = world.signed(OURS, ListDunningRunsRequest::default());
    let runs = client(world)
        .list_dunning_runs(asked)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(runs.dunning_runs.len(), 2);
}

#[tokio::test]
async fn a_run_of_a_day_to_come_is_previewed_and_not_carried_out() {
    let stage = by_runs().await;
    let world = &stage.world;
    let refused = start(world, "run", day(3, 6), false).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "RUN_DATE_IN_THE_FUTURE")
    );
    let run = start(world, "preview", day(3, 6), true).await.unwrap();
    ended(world, &run, DunningRunState::Previewed).await;
    // On that day the second step is the current one.
    assert_eq!(items(world, &run).await[0].step_code, "warning");
    let asked = GetDunningRunRequest {
        dunning_run_id: run.dunning_run_id,
    };
    let foreign = world.signed(THEIRS, asked);
    let refused = client(world).get_dunning_run(foreign).await.unwrap_err();
    assert_eq!(reason(&refused), "DUNNING_RUN_NOT_FOUND");
}
