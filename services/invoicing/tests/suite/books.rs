//! The books, checked by plain SQL that shares nothing with the program: what every test that moves
//! money ends with. Each check lists what does not agree; a balanced book lists nothing.

use sqlx::PgPool;

use crate::fixture::World;

/// P8 and the life cycle: what is open is the sum of the entries, item by item, and whoever is
/// closed has nothing open.
const ITEMS: &str = "
SELECT 'item ' || i.open_item_id || ': open ' || i.open_amount || ', entries ' || sum(e.amount)
  FROM open_item i JOIN invoice_entry e USING (tenant_id, invoice_id, open_item_id)
 GROUP BY i.tenant_id, i.invoice_id, i.open_item_id, i.open_amount
HAVING i.open_amount <> sum(e.amount)
 UNION ALL
SELECT 'invoice ' || v.invoice_id || ' is ' || v.state || ' with ' || sum(i.open_amount) || ' open'
  FROM invoice v JOIN open_item i USING (tenant_id, invoice_id)
 GROUP BY v.tenant_id, v.invoice_id, v.state
HAVING (v.state = 'ISSUED') <> (sum(i.open_amount) > 0)
 UNION ALL
SELECT 'invoice ' || v.invoice_id || ': ' || count(*) || ' entries, the last is '
       || v.last_entry_number
  FROM invoice v JOIN invoice_entry e USING (tenant_id, invoice_id)
 GROUP BY v.tenant_id, v.invoice_id, v.last_entry_number
HAVING count(*) <> v.last_entry_number OR max(e.entry_number) <> v.last_entry_number";

/// P1, the side of invoicing, by tenant and currency: what was issued and reinstated is what is open,
/// was allocated, let go as discount or tolerance, credited, written off or voided. What documents
/// tell is taken from the documents, not from the entries.
const CONSERVED: &str = "
WITH owed AS (
    SELECT tenant_id, currency, sum(original_amount) AS issued, sum(open_amount) AS open
      FROM open_item GROUP BY 1, 2),
settled AS (
    SELECT i.tenant_id, i.currency,
           sum(a.sign * a.amount) FILTER (WHERE a.cause_kind IN ('APPLICATION', 'REVERSAL'))
               AS allocated,
           sum(a.sign * a.amount) FILTER (WHERE a.cause_kind IN ('CREDIT_NOTE', 'CUSTOMER_CREDIT'))
               AS credited,
           sum(a.sign * a.discount_amount) AS discount,
           sum(a.sign * a.tolerance_amount) AS tolerance
      FROM (SELECT *, CASE cause_kind WHEN 'REVERSAL' THEN -1 ELSE 1 END AS sign
              FROM allocation) a
      JOIN open_item i USING (tenant_id, invoice_id, open_item_id)
     GROUP BY 1, 2),
decided AS (
    SELECT tenant_id, currency, sum(amount) FILTER (WHERE kind = 'REINSTATEMENT') AS reinstated,
           -sum(amount) FILTER (WHERE kind = 'VOID') AS voided
      FROM invoice_entry GROUP BY 1, 2),
given_up AS (
    SELECT tenant_id, currency, sum(amount) AS written_off FROM write_off GROUP BY 1, 2)
SELECT tenant_id || ' ' || currency || ': ' || concat_ws(' ', issued, reinstated, '=', open,
       allocated, discount, tolerance, credited, written_off, voided)
  FROM owed LEFT JOIN settled USING (tenant_id, currency)
  LEFT JOIN decided USING (tenant_id, currency) LEFT JOIN given_up USING (tenant_id, currency)
 WHERE issued + coalesce(reinstated, 0) <> open + coalesce(allocated, 0) + coalesce(discount, 0)
       + coalesce(tolerance, 0) + coalesce(credited, 0) + coalesce(written_off, 0)
       + coalesce(voided, 0)";

/// P1 and P5, application by application: what was offered is what was allocated, kept, and the rest;
/// and no allocation is of an application that was refused.
const APPLICATIONS: &str = "
SELECT 'application ' || p.application_id || ': ' || p.amount || ' = ' || coalesce(sum(a.amount), 0)
       || ' + ' || p.overpayment_tolerance_amount || ' + ' || p.rest_amount
  FROM application p
  LEFT JOIN allocation a ON a.tenant_id = p.tenant_id AND a.cause_kind = 'APPLICATION'
                        AND a.cause_id = p.application_id
 GROUP BY p.tenant_id, p.application_id, p.amount, p.overpayment_tolerance_amount, p.rest_amount
HAVING p.amount <> coalesce(sum(a.amount), 0) + p.overpayment_tolerance_amount + p.rest_amount
 UNION ALL
SELECT 'application ' || p.application_id || ' is ' || p.state || ' with ' || count(r.*)
       || ' reversals'
  FROM application p
  LEFT JOIN application_reversal r ON r.tenant_id = p.tenant_id AND r.state = 'REVERSED'
                                  AND r.application_id = p.application_id
 GROUP BY p.tenant_id, p.application_id, p.state
HAVING count(r.*) <> CASE p.state WHEN 'REVERSED' THEN 1 ELSE 0 END";

/// What customers have in credit: the sum of the entries, of the credits, and the balance.
const CREDITS: &str = "
SELECT 'credit ' || c.customer_credit_id || ': open ' || c.open_amount || ', entries '
       || sum(e.amount)
  FROM customer_credit c JOIN customer_credit_entry e USING (tenant_id, customer_credit_id)
 GROUP BY c.tenant_id, c.customer_credit_id, c.open_amount
HAVING c.open_amount <> sum(e.amount)
 UNION ALL
SELECT 'customer ' || b.customer_id || ': ' || b.open_amount || ' in credit, credits '
       || coalesce(sum(c.open_amount), 0)
  FROM customer_credit_balance b
  LEFT JOIN customer_credit c USING (tenant_id, customer_id, currency)
 GROUP BY b.tenant_id, b.customer_id, b.currency, b.open_amount
HAVING b.open_amount <> coalesce(sum(c.open_amount), 0)";

/// Everything in the books of all tenants that does not agree.
pub async fn disagreements(pool: &PgPool) -> Vec<String> {
    let mut found = Vec::new();
    for check in [ITEMS, CONSERVED, APPLICATIONS, CREDITS] {
        let rows: Vec<String> = sqlx::query_scalar(check).fetch_all(pool).await.unwrap();
        found.extend(rows);
    }
    found
}

/// The books of all tenants agree.
pub async fn assert_balanced(world: &World) {
    let pool = PgPool::connect(&world.database.superuser_url())
        .await
        .unwrap();
    assert_eq!(disagreements(&pool).await, Vec::<String>::new());
}
