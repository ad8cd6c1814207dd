//! What happens to a placed debt: each kind of event by example, and random histories against a
//! naive recomputation from all that happened.

use proptest::prelude::*;

use super::*;
use crate::domain::cases;
use crate::domain::identity::{ApplicationId, ReceiptId};

fn application(number: u128) -> ApplicationId {
    ApplicationId::new(Uuid::from_u128(0xAA_0000 + number))
}

fn change(invoice: u128, version: i64, open: &str) -> BalanceChange {
    BalanceChange {
        invoice_id: invoice_id(invoice),
        version,
        open: euro(open),
    }
}

fn part(invoice: u128, amount: &str) -> CashPart {
    CashPart {
        invoice_id: invoice_id(invoice),
        amount: euro(amount),
    }
}

fn cash(number: u128, kind: CashKind, parts: &[CashPart]) -> Cash<'_> {
    Cash {
        application_id: application(number),
        receipt_id: ReceiptId::new(Uuid::from_u128(number)),
        kind,
        date: date(2026, 4, 1),
        parts,
    }
}

fn follow(placed: &mut Placed, balances: &[BalanceChange], cash: Option<Cash<'_>>) -> Followed {
    let movement = Movement {
        balances,
        cash,
        today: date(2026, 4, 2),
        at: at(),
    };
    placed
        .placement
        .follow(&mut placed.invoices, &movement)
        .unwrap()
}

const FROM_DEBTOR: CashKind = CashKind::Applied(Origin::Debtor);
const FROM_AGENCY: CashKind = CashKind::Applied(Origin::Agency(AGENCY));

fn shown(placed: &Placed) -> [String; 5] {
    let amounts = &placed.placement.amounts;
    [
        amounts.placed(),
        amounts.recovered(),
        amounts.direct(),
        amounts.adjusted(),
        amounts.open(),
    ]
    .map(|amount| amount.to_amount_string())
}

fn kinds(followed: &Followed) -> Vec<EntryKind> {
    followed.entries.iter().map(|entry| entry.kind).collect()
}

#[test]
fn ay_6_money_is_told_apart_by_where_it_came_from() {
    let mut placed = active(&Setup::default());
    let parts = [part(1, "100.00")];
    let through_agency = follow(
        &mut placed,
        &[change(1, 6, "500.00")],
        Some(cash(1, FROM_AGENCY, &parts)),
    );
    assert_eq!(kinds(&through_agency), [EntryKind::Recovered]);
    assert!(through_agency.events.is_empty());
    // Another agency's money is for this one like the debtor's own.
    let other = CashKind::Applied(Origin::Agency(AgencyId::new(Uuid::nil())));
    let parts = [part(1, "20.00"), part(2, "30.00"), part(9, "1.00")];
    let direct = follow(
        &mut placed,
        &[change(1, 7, "480.00"), change(2, 6, "370.00")],
        Some(cash(2, other, &parts)),
    );
    assert_eq!(kinds(&direct), [EntryKind::Direct, EntryKind::Direct]);
    let payment = direct.direct.unwrap();
    assert_eq!(
        (payment.amount, payment.date),
        (euro("50.00"), date(2026, 4, 1))
    );
    assert_eq!(payment.invoice_ids, [invoice_id(1), invoice_id(2)]);
    assert!(matches!(
        direct.events[..],
        [Event {
            fact: Fact::DirectPaymentReceived { .. },
            ..
        }]
    ));
    assert_eq!(
        shown(&placed),
        ["1000.00", "100.00", "50.00", "0.00", "850.00"]
    );
}

#[test]
fn what_changes_without_money_is_an_adjustment() {
    let mut placed = active(&Setup::default());
    // A credit note, then a fee.
    let noted = follow(&mut placed, &[change(1, 6, "450.00")], None);
    assert_eq!(kinds(&noted), [EntryKind::Adjusted]);
    follow(&mut placed, &[change(1, 7, "460.00")], None);
    assert_eq!(
        shown(&placed),
        ["1000.00", "0.00", "0.00", "140.00", "860.00"]
    );
    // A payment with a discount, and one that first reinstates what was written off.
    let parts = [part(1, "90.00")];
    let discounted = follow(
        &mut placed,
        &[change(1, 8, "360.00")],
        Some(cash(1, FROM_DEBTOR, &parts)),
    );
    assert_eq!(kinds(&discounted), [EntryKind::Direct, EntryKind::Adjusted]);
    let parts = [part(1, "50.00")];
    follow(
        &mut placed,
        &[change(1, 9, "330.00")],
        Some(cash(2, FROM_DEBTOR, &parts)),
    );
    assert_eq!(
        shown(&placed),
        ["1000.00", "0.00", "140.00", "130.00", "730.00"]
    );
    // Nothing at all: a dispute was opened.
    assert_eq!(
        follow(&mut placed, &[change(1, 10, "330.00")], None),
        Followed::default()
    );
}

