//! Owns the entries of what an agency earned: one a payment, never changed, and one of the opposite
//! sign when a payment is taken back. In net and gross remittances alike the debtor is credited in
//! full: commission is our cost (AY-6). Must not know rates; the placement's terms do.
//!
//! What a net remittance keeps back is what the agency has, whatever the terms say; both stand in
//! the entry, and the difference is to be settled with the agency.

use calendar::{Date, DateOutOfRange, Timestamp, add_days};
use money::{Money, MoneyError};

use super::agreement::RemittanceMode;
use super::commission_schedule::CommissionMethod;
use super::commission_terms::CommissionTerms;
use super::decision::{Decision, Reasoning, Stamp};
use super::event::{Event, Fact};
use super::identity::{
    AgencyId, AgreementId, ApplicationId, CommissionId, DecisionId, PlacementId, ReceiptId,
    RemittanceLineId,
};
use super::named::named;
use super::placement::{DirectPayment, Placement, PlacementError};

named! {
    /// What a commission is for.
    pub enum CommissionSource {
        /// Money that came in a remittance.
        Remittance = "REMITTANCE",
        /// Money that the debtor paid us directly while the debt was placed.
        DirectPayment = "DIRECT_PAYMENT",
        /// A payment of either kind that was taken back.
        Reversal = "REVERSAL",
    }
}

named! {
    /// How an agency gets its commission.
    pub enum CommissionSettlement {
        /// It has kept it back.
        KeptBack = "KEPT_BACK",
        /// It invoices it.
        Invoiced = "INVOICED",
    }
}

named! {
    /// Whether a payment earns commission by its day; the outcome of the decision.
    pub enum CommissionGround {
        /// It does.
        Due = "COMMISSION_DUE",
        /// It was paid within the final demand (AY-3).
        FinalDemand = "FINAL_DEMAND",
        /// It was paid later after the recall than was agreed (AY-7).
        AfterTail = "AFTER_TAIL",
    }
}

/// What an agency earned on one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commission {
    /// Identity.
    pub commission_id: CommissionId,
    /// The agency.
    pub agency_id: AgencyId,
    /// The placement.
    pub placement_id: PlacementId,
    /// The agreement under which it was placed.
    pub agreement_id: AgreementId,
    /// What it is for.
    pub source: CommissionSource,
    /// The line of a remittance; none for a direct payment.
    pub remittance_line_id: Option<RemittanceLineId>,
    /// The receipt.
    pub receipt_id: ReceiptId,
    /// The application of a direct payment; none for a line.
    pub application_id: Option<ApplicationId>,
    /// The entry that this one takes back.
    pub reversed_commission_id: Option<CommissionId>,
    /// What was paid; negative where it was taken back.
    pub base_amount: Money,
    /// What the agency earned; negative where it was taken back.
    pub amount: Money,
    /// What the terms say.
    pub agreed_amount: Money,
    /// How the agency gets it.
    pub settlement: CommissionSettlement,
    /// Whether the payment earns by its day, and so fills marginal slices.
    pub earns: bool,
    /// The day of the payment; of a reversal, the day on which it was taken back.
    pub paid_date: Date,
    /// When it was booked.
    pub booked_time: Timestamp,
    /// Why.
    pub decision_id: DecisionId,
}

/// Identity of an entry to be booked, and of its decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommissionStamp {
    /// Identity of the entry.
    pub commission_id: CommissionId,
    /// Identity and instant of its decision; the instant of booking.
    pub decision: Stamp,
}

/// A payment that came in a remittance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemittedPayment {
    /// The line.
    pub remittance_line_id: RemittanceLineId,
    /// The receipt.
    pub receipt_id: ReceiptId,
    /// Whether the agency has kept its commission back.
    pub mode: RemittanceMode,
    /// What the debtor paid.
    pub gross: Money,
    /// What the agency kept back; nothing in a gross remittance.
    pub kept_back: Money,
    /// When the debtor paid.
    pub paid_date: Date,
}

