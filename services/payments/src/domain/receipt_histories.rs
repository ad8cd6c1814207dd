//! Random histories of a receipt against a naive model: whatever is asked in whatever order, what is
//! refused changes nothing, and what is done keeps P1, P5, P6 and P8.
//!
//! The model keeps no sums: it keeps what happened to each application, and adds up anew each time.

mod model;

use jiff::civil::{Date, date};
use money::{Currency, Money};
use proptest::prelude::*;

use self::model::{Fate, Model};
use super::samples::stamped;
use super::samples::{NOW, allocation, customer_id, named, new_receipt, order, refusal};
use super::*;

const TODAY: Date = date(2026, 3, 10);

/// 2 000 histories, or as many as `PROPTEST_CASES` asks for if that is more.
fn config() -> ProptestConfig {
    ProptestConfig::with_cases(ProptestConfig::default().cases.max(2_000))
}

/// What somebody asks for; amounts in cents, `which` counts the applications round and round.
#[derive(Debug, Clone)]
enum Ask {
    Reserve {
        cents: Option<i128>,
    },
    Book {
        which: usize,
        allocated: i128,
        tolerance: i128,
    },
    Refuse {
        which: usize,
    },
    Unapply {
        which: usize,
    },
    BookReversal {
        which: usize,
    },
    Refund {
        cents: i128,
    },
    Assign {
        customer: u128,
    },
    Reverse,
    Complete,
}

fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let cents = -5_i128..12_000;
    let which = 0_usize..6;
    let one = prop_oneof![
        4 => proptest::option::of(cents.clone()).prop_map(|cents| Ask::Reserve { cents }),
        4 => (which.clone(), 0_i128..=100, 0_i128..3).prop_map(|(which, allocated, tolerance)| {
            Ask::Book { which, allocated, tolerance }
        }),
        2 => which.clone().prop_map(|which| Ask::Refuse { which }),
        3 => which.clone().prop_map(|which| Ask::Unapply { which }),
        3 => which.prop_map(|which| Ask::BookReversal { which }),
        2 => cents.prop_map(|cents| Ask::Refund { cents }),
        1 => (1_u128..4).prop_map(|customer| Ask::Assign { customer }),
        1 => Just(Ask::Reverse),
        2 => Just(Ask::Complete),
    ];
    proptest::collection::vec(one, 0..40)
}

struct History {
    receipt: Receipt,
    applications: Vec<ReceiptApplication>,
    entries: Vec<ReceiptEntry>,
    model: Model,
}

fn money(cents: i128) -> Money {
    Money::from_minor(cents, Currency::EUR).unwrap()
}

impl History {
    fn of(received: i128) -> Self {
        let mut new = new_receipt("1.00");
        new.amount = money(received);
        let recorded = stamped(|stamp| Receipt::record(new, TODAY, stamp));
        let (receipt, entry) = recorded.unwrap();
        Self {
            receipt,
            applications: Vec::new(),
            entries: vec![entry],
            model: Model {
                received,
                ..Model::default()
            },
        }
    }

    /// Does what is asked, or is refused; and whether the model says that it can be done.
    fn step(&mut self, ask: &Ask) -> (bool, bool) {
        match *ask {
            Ask::Reserve { cents } => self.reserve(cents),
            Ask::Book {
                which,
                allocated,
                tolerance,
            } => self.book(which, allocated, tolerance),
            Ask::Refuse { which } => self.refuse(which),
            Ask::Unapply { which } => self.unapply(which),
            Ask::BookReversal { which } => self.book_reversal(which),
            Ask::Refund { cents } => self.refund(cents),
            Ask::Assign { customer } => self.assign(customer),
            Ask::Reverse => self.reverse(),
            Ask::Complete => self.complete(),
        }
    }

    fn place(&self, which: usize) -> Option<usize> {
        which.checked_rem(self.applications.len())
    }

    fn reserve(&mut self, cents: Option<i128>) -> (bool, bool) {
        let asked = cents.unwrap_or(self.model.unapplied());
        let may = self.model.may_take(asked);
        let mut order = order(None, named(&[1]));
        order.amount = cents.map(money);
        let receipt = &mut self.receipt;
        let done = stamped(|stamp| ReceiptApplication::reserve(receipt, order, stamp));
        let did = done.is_ok();
        if let Ok((application, entry)) = done {
            self.applications.push(application);
            self.entries.push(entry);
            self.model.applications.push((asked, Fate::Reserved));
        }
        (did, may)
    }

    /// `percent` of the amount is allocated; more than is there cannot be kept as tolerance.
    fn book(&mut self, which: usize, percent: i128, tolerance: i128) -> (bool, bool) {
        let Some(place) = self.place(which) else {
            return (false, false);
        };
        let (amount, fate) = self.model.applications[place];
        let allocated = amount * percent / 100;
        let tolerance = tolerance.min(amount - allocated);
        let answer = ApplicationAnswer::Applied {
            allocations: vec![Allocation {
                amount: money(allocated),
                ..allocation("0")
            }],
            overpayment_tolerance_amount: money(tolerance),
            rest_amount: money(amount - allocated - tolerance),
        };
        let done = self.applications[place].book(&mut self.receipt, answer, NOW);
        let did = self.keep(done);
        if did {
            self.model.applications[place].1 = Fate::Applied {
                allocated,
                tolerance,
            };
        }
        (did, fate == Fate::Reserved)
    }

