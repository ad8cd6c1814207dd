//! PlacementService before anything is placed: proposed by hand, judged by a person, read and listed.

use contracts::agency::get_placement_request::Key;
use contracts::agency::{
    ApprovePlacementRequest, ExcludedFact, GetPlacementRequest, ListPlacementsRequest,
    PlacementState, RejectPlacementRequest, SetAgencyReferenceRequest,
};
use contracts::invoicing::{Dispute, DisputeOpened};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::policies::{definition, put_in_force, write};
use crate::samples::{
    CUSTOMER, approved, balance, eur, events, get, invoice_id, placements, proposal, types,
    with_agency, with_debts, with_invoice,
};

async fn refused(world: &World, request: contracts::agency::ProposePlacementRequest) -> Status {
    let asked = world.signed(OURS, request);
    placements(world)
        .propose_placement(asked)
        .await
        .unwrap_err()
}

#[tokio::test]
async fn a_proposal_shows_why_and_is_stored_unless_only_judged() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1, 2]).await;
    let mut preview = proposal("preview", &agency.agency_id, &[2, 1]);
    preview.validate_only = true;
    let asked = world.signed(OURS, preview);
    let judged = placements(&world)
        .propose_placement(asked)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(judged.placement.unwrap().placement_id, "");

    let ask = || world.signed(OURS, proposal("one", &agency.agency_id, &[2, 1]));
    let proposed = placements(&world)
        .propose_placement(ask())
        .await
        .unwrap()
        .into_inner();
    let placement = proposed.placement.clone().unwrap();
    assert_eq!(placement.state(), PlacementState::Proposed);
    assert_eq!(placement.open_amount, Some(eur("2000.00")));
    assert_eq!(placement.customer_external_id, "K-17");
    let decision = placement.proposal_decision.clone().unwrap();
    assert_eq!(decision.outcome, "PROPOSED");
    let numbers: Vec<_> = proposed
        .invoices
        .iter()
        .map(|one| &one.invoice_number)
        .collect();
    assert_eq!(numbers, ["INV-0001", "INV-0002"]);
    let read = get(&world, &placement.placement_id).await;
    assert_eq!(
        (read.placement, &read.invoices),
        (Some(placement), &proposed.invoices)
    );

    let again = placements(&world).propose_placement(ask()).await.unwrap();
    assert_eq!(again.metadata().get("recoup-replayed").unwrap(), "true");
    assert_eq!(again.into_inner(), proposed);
    let mut taken = proposal("two", &agency.agency_id, &[1]);
    taken.external_id = "P-one".to_owned();
    let taken = refused(&world, taken).await;
    assert_eq!(
        (taken.code(), reason(&taken).as_str()),
        (Code::AlreadyExists, "PLACEMENT_EXISTS")
    );
    let told = events(&world, OURS).await;
    assert_eq!(types(&told)[2..], ["PlacementProposed"]);
}

#[tokio::test]
async fn what_cannot_be_placed_is_refused_with_its_reason() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1]).await;
    let id = &agency.agency_id;
    let unknown = refused(&world, proposal("r1", id, &[1, 99])).await;
    assert_eq!(
        (unknown.code(), reason(&unknown).as_str()),
        (Code::Unavailable, "INVOICE_NOT_YET_KNOWN")
    );
    let nobody = "0190a000-0000-7000-8000-00000000000f";
    let unknown = refused(&world, proposal("r2", nobody, &[1])).await;
    assert_eq!(reason(&unknown), "AGENCY_NOT_FOUND");
    let mut stranger = proposal("r3", id, &[1]);
    stranger.customer_id = nobody.to_owned();
    let unknown = refused(&world, stranger).await;
    assert_eq!(reason(&unknown), "CUSTOMER_NOT_YET_KNOWN");
    crate::samples::announce_customer(&world, OURS, nobody.parse().unwrap(), "DE");
    let mut other = proposal("r4", id, &[1]);
    other.customer_id = nobody.to_owned();
    let other = refused(&world, other).await;
    assert_eq!(
        (other.code(), reason(&other).as_str()),
        (Code::NotFound, "INVOICE_NOT_FOUND")
    );

    let mut bad = proposal("r5", "agency", &[1, 1]);
    bad.customer_id = String::new();
    assert_eq!(
        fields(&refused(&world, bad).await),
        ["agency_id", "customer_id", "invoice_ids[1]"]
    );
}