impl Commission {
    /// The entry for money that came in a remittance, also where nothing is due on it.
    ///
    /// # Errors
    /// [`PlacementError::NeverActive`]; [`PlacementError::Money`] for another currency.
    pub fn on_remittance(
        placement: &Placement,
        payment: &RemittedPayment,
        stamp: CommissionStamp,
    ) -> Result<(Self, Decision), PlacementError> {
        let terms = terms_of(placement)?;
        let judged = Judged::by_day(placement, terms, payment.gross, payment.paid_date)?;
        let (amount, settlement) = match payment.mode {
            RemittanceMode::Net => (payment.kept_back, CommissionSettlement::KeptBack),
            RemittanceMode::Gross => (judged.agreed, CommissionSettlement::Invoiced),
        };
        let decision = judged.explain(terms, payment.gross, amount, stamp.decision);
        let commission = Self {
            commission_id: stamp.commission_id,
            agency_id: placement.agency_id,
            placement_id: placement.placement_id,
            agreement_id: terms.agreement_id,
            source: CommissionSource::Remittance,
            remittance_line_id: Some(payment.remittance_line_id),
            receipt_id: payment.receipt_id,
            application_id: None,
            reversed_commission_id: None,
            base_amount: payment.gross,
            amount,
            agreed_amount: judged.agreed,
            settlement,
            earns: judged.ground == CommissionGround::Due,
            paid_date: payment.paid_date,
            booked_time: stamp.decision.decided_time,
            decision_id: decision.decision_id,
        };
        Ok((commission, decision))
    }

    /// The entry for what the debtor paid us while the debt was placed (AY-6); none where direct
    /// payments do not count, or this one was paid before the placement.
    ///
    /// # Errors
    /// [`PlacementError::NeverActive`]; [`PlacementError::Money`].
    pub fn on_direct_payment(
        placement: &Placement,
        payment: &DirectPayment,
        stamp: CommissionStamp,
    ) -> Result<Option<(Self, Decision)>, PlacementError> {
        let terms = terms_of(placement)?;
        let while_placed = placement
            .placement_date
            .is_some_and(|day| day <= payment.date);
        if !terms.counts_direct_payments || !while_placed {
            return Ok(None);
        }
        let judged = Judged::by_day(placement, terms, payment.amount, payment.date)?;
        let decision = judged.explain(terms, payment.amount, judged.agreed, stamp.decision);
        let commission = Self {
            commission_id: stamp.commission_id,
            agency_id: placement.agency_id,
            placement_id: placement.placement_id,
            agreement_id: terms.agreement_id,
            source: CommissionSource::DirectPayment,
            remittance_line_id: None,
            receipt_id: payment.receipt_id,
            application_id: Some(payment.application_id),
            reversed_commission_id: None,
            base_amount: payment.amount,
            amount: judged.agreed,
            agreed_amount: judged.agreed,
            settlement: CommissionSettlement::Invoiced,
            earns: judged.ground == CommissionGround::Due,
            paid_date: payment.date,
            booked_time: stamp.decision.decided_time,
            decision_id: decision.decision_id,
        };
        Ok(Some((commission, decision)))
    }

    /// The entry of the opposite sign, for a payment that was taken back on `date`. What was kept
    /// back is owed to us again, to the cent. With slices the terms give back what the commission on
    /// the whole falls by, so that the entries go on adding up (AY-5).
    ///
    /// # Errors
    /// [`PlacementError::NeverActive`]; [`PlacementError::Money`].
    pub fn take_back(
        &self,
        placement: &Placement,
        date: Date,
        stamp: CommissionStamp,
    ) -> Result<(Self, Decision), PlacementError> {
        let terms = terms_of(placement)?;
        let base_amount = self.base_amount.negated();
        let agreed_amount = match (self.earns, terms.method) {
            (true, CommissionMethod::Marginal) => {
                terms.on_payment(placement.commissioned_amount, base_amount)?
            }
            _ => self.agreed_amount.negated(),
        };
        let amount = match self.settlement {
            CommissionSettlement::KeptBack => self.amount.negated(),
            CommissionSettlement::Invoiced => agreed_amount,
        };
        let mut reasoning = Reasoning::new();
        reasoning.rule(
            "AY-5",
            true,
            "the payment was taken back, and its commission with it",
        );
        reasoning.fact("reversed_commission", self.commission_id);
        reasoning.fact("base_amount", base_amount);
        reasoning.fact("agreed_amount", agreed_amount);
        let decision = reasoning.conclude(stamp.decision, "", "TAKEN_BACK");
        let reversal = Self {
            commission_id: stamp.commission_id,
            source: CommissionSource::Reversal,
            reversed_commission_id: Some(self.commission_id),
            base_amount,
            amount,
            agreed_amount,
            paid_date: date,
            booked_time: stamp.decision.decided_time,
            decision_id: decision.decision_id,
            ..self.clone()
        };
        Ok((reversal, decision))
    }

