//! The book is what it is said to be, whatever the seed.

use std::collections::{BTreeMap, BTreeSet};

use super::customer::Behaviour;
use super::fate::Ending;
use super::invoice::with_tax;
use super::reference::{Quote, creditor_reference, swapped};
use super::{Book, Size, is_business_day};

const WHOLE: Size = Size {
    customers: 250,
    months: 18,
    seed: 1,
};

/// Whether `count` of `all` is `percent`, give or take four.
fn about(count: usize, all: usize, percent: u32) -> bool {
    let found = count * 100 / all;
    found.abs_diff(usize::try_from(percent).unwrap()) <= 4
}

#[test]
fn the_same_seed_is_the_same_book_and_another_seed_another() {
    assert_eq!(Book::of(WHOLE), Book::of(WHOLE));
    assert_ne!(Book::of(WHOLE), Book::of(Size { seed: 2, ..WHOLE }));
}

#[test]
fn it_is_as_large_as_asked_for() {
    let book = Book::of(WHOLE);
    assert_eq!((book.customers.len(), book.invoices.len()), (250, 4_000));
    assert_eq!(book.from.to_string(), "2025-01-01");
    assert_eq!(book.until.to_string(), "2026-06-30");
    let distinct = |of: fn(&super::customer::Place) -> &'static str| {
        let all = book.customers.iter().map(|one| of(&one.place));
        all.collect::<BTreeSet<_>>().len()
    };
    assert_eq!(distinct(|place| place.country_code), 5);
    assert_eq!(distinct(|place| place.time_zone), 5);
    assert_eq!(distinct(|place| place.currency_code), 3);
}

#[test]
fn behaviours_and_quotes_come_at_their_rates() {
    for seed in [1, 2, 3] {
        let book = Book::of(Size {
            customers: 1_000,
            seed,
            ..WHOLE
        });
        for (behaviour, percent) in Behaviour::WEIGHTS {
            let count = book
                .customers
                .iter()
                .filter(|one| one.behaviour == behaviour)
                .count();
            assert!(about(count, 1_000, percent), "{behaviour:?}: {count}");
        }
        let single: Vec<_> = book
            .transfers
            .iter()
            .filter(|one| one.parts.len() == 1)
            .collect();
        for (quote, percent) in Quote::WEIGHTS {
            let count = single.iter().filter(|one| one.quote == quote).count();
            assert!(about(count, single.len(), percent), "{quote:?}: {count}");
        }
        let several = book.transfers.len() - single.len();
        assert!(
            several * 20 > book.transfers.len(),
            "{several} with two invoices"
        );
        assert!(
            book.transfers
                .iter()
                .all(|one| (one.parts.len() > 1) == (one.quote == Quote::Several))
        );
    }
}

#[test]
fn nobody_pays_more_or_less_than_they_owe_in_the_end() {
    let book = Book::of(WHOLE);
    let mut paid: BTreeMap<usize, i64> = BTreeMap::new();
    for part in book.transfers.iter().flat_map(|transfer| &transfer.parts) {
        *paid.entry(part.invoice).or_default() += part.cents;
    }
    let credited = |place: usize| -> i64 {
        let of_it = book
            .objections
            .iter()
            .filter(|objection| objection.invoice == place);
        let credits = of_it.map(|objection| match objection.ending {
            Ending::Credited { net_cents } => {
                let customer = &book.customers[book.invoices[place].customer];
                with_tax(net_cents, customer.place.tax_bp)
            }
            Ending::Rejected | Ending::Withdrawn => 0,
        });
        credits.sum()
    };
    let mut settled = 0;
    for (place, cents) in paid {
        let invoice = &book.invoices[place];
        let left = invoice.gross_cents - cents - credited(place);
        let in_part = book.transfers.last().unwrap().day > invoice.due;
        assert!(
            left == 0 || left == invoice.discount_cents || (left > 0 && in_part),
            "{invoice:?}"
        );
        settled += usize::from(left == 0);
    }
    assert!(settled > 2_000, "{settled}");
}

