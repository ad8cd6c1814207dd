//! What we do with the feeds of credit and invoicing: customers with their names and tolerances,
//! invoices with their references and what of them is open.

use std::collections::BTreeSet;
use std::time::Duration;

use contracts::common::{DiscountOffer, PaymentTolerance};
use contracts::convert::{date_to_wire, money_to_wire};
use contracts::credit as credit_wire;
use contracts::invoicing as wire;
use contracts::invoicing::invoice_content::Customer;
use jiff::civil::{Date, date};
use money::{Currency, Money};
use payments::domain::{CustomerId, KnownCustomer, KnownInvoice, Remittance, lookup_keys};
use payments::store;
use testkit::eventually_some;
use uuid::Uuid;

use crate::fixture::{OURS, PAYER, THEIRS, World};

const PATIENCE: Duration = Duration::from_secs(10);
const NEW: CustomerId = CustomerId(Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_00c9));
const INVOICE: Uuid = Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_00f1);

fn eur(amount: &str) -> Money {
    Money::parse(amount, Currency::EUR).unwrap()
}

fn customer(name: &str, granted_terms: Option<credit_wire::GrantedTerms>) -> credit_wire::Customer {
    credit_wire::Customer {
        customer_id: NEW.0.to_string(),
        details: Some(credit_wire::CustomerDetails {
            display_name: name.to_owned(),
            ..credit_wire::CustomerDetails::default()
        }),
        granted_terms,
        ..credit_wire::Customer::default()
    }
}

fn granted(from: Date, grace_days: i32) -> credit_wire::GrantedTerms {
    credit_wire::GrantedTerms {
        valid_from_date: Some(date_to_wire(from)),
        payment_tolerance: Some(PaymentTolerance {
            discount_grace_days: grace_days,
            maximum_amounts: vec![money_to_wire(eur("5.00"))],
            ..PaymentTolerance::default()
        }),
        ..credit_wire::GrantedTerms::default()
    }
}

fn issued(reference: &str) -> wire::InvoiceIssued {
    let gross = Some(money_to_wire(eur("119.00")));
    let invoice = wire::Invoice {
        invoice_id: INVOICE.to_string(),
        invoice_number: "INV-000123".to_owned(),
        content: Some(wire::InvoiceContent {
            customer: Some(Customer::CustomerId(PAYER.0.to_string())),
            invoice_date: Some(date_to_wire(date(2026, 3, 1))),
            payment_reference: reference.to_owned(),
            ..wire::InvoiceContent::default()
        }),
        open_items: vec![wire::OpenItem {
            open_item_id: INVOICE.to_string(),
            due_date: Some(date_to_wire(date(2026, 3, 31))),
            original_amount: gross.clone(),
            open_amount: gross,
            discount_offers: vec![DiscountOffer {
                last_date: Some(date_to_wire(date(2026, 3, 15))),
                discount_amount: Some(money_to_wire(eur("2.38"))),
                ..DiscountOffer::default()
            }],
            ..wire::OpenItem::default()
        }],
        ..wire::Invoice::default()
    };
    wire::InvoiceIssued {
        invoice: Some(invoice),
        balance_after: Some(balance("119.00", 1)),
        imported: false,
    }
}

fn balance(open: &str, version: i64) -> wire::InvoiceBalance {
    let open_amount = Some(money_to_wire(eur(open)));
    wire::InvoiceBalance {
        invoice_id: INVOICE.to_string(),
        open_amount: open_amount.clone(),
        open_items: vec![wire::OpenItemBalance {
            open_item_id: INVOICE.to_string(),
            due_date: Some(date_to_wire(date(2026, 3, 31))),
            open_amount,
            ..wire::OpenItemBalance::default()
        }],
        version,
        ..wire::InvoiceBalance::default()
    }
}

fn applied(open: &str, version: i64) -> wire::ApplicationApplied {
    wire::ApplicationApplied {
        application: None,
        balances_after: vec![balance(open, version)],
    }
}

