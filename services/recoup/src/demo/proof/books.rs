//! One database by itself. Each rule is a query that tells, for every row or sum that it is about,
//! what it is, what stands there, and what it must be: `(text, numeric, numeric)`.

use anyhow::Context as _;
use money::Decimal;
use sqlx::PgConnection;

use super::Check;
use super::databases::Databases;

/// How the two numbers of a row must stand to each other.
#[derive(Debug, Clone, Copy)]
enum Relation {
    Equal,
    AtMost,
}

struct Rule {
    rule: &'static str,
    what: &'static str,
    relation: Relation,
    sql: &'static str,
}

const fn equal(rule: &'static str, what: &'static str, sql: &'static str) -> Rule {
    let relation = Relation::Equal;
    Rule {
        rule,
        what,
        relation,
        sql,
    }
}

const fn at_most(rule: &'static str, what: &'static str, sql: &'static str) -> Rule {
    let relation = Relation::AtMost;
    Rule {
        rule,
        what,
        relation,
        sql,
    }
}

/// Checks each database by its own rules.
///
/// # Errors
/// A database does not answer.
pub(super) async fn check(databases: &mut Databases) -> anyhow::Result<Vec<Check>> {
    let mut checks = Vec::new();
    for rule in PAYMENTS {
        checks.push(rule.check(&mut databases.payments).await?);
    }
    for rule in INVOICING {
        checks.push(rule.check(&mut databases.invoicing).await?);
    }
    for rule in AGENCY {
        checks.push(rule.check(&mut databases.agency).await?);
    }
    Ok(checks)
}

impl Rule {
    async fn check(&self, database: &mut PgConnection) -> anyhow::Result<Check> {
        let rows: Vec<(String, Decimal, Decimal)> = sqlx::query_as(self.sql)
            .fetch_all(database)
            .await
            .with_context(|| format!("{} {}", self.rule, self.what))?;
        let mut check = Check::of(self.rule, self.what);
        for (of, left, right) in rows {
            let holds = match self.relation {
                Relation::Equal => left == right,
                Relation::AtMost => left <= right,
            };
            let (left, right) = (left.normalize(), right.normalize());
            check.look(holds, || format!("{of}: {left} against {right}"));
        }
        Ok(check)
    }
}

