//! AgreementService: one agreement a day, never changed, and schedules in which every debt finds its
//! rate.

use contracts::agency::{
    Agreement, CommissionMethod, CommissionTier, ListAgreementsRequest, TerminateAgreementRequest,
};
use testkit::eventually_some;
use tonic::{Code, Status};

use crate::fixture::{OURS, SOON, THEIRS, World, fields, reason};
use crate::samples::{
    agreements, day, eur, events, new_agreement, rate, terms, tier, types, with_agency,
    with_agreement, with_customer,
};

#[tokio::test]
async fn ay_5_an_agreement_is_kept_as_it_was_agreed() {
    let world = World::start().await;
    let agency = with_agency(&world, OURS, "nord").await;
    let mut agreed = terms();
    let schedule = &mut agreed.commission_schedules[0];
    schedule.method = CommissionMethod::Marginal.into();
    schedule.tiers = vec![
        CommissionTier {
            below_amount: Some(eur("300.00")),
            rate: rate("0.5"),
            ..CommissionTier::default()
        },
        CommissionTier {
            from_amount: Some(eur("300.00")),
            below_amount: Some(eur("2000.00")),
            rate: rate("0.28"),
            ..CommissionTier::default()
        },
        tier("0.2"),
    ];
    let made = with_agreement(&world, OURS, &agency.agency_id, agreed.clone()).await;
    assert_eq!(made.terms, Some(agreed));
    let asked = world.signed(OURS, ListAgreementsRequest::default());
    let page = agreements(&world).list_agreements(asked).await.unwrap();
    assert_eq!(page.into_inner().agreements, [made]);
    assert_eq!(
        types(&events(&world, OURS).await),
        ["AgencyCreated", "AgreementCreated"]
    );
}

#[tokio::test]
async fn on_every_day_an_agency_has_one_agreement_at_most() {
    let world = World::start().await;
    let agency = with_agency(&world, OURS, "nord").await;
    with_agreement(&world, OURS, &agency.agency_id, terms()).await;
    let refuse = async |request, tenant| {
        let asked = world.signed(tenant, request);
        let refused = agreements(&world)
            .create_agreement(asked)
            .await
            .unwrap_err();
        (refused.code(), reason(&refused))
    };
    let mut taken = new_agreement(&agency.agency_id, "A-1", terms());
    taken.request_id = "again".to_owned();
    let answer = refuse(taken, OURS).await;
    assert_eq!(answer, (Code::AlreadyExists, "AGREEMENT_EXISTS".to_owned()));
    let second = || new_agreement(&agency.agency_id, "A-2", terms());
    let answer = refuse(second(), OURS).await;
    assert_eq!(
        answer,
        (Code::FailedPrecondition, "AGREEMENT_OVERLAPS".to_owned())
    );
    let answer = refuse(second(), THEIRS).await;
    assert_eq!(answer, (Code::NotFound, "AGENCY_NOT_FOUND".to_owned()));
    let mut before = second();
    before.valid_from_date = Some(day(2025, 1, 1));
    before.valid_to_date = Some(day(2025, 12, 31));
    let asked = world.signed(OURS, before);
    agreements(&world).create_agreement(asked).await.unwrap();
    for (on, numbers) in [(day(2025, 6, 1), ["A-2"]), (day(2026, 6, 1), ["A-1"])] {
        let list = ListAgreementsRequest {
            valid_on_date: Some(on),
            ..ListAgreementsRequest::default()
        };
        let asked = world.signed(OURS, list);
        let page = agreements(&world).list_agreements(asked).await.unwrap();
        let found: Vec<_> = page.into_inner().agreements;
        let found: Vec<&str> = found
            .iter()
            .map(|one| one.agreement_number.as_str())
            .collect();
        assert_eq!(found, numbers);
    }
}

#[tokio::test]
async fn a_schedule_that_leaves_a_debt_without_rate_is_refused() {
    let world = World::start().await;
    let agency = with_agency(&world, OURS, "nord").await;
    let mut gap = terms();
    gap.commission_schedules[0].tiers = vec![CommissionTier {
        below_amount: Some(eur("300.00")),
        rate: rate("0.5"),
        ..CommissionTier::default()
    }];
    let mut twice = terms();
    twice
        .commission_schedules
        .push(twice.commission_schedules[0].clone());
    for bad in [gap, twice] {
        let asked = world.signed(OURS, new_agreement(&agency.agency_id, "A-1", bad));
        let refused = agreements(&world)
            .create_agreement(asked)
            .await
            .unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::InvalidArgument, "COMMISSION_SCHEDULE_INVALID")
        );
    }
    let mut malformed = terms();
    malformed.recall_notice_days = 61;
    malformed.commission_schedules[0].tiers[0].rate = rate("a quarter");
    malformed.remittance_mode = 0;
    let asked = world.signed(OURS, new_agreement(&agency.agency_id, "A-1", malformed));
    let refused = agreements(&world)
        .create_agreement(asked)
        .await
        .unwrap_err();
    assert_eq!(
        fields(&refused),
        [
            "terms.commission_schedules[0].tiers[0].rate",
            "terms.remittance_mode",
            "terms.recall_notice_days",
        ]
    );
}

async fn terminate(
    world: &World,
    agreement: &Agreement,
    id: &str,
    (month, last): (i32, i32),
) -> Result<Agreement, Status> {
    let request = TerminateAgreementRequest {
        request_id: id.to_owned(),
        agreement_id: agreement.agreement_id.clone(),
        etag: String::new(),
        valid_to_date: Some(day(2026, month, last)),
    };
    let asked = world.signed(OURS, request);
    let answer = agreements(world).terminate_agreement(asked).await?;
    Ok(answer.into_inner().agreement.unwrap())
}

#[tokio::test]
async fn an_agreement_ends_today_or_later_and_only_once_the_tenant_is_known() {
    let world = World::start().await;
    let agency = with_agency(&world, OURS, "nord").await;
    let agreement = with_agreement(&world, OURS, &agency.agency_id, terms()).await;
    let unknown = terminate(&world, &agreement, "t0", (5, 3))
        .await
        .unwrap_err();
    assert_eq!(
        (unknown.code(), reason(&unknown).as_str()),
        (Code::Unavailable, "TENANT_NOT_YET_KNOWN")
    );
    with_customer(&world, OURS);
    let past = eventually_some(SOON, "the tenant is known", async || {
        let refused = terminate(&world, &agreement, "t1", (5, 3))
            .await
            .unwrap_err();
        (refused.code() != Code::Unavailable).then_some(refused)
    });
    assert_eq!(reason(&past.await), "END_DATE_IN_THE_PAST");
    let ended = terminate(&world, &agreement, "t2", (5, 4)).await.unwrap();
    assert_eq!(ended.valid_to_date, Some(day(2026, 5, 4)));
    let later = terminate(&world, &agreement, "t3", (6, 4))
        .await
        .unwrap_err();
    assert_eq!(reason(&later), "AGREEMENT_ENDED");
    assert_eq!(
        types(&events(&world, OURS).await),
        ["AgencyCreated", "AgreementCreated", "AgreementTerminated"]
    );
}
