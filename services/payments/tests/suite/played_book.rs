//! The book of the played invoicing: a handful of debts, an answer stored for ever under every id,
//! and the faults that a test asks for.

use std::collections::BTreeMap;

use contracts::common::ItemRefusal;
use contracts::convert::{date_to_wire, instant_to_wire, money_from_wire, money_to_wire};
use contracts::invoicing as wire;
use contracts::invoicing::apply_credits_result::Outcome;
use contracts::invoicing::credit_application::Target;
use contracts::invoicing::reverse_applications_result::Outcome as Reversed;
use jiff::civil::date;
use money::Money;
use payments::domain::CustomerId;
use runtime::Refusal;
use tonic::{Code, Response, Status};
use uuid::Uuid;

/// How invoicing fails, until it is told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not at all.
    None,
    /// It acts, and the reply is lost.
    LosesReplies,
    /// It does nothing, and the transport says so.
    IsDown,
    /// It does nothing, and says that it lost a race.
    IsBusy,
    /// It answers that every id was used before for something else, which it does not store.
    SaysReused,
    /// It does nothing and says nothing, until it is told otherwise.
    Hangs,
    /// It answers without answering for any item.
    SkipsItems,
    /// It acts, and claims another rest than what is left.
    Miscounts,
}

/// Something that is owed.
#[derive(Debug, Clone)]
pub struct Debt {
    pub invoice_id: Uuid,
    pub customer_id: CustomerId,
    pub open: Money,
}

/// What is owed, and every answer that was given.
#[derive(Debug)]
pub struct Book {
    pub debts: Vec<Debt>,
    pub applied: BTreeMap<String, (wire::CreditApplication, wire::ApplyCreditsResult)>,
    pub reversed: BTreeMap<String, (wire::ReversalOrder, wire::ReverseApplicationsResult)>,
    pub fault: Fault,
    pub asked: u32,
    pub failed: u32,
}

impl Book {
    pub fn begin(&mut self) -> Result<(), Status> {
        self.asked += 1;
        let status = match self.fault {
            Fault::IsDown => Status::unavailable("connection refused"),
            Fault::IsBusy => Refusal::stale("LOST_RACE").into_status("invoicing"),
            _ => return Ok(()),
        };
        self.failed += 1;
        Err(status)
    }

    pub fn reply<T>(&mut self, answer: T) -> Result<Response<T>, Status> {
        if self.fault == Fault::LosesReplies {
            self.failed += 1;
            return Err(Status::unavailable("connection reset"));
        }
        Ok(Response::new(answer))
    }

    pub fn apply(&mut self, item: &wire::CreditApplication) -> wire::ApplyCreditsResult {
        let said = |outcome| wire::ApplyCreditsResult {
            application_id: item.application_id.clone(),
            outcome: Some(outcome),
            balances_after: Vec::new(),
        };
        if self.fault == Fault::SaysReused {
            let code = Code::InvalidArgument;
            return said(Outcome::Refusal(refusal(code, "APPLICATION_ID_REUSED")));
        }
        if let Some((asked, answer)) = self.applied.get(&item.application_id) {
            assert_eq!(asked, item, "the same id with other content");
            return answer.clone();
        }
        let mut result = said(match self.allocate(item) {
            Ok(application) => Outcome::Application(application),
            Err(refusal) => Outcome::Refusal(refusal),
        });
        if let (Fault::Miscounts, Some(Outcome::Application(applied))) =
            (self.fault, &mut result.outcome)
        {
            applied.rest_amount = item.amount.clone();
        }
        let stored = (item.clone(), result.clone());
        self.applied.insert(item.application_id.clone(), stored);
        result
    }

    /// The debts in the order in which money settles them, each with the most it may get.
    fn targets(
        &self,
        item: &wire::CreditApplication,
        money: Money,
    ) -> Result<Vec<(usize, Option<Money>)>, ItemRefusal> {
        let is_theirs = |debt: &Debt| debt.customer_id.0.to_string() == item.customer_id;
        match item.target.as_ref().unwrap() {
            Target::NamedInvoices(named) => {
                let mut targets = Vec::new();
                for invoice in &named.invoices {
                    let id: Uuid = invoice.invoice_id.parse().unwrap();
                    let found = self.debts.iter().position(|debt| debt.invoice_id == id);
                    let place =
                        found.ok_or_else(|| refusal(Code::NotFound, "INVOICE_NOT_FOUND"))?;
                    if !is_theirs(&self.debts[place]) {
                        return Err(rule("CUSTOMER_MISMATCH"));
                    }
                    if self.debts[place].open.currency() != money.currency() {
                        return Err(rule("CURRENCY_MISMATCH"));
                    }
                    let most = invoice.amount.as_ref();
                    targets.push((place, most.map(|most| money_from_wire(most).unwrap())));
                }
                Ok(targets)
            }
            Target::Rule(asked) => {
                let open: Vec<usize> = (0..self.debts.len())
                    .filter(|place| is_theirs(&self.debts[*place]))
                    .filter(|place| self.debts[*place].open.is_positive())
                    .collect();
                let is_exact = |place: &&usize| self.debts[**place].open == money;
                let exact: Vec<&usize> = open.iter().filter(is_exact).collect();
                let tries_exact = asked.steps().next() == Some(wire::ApplicationStep::ExactAmount);
                if let (true, [only]) = (tries_exact, exact.as_slice()) {
                    return Ok(vec![(**only, None)]);
                }
                Ok(open.into_iter().map(|place| (place, None)).collect())
            }
        }
    }

