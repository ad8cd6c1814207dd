//! Customer credits, their histories, their uses, and what a customer has in all. The row of a credit
//! is its lock, the row of the balance is that of the balance.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use money::{Currency, Decimal};
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use super::{allocation, row};
use crate::domain::{
    CreditNoteId, CustomerCredit, CustomerCreditApplication, CustomerCreditEntry, CustomerCreditId,
    CustomerId, EntryCause,
};

struct Row {
    customer_credit_id: Uuid,
    customer_id: Uuid,
    credit_note_id: Uuid,
    currency: String,
    original_amount: Decimal,
    open_amount: Decimal,
    credit_date: jiff_sqlx::Date,
    created_time: jiff_sqlx::Timestamp,
    last_entry_number: i64,
    version: i64,
}

impl Row {
    fn into_credit(self) -> Result<CustomerCredit, DbError> {
        let currency = row::currency(&self.currency)?;
        Ok(CustomerCredit {
            customer_credit_id: CustomerCreditId(self.customer_credit_id),
            customer_id: CustomerId(self.customer_id),
            credit_note_id: CreditNoteId(self.credit_note_id),
            original_amount: row::money(self.original_amount, currency)?,
            open_amount: row::money(self.open_amount, currency)?,
            credit_date: self.credit_date.to_jiff(),
            create_time: self.created_time.to_jiff(),
            last_entry_number: self.last_entry_number,
            version: self.version,
            new_entries: Vec::new(),
        })
    }
}

/// A credit as it is now, to read: whose it is and in what currency never changes.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_credit_id: CustomerCreditId,
) -> Result<Option<CustomerCredit>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT customer_credit_id, customer_id, credit_note_id, currency, original_amount,
                open_amount, credit_date, created_time, last_entry_number, version
           FROM customer_credit WHERE tenant_id = $1 AND customer_credit_id = $2",
        tenant.uuid(),
        customer_credit_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_credit)
    .transpose()
}

/// Locks a credit. To be called once the receivables that it may settle are locked.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_credit_id: CustomerCreditId,
) -> Result<Option<CustomerCredit>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT customer_credit_id, customer_id, credit_note_id, currency, original_amount,
                open_amount, credit_date, created_time, last_entry_number, version
           FROM customer_credit WHERE tenant_id = $1 AND customer_credit_id = $2 FOR UPDATE",
        tenant.uuid(),
        customer_credit_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_credit)
    .transpose()
}

/// Stores a credit that has just come of a credit note, which is stored before it. Its entries are
/// taken out of it.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    credit: &mut CustomerCredit,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO customer_credit (tenant_id, customer_credit_id, customer_id, credit_note_id,
                                      currency, original_amount, open_amount, credit_date,
                                      created_time, last_entry_number, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        tenant.uuid(),
        credit.customer_credit_id.0,
        credit.customer_id.0,
        credit.credit_note_id.0,
        credit.original_amount.currency().code(),
        credit.original_amount.amount(),
        credit.open_amount.amount(),
        credit.credit_date.to_sqlx() as _,
        credit.create_time.to_sqlx() as _,
        credit.last_entry_number,
        credit.version,
    )
    .execute(&mut **tx)
    .await?;
    insert_entries_in_tx(tx, tenant, credit).await
}

/// Stores a use of a locked credit, where it went, and what is left. The credit's new entries are
/// taken out of it.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn save_use_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    credit: &mut CustomerCredit,
    application: &CustomerCreditApplication,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE customer_credit SET open_amount = $3, last_entry_number = $4, version = $5
          WHERE tenant_id = $1 AND customer_credit_id = $2",
        tenant.uuid(),
        credit.customer_credit_id.0,
        credit.open_amount.amount(),
        credit.last_entry_number,
        credit.version,
    )
    .execute(&mut **tx)
    .await?;
    insert_entries_in_tx(tx, tenant, credit).await?;
    let id = application.customer_credit_application_id;
    sqlx::query!(
        "INSERT INTO customer_credit_application (tenant_id, customer_credit_application_id,
                                                  customer_credit_id, customer_id, currency,
                                                  amount, application_date, applied_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.uuid(),
        id.0,
        application.customer_credit_id.0,
        application.customer_id.0,
        application.amount.currency().code(),
        application.amount.amount(),
        application.application_date.to_sqlx() as _,
        application.applied_time.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    let cause = EntryCause::CustomerCredit(id);
    allocation::insert_in_tx(tx, tenant, &[(cause, application.allocations.as_slice())]).await
}

async fn insert_entries_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    credit: &mut CustomerCredit,
) -> Result<(), DbError> {
    let entries: Vec<CustomerCreditEntry> = credit.take_new_entries();
    let use_id = |entry: &CustomerCreditEntry| entry.application_id.map(|id| id.0);
    sqlx::query!(
        "INSERT INTO customer_credit_entry (tenant_id, customer_credit_id, customer_id, currency,
                                            entry_number, amount, entry_date,
                                            customer_credit_application_id, created_time)
         SELECT $1, $2, $3, $4, n.entry_number, n.amount, n.entry_date::date, n.application_id,
                n.created_time::timestamptz
           FROM unnest($5::bigint[], $6::numeric[], $7::text[], $8::uuid[], $9::text[])
                AS n (entry_number, amount, entry_date, application_id, created_time)",
        tenant.uuid(),
        credit.customer_credit_id.0,
        credit.customer_id.0,
        credit.original_amount.currency().code(),
        &column(&entries, |entry| entry.entry_number),
        &column(&entries, |entry| entry.amount.amount()),
        &column(&entries, |entry| entry.entry_date.to_string()),
        &column(&entries, use_id) as _,
        &column(&entries, |entry| entry.create_time.to_string()),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What narrows a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only in this currency.
    pub currency: Option<Currency>,
    /// The used-up ones too.
    pub include_used_up: bool,
}

/// Credits behind an instant and identity, oldest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<CustomerCredit>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT customer_credit_id, customer_id, credit_note_id, currency, original_amount,
                open_amount, credit_date, created_time, last_entry_number, version
           FROM customer_credit
          WHERE tenant_id = $1
            AND ($2::uuid IS NULL OR customer_id = $2)
            AND ($3::text IS NULL OR currency = $3::char(3))
            AND ($4 OR open_amount > 0)
            AND ($5::timestamptz IS NULL OR (created_time, customer_credit_id) > ($5, $6::uuid))
          ORDER BY created_time, customer_credit_id LIMIT $7",
        tenant.uuid(),
        filter.customer_id.map(|id| id.0),
        filter.currency.map(|currency| currency.code()),
        filter.include_used_up,
        after.map(|(created, _)| created.to_sqlx()) as _,
        after.map(|(_, id)| *id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_credit)
    .collect()
}
