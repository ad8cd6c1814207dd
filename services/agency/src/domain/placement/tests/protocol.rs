//! The way to the agency and back, step by step: the hold protocol, the recall, the end (P9, P19,
//! AY-7, AY-8).

use super::*;

fn step(placed: &Placed, real_now: Timestamp) -> HoldStep {
    placed.placement.hold_step(real_now).unwrap()
}

fn release(placed: &Placed) -> Option<(Vec<InvoiceId>, Option<SuccessorHold>)> {
    match placed.placement.release_step(&placed.invoices)? {
        ReleaseStep::AskHold => panic!("the hold is known"),
        ReleaseStep::Release {
            invoice_ids,
            successor,
        } => Some((invoice_ids, successor)),
    }
}

/// Reminders gives up what it is asked to, until nothing is left to ask.
fn release_all(placed: &mut Placed) -> Option<Event> {
    let mut event = None;
    while let Some((ids, _)) = release(placed) {
        let invoices = &mut placed.invoices;
        event = placed.placement.released(invoices, &ids, None, at());
    }
    event
}

fn recall(placed: &mut Placed, notice_days: i32) -> Result<Option<Event>, PlacementError> {
    let zone = Zone::parse("Europe/Berlin").unwrap();
    let reason = RecallReason::Dispute;
    placed
        .placement
        .recall(reason, None, notice_days, "ada", &zone, at())
}

#[test]
fn a_person_approves_or_turns_down() {
    let setup = Setup::default();
    let mut placed = proposed(&setup);
    assert_eq!(placed.placement.amounts.open(), euro("1000.00"));
    assert_eq!(placed.placement.invoice_count, 2);
    let event = placed.placement.approve("bob", at()).unwrap();
    assert_eq!(event.subject_version, 2);
    let twice = placed.placement.approve("bob", at());
    let approved = PlacementState::Approved;
    assert_eq!(twice, Err(PlacementError::NotProposed(approved)));
    let mut in_batch = placed.clone().placement;
    let batch = PlacementBatchId::new(Uuid::nil());
    in_batch.join_batch(batch).unwrap();
    let refused = in_batch.reject("no".to_owned(), "bob", at());
    assert_eq!(refused, Err(PlacementError::InBatch));
    assert_eq!(in_batch.join_batch(batch), Err(PlacementError::InBatch));
    placed
        .placement
        .reject("no".to_owned(), "bob", at())
        .unwrap();
    assert!(placed.placement.state.is_final());
    let refused = placed.placement.reject("no".to_owned(), "bob", at());
    let rejected = PlacementState::Rejected;
    assert_eq!(refused, Err(PlacementError::NotRejectable(rejected)));
}

#[test]
fn p_19_the_agency_has_it_only_after_reminders_is_quiet_and_invoicing_was_asked() {
    let setup = Setup::default();
    let mut placed = pending_hold(&setup);
    assert_eq!(step(&placed, real(0)), HoldStep::AskHold);
    placed.placement.hold_placed(CASE, Some(real(20))).unwrap();
    assert_eq!(step(&placed, real(0)), HoldStep::AwaitQuiet(real(20)));
    // At the instant itself a lease may still hold.
    assert_eq!(step(&placed, real(20)), HoldStep::AwaitQuiet(real(20)));
    assert_eq!(step(&placed, real(21)), HoldStep::TakeLook);
    // A look that was asked before it was quiet counts for nothing.
    let early = look_at(
        &mut placed,
        &setup,
        setup.balances(),
        &BTreeMap::new(),
        "0.00",
    );
    assert_eq!(early, Err(PlacementError::LookAgain));
    assert_eq!(placed.placement.state, PlacementState::PendingHold);
    // Also when it has fallen quiet since: the answer may be older than the last message.
    placed.placement.hold_placed(CASE, Some(real(0))).unwrap();
    let early = look_at(
        &mut placed,
        &setup,
        setup.balances(),
        &BTreeMap::new(),
        "0.00",
    );
    assert_eq!(early, Err(PlacementError::LookAgain));
    // Asked again, reminders may name a later instant, or none any more.
    placed.placement.hold_placed(CASE, None).unwrap();
    let look = look_at(
        &mut placed,
        &setup,
        setup.balances(),
        &BTreeMap::new(),
        "0.00",
    )
    .unwrap();
    let Activated::Active(handover) = look else {
        panic!("{look:?}")
    };
    assert_eq!(placed.placement.state, PlacementState::Active);
    assert_eq!(handover.look.outcome, "PLACED");
    assert_eq!(handover.entries.len(), 2);
    let amounts: Vec<_> = handover.entries.iter().map(|entry| entry.amount).collect();
    assert_eq!(amounts, [euro("600.00"), euro("400.00")]);
    let terms = placed.placement.commission_terms.unwrap();
    assert_eq!(terms.slices[0].rate.to_string(), "0.25");
    assert!(placed.invoices.iter().all(|invoice| invoice.held));
}

