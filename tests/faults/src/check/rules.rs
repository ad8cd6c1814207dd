//! What must hold within one database after any crash. Each rule is a query for what breaks it: a
//! text a row, none where all is well.

use crate::Installation;

/// One rule: the promise, the service in whose database it holds, the query for what breaks it.
struct Rule(&'static str, &'static str, &'static str);

/// What each kind of entry takes from and gives to the places of a receipt.
const ENTRIES: &str = "
    SELECT r.receipt_id::text FROM receipt r
      JOIN (SELECT receipt_id,
                   sum(amount) FILTER (WHERE kind = 'RECEIVED') AS received,
                   sum(CASE kind WHEN 'RESERVED' THEN amount WHEN 'ALLOCATED' THEN -amount
                        WHEN 'TOLERANCE_KEPT' THEN -amount WHEN 'RELEASED' THEN -amount
                        ELSE 0 END) AS reserved,
                   sum(CASE kind WHEN 'ALLOCATED' THEN amount WHEN 'UNALLOCATED' THEN -amount
                        ELSE 0 END) AS allocated,
                   sum(CASE kind WHEN 'TOLERANCE_KEPT' THEN amount
                        WHEN 'TOLERANCE_UNDONE' THEN -amount ELSE 0 END) AS tolerance,
                   sum(CASE kind WHEN 'REFUNDED' THEN amount ELSE 0 END) AS refunded,
                   sum(CASE kind WHEN 'RETURNED' THEN amount ELSE 0 END) AS returned
              FROM receipt_entry GROUP BY receipt_id) e USING (receipt_id)
     WHERE (r.received_amount, r.reserved_amount, r.allocated_amount,
            r.overpayment_tolerance_amount, r.refunded_amount, r.returned_amount)
        IS DISTINCT FROM (e.received, e.reserved, e.allocated, e.tolerance, e.refunded, e.returned)";

const RULES: [Rule; 17] = [
    Rule(
        "P1 what came in is somewhere",
        "payments",
        "SELECT receipt_id::text FROM receipt
          WHERE received_amount <> allocated_amount + reserved_amount + unapplied_amount
              + overpayment_tolerance_amount + refunded_amount + returned_amount",
    ),
    Rule("P8 a receipt is the sum of its entries", "payments", ENTRIES),
    Rule(
        "P1 what is allocated stands in applications",
        "payments",
        "SELECT r.receipt_id::text FROM receipt r
          WHERE r.allocated_amount <> (SELECT coalesce(sum(a.allocated_amount), 0)
                  FROM receipt_application a
                 WHERE a.receipt_id = r.receipt_id AND a.state IN ('APPLIED', 'REVERSING'))",
    ),
    Rule(
        "P1 unapplied cash is that of the receipts",
        "payments",
        "SELECT customer_id::text
           FROM (SELECT customer_id, sum(unapplied_amount) AS counted FROM receipt
                  WHERE customer_id IS NOT NULL GROUP BY customer_id) r
           FULL JOIN (SELECT customer_id, sum(unapplied_amount) AS told FROM unapplied_cash
                       GROUP BY customer_id) c USING (customer_id)
          WHERE coalesce(r.counted, 0) <> coalesce(c.told, 0)",
    ),
    Rule(
        "P8 an open item is the sum of its entries",
        "invoicing",
        "SELECT i.open_item_id::text FROM open_item i
          WHERE i.open_amount <> (SELECT coalesce(sum(e.amount), 0) FROM invoice_entry e
                 WHERE e.open_item_id = i.open_item_id)",
    ),
    Rule(
        "P1 what was issued is open or accounted for",
        "invoicing",
        "SELECT i.invoice_id::text FROM invoice i
          WHERE i.issued_time IS NOT NULL AND i.gross_amount <>
                (SELECT coalesce(sum(e.amount), 0) FROM invoice_entry e
                  WHERE e.invoice_id = i.invoice_id AND e.kind = 'ISSUE')",
    ),
    Rule(
        "P5 an application allocates what its allocations say",
        "invoicing",
        "SELECT a.application_id::text FROM application a
          WHERE a.allocated_amount <> (SELECT coalesce(sum(l.amount), 0) FROM allocation l
                 WHERE l.cause_kind = 'APPLICATION' AND l.cause_id = a.application_id)",
    ),
    Rule(
        "P6 what was reversed was reversed once",
        "invoicing",
        "SELECT a.application_id::text FROM application a
          WHERE (a.state = 'REVERSED') <> (1 = (SELECT count(*) FROM application_reversal r
                 WHERE r.application_id = a.application_id AND r.state = 'REVERSED'))",
    ),
    Rule(
        "P12 a series has no gap",
        "invoicing",
        "SELECT s.series_code FROM number_series s
           LEFT JOIN invoice i ON (i.tenant_id, i.series_code) = (s.tenant_id, s.series_code)
                AND i.invoice_number IS NOT NULL AND NOT i.imported
          WHERE s.document = 'INVOICE'
          GROUP BY s.tenant_id, s.series_code, s.prefix, s.first_number, s.next_number
         HAVING count(DISTINCT i.invoice_number) <> s.next_number - s.first_number
             OR count(*) FILTER (WHERE substr(i.invoice_number, length(s.prefix) + 1)::bigint
                    NOT BETWEEN s.first_number AND s.next_number - 1) > 0",
    ),
    // Cash on account makes room for more, for as long as it is there.
    Rule(
        "P11 nobody without cash ordered for more than the limit of 1000",
        "credit",
        "SELECT customer_id::text FROM reservation
          WHERE state IN ('RESERVED', 'CONFIRMED') AND NOT EXISTS
                (SELECT FROM known_receipt WHERE known_receipt.customer_id = reservation.customer_id)
          GROUP BY customer_id HAVING sum(remaining_amount) > 1000",
    ),
    Rule(
        "P19 an invoice is with one placement",
        "agency",
        "SELECT invoice_id::text FROM placement_invoice JOIN placement USING (tenant_id, placement_id)
          WHERE placement.state IN ('PENDING_HOLD', 'ACTIVE', 'PENDING_RECALL')
            AND placement_invoice.state = 'INCLUDED'
          GROUP BY invoice_id HAVING count(*) > 1",
    ),
    Rule(
        "P15 a case has one message a day that reached somebody",
        "reminders",
        "SELECT case_id::text FROM message WHERE state IN ('SENT', 'UNKNOWN')
          GROUP BY case_id, step_date HAVING count(*) > 1",
    ),
    Rule("P25 nothing is parked", "credit", PARKED),
    Rule("P25 nothing is parked", "invoicing", PARKED_EVENTS),
    Rule("P25 nothing is parked", "payments", PARKED),
    Rule("P25 nothing is parked", "reminders", PARKED),
    Rule("P25 nothing is parked", "agency", PARKED),
];

const PARKED_EVENTS: &str = "SELECT concat_ws(' ', source, position, reason) FROM parked_event";

const PARKED: &str = "SELECT concat_ws(' ', source, position, reason) FROM parked_event
     UNION ALL SELECT concat_ws(' ', kind, subject_id, parked_reason) FROM timer
                WHERE parked_time IS NOT NULL";

/// What breaks a rule, each as text.
pub async fn broken(installation: &Installation) -> Vec<String> {
    let mut found = Vec::new();
    for Rule(rule, service, sql) in RULES {
        let rows = sqlx::query_scalar(sql).fetch_all(installation.database(service));
        let rows: Vec<String> = rows.await.unwrap_or_else(|error| panic!("{rule}: {error}"));
        found.extend(rows.iter().map(|row| format!("{rule}: {service} {row}")));
    }
    found
}
