//! StrategyService: ladders by version; what is written is sound, what is in force is one.

use contracts::common::Decimal;
use contracts::reminders::get_strategy_request::Key;
use contracts::reminders::*;
use tonic::{Code, Status};

use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::samples::*;

async fn create(world: &World, id: &str, code: &str) -> Result<CreateStrategyResponse, Status> {
    create_with(
        world,
        id,
        code,
        definition(vec![step("call-1", 5, Channel::Call)]),
    )
    .await
}

async fn create_with(
    world: &World,
    id: &str,
    code: &str,
    definition: StrategyDefinition,
) -> Result<CreateStrategyResponse, Status> {
    let asked = CreateStrategyRequest {
        request_id: id.to_owned(),
        strategy_code: code.to_owned(),
        display_name: "Standard".to_owned(),
        definition: Some(definition),
        change_note: "first".to_owned(),
    };
    let asked = world.signed(OURS, asked);
    Ok(strategies(world).create_strategy(asked).await?.into_inner())
}

async fn write(
    world: &World,
    strategy: &Strategy,
    definition: StrategyDefinition,
) -> Result<CreateStrategyVersionResponse, Status> {
    let asked = CreateStrategyVersionRequest {
        request_id: format!("write {}", strategy.etag),
        strategy_id: strategy.strategy_id.clone(),
        etag: strategy.etag.clone(),
        definition: Some(definition),
        change_note: String::new(),
    };
    let asked = world.signed(OURS, asked);
    let answer = strategies(world).create_strategy_version(asked).await?;
    Ok(answer.into_inner())
}

async fn activate(
    world: &World,
    strategy: &Strategy,
    version: i32,
    validate_only: bool,
) -> Result<ActivateStrategyVersionResponse, Status> {
    let asked = ActivateStrategyVersionRequest {
        request_id: format!(
            "{} {version} {} {validate_only}",
            strategy.strategy_id, strategy.etag
        ),
        strategy_id: strategy.strategy_id.clone(),
        version,
        etag: strategy.etag.clone(),
        validate_only,
    };
    let asked = world.signed(OURS, asked);
    let answer = strategies(world).activate_strategy_version(asked).await?;
    Ok(answer.into_inner())
}

fn refused(outcome: Result<impl std::fmt::Debug, Status>) -> (Code, String) {
    let status = outcome.unwrap_err();
    (status.code(), reason(&status))
}

