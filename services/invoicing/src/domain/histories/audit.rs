//! The naive recomputation: what the running figures must be, from documents and entries alone. Must
//! not use what it judges to compute what it expects.

#![expect(clippy::arithmetic_side_effects, reason = "a test may panic")]

use jiff::civil::Date;
use money::{Currency, Money};

use super::book::{Book, cents};
use crate::domain::history::{closing_as_of, open_as_of};
use crate::domain::samples::assert_sums_hold;
use crate::domain::*;

/// A sum of amounts in cents.
fn total<'a>(amounts: impl IntoIterator<Item = &'a Money>) -> i128 {
    amounts.into_iter().map(Money::to_minor).sum()
}

fn sum(of: &[&Allocation], what: fn(&&Allocation) -> i128) -> i128 {
    of.iter().map(what).sum()
}

/// P1, the side of the debt, from the documents alone.
pub fn audit_debt(book: &Book) {
    let debts = book.debts();
    let applied = book.applications.iter().flat_map(|one| &one.allocations);
    let applied: Vec<_> = applied.collect();
    let reversals = book
        .applications
        .iter()
        .filter_map(|one| one.reversal.as_ref());
    let reopened: Vec<_> = reversals.flat_map(|one| &one.reopened).collect();
    let noted = book.credit_notes.iter().flat_map(|one| &one.allocations);
    let noted: Vec<_> = noted.collect();
    let amount = |one: &&Allocation| one.amount.to_minor();
    let let_go =
        |one: &&Allocation| one.discount_amount.to_minor() + one.tolerance_amount.to_minor();
    let reinstated = |one: &&Allocation| one.reinstated_amount.to_minor();

    let issued = total(book.invoices.iter().map(|one| &one.totals.gross_amount));
    let reinstated = sum(&applied, reinstated) + sum(&noted, reinstated) + book.reversed_write_offs;
    let open: i128 = debts
        .iter()
        .map(|debt| debt.open_amount().unwrap().to_minor())
        .sum();
    let allocated = sum(&applied, amount) - sum(&reopened, amount);
    let let_go = sum(&applied, let_go) - sum(&reopened, let_go) + sum(&noted, let_go);
    let credited = sum(&noted, amount) + total(book.uses.iter().map(|one| &one.amount));
    let written_off = debts.iter().flat_map(|debt| &debt.write_offs);
    let written_off = total(written_off.map(|one| &one.amount));
    let void = debts.iter().filter(|debt| debt.state == InvoiceState::Void);
    let voided = total(void.map(|debt| &debt.gross_amount));
    let settled = allocated + let_go + credited + written_off + voided;
    assert_eq!(issued + reinstated, open + settled);
    assert!(let_go >= 0);
}

/// P1, the side of the money, and customer credit from its documents.
pub fn audit_money(book: &Book) {
    for application in &book.applications {
        let spent = application.allocated_amount.to_minor()
            + application.overpayment_tolerance_amount.to_minor()
            + application.rest_amount.to_minor();
        assert_eq!(application.amount.to_minor(), spent);
        let parts = total(application.allocations.iter().map(|one| &one.amount));
        assert_eq!(application.allocated_amount.to_minor(), parts);
        assert!(!application.rest_amount.is_negative());
        assert!(!application.overpayment_tolerance_amount.is_negative());
    }
    for note in &book.credit_notes {
        let lowered = total(note.allocations.iter().map(|one| &one.amount));
        let credit = note.customer_credit_amount.to_minor();
        assert_eq!(note.totals.gross_amount.to_minor(), lowered + credit);
    }
    for credit in &book.credits {
        let id = credit.customer_credit_id;
        let of_it = |used: &&CustomerCreditApplication| used.customer_credit_id == id;
        let used = total(book.uses.iter().filter(of_it).map(|one| &one.amount));
        assert_eq!(
            credit.open_amount.to_minor(),
            credit.original_amount.to_minor() - used
        );
        let entries = book
            .credit_entries
            .iter()
            .filter(|one| one.customer_credit_id == id);
        let sum = total(entries.map(|one| &one.amount));
        assert_eq!(credit.open_amount.to_minor(), sum);
    }
}

/// P8 for every receivable, disputes, and the closing as the entries tell it.
pub fn audit_receivables(book: &Book) {
    for debt in book.debts() {
        let own: Vec<_> = book
            .history
            .iter()
            .filter(|one| one.invoice_id == debt.invoice_id)
            .cloned()
            .collect();
        assert_sums_hold(&debt, &own);
        let open = debt.open_amount().unwrap();
        let of_it = |one: &&Dispute| one.invoice_id == debt.invoice_id;
        let disputes = book.disputes.iter().filter(of_it);
        let disputes: Vec<_> = disputes
            .filter(|one| one.state() == DisputeState::Open)
            .collect();
        let stated = total(disputes.iter().map(|one| &one.amount));
        let whole = disputes.iter().any(|one| one.whole_invoice);
        let disputed = if whole {
            open.to_minor()
        } else {
            stated.min(open.to_minor())
        };
        assert_eq!(debt.disputed_amount().unwrap().to_minor(), disputed);
        let by_money_alone = own.iter().all(|one| {
            matches!(
                one.kind,
                EntryKind::Issue
                    | EntryKind::Allocation
                    | EntryKind::Discount
                    | EntryKind::Tolerance
            )
        });
        if by_money_alone && debt.state != InvoiceState::Void {
            let closing = closing_as_of(&own, Currency::EUR, Date::MAX).unwrap();
            let stored = debt.closed_date.zip(debt.closing_kind);
            assert_eq!(closing, stored);
        }
    }
}

/// AG-2 and AG-4: aging as of any day sums to what the entries then come to.
pub fn audit_aging(book: &Book, as_of: Date, basis: AgingBasis) {
    let scale = AgingScale::try_new(basis, Vec::new()).unwrap();
    let mut rows = Vec::new();
    for debt in book.debts() {
        let own = book
            .history
            .iter()
            .filter(|one| one.invoice_id == debt.invoice_id);
        let own: Vec<_> = own.cloned().collect();
        let open = open_as_of(&own, Currency::EUR, debt.counts_from_date, as_of).unwrap();
        for item in &debt.items {
            let Some(amount) = open.get(&item.open_item_id) else {
                continue;
            };
            let date = match basis {
                AgingBasis::DueDate => item.due_date,
                AgingBasis::InvoiceDate => debt.invoice_date,
            };
            let item_count = i64::from(!amount.is_zero());
            rows.push(AgedAmount {
                date,
                amount: *amount,
                item_count,
            });
        }
    }
    let credit = book
        .credit_entries
        .iter()
        .filter(|one| one.entry_date <= as_of);
    let credit = total(credit.map(|one| &one.amount));
    let table = scale.table(as_of, Currency::EUR, rows, cents(credit));
    let table = table.unwrap();
    let counts = |entry: &&InvoiceEntry| {
        let debts = book.debts();
        let debt = debts
            .iter()
            .find(|debt| debt.invoice_id == entry.invoice_id)
            .unwrap();
        debt.counts_from_date <= as_of && entry.entry_date <= as_of
    };
    let outstanding = total(book.history.iter().filter(counts).map(|one| &one.amount)) - credit;
    assert_eq!(table.outstanding_amount.to_minor(), outstanding);
    if as_of >= book.today() {
        let open: i128 = book
            .debts()
            .iter()
            .map(|debt| debt.open_amount().unwrap().to_minor())
            .sum();
        let left: i128 = book
            .credits
            .iter()
            .map(|one| one.open_amount.to_minor())
            .sum();
        assert_eq!(outstanding, open - left);
    }
}
