//! What the tests of the rules are made of: one customer's euro money on the 1st of March 2026.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::date;
use money::{Currency, Money};
use uuid::Uuid;

use super::*;

/// The instant of everything.
pub(crate) const NOW: Timestamp = Timestamp::constant(1_772_366_400, 0);

/// Runs `work` with a stamp of [`NOW`]. Identities count up and never come back in one test.
pub(crate) fn stamped<T>(work: impl FnOnce(&mut Stamp<'_>) -> T) -> T {
    let mut new_id = Uuid::now_v7;
    work(&mut Stamp::new(NOW, &mut new_id))
}

pub(crate) fn eur(amount: &str) -> Money {
    Money::parse(amount, Currency::EUR).unwrap()
}

pub(crate) fn customer_id(number: u128) -> CustomerId {
    CustomerId(Uuid::from_u128(0xC000 + number))
}

pub(crate) fn invoice_id(number: u128) -> InvoiceId {
    InvoiceId(Uuid::from_u128(0xA000 + number))
}

pub(crate) fn named(invoices: &[u128]) -> ApplicationTarget {
    let named = |number: &u128| NamedInvoice {
        invoice_id: invoice_id(*number),
        amount: None,
    };
    ApplicationTarget::Named(invoices.iter().map(named).collect())
}

pub(crate) fn new_receipt(amount: &str) -> NewReceipt {
    NewReceipt {
        receipt_id: None,
        external_id: None,
        customer_id: Some(customer_id(1)),
        method: ReceiptMethod::Transfer,
        amount: eur(amount),
        receipt_date: date(2026, 3, 1),
        remittance: Remittance::default(),
        origin: ReceiptOrigin::Recorded,
        account: None,
    }
}

/// A receipt of customer 1.
pub(crate) fn receipt(amount: &str) -> Receipt {
    let recorded = stamped(|stamp| Receipt::record(new_receipt(amount), date(2026, 3, 10), stamp));
    recorded.unwrap().0
}

pub(crate) fn order(amount: Option<&str>, target: ApplicationTarget) -> ApplicationOrder {
    ApplicationOrder {
        amount: amount.map(eur),
        customer_id: None,
        target,
        decision: stamped(|stamp| Decision::new("NAMED", Vec::new(), BTreeMap::new(), stamp)),
    }
}

pub(crate) fn reserved(receipt: &mut Receipt, amount: Option<&str>) -> ReceiptApplication {
    let order = order(amount, named(&[1]));
    let reserved = stamped(|stamp| ReceiptApplication::reserve(receipt, order, stamp));
    reserved.unwrap().0
}

/// An application of `amount` that invoicing took whole.
pub(crate) fn applied(receipt: &mut Receipt, amount: &str) -> ReceiptApplication {
    let mut application = reserved(receipt, Some(amount));
    let answer = ApplicationAnswer::Applied {
        allocations: vec![allocation(amount)],
        overpayment_tolerance_amount: eur("0"),
        rest_amount: eur("0"),
    };
    application.book(receipt, answer, NOW).unwrap();
    application
}

pub(crate) fn allocation(amount: &str) -> Allocation {
    Allocation {
        invoice_id: invoice_id(1),
        invoice_number: "INV-000001".into(),
        open_item_id: OpenItemId(Uuid::from_u128(1)),
        open_item_kind: OpenItemKind::Principal,
        due_date: date(2026, 3, 31),
        amount: eur(amount),
        discount_amount: eur("0"),
        tolerance_amount: eur("0"),
        reinstated_amount: eur("0"),
        open_amount_after: eur("0"),
    }
}

pub(crate) fn refusal(reason: &str) -> ItemRefusal {
    ItemRefusal {
        code: 9,
        reason: reason.into(),
        message: "no".into(),
        metadata: BTreeMap::new(),
    }
}

pub(crate) fn tolerance(ratio: &str, maximum: &str, discount_grace_days: u16) -> Tolerance {
    Tolerance {
        ratio: money::Rate::parse(ratio).unwrap(),
        maximum_amounts: BTreeMap::from([(Currency::EUR, eur(maximum))]),
        discount_grace_days,
    }
}

pub(crate) fn known_customer(number: u128, name: &str) -> KnownCustomer {
    KnownCustomer {
        customer_id: customer_id(number),
        external_id: None,
        display_name: name.into(),
        parent_customer_id: None,
        tolerances: Vec::new(),
    }
}

/// Invoice `INV-` and six digits, due on the 31st of March 2026, its number its reference.
pub(crate) fn known_invoice(number: u128, customer: u128, open: &str) -> KnownInvoice {
    KnownInvoice {
        invoice_id: invoice_id(number),
        customer_id: customer_id(customer),
        external_id: None,
        invoice_number: format!("INV-{number:06}"),
        payment_reference: format!("INV-{number:06}"),
        invoice_date: date(2026, 3, 1),
        open_amount: eur(open),
        items: vec![KnownItem {
            open_item_id: OpenItemId(Uuid::from_u128(number)),
            due_date: date(2026, 3, 31),
            original_amount: eur(open),
            open_amount: eur(open),
            discounts: Vec::new(),
        }],
        version: 1,
    }
}

/// A statement as a German bank writes it.
pub(crate) fn layout() -> StatementLayout {
    let column = |name: &str| Column::Header(name.into());
    StatementLayout {
        format: CsvFormat {
            encoding: Encoding::Utf8,
            delimiter: b';',
            quote: b'"',
            skip_line_count: 0,
            has_header: true,
            amounts: AmountFormat {
                decimal_mark: DecimalMark::Comma,
                group_mark: Some('.'),
            },
            dates: DateFormat::try_new("%d.%m.%Y").unwrap(),
        },
        booking_date: column("Buchung"),
        value_date: Some(column("Valuta")),
        amount: AmountColumns::Signed(column("Betrag")),
        currency_code: Some(column("Währung")),
        payment_reference: Some(column("Referenz")),
        remittance_text: vec![column("Text 1"), column("Text 2")],
        payer_name: Some(column("Name")),
        payer_account: Some(column("IBAN")),
        bank_reference: Some(column("Bankref")),
    }
}

pub(crate) fn bank_account() -> BankAccount {
    BankAccount {
        bank_account_id: BankAccountId(Uuid::from_u128(0xB001)),
        display_name: "Giro".into(),
        account_number: AccountNumber::try_new("DE89370400440532013000").unwrap(),
        bank_code: String::new(),
        currency: Currency::EUR,
        statements_until_date: None,
        created_time: NOW,
        version: 1,
    }
}

pub(crate) fn statement_line(amount: &str) -> StatementLine {
    StatementLine {
        row_number: 2,
        booking_date: date(2026, 3, 1),
        value_date: date(2026, 3, 1),
        amount: eur(amount),
        remittance: Remittance::default(),
        bank_reference: "B1".into(),
    }
}

/// A booked line and the receipt to record for it.
pub(crate) fn bank_line(amount: &str) -> (BankLine, Option<NewReceipt>) {
    let import = BankStatementImportId(Uuid::from_u128(0xB002));
    let (line, account) = (statement_line(amount), bank_account());
    stamped(|stamp| BankLine::book(line, LineKey([1; 32]), import, &account, stamp))
}

pub(crate) fn decision(outcome: &str) -> Decision {
    stamped(|stamp| Decision::new(outcome, Vec::new(), BTreeMap::new(), stamp))
}

/// The match that an application of [`named`] invoice 1 carries out.
pub(crate) fn line_match(application: &ReceiptApplication) -> LineMatch {
    LineMatch {
        basis: MatchBasis::InvoiceNumbers,
        customer_id: application.customer_id,
        invoices: vec![NamedInvoice {
            invoice_id: invoice_id(1),
            amount: None,
        }],
        application_ids: vec![application.application_id],
    }
}

pub(crate) fn suggestion(score: u32) -> Suggestion {
    Suggestion {
        basis: MatchBasis::SimilarReference,
        customer_id: customer_id(1),
        invoices: vec![invoice_id(1)],
        score,
        explanation: "one slip".into(),
    }
}

pub(crate) fn row_fault(row_number: u32) -> RowFault {
    RowFault {
        row_number,
        column: "Betrag".into(),
        reason: RowReason::InvalidAmount,
        message: "no amount".into(),
    }
}

/// A file as it came for [`bank_account`].
pub(crate) fn statement(file: StatementFile) -> ReceivedStatement {
    ReceivedStatement {
        bank_statement_import_id: BankStatementImportId(Uuid::from_u128(0xB002)),
        bank_account_id: bank_account().bank_account_id,
        column_mapping: ColumnMapping {
            column_mapping_id: ColumnMappingId(Uuid::from_u128(0xB003)),
            display_name: "our bank".into(),
            layout: layout(),
            created_time: NOW,
            version: 1,
        },
        file_name: "march.csv".into(),
        file,
    }
}