    fn allocate(
        &mut self,
        item: &wire::CreditApplication,
    ) -> Result<wire::Application, ItemRefusal> {
        let money = money_from_wire(item.amount.as_ref().unwrap()).unwrap();
        let targets = self.targets(item, money)?;
        let mut rest = money;
        let mut allocations = Vec::new();
        for (place, most) in targets {
            let debt = &mut self.debts[place];
            let mut part = rest.min_with(debt.open).unwrap();
            if let Some(most) = most {
                part = part.min_with(most).unwrap();
            }
            if part.is_positive() {
                debt.open = debt.open.checked_sub(part).unwrap();
                rest = rest.checked_sub(part).unwrap();
                allocations.push(allocation(debt, part));
            }
        }
        if allocations.is_empty() {
            return Err(match item.target.as_ref().unwrap() {
                Target::NamedInvoices(_) => rule("INVOICE_CLOSED"),
                Target::Rule(_) => rule("NOTHING_OPEN"),
            });
        }
        Ok(wire::Application {
            application_id: item.application_id.clone(),
            customer_id: item.customer_id.clone(),
            receipt_id: item.receipt_id.clone(),
            state: wire::ApplicationState::Applied.into(),
            amount: item.amount.clone(),
            receipt_date: item.receipt_date,
            allocations,
            allocated_amount: Some(money_to_wire(money.checked_sub(rest).unwrap())),
            overpayment_tolerance_amount: Some(money_to_wire(Money::zero(money.currency()))),
            rest_amount: Some(money_to_wire(rest)),
            decision: None,
            applied_time: Some(instant_to_wire("2026-03-10T09:00:00Z".parse().unwrap())),
            reversal: None,
        })
    }

    pub fn reverse(&mut self, order: &wire::ReversalOrder) -> wire::ReverseApplicationsResult {
        let said = |outcome| wire::ReverseApplicationsResult {
            reversal_id: order.reversal_id.clone(),
            outcome: Some(outcome),
            balances_after: Vec::new(),
        };
        if let Some((asked, answer)) = self.reversed.get(&order.reversal_id) {
            assert_eq!(asked, order, "the same id with other content");
            return answer.clone();
        }
        let result = said(match self.reopen(order) {
            Ok(reversal) => Reversed::Reversal(reversal),
            Err(refusal) => Reversed::Refusal(refusal),
        });
        let stored = (order.clone(), result.clone());
        self.reversed.insert(order.reversal_id.clone(), stored);
        result
    }

    fn reopen(
        &mut self,
        order: &wire::ReversalOrder,
    ) -> Result<wire::ApplicationReversal, ItemRefusal> {
        let is_it = |one: &&wire::ReversalOrder| one.application_id == order.application_id;
        if self
            .reversed
            .values()
            .map(|(asked, _)| asked)
            .any(|one| is_it(&one))
        {
            return Err(rule("APPLICATION_REVERSED"));
        }
        let stored = self.applied.get(&order.application_id);
        let Some(Outcome::Application(applied)) = stored.and_then(|(_, said)| said.outcome.clone())
        else {
            return Err(refusal(Code::NotFound, "APPLICATION_NOT_FOUND"));
        };
        let mut reopened = applied.allocations;
        for one in &mut reopened {
            let id: Uuid = one.invoice_id.parse().unwrap();
            let debt = self
                .debts
                .iter_mut()
                .find(|debt| debt.invoice_id == id)
                .unwrap();
            let amount = money_from_wire(one.amount.as_ref().unwrap()).unwrap();
            debt.open = debt.open.checked_add(amount).unwrap();
            one.open_amount_after = Some(money_to_wire(debt.open));
        }
        Ok(wire::ApplicationReversal {
            reversal_id: order.reversal_id.clone(),
            application_id: order.application_id.clone(),
            reason: order.reason,
            reversal_date: order.reversal_date,
            reopened,
            reversed_time: Some(instant_to_wire("2026-03-10T09:00:00Z".parse().unwrap())),
        })
    }
}

fn allocation(debt: &Debt, amount: Money) -> wire::Allocation {
    let nothing = money_to_wire(Money::zero(amount.currency()));
    wire::Allocation {
        invoice_id: debt.invoice_id.to_string(),
        invoice_number: "INV-000001".to_owned(),
        open_item_id: debt.invoice_id.to_string(),
        open_item_kind: wire::OpenItemKind::Principal.into(),
        due_date: Some(date_to_wire(date(2026, 3, 31))),
        amount: Some(money_to_wire(amount)),
        discount_amount: Some(nothing.clone()),
        tolerance_amount: Some(nothing.clone()),
        reinstated_amount: Some(nothing),
        open_amount_after: Some(money_to_wire(debt.open)),
    }
}

fn rule(reason: &str) -> ItemRefusal {
    refusal(Code::FailedPrecondition, reason)
}

fn refusal(code: Code, reason: &str) -> ItemRefusal {
    ItemRefusal {
        code: code.into(),
        reason: reason.to_owned(),
        message: "no".to_owned(),
        metadata: BTreeMap::new(),
    }
}
