//! ContactPolicyService: dated rules, and the one answer to whether a debtor may be contacted.

use contracts::reminders::*;
use tonic::{Code, Status};

use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::samples::*;

async fn create(
    world: &World,
    id: &str,
    definition: ContactPolicyDefinition,
    validate_only: bool,
) -> Result<ContactPolicy, Status> {
    let asked = CreateContactPolicyRequest {
        request_id: id.to_owned(),
        definition: Some(definition),
        validate_only,
    };
    let asked = world.signed(OURS, asked);
    let answer = contact_policies(world).create_contact_policy(asked).await?;
    Ok(answer.into_inner().contact_policy.unwrap())
}

/// Monday to Friday from nine to five, German holidays off, two mails a week.
fn office() -> ContactPolicyDefinition {
    ContactPolicyDefinition {
        permitted_hours: vec![PermittedHours {
            weekdays: (1..=5).collect(),
            start_local_time: "09:00".to_owned(),
            end_local_time: "17:00".to_owned(),
            channels: Vec::new(),
        }],
        calendar_code: "DE".to_owned(),
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

async fn check(
    world: &World,
    case_id: &str,
    channel: Channel,
    at: Option<&str>,
) -> Result<CheckContactResponse, Status> {
    let asked = CheckContactRequest {
        case_id: case_id.to_owned(),
        channel: channel.into(),
        invoice_ids: Vec::new(),
        contact_time: at.map(time),
    };
    let asked = world.signed(OURS, asked);
    Ok(contact_policies(world)
        .check_contact(asked)
        .await?
        .into_inner())
}

fn refused(outcome: Result<impl std::fmt::Debug, Status>) -> (Code, String) {
    let status = outcome.unwrap_err();
    (status.code(), reason(&status))
}

#[tokio::test]
async fn a_policy_is_added_once_and_never_changed() {
    let world = World::start().await;
    let preview = create(&world, "p0", office(), true).await.unwrap();
    assert_eq!(preview.contact_policy_id, "");
    let policy = create(&world, "p1", office(), false).await.unwrap();
    assert_eq!(policy.definition, Some(office()));
    assert_eq!(create(&world, "p1", office(), false).await.unwrap(), policy);
    let exists = (Code::AlreadyExists, "CONTACT_POLICY_EXISTS".to_owned());
    assert_eq!(refused(create(&world, "p2", office(), false).await), exists);
    // Another from yesterday, now that there is one: what was decided stays decided.
    let early = ContactPolicyDefinition {
        valid_from_date: Some(day(3, 1)),
        ..office()
    };
    let past = (
        Code::FailedPrecondition,
        "VALID_FROM_IN_THE_PAST".to_owned(),
    );
    assert_eq!(
        refused(create(&world, "p3", early.clone(), false).await),
        past
    );
    let german = ContactPolicyDefinition {
        country_code: "DE".to_owned(),
        ..early
    };
    create(&world, "p4", german, false).await.unwrap();
    let later = ContactPolicyDefinition {
        valid_from_date: Some(day(4, 1)),
        ..office()
    };
    create(&world, "p5", later, false).await.unwrap();
    let list = async |request: ListContactPoliciesRequest| {
        let asked = world.signed(OURS, request);
        let listed = contact_policies(&world).list_contact_policies(asked).await;
        let listed = listed.unwrap().into_inner();
        let days: Vec<_> = listed
            .contact_policies
            .iter()
            .map(|one| one.definition.clone().unwrap())
            .map(|one| (one.country_code, one.valid_from_date.unwrap().month))
            .collect();
        (days, listed.next_page_token)
    };
    let any = |month| (String::new(), month);
    let (all, _) = list(ListContactPoliciesRequest::default()).await;
    assert_eq!(all, [any(4), any(1), ("DE".to_owned(), 3)]);
    let in_force = ListContactPoliciesRequest {
        in_force_date: Some(day(3, 2)),
        ..ListContactPoliciesRequest::default()
    };
    assert_eq!(list(in_force).await.0, [any(1), ("DE".to_owned(), 3)]);
    let mut page = ListContactPoliciesRequest {
        page_size: 2,
        ..ListContactPoliciesRequest::default()
    };
    let (first, token) = list(page.clone()).await;
    page.page_token = token;
    let (rest, end) = list(page).await;
    assert_eq!((first.len(), rest.len(), end.as_str()), (2, 1, ""));
    let asked = GetContactPolicyRequest {
        contact_policy_id: policy.contact_policy_id,
    };
    let foreign = contact_policies(&world)
        .get_contact_policy(world.signed(THEIRS, asked))
        .await;
    let missing = (Code::NotFound, "CONTACT_POLICY_NOT_FOUND".to_owned());
    assert_eq!(refused(foreign), missing);
    assert_eq!(told::<ContactPolicyCreated>(&world).await.len(), 3);
}

#[tokio::test]
async fn what_is_wrong_is_told_by_field() {
    let world = World::start().await;
    let mut bad = office();
    bad.country_code = "Germany".to_owned();
    bad.permitted_hours[0].end_local_time = "08:00".to_owned();
    bad.permitted_hours[0].weekdays = vec![1, 1, 9];
    bad.frequency_caps[0].scope = 0;
    bad.source = String::new();
    let status = create(&world, "p1", bad, false).await.unwrap_err();
    assert_eq!(
        fields(&status),
        [
            "definition.country_code",
            "definition.permitted_hours[0].weekdays[1]",
            "definition.permitted_hours[0].weekdays[2]",
            "definition.permitted_hours[0].end_local_time",
            "definition.frequency_caps[0].scope",
            "definition.source",
        ]
    );
    let mut limits = office();
    limits.permitted_hours[0].weekdays.clear();
    limits.frequency_caps[0].window_days = 0;
    let status = create(&world, "p1", limits, false).await.unwrap_err();
    assert_eq!(
        fields(&status),
        [
            "definition.permitted_hours[0].weekdays",
            "definition.frequency_caps[0].window_days",
        ]
    );
    let unknown = ContactPolicyDefinition {
        calendar_code: "XX".to_owned(),
        ..office()
    };
    let status = create(&world, "p1", unknown, false).await.unwrap_err();
    assert_eq!(reason(&status), "CALENDAR_UNKNOWN");
}

#[tokio::test]
async fn cc_11_hours_weekends_and_holidays_decide_in_the_debtors_zone() {
    let (world, feeds) = world().await;
    let case_id = with_case(&world, &feeds, 1, day(2, 27)).await;
    let none = check(&world, &case_id, Channel::Email, None).await.unwrap();
    assert_eq!(none.verdict(), ContactVerdict::Forbidden);
    assert_eq!(
        none.decision.unwrap().outcome,
        "FORBIDDEN_BY_NO_CONTACT_POLICY"
    );
    create(&world, "p1", office(), false).await.unwrap();
    // Nine in the morning UTC is ten in Berlin.
    let now = check(&world, &case_id, Channel::Email, None).await.unwrap();
    assert_eq!(now.verdict(), ContactVerdict::Allowed);
    let decision = now.decision.unwrap();
    let rules: Vec<_> = decision
        .rules
        .iter()
        .map(|rule| rule.rule_id.as_str())
        .collect();
    assert_eq!(rules, ["P18", "CC-5", "CC-2", "CC-10"]);
    let later = async |at: &str| {
        let answer = check(&world, &case_id, Channel::Email, Some(at))
            .await
            .unwrap();
        assert_eq!(answer.verdict(), ContactVerdict::Later, "{at}");
        answer.permitted_from_time.unwrap()
    };
    // CC-2: 16:59:59 is inside, 17:00:00 is not.
    let edge = check(
        &world,
        &case_id,
        Channel::Email,
        Some("2026-03-02T15:59:59Z"),
    )
    .await;
    assert_eq!(edge.unwrap().verdict(), ContactVerdict::Allowed);
    assert_eq!(
        later("2026-03-02T16:00:00Z").await,
        time("2026-03-03T08:00:00Z")
    );
    // A Saturday; and Good Friday, after which comes Easter: Tuesday, in summer time.
    assert_eq!(
        later("2026-03-07T10:00:00Z").await,
        time("2026-03-09T08:00:00Z")
    );
    assert_eq!(
        later("2026-04-03T10:00:00Z").await,
        time("2026-04-07T07:00:00Z")
    );
    let past = check(
        &world,
        &case_id,
        Channel::Email,
        Some("2026-03-01T10:00:00Z"),
    )
    .await;
    assert_eq!(fields(&past.unwrap_err()), ["contact_time"]);
}

#[tokio::test]
async fn cc_10_a_recorded_contact_fills_the_cap() {
    let (world, feeds) = world().await;
    let case_id = with_case(&world, &feeds, 1, day(2, 27)).await;
    create(&world, "p1", office(), false).await.unwrap();
    let entry = RecordCommunicationRequest {
        request_id: "c1".to_owned(),
        case_id: case_id.clone(),
        direction: CommunicationDirection::Outbound.into(),
        channel: Channel::Call.into(),
        outcome: CommunicationOutcome::NoAnswer.into(),
        occurred_time: Some(time("2026-03-02T08:30:00Z")),
        invoice_ids: Vec::new(),
        note: String::new(),
    };
    let mut client = communication_service_client::CommunicationServiceClient::new(world.channel());
    client
        .record_communication(world.signed(OURS, entry))
        .await
        .unwrap();
    let answer = check(&world, &case_id, Channel::Email, None).await.unwrap();
    assert_eq!(answer.verdict(), ContactVerdict::Later);
    // Seven days, the second of March being the first of them.
    assert_eq!(
        answer.permitted_from_time,
        Some(time("2026-03-09T08:00:00Z"))
    );
}

#[tokio::test]
async fn only_what_the_case_has_is_asked_about() {
    let (world, feeds) = world().await;
    let case_id = with_case(&world, &feeds, 1, day(2, 27)).await;
    let asked = |case_id: &str, invoice: u128| CheckContactRequest {
        case_id: case_id.to_owned(),
        channel: Channel::Email.into(),
        invoice_ids: vec![invoice_id(invoice).to_string()],
        contact_time: None,
    };
    let stranger = contact_policies(&world)
        .check_contact(world.signed(OURS, asked(&case_id, 7)))
        .await;
    let not_in_case = (Code::NotFound, "INVOICE_NOT_IN_CASE".to_owned());
    assert_eq!(refused(stranger), not_in_case);
    let foreign = contact_policies(&world)
        .check_contact(world.signed(THEIRS, asked(&case_id, 1)))
        .await;
    let missing = (Code::NotFound, "CASE_NOT_FOUND".to_owned());
    assert_eq!(refused(foreign), missing);
}
