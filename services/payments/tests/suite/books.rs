//! What must be true of the books at every commit, as plain SQL over all tenants, that shares no
//! line with the service. To be asked at the end of every test.

use sqlx::{Connection as _, PgConnection, Row as _};

use crate::fixture::World;

/// Each statement lists what breaks a rule; named by the rule.
const FAULTS: [(&str, &str); 6] = [
    (
        "P1: of each receipt, received is the sum of where the money is",
        "SELECT receipt_id::text AS fault FROM receipt
          WHERE received_amount <> allocated_amount + reserved_amount
                + overpayment_tolerance_amount + refunded_amount + returned_amount
                + unapplied_amount",
    ),
    (
        "P8: the sums of a receipt are the sums of its entries",
        "WITH ends AS (
             SELECT tenant_id, receipt_id,
                    sum(amount) FILTER (WHERE kind = 'RECEIVED') AS received,
                    sum(CASE kind WHEN 'ALLOCATED' THEN amount
                                  WHEN 'UNALLOCATED' THEN -amount ELSE 0 END) AS allocated,
                    sum(CASE kind WHEN 'RESERVED' THEN amount
                                  WHEN 'ALLOCATED' THEN -amount
                                  WHEN 'TOLERANCE_KEPT' THEN -amount
                                  WHEN 'RELEASED' THEN -amount ELSE 0 END) AS reserved,
                    sum(CASE kind WHEN 'TOLERANCE_KEPT' THEN amount
                                  WHEN 'TOLERANCE_UNDONE' THEN -amount ELSE 0 END) AS tolerance,
                    sum(CASE kind WHEN 'REFUNDED' THEN amount ELSE 0 END) AS refunded,
                    sum(CASE kind WHEN 'RETURNED' THEN amount ELSE 0 END) AS returned,
                    count(*) AS entries, max(entry_number) AS last
               FROM receipt_entry GROUP BY tenant_id, receipt_id)
         SELECT receipt_id::text AS fault FROM receipt
           LEFT JOIN ends USING (tenant_id, receipt_id)
          WHERE (received_amount, allocated_amount, reserved_amount,
                 overpayment_tolerance_amount, refunded_amount, returned_amount,
                 entry_count, entry_count)
             IS DISTINCT FROM (received, allocated, reserved, tolerance, refunded, returned,
                               entries, last)",
    ),
    (
        "P1: what is reserved and allocated is that of the applications",
        "WITH said AS (
             SELECT tenant_id, receipt_id,
                    sum(amount) FILTER (WHERE state = 'RESERVED') AS reserved,
                    sum(allocated_amount) FILTER (WHERE state IN ('APPLIED', 'REVERSING'))
                        AS allocated,
                    count(*) FILTER (WHERE state = 'REVERSING') AS reversing
               FROM receipt_application GROUP BY tenant_id, receipt_id)
         SELECT receipt_id::text AS fault FROM receipt
           LEFT JOIN said USING (tenant_id, receipt_id)
          WHERE reserved_amount <> coalesce(reserved, 0)
             OR allocated_amount <> coalesce(allocated, 0)
             OR reversing_count <> coalesce(reversing, 0)",
    ),
    (
        "P5: allocations of an application are what it allocated",
        "SELECT application_id::text AS fault FROM receipt_application
          WHERE allocated_amount <> (
              SELECT coalesce(sum((one #>> '{amount,amount}')::numeric), 0)
                FROM jsonb_array_elements(allocations) AS one)",
    ),
    (
        "CA-6: the cash of a customer is the sum over their receipts",
        "SELECT coalesce(cash.customer_id, owned.customer_id)::text AS fault
           FROM unapplied_cash AS cash
           FULL JOIN (SELECT tenant_id, customer_id, currency_code,
                             sum(unapplied_amount) AS unapplied, sum(reserved_amount) AS reserved
                        FROM receipt WHERE customer_id IS NOT NULL
                       GROUP BY tenant_id, customer_id, currency_code) AS owned
             USING (tenant_id, customer_id, currency_code)
          WHERE coalesce(cash.unapplied_amount, 0) <> coalesce(unapplied, 0)
             OR coalesce(cash.reserved_amount, 0) <> coalesce(reserved, 0)",
    ),
    (
        "P9: what is on its way has an operation with a timer",
        "SELECT application_id::text AS fault FROM receipt_application AS one
          WHERE state IN ('RESERVED', 'REVERSING')
            AND NOT EXISTS (SELECT FROM timer
                             WHERE timer.tenant_id = one.tenant_id AND parked_time IS NULL)",
    ),
];

impl World {
    /// Fails the test where the books do not add up.
    pub async fn books_add_up(&self) {
        let url = self.database.superuser_url();
        let mut books = PgConnection::connect(&url).await.unwrap();
        for (rule, faults) in FAULTS {
            let found = sqlx::query(faults).fetch_all(&mut books).await.unwrap();
            let found: Vec<String> = found.iter().map(|row| row.get("fault")).collect();
            assert!(found.is_empty(), "{rule}: {found:?}");
        }
    }

    /// One number of the database, whatever tenant it is of.
    pub async fn count(&self, sql: &'static str) -> i64 {
        let url = self.database.superuser_url();
        let mut books = PgConnection::connect(&url).await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut books).await.unwrap()
    }
}
