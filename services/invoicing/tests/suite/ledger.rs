//! A book written straight into the tables, for what only reads it: any history on any days, without
//! the rules that would refuse most of them. What stands in it as a sum is summed from its entries.

use invoicing::domain::{CustomerId, InvoiceId, OpenItemId};
use jiff::civil::Date;
use postgres::TenantId;
use sqlx::PgPool;
use uuid::Uuid;

use crate::fixture::World;
pub use crate::till::customer;

/// The book of one tenant.
pub struct Ledger {
    pub pool: PgPool,
    tenant: Uuid,
}

/// An invoice in the book.
#[derive(Debug, Clone)]
pub struct Owed {
    pub invoice_id: InvoiceId,
    pub items: Vec<OpenItemId>,
}

/// What an invoice is written as.
#[derive(Debug, Clone)]
pub struct Written<'a> {
    pub customer_id: CustomerId,
    pub currency: &'a str,
    pub invoice_date: Date,
    /// The day it was issued on.
    pub issued_date: Date,
    /// Due date and amount of each item.
    pub items: &'a [(Date, &'a str)],
}

impl Ledger {
    pub async fn open(world: &World, tenant: TenantId) -> Self {
        Self {
            pool: PgPool::connect(&world.database.superuser_url())
                .await
                .unwrap(),
            tenant: tenant.uuid(),
        }
    }

    /// An invoice in EUR with one item, issued on its date.
    pub async fn owed(&self, customer_id: CustomerId, amount: &str, on: Date, due: Date) -> Owed {
        let items = [(due, amount)];
        self.issue(&Written {
            customer_id,
            currency: "EUR",
            invoice_date: on,
            issued_date: on,
            items: &items,
        })
        .await
    }

