//! Owns issuing: from a draft to something owed on its due dates. In two steps, because the number
//! is gapless: [`Invoice::plan_issue`] finds out whether the invoice is fit and what becomes of it,
//! then numbers are drawn for those that are, then [`Invoice::issue`] makes it so (P12).

use jiff::civil::Date;
use money::{Money, MoneyError};

use super::terms::ScheduleError;
use super::{
    ClosingKind, Customer, DisputedPart, Due, Grant, Instalment, Invoice, InvoiceContent,
    InvoiceState, OpenItem, OpenItemId, OpenItemKind, Receivable, Stamp, Standing,
};

/// What becomes of an invoice that is issued; everything but its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuePlan {
    content: InvoiceContent,
    invoice_date: Date,
    counts_from_date: Date,
    instalments: Vec<Instalment>,
    policy_version: Option<String>,
}

/// Why an invoice cannot be issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// It was issued or voided before.
    #[error("the invoice is no draft any more")]
    NotDraft,
    /// Its lines come to less than nothing: that is a credit note.
    #[error("the lines come to {0}: what is given back is a credit note")]
    TotalNegative(Money),
    /// Neither the invoice nor the customer's policy says when it is due.
    #[error("neither the invoice nor a policy says when it is due")]
    CustomerWithoutTerms,
    /// The terms do not fit the invoice, or their calendar is not known.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
}

impl Invoice {
    /// Decides what issuing on `today` (in the tenant's zone) makes of the draft: content with
    /// everything filled in, instalments with their due dates and offers (DD-6, DD-7).
    ///
    /// # Errors
    /// [`IssueError`]; nothing has changed, and no number was needed.
    pub fn plan_issue(&self, customer: &Customer, today: Date) -> Result<IssuePlan, IssueError> {
        if !matches!(self.standing, Standing::Draft { .. }) {
            return Err(IssueError::NotDraft);
        }
        let gross = self.totals.gross_amount;
        if gross.is_negative() {
            return Err(IssueError::TotalNegative(gross));
        }
        let mut content = self.content.clone();
        let invoice_date = content.invoice_date.unwrap_or(today);
        let policy_version = fill_in(&mut content, customer.grant_on(invoice_date), invoice_date);
        let offer = content.early_payment_offer.get_or_insert_default().clone();
        let due = content.due.as_ref();
        let due = due.ok_or(IssueError::CustomerWithoutTerms)?;
        Ok(IssuePlan {
            instalments: due.instalments(gross, invoice_date, &offer)?,
            counts_from_date: invoice_date.min(today),
            invoice_date,
            content,
            policy_version,
        })
    }

    /// Issues the draft as planned, under its number. A total of zero is closed at once.
    ///
    /// # Errors
    /// [`MoneyError`] when the instalments are not the total, which no plan makes.
    pub fn issue(
        &mut self,
        plan: IssuePlan,
        invoice_number: String,
        stamp: &mut Stamp,
    ) -> Result<(), MoneyError> {
        let mut receivable = plan.receivable(self, invoice_number, stamp);
        if receivable.open_amount()? != self.totals.gross_amount {
            return Err(MoneyError::Weights);
        }
        receivable.write_issue(stamp);
        receivable.conclude(ClosingKind::ZeroTotal);
        self.content = plan.content;
        if self.content.payment_reference.is_empty() {
            self.content
                .payment_reference
                .clone_from(&receivable.invoice_number);
        }
        self.policy_version = plan.policy_version;
        self.issued_time = Some(stamp.time);
        self.standing = Standing::Owed(Box::new(receivable));
        Ok(())
    }
}

/// Fills in what the writer left open; answers the policy it came from.
fn fill_in(
    content: &mut InvoiceContent,
    grant: Option<&Grant>,
    invoice_date: Date,
) -> Option<String> {
    content.invoice_date = Some(invoice_date);
    let complete = content.due.is_some() && content.early_payment_offer.is_some();
    let grant = grant.filter(|_| !complete)?;
    let terms = || Due::Terms(grant.terms.clone());
    content.due.get_or_insert_with(terms);
    let offer = || grant.early_payment_offer.clone();
    content.early_payment_offer.get_or_insert_with(offer);
    Some(grant.policy_version.clone())
}

