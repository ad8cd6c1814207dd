//! What the tests of the domain draw from: amounts, documents and debts in a line each, and the one
//! assertion that every change must keep. Must hold no expectations of its own.

#![expect(clippy::arithmetic_side_effects, reason = "a test may panic")]

use jiff::civil::Date;
use jiff::tz::TimeZone;
use money::{Currency, Money, Rate};
use uuid::Uuid;

use super::*;

/// A source of identities and numbers that counts.
#[derive(Debug, Default)]
pub struct Desk {
    pub invoices: u32,
    ids: Counter,
}

#[derive(Debug, Default)]
struct Counter(u128);

/// Stamps borrow their source of identities; a test's is never given back.
pub fn stamp_at(desk: &mut Desk, day: Date) -> Stamp<'static> {
    // Each stamp counts on from a block of its own.
    desk.ids.0 += 1;
    let mut next = desk.ids.0 << 32;
    let source = Box::leak(Box::new(move || {
        next += 1;
        Uuid::from_u128(next)
    }));
    let noon = day.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap();
    Stamp::new(noon.timestamp(), source)
}

pub fn eur(amount: &str) -> Money {
    Money::parse(amount, Currency::EUR).unwrap()
}

pub fn rate(ratio: &str) -> Rate {
    Rate::parse(ratio).unwrap()
}

pub fn line(quantity: &str, unit_price: &str, tax_ratio: &str) -> Line {
    let ratio = rate(tax_ratio);
    let standard = Rate::ZERO < ratio;
    let category = if standard {
        TaxCategory::Standard
    } else {
        TaxCategory::Zero
    };
    Line::try_new(
        "what was delivered".into(),
        quantity.parse().unwrap(),
        "piece".into(),
        unit_price.parse().unwrap(),
        Tax::try_new(category, ratio).unwrap(),
        Currency::EUR,
    )
    .unwrap()
}

pub fn zero_rated(quantity: &str, unit_price: &str) -> Line {
    line(quantity, unit_price, "0")
}

pub fn terms(text: &str) -> Terms {
    Terms {
        code: text.to_owned(),
        schedule: text.parse().unwrap(),
        convention: calendar::Convention::None,
        calendar_code: None,
    }
}

/// `2/5 1/14`: 2 % within 5 days, 1 % within 14.
pub fn offer(tiers: &str, partial_payments_earn: bool) -> EarlyPaymentOffer {
    let tier = |text: &str| {
        let (percent, days) = text.split_once('/').unwrap();
        DiscountTier {
            within_days: days.parse().unwrap(),
            ratio: Rate::from_percent(percent.parse().unwrap()).unwrap(),
        }
    };
    let tiers = tiers.split_whitespace().map(tier).collect();
    EarlyPaymentOffer::try_new(tiers, partial_payments_earn).unwrap()
}

pub fn tolerance(ratio: &str, maximum: &str, discount_grace_days: u16) -> Tolerance {
    Tolerance {
        ratio: rate(ratio),
        maximum_amounts: [(Currency::EUR, eur(maximum))].into(),
        discount_grace_days,
    }
}

pub fn customer(number: u128) -> Customer {
    Customer {
        customer_id: CustomerId(Uuid::from_u128(number)),
        external_id: None,
        grants: Vec::new(),
    }
}

pub fn grant(valid_from_date: Date, text: &str) -> Grant {
    Grant {
        valid_from_date,
        policy_version: "credit-policy/standard@1".to_owned(),
        terms: terms(text),
        early_payment_offer: EarlyPaymentOffer::default(),
        tolerance: Tolerance::default(),
    }
}

pub fn item(id: u128, kind: OpenItemKind, amount: Money, due_date: Date) -> OpenItem {
    let zero = Money::zero(amount.currency());
    OpenItem {
        open_item_id: OpenItemId(Uuid::from_u128(id)),
        kind,
        instalment_number: i32::from(kind == OpenItemKind::Principal),
        original_amount: amount,
        open_amount: amount,
        credited_amount: zero,
        written_off_amount: zero,
        due_date,
        calendar_code: None,
        discounts: ItemDiscounts::default(),
        money_date: None,
        effective_date: due_date,
        closed_date: None,
    }
}