#[test]
fn p_19_a_look_counts_for_a_second_and_a_half() {
    let setup = Setup::default();
    let agreement = setup.agreement();
    let (exclusions, holds) = (Exclusions::under(None), BTreeMap::new());
    let activate = |late_ms| {
        let mut placed = held(&setup);
        let known = Activation {
            exclusions: &exclusions,
            holds: &holds,
            unapplied: euro("0.00"),
            agreement: &agreement,
            foreign: false,
            today: date(2026, 3, 1),
            at: at(),
            real_now: real(0) + calendar::SignedDuration::from_millis(late_ms),
            look_stamp: stamp(2),
            terms_stamp: stamp(3),
        };
        let look = Look {
            asked_time: real(0),
            balances: setup.balances(),
        };
        let looked = placed
            .placement
            .activate(&mut placed.invoices, &look, &known);
        looked.map(|_| ())
    };
    assert_eq!(activate(LOOK_VALID_MS), Ok(()));
    assert_eq!(activate(LOOK_VALID_MS + 1), Err(PlacementError::LookAgain));
}

#[test]
fn p_19_one_placement_holds_an_invoice() {
    let setup = Setup::default();
    let (agency, agreement) = (agency(), setup.agreement());
    let earlier = BTreeMap::from([(invoice_id(2), 1)]);
    let elsewhere = [invoice_id(9), invoice_id(2)];
    let mut placed = approved(&setup);
    let refused = placed.placement.start_hold(
        &mut placed.invoices,
        &start(&agency, &agreement, &earlier, &elsewhere),
    );
    assert_eq!(refused, Err(PlacementError::InvoicePlaced(invoice_id(2))));
    assert!(placed.invoices.iter().all(|invoice| !invoice.held));
    placed
        .placement
        .start_hold(
            &mut placed.invoices,
            &start(&agency, &agreement, &earlier, &elsewhere[..1]),
        )
        .unwrap();
    assert!(placed.invoices.iter().all(|invoice| invoice.held));
    assert_eq!(placed.placement.placement_number, 2);
    assert!(placed.placement.state.is_exclusive());
}

#[test]
fn only_an_approved_debt_is_placed_and_only_with_an_agency_that_takes_it() {
    let setup = Setup::default();
    let agreement = setup.agreement();
    let earlier = BTreeMap::new();
    let mut suspended = agency();
    suspended.suspend(String::new(), "ada").unwrap();
    let mut placed = approved(&setup);
    let attempt = |placed: &mut Placed, agency: &Agency| {
        let start = start(agency, &agreement, &earlier, &[]);
        placed.placement.start_hold(&mut placed.invoices, &start)
    };
    assert_eq!(
        attempt(&mut placed, &suspended),
        Err(PlacementError::AgencySuspended)
    );
    placed
        .placement
        .join_batch(PlacementBatchId::new(Uuid::nil()))
        .unwrap();
    assert_eq!(
        attempt(&mut placed, &agency()),
        Err(PlacementError::InBatch)
    );
    let mut early = proposed(&setup);
    let refused = PlacementError::NotApproved(PlacementState::Proposed);
    assert_eq!(attempt(&mut early, &agency()), Err(refused));
}