#[test]
fn what_was_counted_is_taken_back_as_it_was_counted() {
    let mut placed = active(&Setup::default());
    let parts = [part(1, "100.00")];
    follow(
        &mut placed,
        &[change(1, 6, "500.00")],
        Some(cash(1, FROM_DEBTOR, &parts)),
    );
    let back = CashKind::TakenBack {
        counted_as: Some(EntryKind::Direct),
    };
    let reversed = follow(
        &mut placed,
        &[change(1, 7, "600.00")],
        Some(cash(1, back, &parts)),
    );
    assert_eq!(reversed.direct.unwrap().amount, euro("-100.00"));
    assert!(matches!(
        reversed.events[..],
        [Event {
            fact: Fact::DirectPaymentReversed { .. },
            ..
        }]
    ));
    assert_eq!(
        shown(&placed),
        ["1000.00", "0.00", "0.00", "0.00", "1000.00"]
    );
    // Money that had come before the placement: more is owed than was placed.
    let earlier = CashKind::TakenBack { counted_as: None };
    follow(
        &mut placed,
        &[change(1, 8, "625.00")],
        Some(cash(9, earlier, &[part(1, "25.00")])),
    );
    assert_eq!(
        shown(&placed),
        ["1000.00", "0.00", "0.00", "-25.00", "1025.00"]
    );
}

#[test]
fn what_the_last_look_saw_is_in_what_was_placed() {
    let mut placed = active(&Setup::default());
    // Paid before the look, which was at version 5; told after it.
    let parts = [part(1, "100.00")];
    let late = follow(
        &mut placed,
        &[change(1, 5, "600.00")],
        Some(cash(1, FROM_DEBTOR, &parts)),
    );
    assert_eq!(late, Followed::default());
    assert_eq!(shown(&placed)[2], "0.00");
}

#[test]
fn p_24_a_payment_told_after_a_newer_balance_counts_and_moves_nothing_open() {
    let mut placed = active(&Setup::default());
    follow(&mut placed, &[change(1, 8, "450.00")], None);
    assert_eq!(
        shown(&placed),
        ["1000.00", "0.00", "0.00", "150.00", "850.00"]
    );
    let parts = [part(1, "100.00")];
    follow(
        &mut placed,
        &[change(1, 6, "500.00")],
        Some(cash(1, FROM_AGENCY, &parts)),
    );
    assert_eq!(
        shown(&placed),
        ["1000.00", "100.00", "0.00", "50.00", "850.00"]
    );
}

#[test]
fn p_13_paid_in_full_ends_it_by_whatever_route() {
    let setup = Setup {
        open: vec!["100.00"],
        ..Setup::default()
    };
    let parts = [part(1, "100.00")];
    for cash in [
        Some(cash(1, FROM_DEBTOR, &parts)),
        Some(cash(1, FROM_AGENCY, &parts)),
        None,
    ] {
        let mut placed = active(&setup);
        assert!(!placed.placement.close_if_settled(at()));
        follow(&mut placed, &[change(1, 6, "0.00")], cash);
        assert!(placed.placement.close_if_settled(at()));
        assert!(!placed.placement.close_if_settled(at()));
        assert_eq!(placed.placement.close_code, Some(CloseCode::PaidInFull));
        assert_eq!(placed.placement.state, PlacementState::PendingRelease);
    }
}

#[test]
fn before_it_is_active_what_is_owed_is_what_would_be_placed() {
    let mut placed = approved(&Setup::default());
    let parts = [part(1, "100.00")];
    let followed = follow(
        &mut placed,
        &[change(1, 6, "500.00")],
        Some(cash(1, FROM_DEBTOR, &parts)),
    );
    assert_eq!(followed, Followed::default());
    assert_eq!(shown(&placed), ["900.00", "0.00", "0.00", "0.00", "900.00"]);
    placed
        .placement
        .reject("no".to_owned(), "bob", at())
        .unwrap();
    follow(&mut placed, &[change(1, 7, "0.00")], None);
    assert_eq!(shown(&placed)[4], "900.00");
}

