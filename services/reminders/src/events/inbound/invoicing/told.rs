//! What an event of invoicing says, in our own terms: what invoices are worth, what counts towards
//! promises, what is disputed.

use contracts::common::Event;
use contracts::invoicing as wire;
use events::ApplyError;
use money::Money;
use prost::Name as _;
use uuid::Uuid;

use crate::domain::id::{CustomerId, InvoiceId, OpenItemId};
use crate::domain::invoice::{Balance, ItemBalance, ItemKind};
use crate::domain::promise::{CountedKind, PromiseFact};
use crate::events::reading::{amount, day, facts, malformed, optional, parsed, required};
use crate::store::dispute::Dispute;

/// What an event says.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What invoices are worth after it, each with its customer.
    pub(super) balances: Vec<(CustomerId, Balance)>,
    /// What counts towards promises.
    pub(super) facts: Vec<PromiseFact>,
    /// The source whose facts count no more.
    pub(super) reversed: Option<Uuid>,
    /// The dispute that came or went.
    pub(super) dispute: Option<Dispute>,
}

/// Reads an event of invoicing; none for one that is of no use here.
pub(super) fn told(event: &Event) -> Result<Option<Told>, ApplyError> {
    let kind = event.r#type.as_str();
    let told = if kind == wire::InvoiceIssued::full_name() {
        let issued: wire::InvoiceIssued = facts(event)?;
        Told::of([required(issued.balance_after, "balance_after")?])?
    } else if kind == wire::InvoiceVoided::full_name() {
        voided(&facts(event)?)?
    } else if kind == wire::ApplicationApplied::full_name() {
        applied(facts(event)?)?
    } else if kind == wire::ApplicationReversed::full_name() {
        let reversed: wire::ApplicationReversed = facts(event)?;
        let application = required(reversed.application, "application")?;
        Told {
            reversed: Some(parsed(&application.application_id, "application_id")?),
            ..Told::of(reversed.balances_after)?
        }
    } else if kind == wire::CreditNoteIssued::full_name() {
        credited(facts(event)?)?
    } else if kind == wire::CustomerCreditApplied::full_name() {
        credit_used(facts(event)?)?
    } else if kind == wire::DisputeOpened::full_name() {
        let opened: wire::DisputeOpened = facts(event)?;
        disputed(opened.dispute, opened.balance_after, event.subject_version)?
    } else if kind == wire::DisputeResolved::full_name() {
        let resolved: wire::DisputeResolved = facts(event)?;
        disputed(
            resolved.dispute,
            resolved.balance_after,
            event.subject_version,
        )?
    } else if kind == wire::InvoiceWrittenOff::full_name() {
        let written_off: wire::InvoiceWrittenOff = facts(event)?;
        Told::of([required(written_off.balance_after, "balance_after")?])?
    } else if kind == wire::WriteOffReversed::full_name() {
        let reversed: wire::WriteOffReversed = facts(event)?;
        Told::of([required(reversed.balance_after, "balance_after")?])?
    } else {
        return Ok(None);
    };
    Ok(Some(told))
}

impl Told {
    fn of(balances: impl IntoIterator<Item = wire::InvoiceBalance>) -> Result<Self, ApplyError> {
        let balances = balances.into_iter().map(|balance| {
            let customer_id = CustomerId::new(parsed(&balance.customer_id, "customer_id")?);
            Ok((customer_id, balance_of(&balance)?))
        });
        Ok(Self {
            balances: balances.collect::<Result<_, ApplyError>>()?,
            ..Self::default()
        })
    }

    fn count(&mut self, fact: PromiseFact) {
        if fact.amount.is_positive() {
            self.facts.push(fact);
        }
    }
}

/// What an invoice is worth, as invoicing tells it in its feed and when it is asked.
///
/// # Errors
/// [`ApplyError::Poison`] with the field at fault.
pub fn balance_of(balance: &wire::InvoiceBalance) -> Result<Balance, ApplyError> {
    let disputed_amount = amount(balance.disputed_amount.as_ref(), "disputed_amount")?;
    let items = balance.open_items.iter().map(item_of);
    Ok(Balance {
        invoice_id: InvoiceId::new(parsed(&balance.invoice_id, "invoice_id")?),
        invoice_number: balance.invoice_number.clone(),
        external_id: optional(balance.external_id.clone()),
        invoice_date: day(balance.invoice_date.as_ref(), "invoice_date")?,
        currency: disputed_amount.currency(),
        disputed_amount,
        items: items.collect::<Result<_, ApplyError>>()?,
        version: balance.version,
    })
}

fn item_of(item: &wire::OpenItemBalance) -> Result<ItemBalance, ApplyError> {
    let kind = match item.kind() {
        wire::OpenItemKind::Unspecified => return Err(malformed("open_items.kind")),
        wire::OpenItemKind::Principal => ItemKind::Principal,
        wire::OpenItemKind::Fee => ItemKind::Fee,
        wire::OpenItemKind::Interest => ItemKind::Interest,
    };
    Ok(ItemBalance {
        open_item_id: OpenItemId::new(parsed(&item.open_item_id, "open_items.open_item_id")?),
        kind,
        due_date: day(item.due_date.as_ref(), "open_items.due_date")?,
        open_amount: amount(item.open_amount.as_ref(), "open_items.open_amount")?,
    })
}