/// An item due on 2026-03-31 with one offer of which the last day is 2026-03-11.
pub fn discounted(amount: &str, ratio: &str, partial_payments_earn: bool) -> OpenItem {
    let day = |day| jiff::civil::date(2026, 3, day);
    let tier = DiscountTier {
        within_days: 10,
        ratio: rate(ratio),
    };
    let offer = EarlyPaymentOffer::try_new(vec![tier], partial_payments_earn).unwrap();
    let due = Due::On(day(31))
        .instalments(eur(amount), day(1), &offer)
        .unwrap();
    OpenItem {
        discounts: due[0].discounts.clone(),
        ..item(1, OpenItemKind::Principal, eur(amount), day(31))
    }
}

/// A draft for customer 1, due in 30 days and without an offer.
pub fn draft(desk: &mut Desk, lines: &[Line]) -> Invoice {
    let mut stamp = stamp_at(desk, jiff::civil::date(2026, 1, 1));
    let content = InvoiceContent {
        customer_id: customer(1).customer_id,
        currency: Currency::EUR,
        invoice_date: None,
        due: Some(Due::Terms(terms("net 30"))),
        early_payment_offer: Some(EarlyPaymentOffer::default()),
        lines: lines.to_vec(),
        series_code: "INV".to_owned(),
        payment_reference: String::new(),
        order_reference: String::new(),
        reservation_id: None,
        note: String::new(),
    };
    Invoice::draft(InvoiceId(stamp.id()), None, content, stamp.time).unwrap()
}

pub fn issued_by(
    desk: &mut Desk,
    gross: &str,
    terms_text: &str,
    offer: EarlyPaymentOffer,
    day: Date,
) -> Invoice {
    let mut invoice = draft(desk, &[zero_rated("1", gross)]);
    invoice.content.due = Some(Due::Terms(terms(terms_text)));
    invoice.content.early_payment_offer = Some(offer);
    let plan = invoice.plan_issue(&customer(1), day).unwrap();
    desk.invoices += 1;
    let number = format!("INV-{}", desk.invoices);
    let mut stamp = stamp_at(desk, day);
    invoice.issue(plan, number, &mut stamp).unwrap();
    invoice
}

pub fn issued(desk: &mut Desk, gross: &str, terms_text: &str, day: Date) -> Invoice {
    issued_by(desk, gross, terms_text, EarlyPaymentOffer::default(), day)
}

/// Due in 60 days, with an offer.
pub fn issued_with(
    desk: &mut Desk,
    gross: &str,
    tiers: &str,
    partial_payments_earn: bool,
    day: Date,
) -> Invoice {
    issued_by(
        desk,
        gross,
        "net 60",
        offer(tiers, partial_payments_earn),
        day,
    )
}

pub fn owed(desk: &mut Desk, gross: &str, terms_text: &str, day: Date) -> Receivable {
    issued(desk, gross, terms_text, day)
        .receivable()
        .unwrap()
        .clone()
}

pub fn owed_with(
    desk: &mut Desk,
    gross: &str,
    tiers: &str,
    partial_payments_earn: bool,
    day: Date,
) -> Receivable {
    let invoice = issued_with(desk, gross, tiers, partial_payments_earn, day);
    invoice.receivable().unwrap().clone()
}

pub fn named(book: &[Receivable]) -> Target {
    let named = book.iter().map(|debt| NamedInvoice {
        invoice_id: debt.invoice_id,
        amount: None,
    });
    Target::Named(named.collect())
}

pub fn by_rule(steps: &[ApplicationStep], include_disputed: bool) -> Target {
    Target::Rule(ApplicationRule {
        steps: steps.to_vec(),
        include_disputed,
    })
}

pub fn oldest_first(include_disputed: bool) -> Target {
    by_rule(&[ApplicationStep::OldestFirst], include_disputed)
}

pub fn granted(tolerance: Tolerance) -> GrantedTolerance {
    GrantedTolerance {
        tolerance,
        policy_version: "credit-policy/standard@1".to_owned(),
    }
}

pub fn pay(
    desk: &mut Desk,
    book: &mut [Receivable],
    amount: Money,
    receipt_date: Date,
    target: Target,
    tolerance: Tolerance,
) -> Result<(Application, Vec<InvoiceBalance>), ApplyError> {
    let mut stamp = stamp_at(desk, receipt_date);
    let order = CreditApplication {
        application_id: ApplicationId(stamp.id()),
        customer_id: customer(1).customer_id,
        receipt_id: ReceiptId(stamp.id()),
        amount,
        receipt_date,
        target,
    };
    apply(&order, book, &granted(tolerance), &mut stamp)
}