#[test]
fn ay_7_after_its_end_only_the_agencys_money_is_its_business() {
    let mut placed = active(&Setup::default());
    let first = [part(1, "100.00")];
    follow(
        &mut placed,
        &[change(1, 6, "500.00")],
        Some(cash(1, FROM_DEBTOR, &first)),
    );
    placed
        .placement
        .close(CloseCode::Uncollectible, None, at())
        .unwrap();
    let ids = [invoice_id(1), invoice_id(2)];
    placed
        .placement
        .released(&mut placed.invoices, &ids, None, at())
        .unwrap();
    let late = [part(2, "40.00")];
    follow(
        &mut placed,
        &[change(2, 6, "360.00")],
        Some(cash(2, FROM_AGENCY, &late)),
    );
    let ours = [part(2, "60.00")];
    let quiet = follow(
        &mut placed,
        &[change(2, 7, "300.00")],
        Some(cash(3, FROM_DEBTOR, &ours)),
    );
    assert_eq!((quiet.direct, quiet.events), (None, vec![]));
    assert_eq!(
        shown(&placed),
        ["1000.00", "40.00", "100.00", "60.00", "800.00"]
    );
    let back = CashKind::TakenBack {
        counted_as: Some(EntryKind::Direct),
    };
    let bounced = follow(
        &mut placed,
        &[change(1, 7, "600.00")],
        Some(cash(1, back, &first)),
    );
    assert_eq!(bounced.direct.unwrap().amount, euro("-100.00"));
    assert_eq!(shown(&placed)[2..], ["0.00", "60.00", "900.00"]);
}

/// What happens to the two invoices of a placement, in the order in which invoicing does it.
#[derive(Debug, Clone)]
enum Deed {
    /// Pays at most so much, through the agency or not.
    Pay {
        invoice: usize,
        cents: i128,
        agency: bool,
    },
    /// Takes back the n-th payment that stands.
    TakeBack { payment: usize },
    /// Credits or charges without money.
    Adjust { invoice: usize, cents: i128 },
}

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (0_usize..2, 1_i128..40_000, any::<bool>())
            .prop_map(|(invoice, cents, agency)| Deed::Pay { invoice, cents, agency }),
        2 => any::<usize>().prop_map(|payment| Deed::TakeBack { payment }),
        2 => (0_usize..2, -10_000_i128..20_000)
            .prop_map(|(invoice, cents)| Deed::Adjust { invoice, cents }),
    ]
}

/// An event of invoicing, in cents.
#[derive(Debug, Clone)]
struct Told {
    invoice: usize,
    version: i64,
    open: i128,
    /// The payment, what it was, and whether it was taken back.
    cash: Option<(u128, i128, bool, bool)>,
}

/// Invoicing and the naive sums: what came through the agency, what came directly.
#[derive(Debug, Default)]
struct Books {
    open: [i128; 2],
    version: [i64; 2],
    standing: Vec<(u128, usize, i128, bool)>,
    told: Vec<Told>,
    recovered: i128,
    direct: i128,
}

impl Books {
    fn tell(&mut self, invoice: usize, cash: Option<(u128, i128, bool, bool)>) {
        self.version[invoice] += 1;
        self.told.push(Told {
            invoice,
            version: self.version[invoice],
            open: self.open[invoice],
            cash,
        });
    }

    fn count(&mut self, cents: i128, agency: bool) {
        match agency {
            true => self.recovered += cents,
            false => self.direct += cents,
        }
    }

    fn happen(&mut self, number: u128, deed: &Deed) {
        match *deed {
            Deed::Pay {
                invoice,
                cents,
                agency,
            } => {
                let cents = cents.min(self.open[invoice]);
                if cents == 0 {
                    return;
                }
                self.open[invoice] -= cents;
                self.standing.push((number, invoice, cents, agency));
                self.count(cents, agency);
                self.tell(invoice, Some((number, cents, agency, false)));
            }
            Deed::TakeBack { payment } => {
                if self.standing.is_empty() {
                    return;
                }
                let at = payment % self.standing.len();
                let (number, invoice, cents, agency) = self.standing.remove(at);
                self.open[invoice] += cents;
                self.count(-cents, agency);
                self.tell(invoice, Some((number, cents, agency, true)));
            }
            Deed::Adjust { invoice, cents } => {
                self.open[invoice] -= cents.min(self.open[invoice]);
                self.tell(invoice, None);
            }
        }
    }
}

fn cents(minor: i128) -> Money {
    Money::from_minor(minor, Currency::EUR).unwrap()
}