const PAYMENTS: &[Rule] = &[
    equal(
        "P1",
        "received = allocated + overpayment tolerance + unapplied + refunded + returned + reserved",
        "SELECT 'tenant ' || tenant_id || ', ' || currency_code,
                (SELECT coalesce(sum(amount), 0) FROM receipt_entry entry
                  WHERE entry.tenant_id = receipt.tenant_id
                    AND entry.currency_code = receipt.currency_code AND kind = 'RECEIVED'),
                sum(allocated_amount) + sum(overpayment_tolerance_amount) + sum(unapplied_amount)
                    + sum(refunded_amount) + sum(returned_amount) + sum(reserved_amount)
           FROM receipt GROUP BY tenant_id, currency_code ORDER BY 1",
    ),
    equal(
        "P1",
        "nothing is left reserved or half taken back",
        "SELECT 'tenant ' || tenant_id || ', ' || currency_code,
                sum(reserved_amount) + sum(reversing_count), 0::numeric
           FROM receipt GROUP BY tenant_id, currency_code ORDER BY 1",
    ),
    at_most(
        "P5",
        "the applications of a receipt come to no more than was received",
        "SELECT 'receipt ' || receipt.receipt_id,
                coalesce(sum(application.allocated_amount
                             + application.overpayment_tolerance_amount), 0),
                receipt.received_amount
           FROM receipt
           LEFT JOIN receipt_application application
             ON application.tenant_id = receipt.tenant_id
            AND application.receipt_id = receipt.receipt_id
            AND application.state IN ('APPLIED', 'REVERSING')
          GROUP BY receipt.tenant_id, receipt.receipt_id, receipt.received_amount ORDER BY 1",
    ),
    equal(
        "P8",
        "each amount of a receipt is the sum of its entries",
        "SELECT 'receipt ' || receipt.receipt_id || ', ' || place.name, place.held,
                coalesce((SELECT sum(CASE WHEN entry.kind = ANY (place.comes) THEN entry.amount
                                          WHEN entry.kind = ANY (place.goes) THEN - entry.amount
                                          ELSE 0 END)
                            FROM receipt_entry entry
                           WHERE entry.tenant_id = receipt.tenant_id
                             AND entry.receipt_id = receipt.receipt_id), 0)
           FROM receipt CROSS JOIN LATERAL (VALUES
                ('received', received_amount, '{RECEIVED}'::text[], '{}'::text[]),
                ('unapplied', unapplied_amount,
                 '{RECEIVED,RELEASED,UNALLOCATED,TOLERANCE_UNDONE}', '{RESERVED,REFUNDED,RETURNED}'),
                ('reserved', reserved_amount, '{RESERVED}', '{ALLOCATED,TOLERANCE_KEPT,RELEASED}'),
                ('allocated', allocated_amount, '{ALLOCATED}', '{UNALLOCATED}'),
                ('overpayment tolerance', overpayment_tolerance_amount,
                 '{TOLERANCE_KEPT}', '{TOLERANCE_UNDONE}'),
                ('refunded', refunded_amount, '{REFUNDED}', '{}'),
                ('returned', returned_amount, '{RETURNED}', '{}')) AS place (name, held, comes, goes)
          ORDER BY 1",
    ),
    equal(
        "P8",
        "no entry of a receipt is missing",
        "SELECT 'receipt ' || receipt.receipt_id, receipt.entry_count::numeric,
                (SELECT count(*) FROM receipt_entry entry
                  WHERE entry.tenant_id = receipt.tenant_id
                    AND entry.receipt_id = receipt.receipt_id)::numeric
           FROM receipt ORDER BY 1",
    ),
    equal(
        "P8",
        "a customer's unapplied cash is the sum over the receipts",
        "SELECT 'customer ' || cash.customer_id || ', ' || cash.currency_code,
                cash.unapplied_amount,
                (SELECT coalesce(sum(receipt.unapplied_amount), 0) FROM receipt
                  WHERE receipt.tenant_id = cash.tenant_id
                    AND receipt.customer_id = cash.customer_id
                    AND receipt.currency_code = cash.currency_code)
           FROM unapplied_cash cash ORDER BY 1",
    ),
    equal(
        "P7",
        "a receipt of a bank line has the amount of the line",
        "SELECT 'receipt ' || receipt.receipt_id, receipt.received_amount, line.amount
           FROM receipt
           JOIN bank_line line USING (tenant_id, bank_line_id) ORDER BY 1",
    ),
];