#[test]
fn the_insolvent_stop_paying_for_good() {
    let book = Book::of(WHOLE);
    for transfer in &book.transfers {
        let customer = &book.customers[transfer.customer];
        assert!(customer.pays_until.is_none_or(|last| transfer.day <= last));
    }
    assert!(
        book.customers
            .iter()
            .filter(|one| one.pays_until.is_some())
            .count()
            > 8
    );
}

#[test]
fn business_is_done_on_business_days_and_in_order() {
    let book = Book::of(WHOLE);
    assert!(book.invoices.is_sorted_by_key(|invoice| invoice.issued));
    assert!(book.transfers.is_sorted_by_key(|transfer| transfer.day));
    let issued = book.invoices.iter().map(|invoice| invoice.issued);
    let sent = book.transfers.iter().map(|transfer| transfer.day);
    let raised = book
        .objections
        .iter()
        .flat_map(|one| [one.raised, one.decided]);
    let made = book.vows.iter().map(|vow| vow.made);
    let mut all = issued.chain(sent).chain(raised).chain(made);
    assert!(all.all(is_business_day));
    for transfer in &book.transfers {
        for part in &transfer.parts {
            assert!(book.invoices[part.invoice].issued < transfer.day);
        }
    }
    for vow in &book.vows {
        assert!(
            vow.made < vow.by && vow.made > book.invoices[vow.invoice].due,
            "{vow:?}"
        );
    }
}

#[test]
fn promises_are_kept_or_broken_as_the_book_says() {
    let book = Book::of(WHOLE);
    let (mut kept, mut broken) = (0, 0);
    for vow in &book.vows {
        let pays = |transfer: &&super::transfer::Transfer| {
            transfer
                .parts
                .iter()
                .any(|part| part.invoice == vow.invoice)
        };
        let paid = book
            .transfers
            .iter()
            .find(pays)
            .map(|transfer| transfer.day);
        let Some(paid) = paid else { continue };
        assert!(paid > vow.made);
        assert_eq!(paid <= vow.by, vow.kept, "{vow:?} paid {paid}");
        assert!(vow.kept || paid > super::later(vow.by, 5), "past all grace");
        *(if vow.kept { &mut kept } else { &mut broken }) += 1;
    }
    assert!(kept > 50 && broken > 50, "{kept} kept, {broken} broken");
}

#[test]
fn references_prove_themselves_and_garbled_ones_do_not() {
    // The check digits of ISO 11649 leave 1 by 97, with the first four signs put last.
    let proves = |reference: &str| {
        let (head, body) = reference.split_at(4);
        let number: u128 = format!("{body}2715{}", &head[2..]).parse().unwrap();
        number % 97 == 1
    };
    let mut seen = BTreeSet::new();
    for number in 1..=5_000 {
        let reference = creditor_reference(number);
        assert!(proves(&reference) && reference.len() == 13, "{reference}");
        let garbled = swapped(&reference);
        assert!(garbled != reference && !proves(&garbled), "{garbled}");
        assert!(seen.insert(reference));
    }
}

#[test]
fn each_quote_is_written_in_its_way() {
    let invoices = [
        ("RF12345678901", "INV-000123"),
        ("RF98765432109", "INV-000124"),
    ];
    let written = |quote: Quote| quote.written(&invoices, 0);
    assert_eq!(written(Quote::Clean), "RF12345678901");
    assert_eq!(written(Quote::Number), "Invoice INV-000123");
    assert_eq!(written(Quote::Several), "INV-000123, INV-000124");
    assert_eq!(written(Quote::Swapped), "RF12345678910");
    assert_eq!(Quote::Swapped.written(&invoices, 1), "Invoice INV-000132");
    assert_eq!(written(Quote::Truncated), "RF12345678");
    assert_eq!(written(Quote::PrefixLost), "Payment 000123");
    assert_eq!(written(Quote::Missing), "Thank you");
}