#[test]
fn a_batch_goes_on_without_what_cannot_be_placed() {
    let setup = Setup::default();
    let (agency, agreement) = (agency(), setup.agreement());
    let earlier = BTreeMap::new();
    let mut placed = approved(&setup);
    placed
        .placement
        .join_batch(PlacementBatchId::new(Uuid::nil()))
        .unwrap();
    let elsewhere = [invoice_id(1)];
    let start = start(&agency, &agreement, &earlier, &elsewhere);
    let invoices = &mut placed.invoices;
    let why = placed
        .placement
        .start_hold_in_batch(invoices, &start)
        .unwrap_err();
    let event = placed
        .placement
        .withdraw_unplaced(invoices, &why, at())
        .unwrap();
    assert_eq!(placed.placement.state, PlacementState::Withdrawn);
    assert!(matches!(event.fact, Fact::PlacementWithdrawn { .. }));
    assert_eq!(placed.placement.release_step(&placed.invoices), None);
}

#[test]
fn what_is_settled_disputed_or_excluded_meanwhile_is_dropped_and_given_back() {
    let setup = Setup {
        open: vec!["600.00", "400.00", "300.00", "200.00", "100.00"],
        ..Setup::default()
    };
    let mut placed = held(&setup);
    let mut balances = setup.balances();
    balances.insert(invoice_id(2), balance(6, "0.00"));
    balances.get_mut(&invoice_id(3)).unwrap().disputed = euro("1.00");
    balances.remove(&invoice_id(5));
    let promise = BTreeSet::from([HoldReason::Promise, HoldReason::Placement]);
    let holds = BTreeMap::from([(invoice_id(4), promise)]);
    look_at(&mut placed, &setup, balances, &holds, "0.00").unwrap();
    let dropped: Vec<_> = placed.invoices.iter().map(|one| one.drop_reason).collect();
    let expected = [
        None,
        Some(ExclusionReason::Settled),
        Some(ExclusionReason::Disputed),
        Some(ExclusionReason::ExcludedFact),
        Some(ExclusionReason::Settled),
    ];
    assert_eq!(dropped, expected);
    let placement = &placed.placement;
    assert_eq!(placement.state, PlacementState::Active);
    assert_eq!(
        (placement.invoice_count, placement.amounts.placed()),
        (1, euro("600.00"))
    );
    assert_eq!(placement.next_check_time, Some(at()));
    let given_back = vec![invoice_id(2), invoice_id(3), invoice_id(4), invoice_id(5)];
    assert_eq!(release(&placed), Some((given_back.clone(), None)));
    assert_eq!(
        placed
            .placement
            .released(&mut placed.invoices, &given_back, None, at()),
        None
    );
    assert_eq!(placed.placement.next_check_time, None);
    assert_eq!(release(&placed), None);
    assert_eq!(placed.placement.state, PlacementState::Active);
}

#[test]
fn when_nothing_is_left_it_is_withdrawn_after_the_hold_is_given_back() {
    let setup = Setup::default();
    for (settled, unapplied) in [(true, "0.00"), (false, "1000.00")] {
        let mut placed = held(&setup);
        let mut balances = setup.balances();
        if settled {
            balances
                .values_mut()
                .for_each(|one| *one = balance(6, "0.00"));
        }
        let look = look_at(&mut placed, &setup, balances, &BTreeMap::new(), unapplied).unwrap();
        let Activated::NothingLeft(decision) = look else {
            panic!("{look:?}")
        };
        assert_eq!(placed.placement.state, PlacementState::PendingRelease);
        let both = vec![invoice_id(1), invoice_id(2)];
        assert_eq!(release(&placed), Some((both.clone(), None)));
        let invoices = &mut placed.invoices;
        let event = placed
            .placement
            .released(invoices, &both, Some(decision), at())
            .unwrap();
        assert_eq!(placed.placement.state, PlacementState::Withdrawn);
        let Fact::PlacementWithdrawn {
            decision: Some(look),
            ..
        } = event.fact
        else {
            panic!("{event:?}")
        };
        assert_eq!(look.outcome, "NOTHING_LEFT");
    }
}