    /// What the agency has less what the terms say: to be settled with it.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn difference(&self) -> Result<Money, MoneyError> {
        self.amount.checked_sub(self.agreed_amount)
    }
}

impl Placement {
    /// Books an entry: what the agency earned on it, and what fills its slices.
    ///
    /// # Errors
    /// [`PlacementError::Money`].
    pub fn book_commission(
        &mut self,
        commission: &Commission,
        decision: Decision,
    ) -> Result<Event, PlacementError> {
        self.commission_amount = self.commission_amount.checked_add(commission.amount)?;
        if commission.earns {
            let earned_on = self
                .commissioned_amount
                .checked_add(commission.base_amount)?;
            self.commissioned_amount = earned_on;
        }
        Ok(self.announce(Fact::CommissionBooked {
            placement: self.reference(),
            commission: Box::new(commission.clone()),
            decision,
        }))
    }
}

fn terms_of(placement: &Placement) -> Result<&CommissionTerms, PlacementError> {
    let terms = placement.commission_terms.as_ref();
    terms.ok_or(PlacementError::NeverActive)
}

/// A payment judged by its day, and what the terms say to it.
struct Judged {
    ground: CommissionGround,
    agreed: Money,
    reasoning: Reasoning,
}

impl Judged {
    fn by_day(
        placement: &Placement,
        terms: &CommissionTerms,
        payment: Money,
        paid_date: Date,
    ) -> Result<Self, PlacementError> {
        let ground = ground(placement, terms, paid_date)?;
        let before = placement.commissioned_amount;
        let agreed = match ground {
            CommissionGround::Due => terms.on_payment(before, payment)?,
            CommissionGround::FinalDemand | CommissionGround::AfterTail => {
                Money::zero(payment.currency())
            }
        };
        let mut reasoning = Reasoning::new();
        let in_time = ground != CommissionGround::FinalDemand;
        reasoning.rule(
            "AY-3",
            in_time,
            "paid after the final demand, if there was one",
        );
        let in_tail = ground != CommissionGround::AfterTail;
        reasoning.rule(
            "AY-7",
            in_tail,
            "paid while placed, or soon enough after a recall",
        );
        reasoning.fact("paid_date", paid_date);
        reasoning.fact_if_known("final_demand_date", terms.final_demand_date);
        let recalled = placement.recall.as_ref();
        reasoning.fact_if_known("recall_date", recalled.map(|recall| recall.requested_date));
        reasoning.fact("tail_days", terms.tail_days);
        reasoning.fact("commissioned_before", before);
        Ok(Self {
            ground,
            agreed,
            reasoning,
        })
    }

    fn explain(
        &self,
        terms: &CommissionTerms,
        base: Money,
        amount: Money,
        stamp: Stamp,
    ) -> Decision {
        let slices = terms.slices.iter();
        let rates = slices.map(|slice| format!("{} from {}", slice.rate, slice.from_amount));
        let rates: Vec<String> = rates.collect();
        let due = self.ground == CommissionGround::Due;
        let mut reasoning = self.reasoning.clone();
        reasoning.rule("AY-5", due, format!("rates: {}", rates.join(", ")));
        reasoning.fact("base_amount", base);
        reasoning.fact("agreed_amount", self.agreed);
        reasoning.fact("amount", amount);
        reasoning.conclude(stamp, "", self.ground.name())
    }
}

