//! Owns what a customer's debts in one currency come to under the placement policy: which rule
//! proposes them, what keeps them back, who gets them, and why. Must not look anything up: what is
//! known of debtor and debts is given, so that a preview and a run answer alike.

use std::collections::BTreeSet;

use calendar::{Date, is_overdue};
use money::{Currency, Money, MoneyError};

use super::allocation::{Choice, Ground, choose};
use super::debt::{Debt, Debtor};
use super::decision::{Decision, Reasoning, Stamp};
use super::excluded_fact::{ExcludedFact, Exclusions};
use super::identity::{AgencyId, InvoiceId};
use super::named::named;
use super::placement::MAX_INVOICES;
use super::placement_policy::PolicyInForce;
use super::placement_rule::PlacementRule;

named! {
    /// What a customer came to in a currency.
    pub enum ProposalOutcome {
        /// A placement is, or would be, proposed.
        Proposed = "PROPOSED",
        /// A rule would have proposed one; an excluded fact keeps it back.
        Excluded = "EXCLUDED",
        /// Something is overdue and no rule fits.
        NoRule = "NO_RULE",
        /// A placement waits for approval, or to be placed, already.
        AlreadyProposed = "ALREADY_PROPOSED",
    }
}

/// A customer's debts in one currency.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The customer.
    pub debtor: &'a Debtor,
    /// The currency of all the debts.
    pub currency: Currency,
    /// The debts, in any order.
    pub debts: &'a [Debt],
    /// Whether a placement of this customer and currency is PROPOSED or APPROVED.
    pub waiting: bool,
    /// The agencies that take placements and have an agreement for the currency today.
    pub available: &'a BTreeSet<AgencyId>,
}

/// What a candidate came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The outcome.
    pub outcome: ProposalOutcome,
    /// The agency; none where none was chosen.
    pub agency_id: Option<AgencyId>,
    /// The invoices to be placed, the oldest first, at most as many as a placement has; with
    /// EXCLUDED those that were kept back.
    pub invoice_ids: Vec<InvoiceId>,
    /// What is owed on them.
    pub amount: Money,
    /// Why.
    pub decision: Decision,
}

/// Why a placement cannot be proposed by hand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProposalError {
    /// Facts forbid it (PLACEMENT_EXCLUDED; the metadata `facts` names them).
    #[error("a fact forbids the placement")]
    Excluded(BTreeSet<ExcludedFact>),
    /// The invoices are in several currencies (CURRENCY_MISMATCH).
    #[error("the invoices are in several currencies")]
    CurrencyMismatch,
    /// An invoice of somebody else (INVOICE_NOT_FOUND).
    #[error("invoice {0} is not the customer's")]
    OtherCustomer(InvoiceId),
    /// None, more than 500, or one twice: malformed.
    #[error("a placement has 1 to 500 invoices, each once")]
    InvoiceCount,
    /// Sums that no amount can hold.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Judges a candidate on a day: the rules are asked in order and the first that fits proposes.