impl IssuePlan {
    fn receivable(
        &self,
        invoice: &Invoice,
        invoice_number: String,
        stamp: &mut Stamp,
    ) -> Receivable {
        let currency = self.content.currency;
        let numbered = (1_i32..).zip(&self.instalments);
        let items = numbered
            .map(|(number, part)| self.item(number, part, stamp))
            .collect();
        Receivable {
            invoice_id: invoice.invoice_id,
            external_id: invoice.external_id.clone(),
            invoice_number,
            customer_id: self.content.customer_id,
            currency,
            invoice_date: self.invoice_date,
            counts_from_date: self.counts_from_date,
            gross_amount: invoice.totals.gross_amount,
            state: InvoiceState::Issued,
            items,
            disputed: DisputedPart::none(currency),
            write_offs: Vec::new(),
            closed_date: None,
            closing_kind: None,
            last_entry_number: 0,
            version: invoice.version(),
            new_entries: Vec::new(),
        }
    }

    fn item(&self, instalment_number: i32, part: &Instalment, stamp: &mut Stamp) -> OpenItem {
        let zero = Money::zero(part.amount.currency());
        OpenItem {
            open_item_id: OpenItemId(stamp.id()),
            kind: OpenItemKind::Principal,
            instalment_number,
            original_amount: part.amount,
            open_amount: part.amount,
            credited_amount: zero,
            written_off_amount: zero,
            due_date: part.due_date,
            calendar_code: part.calendar_code.clone(),
            discounts: part.discounts.clone(),
            money_date: None,
            effective_date: self.counts_from_date,
            closed_date: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::EntryKind;
    use crate::domain::samples::{
        Desk, assert_sums_hold, customer, draft, eur, grant, line, offer, stamp_at, terms,
    };

    fn plan(invoice: &Invoice) -> Result<IssuePlan, IssueError> {
        let mut buyer = customer(1);
        buyer.grants = vec![grant(date(2026, 1, 1), "net 30")];
        invoice.plan_issue(&buyer, date(2026, 3, 15))
    }

    fn issue(desk: &mut Desk, mut invoice: Invoice) -> Invoice {
        let plan = plan(&invoice).unwrap();
        let mut stamp = stamp_at(desk, date(2026, 3, 15));
        invoice
            .issue(plan, "INV-000001".to_owned(), &mut stamp)
            .unwrap();
        invoice
    }

    #[test]
    fn dd_6_what_is_left_open_comes_from_the_grant_of_the_invoice_date() {
        let mut desk = Desk::default();
        let mut invoice = draft(&mut desk, &[line("1", "1000", "0.19")]);
        invoice.content.due = None;
        invoice.content.early_payment_offer = None;
        let invoice = issue(&mut desk, invoice);
        let content = &invoice.content;
        assert_eq!(content.invoice_date, Some(date(2026, 3, 15)));
        assert_eq!(content.due, Some(Due::Terms(terms("net 30"))));
        assert_eq!(content.early_payment_offer, Some(offer("", false)));
        assert_eq!(content.payment_reference, "INV-000001");
        assert_eq!(
            invoice.policy_version.as_deref(),
            Some("credit-policy/standard@1")
        );
        let receivable = invoice.receivable().unwrap();
        assert_eq!(receivable.items[0].due_date, date(2026, 4, 14));
        assert_eq!(receivable.open_amount(), Ok(eur("1190.00")));
        assert_eq!(
            (invoice.state(), invoice.version()),
            (InvoiceState::Issued, 2)
        );
        assert_sums_hold(receivable, &receivable.new_entries);
    }

    #[test]
    fn what_the_invoice_states_needs_no_policy() {
        let mut desk = Desk::default();
        let mut invoice = draft(&mut desk, &[line("1", "1000", "0.19")]);
        invoice.content.due = Some(Due::On(date(2026, 5, 1)));
        invoice.content.early_payment_offer = Some(offer("2/10", false));
        let stranger = customer(1);
        let plan = invoice.plan_issue(&stranger, date(2026, 3, 15)).unwrap();
        assert_eq!(plan.policy_version, None);
        assert_eq!(plan.instalments[0].discounts.offers[0].amount, eur("23.80"));
        invoice.content.early_payment_offer = None;
        let plan = invoice.plan_issue(&stranger, date(2026, 3, 15)).unwrap();
        assert_eq!(plan.content.early_payment_offer, Some(offer("", false)));
        invoice.content.due = None;
        let refused = invoice.plan_issue(&stranger, date(2026, 3, 15));
        assert_eq!(refused, Err(IssueError::CustomerWithoutTerms));
    }

    #[test]
    fn ag_4_it_counts_from_the_earlier_of_invoice_date_and_issuing() {
        let mut desk = Desk::default();
        let mut from = |invoice_date| {
            let mut invoice = draft(&mut desk, &[line("1", "10", "0.19")]);
            invoice.content.invoice_date = Some(invoice_date);
            issue(&mut desk, invoice)
                .receivable()
                .unwrap()
                .counts_from_date
        };
        assert_eq!(from(date(2026, 2, 1)), date(2026, 2, 1));
        assert_eq!(from(date(2026, 4, 1)), date(2026, 3, 15));
    }

    #[test]
    fn dd_7_a_zero_total_closes_at_once() {
        let mut desk = Desk::default();
        let lines = [line("1", "10", "0.19"), line("-1", "10", "0.19")];
        let unissued = draft(&mut desk, &lines);
        let invoice = issue(&mut desk, unissued);
        let receivable = invoice.receivable().unwrap();
        assert_eq!(receivable.state, InvoiceState::Closed);
        assert_eq!(receivable.closing_kind, Some(ClosingKind::ZeroTotal));
        assert_eq!(receivable.closed_date, Some(date(2026, 3, 15)));
        assert_eq!(receivable.items[0].due_date, date(2026, 3, 15));
        assert_eq!(receivable.new_entries[0].kind, EntryKind::Issue);
    }

    #[test]
    fn less_than_nothing_is_a_credit_note() {
        let mut desk = Desk::default();
        let invoice = draft(&mut desk, &[line("-1", "10", "0.19")]);
        assert_eq!(
            plan(&invoice),
            Err(IssueError::TotalNegative(eur("-11.90")))
        );
    }

    #[test]
    fn is_3_nothing_is_issued_twice() {
        let mut desk = Desk::default();
        let unissued = draft(&mut desk, &[line("1", "10", "0.19")]);
        let invoice = issue(&mut desk, unissued);
        assert_eq!(plan(&invoice), Err(IssueError::NotDraft));
    }

    #[test]
    fn dd_9_instalments_become_items_that_age_apart() {
        let mut desk = Desk::default();
        let mut invoice = draft(&mut desk, &[line("1", "100", "0")]);
        invoice.content.due = Some(Due::Terms(terms("50%: net 5; rest: net 10")));
        let invoice = issue(&mut desk, invoice);
        let items = &invoice.receivable().unwrap().items;
        let rows: Vec<_> = items
            .iter()
            .map(|item| (item.instalment_number, item.due_date, item.open_amount))
            .collect();
        let expected = [
            (1, date(2026, 3, 20), eur("50.00")),
            (2, date(2026, 3, 25), eur("50.00")),
        ];
        assert_eq!(rows, expected);
        let six_days_later = date(2026, 3, 21);
        let overdue = rows
            .iter()
            .map(|row| calendar::is_overdue(row.1, six_days_later));
        assert_eq!(overdue.collect::<Vec<_>>(), [true, false]);
    }
}