#[test]
fn p_9_an_unanswered_hold_stays_unknown_and_is_asked_for_again() {
    let mut placed = pending_hold(&Setup::default());
    placed.placement.postpone(at());
    assert_eq!(placed.placement.state, PlacementState::PendingHold);
    assert_eq!(placed.placement.next_check_time, Some(at()));
    assert_eq!(step(&placed, real(0)), HoldStep::AskHold);
}

#[test]
fn p_19_a_hold_that_may_come_late_is_asked_for_before_it_is_given_back() {
    let mut placed = pending_hold(&Setup::default());
    assert_eq!(recall(&mut placed, 0), Ok(None));
    let step = placed.placement.release_step(&placed.invoices);
    assert_eq!(step, Some(ReleaseStep::AskHold));
    placed.placement.hold_placed(CASE, Some(real(20))).unwrap();
    assert_eq!(placed.placement.state, PlacementState::PendingRelease);
    assert_eq!(release(&placed).unwrap().0.len(), 2);
    release_all(&mut placed);
    assert_eq!(placed.placement.state, PlacementState::Withdrawn);
}

#[test]
fn a_hold_that_reminders_refuses_ends_the_placement() {
    let mut placed = pending_hold(&Setup::default());
    placed
        .placement
        .hold_refused("CASE_NOT_FOUND", at())
        .unwrap();
    assert_eq!(placed.placement.state, PlacementState::PendingRelease);
    let event = release_all(&mut placed).unwrap();
    assert!(matches!(
        event.fact,
        Fact::PlacementWithdrawn { decision: None, .. }
    ));
    assert_eq!(
        placed.placement.end_note.as_deref(),
        Some("reminders refused the hold: CASE_NOT_FOUND")
    );
    let late = placed.placement.hold_placed(CASE, None);
    let withdrawn = PlacementState::Withdrawn;
    assert_eq!(late, Err(PlacementError::NotPendingHold(withdrawn)));
}

#[test]
fn p_19_a_recall_beats_the_look_that_is_under_way() {
    let setup = Setup::default();
    let mut placed = held(&setup);
    assert_eq!(recall(&mut placed, 5), Ok(None));
    let late = look_at(
        &mut placed,
        &setup,
        setup.balances(),
        &BTreeMap::new(),
        "0.00",
    );
    let pending = PlacementState::PendingRelease;
    assert_eq!(late, Err(PlacementError::NotPendingHold(pending)));
    let event = release_all(&mut placed).unwrap();
    let Fact::PlacementWithdrawn { recall_reason, .. } = event.fact else {
        panic!("{event:?}")
    };
    assert_eq!(recall_reason, Some(RecallReason::Dispute));
}

#[test]
fn ay_7_the_agency_stops_within_the_notice_and_reminders_goes_on() {
    let mut placed = active(&Setup::default());
    let event = recall(&mut placed, 3).unwrap().unwrap();
    assert_eq!(placed.placement.state, PlacementState::PendingRecall);
    // 2026-03-01 and three days: until midnight of the 5th in Berlin.
    let due: Timestamp = "2026-03-04T23:00:00Z".parse().unwrap();
    assert!(matches!(
        event.fact,
        Fact::PlacementRecallRequested { recall_due_time, .. } if recall_due_time == due
    ));
    assert_eq!(placed.placement.next_check_time, Some(due));
    assert_eq!(release(&placed), None);
    let before = due - calendar::SignedDuration::from_nanos(1);
    assert!(!placed.placement.end_recall_notice(before));
    assert!(placed.placement.end_recall_notice(due));
    assert!(!placed.placement.end_recall_notice(due));
    assert_eq!(release(&placed).unwrap().1, None);
    let event = release_all(&mut placed).unwrap();
    assert_eq!(placed.placement.state, PlacementState::Recalled);
    let Fact::PlacementRecalled {
        next_action,
        invoice_ids,
        ..
    } = event.fact
    else {
        panic!("{event:?}")
    };
    assert_eq!(next_action, NextAction::ResumeReminders);
    assert_eq!(invoice_ids.len(), 2);
    assert_eq!(placed.placement.close_code, Some(CloseCode::ClientRecall));
    assert_eq!(placed.placement.next_check_time, None);
}