fn voided(voided: &wire::InvoiceVoided) -> Result<Told, ApplyError> {
    let balance = required(voided.balance_after.clone(), "balance_after")?;
    let invoice_id: Uuid = parsed(&balance.invoice_id, "invoice_id")?;
    let mut told = Told::of([balance])?;
    told.count(PromiseFact {
        source_id: invoice_id,
        kind: CountedKind::Relief,
        invoice_id: InvoiceId::new(invoice_id),
        amount: amount(voided.voided_amount.as_ref(), "voided_amount")?,
        date: day(voided.void_date.as_ref(), "void_date")?,
    });
    Ok(told)
}

/// Money counts as it came; discount and the small rest let go with it are relief (PR-2).
fn applied(applied: wire::ApplicationApplied) -> Result<Told, ApplyError> {
    let application = required(applied.application, "application")?;
    let source_id = parsed(&application.application_id, "application_id")?;
    let date = day(application.receipt_date.as_ref(), "receipt_date")?;
    let mut told = Told::of(applied.balances_after)?;
    for (invoice_id, cash, relief) in by_invoice(&application.allocations)? {
        for (kind, amount) in [(CountedKind::Cash, cash), (CountedKind::Relief, relief)] {
            told.count(PromiseFact {
                source_id,
                kind,
                invoice_id,
                amount,
                date,
            });
        }
    }
    Ok(told)
}

fn credited(credited: wire::CreditNoteIssued) -> Result<Told, ApplyError> {
    let note = required(credited.credit_note, "credit_note")?;
    let source_id = parsed(&note.credit_note_id, "credit_note_id")?;
    let date = day(note.credit_note_date.as_ref(), "credit_note_date")?;
    let mut told = Told::of(credited.balance_after)?;
    for (invoice_id, amount, _) in by_invoice(&note.allocations)? {
        told.count(PromiseFact {
            source_id,
            kind: CountedKind::Relief,
            invoice_id,
            amount,
            date,
        });
    }
    Ok(told)
}

fn credit_used(used: wire::CustomerCreditApplied) -> Result<Told, ApplyError> {
    let application = required(used.application, "application")?;
    let source_id = parsed(
        &application.customer_credit_application_id,
        "customer_credit_application_id",
    )?;
    let date = day(application.application_date.as_ref(), "application_date")?;
    let mut told = Told::of(used.balances_after)?;
    for (invoice_id, amount, _) in by_invoice(&application.allocations)? {
        told.count(PromiseFact {
            source_id,
            kind: CountedKind::Relief,
            invoice_id,
            amount,
            date,
        });
    }
    Ok(told)
}

/// What came to each invoice: money or credit, and what was let go with it.
fn by_invoice(
    allocations: &[wire::Allocation],
) -> Result<Vec<(InvoiceId, Money, Money)>, ApplyError> {
    let mut sums: Vec<(InvoiceId, Money, Money)> = Vec::new();
    for allocation in allocations {
        let invoice_id = InvoiceId::new(parsed(&allocation.invoice_id, "allocations.invoice_id")?);
        let cash = amount(allocation.amount.as_ref(), "allocations.amount")?;
        let mut relief = Money::zero(cash.currency());
        let let_go = [&allocation.discount_amount, &allocation.tolerance_amount];
        for part in let_go.into_iter().flatten() {
            let part = amount(Some(part), "allocations.discount_amount")?;
            relief = added(relief, part)?;
        }
        match sums.iter_mut().find(|(id, ..)| *id == invoice_id) {
            Some((_, cash_sum, relief_sum)) => {
                *cash_sum = added(*cash_sum, cash)?;
                *relief_sum = added(*relief_sum, relief)?;
            }
            None => sums.push((invoice_id, cash, relief)),
        }
    }
    Ok(sums)
}

fn added(sum: Money, part: Money) -> Result<Money, ApplyError> {
    sum.checked_add(part)
        .map_err(|_| malformed("allocations.amount"))
}

fn disputed(
    dispute: Option<wire::Dispute>,
    balance_after: Option<wire::InvoiceBalance>,
    version: i64,
) -> Result<Told, ApplyError> {
    let dispute = required(dispute, "dispute")?;
    let known = Dispute {
        dispute_id: parsed(&dispute.dispute_id, "dispute_id")?,
        invoice_id: InvoiceId::new(parsed(&dispute.invoice_id, "invoice_id")?),
        customer_id: CustomerId::new(parsed(&dispute.customer_id, "customer_id")?),
        is_open: dispute.state() == wire::DisputeState::Open,
        whole_invoice: dispute.whole_invoice,
        amount: amount(dispute.amount.as_ref(), "amount")?,
        version,
    };
    Ok(Told {
        dispute: Some(known),
        ..Told::of([required(balance_after, "balance_after")?])?
    })
}