const INVOICING: &[Rule] = &[
    equal(
        "P1",
        "issued + fees + interest + reinstated = open + allocated + discount + tolerance + credited \
         + written off + voided",
        "WITH entered AS (
           SELECT tenant_id, currency,
                  sum(amount) FILTER (WHERE kind IN ('FEE', 'INTEREST', 'REINSTATEMENT')) AS more,
                  - sum(amount) FILTER (WHERE kind IN ('ALLOCATION', 'DISCOUNT', 'TOLERANCE',
                        'CREDIT', 'WRITE_OFF', 'VOID')) AS less
             FROM invoice_entry GROUP BY tenant_id, currency)
         SELECT 'tenant ' || invoice.tenant_id || ', ' || invoice.currency,
                sum(invoice.gross_amount) + coalesce(max(entered.more), 0),
                (SELECT sum(open_amount) FROM open_item item
                  WHERE item.tenant_id = invoice.tenant_id AND item.currency = invoice.currency)
                    + coalesce(max(entered.less), 0)
           FROM invoice
           LEFT JOIN entered USING (tenant_id, currency)
          WHERE issued_time IS NOT NULL
          GROUP BY invoice.tenant_id, invoice.currency ORDER BY 1",
    ),
    equal(
        "P1",
        "allocated by entries = allocated by applications that stand",
        "SELECT 'tenant ' || tenant_id || ', ' || currency, sum(by_entries), sum(by_applications)
           FROM (SELECT tenant_id, currency, - amount AS by_entries, 0 AS by_applications
                   FROM invoice_entry WHERE kind = 'ALLOCATION'
                 UNION ALL
                 SELECT tenant_id, currency, 0, allocated_amount
                   FROM application WHERE state = 'APPLIED') part
          GROUP BY tenant_id, currency ORDER BY 1",
    ),
    equal(
        "P5",
        "an application allocates what its parts say",
        "SELECT 'application ' || application_id, allocated_amount,
                (SELECT coalesce(sum(part.amount), 0) FROM allocation part
                  WHERE part.tenant_id = application.tenant_id
                    AND part.cause_kind = 'APPLICATION' AND part.cause_id = application_id)
           FROM application ORDER BY 1",
    ),
    at_most(
        "P5",
        "no more is allocated to an open item than was owed",
        "SELECT 'open item ' || item.open_item_id, coalesce(- sum(entry.amount), 0),
                item.original_amount
           FROM open_item item
           LEFT JOIN invoice_entry entry
             ON entry.tenant_id = item.tenant_id AND entry.invoice_id = item.invoice_id
            AND entry.open_item_id = item.open_item_id AND entry.kind = 'ALLOCATION'
          GROUP BY item.tenant_id, item.open_item_id, item.original_amount ORDER BY 1",
    ),
    at_most(
        "P5",
        "an open item was never worth less than nothing",
        "SELECT 'open item ' || open_item_id, 0::numeric, min(worth)
           FROM (SELECT tenant_id, open_item_id,
                        sum(amount) OVER (PARTITION BY tenant_id, open_item_id
                                          ORDER BY entry_number) AS worth
                   FROM invoice_entry) step
          GROUP BY tenant_id, open_item_id ORDER BY 1",
    ),
    equal(
        "P8",
        "what is open of an item is the sum of its entries",
        "SELECT 'open item ' || item.open_item_id, item.open_amount, coalesce(sum(entry.amount), 0)
           FROM open_item item
           LEFT JOIN invoice_entry entry USING (tenant_id, invoice_id, open_item_id)
          GROUP BY item.tenant_id, item.open_item_id, item.open_amount ORDER BY 1",
    ),
    equal(
        "P8",
        "what stands written off of an item is the sum of its entries",
        "SELECT 'open item ' || item.open_item_id, item.written_off_amount,
                coalesce(- sum(entry.amount), 0)
           FROM open_item item
           LEFT JOIN invoice_entry entry
             ON entry.tenant_id = item.tenant_id AND entry.invoice_id = item.invoice_id
            AND entry.open_item_id = item.open_item_id
            AND entry.kind IN ('WRITE_OFF', 'REINSTATEMENT')
          GROUP BY item.tenant_id, item.open_item_id, item.written_off_amount ORDER BY 1",
    ),
    equal(
        "P8",
        "no entry of an invoice is missing",
        "SELECT 'invoice ' || invoice_id, last_entry_number::numeric,
                (SELECT count(*) FROM invoice_entry entry
                  WHERE entry.tenant_id = invoice.tenant_id
                    AND entry.invoice_id = invoice.invoice_id)::numeric
           FROM invoice ORDER BY 1",
    ),
    equal(
        "P8",
        "what is left of a customer's credit is the sum of its entries",
        "SELECT 'credit ' || customer_credit_id, open_amount,
                (SELECT coalesce(sum(entry.amount), 0) FROM customer_credit_entry entry
                  WHERE entry.tenant_id = credit.tenant_id
                    AND entry.customer_credit_id = credit.customer_credit_id)
           FROM customer_credit credit ORDER BY 1",
    ),
    equal(
        "P8",
        "a customer's balance of credit is the sum over the credits",
        "SELECT 'customer ' || balance.customer_id || ', ' || balance.currency, balance.open_amount,
                (SELECT coalesce(sum(credit.open_amount), 0) FROM customer_credit credit
                  WHERE credit.tenant_id = balance.tenant_id
                    AND credit.customer_id = balance.customer_id
                    AND credit.currency = balance.currency)
           FROM customer_credit_balance balance ORDER BY 1",
    ),
    equal(
        "P12",
        "a series has no gap and no number twice",
        "SELECT 'series ' || series_code, (next_number - first_number)::numeric,
                (SELECT count(DISTINCT number) FROM (
                    SELECT invoice_number AS number FROM invoice
                     WHERE invoice.tenant_id = series.tenant_id AND issued_time IS NOT NULL
                       AND CASE WHEN imported
                                THEN document = 'INVOICE' AND starts_with(invoice_number, prefix)
                                ELSE invoice.series_code = series.series_code END
                    UNION ALL
                    SELECT credit_note_number FROM credit_note
                     WHERE credit_note.tenant_id = series.tenant_id
                       AND document = 'CREDIT_NOTE'
                       AND starts_with(credit_note_number, prefix)) drawn)::numeric
           FROM number_series series ORDER BY 1",
    ),
];

