//! What a tenant's callers know: the identities that they were told, from which the next requests are
//! drawn.

use std::sync::{Mutex, MutexGuard, PoisonError};

use contracts::agency::{
    ActivatePlacementRequest, ApprovePlacementRequest, RecallPlacementRequest, RecallReason,
};
use contracts::credit::ReleaseReservationRequest;
use contracts::invoicing::get_invoice_request::Key;
use contracts::invoicing::issue_credit_note_request::Extent as CreditExtent;
use contracts::invoicing::open_dispute_request::Extent;
use contracts::invoicing::{
    CreditNoteReason, DisputeReason, DisputeResolution, GetInvoiceRequest, IssueCreditNoteRequest,
    IssueInvoiceResponse, OpenDisputeRequest, ResolveDisputeRequest, WholeInvoiceCredit,
};
use contracts::payments::apply_receipt_request::Target;
use contracts::payments::{
    ApplyReceiptRequest, ReceiptRule, ReceiptRuleStep, UnapplyReceiptRequest,
};
use contracts::reminders::get_case_request::Key as CaseKey;
use contracts::reminders::{CreatePromiseRequest, GetCaseRequest};
use faults::Dice;
use faults::collection::to_propose;
use faults::shop::{
    self, days_ago, eur, fresh, to_apply, to_check, to_create, to_issue, to_record, to_reverse,
};
use prost::Message as _;

use super::operation::{Answer, Operation};

/// What is drawn from: the last so many. Older ones have been paid, credited or reversed.
const REMEMBERED: usize = 300;

/// How a request is drawn; none where there is nothing yet that it could be about.
type Draw = fn(&mut Pages, &mut Dice) -> Option<Operation>;

/// What can be asked for, by weight.
const MIX: [(u64, Draw); 18] = [
    (6, customer),
    (14, check),
    (4, release),
    (18, issue),
    (3, credit),
    (4, dispute),
    (3, resolve),
    (14, record),
    (14, apply),
    (3, unapply),
    (2, reverse),
    (4, case),
    (3, promise),
    (3, propose),
    (3, approve),
    (3, activate),
    (1, recall),
    (10, read),
];

/// What is known of one tenant.
#[derive(Debug)]
pub struct Book(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    agency_id: String,
    customers: Vec<String>,
    reservations: Vec<String>,
    invoices: Vec<Owed>,
    disputes: Vec<String>,
    receipts: Vec<Received>,
    applications: Vec<String>,
    /// By customer and identity.
    cases: Vec<(String, String)>,
    proposed: Vec<String>,
    approved: Vec<String>,
    placed: Vec<String>,
}

#[derive(Debug, Clone)]
struct Owed {
    customer_id: String,
    invoice_id: String,
    cents: u64,
}

#[derive(Debug, Clone)]
struct Received {
    customer_id: String,
    receipt_id: String,
}

impl Book {
    /// Of a tenant whose debts go to this agency.
    pub fn of(agency_id: String) -> Self {
        Self(Mutex::new(Pages {
            agency_id,
            ..Pages::default()
        }))
    }

    /// The next request; none where there is nothing yet that it could be about.
    pub fn draw(&self, dice: &mut Dice) -> Option<Operation> {
        dice.weighed(&MIX)(&mut self.pages(), dice)
    }

    /// A request of another tenant for an invoice of this one.
    pub fn foreign(&self, dice: &mut Dice) -> Option<Operation> {
        match read(&mut self.pages(), dice)? {
            Operation::Read(request) => Some(Operation::Foreign(request)),
            _ => None,
        }
    }