#[tokio::test]
async fn a_disputed_debt_is_not_placed_and_the_decision_shows_the_rules() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1, 2]).await;
    write(&world, "w", "0", definition(&agency.agency_id))
        .await
        .unwrap();
    put_in_force(&world, "a", "1", 1).await.unwrap();
    let mut disputed = balance(2, 2, "1000.00");
    disputed.disputed_amount = Some(eur("200.00"));
    let opened = DisputeOpened {
        dispute: Some(Dispute::default()),
        balance_after: Some(disputed),
    };
    let subject = Uuid::from_u128(0xD15);
    world
        .peers
        .feed
        .announce("invoicing", OURS.uuid(), subject, 1, &opened);
    with_invoice(&world, OURS, 3, "50.00");
    // The third invoice came after the dispute: once it is known, so is that.
    let small = world.signed(OURS, proposal("small", &agency.agency_id, &[3]));
    let small = placements(&world)
        .propose_placement(small)
        .await
        .unwrap()
        .into_inner();
    let decision = small.placement.unwrap().proposal_decision.unwrap();
    assert_eq!(decision.policy_version, "placement-policy@1");
    let rules: Vec<_> = decision
        .rules
        .iter()
        .map(|rule| (rule.rule_id.as_str(), rule.passed))
        .collect();
    assert_eq!(rules, [("old-enough", false), ("by-hand", true)]);

    let refused = refused(&world, proposal("both", &agency.agency_id, &[1, 2])).await;
    assert_eq!(reason(&refused), "PLACEMENT_EXCLUDED");
    let info = refused.get_details_error_info().unwrap();
    let dispute = ExcludedFact::Dispute
        .as_str_name()
        .trim_start_matches("EXCLUDED_FACT_");
    assert_eq!(info.metadata["facts"], dispute);
}

#[tokio::test]
async fn a_person_approves_or_rejects_and_a_stale_etag_is_refused() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1]).await;
    let placement = approved(&world, "one", &agency.agency_id, &[1]).await;
    assert_eq!(
        (placement.state(), placement.judged_by.as_str()),
        (PlacementState::Approved, "ada")
    );
    let approve = |id: &str, etag: &str| ApprovePlacementRequest {
        request_id: id.to_owned(),
        placement_id: placement.placement_id.clone(),
        etag: etag.to_owned(),
    };
    let stale = world.signed(OURS, approve("a1", "1"));
    let stale = placements(&world)
        .approve_placement(stale)
        .await
        .unwrap_err();
    assert_eq!(
        (stale.code(), reason(&stale).as_str()),
        (Code::Aborted, "STALE_ETAG")
    );
    let twice = world.signed(OURS, approve("a2", ""));
    let twice = placements(&world)
        .approve_placement(twice)
        .await
        .unwrap_err();
    assert_eq!(reason(&twice), "PLACEMENT_NOT_PROPOSED");
    let reject = |id: &str| RejectPlacementRequest {
        request_id: id.to_owned(),
        placement_id: placement.placement_id.clone(),
        etag: placement.etag.clone(),
        note: "too small".to_owned(),
    };
    let asked = world.signed(OURS, reject("r1"));
    let rejected = placements(&world).reject_placement(asked).await.unwrap();
    let rejected = rejected.into_inner().placement.unwrap();
    assert_eq!(
        (rejected.state(), rejected.end_note.as_str()),
        (PlacementState::Rejected, "too small")
    );
    let mut late = reject("r2");
    late.etag = String::new();
    let asked = world.signed(OURS, late);
    let late = placements(&world)
        .reject_placement(asked)
        .await
        .unwrap_err();
    assert_eq!(reason(&late), "PLACEMENT_NOT_REJECTABLE");
    assert_eq!(
        types(&events(&world, OURS).await)[2..],
        [
            "PlacementProposed",
            "PlacementApproved",
            "PlacementRejected"
        ]
    );
}

