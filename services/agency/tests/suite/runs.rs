//! ProposalRunService: what is ripe is proposed once, a preview proposes nothing, and every customer's
//! outcome is explained.

use contracts::agency::proposal_run_service_client::ProposalRunServiceClient;
use contracts::agency::*;
use contracts::payments::{UnappliedCash, UnappliedCashChanged};
use testkit::eventually_some;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::fixture::{OURS, SOON, THEIRS, World, reason};
use crate::policies::{definition, put_in_force, write};
use crate::samples::{CUSTOMER, approved, day, eur, events, get, invoice_id, types, with_debts};

fn runs(world: &World) -> ProposalRunServiceClient<Channel> {
    ProposalRunServiceClient::new(world.channel())
}

fn run(request_id: &str) -> StartProposalRunRequest {
    StartProposalRunRequest {
        request_id: request_id.to_owned(),
        ..StartProposalRunRequest::default()
    }
}

async fn start(world: &World, request: StartProposalRunRequest) -> Result<ProposalRun, Status> {
    let asked = world.signed(OURS, request);
    let started = runs(world).start_proposal_run(asked).await?;
    Ok(started.into_inner().proposal_run.unwrap())
}

async fn completed(world: &World, request: StartProposalRunRequest) -> ProposalRun {
    let started = start(world, request).await.unwrap();
    eventually_some(SOON, "the run is completed", async || {
        let request = GetProposalRunRequest {
            proposal_run_id: started.proposal_run_id.clone(),
        };
        let asked = world.signed(OURS, request);
        let read = runs(world).get_proposal_run(asked).await.unwrap();
        let run = read.into_inner().proposal_run.unwrap();
        (run.state() == ProposalRunState::Completed).then_some(run)
    })
    .await
}

async fn items(world: &World, run: &ProposalRun) -> Vec<ProposalItem> {
    let request = ListProposalItemsRequest {
        proposal_run_id: run.proposal_run_id.clone(),
        ..ListProposalItemsRequest::default()
    };
    let asked = world.signed(OURS, request);
    let page = runs(world).list_proposal_items(asked).await.unwrap();
    page.into_inner().items
}

/// Two debts of 1000.00 that the feeds have brought, and a policy in force that wants them.
async fn ripe(world: &World) -> Agency {
    let agency = with_debts(world, &[1, 2, 3]).await;
    write(world, "w", "0", definition(&agency.agency_id))
        .await
        .unwrap();
    put_in_force(world, "a", "1", 1).await.unwrap();
    // Once the third is proposed and turned down, all three are known.
    let third = approved(world, "third", &agency.agency_id, &[3]).await;
    let reject = RejectPlacementRequest {
        request_id: "reject".to_owned(),
        placement_id: third.placement_id,
        etag: String::new(),
        note: "for another day".to_owned(),
    };
    let asked = world.signed(OURS, reject);
    crate::samples::placements(world)
        .reject_placement(asked)
        .await
        .unwrap();
    agency
}

#[tokio::test]
async fn what_is_ripe_is_proposed_once_and_a_preview_proposes_nothing() {
    let world = World::start().await;
    let agency = ripe(&world).await;
    let preview = StartProposalRunRequest {
        validate_only: true,
        ..run("preview")
    };
    let preview = completed(&world, preview).await;
    assert_eq!(preview.proposed_amounts, [eur("3000.00")]);
    let would = items(&world, &preview).await;
    assert_eq!((would.len(), would[0].placement_id.as_str()), (1, ""));
    assert_eq!(would[0].outcome(), ProposalOutcome::Proposed);

    let real = completed(&world, run("real")).await;
    assert_eq!((real.customer_count, real.proposed_count), (1, 1));
    let item = items(&world, &real).await.remove(0);
    assert_eq!(item.agency_id, agency.agency_id);
    assert_eq!(item.invoice_ids, [1, 2, 3].map(invoice_id));
    let rules: Vec<_> = item
        .decision
        .unwrap()
        .rules
        .into_iter()
        .map(|rule| (rule.rule_id, rule.passed))
        .collect();
    assert_eq!(
        rules,
        [("old-enough".to_owned(), true), ("AY-9".to_owned(), true)]
    );
    let placement = get(&world, &item.placement_id).await.placement.unwrap();
    assert_eq!(placement.state(), PlacementState::Proposed);
    assert_eq!(placement.proposal_run_id, real.proposal_run_id);
    assert_eq!(placement.proposed_by, "agency");

    let again = completed(&world, run("again")).await;
    assert_eq!(again.proposed_count, 0);
    let item = items(&world, &again).await.remove(0);
    assert_eq!(item.outcome(), ProposalOutcome::AlreadyProposed);
    let told = events(&world, OURS).await;
    let told = types(&told);
    assert_eq!(
        told.iter()
            .filter(|name| **name == "ProposalRunCompleted")
            .count(),
        2
    );
    assert_eq!(
        told.iter()
            .filter(|name| **name == "PlacementProposed")
            .count(),
        2
    );
}

