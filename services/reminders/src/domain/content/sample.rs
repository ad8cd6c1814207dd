//! Facts of nobody: what a template is tried with before it is stored, and previewed with without a
//! case.

use calendar::Date;
use money::{Currency, Money};

use super::facts::{Account, CustomerFacts, Facts, Line, MessageFacts, Sender, StepFacts, sums};
use crate::domain::code::Level;

const TODAY: Date = Date::constant(2026, 3, 10);

/// Everything is known: two lines of two currencies, one of which is only on the statement.
pub(super) fn full() -> Facts {
    let line = |number: &str, due_date: Date, currency: Currency, asked: bool| {
        // 1 234.50, in a currency with two digits.
        let open_amount = Money::from_minor(123_450, currency).unwrap_or(Money::zero(currency));
        let nothing = Money::zero(currency);
        Line {
            invoice_number: number.to_owned(),
            invoice_date: Date::constant(2026, 1, 29),
            due_date,
            days_past_due: (TODAY - due_date).get_days(),
            open_amount,
            asked_amount: if asked { open_amount } else { nothing },
            level: Level::new(u8::from(asked)),
        }
    };
    let statement = vec![
        line(
            "2026-0001",
            Date::constant(2026, 2, 28),
            Currency::EUR,
            true,
        ),
        line("2026-0002", Date::constant(2026, 3, 1), Currency::USD, true),
        line(
            "2026-0003",
            Date::constant(2026, 4, 1),
            Currency::EUR,
            false,
        ),
    ];
    let lines: Vec<Line> = statement.iter().take(2).cloned().collect();
    Facts {
        sender: Sender {
            name: "Example Ltd".to_owned(),
            email: "accounts@example.com".to_owned(),
            phone: "+44 20 7946 0000".to_owned(),
            address: vec!["1 High Street".to_owned(), "Leeds LS1 4AP".to_owned()],
            bank_accounts: vec![Account {
                currency_code: "EUR".to_owned(),
                account: "DE89370400440532013000".to_owned(),
                bank_name: "Example Bank".to_owned(),
            }],
        },
        customer: CustomerFacts {
            name: "Sample & Sons GmbH".to_owned(),
            contact_name: "Sam Sample".to_owned(),
            external_id: "C-1001".to_owned(),
        },
        step: step(),
        message: message(),
        // Three small amounts do not overflow.
        totals: sums(&lines).unwrap_or_default(),
        statement_totals: sums(&statement).unwrap_or_default(),
        lines,
        statement,
    }
}

/// Nothing that may be missing is there.
pub(super) fn bare() -> Facts {
    let full = full();
    Facts {
        sender: Sender {
            phone: String::new(),
            address: Vec::new(),
            bank_accounts: Vec::new(),
            ..full.sender
        },
        customer: CustomerFacts {
            contact_name: String::new(),
            external_id: String::new(),
            ..full.customer
        },
        ..full
    }
}

fn step() -> StepFacts {
    StepFacts {
        code: "reminder-1".to_owned(),
        level: Level::new(1),
    }
}

fn message() -> MessageFacts {
    MessageFacts {
        reference: "0190a000-0000-7000-8000-000000000001".to_owned(),
        date: TODAY,
    }
}