/// Nothing is answered where nothing is overdue.
///
/// A rule whose invoices an excluded fact keeps back does not end the asking: a later rule may be
/// for other invoices.
///
/// # Errors
/// [`MoneyError`] for debts of several currencies.
pub fn judge(
    policy: PolicyInForce<'_>,
    candidate: &Candidate<'_>,
    run_date: Date,
    stamp: Stamp,
) -> Result<Option<Judgement>, MoneyError> {
    let is_due = |debt: &&Debt| {
        let due = debt.balance.oldest_due_date;
        due.is_some_and(|due| is_overdue(due, run_date))
    };
    let mut overdue: Vec<&Debt> = candidate.debts.iter().filter(is_due).collect();
    if overdue.is_empty() {
        return Ok(None);
    }
    overdue.sort_by_key(|debt| debt.oldest_first());
    let mut inquiry = Inquiry {
        candidate,
        exclusions: Exclusions::under(Some(policy)),
        reasoning: facts_of(candidate, &overdue, run_date)?,
        kept_back: Vec::new(),
    };
    if candidate.waiting {
        let why = "a placement of this customer and currency waits already";
        inquiry.reasoning.rule("one-at-a-time", true, why);
        let outcome = ProposalOutcome::AlreadyProposed;
        return inquiry
            .conclude(policy, outcome, None, &[], stamp)
            .map(Some);
    }
    for rule in &policy.definition.rules {
        if let Some((agency, debts)) = inquiry.ask(rule, &overdue, run_date)? {
            let outcome = ProposalOutcome::Proposed;
            let proposed = inquiry.conclude(policy, outcome, Some(agency), &debts, stamp);
            return proposed.map(Some);
        }
    }
    let kept_back = std::mem::take(&mut inquiry.kept_back);
    let outcome = match kept_back.is_empty() {
        true => ProposalOutcome::NoRule,
        false => ProposalOutcome::Excluded,
    };
    inquiry
        .conclude(policy, outcome, None, &kept_back, stamp)
        .map(Some)
}

/// Judges debts that a person wants to place: not bound by what the rules ask for, but by the facts
/// that forbid. The decision shows every rule all the same.
///
/// # Errors
/// [`ProposalError`].
pub fn judge_by_hand(
    policy: Option<PolicyInForce<'_>>,
    debtor: &Debtor,
    debts: &[Debt],
    today: Date,
    stamp: Stamp,
) -> Result<Decision, ProposalError> {
    let currency = check_one_customers(debtor, debts)?;
    let exclusions = Exclusions::under(policy);
    let mut forbidden = BTreeSet::new();
    for debt in debts {
        forbidden.extend(exclusions.bearing_on(&debt.balance, Some(&debt.holds), debt.placed));
    }
    let debts: Vec<&Debt> = debts.iter().collect();
    let amount = open_on(currency, &debts)?;
    if exclusions.cash_covers(debtor.unapplied_in(currency), amount) {
        forbidden.insert(ExcludedFact::UnappliedCashCovers);
    }
    if !forbidden.is_empty() {
        return Err(ProposalError::Excluded(forbidden));
    }
    let mut reasoning = Reasoning::new();
    for rule in policy.iter().flat_map(|policy| &policy.definition.rules) {
        let finding = rule.examine(debtor, &debts, today);
        let qualifying = open_on(currency, &finding.qualifying)?;
        let fits = finding.qualifying.len() == debts.len() && rule.reaches_minimum(qualifying)?;
        let why = explain_amount(finding.qualifying.len(), qualifying, rule.minimum(currency));
        reasoning.rule(rule.rule_code.clone(), fits, why);
    }
    reasoning.rule("by-hand", true, "a person wants it, and no fact forbids it");
    reasoning.fact("currency", currency);
    reasoning.fact("amount", amount);
    reasoning.fact("invoices", debts.len());
    let policy_version = exclusions.policy_version();
    Ok(reasoning.conclude(stamp, &policy_version, ProposalOutcome::Proposed.name()))
}

fn check_one_customers(debtor: &Debtor, debts: &[Debt]) -> Result<Currency, ProposalError> {
    let distinct: BTreeSet<InvoiceId> = debts.iter().map(|debt| debt.invoice_id).collect();
    let first = debts.first().ok_or(ProposalError::InvoiceCount)?;
    if debts.len() > MAX_INVOICES || distinct.len() != debts.len() {
        return Err(ProposalError::InvoiceCount);
    }
    let mut others = debts
        .iter()
        .filter(|debt| debt.customer_id != debtor.customer_id);
    if let Some(other) = others.next() {
        return Err(ProposalError::OtherCustomer(other.invoice_id));
    }
    match debts.iter().all(|debt| debt.currency() == first.currency()) {
        true => Ok(first.currency()),
        false => Err(ProposalError::CurrencyMismatch),
    }
}

