//! Owns a batch: placements handed to one agency together, each on its own way through the hold
//! protocol, and the agreement with the agency on what was handed over (AY-2). Must not render the
//! file; [`batch_file`](super::batch_file) does.

use std::collections::BTreeMap;

use calendar::Timestamp;
use money::{Currency, Money, MoneyError};

use super::agency::Agency;
use super::batch_file::BatchFile;
use super::event::{Event, Fact, Subject};
use super::identity::{AgencyId, PlacementBatchId, PlacementId};
use super::named::named;
use super::placement::{Placement, PlacementState};

named! {
    /// Where a batch stands.
    pub enum PlacementBatchState {
        /// Placements are on their way.
        Placing = "PLACING",
        /// Every placement is ACTIVE or WITHDRAWN, and the file stands.
        Placed = "PLACED",
        /// The agency has confirmed count and sums.
        Acknowledged = "ACKNOWLEDGED",
        /// The agency has told another count or other sums.
        Mismatched = "MISMATCHED",
    }
}

/// How many placements, and what they come to in each currency: what two sides agree on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Number of placements.
    pub placement_count: i32,
    /// Their sums.
    pub amounts: BTreeMap<Currency, Money>,
}

/// Placements handed to one agency together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacementBatch {
    /// Identity.
    pub placement_batch_id: PlacementBatchId,
    /// The agency.
    pub agency_id: AgencyId,
    /// Counts from 1 for the agency, without gaps.
    pub batch_number: i32,
    /// Where it stands.
    pub state: PlacementBatchState,
    /// Placements it was made of.
    pub placement_count: i32,
    /// Those that were WITHDRAWN.
    pub withdrawn_count: i32,
    /// Invoices of those that became ACTIVE.
    pub invoice_count: i32,
    /// Those that became ACTIVE, and what they come to.
    pub handed_over: Tally,
    /// When it was made.
    pub created_time: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When the file stood.
    pub placed_time: Option<Timestamp>,
    /// When the agency's acknowledgement came.
    pub acknowledged_time: Option<Timestamp>,
    /// What the agency said it has.
    pub acknowledgement: Option<Tally>,
    /// Counts its changes from 1.
    pub version: i64,
}

/// Placements that cannot be put in a batch: the first ten.
pub type Offenders = Vec<PlacementId>;

const MAX_OFFENDERS: usize = 10;

/// Why something cannot happen to a batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// None was named and none is approved (NOTHING_APPROVED).
    #[error("no placement of the agency is approved")]
    NothingApproved,
    /// The agency gets no new placements (AGENCY_SUSPENDED).
    #[error("the agency is suspended")]
    AgencySuspended,
    /// Some are in another state (PLACEMENT_NOT_APPROVED).
    #[error("a placement is not APPROVED")]
    NotApproved(Offenders),
    /// Some are another agency's (PLACEMENT_OF_OTHER_AGENCY).
    #[error("a placement is another agency's")]
    OfOtherAgency(Offenders),
    /// Some were taken by another batch (PLACEMENT_IN_BATCH).
    #[error("another batch has taken a placement")]
    InBatch(Offenders),
    /// Something was settled that the batch does not wait for.
    #[error("the batch waits for no placement")]
    NothingPending,
    /// The file does not hold what became ACTIVE.
    #[error("the file is not that of the batch")]
    OtherFile,
    /// Its placements are still on their way (BATCH_NOT_PLACED).
    #[error("the batch is not PLACED yet")]
    NotPlaced,
    /// It was agreed on before (BATCH_ACKNOWLEDGED).
    #[error("the agency has acknowledged the batch already")]
    Acknowledged,
    /// Sums that no amount can hold.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// How a placement of a batch was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It became ACTIVE.
    Active {
        /// With so many invoices.
        invoice_count: i32,
        /// With this amount.
        placed: Money,
    },
    /// It was WITHDRAWN.
    Withdrawn,
}

/// Whether placements can make a batch, and what they would come to: also the preview. That the
/// agency has an agreement for each currency is asked for each of these sums (NO_AGREEMENT).
///
/// # Errors
/// [`BatchError`], the first kind that is found.
pub fn check_batch(agency: &Agency, placements: &[Placement]) -> Result<Tally, BatchError> {
    if placements.is_empty() {
        return Err(BatchError::NothingApproved);
    }
    agency
        .check_takes_placements()
        .map_err(|_| BatchError::AgencySuspended)?;
    let offenders = |offends: &dyn Fn(&Placement) -> bool| -> Option<Offenders> {
        let found = placements.iter().filter(|placement| offends(placement));
        let found: Offenders = found
            .map(|one| one.placement_id)
            .take(MAX_OFFENDERS)
            .collect();
        (!found.is_empty()).then_some(found)
    };
    if let Some(found) = offenders(&|one| one.agency_id != agency.agency_id) {
        return Err(BatchError::OfOtherAgency(found));
    }
    if let Some(found) = offenders(&|one| one.state != PlacementState::Approved) {
        return Err(BatchError::NotApproved(found));
    }
    if let Some(found) = offenders(&|one| one.placement_batch_id.is_some()) {
        return Err(BatchError::InBatch(found));
    }
    let mut tally = Tally::default();
    for placement in placements {
        tally.add(placement.amounts.open())?;
    }
    Ok(tally)
}