    fn refuse(&mut self, which: usize) -> (bool, bool) {
        let Some(place) = self.place(which) else {
            return (false, false);
        };
        let may = self.model.applications[place].1 == Fate::Reserved;
        let answer = ApplicationAnswer::Refused(refusal("NOTHING_OPEN"));
        let done = self.applications[place].book(&mut self.receipt, answer, NOW);
        let did = self.keep(done);
        if did {
            self.model.applications[place].1 = Fate::Over;
        }
        (did, may)
    }

    fn unapply(&mut self, which: usize) -> (bool, bool) {
        let Some(place) = self.place(which) else {
            return (false, false);
        };
        let fate = self.model.applications[place].1;
        let may = self.model.quiet() && matches!(fate, Fate::Applied { .. });
        let (one, receipt) = (&mut self.applications[place], &mut self.receipt);
        let done = stamped(|stamp| one.start_reversal(receipt, TODAY, TODAY, stamp));
        if let (
            Ok(()),
            Fate::Applied {
                allocated,
                tolerance,
            },
        ) = (done, fate)
        {
            self.model.applications[place].1 = Fate::Reversing {
                allocated,
                tolerance,
            };
        }
        (done.is_ok(), may)
    }

    fn book_reversal(&mut self, which: usize) -> (bool, bool) {
        let Some(place) = self.place(which) else {
            return (false, false);
        };
        let may = matches!(self.model.applications[place].1, Fate::Reversing { .. });
        let reopened = vec![Allocation {
            amount: self.applications[place].allocated_amount,
            ..allocation("0")
        }];
        let answer = ReversalAnswer::Reversed(reopened);
        let done = self.applications[place].book_reversal(&mut self.receipt, answer, NOW);
        let did = self.keep(done);
        if did {
            self.model.applications[place].1 = Fate::Over;
        }
        (did, may)
    }

    fn refund(&mut self, cents: i128) -> (bool, bool) {
        let may = self.model.quiet() && self.model.may_take(cents);
        let order = RefundOrder {
            amount: money(cents),
            note: "n".into(),
            refund_date: TODAY,
        };
        let done = stamped(|stamp| self.receipt.refund(order, TODAY, stamp));
        let did = done.is_ok();
        if let Ok(entry) = done {
            self.entries.push(entry);
            self.model.refunds.push(cents);
        }
        (did, may)
    }

    fn assign(&mut self, customer: u128) -> (bool, bool) {
        let same = self.receipt.customer_id == Some(customer_id(customer));
        let free = self.model.quiet() && self.model.allocated() + self.model.tolerance() == 0;
        let may = self.model.stands() && (same || free);
        (self.receipt.assign(customer_id(customer)).is_ok(), may)
    }

    fn reverse(&mut self) -> (bool, bool) {
        let model = &self.model;
        let may = model.stands() && model.quiet() && model.refunded() == 0;
        let order = ReceiptReversalOrder {
            reason: ReceiptReversalReason::Returned,
            note: String::new(),
            reversal_date: TODAY,
        };
        let (receipt, all) = (&mut self.receipt, &mut self.applications);
        let did = stamped(|stamp| receipt.start_reversal(all, order, TODAY, stamp)).is_ok();
        if did {
            self.model.reversing = true;
            for (_, fate) in &mut self.model.applications {
                if let Fate::Applied {
                    allocated,
                    tolerance,
                } = *fate
                {
                    *fate = Fate::Reversing {
                        allocated,
                        tolerance,
                    };
                }
            }
        }
        (did, may)
    }

    fn complete(&mut self) -> (bool, bool) {
        let may = self.model.reversing && self.model.quiet();
        let entry = self.receipt.complete_reversal(NOW).unwrap();
        let did = entry.is_some();
        self.entries.extend(entry);
        if did {
            self.model.reversing = false;
            self.model.reversed = true;
        }
        (did, may)
    }

    fn keep(&mut self, done: Result<Vec<ReceiptEntry>, AnswerError>) -> bool {
        let did = done.is_ok();
        self.entries.extend(done.into_iter().flatten());
        did
    }

    /// P1, P5, P8: the sums are the model's, never below 0, whole, and the sum of the entries.
    fn check(&self) -> Result<(), TestCaseError> {
        let sums = &self.receipt.balances;
        prop_assert_eq!(sums.reserved, money(self.model.reserved()));
        prop_assert_eq!(sums.allocated, money(self.model.allocated()));
        prop_assert_eq!(sums.overpayment_tolerance, money(self.model.tolerance()));
        prop_assert_eq!(sums.refunded, money(self.model.refunded()));
        prop_assert_eq!(sums.returned, money(self.model.returned()));
        prop_assert_eq!(sums.unapplied, money(self.model.unapplied()));
        prop_assert!(ReceiptBalances::try_new(**sums).is_ok());
        let mut replayed = ReceiptBalances::nothing(Currency::EUR);
        for (number, entry) in (1..).zip(&self.entries) {
            prop_assert_eq!(entry.entry_number, number);
            prop_assert!(entry.amount.is_positive());
            replayed = replayed.after(entry.kind, entry.amount).unwrap();
        }
        prop_assert_eq!(replayed, self.receipt.balances);
        Ok(())
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn p_1_p_5_p_6_p_8_any_history_keeps_the_sums(
        received in 1_i128..10_000,
        asks in asks(),
    ) {
        let mut history = History::of(received);
        history.check()?;
        for ask in &asks {
            let before = (history.receipt.clone(), history.applications.clone());
            let (did, may) = history.step(ask);
            prop_assert_eq!(did, may, "{:?}", ask);
            if !did {
                prop_assert_eq!(&before, &(history.receipt.clone(), history.applications.clone()));
            }
            history.check()?;
        }
    }
}