/// The customer once it is as expected.
async fn known_customer(world: &World, fits: impl Fn(&KnownCustomer) -> bool) -> KnownCustomer {
    eventually_some(PATIENCE, "the customer", async || {
        let mut tx = world.db.begin_read(OURS).await.unwrap();
        let found = store::customer::find_in_tx(&mut tx, OURS, NEW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        found.filter(|customer| fits(customer))
    })
    .await
}

/// The one invoice that a text names.
async fn quoted(world: &World, text: &str) -> Option<KnownInvoice> {
    let said = Remittance {
        text: text.to_owned(),
        ..Remittance::default()
    };
    let keys: BTreeSet<String> = lookup_keys(&said);
    let mut tx = world.db.begin_read(OURS).await.unwrap();
    let found = store::invoice::by_references_in_tx(&mut tx, OURS, &keys)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    found.into_iter().next()
}

async fn known_invoice(world: &World, version: i64) -> KnownInvoice {
    eventually_some(PATIENCE, "the invoice", async || {
        let found = quoted(world, "your INV-000123").await;
        found.filter(|invoice| invoice.version == version)
    })
    .await
}

#[tokio::test]
async fn p24_a_customer_is_known_by_the_newest_announcement_whatever_comes_last() {
    let world = World::start().await;
    let tell = |version, name: &str, terms| {
        let customer = Some(customer(name, terms));
        let data = credit_wire::CustomerUpdated {
            customer,
            changed_fields: Vec::new(),
        };
        world
            .invoicing
            .feed
            .announce("credit", OURS.uuid(), NEW.0, version, &data);
    };
    tell(3, "New Name AG", Some(granted(date(2026, 4, 1), 2)));
    tell(2, "Old Name AG", Some(granted(date(2026, 1, 1), 1)));
    let known = known_customer(&world, |customer| customer.tolerances.len() == 2).await;
    assert_eq!(known.display_name, "New Name AG");
    let grace = |day| {
        known
            .tolerance_on(day)
            .map(|tolerance| tolerance.discount_grace_days)
    };
    assert_eq!(grace(date(2025, 12, 31)), None);
    assert_eq!(grace(date(2026, 3, 31)), Some(1));
    assert_eq!(grace(date(2026, 4, 1)), Some(2));
    let keys = "SELECT count(*) FROM customer_name_key WHERE name_key ILIKE 'old%'";
    assert_eq!(world.count(keys).await, 0);
}

#[tokio::test]
async fn ca_1_an_invoice_is_found_by_its_number_and_its_reference() {
    let world = World::start().await;
    let data = issued("RF18 5390 0754 7034");
    world
        .invoicing
        .feed
        .announce("invoicing", OURS.uuid(), INVOICE, 1, &data);
    let known = known_invoice(&world, 1).await;
    assert_eq!(
        (known.customer_id, known.open_amount),
        (PAYER, eur("119.00"))
    );
    assert_eq!(known.items[0].discounts[0].amount, eur("2.38"));
    assert_eq!(quoted(&world, "rf18539007547034").await, Some(known));
    assert_eq!(quoted(&world, "INV-000124").await, None);
}

#[tokio::test]
async fn p24_of_two_balances_the_higher_version_holds_and_items_keep_their_discounts() {
    let world = World::start().await;
    let feed = &world.invoicing.feed;
    feed.announce("invoicing", OURS.uuid(), INVOICE, 1, &issued(""));
    feed.announce(
        "invoicing",
        OURS.uuid(),
        Uuid::now_v7(),
        1,
        &applied("19.00", 3),
    );
    feed.announce(
        "invoicing",
        OURS.uuid(),
        Uuid::now_v7(),
        1,
        &applied("69.00", 2),
    );
    let known = known_invoice(&world, 3).await;
    assert_eq!(known.open_amount, eur("19.00"));
    let item = &known.items[0];
    assert_eq!(
        (item.open_amount, item.original_amount),
        (eur("19.00"), eur("119.00"))
    );
    assert_eq!(item.discounts.len(), 1);
}

#[tokio::test]
async fn p25_a_balance_of_an_invoice_that_is_parked_is_parked_too_and_others_go_on() {
    let world = World::start().await;
    let feed = &world.invoicing.feed;
    let bad = wire::InvoiceIssued {
        balance_after: None,
        ..issued("")
    };
    feed.announce("invoicing", THEIRS.uuid(), INVOICE, 1, &bad);
    feed.announce(
        "invoicing",
        THEIRS.uuid(),
        Uuid::now_v7(),
        1,
        &applied("19.00", 2),
    );
    feed.announce("invoicing", OURS.uuid(), INVOICE, 1, &issued(""));
    assert_eq!(known_invoice(&world, 1).await.open_amount, eur("119.00"));
    let parked = "SELECT count(*) FROM parked_event WHERE source = 'invoicing'";
    assert_eq!(world.count(parked).await, 2);
}
