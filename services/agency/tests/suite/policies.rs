//! PlacementPolicyService: drafts, one version in force, and the way back.

use contracts::agency::{
    ActivatePlacementPolicyVersionRequest, ActivatePlacementPolicyVersionResponse, AgencyShare,
    CreatePlacementPolicyVersionRequest, CreatePlacementPolicyVersionResponse, ExcludedFact,
    GetPlacementPolicyRequest, GetPlacementPolicyVersionRequest,
    ListPlacementPolicyVersionsRequest, PlacementPolicyDefinition, PlacementPolicyVersionState,
    PlacementRule,
};
use tonic::{Code, Status};

use crate::fixture::{OURS, THEIRS, World, reason};
use crate::samples::{eur, events, policies, types, with_agency};

/// From 60 days and 100.00 on, to one agency; disputes are kept back.
pub fn definition(agency_id: &str) -> PlacementPolicyDefinition {
    PlacementPolicyDefinition {
        rules: vec![PlacementRule {
            rule_code: "old-enough".to_owned(),
            min_days_past_due: 60,
            minimum_amounts: vec![eur("100.00")],
            agency_shares: vec![AgencyShare {
                agency_id: agency_id.to_owned(),
                weight: 1,
            }],
            ..PlacementRule::default()
        }],
        excluded_facts: vec![
            ExcludedFact::Dispute.into(),
            ExcludedFact::UnappliedCashCovers.into(),
        ],
    }
}

pub async fn write(
    world: &World,
    id: &str,
    etag: &str,
    definition: PlacementPolicyDefinition,
) -> Result<CreatePlacementPolicyVersionResponse, Status> {
    let request = CreatePlacementPolicyVersionRequest {
        request_id: id.to_owned(),
        etag: etag.to_owned(),
        definition: Some(definition),
        change_note: "as agreed".to_owned(),
    };
    let asked = world.signed(OURS, request);
    let written = policies(world)
        .create_placement_policy_version(asked)
        .await?;
    Ok(written.into_inner())
}

pub async fn put_in_force(
    world: &World,
    id: &str,
    etag: &str,
    version: i32,
) -> Result<ActivatePlacementPolicyVersionResponse, Status> {
    let request = ActivatePlacementPolicyVersionRequest {
        request_id: id.to_owned(),
        version,
        etag: etag.to_owned(),
    };
    let asked = world.signed(OURS, request);
    let activated = policies(world)
        .activate_placement_policy_version(asked)
        .await?;
    Ok(activated.into_inner())
}

#[tokio::test]
async fn a_version_is_written_put_in_force_and_gone_back_to() {
    let world = World::start().await;
    let agency = with_agency(&world, OURS, "nord").await;
    let first = write(&world, "w1", "0", definition(&agency.agency_id))
        .await
        .unwrap();
    let draft = first.placement_policy_version.unwrap();
    assert_eq!(draft.state(), PlacementPolicyVersionState::Draft);
    assert_eq!(draft.definition, Some(definition(&agency.agency_id)));
    let policy = put_in_force(&world, "a1", "1", 1)
        .await
        .unwrap()
        .placement_policy
        .unwrap();
    assert_eq!(policy.active_version, Some(1));
    let active = put_in_force(&world, "a2", &policy.etag, 1)
        .await
        .unwrap_err();
    assert_eq!(reason(&active), "PLACEMENT_POLICY_VERSION_ACTIVE");

    write(&world, "w2", &policy.etag, definition(&agency.agency_id))
        .await
        .unwrap();
    put_in_force(&world, "a3", "3", 2).await.unwrap();
    let back = put_in_force(&world, "a4", "4", 1).await.unwrap();
    assert_eq!(back.placement_policy.unwrap().latest_version, 2);
    let asked = world.signed(OURS, ListPlacementPolicyVersionsRequest::default());
    let page = policies(&world)
        .list_placement_policy_versions(asked)
        .await
        .unwrap();
    let versions = page.into_inner().placement_policy_versions;
    let states: Vec<_> = versions
        .iter()
        .map(|one| (one.version, one.state()))
        .collect();
    assert_eq!(
        states,
        [
            (2, PlacementPolicyVersionState::Retired),
            (1, PlacementPolicyVersionState::Active),
        ]
    );
    assert_eq!(
        types(&events(&world, OURS).await)[1..],
        ["PlacementPolicyVersionActivated"; 3]
    );
}

#[tokio::test]
async fn what_contradicts_itself_or_is_stale_is_refused() {
    let world = World::start().await;
    let agency = with_agency(&world, OURS, "nord").await;
    let good = definition(&agency.agency_id);
    let mut twice = good.clone();
    twice.rules.push(good.rules[0].clone());
    let mut currency = good.clone();
    currency.rules[0].minimum_amounts.push(eur("1.00"));
    for (id, bad) in [("w1", twice), ("w2", currency)] {
        let refused = write(&world, id, "0", bad).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::InvalidArgument, "PLACEMENT_POLICY_INVALID")
        );
    }
    let nobody = definition("0190a000-0000-7000-8000-00000000000f");
    let refused = write(&world, "w3", "0", nobody).await.unwrap_err();
    assert_eq!(reason(&refused), "AGENCY_NOT_FOUND");
    let refused = put_in_force(&world, "a1", "0", 1).await.unwrap_err();
    assert_eq!(reason(&refused), "PLACEMENT_POLICY_VERSION_NOT_FOUND");
    write(&world, "w4", "0", good.clone()).await.unwrap();
    let refused = write(&world, "w5", "0", good).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Aborted, "STALE_ETAG")
    );
}

#[tokio::test]
async fn p28_a_policy_is_its_tenants_alone_and_there_is_one_before_the_first_version() {
    let world = World::start().await;
    let agency = with_agency(&world, OURS, "nord").await;
    write(&world, "w1", "0", definition(&agency.agency_id))
        .await
        .unwrap();
    let asked = world.signed(THEIRS, GetPlacementPolicyRequest {});
    let theirs = policies(&world)
        .get_placement_policy(asked)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(theirs.placement_policy.unwrap().latest_version, 0);
    assert_eq!(theirs.active_version, None);
    let asked = world.signed(THEIRS, GetPlacementPolicyVersionRequest { version: 1 });
    let foreign = policies(&world)
        .get_placement_policy_version(asked)
        .await
        .unwrap_err();
    assert_eq!(
        (foreign.code(), reason(&foreign).as_str()),
        (Code::NotFound, "PLACEMENT_POLICY_VERSION_NOT_FOUND")
    );
}