/// Money for one invoice from a customer without tolerance.
pub fn pay_named(
    desk: &mut Desk,
    debt: &mut Receivable,
    amount: &str,
    receipt_date: Date,
) -> Result<Application, ApplyError> {
    let book = std::slice::from_mut(debt);
    let target = named(book);
    let (application, _) = pay(
        desk,
        book,
        eur(amount),
        receipt_date,
        target,
        Tolerance::default(),
    )?;
    Ok(application)
}

pub fn take_back(
    desk: &mut Desk,
    application: &mut Application,
    debt: &mut Receivable,
    reversal_date: Date,
) -> Result<Vec<InvoiceBalance>, ReverseError> {
    let mut stamp = stamp_at(desk, reversal_date);
    let order = ReversalOrder {
        reversal_id: ReversalId(stamp.id()),
        application_id: application.application_id,
        reason: ReversalReason::Returned,
        reversal_date,
    };
    reverse(
        order,
        application,
        std::slice::from_mut(debt),
        &[],
        &mut stamp,
    )
}

/// A credit of customer 1 from a note that stood alone.
pub fn credit(desk: &mut Desk, amount: &str, day: Date) -> CustomerCredit {
    let lines = vec![zero_rated("1", amount)];
    let plan = CreditPlan::stand_alone(customer(1).customer_id, Currency::EUR, lines).unwrap();
    let mut stamp = stamp_at(desk, day);
    let header = CreditNoteHeader {
        credit_note_id: CreditNoteId(stamp.id()),
        external_id: None,
        credit_note_number: "CN-000001".to_owned(),
        reason: CreditNoteReason::Goodwill,
        note: String::new(),
        credit_note_date: day,
    };
    plan.issue(header, None, &mut stamp)
        .unwrap()
        .customer_credit
        .unwrap()
}

/// P8 and its like: what is open of each item is the sum of its entries, what the item remembers
/// beside that agrees with them, entries are numbered without a gap, and the invoice is closed
/// exactly when nothing is open.
pub fn assert_sums_hold(debt: &Receivable, history: &[InvoiceEntry]) {
    for item in &debt.items {
        let of_item = |entry: &&InvoiceEntry| entry.open_item_id == item.open_item_id;
        let sum = |wanted: &dyn Fn(&InvoiceEntry) -> bool| {
            let entries = history.iter().filter(of_item).filter(|entry| wanted(entry));
            Money::sum(debt.currency, entries.map(|entry| entry.amount)).unwrap()
        };
        assert_eq!(item.open_amount, sum(&|_| true));
        assert!(!item.open_amount.is_negative());
        let credited = sum(&|entry| {
            let by_note = matches!(entry.cause, Some(EntryCause::CreditNote(_)));
            by_note && entry.kind == EntryKind::Credit
        });
        assert_eq!(item.credited_amount, credited.negated());
        let written_off =
            sum(&|entry| matches!(entry.kind, EntryKind::WriteOff | EntryKind::Reinstatement));
        assert_eq!(item.written_off_amount, written_off.negated());
        assert_eq!(item.closed_date.is_some(), item.is_settled());
        let standing = history
            .iter()
            .filter(of_item)
            .filter(|entry| stands(entry, history));
        let standing: Vec<_> = standing.collect();
        let latest = standing.iter().map(|entry| entry.entry_date).max();
        assert_eq!(Some(item.effective_date), latest);
        let is_money = |entry: &&&InvoiceEntry| match entry.cause {
            Some(EntryCause::CustomerCredit(_)) => true,
            _ => entry.kind == EntryKind::Allocation,
        };
        let money = standing
            .iter()
            .filter(is_money)
            .map(|entry| entry.entry_date);
        assert_eq!(item.money_date, money.max());
    }
    let numbers = history.iter().map(|entry| entry.entry_number);
    assert!(numbers.eq(1..=debt.last_entry_number));
    let closed = debt.open_amount().unwrap().is_zero();
    assert_eq!(debt.state != InvoiceState::Issued, closed);
    assert_eq!(
        (debt.closed_date.is_some(), debt.closing_kind.is_some()),
        (closed, closed)
    );
}

/// Whether an entry neither takes back one of an application in full nor was so taken back.
fn stands(entry: &InvoiceEntry, history: &[InvoiceEntry]) -> bool {
    let cancels = |taker: &InvoiceEntry, taken: &InvoiceEntry| {
        matches!(taker.cause, Some(EntryCause::Reversal(_)))
            && taker.reversed_entry_id == Some(taken.entry_id)
            && taker.amount == taken.amount.negated()
    };
    !history
        .iter()
        .any(|other| cancels(other, entry) || cancels(entry, other))
}
