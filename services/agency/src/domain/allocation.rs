//! Owns which agency of a rule a customer falls to (AY-9): by his identity, in the proportion of the
//! weights, so that agencies work on comparable debts, and the same customer always falls to the
//! same one. Must not draw lots: the same question always has the same answer.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::identity::{AgencyId, CustomerId};

/// An agency's share of the debts that a rule proposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyShare {
    /// The agency.
    pub agency_id: AgencyId,
    /// Its share relative to those of the others, 1 to 1000.
    pub weight: u32,
}

/// Why an agency was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// It has a placement of the customer that runs.
    Running,
    /// By the customer's identity, with this weight of this total.
    Share {
        /// The agency's weight.
        weight: u32,
        /// That of all from whom it was chosen.
        total: u32,
    },
}

/// An agency for a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The agency.
    pub agency_id: AgencyId,
    /// Why it.
    pub ground: Ground,
}

/// Chooses among the agencies of a rule one that is `available`: takes placements and has an
/// agreement for the currency. None is available: none is chosen.
///
/// A share that is not available is left out and the customer falls anew among the rest, so that
/// only the customers of that agency move.
#[must_use]
pub fn choose(
    shares: &[AgencyShare],
    available: &BTreeSet<AgencyId>,
    customer: CustomerId,
    running: Option<AgencyId>,
) -> Option<Choice> {
    if let Some(agency_id) = running.filter(|agency| available.contains(agency)) {
        let ground = Ground::Running;
        return Some(Choice { agency_id, ground });
    }
    let mut left = shares.to_vec();
    // At most one round a share: each round takes one out.
    for round in 0..shares.len() {
        let total = total_weight(&left);
        let fallen = fall(&left, total, customer, round)?;
        if available.contains(&fallen.agency_id) {
            let weight = fallen.weight;
            return Some(Choice {
                agency_id: fallen.agency_id,
                ground: Ground::Share { weight, total },
            });
        }
        left.retain(|share| share.agency_id != fallen.agency_id);
    }
    None
}

fn total_weight(shares: &[AgencyShare]) -> u32 {
    let weights = shares.iter().map(|share| share.weight);
    weights.fold(0, u32::saturating_add)
}

/// Where a customer falls in the shares laid side by side.
fn fall(
    shares: &[AgencyShare],
    total: u32,
    customer: CustomerId,
    round: usize,
) -> Option<AgencyShare> {
    let mut place = place_of(customer, round).checked_rem(u64::from(total))?;
    for share in shares {
        match place.checked_sub(u64::from(share.weight)) {
            Some(beyond) => place = beyond,
            None => return Some(*share),
        }
    }
    None
}

/// A number that is spread evenly over customers and the same at any time on any machine.
fn place_of(customer: CustomerId, round: usize) -> u64 {
    let mut hash = Sha256::new();
    hash.update(customer.uuid().as_bytes());
    hash.update(u64::try_from(round).unwrap_or(u64::MAX).to_be_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    let first = hash.first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use uuid::Uuid;

    use super::*;

    fn agency(number: u128) -> AgencyId {
        AgencyId::new(Uuid::from_u128(number))
    }

    fn customer(number: u128) -> CustomerId {
        CustomerId::new(Uuid::from_u128(number))
    }

    fn shares() -> Vec<AgencyShare> {
        let weights = [(1, 70), (2, 20), (3, 10)];
        let share = |(number, weight)| AgencyShare {
            agency_id: agency(number),
            weight,
        };
        weights.map(share).to_vec()
    }

    fn all() -> BTreeSet<AgencyId> {
        [1, 2, 3].map(agency).into()
    }

    fn counts(available: &BTreeSet<AgencyId>) -> BTreeMap<AgencyId, u32> {
        let mut counts = BTreeMap::new();
        for number in 0..10_000 {
            let chosen = choose(&shares(), available, customer(number), None).unwrap();
            *counts.entry(chosen.agency_id).or_default() += 1;
        }
        counts
    }

    #[test]
    fn ay_9_customers_fall_to_agencies_in_the_given_proportion() {
        let counts = counts(&all());
        for (number, expected) in [(1, 7_000), (2, 2_000), (3, 1_000)] {
            let count = counts[&agency(number)];
            assert!(count.abs_diff(expected) < 200, "{number}: {count}");
        }
    }

    #[test]
    fn ay_9_a_customer_falls_to_the_same_agency_again() {
        for number in 0..100 {
            let once = choose(&shares(), &all(), customer(number), None);
            assert_eq!(choose(&shares(), &all(), customer(number), None), once);
        }
        // Kept for ever: a customer that moves would spoil the comparison.
        let first = choose(&shares(), &all(), customer(0), None).unwrap();
        let weighed = Ground::Share {
            weight: 70,
            total: 100,
        };
        assert_eq!((first.agency_id, first.ground), (agency(1), weighed));
    }

    #[test]
    fn only_customers_of_an_agency_that_is_gone_move() {
        let without = [1, 3].map(agency).into();
        for number in 0..1_000 {
            let before = choose(&shares(), &all(), customer(number), None).unwrap();
            let after = choose(&shares(), &without, customer(number), None).unwrap();
            assert_ne!(after.agency_id, agency(2));
            assert!(before.agency_id == agency(2) || before.agency_id == after.agency_id);
        }
        assert!(counts(&without)[&agency(3)] > 1_000);
        assert_eq!(choose(&shares(), &BTreeSet::new(), customer(1), None), None);
        assert_eq!(choose(&[], &all(), customer(1), None), None);
    }

    #[test]
    fn a_placement_that_runs_keeps_the_customer() {
        let running = Some(agency(3));
        let kept = choose(&shares()[..1], &all(), customer(7), running).unwrap();
        assert_eq!((kept.agency_id, kept.ground), (agency(3), Ground::Running));
        let suspended = [1].map(agency).into();
        let moved = choose(&shares(), &suspended, customer(7), running).unwrap();
        assert_eq!(moved.agency_id, agency(1));
    }
}