fn ground(
    placement: &Placement,
    terms: &CommissionTerms,
    paid_date: Date,
) -> Result<CommissionGround, DateOutOfRange> {
    if terms
        .final_demand_date
        .is_some_and(|last| paid_date <= last)
    {
        return Ok(CommissionGround::FinalDemand);
    }
    let Some(recall) = &placement.recall else {
        return Ok(CommissionGround::Due);
    };
    let last = add_days(recall.requested_date, terms.tail_days)?;
    Ok(match paid_date <= last {
        true => CommissionGround::Due,
        false => CommissionGround::AfterTail,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::domain::commission_schedule::CommissionTier;
    use crate::domain::commission_schedule::tests::{below, between, euro, schedule, tier};
    use crate::domain::commission_terms::tests::stamp;
    use crate::domain::placement::RecallReason;
    use crate::domain::placement::tests::{Setup, active};

    pub(crate) fn commission_stamp(number: u128) -> CommissionStamp {
        CommissionStamp {
            commission_id: CommissionId::new(Uuid::from_u128(0xE0_0000 + number)),
            decision: stamp(number),
        }
    }

    fn with(method: CommissionMethod, tiers: &[CommissionTier]) -> Setup {
        Setup {
            schedule: schedule(method, tiers).unwrap(),
            ..Setup::default()
        }
    }

    /// 50% below 300, then 28%; placed with 1 000.00.
    fn marginal() -> Placement {
        let tiers = [
            below("300.00", "0.5"),
            between("300.00", "2000.00", "0.28"),
            tier("0.2"),
        ];
        active(&with(CommissionMethod::Marginal, &tiers)).placement
    }

    fn flat() -> Setup {
        with(CommissionMethod::WholeBalance, &[tier("0.25")])
    }

    pub(crate) fn remitted(number: u128, gross: &str, kept: Option<&str>) -> RemittedPayment {
        RemittedPayment {
            remittance_line_id: RemittanceLineId::new(Uuid::from_u128(0xF0_0000 + number)),
            receipt_id: ReceiptId::new(Uuid::from_u128(0xA0_0000 + number)),
            mode: kept.map_or(RemittanceMode::Gross, |_| RemittanceMode::Net),
            gross: euro(gross),
            kept_back: euro(kept.unwrap_or("0.00")),
            paid_date: date(2026, 4, 1),
        }
    }

    fn direct(amount: &str, day: Date) -> DirectPayment {
        DirectPayment {
            receipt_id: ReceiptId::new(Uuid::from_u128(7)),
            application_id: ApplicationId::new(Uuid::from_u128(8)),
            amount: euro(amount),
            date: day,
            invoice_ids: vec![],
        }
    }

    fn book(placement: &mut Placement, booked: (Commission, Decision)) -> Commission {
        let (commission, decision) = booked;
        placement.book_commission(&commission, decision).unwrap();
        commission
    }

    fn on(placement: &Placement, payment: &RemittedPayment) -> (Commission, Decision) {
        Commission::on_remittance(placement, payment, commission_stamp(1)).unwrap()
    }

    #[test]
    fn ay_6_net_keeps_back_and_gross_is_invoiced_of_the_same_full_payment() {
        let placement = active(&flat()).placement;
        let (gross, _) = on(&placement, &remitted(1, "200.00", None));
        assert_eq!(
            (gross.base_amount, gross.amount),
            (euro("200.00"), euro("50.00"))
        );
        assert_eq!(gross.settlement, CommissionSettlement::Invoiced);
        let (net, _) = on(&placement, &remitted(1, "200.00", Some("60.00")));
        assert_eq!(
            (net.base_amount, net.amount),
            (euro("200.00"), euro("60.00"))
        );
        assert_eq!(net.agreed_amount, euro("50.00"));
        assert_eq!(net.difference(), Ok(euro("10.00")));
        assert_eq!(net.settlement, CommissionSettlement::KeptBack);
    }

    #[test]
    fn ay_6_direct_payments_earn_by_agreement_and_only_while_placed() {
        let placement = active(&flat()).placement;
        let earn = |placement: &Placement, day| {
            let payment = direct("100.00", day);
            let entry = Commission::on_direct_payment(placement, &payment, commission_stamp(1));
            entry.unwrap().map(|(commission, _)| commission.amount)
        };
        // Placed on 2026-03-01.
        assert_eq!(earn(&placement, date(2026, 3, 1)), Some(euro("25.00")));
        assert_eq!(earn(&placement, date(2026, 2, 28)), None);
        let mut not_counted = flat();
        not_counted.terms.commission_on_direct_payments = false;
        let placement = active(&not_counted).placement;
        assert_eq!(earn(&placement, date(2026, 3, 1)), None);
    }

    #[test]
    fn ay_3_what_is_paid_within_the_final_demand_is_free_and_fills_no_slice() {
        let mut setup = flat();
        setup.terms.final_demand_days = 10;
        let mut placement = active(&setup).placement;
        let mut payment = remitted(1, "200.00", None);
        payment.paid_date = date(2026, 3, 11);
        let free = on(&placement, &payment);
        assert_eq!(free.1.outcome, "FINAL_DEMAND");
        let free = book(&mut placement, free);
        assert_eq!((free.amount, free.earns), (euro("0.00"), false));
        assert_eq!(placement.commissioned_amount, euro("0.00"));
        payment.paid_date = date(2026, 3, 12);
        assert_eq!(on(&placement, &payment).0.amount, euro("50.00"));
        // What a net remittance keeps back all the same is to be settled.
        payment = remitted(2, "200.00", Some("50.00"));
        payment.paid_date = date(2026, 3, 11);
        assert_eq!(on(&placement, &payment).0.difference(), Ok(euro("50.00")));
    }

    #[test]
    fn ay_7_late_money_after_a_recall_earns_as_long_as_was_agreed() {
        let mut setup = flat();
        setup.terms.commission_tail_days = 30;
        let mut placement = active(&setup).placement;
        let zone = calendar::Zone::utc();
        let at = "2026-04-10T12:00:00Z".parse().unwrap();
        placement
            .recall(RecallReason::ClientDecision, None, 0, "ada", &zone, at)
            .unwrap();
        let mut payment = remitted(1, "200.00", None);
        payment.paid_date = date(2026, 5, 10);
        assert_eq!(on(&placement, &payment).0.amount, euro("50.00"));
        payment.paid_date = date(2026, 5, 11);
        let (late, decision) = on(&placement, &payment);
        assert_eq!(
            (late.amount, decision.outcome.as_str()),
            (euro("0.00"), "AFTER_TAIL")
        );
    }

    #[test]
    fn ay_5_entries_add_up_to_the_commission_on_the_whole_also_after_a_reversal() {
        let mut placement = marginal();
        let first = on(&placement, &remitted(1, "250.00", None));
        let first = book(&mut placement, first);
        let second = on(&placement, &remitted(2, "150.00", None));
        let second = book(&mut placement, second);
        // 125.00, then 50 at 50% and 100 at 28%.
        assert_eq!(
            (first.amount, second.amount),
            (euro("125.00"), euro("53.00"))
        );
        let back = first
            .take_back(&placement, date(2026, 5, 1), commission_stamp(3))
            .unwrap();
        let back = book(&mut placement, back);
        // What stays is 150.00, all of it in the first slice: 75.00.
        assert_eq!(back.amount, euro("-103.00"));
        assert_eq!(placement.commission_amount, euro("75.00"));
        assert_eq!(placement.commissioned_amount, euro("150.00"));
        assert_eq!(back.reversed_commission_id, Some(first.commission_id));
        assert_eq!(back.paid_date, date(2026, 5, 1));
    }

    #[test]
    fn what_was_kept_back_is_owed_to_us_again_to_the_cent() {
        let mut placement = active(&flat()).placement;
        let kept = on(&placement, &remitted(1, "200.00", Some("60.00")));
        let kept = book(&mut placement, kept);
        let back = kept
            .take_back(&placement, date(2026, 5, 1), commission_stamp(2))
            .unwrap();
        let back = book(&mut placement, back);
        assert_eq!(
            (back.amount, back.agreed_amount),
            (euro("-60.00"), euro("-50.00"))
        );
        assert_eq!(placement.commission_amount, euro("0.00"));
        assert_eq!(placement.commissioned_amount, euro("0.00"));
    }

    #[test]
    fn nothing_is_earned_on_what_was_never_placed() {
        let setup = flat();
        let placement = crate::domain::placement::tests::approved(&setup).placement;
        let refused =
            Commission::on_remittance(&placement, &remitted(1, "1.00", None), commission_stamp(1));
        assert_eq!(refused, Err(PlacementError::NeverActive));
    }
}