impl Tally {
    fn add(&mut self, amount: Money) -> Result<(), MoneyError> {
        let currency = amount.currency();
        let sum = self
            .amounts
            .entry(currency)
            .or_insert(Money::zero(currency));
        *sum = sum.checked_add(amount)?;
        self.placement_count = self.placement_count.saturating_add(1);
        Ok(())
    }

    /// Whether both say the same; a currency with nothing in it is as good as none.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        let something = |tally: &Self| -> BTreeMap<Currency, Money> {
            let mut amounts = tally.amounts.clone();
            amounts.retain(|_, amount| !amount.is_zero());
            amounts
        };
        self.placement_count == other.placement_count && something(self) == something(other)
    }
}

impl PlacementBatch {
    /// A batch of `placements`, which [`check_batch`] found fit; each then joins it.
    #[must_use]
    pub fn create(
        placement_batch_id: PlacementBatchId,
        agency_id: AgencyId,
        batch_number: i32,
        placement_count: i32,
        created_by: &str,
        at: Timestamp,
    ) -> Self {
        Self {
            placement_batch_id,
            agency_id,
            batch_number,
            state: PlacementBatchState::Placing,
            placement_count,
            withdrawn_count: 0,
            invoice_count: 0,
            handed_over: Tally::default(),
            created_time: at,
            created_by: created_by.to_owned(),
            placed_time: None,
            acknowledged_time: None,
            acknowledgement: None,
            version: 1,
        }
    }

    /// Placements that are still on their way.
    #[must_use]
    pub fn pending_count(&self) -> i32 {
        let settled = self.handed_over.placement_count;
        let settled = settled.saturating_add(self.withdrawn_count);
        self.placement_count.saturating_sub(settled)
    }

    /// One of its placements became ACTIVE or WITHDRAWN. When it was the last, render the file and
    /// [`place`](Self::place).
    ///
    /// # Errors
    /// [`BatchError::NothingPending`], [`BatchError::Money`].
    pub fn settle(&mut self, settled: Settled) -> Result<(), BatchError> {
        if self.pending_count() <= 0 {
            return Err(BatchError::NothingPending);
        }
        match settled {
            Settled::Active {
                invoice_count,
                placed,
            } => {
                self.handed_over.add(placed)?;
                self.invoice_count = self.invoice_count.saturating_add(invoice_count);
            }
            Settled::Withdrawn => self.withdrawn_count = self.withdrawn_count.saturating_add(1),
        }
        self.version = self.version.saturating_add(1);
        Ok(())
    }

    /// Every placement is settled and the file stands.
    ///
    /// # Errors
    /// [`BatchError::NotPlaced`] while one is on its way; [`BatchError::OtherFile`] when count or
    /// sums of the file are not the batch's.
    pub fn place(&mut self, file: &BatchFile, at: Timestamp) -> Result<Event, BatchError> {
        if self.pending_count() > 0 {
            return Err(BatchError::NotPlaced);
        }
        if !file.tally.agrees_with(&self.handed_over) || file.row_count != self.invoice_count {
            return Err(BatchError::OtherFile);
        }
        self.state = PlacementBatchState::Placed;
        self.placed_time = Some(at);
        Ok(self.announce(Fact::PlacementBatchPlaced {
            agency_id: self.agency_id,
            batch_number: self.batch_number,
            active_count: self.handed_over.placement_count,
            withdrawn_count: self.withdrawn_count,
            invoice_count: self.invoice_count,
            placed_amounts: self.handed_over.amounts.values().copied().collect(),
            sha256_hex: file.sha256_hex.clone(),
        }))
    }

    /// Compares what the agency says it has with what was handed over (AY-2).
    ///
    /// # Errors
    /// [`BatchError::NotPlaced`], [`BatchError::Acknowledged`].
    pub fn acknowledge(&mut self, said: Tally, at: Timestamp) -> Result<Event, BatchError> {
        match self.state {
            PlacementBatchState::Placing => return Err(BatchError::NotPlaced),
            PlacementBatchState::Acknowledged => return Err(BatchError::Acknowledged),
            PlacementBatchState::Placed | PlacementBatchState::Mismatched => {}
        }
        self.state = match said.agrees_with(&self.handed_over) {
            true => PlacementBatchState::Acknowledged,
            false => PlacementBatchState::Mismatched,
        };
        self.acknowledged_time = Some(at);
        self.acknowledgement = Some(said.clone());
        Ok(self.announce(Fact::PlacementBatchAcknowledged {
            agency_id: self.agency_id,
            state: self.state,
            acknowledgement: said,
            handed_over: self.handed_over.clone(),
        }))
    }

