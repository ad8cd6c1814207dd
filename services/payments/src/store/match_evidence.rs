//! What is known when bank lines are to be matched, looked up for many lines at once: a handful of
//! statements whatever their number. Reads the projections and what accounts have taught; decides
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use money::Decimal;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::{customer, invoice, payer_account};
use crate::domain::{
    BankLine, CustomerId, Evidence, InvoiceId, KnownCustomer, KnownInvoice, account_key,
    lookup_keys, name_keys,
};

/// Invoices of exactly the amount that are looked at, for one line: they are suggested only, and a
/// person does not read more.
const MOST_OF_AN_AMOUNT: i64 = 50;

/// Customers of a like name that are looked at, for one line.
const MOST_OF_A_NAME: i64 = 50;

/// What is known about one line.
#[derive(Debug, Clone, Default)]
pub struct LineEvidence {
    invoices: Vec<KnownInvoice>,
    customers: Vec<KnownCustomer>,
    account_customers: Vec<CustomerId>,
}

impl LineEvidence {
    /// As the rules of matching want it.
    #[must_use]
    pub fn of<'a>(&'a self, line: &'a BankLine) -> Evidence<'a> {
        Evidence {
            amount: line.amount,
            receipt_date: line.value_date,
            remittance: &line.remittance,
            invoices: &self.invoices,
            customers: &self.customers,
            account_customers: &self.account_customers,
        }
    }
}

/// What a line leads to.
#[derive(Default)]
struct Found {
    invoices: BTreeSet<InvoiceId>,
    customers: BTreeSet<CustomerId>,
    account_customers: Vec<CustomerId>,
}

/// Gathers what is known about each of the lines, in their order.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn gather_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    lines: &[BankLine],
) -> Result<Vec<LineEvidence>, DbError> {
    let mut found: Vec<Found> = lines.iter().map(|_| Found::default()).collect();
    by_references_in_tx(tx, tenant, lines, &mut found).await?;
    by_accounts_in_tx(tx, tenant, lines, &mut found).await?;
    by_amounts_in_tx(tx, tenant, lines, &mut found).await?;
    by_names_in_tx(tx, tenant, lines, &mut found).await?;
    let ids: BTreeSet<InvoiceId> = found
        .iter()
        .flat_map(|one| &one.invoices)
        .copied()
        .collect();
    let invoices = invoice::find_all_in_tx(tx, tenant, &ids).await?;
    let invoices = by_key(invoices, |invoice| invoice.invoice_id);
    for one in &mut found {
        let owners = one.invoices.iter().filter_map(|id| invoices.get(id));
        one.customers
            .extend(owners.map(|invoice| invoice.customer_id));
    }
    let ids: BTreeSet<CustomerId> = found
        .iter()
        .flat_map(|one| &one.customers)
        .copied()
        .collect();
    let customers = customer::find_all_in_tx(tx, tenant, &ids).await?;
    let customers = by_key(customers, |customer| customer.customer_id);
    let evidence = found.into_iter().map(|one| LineEvidence {
        invoices: picked(&invoices, &one.invoices),
        customers: picked(&customers, &one.customers),
        account_customers: one.account_customers,
    });
    Ok(evidence.collect())
}