#[test]
fn ay_7_the_agency_confirms_before_the_notice_has_passed_or_there_is_none() {
    let mut placed = active(&Setup::default());
    let confirm = |placed: &mut Placed, stopped| placed.placement.confirm_recall(stopped, at());
    let not_asked = PlacementError::NotPendingRecall(PlacementState::Active);
    assert_eq!(confirm(&mut placed, None), Err(not_asked));
    recall(&mut placed, 3).unwrap();
    let later = at() + calendar::SignedDuration::from_secs(1);
    let future = confirm(&mut placed, Some(later));
    assert_eq!(future, Err(PlacementError::StoppedInTheFuture));
    confirm(&mut placed, None).unwrap();
    assert_eq!(placed.placement.state, PlacementState::PendingRelease);
    let stopped = placed.placement.recall.as_ref().unwrap().stopped_time;
    assert_eq!(stopped, Some(at()));
    let mut at_once = active(&Setup::default());
    assert!(recall(&mut at_once, 0).unwrap().is_some());
    assert_eq!(at_once.placement.state, PlacementState::PendingRelease);
    let again = recall(&mut at_once, 0);
    let pending = PlacementState::PendingRelease;
    assert_eq!(again, Err(PlacementError::NotActive(pending)));
}

#[test]
fn ay_8_a_close_code_ends_it_and_says_what_becomes_of_the_hold() {
    for &code in CloseCode::ALL {
        let mut placed = active(&Setup::default());
        let closed = placed.placement.close(code, None, at());
        if [CloseCode::PaidInFull, CloseCode::ClientRecall].contains(&code) {
            assert_eq!(closed, Err(PlacementError::CloseCodeNotAllowed(code)));
            continue;
        }
        closed.unwrap();
        assert_eq!(release(&placed).unwrap().1, code.successor_hold());
        let event = release_all(&mut placed).unwrap();
        assert_eq!(placed.placement.state, PlacementState::Closed);
        assert_eq!(placed.placement.next_action(), Some(code.next_action()));
        let Fact::PlacementClosed { close_code, .. } = event.fact else {
            panic!("{event:?}")
        };
        assert_eq!(close_code, code);
    }
}

#[test]
fn ay_8_what_was_dropped_goes_back_freely_whatever_the_close_code() {
    let setup = Setup::default();
    let mut placed = held(&setup);
    let mut balances = setup.balances();
    balances.insert(invoice_id(2), balance(6, "0.00"));
    look_at(&mut placed, &setup, balances, &BTreeMap::new(), "0.00").unwrap();
    placed
        .placement
        .close(CloseCode::Deceased, None, at())
        .unwrap();
    let dropped = vec![invoice_id(2)];
    assert_eq!(release(&placed), Some((dropped.clone(), None)));
    assert_eq!(
        placed
            .placement
            .released(&mut placed.invoices, &dropped, None, at()),
        None
    );
    let rest = (vec![invoice_id(1)], Some(SuccessorHold::Deceased));
    assert_eq!(release(&placed), Some(rest));
    assert!(release_all(&mut placed).is_some());
}

#[test]
fn versions_rise_with_every_change() {
    let mut placed = active(&Setup::default());
    let mut last = placed.placement.version;
    let mut rises = |placed: &Placed| {
        let risen = placed.placement.version > last;
        last = placed.placement.version;
        risen
    };
    placed.placement.set_agency_reference("X-1".to_owned());
    assert!(rises(&placed));
    recall(&mut placed, 3).unwrap();
    assert!(rises(&placed));
    placed.placement.confirm_recall(None, at()).unwrap();
    assert!(rises(&placed));
    release_all(&mut placed);
    assert!(rises(&placed));
}