/// What is known of a candidate while its rules are asked.
struct Inquiry<'a> {
    candidate: &'a Candidate<'a>,
    exclusions: Exclusions,
    reasoning: Reasoning,
    /// What a rule would have proposed and a fact kept back: of the first such rule.
    kept_back: Vec<&'a Debt>,
}

impl<'a> Inquiry<'a> {
    /// Asks one rule; answers the agency and the debts if it proposes.
    fn ask(
        &mut self,
        rule: &PlacementRule,
        overdue: &[&'a Debt],
        run_date: Date,
    ) -> Result<Option<(AgencyId, Vec<&'a Debt>)>, MoneyError> {
        let currency = self.candidate.currency;
        let finding = rule.examine(self.candidate.debtor, overdue, run_date);
        if !finding.for_debtor {
            let why = "the rule is for other customers";
            self.reasoning.rule(rule.rule_code.clone(), false, why);
            return Ok(None);
        }
        let qualifying = finding.qualifying;
        let amount = open_on(currency, &qualifying)?;
        let why = explain_amount(qualifying.len(), amount, rule.minimum(currency));
        if !rule.reaches_minimum(amount)? {
            self.reasoning.rule(rule.rule_code.clone(), false, why);
            return Ok(None);
        }
        let Some(agency) = self.agency_of(rule) else {
            let why = format!("{why}, and no agency of the rule takes debts in {currency}");
            self.reasoning.rule(rule.rule_code.clone(), false, why);
            return Ok(None);
        };
        let mut left = self.without_excluded(&qualifying)?;
        left.truncate(MAX_INVOICES);
        let amount = open_on(currency, &left)?;
        let proposes = rule.reaches_minimum(amount)?;
        self.reasoning.rule(rule.rule_code.clone(), proposes, why);
        if !proposes {
            if self.kept_back.is_empty() {
                self.kept_back = qualifying;
            }
            return Ok(None);
        }
        self.explain_choice(agency);
        Ok(Some((agency.agency_id, left)))
    }

    fn agency_of(&self, rule: &PlacementRule) -> Option<Choice> {
        let debtor = self.candidate.debtor;
        choose(
            &rule.agency_shares,
            self.candidate.available,
            debtor.customer_id,
            debtor.running_agency,
        )
    }

    /// What no fact keeps back; none if the customer's own money covers all of it.
    fn without_excluded(&mut self, qualifying: &[&'a Debt]) -> Result<Vec<&'a Debt>, MoneyError> {
        let mut left = Vec::with_capacity(qualifying.len());
        for debt in qualifying {
            let holds = Some(&debt.holds);
            let facts = self
                .exclusions
                .bearing_on(&debt.balance, holds, debt.placed);
            for fact in &facts {
                let why = format!("invoice {} is kept back", debt.invoice_number);
                self.reasoning.rule(fact.name(), false, why);
            }
            if facts.is_empty() {
                left.push(*debt);
            }
        }
        let currency = self.candidate.currency;
        let unapplied = self.candidate.debtor.unapplied_in(currency);
        if self
            .exclusions
            .cash_covers(unapplied, open_on(currency, &left)?)
        {
            let covers = ExcludedFact::UnappliedCashCovers.name();
            let why = format!("{unapplied} that lower no invoice cover what would be placed");
            self.reasoning.rule(covers, false, why);
            left.clear();
        }
        Ok(left)
    }

    fn explain_choice(&mut self, choice: Choice) {
        let why = match choice.ground {
            Ground::Running => "it has a placement of the customer that runs".to_owned(),
            Ground::Share { weight, total } => {
                format!("the customer falls to it by {weight} of {total}")
            }
        };
        self.reasoning.rule("AY-9", true, why);
        self.reasoning.fact("agency", choice.agency_id);
    }

    fn conclude(
        self,
        policy: PolicyInForce<'_>,
        outcome: ProposalOutcome,
        agency_id: Option<AgencyId>,
        debts: &[&Debt],
        stamp: Stamp,
    ) -> Result<Judgement, MoneyError> {
        let mut reasoning = self.reasoning;
        let amount = open_on(self.candidate.currency, debts)?;
        reasoning.fact("amount", amount);
        reasoning.fact("invoices", debts.len());
        Ok(Judgement {
            outcome,
            agency_id,
            invoice_ids: debts.iter().map(|debt| debt.invoice_id).collect(),
            amount,
            decision: reasoning.conclude(stamp, &policy.name(), outcome.name()),
        })
    }
}

fn facts_of(
    candidate: &Candidate<'_>,
    overdue: &[&Debt],
    run_date: Date,
) -> Result<Reasoning, MoneyError> {
    let debtor = candidate.debtor;
    let mut reasoning = Reasoning::new();
    reasoning.fact("run_date", run_date);
    reasoning.fact("currency", candidate.currency);
    reasoning.fact("debtor_kind", debtor.kind);
    reasoning.fact("country", debtor.country);
    reasoning.fact("segment", &debtor.segment);
    reasoning.fact("unapplied", debtor.unapplied_in(candidate.currency));
    reasoning.fact("overdue_invoices", overdue.len());
    reasoning.fact("overdue_amount", open_on(candidate.currency, overdue)?);
    let oldest = overdue
        .first()
        .and_then(|debt| debt.balance.oldest_due_date);
    reasoning.fact_if_known("oldest_due_date", oldest);
    let level = overdue.iter().map(|debt| debt.ladder.level).max();
    reasoning.fact_if_known("highest_level", level);
    Ok(reasoning)
}

fn open_on(currency: Currency, debts: &[&Debt]) -> Result<Money, MoneyError> {
    let open: Result<Vec<Money>, _> = debts.iter().map(|debt| debt.balance.open.total()).collect();
    Money::sum(currency, open?)
}

fn explain_amount(count: usize, amount: Money, minimum: Money) -> String {
    format!("{count} invoices qualify and come to {amount}, at least {minimum} is asked")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::domain::commission_schedule::tests::euro;
    use crate::domain::commission_terms::tests::stamp;
    use crate::domain::debt::HoldReason;
    use crate::domain::debt::tests::{debt, debtor, invoice_id};
    use crate::domain::placement_policy::tests::{AGENCY, definition, rule};
    use crate::domain::placement_rule::PolicyDefinition;

    /// Debts due on 2026-01-31, judged in May.
    const RUN: Date = date(2026, 5, 1);

    struct Case {
        definition: PolicyDefinition,
        debtor: Debtor,
        debts: Vec<Debt>,
        waiting: bool,
        available: BTreeSet<AgencyId>,
    }

    fn case(debts: &[Debt]) -> Case {
        Case {
            definition: definition(),
            debtor: debtor(),
            debts: debts.to_vec(),
            waiting: false,
            available: BTreeSet::from([AGENCY]),
        }
    }

    impl Case {
        fn judge_on(&self, run_date: Date) -> Option<Judgement> {
            let candidate = Candidate {
                debtor: &self.debtor,
                currency: Currency::EUR,
                debts: &self.debts,
                waiting: self.waiting,
                available: &self.available,
            };
            let policy = PolicyInForce {
                version: 3,
                definition: &self.definition,
            };
            judge(policy, &candidate, run_date, stamp(1)).unwrap()
        }

        fn judge(&self) -> Judgement {
            self.judge_on(RUN).unwrap()
        }

        fn by_hand(&self) -> Result<Decision, ProposalError> {
            let policy = PolicyInForce {
                version: 3,
                definition: &self.definition,
            };
            judge_by_hand(Some(policy), &self.debtor, &self.debts, RUN, stamp(1))
        }
    }

    fn held(mut debt: Debt, reason: HoldReason) -> Debt {
        debt.holds.insert(reason);
        debt
    }

    #[test]
    fn what_qualifies_is_proposed_with_its_reasons() {
        let judged = case(&[debt(2, "20.00"), debt(1, "100.00"), debt(3, "0.00")]).judge();
        assert_eq!(judged.outcome, ProposalOutcome::Proposed);
        assert_eq!(judged.agency_id, Some(AGENCY));
        assert_eq!(judged.invoice_ids, [invoice_id(1), invoice_id(2)]);
        assert_eq!(judged.amount, euro("120.00"));
        let decision = judged.decision;
        assert_eq!(decision.outcome, "PROPOSED");
        assert_eq!(decision.policy_version, "placement-policy@3");
        let rules: Vec<_> = decision
            .rules
            .iter()
            .map(|rule| rule.rule_id.as_str())
            .collect();
        assert_eq!(rules, ["overdue", "AY-9"]);
        assert_eq!(
            decision.rules[0].explanation,
            "2 invoices qualify and come to 120.00 EUR, at least 0.00 EUR is asked"
        );
        assert_eq!(decision.facts["oldest_due_date"], "2026-01-31");
    }

    #[test]
    fn nothing_is_said_where_nothing_is_overdue() {
        let case = case(&[debt(1, "100.00")]);
        assert_eq!(case.judge_on(date(2026, 1, 31)), None);
        assert!(case.judge_on(date(2026, 2, 1)).is_some());
    }

    #[test]
    fn the_first_rule_that_fits_proposes() {
        let mut case = case(&[debt(1, "100.00")]);
        let mut large = rule("large");
        large.minimum_amounts = BTreeMap::from([(Currency::EUR, euro("100.01"))]);
        let mut consumers = rule("consumers");
        consumers.debtor_kinds = BTreeSet::from([crate::domain::debt::DebtorKind::Consumer]);
        case.definition.rules = vec![large, consumers, rule("any"), rule("never-asked")];
        let decision = case.judge().decision;
        let asked: Vec<_> = decision
            .rules
            .iter()
            .map(|rule| (rule.rule_id.as_str(), rule.passed))
            .collect();
        let expected = [
            ("large", false),
            ("consumers", false),
            ("any", true),
            ("AY-9", true),
        ];
        assert_eq!(asked, expected);
    }

    #[test]
    fn an_excluded_fact_keeps_back_its_invoices_and_the_rest_is_proposed() {
        let disputed = held(debt(1, "100.00"), HoldReason::Dispute);
        let mut case = case(&[disputed, debt(2, "20.00")]);
        case.definition.excluded_facts = BTreeSet::from([ExcludedFact::Dispute]);
        let judged = case.judge();
        assert_eq!(judged.outcome, ProposalOutcome::Proposed);
        assert_eq!(judged.invoice_ids, [invoice_id(2)]);
        let minimum = BTreeMap::from([(Currency::EUR, euro("50.00"))]);
        case.definition.rules[0].minimum_amounts = minimum;
        let judged = case.judge();
        assert_eq!(judged.outcome, ProposalOutcome::Excluded);
        assert_eq!(judged.amount, euro("120.00"));
        assert!(
            judged
                .decision
                .rules
                .iter()
                .any(|rule| rule.rule_id == "DISPUTE")
        );
    }

    #[test]
    fn a_kept_back_rule_does_not_stand_in_the_way_of_a_later_one() {
        let mut graver = held(debt(1, "100.00"), HoldReason::Promise);
        graver.ladder.level = 3;
        let mut case = case(&[graver, debt(2, "20.00")]);
        case.definition.excluded_facts = BTreeSet::from([ExcludedFact::Promise]);
        let mut third = rule("third-level");
        third.min_level = 3;
        case.definition.rules.insert(0, third);
        let judged = case.judge();
        assert_eq!(judged.outcome, ProposalOutcome::Proposed);
        assert_eq!(judged.invoice_ids, [invoice_id(2)]);
    }

    #[test]
    fn what_always_forbids_needs_no_policy() {
        let mut placed = debt(1, "100.00");
        placed.placed = true;
        let judged = case(&[placed]).judge();
        assert_eq!(judged.outcome, ProposalOutcome::Excluded);
        let dead = held(debt(1, "100.00"), HoldReason::Deceased);
        assert_eq!(case(&[dead]).judge().outcome, ProposalOutcome::Excluded);
    }

    #[test]
    fn unapplied_cash_that_covers_it_keeps_it_back() {
        let mut case = case(&[debt(1, "100.00")]);
        case.debtor.unapplied = BTreeMap::from([(Currency::EUR, euro("100.00"))]);
        assert_eq!(case.judge().outcome, ProposalOutcome::Proposed);
        case.definition.excluded_facts = BTreeSet::from([ExcludedFact::UnappliedCashCovers]);
        assert_eq!(case.judge().outcome, ProposalOutcome::Excluded);
        let covers = BTreeSet::from([ExcludedFact::UnappliedCashCovers]);
        assert_eq!(case.by_hand(), Err(ProposalError::Excluded(covers)));
    }

    #[test]
    fn a_waiting_placement_is_left_as_it_is() {
        let mut case = case(&[debt(1, "100.00")]);
        case.waiting = true;
        let judged = case.judge();
        assert_eq!(judged.outcome, ProposalOutcome::AlreadyProposed);
        assert!(judged.invoice_ids.is_empty());
    }

    #[test]
    fn without_an_agency_that_takes_it_no_rule_fits() {
        let mut case = case(&[debt(1, "100.00")]);
        case.available.clear();
        let judged = case.judge();
        assert_eq!(judged.outcome, ProposalOutcome::NoRule);
        assert!(
            judged.decision.rules[0]
                .explanation
                .ends_with("takes debts in EUR")
        );
    }

    #[test]
    fn a_placement_takes_the_500_oldest() {
        let mut debts: Vec<Debt> = (0..=500).map(|number| debt(number, "1.00")).collect();
        debts[0].balance.oldest_due_date = Some(date(2026, 2, 2));
        let judged = case(&debts).judge();
        assert_eq!(judged.invoice_ids.len(), 500);
        assert!(!judged.invoice_ids.contains(&invoice_id(0)));
        assert_eq!(judged.amount, euro("500.00"));
    }

    #[test]
    fn a_person_is_bound_by_facts_and_not_by_rules() {
        let mut case = case(&[debt(1, "100.00")]);
        case.definition.rules[0].min_level = 3;
        case.definition.excluded_facts = BTreeSet::from([ExcludedFact::Hardship]);
        let decision = case.by_hand().unwrap();
        assert_eq!(decision.rules[0].rule_id, "overdue");
        assert!(!decision.rules[0].passed);
        assert!(decision.rules[1].passed);
        case.debts = vec![
            held(debt(1, "100.00"), HoldReason::Hardship),
            held(debt(2, "100.00"), HoldReason::BreathingSpace),
        ];
        let facts = BTreeSet::from([ExcludedFact::Hardship, ExcludedFact::BreathingSpace]);
        assert_eq!(case.by_hand(), Err(ProposalError::Excluded(facts)));
    }

    #[test]
    fn a_person_names_invoices_of_one_customer_in_one_currency() {
        let mut case = case(&[]);
        assert_eq!(case.by_hand(), Err(ProposalError::InvoiceCount));
        case.debts = vec![debt(1, "1.00"), debt(1, "1.00")];
        assert_eq!(case.by_hand(), Err(ProposalError::InvoiceCount));
        let mut foreign = debt(2, "1.00");
        foreign.customer_id = super::super::identity::CustomerId::new(Uuid::from_u128(99));
        case.debts = vec![debt(1, "1.00"), foreign];
        assert_eq!(
            case.by_hand(),
            Err(ProposalError::OtherCustomer(invoice_id(2)))
        );
        let mut yen = debt(2, "1.00");
        yen.balance.open = crate::domain::debt::OpenParts::none(Currency::JPY);
        case.debts = vec![debt(1, "1.00"), yen];
        assert_eq!(case.by_hand(), Err(ProposalError::CurrencyMismatch));
    }
}