    /// Issues an invoice.
    pub async fn issue(&self, written: &Written<'_>) -> Owed {
        let invoice_id = Uuid::now_v7();
        let counts_from = written.invoice_date.min(written.issued_date);
        let amounts: Vec<String> = written
            .items
            .iter()
            .map(|(_, one)| (*one).to_owned())
            .collect();
        sqlx::query(
            "INSERT INTO invoice (tenant_id, invoice_id, state, customer_id, currency,
                                  invoice_number, invoice_date, due, series_code,
                                  payment_reference, order_reference, note, net_amount, tax_amount,
                                  gross_amount, taxes, counts_from_date, version, created_time,
                                  issued_time)
             SELECT $1, $2, 'ISSUED', $3, $4, 'X-' || $2, $5::date, '{}', 'INV', '', '', '', sum(a),
                    0, sum(a), '[]', $6::date, 1, now(), $7::date
               FROM unnest($8::text[]::numeric[]) AS n (a)",
        )
        .bind(self.tenant)
        .bind(invoice_id)
        .bind(written.customer_id.0)
        .bind(written.currency)
        .bind(written.invoice_date.to_string())
        .bind(counts_from.to_string())
        .bind(written.issued_date.to_string())
        .bind(&amounts)
        .execute(&self.pool)
        .await
        .unwrap();
        let mut items = Vec::new();
        for (number, (due_date, amount)) in (1_i32..).zip(written.items) {
            let open_item_id = Uuid::now_v7();
            sqlx::query(
                "INSERT INTO open_item (tenant_id, invoice_id, open_item_id, kind,
                                        instalment_number, customer_id, currency, invoice_date,
                                        counts_from_date, due_date, discounts, original_amount,
                                        open_amount, effective_date)
                 VALUES ($1, $2, $3, 'PRINCIPAL', $4, $5, $6, $7::date, $8::date, $9::date,
                         '{\"offers\": [], \"partial_payments_earn\": false}', $10::numeric,
                         $10::numeric, $8::date)",
            )
            .bind(self.tenant)
            .bind(invoice_id)
            .bind(open_item_id)
            .bind(number)
            .bind(written.customer_id.0)
            .bind(written.currency)
            .bind(written.invoice_date.to_string())
            .bind(counts_from.to_string())
            .bind(due_date.to_string())
            .bind(*amount)
            .execute(&self.pool)
            .await
            .unwrap();
            items.push(OpenItemId(open_item_id));
        }
        let owed = Owed {
            invoice_id: InvoiceId(invoice_id),
            items,
        };
        for (index, (_, amount)) in written.items.iter().enumerate() {
            self.entry(&owed, index, "ISSUE", amount, counts_from).await;
        }
        owed
    }

    /// Writes an entry against an item, and answers its identity. Sums are stale until
    /// [`Ledger::sum_up`].
    pub async fn entry(
        &self,
        owed: &Owed,
        item: usize,
        kind: &str,
        amount: &str,
        entry_date: Date,
    ) -> Uuid {
        let cause = match kind {
            "ALLOCATION" | "DISCOUNT" | "TOLERANCE" => Some("APPLICATION"),
            "CREDIT" => Some("CREDIT_NOTE"),
            "WRITE_OFF" | "REINSTATEMENT" => Some("WRITE_OFF"),
            _ => None,
        };
        self.written(owed, item, (kind, cause, None), amount, entry_date)
            .await
    }

    /// Takes an entry back by the reversal of its application.
    pub async fn take_back(&self, owed: &Owed, item: usize, entry: Uuid, amount: &str, on: Date) {
        let kind = ("ALLOCATION", Some("REVERSAL"), Some(entry));
        self.written(owed, item, kind, amount, on).await;
    }

    async fn written(
        &self,
        owed: &Owed,
        item: usize,
        (kind, cause, reversed): (&str, Option<&str>, Option<Uuid>),
        amount: &str,
        entry_date: Date,
    ) -> Uuid {
        let entry_id = Uuid::now_v7();
        sqlx::query(
            "INSERT INTO invoice_entry (tenant_id, invoice_id, entry_number, entry_id,
                                        open_item_id, kind, currency, amount, entry_date,
                                        reversed_entry_id, cause_kind, cause_id, created_time)
             SELECT $1, $2, last_entry_number + 1, $3, $4, $5, currency, $6::numeric, $7::date, $8,
                    $9, CASE WHEN $9 IS NOT NULL THEN gen_random_uuid() END, now()
               FROM invoice WHERE tenant_id = $1 AND invoice_id = $2",
        )
        .bind(self.tenant)
        .bind(owed.invoice_id.0)
        .bind(entry_id)
        .bind(owed.items[item].0)
        .bind(kind)
        .bind(amount)
        .bind(entry_date.to_string())
        .bind(reversed)
        .bind(cause)
        .execute(&self.pool)
        .await
        .unwrap();
        sqlx::query(
            "UPDATE invoice SET last_entry_number = last_entry_number + 1
              WHERE tenant_id = $1 AND invoice_id = $2",
        )
        .bind(self.tenant)
        .bind(owed.invoice_id.0)
        .execute(&self.pool)
        .await
        .unwrap();
        entry_id
    }

    /// A customer's credit in EUR of a day, less what was used of it on another.
    pub async fn credit(
        &self,
        customer_id: CustomerId,
        credited: (&str, Date),
        used: Option<(&str, Date)>,
    ) {
        let (amount, date) = credited;
        let (note, credit) = (Uuid::now_v7(), Uuid::now_v7());
        sqlx::query(
            "INSERT INTO credit_note (tenant_id, credit_note_id, credit_note_number, customer_id,
                                      reason, note, credit_note_date, currency, net_amount,
                                      tax_amount, gross_amount, taxes, customer_credit_id,
                                      customer_credit_amount, issued_time)
             VALUES ($1, $2, 'X-' || $2, $3, 'GOODWILL', '', $4::date, 'EUR', $5::numeric, 0,
                     $5::numeric, '[]', $6, $5::numeric, now())",
        )
        .bind(self.tenant)
        .bind(note)
        .bind(customer_id.0)
        .bind(date.to_string())
        .bind(amount)
        .bind(credit)
        .execute(&self.pool)
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO customer_credit (tenant_id, customer_credit_id, customer_id,
                                          credit_note_id, currency, original_amount, open_amount,
                                          credit_date, created_time, last_entry_number, version)
             VALUES ($1, $2, $3, $4, 'EUR', $5::numeric, $5::numeric - $6::numeric, $7::date,
                     now(), 2, 2)",
        )
        .bind(self.tenant)
        .bind(credit)
        .bind(customer_id.0)
        .bind(note)
        .bind(amount)
        .bind(used.map_or("0", |(used, _)| used))
        .bind(date.to_string())
        .execute(&self.pool)
        .await
        .unwrap();
        let used = used.map(|(used, on)| (format!("-{used}"), on));
        let entries = [Some((amount.to_owned(), date)), used];
        for (number, (amount, on)) in (1_i64..).zip(entries.into_iter().flatten()) {
            sqlx::query(
                "INSERT INTO customer_credit_entry (tenant_id, customer_credit_id, entry_number,
                                                    customer_id, currency, amount, entry_date,
                                                    created_time)
                 VALUES ($1, $2, $3, $4, 'EUR', $5::numeric, $6::date, now())",
            )
            .bind(self.tenant)
            .bind(credit)
            .bind(number)
            .bind(customer_id.0)
            .bind(amount)
            .bind(on.to_string())
            .execute(&self.pool)
            .await
            .unwrap();
        }
    }

    /// Disputes the whole of an invoice, or a part of it.
    pub async fn dispute(&self, owed: &Owed, part: Option<&str>, on: Date) {
        sqlx::query(
            "INSERT INTO dispute (tenant_id, dispute_id, invoice_id, invoice_number, customer_id,
                                  reason, note, whole_invoice, currency, amount, disputed_date,
                                  opened_time, version)
             SELECT tenant_id, gen_random_uuid(), invoice_id, invoice_number, customer_id, 'PRICE',
                    '', $3::text IS NULL, currency, coalesce($3::numeric, gross_amount), $4::date,
                    now(), 1
               FROM invoice WHERE tenant_id = $1 AND invoice_id = $2",
        )
        .bind(self.tenant)
        .bind(owed.invoice_id.0)
        .bind(part)
        .bind(on.to_string())
        .execute(&self.pool)
        .await
        .unwrap();
        self.sum_up().await;
    }

    /// Sets every sum to what entries and disputes come to, and closes what is worth nothing by the
    /// route of its last entry.
    pub async fn sum_up(&self) {
        sqlx::raw_sql(
            "UPDATE open_item item
                SET open_amount = e.amount, effective_date = e.last_date,
                    closed_date = CASE WHEN e.amount = 0 THEN e.last_date END
               FROM (SELECT tenant_id, open_item_id, sum(amount) AS amount,
                            max(entry_date) AS last_date
                       FROM invoice_entry GROUP BY 1, 2) e
              WHERE e.tenant_id = item.tenant_id AND e.open_item_id = item.open_item_id;
             UPDATE invoice
                SET state = CASE WHEN o.amount <> 0 THEN 'ISSUED' WHEN e.kind = 'VOID' THEN 'VOID'
                            ELSE 'CLOSED' END,
                    closed_date = CASE WHEN o.amount = 0 THEN o.last_date END,
                    closing_kind = CASE WHEN o.amount = 0 THEN CASE e.kind
                        WHEN 'VOID' THEN 'VOID' WHEN 'WRITE_OFF' THEN 'WRITE_OFF'
                        WHEN 'CREDIT' THEN 'CREDIT' ELSE 'PAYMENT' END END
               FROM (SELECT tenant_id, invoice_id, sum(open_amount) AS amount,
                            max(effective_date) AS last_date
                       FROM open_item GROUP BY 1, 2) o,
                    (SELECT DISTINCT ON (tenant_id, invoice_id) tenant_id, invoice_id, kind
                       FROM invoice_entry
                      ORDER BY tenant_id, invoice_id, entry_number DESC) e
              WHERE o.tenant_id = invoice.tenant_id AND o.invoice_id = invoice.invoice_id
                AND e.tenant_id = invoice.tenant_id AND e.invoice_id = invoice.invoice_id;
             UPDATE invoice
                SET disputed_whole = d.whole, disputed_parts_amount = d.parts
               FROM (SELECT tenant_id, invoice_id, bool_or(whole_invoice) AS whole,
                            coalesce(sum(amount) FILTER (WHERE NOT whole_invoice), 0) AS parts
                       FROM dispute WHERE resolution IS NULL GROUP BY 1, 2) d
              WHERE d.tenant_id = invoice.tenant_id AND d.invoice_id = invoice.invoice_id",
        )
        .execute(&self.pool)
        .await
        .unwrap();
    }

    /// The number that a statement over the tenant (`$1`) and days (`$2`, …) tells.
    pub async fn told(&self, statement: &'static str, days: &[Date]) -> i64 {
        let mut query = sqlx::query_scalar(statement).bind(self.tenant);
        for day in days {
            query = query.bind(day.to_string());
        }
        query.fetch_one(&self.pool).await.unwrap()
    }
}
