//! What is true of placements across their states; and the placements that other tests start from.

use std::collections::{BTreeMap, BTreeSet};

use calendar::Zone;
use jiff::civil::date;
use uuid::Uuid;

use super::*;
use crate::domain::agency::{Agency, AgencyProfile};
use crate::domain::agreement::tests::agreement;
use crate::domain::agreement::{Agreement, AgreementTerms};
use crate::domain::commission_schedule::CommissionSchedule;
use crate::domain::commission_schedule::tests::{euro, flat};
use crate::domain::commission_terms::tests::stamp;
use crate::domain::country::Country;
use crate::domain::debt::tests::{balance, debt, debtor, invoice_id};
use crate::domain::debt::{Balance, HoldReason};
use crate::domain::decision::Reasoning;
use crate::domain::excluded_fact::{ExcludedFact, Exclusions};
use crate::domain::placement_policy::PolicyInForce;
use crate::domain::placement_policy::tests::{AGENCY, definition};

mod ledger;
mod protocol;

/// Business time of everything that tests do, a day in the middle of 2026-03-01 in UTC.
pub(crate) fn at() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// Real time, years away from business time so that nobody mixes them up.
pub(crate) fn real(seconds: i64) -> Timestamp {
    let start: Timestamp = "2031-07-07T00:00:00Z".parse().unwrap();
    start + calendar::SignedDuration::from_secs(seconds)
}

pub(crate) fn agency() -> Agency {
    let profile = AgencyProfile {
        display_name: "Firm but fair".to_owned(),
        legal_name: "Firm but fair Ltd".to_owned(),
        contact_email: None,
        contact_phone: None,
    };
    let country = Country::try_new("DE").unwrap();
    Agency::create(AGENCY, None, country, profile, at()).0
}

/// What a test's placement is made of: by default invoices 1 and 2 of 600.00 and 400.00, and an
/// agreement with 25% of everything, no notice, no tail.
pub(crate) struct Setup {
    pub(crate) schedule: CommissionSchedule,
    pub(crate) terms: AgreementTerms,
    pub(crate) open: Vec<&'static str>,
}

impl Default for Setup {
    fn default() -> Self {
        let schedule = flat("EUR", "0.25");
        let terms = agreement(date(2026, 1, 1), vec![schedule.clone()]).terms;
        Self {
            schedule,
            terms,
            open: vec!["600.00", "400.00"],
        }
    }
}

impl Setup {
    pub(crate) fn agency_id(&self) -> AgencyId {
        AGENCY
    }

    pub(crate) fn agreement(&self) -> Agreement {
        let mut agreement = agreement(date(2026, 1, 1), vec![self.schedule.clone()]);
        let commission_schedules = agreement.terms.commission_schedules;
        agreement.terms = AgreementTerms {
            commission_schedules,
            ..self.terms.clone()
        };
        agreement
    }

    /// What is owed at version 5 of each invoice.
    pub(crate) fn balances(&self) -> BTreeMap<InvoiceId, Balance> {
        let open = (1..).zip(&self.open);
        open.map(|(number, open)| (invoice_id(number), balance(5, open)))
            .collect()
    }
}

/// A placement with its invoices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) placement: Placement,
    pub(crate) invoices: Vec<PlacementInvoice>,
}

pub(crate) fn proposed(setup: &Setup) -> Placed {
    let new = NewPlacement {
        placement_id: PlacementId::new(Uuid::from_u128(0xAB)),
        external_id: None,
        agency_id: AGENCY,
        agency_external_id: None,
        case_id: None,
        proposal_run_id: None,
        note: None,
        proposed_by: "ada".to_owned(),
        proposed_time: at(),
    };
    let debts: Vec<_> = (1..)
        .zip(&setup.open)
        .map(|(number, open)| debt(number, open))
        .collect();
    let decision = Reasoning::new().conclude(stamp(1), "", "PROPOSED");
    let (placement, invoices, _) = Placement::propose(new, &debtor(), &debts, decision).unwrap();
    Placed {
        placement,
        invoices,
    }
}

pub(crate) fn approved(setup: &Setup) -> Placed {
    let mut placed = proposed(setup);
    placed.placement.approve("bob", at()).unwrap();
    placed
}

pub(crate) fn start<'a>(
    agency: &'a Agency,
    agreement: &'a Agreement,
    earlier: &'a BTreeMap<InvoiceId, i32>,
    placed_elsewhere: &'a [InvoiceId],
) -> HoldStart<'a> {
    HoldStart {
        agency,
        agreement,
        earlier_placements: earlier,
        placed_elsewhere,
        next_check_time: at(),
    }
}

pub(crate) fn pending_hold(setup: &Setup) -> Placed {
    let mut placed = approved(setup);
    let (agency, agreement) = (agency(), setup.agreement());
    let earlier = BTreeMap::new();
    let start = start(&agency, &agreement, &earlier, &[]);
    placed
        .placement
        .start_hold(&mut placed.invoices, &start)
        .unwrap();
    placed
}

pub(crate) const CASE: CaseId = CaseId::new(Uuid::from_u128(0xCA5E));

/// Held by reminders and quiet at once.
pub(crate) fn held(setup: &Setup) -> Placed {
    let mut placed = pending_hold(setup);
    placed.placement.hold_placed(CASE, None).unwrap();
    placed
}

/// Takes the last look, at a quarter of a second after it was asked at `real(0)`, with every fact
/// excluded.
pub(crate) fn look_at(
    placed: &mut Placed,
    setup: &Setup,
    balances: BTreeMap<InvoiceId, Balance>,
    holds: &BTreeMap<InvoiceId, BTreeSet<HoldReason>>,
    unapplied: &str,
) -> Result<Activated, PlacementError> {
    let agreement = setup.agreement();
    let mut definition = definition();
    definition.excluded_facts = ExcludedFact::ALL.iter().copied().collect();
    let policy = PolicyInForce {
        version: 3,
        definition: &definition,
    };
    let known = Activation {
        exclusions: &Exclusions::under(Some(policy)),
        holds,
        unapplied: euro(unapplied),
        agreement: &agreement,
        foreign: false,
        today: date(2026, 3, 1),
        at: at(),
        real_now: real(0) + calendar::SignedDuration::from_millis(250),
        look_stamp: stamp(2),
        terms_stamp: stamp(3),
    };
    let look = Look {
        asked_time: real(0),
        balances,
    };
    placed
        .placement
        .activate(&mut placed.invoices, &look, &known)
}

/// With the agency since 2026-03-01.
pub(crate) fn active(setup: &Setup) -> Placed {
    let mut placed = held(setup);
    let look = look_at(
        &mut placed,
        setup,
        setup.balances(),
        &BTreeMap::new(),
        "0.00",
    );
    assert!(matches!(look, Ok(Activated::Active(_))), "{look:?}");
    placed
}