/// The invoices whose number or reference a line may quote.
async fn by_references_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    lines: &[BankLine],
    found: &mut [Found],
) -> Result<(), DbError> {
    let keys: Vec<BTreeSet<String>> = lines
        .iter()
        .map(|line| lookup_keys(&line.remittance))
        .collect();
    let all: BTreeSet<&String> = keys.iter().flatten().collect();
    let all: Vec<String> = all.into_iter().cloned().collect();
    let rows = sqlx::query!(
        "SELECT reference_key, invoice_id FROM invoice_reference
          WHERE tenant_id = $1 AND reference_key = ANY ($2)",
        tenant.uuid(),
        &all,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut named: BTreeMap<String, Vec<InvoiceId>> = BTreeMap::new();
    for row in rows {
        let invoices = named.entry(row.reference_key).or_default();
        invoices.push(InvoiceId(row.invoice_id));
    }
    for (one, keys) in found.iter_mut().zip(keys) {
        let quoted = keys.iter().filter_map(|key| named.get(key)).flatten();
        one.invoices.extend(quoted);
    }
    Ok(())
}

/// The customers behind the payers' accounts, and what they owe.
async fn by_accounts_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    lines: &[BankLine],
    found: &mut [Found],
) -> Result<(), DbError> {
    let key = |line: &BankLine| account_key(&line.remittance.payer_account);
    let keys: BTreeSet<String> = lines.iter().filter_map(key).collect();
    let keys: Vec<String> = keys.into_iter().collect();
    let behind = payer_account::customers_in_tx(tx, tenant, &keys).await?;
    let customers: BTreeSet<Uuid> = behind
        .values()
        .flatten()
        .map(|customer| customer.0)
        .collect();
    let customers: Vec<Uuid> = customers.into_iter().collect();
    let rows = sqlx::query!(
        "SELECT customer_id, invoice_id FROM invoice
          WHERE tenant_id = $1 AND customer_id = ANY ($2) AND open_amount > 0",
        tenant.uuid(),
        &customers,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut open: BTreeMap<CustomerId, Vec<InvoiceId>> = BTreeMap::new();
    for row in rows {
        let invoices = open.entry(CustomerId(row.customer_id)).or_default();
        invoices.push(InvoiceId(row.invoice_id));
    }
    for (one, line) in found.iter_mut().zip(lines) {
        let customers = key(line).and_then(|key| behind.get(&key));
        one.account_customers = customers.cloned().unwrap_or_default();
        let theirs = one.account_customers.iter().filter_map(|id| open.get(id));
        one.invoices.extend(theirs.flatten());
        one.customers.extend(&one.account_customers);
    }
    Ok(())
}

/// Open invoices of exactly the amounts, of anybody.
async fn by_amounts_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    lines: &[BankLine],
    found: &mut [Found],
) -> Result<(), DbError> {
    let wanted = |line: &BankLine| (line.amount.currency().code(), line.amount.amount());
    let amounts: BTreeSet<(&str, Decimal)> = lines.iter().map(wanted).collect();
    let (codes, values): (Vec<String>, Vec<Decimal>) = amounts
        .into_iter()
        .map(|(code, amount)| (code.to_owned(), amount))
        .unzip();
    let rows = sqlx::query!(
        "SELECT w.currency_code AS \"currency_code!\", w.amount AS \"amount!\", i.invoice_id
           FROM unnest($2::text[], $3::numeric[]) AS w (currency_code, amount)
          CROSS JOIN LATERAL (
                SELECT invoice_id FROM invoice
                 WHERE tenant_id = $1 AND currency_code = w.currency_code
                   AND open_amount = w.amount AND open_amount > 0
                 ORDER BY invoice_date, invoice_id LIMIT $4) AS i",
        tenant.uuid(),
        &codes,
        &values,
        MOST_OF_AN_AMOUNT,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut open: BTreeMap<(String, Decimal), Vec<InvoiceId>> = BTreeMap::new();
    for row in rows {
        let invoices = open.entry((row.currency_code, row.amount)).or_default();
        invoices.push(InvoiceId(row.invoice_id));
    }
    for (one, line) in found.iter_mut().zip(lines) {
        let (code, amount) = wanted(line);
        let exact = open.get(&(code.to_owned(), amount));
        one.invoices.extend(exact.into_iter().flatten());
    }
    Ok(())
}

/// The customers whose names begin like the payers' do, those with the most words in common first.
async fn by_names_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    lines: &[BankLine],
    found: &mut [Found],
) -> Result<(), DbError> {
    let names: BTreeSet<&str> = lines
        .iter()
        .map(|line| line.remittance.payer_name.as_str())
        .collect();
    let (mut payers, mut keys) = (Vec::new(), Vec::new());
    for name in names {
        for key in name_keys(name) {
            payers.push(name.to_owned());
            keys.push(key);
        }
    }
    let rows = sqlx::query!(
        r#"SELECT payer AS "payer!", customer_id
             FROM (SELECT w.payer, k.customer_id,
                          row_number() OVER (PARTITION BY w.payer
                                             ORDER BY count(*) DESC, k.customer_id) AS place
                     FROM unnest($2::text[], $3::text[]) AS w (payer, name_key)
                     JOIN customer_name_key k
                       ON k.tenant_id = $1 AND k.name_key = w.name_key
                    GROUP BY w.payer, k.customer_id) AS ranked
            WHERE place <= $4"#,
        tenant.uuid(),
        &payers,
        &keys,
        MOST_OF_A_NAME,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut alike: BTreeMap<String, Vec<CustomerId>> = BTreeMap::new();
    for row in rows {
        let customers = alike.entry(row.payer).or_default();
        customers.push(CustomerId(row.customer_id));
    }
    for (one, line) in found.iter_mut().zip(lines) {
        let customers = alike.get(&line.remittance.payer_name);
        one.customers.extend(customers.into_iter().flatten());
    }
    Ok(())
}

fn by_key<K: Ord, V>(values: Vec<V>, key: impl Fn(&V) -> K) -> BTreeMap<K, V> {
    values
        .into_iter()
        .map(|value| (key(&value), value))
        .collect()
}

fn picked<K: Ord, V: Clone>(all: &BTreeMap<K, V>, wanted: &BTreeSet<K>) -> Vec<V> {
    let values = wanted.iter().filter_map(|key| all.get(key));
    values.cloned().collect()
}