#[tokio::test]
async fn ca_8_who_has_paid_what_would_be_placed_is_kept_back() {
    let world = World::start().await;
    ripe(&world).await;
    let changed = UnappliedCashChanged {
        unapplied_cash: Some(UnappliedCash {
            customer_id: CUSTOMER.to_string(),
            unapplied_amount: Some(eur("3000.00")),
            reserved_amount: Some(eur("0.00")),
            version: 1,
        }),
    };
    world
        .peers
        .feed
        .announce("payments", OURS.uuid(), CUSTOMER, 1, &changed);
    let mut attempt = 0;
    let kept_back = eventually_some(SOON, "the money is known", async || {
        attempt += 1;
        let preview = StartProposalRunRequest {
            validate_only: true,
            ..run(&format!("preview {attempt}"))
        };
        let run = completed(&world, preview).await;
        (run.excluded_count == 1).then_some(run)
    })
    .await;
    let item = items(&world, &kept_back).await.remove(0);
    assert_eq!(item.outcome(), ProposalOutcome::Excluded);
    let named = item
        .decision
        .unwrap()
        .rules
        .into_iter()
        .map(|rule| rule.rule_id);
    assert!(
        named
            .into_iter()
            .any(|rule| rule == "UNAPPLIED_CASH_COVERS")
    );
}

#[tokio::test]
async fn a_run_is_judged_by_the_version_in_force_and_of_no_future_day() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1]).await;
    approved(&world, "one", &agency.agency_id, &[1]).await;
    let none = start(&world, run("r1")).await.unwrap_err();
    assert_eq!(
        (none.code(), reason(&none).as_str()),
        (Code::FailedPrecondition, "NO_PLACEMENT_POLICY")
    );
    write(&world, "w", "0", definition(&agency.agency_id))
        .await
        .unwrap();
    let named = |id: &str, version: i32| StartProposalRunRequest {
        policy_version: Some(version),
        ..run(id)
    };
    let draft = start(&world, named("r2", 1)).await.unwrap_err();
    assert_eq!(reason(&draft), "VERSION_FOR_PREVIEW_ONLY");
    let missing = start(&world, named("r3", 2)).await.unwrap_err();
    assert_eq!(reason(&missing), "PLACEMENT_POLICY_VERSION_NOT_FOUND");
    let mut tomorrow = named("r4", 1);
    tomorrow.validate_only = true;
    tomorrow.run_date = Some(day(2026, 5, 5));
    let future = start(&world, tomorrow.clone()).await.unwrap_err();
    assert_eq!(
        (future.code(), reason(&future).as_str()),
        (Code::InvalidArgument, "DATE_IN_THE_FUTURE")
    );
    // On the day of the 59th day past due nothing is ripe.
    tomorrow.run_date = Some(day(2026, 3, 31));
    let early = completed(&world, tomorrow).await;
    assert_eq!((early.judged_count, early.proposed_count), (1, 0));

    let request = GetProposalRunRequest {
        proposal_run_id: early.proposal_run_id,
    };
    let asked = world.signed(THEIRS, request);
    let foreign = runs(&world).get_proposal_run(asked).await.unwrap_err();
    assert_eq!(
        (foreign.code(), reason(&foreign).as_str()),
        (Code::NotFound, "PROPOSAL_RUN_NOT_FOUND")
    );
}