#[tokio::test]
async fn a_strategy_is_created_once_and_read_by_both_keys() {
    let world = World::start().await;
    let created = create(&world, "r1", "standard").await.unwrap();
    let strategy = created.strategy.clone().unwrap();
    let version = created.strategy_version.clone().unwrap();
    assert_eq!(
        (strategy.latest_version, strategy.active_version),
        (1, None)
    );
    assert_eq!(version.state(), StrategyVersionState::Draft);
    assert_eq!(version.created_by, "ada");
    // The same request again is answered as the first time; another content under it is refused.
    assert_eq!(create(&world, "r1", "standard").await.unwrap(), created);
    let reused = (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned());
    assert_eq!(refused(create(&world, "r1", "other").await), reused);
    let taken = (Code::AlreadyExists, "STRATEGY_CODE_TAKEN".to_owned());
    assert_eq!(refused(create(&world, "r2", "standard").await), taken);
    let keys = [
        Key::StrategyId(strategy.strategy_id.clone()),
        Key::StrategyCode("standard".to_owned()),
    ];
    for key in keys {
        let asked = GetStrategyRequest { key: Some(key) };
        let found = strategies(&world)
            .get_strategy(world.signed(OURS, asked.clone()))
            .await;
        assert_eq!(found.unwrap().into_inner().strategy, Some(strategy.clone()));
        let foreign = strategies(&world)
            .get_strategy(world.signed(THEIRS, asked))
            .await;
        let missing = (Code::NotFound, "STRATEGY_NOT_FOUND".to_owned());
        assert_eq!(refused(foreign), missing);
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let world = World::start().await;
    let asked = CreateStrategyRequest {
        request_id: "r1".to_owned(),
        strategy_code: "No Code".to_owned(),
        display_name: String::new(),
        definition: Some(StrategyDefinition {
            step_trigger: 0,
            steps: vec![Step {
                step_code: "A".to_owned(),
                channel: 0,
                condition: Some(StepCondition {
                    country_codes: vec!["de".to_owned()],
                    ..StepCondition::default()
                }),
                ..step("x", 1, Channel::Call)
            }],
            promise_terms: None,
            ..definition(Vec::new())
        }),
        change_note: String::new(),
    };
    let status = strategies(&world)
        .create_strategy(world.signed(OURS, asked))
        .await
        .unwrap_err();
    assert_eq!(
        fields(&status),
        [
            "strategy_code",
            "display_name",
            "definition.step_trigger",
            "definition.steps[0].step_code",
            "definition.steps[0].channel",
            "definition.steps[0].condition.country_codes[0]",
            "definition.promise_terms",
        ]
    );
}

#[tokio::test]
async fn a_definition_that_contradicts_itself_is_not_stored() {
    let world = World::start().await;
    let mut twice = step("call-1", 5, Channel::Call);
    twice.minimum_amounts = vec![eur("5.00"), eur("7.00")];
    let steps = vec![step("call-1", 5, Channel::Call), twice];
    let mut bad = definition(steps);
    let terms = bad.promise_terms.as_mut().unwrap();
    terms.tolerance_ratio = Some(Decimal {
        value: "1".to_owned(),
    });
    let status = create_with(&world, "r1", "bad", bad).await.unwrap_err();
    assert_eq!(reason(&status), "STRATEGY_INVALID");
    assert_eq!(
        fields(&status),
        [
            "definition.steps[1].offset_days",
            "definition.steps[1].step_code",
            "definition.steps[1].minimum_amounts[1]",
            "definition.promise_terms.tolerance_ratio",
        ]
    );
    let listed = strategies(&world)
        .list_strategies(world.signed(OURS, ListStrategiesRequest::default()))
        .await;
    assert_eq!(listed.unwrap().into_inner().strategies, []);
}

#[tokio::test]
async fn versions_count_up_one_is_in_force_and_one_can_go_back() {
    let world = World::start().await;
    let created = create(&world, "r1", "standard").await.unwrap();
    let first = created.strategy.unwrap();
    let second = definition(vec![step("call-1", 9, Channel::Call)]);
    let written = write(&world, &first, second.clone()).await.unwrap();
    let strategy = written.strategy.unwrap();
    assert_eq!(strategy.latest_version, 2);
    let stale = (Code::Aborted, "STALE_ETAG".to_owned());
    let mut late = first.clone();
    late.display_name = "late".to_owned();
    let asked = CreateStrategyVersionRequest {
        request_id: "late".to_owned(),
        strategy_id: late.strategy_id.clone(),
        etag: late.etag.clone(),
        definition: Some(second),
        change_note: String::new(),
    };
    let answer = strategies(&world)
        .create_strategy_version(world.signed(OURS, asked))
        .await;
    assert_eq!(refused(answer), stale);

    let one = activate(&world, &strategy, 1, false).await.unwrap();
    let strategy = one.strategy.unwrap();
    assert_eq!(strategy.active_version, Some(1));
    let again = (
        Code::FailedPrecondition,
        "STRATEGY_VERSION_ACTIVE".to_owned(),
    );
    assert_eq!(refused(activate(&world, &strategy, 1, false).await), again);
    let two = activate(&world, &strategy, 2, false).await.unwrap();
    let strategy = two.strategy.unwrap();
    let back = activate(&world, &strategy, 1, false).await.unwrap();
    let strategy = back.strategy.unwrap();
    let listed = strategies(&world)
        .list_strategy_versions(world.signed(
            OURS,
            ListStrategyVersionsRequest {
                strategy_id: strategy.strategy_id.clone(),
                page_size: 1,
                page_token: String::new(),
            },
        ))
        .await
        .unwrap()
        .into_inner();
    let states: Vec<_> = listed
        .strategy_versions
        .iter()
        .map(|one| (one.version, one.state()))
        .collect();
    assert_eq!(states, [(2, StrategyVersionState::Retired)]);
    assert!(!listed.next_page_token.is_empty());
    let told = told::<StrategyVersionActivated>(&world).await;
    let numbers: Vec<_> = told
        .iter()
        .map(|one| (one.version, one.previous_version))
        .collect();
    assert_eq!(numbers, [(1, None), (2, Some(1)), (1, Some(2))]);
}

#[tokio::test]
async fn two_strategies_never_serve_one_segment() {
    let world = World::start().await;
    let with = |segments: &[&str]| StrategyDefinition {
        segments: segments.iter().map(|&one| one.to_owned()).collect(),
        ..definition(vec![step("call-1", 5, Channel::Call)])
    };
    in_force(&world, "small", with(&["small", "tiny"])).await;
    let other = create_with(&world, "r2", "other", with(&["big", "tiny"])).await;
    let other = other.unwrap().strategy.unwrap();
    let taken = (Code::FailedPrecondition, "SEGMENT_TAKEN".to_owned());
    assert_eq!(refused(activate(&world, &other, 1, false).await), taken);
    // The one for all others is one, too.
    in_force(&world, "rest", with(&[])).await;
    let rest = create_with(&world, "r3", "rest-2", with(&[])).await;
    let rest = rest.unwrap().strategy.unwrap();
    assert_eq!(refused(activate(&world, &rest, 1, false).await), taken);
}

#[tokio::test]
async fn twins_of_one_segment_race_and_one_of_them_is_in_force() {
    let world = World::start().await;
    let mut drafts = Vec::new();
    for number in 0..4 {
        let code = format!("twin-{number}");
        let created = create(&world, &code, &code).await.unwrap();
        drafts.push(created.strategy.unwrap());
    }
    let racing = drafts.iter().map(|draft| activate(&world, draft, 1, false));
    let outcomes = futures_util::future::join_all(racing).await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for lost in lost {
        let (_, reason) = refused(lost);
        assert!(
            ["SEGMENT_TAKEN", "STALE_ETAG"].contains(&reason.as_str()),
            "{reason}"
        );
    }
}

#[tokio::test]
async fn a_step_names_a_template_in_force_of_its_channel() {
    let world = World::start().await;
    let mail = definition(vec![step("mail-1", 5, Channel::Email)]);
    let created = create_with(&world, "r1", "mails", mail).await.unwrap();
    let strategy = created.strategy.unwrap();
    let status = activate(&world, &strategy, 1, false).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(reason(&status), "TEMPLATE_NOT_ACTIVE");
    let missing = (Code::NotFound, "STRATEGY_VERSION_NOT_FOUND".to_owned());
    assert_eq!(
        refused(activate(&world, &strategy, 9, false).await),
        missing
    );
}

#[tokio::test]
async fn an_impact_is_told_before_anything_changes() {
    let (world, feeds) = world().await;
    with_policy(&world, always()).await;
    with_case(&world, &feeds, 1, day(2, 27)).await;
    let created = create(&world, "r1", "standard").await.unwrap();
    let strategy = created.strategy.unwrap();
    let told = activate(&world, &strategy, 1, true).await.unwrap();
    let impact = told.impact.unwrap();
    assert_eq!((impact.case_count, impact.changed_case_count), (1, 1));
    let shift = StepShift {
        from_step: String::new(),
        to_step: "standard/call-1".to_owned(),
        case_count: 1,
    };
    assert_eq!(impact.shifts, [shift]);
    assert_eq!(told.strategy.unwrap(), strategy, "nothing changed");
    let active = activate(&world, &strategy, 1, false).await.unwrap();
    let strategy = active.strategy.unwrap();
    let same = definition(vec![
        step("call-1", 5, Channel::Call),
        step("call-2", 30, Channel::Call),
    ]);
    let written = write(&world, &strategy, same).await.unwrap();
    let told = activate(&world, &written.strategy.unwrap(), 2, true).await;
    let impact = told.unwrap().impact.unwrap();
    assert_eq!((impact.case_count, impact.changed_case_count), (1, 0));
}
