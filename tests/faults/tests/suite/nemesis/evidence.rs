//! The rows by which what was acknowledged is found afterwards.

/// Where what was acknowledged is found.
#[derive(Debug, Clone, Copy)]
pub struct Evidence {
    /// In whose database.
    pub service: &'static str,
    /// The identities there.
    pub sql: &'static str,
    /// Whether nothing else may be there: each row was acknowledged to somebody.
    pub complete: bool,
}

/// Every kind of operation that leaves something behind.
pub const EVIDENCE: [(&str, Evidence); 16] = [
    (
        "customer",
        rows("credit", "SELECT customer_id::text FROM customer"),
    ),
    (
        "check",
        rows("credit", "SELECT reservation_id::text FROM reservation"),
    ),
    (
        "release",
        rows(
            "credit",
            "SELECT reservation_id::text FROM reservation WHERE state = 'RELEASED'",
        ),
    ),
    (
        "issue",
        rows("invoicing", "SELECT invoice_id::text FROM invoice"),
    ),
    (
        "credit",
        rows("invoicing", "SELECT credit_note_id::text FROM credit_note"),
    ),
    (
        "dispute",
        rows("invoicing", "SELECT dispute_id::text FROM dispute"),
    ),
    // Others end with the invoice, when it is paid or credited.
    (
        "resolve",
        among(
            "invoicing",
            "SELECT dispute_id::text FROM dispute WHERE resolution IS NOT NULL",
        ),
    ),
    (
        "record",
        rows("payments", "SELECT receipt_id::text FROM receipt"),
    ),
    (
        "apply",
        rows(
            "payments",
            "SELECT application_id::text FROM receipt_application WHERE state <> 'REFUSED'",
        ),
    ),
    // Others are taken back with their receipt.
    (
        "unapply",
        among(
            "payments",
            "SELECT application_id::text FROM receipt_application WHERE state = 'REVERSED'",
        ),
    ),
    (
        "reverse",
        rows(
            "payments",
            "SELECT receipt_id::text FROM receipt_entry WHERE kind = 'RETURNED'",
        ),
    ),
    (
        "promise",
        rows("reminders", "SELECT promise_id::text FROM promise"),
    ),
    (
        "propose",
        rows("agency", "SELECT placement_id::text FROM placement"),
    ),
    (
        "approve",
        rows(
            "agency",
            "SELECT placement_id::text FROM placement WHERE state NOT IN ('PROPOSED', 'REJECTED')",
        ),
    ),
    (
        "activate",
        rows(
            "agency",
            "SELECT placement_id::text FROM placement WHERE activated_time IS NOT NULL",
        ),
    ),
    (
        "recall",
        rows(
            "agency",
            "SELECT placement_id::text FROM placement WHERE recall_reason IS NOT NULL",
        ),
    ),
];

const fn rows(service: &'static str, sql: &'static str) -> Evidence {
    Evidence {
        service,
        sql,
        complete: true,
    }
}

const fn among(service: &'static str, sql: &'static str) -> Evidence {
    Evidence {
        service,
        sql,
        complete: false,
    }
}