/// Follows one event as the store would: a payment that is taken back is looked up in the entries.
fn follow_told(placed: &mut Placed, entries: &mut Vec<PlacementEntry>, told: &Told) {
    let invoice_id = invoice_id(u128::try_from(told.invoice).unwrap() + 1);
    let balances = [BalanceChange {
        invoice_id,
        version: told.version,
        open: cents(told.open),
    }];
    let (number, amount, agency, back) = told.cash.unwrap_or_default();
    let parts = [CashPart {
        invoice_id,
        amount: cents(amount),
    }];
    let counted = |entry: &&PlacementEntry| {
        entry.application_id == Some(application(number)) && entry.kind != EntryKind::Adjusted
    };
    let kind = match (back, agency) {
        (true, _) => CashKind::TakenBack {
            counted_as: entries.iter().find(counted).map(|entry| entry.kind),
        },
        (false, true) => FROM_AGENCY,
        (false, false) => FROM_DEBTOR,
    };
    let movement = told.cash.map(|_| cash(number, kind, &parts));
    entries.extend(follow(placed, &balances, movement).entries);
}

fn sum_of(entries: &[PlacementEntry], kind: EntryKind) -> Money {
    let of_kind = entries.iter().filter(|entry| entry.kind == kind);
    Money::sum(Currency::EUR, of_kind.map(|entry| entry.amount)).unwrap()
}

proptest! {
    #![proptest_config(cases())]

    /// Whatever happens to the invoices, and whichever events come late, placed is recovered +
    /// direct + adjusted + open after every event, each amount is the sum of its entries (P8), and
    /// in the end all of them are what a naive recomputation says.
    #[test]
    fn placed_is_recovered_and_direct_and_adjusted_and_open(
        deeds in prop::collection::vec(any_deed(), 1..30),
        late in prop::collection::vec(0_usize..5, 30),
    ) {
        let mut placed = active(&Setup::default());
        let mut books = Books { open: [60_000, 40_000], version: [5, 5], ..Books::default() };
        for (number, deed) in (1..).zip(&deeds) {
            books.happen(number, deed);
        }
        // Parked events come later than others, but never before what they take back.
        let mut order: Vec<(usize, usize)> = (0..books.told.len()).map(|n| (n + late[n], n)).collect();
        let mut applied_at = BTreeMap::new();
        for (slot, n) in &mut order {
            if let Some((number, _, _, back)) = books.told[*n].cash {
                let slot_of = applied_at.entry(number).or_insert(*slot);
                if back {
                    *slot = (*slot).max(*slot_of);
                }
            }
        }
        order.sort();
        let mut entries = Vec::new();
        for (_, n) in order {
            follow_told(&mut placed, &mut entries, &books.told[n]);
            let amounts = placed.placement.amounts;
            let parts = [amounts.recovered(), amounts.direct(), amounts.adjusted(), amounts.open()];
            prop_assert_eq!(Money::sum(Currency::EUR, parts), Ok(amounts.placed()));
            let open = placed.invoices.iter().map(|invoice| invoice.open);
            prop_assert_eq!(Money::sum(Currency::EUR, open), Ok(amounts.open()));
            prop_assert_eq!(sum_of(&entries, EntryKind::Recovered), amounts.recovered());
            prop_assert_eq!(sum_of(&entries, EntryKind::Direct), amounts.direct());
            prop_assert_eq!(sum_of(&entries, EntryKind::Adjusted), amounts.adjusted());
        }
        let amounts = placed.placement.amounts;
        prop_assert_eq!(amounts.recovered(), cents(books.recovered));
        prop_assert_eq!(amounts.direct(), cents(books.direct));
        prop_assert_eq!(amounts.open(), cents(books.open[0] + books.open[1]));
        prop_assert_eq!(amounts.placed(), cents(100_000));
    }

    /// The same event twice, as after a replay, changes nothing that is open; and a history that
    /// ends with nothing open is paid in full.
    #[test]
    fn a_settled_debt_is_closed_and_an_old_balance_never_comes_back(
        deeds in prop::collection::vec(any_deed(), 1..20),
    ) {
        let mut placed = active(&Setup::default());
        let mut books = Books { open: [60_000, 40_000], version: [5, 5], ..Books::default() };
        for (number, deed) in (1..).zip(&deeds) {
            books.happen(number, deed);
        }
        for invoice in 0..2 {
            books.happen(1_000, &Deed::Adjust { invoice, cents: i128::MAX });
        }
        let mut entries = Vec::new();
        for told in &books.told {
            follow_told(&mut placed, &mut entries, told);
        }
        for told in &books.told {
            let stale = Told { cash: None, ..told.clone() };
            follow_told(&mut placed, &mut entries, &stale);
        }
        prop_assert!(placed.placement.amounts.open().is_zero());
        prop_assert!(placed.placement.close_if_settled(at()));
    }
}