    fn announce(&mut self, fact: Fact) -> Event {
        self.version = self.version.saturating_add(1);
        Event {
            subject: Subject::PlacementBatch(self.placement_batch_id),
            subject_version: self.version,
            fact,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::batch_file::render;
    use crate::domain::batch_file::tests::row;
    use crate::domain::commission_schedule::tests::{amount, euro};
    use crate::domain::identity::PlacementBatchId;
    use crate::domain::placement::tests::{Setup, agency, approved};

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn batch(placement_count: i32) -> PlacementBatch {
        let id = PlacementBatchId::new(Uuid::from_u128(5));
        PlacementBatch::create(id, agency().agency_id, 12, placement_count, "ada", AT)
    }

    fn tally(placement_count: i32, amounts: &[Money]) -> Tally {
        Tally {
            placement_count,
            amounts: amounts.iter().map(|sum| (sum.currency(), *sum)).collect(),
        }
    }

    /// One placement with an invoice became ACTIVE, one was withdrawn.
    fn placed() -> PlacementBatch {
        let mut batch = batch(2);
        let active = Settled::Active {
            invoice_count: 1,
            placed: euro("110.50"),
        };
        batch.settle(Settled::Withdrawn).unwrap();
        let file = render(&[row()]).unwrap();
        assert_eq!(batch.place(&file, AT), Err(BatchError::NotPlaced));
        batch.settle(active).unwrap();
        assert_eq!(batch.settle(active), Err(BatchError::NothingPending));
        batch.place(&file, AT).unwrap();
        batch
    }

    #[test]
    fn a_batch_is_placed_when_the_last_placement_is_settled() {
        let batch = placed();
        assert_eq!(batch.state, PlacementBatchState::Placed);
        assert_eq!((batch.pending_count(), batch.withdrawn_count), (0, 1));
        assert_eq!(batch.handed_over, tally(1, &[euro("110.50")]));
    }

    #[test]
    fn a_batch_is_not_placed_with_another_file() {
        let mut empty = batch(1);
        empty.settle(Settled::Withdrawn).unwrap();
        let file = render(&[row()]).unwrap();
        assert_eq!(empty.place(&file, AT), Err(BatchError::OtherFile));
        let nothing = render(&[]).unwrap();
        assert!(empty.place(&nothing, AT).is_ok());
    }

    #[test]
    fn ay_2_the_acknowledgement_reconciles_count_and_sum() {
        let said = |batch: &mut PlacementBatch, said: Tally| {
            batch.acknowledge(said, AT).map(|_| batch.state)
        };
        let mut batch = placed();
        let wrong = [
            tally(2, &[euro("110.50")]),
            tally(1, &[euro("110.49")]),
            tally(1, &[euro("110.50"), amount("1", "JPY")]),
            tally(1, &[]),
        ];
        for wrong in wrong {
            assert_eq!(said(&mut batch, wrong), Ok(PlacementBatchState::Mismatched));
        }
        let right = tally(1, &[euro("110.50"), amount("0", "JPY")]);
        assert_eq!(
            said(&mut batch, right.clone()),
            Ok(PlacementBatchState::Acknowledged)
        );
        assert_eq!(said(&mut batch, right), Err(BatchError::Acknowledged));
    }

    #[test]
    fn ay_2_nothing_is_acknowledged_that_was_not_handed_over() {
        let said = batch(1).acknowledge(tally(1, &[]), AT);
        assert_eq!(said, Err(BatchError::NotPlaced));
    }

    #[test]
    fn a_batch_is_made_of_approved_placements_of_one_agency() {
        let one = approved(&Setup::default()).placement;
        let with = |change: fn(&mut Placement)| {
            let mut other = one.clone();
            change(&mut other);
            check_batch(&agency(), &[one.clone(), other])
        };
        let sums = with(|_| {}).unwrap();
        assert_eq!(sums, tally(2, &[euro("2000.00")]));
        let ids = vec![one.placement_id];
        assert_eq!(
            with(|other| other.agency_id = AgencyId::new(Uuid::nil())),
            Err(BatchError::OfOtherAgency(ids.clone()))
        );
        assert_eq!(
            with(|other| other.state = PlacementState::Proposed),
            Err(BatchError::NotApproved(ids.clone()))
        );
        let taken = with(|other| {
            other
                .join_batch(PlacementBatchId::new(Uuid::nil()))
                .unwrap();
        });
        assert_eq!(taken, Err(BatchError::InBatch(ids)));
        assert_eq!(
            check_batch(&agency(), &[]),
            Err(BatchError::NothingApproved)
        );
        let mut suspended = agency();
        suspended.suspend(String::new(), "ada").unwrap();
        let refused = check_batch(&suspended, std::slice::from_ref(&one));
        assert_eq!(refused, Err(BatchError::AgencySuspended));
    }
}
