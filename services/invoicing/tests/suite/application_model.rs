//! The program beside its rules: random money comes and goes over gRPC, and in memory on the rules
//! alone. Every answer is the same, versions included; in the end the tables hold what memory holds.
//! What is lost or bent between the rules and the tables shows here, whatever it is.

use std::collections::BTreeMap;

use contracts::common::ItemRefusal;
use contracts::invoicing::ApplicationStep::{ExactAmount, OldestFirst};
use contracts::invoicing::apply_credits_result::Outcome;
use contracts::invoicing::reverse_applications_result::Outcome as ReverseOutcome;
use contracts::invoicing::{
    ApplyCreditsResult, CreditApplication, ReversalOrder, ReverseApplicationsResult,
};
use invoicing::domain::{
    Application, ApplyError, Customer, EntryId, Grant, InvoiceEntry, InvoiceId, Receivable,
    ReverseError, Stamp, apply, reverse,
};
use invoicing::rpc::error::{application_refused, reversal_refused};
use invoicing::rpc::wire::application::{application_to_wire, reversal_to_wire};
use invoicing::rpc::wire::application_order::{applications_from_wire, reversals_from_wire};
use invoicing::rpc::wire::balance::balances_to_wire;
use invoicing::store;
use jiff::ToSpan as _;
use runtime::Refusal;
use uuid::Uuid;

use crate::dice::Dice;
use crate::fixture::OURS;
use crate::till::{Bill, JAN_1, Till, by_rule, customer, for_invoices, returned, terms, tolerance};

/// What the program should hold, kept by the rules alone.
struct Model {
    book: Vec<Receivable>,
    applications: BTreeMap<String, Application>,
    /// Of customer 1; others have none.
    payer: Customer,
}

impl Model {
    /// Ten invoices of customer 1, and two of another: some with offers, some in instalments.
    async fn issued(till: &Till, dice: &mut Dice) -> Self {
        till.tolerate("0.01", "3.00", 2).await;
        let mut book = Vec::new();
        for number in 0..12 {
            let bill = Bill {
                customer_id: customer(if number < 10 { 1 } else { 2 }),
                terms: ["net 10", "net 30", "50%: net 10; rest: net 30"][index(dice, 3)],
                offer: ["", "2/14", "3/5 1/20"][index(dice, 3)],
                date: JAN_1 + i64::try_from(dice.roll(20)).unwrap().days(),
                ..Bill::of(&euros(2000 + dice.roll(20_000)))
            };
            let invoice = till.issued(till.draft(&bill));
            book.push(invoice.receivable().unwrap().clone());
            till.store(OURS, invoice).await;
        }
        let grant = Grant {
            valid_from_date: jiff::civil::date(2025, 1, 1),
            policy_version: "credit-policy/standard@1".to_owned(),
            terms: terms("net 30"),
            early_payment_offer: Default::default(),
            tolerance: tolerance("0.01", "3.00", 2),
        };
        Self {
            book,
            applications: BTreeMap::new(),
            payer: Customer {
                customer_id: customer(1),
                external_id: None,
                grants: vec![grant],
            },
        }
    }

    /// What the rules answer to money.
    fn apply(&mut self, item: &CreditApplication, now: jiff::Timestamp) -> ApplyCreditsResult {
        let order = applications_from_wire(std::slice::from_ref(item))
            .unwrap()
            .remove(0)
            .order;
        let granted = self.payer.tolerance_on(order.receipt_date);
        let mut new_id = Uuid::now_v7;
        let mut stamp = Stamp::new(now, &mut new_id);
        let (outcome, balances) = match apply(&order, &mut self.book, &granted, &mut stamp) {
            Ok((application, balances)) => {
                let told = application_to_wire(&application);
                self.applications
                    .insert(item.application_id.clone(), application);
                (Outcome::Application(told), balances)
            }
            Err(ApplyError::Refused(reason)) => (
                Outcome::Refusal(told(application_refused(&reason))),
                Vec::new(),
            ),
            Err(ApplyError::Ledger(fault)) => panic!("{fault}"),
        };
        ApplyCreditsResult {
            application_id: item.application_id.clone(),
            outcome: Some(outcome),
            balances_after: balances_to_wire(&balances),
        }
    }

    /// What the rules answer to taking one of its applications back.
    fn reverse(&mut self, item: &ReversalOrder, now: jiff::Timestamp) -> ReverseApplicationsResult {
        let order = reversals_from_wire(std::slice::from_ref(item))
            .unwrap()
            .remove(0)
            .order;
        let application = self.applications.get_mut(&item.application_id).unwrap();
        let mut new_id = Uuid::now_v7;
        let mut stamp = Stamp::new(now, &mut new_id);
        // Nothing was ever taken out of the book: all of its history is in it.
        let outcome = reverse(order, application, &mut self.book, &[], &mut stamp);
        let (outcome, balances) = match outcome {
            Ok(balances) => {
                let reversal = reversal_to_wire(application.reversal.as_ref().unwrap());
                (ReverseOutcome::Reversal(reversal), balances)
            }
            Err(ReverseError::Ledger(fault)) => panic!("{fault}"),
            Err(reason) => {
                let refusal = reversal_refused(order.application_id, &reason);
                (ReverseOutcome::Refusal(told(refusal)), Vec::new())
            }
        };
        ReverseApplicationsResult {
            reversal_id: item.reversal_id.clone(),
            outcome: Some(outcome),
            balances_after: balances_to_wire(&balances),
        }
    }