const AGENCY: &[Rule] = &[
    equal(
        "P8",
        "each amount of a placement is the sum of its entries",
        "SELECT 'placement ' || placement.placement_id || ', ' || place.name, place.held,
                coalesce((SELECT sum(CASE WHEN entry.kind = ANY (place.comes) THEN entry.amount
                                          WHEN entry.kind = ANY (place.goes) THEN - entry.amount
                                          ELSE 0 END)
                            FROM placement_entry entry
                           WHERE entry.tenant_id = placement.tenant_id
                             AND entry.placement_id = placement.placement_id), 0)
           FROM placement CROSS JOIN LATERAL (VALUES
                ('placed', placed_amount, '{PLACED}'::text[], '{}'::text[]),
                ('recovered', recovered_amount, '{RECOVERED}', '{}'),
                ('paid directly', direct_amount, '{DIRECT}', '{}'),
                ('adjusted', adjusted_amount, '{ADJUSTED}', '{}'),
                ('open', open_amount, '{PLACED}', '{RECOVERED,DIRECT,ADJUSTED}'))
                AS place (name, held, comes, goes)
          WHERE activated_time IS NOT NULL
          ORDER BY 1",
    ),
    equal(
        "P20",
        "a remittance comes to the sum of its lines",
        "SELECT 'remittance ' || remittance.remittance_id || ', ' || part.name, part.told, part.lines
           FROM (SELECT head.tenant_id, head.remittance_id, head.gross_amount,
                        head.commission_amount,
                        coalesce(sum(line.gross_amount), 0) AS line_gross,
                        coalesce(sum(line.commission_amount), 0) AS line_commission
                   FROM remittance head
                   LEFT JOIN remittance_line line USING (tenant_id, remittance_id)
                  GROUP BY head.tenant_id, head.remittance_id) remittance
          CROSS JOIN LATERAL (VALUES
                ('gross', gross_amount, line_gross),
                ('commission', commission_amount, line_commission)) AS part (name, told, lines)
          ORDER BY 1",
    ),
    equal(
        "AY-6",
        "a booked line has its commission: kept back, or as agreed",
        "SELECT 'line ' || line.remittance_line_id,
                CASE line.mode WHEN 'NET' THEN line.commission_amount
                               ELSE line.agreed_commission_amount END,
                coalesce((SELECT sum(commission.amount) FROM commission
                           WHERE commission.tenant_id = line.tenant_id
                             AND commission.remittance_line_id = line.remittance_line_id
                             AND commission.source = 'REMITTANCE'), 0)
           FROM remittance_line line WHERE line.state IN ('BOOKED', 'REVERSED') ORDER BY 1",
    ),
    equal(
        "P8",
        "the commission of a placement is the sum of its entries",
        "SELECT 'placement ' || placement_id || ', ' || part.name, part.held, part.entries
           FROM (SELECT placement.tenant_id, placement.placement_id, placement.commission_amount,
                        placement.commissioned_amount,
                        coalesce(sum(entry.amount), 0) AS earned,
                        coalesce(sum(entry.base_amount) FILTER (WHERE entry.earns), 0) AS base
                   FROM placement
                   LEFT JOIN commission entry USING (tenant_id, placement_id)
                  GROUP BY placement.tenant_id, placement.placement_id) placement
          CROSS JOIN LATERAL (VALUES
                ('commission', commission_amount, earned),
                ('payments that earn', commissioned_amount, base)) AS part (name, held, entries)
          ORDER BY 1",
    ),
    equal(
        "P20",
        "no line of a remittance waits",
        "SELECT 'remittance ' || remittance_id, (booked_count + parked_count)::numeric,
                line_count::numeric
           FROM remittance ORDER BY 1",
    ),
];
