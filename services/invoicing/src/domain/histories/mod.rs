//! Random histories of a customer, judged by a naive recomputation: after every step all that the
//! domain keeps as running figures is computed again from the documents and from the entries, each
//! by itself, and must agree to the cent (P1, P5, P8, AG-2). 2 000 histories, or as many as
//! `PROPTEST_CASES` asks for.

#![expect(clippy::arithmetic_side_effects, reason = "a test may panic")]

mod audit;
mod book;
mod steps;

use jiff::ToSpan as _;
use proptest::prelude::*;

use self::audit::{audit_aging, audit_debt, audit_money, audit_receivables};
use self::book::{Book, START};
use self::steps::step;
use super::AgingBasis;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(2_000)))]

    #[test]
    fn p1_p8_ag_2_running_figures_are_those_of_the_documents(
        steps in prop::collection::vec(step(), 1..24),
        days in -10i64..120,
    ) {
        let mut book = Book::default();
        for step in &steps {
            book.take(step);
            audit_debt(&book);
            audit_money(&book);
            audit_receivables(&book);
        }
        for basis in [AgingBasis::DueDate, AgingBasis::InvoiceDate] {
            audit_aging(&book, START + days.days(), basis);
            audit_aging(&book, book.today(), basis);
        }
    }
}