#[tokio::test]
async fn p28_a_placement_is_its_tenants_alone() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1]).await;
    let placement = approved(&world, "one", &agency.agency_id, &[1]).await;
    let key = Some(Key::PlacementId(placement.placement_id.clone()));
    let asked = world.signed(THEIRS, GetPlacementRequest { key });
    let foreign = placements(&world).get_placement(asked).await.unwrap_err();
    let key = Some(Key::ExternalId("P-one".to_owned()));
    let asked = world.signed(THEIRS, GetPlacementRequest { key });
    let by_name = placements(&world).get_placement(asked).await.unwrap_err();
    let activate = contracts::agency::ActivatePlacementRequest {
        request_id: "a".to_owned(),
        placement_id: placement.placement_id,
        etag: String::new(),
    };
    let asked = world.signed(THEIRS, activate);
    let write = placements(&world)
        .activate_placement(asked)
        .await
        .unwrap_err();
    for refused in [foreign, by_name, write] {
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::NotFound, "PLACEMENT_NOT_FOUND")
        );
    }
}

#[tokio::test]
async fn placements_are_listed_newest_first_by_what_narrows_them() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1, 2, 3]).await;
    for number in [1, 2, 3] {
        approved(&world, &format!("n{number}"), &agency.agency_id, &[number]).await;
    }
    let names = async |request: ListPlacementsRequest| {
        let (mut names, mut request) = (Vec::new(), request);
        loop {
            let asked = world.signed(OURS, request.clone());
            let page = placements(&world)
                .list_placements(asked)
                .await
                .unwrap()
                .into_inner();
            names.extend(page.placements.into_iter().map(|one| one.external_id));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return names;
            }
        }
    };
    let all = ListPlacementsRequest {
        page_size: 2,
        ..ListPlacementsRequest::default()
    };
    assert_eq!(names(all.clone()).await, ["P-n3", "P-n2", "P-n1"]);
    let of_invoice = ListPlacementsRequest {
        invoice_id: Some(invoice_id(2)),
        customer_id: Some(CUSTOMER.to_string()),
        states: vec![PlacementState::Approved.into()],
        ..all.clone()
    };
    assert_eq!(names(of_invoice).await, ["P-n2"]);
    let active = ListPlacementsRequest {
        states: vec![PlacementState::Active.into()],
        ..all
    };
    assert!(names(active).await.is_empty());
}

#[tokio::test]
async fn a_file_number_belongs_to_one_placement_of_the_agency() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1, 2]).await;
    with_agency(&world, OURS, "sued").await;
    let one = approved(&world, "one", &agency.agency_id, &[1]).await;
    let two = approved(&world, "two", &agency.agency_id, &[2]).await;
    let set = |id: &str, placement_id: &str| SetAgencyReferenceRequest {
        request_id: id.to_owned(),
        placement_id: placement_id.to_owned(),
        etag: String::new(),
        agency_reference: "N-1".to_owned(),
    };
    let asked = world.signed(OURS, set("s1", &one.placement_id));
    let noted = placements(&world)
        .set_agency_reference(asked)
        .await
        .unwrap();
    assert_eq!(
        noted.into_inner().placement.unwrap().agency_reference,
        "N-1"
    );
    let asked = world.signed(OURS, set("s2", &two.placement_id));
    let taken = placements(&world)
        .set_agency_reference(asked)
        .await
        .unwrap_err();
    assert_eq!(
        (taken.code(), reason(&taken).as_str()),
        (Code::AlreadyExists, "AGENCY_REFERENCE_TAKEN")
    );
}
