//! What two databases must agree on once all is quiet: the same money on both sides of the protocol
//! (P1), and projections that every event reached once (P23): those that add up would show one that
//! came twice.

use std::collections::BTreeMap;

use crate::Installation;

/// Two queries for keys with values, each with the service that answers it.
struct Pair {
    promise: &'static str,
    one: (&'static str, &'static str),
    other: (&'static str, &'static str),
}

const OPEN_BY_INVOICE: (&str, &str) = (
    "invoicing",
    "SELECT invoice_id::text, sum(open_amount)::text FROM open_item
      GROUP BY invoice_id HAVING sum(open_amount) <> 0",
);

const PAIRS: [Pair; 9] = [
    Pair {
        promise: "P1 every application is the same in payments and invoicing",
        one: (
            "payments",
            "SELECT application_id::text,
                    concat_ws('|', state, allocated_amount, overpayment_tolerance_amount, rest_amount)
               FROM receipt_application",
        ),
        other: (
            "invoicing",
            "SELECT application_id::text,
                    concat_ws('|', state, allocated_amount, overpayment_tolerance_amount, rest_amount)
               FROM application",
        ),
    },
    Pair {
        promise: "P1 every receipt is allocated as much as invoicing took",
        one: (
            "payments",
            "SELECT receipt_id::text, allocated_amount::text FROM receipt WHERE allocated_amount <> 0",
        ),
        other: (
            "invoicing",
            "SELECT receipt_id::text, sum(allocated_amount)::text FROM application
              WHERE state = 'APPLIED' GROUP BY receipt_id HAVING sum(allocated_amount) <> 0",
        ),
    },
    Pair {
        promise: "P23 payments knows what is open",
        one: (
            "payments",
            "SELECT invoice_id::text, open_amount::text FROM invoice WHERE open_amount <> 0",
        ),
        other: OPEN_BY_INVOICE,
    },
    Pair {
        promise: "P23 reminders knows what is open",
        one: (
            "reminders",
            "SELECT invoice_id::text, open_amount::text FROM case_invoice WHERE open_amount <> 0",
        ),
        other: OPEN_BY_INVOICE,
    },
    Pair {
        promise: "P23 agency knows what is open",
        one: (
            "agency",
            "SELECT invoice_id::text, (open_principal + open_fees + open_interest)::text
               FROM known_invoice WHERE oldest_due_date IS NOT NULL",
        ),
        other: OPEN_BY_INVOICE,
    },
    Pair {
        promise: "P23 credit knows what is open",
        one: (
            "credit",
            "SELECT invoice_id::text, open_amount::text FROM known_invoice WHERE open_amount <> 0",
        ),
        other: OPEN_BY_INVOICE,
    },
    Pair {
        promise: "P23 what customers owe adds up in credit",
        one: (
            "credit",
            "SELECT concat_ws(' ', customer_id, currency), open_invoice_amount::text
               FROM currency_position WHERE open_invoice_amount <> 0",
        ),
        other: (
            "invoicing",
            "SELECT concat_ws(' ', customer_id, currency), sum(open_amount)::text FROM open_item
              GROUP BY customer_id, currency HAVING sum(open_amount) <> 0",
        ),
    },
    Pair {
        promise: "P23 what customers paid adds up in credit",
        one: (
            "credit",
            "SELECT concat_ws(' ', customer_id, currency), received_amount::text
               FROM currency_position WHERE received_amount <> 0",
        ),
        other: (
            "payments",
            "SELECT concat_ws(' ', customer_id, currency_code),
                    sum(received_amount - refunded_amount - returned_amount)::text
               FROM receipt WHERE customer_id IS NOT NULL GROUP BY customer_id, currency_code
             HAVING sum(received_amount - refunded_amount - returned_amount) <> 0",
        ),
    },
    Pair {
        promise: "P23 what of it was applied adds up in credit",
        one: (
            "credit",
            "SELECT concat_ws(' ', customer_id, currency), applied_amount::text
               FROM currency_position WHERE applied_amount <> 0",
        ),
        other: (
            "invoicing",
            "SELECT concat_ws(' ', customer_id, currency),
                    sum(allocated_amount + overpayment_tolerance_amount)::text
               FROM application WHERE state = 'APPLIED' GROUP BY customer_id, currency
             HAVING sum(allocated_amount + overpayment_tolerance_amount) <> 0",
        ),
    },
];

/// Where two databases differ, each as text.
pub async fn unequal(installation: &Installation) -> Vec<String> {
    let mut found = Vec::new();
    for pair in PAIRS {
        let one = read(installation, pair.one).await;
        let other = read(installation, pair.other).await;
        let keys = one
            .keys()
            .chain(other.keys().filter(|key| !one.contains_key(*key)));
        for key in keys.filter(|key| one.get(*key) != other.get(*key)) {
            let side = |values: &BTreeMap<String, String>| {
                values
                    .get(key)
                    .cloned()
                    .unwrap_or_else(|| "nothing".to_owned())
            };
            found.push(format!(
                "{}: {key}: {} {}, {} {}",
                pair.promise,
                pair.one.0,
                side(&one),
                pair.other.0,
                side(&other)
            ));
        }
    }
    found
}

async fn read(
    installation: &Installation,
    (service, sql): (&str, &'static str),
) -> BTreeMap<String, String> {
    let rows = sqlx::query_as(sql).fetch_all(installation.database(service));
    let rows: Vec<(String, String)> = rows
        .await
        .unwrap_or_else(|error| panic!("{service}: {sql}: {error}"));
    rows.into_iter().collect()
}