    /// The tables hold every receivable as it is here, with the same history.
    async fn assert_stored(mut self, till: &Till) {
        let ids: Vec<InvoiceId> = self.book.iter().map(|debt| debt.invoice_id).collect();
        let mut tx = till.db.begin_read(OURS).await.unwrap();
        let mut stored = store::receivable::load_in_tx(&mut tx, OURS, &ids)
            .await
            .unwrap();
        let history = store::receivable::history_in_tx(&mut tx, OURS, &ids)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        self.book.sort_by_key(|debt| debt.invoice_id);
        let mut entries = Vec::new();
        for debt in stored.iter_mut().chain(&mut self.book) {
            debt.items.sort_by_key(|item| item.open_item_id);
            entries.extend(debt.take_new_entries());
        }
        assert_eq!(stored, self.book);
        assert_eq!(numbered(history), numbered(entries));
    }
}

/// The entries with their places for identities, which each side draws for itself.
fn numbered(entries: Vec<InvoiceEntry>) -> Vec<InvoiceEntry> {
    let place = |entry: &InvoiceEntry| {
        let number = u128::try_from(entry.entry_number).unwrap();
        EntryId(Uuid::from_u128(entry.invoice_id.0.as_u128() ^ number))
    };
    let places: BTreeMap<EntryId, EntryId> = entries
        .iter()
        .map(|entry| (entry.entry_id, place(entry)))
        .collect();
    let renamed = |entry: InvoiceEntry| InvoiceEntry {
        entry_id: places[&entry.entry_id],
        reversed_entry_id: entry.reversed_entry_id.map(|id| places[&id]),
        ..entry
    };
    entries.into_iter().map(renamed).collect()
}

fn told(refusal: Refusal) -> ItemRefusal {
    refusal.into_item(invoicing::SERVICE)
}

/// Each side draws identities of decisions for itself.
fn without_decision_id(mut result: ApplyCreditsResult) -> ApplyCreditsResult {
    if let Some(Outcome::Application(application)) = &mut result.outcome {
        application.decision.as_mut().unwrap().decision_id.clear();
    }
    result
}

fn index(dice: &mut Dice, faces: u64) -> usize {
    usize::try_from(dice.roll(faces)).unwrap()
}

fn euros(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Money of some day for some invoices or by rule: now any amount, now what an invoice is worth or
/// nearly so.
fn random_money(dice: &mut Dice, book: &[Receivable]) -> CreditApplication {
    let on = JAN_1 + i64::try_from(dice.roll(40)).unwrap().days();
    let one = &book[index(dice, 12)];
    let worth = u64::try_from(one.open_amount().unwrap().to_minor()).unwrap();
    let cents = match dice.roll(4) {
        0 => 1 + dice.roll(15_000),
        1 => worth + dice.roll(300),
        2 => (worth * 98).div_ceil(100),
        _ => worth.saturating_sub(dice.roll(300)),
    };
    let paid = euros(cents.max(1));
    match dice.roll(4) {
        0 => by_rule(&[ExactAmount, OldestFirst], &paid, on),
        1 => by_rule(&[OldestFirst], &paid, on),
        2 => for_invoices(&[(one.invoice_id, None)], &paid, on),
        _ => {
            let other = &book[index(dice, 12)];
            let cap = euros(1 + dice.roll(8000));
            let mut named = vec![
                (one.invoice_id, Some(cap.as_str())),
                (other.invoice_id, None),
            ];
            named.dedup_by_key(|(invoice_id, _)| *invoice_id);
            for_invoices(&named, &paid, on)
        }
    }
}

/// 25 batches of one to four items each; a quarter of them take back what came before, some of it
/// for the second time.
async fn play(seed: u64) {
    let till = Till::open().await;
    let mut dice = Dice::new(seed);
    let mut model = Model::issued(&till, &mut dice).await;
    let now = till.world.clock.now();
    for _ in 0..25 {
        let known: Vec<String> = model.applications.keys().cloned().collect();
        if !known.is_empty() && dice.roll(4) == 0 {
            let taken = &known[index(&mut dice, u64::try_from(known.len()).unwrap())];
            let order = returned(taken, JAN_1 + 45.days());
            let answer = till.reverse(std::slice::from_ref(&order)).await;
            assert_eq!(answer, [model.reverse(&order, now)]);
            continue;
        }
        let size = 1 + dice.roll(4);
        let batch: Vec<_> = (0..size)
            .map(|_| random_money(&mut dice, &model.book))
            .collect();
        let answers = till.apply(&batch).await;
        let answers: Vec<_> = answers.into_iter().map(without_decision_id).collect();
        let expected = batch
            .iter()
            .map(|item| without_decision_id(model.apply(item, now)));
        assert_eq!(answers, expected.collect::<Vec<_>>());
    }
    let reversed = model
        .applications
        .values()
        .filter(|one| one.reversal.is_some());
    assert!(reversed.count() > 0, "the dice took nothing back");
    model.assert_stored(&till).await;
    till.close().await;
}

#[tokio::test]
async fn p8_the_program_answers_and_stores_what_the_rules_say_1() {
    play(0x5eed_0001).await;
}

#[tokio::test]
async fn p8_the_program_answers_and_stores_what_the_rules_say_2() {
    play(0x5eed_0002).await;
}

#[tokio::test]
async fn p8_the_program_answers_and_stores_what_the_rules_say_3() {
    play(0x5eed_0003).await;
}
