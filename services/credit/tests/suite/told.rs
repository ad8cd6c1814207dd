//! What invoicing and payments tell in these tests, a line each.

use contracts::common::Money;
use contracts::invoicing as wire;
use contracts::payments::{self, Receipt};
use postgres::TenantId;
use uuid::Uuid;

use crate::fixture::World;
use crate::samples::{day, eur};

/// An invoice of one item, as its balances tell it.
#[derive(Debug, Clone)]
pub struct Told {
    pub invoice_id: Uuid,
    pub customer_id: String,
    pub gross: &'static str,
    pub open: &'static str,
    pub disputed: &'static str,
    pub invoice_date: (i32, i32, i32),
    pub due_date: (i32, i32, i32),
    pub closed_date: Option<(i32, i32, i32)>,
    pub version: i64,
}

impl Told {
    pub fn new(customer_id: &str, gross: &'static str, due_date: (i32, i32, i32)) -> Self {
        Self {
            invoice_id: Uuid::now_v7(),
            customer_id: customer_id.to_owned(),
            gross,
            open: gross,
            disputed: "0.00",
            invoice_date: (2026, 1, 1),
            due_date,
            closed_date: None,
            version: 1,
        }
    }

    fn balance(&self) -> wire::InvoiceBalance {
        let date = |(year, month, date): (i32, i32, i32)| day(year, month, date);
        let closed_date = self.closed_date.map(date);
        let closing_kind = match closed_date {
            Some(_) => wire::ClosingKind::Payment,
            None => wire::ClosingKind::Unspecified,
        };
        wire::InvoiceBalance {
            invoice_id: self.invoice_id.to_string(),
            invoice_number: "INV-1".to_owned(),
            customer_id: self.customer_id.clone(),
            invoice_date: Some(date(self.invoice_date)),
            gross_amount: Some(eur(self.gross)),
            open_amount: Some(eur(self.open)),
            disputed_amount: Some(eur(self.disputed)),
            open_items: vec![wire::OpenItemBalance {
                open_item_id: self.invoice_id.to_string(),
                due_date: Some(date(self.due_date)),
                open_amount: Some(eur(self.open)),
                closed_date,
                ..wire::OpenItemBalance::default()
            }],
            closed_date,
            closing_kind: closing_kind.into(),
            version: self.version,
            ..wire::InvoiceBalance::default()
        }
    }

    /// It was issued, perhaps on a reservation.
    pub fn issued(&self, world: &World, tenant: TenantId, reservation_id: &str) {
        let invoice = wire::Invoice {
            content: Some(wire::InvoiceContent {
                reservation_id: reservation_id.to_owned(),
                ..wire::InvoiceContent::default()
            }),
            ..wire::Invoice::default()
        };
        let data = wire::InvoiceIssued {
            invoice: Some(invoice),
            balance_after: Some(self.balance()),
            imported: false,
        };
        let (source, subject) = ("invoicing", self.invoice_id);
        world
            .feed
            .announce(source, tenant.uuid(), subject, self.version, &data);
    }

    /// Money was applied to it; `open` is what is left.
    pub fn paid(&mut self, world: &World, tenant: TenantId, amount: &str, open: &'static str) {
        self.open = open;
        self.version += 1;
        let application_id = Uuid::now_v7();
        let data = wire::ApplicationApplied {
            application: Some(wire::Application {
                application_id: application_id.to_string(),
                customer_id: self.customer_id.clone(),
                allocated_amount: Some(eur(amount)),
                overpayment_tolerance_amount: Some(eur("0.00")),
                ..wire::Application::default()
            }),
            balances_after: vec![self.balance()],
        };
        world
            .feed
            .announce("invoicing", tenant.uuid(), application_id, 1, &data);
    }

    /// A part of it was disputed.
    pub fn disputed(&mut self, world: &World, tenant: TenantId, disputed: &'static str) {
        self.disputed = disputed;
        self.version += 1;
        let data = wire::DisputeOpened {
            dispute: None,
            balance_after: Some(self.balance()),
        };
        world
            .feed
            .announce("invoicing", tenant.uuid(), Uuid::now_v7(), 1, &data);
    }

    /// An older telling of it comes once more.
    pub fn told_again(&self, world: &World, tenant: TenantId) {
        let data = wire::DisputeResolved {
            dispute: None,
            balance_after: Some(self.balance()),
        };
        world
            .feed
            .announce("invoicing", tenant.uuid(), Uuid::now_v7(), 1, &data);
    }
}

/// A receipt of a customer; what of it was refunded, and its version.
pub fn received(
    world: &World,
    tenant: TenantId,
    (receipt_id, customer_id): (Uuid, &str),
    (amount, refunded): (&str, &str),
    version: i64,
) {
    let some = |amount: &str| -> Option<Money> { Some(eur(amount)) };
    let receipt = Receipt {
        receipt_id: receipt_id.to_string(),
        customer_id: customer_id.to_owned(),
        amount: some(amount),
        refunded_amount: some(refunded),
        returned_amount: some("0.00"),
        ..Receipt::default()
    };
    let data = payments::ReceiptAssigned {
        receipt: Some(receipt),
        previous_customer_id: String::new(),
    };
    world
        .feed
        .announce("payments", tenant.uuid(), receipt_id, version, &data);
}