    /// Takes in what was acknowledged.
    pub fn learn(&self, operation: &Operation, answer: &Answer) {
        let mut pages = self.pages();
        let told = answer.there.iter().cloned();
        match operation {
            Operation::Customer(_) => pages.customers.extend(told),
            Operation::Check(_) => keep(&mut pages.reservations, told),
            Operation::Issue(_) => keep(&mut pages.invoices, owed(answer)),
            Operation::Dispute(_) => keep(&mut pages.disputes, told),
            Operation::Record(request) => {
                let customer_id = &request.customer_id;
                let received = told.map(|receipt_id| Received {
                    customer_id: customer_id.clone(),
                    receipt_id,
                });
                keep(&mut pages.receipts, received);
            }
            Operation::Apply(_) => keep(&mut pages.applications, told),
            Operation::Case(GetCaseRequest {
                key: Some(CaseKey::CustomerId(customer_id)),
            }) => keep(
                &mut pages.cases,
                told.map(|case_id| (customer_id.clone(), case_id)),
            ),
            Operation::Propose(_) => keep(&mut pages.proposed, told),
            Operation::Approve(_) => keep(&mut pages.approved, told),
            Operation::Activate(_) => keep(&mut pages.placed, told),
            _ => {}
        }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    fn anybody(&self, dice: &mut Dice) -> Option<String> {
        dice.one_of(&self.customers).cloned()
    }

    fn any_invoice(&self, dice: &mut Dice) -> Option<Owed> {
        dice.one_of(&self.invoices).cloned()
    }

    /// An invoice of a customer.
    fn invoice_of(&self, customer_id: &str, dice: &mut Dice) -> Option<Owed> {
        let theirs = self.invoices.iter();
        let theirs: Vec<_> = theirs
            .filter(|owed| owed.customer_id == customer_id)
            .collect();
        dice.one_of(&theirs).map(|owed| (*owed).clone())
    }
}

fn customer(_: &mut Pages, dice: &mut Dice) -> Option<Operation> {
    let name = format!("N-{:016x}", dice.throw());
    Some(Operation::Customer(to_create(&name)))
}

fn check(pages: &mut Pages, dice: &mut Dice) -> Option<Operation> {
    let customer_id = pages.anybody(dice)?;
    let request = to_check(&customer_id, &fresh(), &any_amount(dice));
    Some(Operation::Check(request))
}

fn release(pages: &mut Pages, dice: &mut Dice) -> Option<Operation> {
    Some(Operation::Release(ReleaseReservationRequest {
        request_id: fresh(),
        reservation_id: dice.one_of(&pages.reservations)?.clone(),
        etag: String::new(),
    }))
}

fn issue(pages: &mut Pages, dice: &mut Dice) -> Option<Operation> {
    let customer_id = pages.anybody(dice)?;
    let request = to_issue(&customer_id, &fresh(), &any_amount(dice));
    Some(Operation::Issue(request))
}

fn credit(pages: &mut Pages, dice: &mut Dice) -> Option<Operation> {
    let invoice_id = pages.any_invoice(dice)?.invoice_id;
    let whole = WholeInvoiceCredit { invoice_id };
    Some(Operation::Credit(IssueCreditNoteRequest {
        request_id: fresh(),
        extent: Some(CreditExtent::WholeInvoice(whole)),
        reason: CreditNoteReason::OrderCancellation.into(),
        ..IssueCreditNoteRequest::default()
    }))
}

fn dispute(pages: &mut Pages, dice: &mut Dice) -> Option<Operation> {
    Some(Operation::Dispute(OpenDisputeRequest {
        request_id: fresh(),
        invoice_id: pages.any_invoice(dice)?.invoice_id,
        extent: Some(Extent::WholeInvoice(true)),
        reason: DisputeReason::Quality.into(),
        ..OpenDisputeRequest::default()
    }))
}

fn resolve(pages: &mut Pages, dice: &mut Dice) -> Option<Operation> {
    Some(Operation::Resolve(ResolveDisputeRequest {
        request_id: fresh(),
        dispute_id: dice.one_of(&pages.disputes)?.clone(),
        resolution: DisputeResolution::Withdrawn.into(),
        ..ResolveDisputeRequest::default()
    }))
}

/// Most pay what they owe, some more, some anything.
fn record(pages: &mut Pages, dice: &mut Dice) -> Option<Operation> {
    let owed = pages.any_invoice(dice)?;
    let paid = match dice.below(4) {
        0 => any_amount(dice),
        1 => amount(owed.cents + 500),
        _ => amount(owed.cents),
    };
    let request = to_record(&owed.customer_id, &fresh(), &paid);
    Some(Operation::Record(request))
}

/// A receipt for an invoice of its customer, where one is remembered, or for the oldest items.
fn apply(pages: &mut Pages, dice: &mut Dice) -> Option<Operation> {
    let receipt = dice.one_of(&pages.receipts)?.clone();
    let named = pages.invoice_of(&receipt.customer_id, dice);
    Some(Operation::Apply(match named {
        Some(owed) if dice.happens(70) => to_apply(&receipt.receipt_id, &owed.invoice_id),
        _ => ApplyReceiptRequest {
            request_id: fresh(),
            receipt_id: receipt.receipt_id,
            target: Some(Target::Rule(ReceiptRule {
                steps: vec![ReceiptRuleStep::OldestFirst.into()],
                ..ReceiptRule::default()
            })),
            ..ApplyReceiptRequest::default()
        },
    }))
}

fn unapply(pages: &mut Pages, dice: &mut Dice) -> Option<Operation> {
    Some(Operation::Unapply(UnapplyReceiptRequest {
        request_id: fresh(),
        application_id: dice.one_of(&pages.applications)?.clone(),
        ..UnapplyReceiptRequest::default()
    }))
}

fn reverse(pages: &mut Pages, dice: &mut Dice) -> Option<Operation> {
    let receipt = dice.one_of(&pages.receipts)?;
    Some(Operation::Reverse(to_reverse(&receipt.receipt_id)))
}

fn case(pages: &mut Pages, dice: &mut Dice) -> Option<Operation> {
    let key = Some(CaseKey::CustomerId(pages.any_invoice(dice)?.customer_id));
    Some(Operation::Case(GetCaseRequest { key }))
}

fn promise(pages: &mut Pages, dice: &mut Dice) -> Option<Operation> {
    let (customer_id, case_id) = dice.one_of(&pages.cases)?.clone();
    let owed = pages.invoice_of(&customer_id, dice)?;
    Some(Operation::Promise(CreatePromiseRequest {
        request_id: fresh(),
        case_id,
        invoice_ids: vec![owed.invoice_id],
        amount: Some(eur(&amount(owed.cents))),
        // In a week.
        promised_date: days_ago(-7),
        ..CreatePromiseRequest::default()
    }))
}

fn propose(pages: &mut Pages, dice: &mut Dice) -> Option<Operation> {
    let owed = pages.any_invoice(dice)?;
    let request = to_propose(&pages.agency_id, &owed.customer_id, &owed.invoice_id);
    Some(Operation::Propose(request))
}

fn approve(pages: &mut Pages, _: &mut Dice) -> Option<Operation> {
    Some(Operation::Approve(ApprovePlacementRequest {
        request_id: fresh(),
        placement_id: pages.proposed.pop()?,
        etag: String::new(),
    }))
}

fn activate(pages: &mut Pages, _: &mut Dice) -> Option<Operation> {
    Some(Operation::Activate(ActivatePlacementRequest {
        request_id: fresh(),
        placement_id: pages.approved.pop()?,
        etag: String::new(),
    }))
}

fn recall(pages: &mut Pages, dice: &mut Dice) -> Option<Operation> {
    Some(Operation::Recall(RecallPlacementRequest {
        request_id: fresh(),
        placement_id: dice.one_of(&pages.placed)?.clone(),
        reason: RecallReason::ClientDecision.into(),
        ..RecallPlacementRequest::default()
    }))
}

fn read(pages: &mut Pages, dice: &mut Dice) -> Option<Operation> {
    let key = Some(Key::InvoiceId(pages.any_invoice(dice)?.invoice_id));
    Some(Operation::Read(GetInvoiceRequest { key }))
}

/// Adds what was told, and forgets the oldest.
fn keep<T>(known: &mut Vec<T>, told: impl IntoIterator<Item = T>) {
    known.extend(told);
    known.drain(..known.len().saturating_sub(REMEMBERED));
}

fn owed(issued: &Answer) -> Option<Owed> {
    let invoice = IssueInvoiceResponse::decode(issued.encoded.as_slice());
    let invoice = invoice.ok()?.invoice?;
    let gross = invoice.totals.as_ref()?.gross_amount.as_ref()?;
    Some(Owed {
        customer_id: shop::customer_of(&invoice),
        cents: gross.amount.replace('.', "").parse().ok()?,
        invoice_id: invoice.invoice_id,
    })
}

fn any_amount(dice: &mut Dice) -> String {
    amount(100 + dice.below(40_000))
}

fn amount(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
