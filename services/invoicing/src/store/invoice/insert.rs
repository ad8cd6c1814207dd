//! Storing invoices that are new: drafts, and those that are written and issued in one step.

use postgres::{DbError, TenantId, Tx, column};

use super::line;
use crate::domain::{Coded as _, Invoice, Receivable};
use crate::store::row;

/// Stores new invoices with their lines, one statement a table, however many there are. `false`: an
/// identity, external identity or number is taken; nothing is to be committed then.
///
/// What is owed on those that are issued is stored by [`crate::store::receivable`] afterwards.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoices: &[&Invoice],
    imported: bool,
) -> Result<bool, DbError> {
    let json = Json::of(invoices)?;
    let issued = Issued::of(invoices);
    let inserted = sqlx::query!(
        "INSERT INTO invoice (tenant_id, imported, invoice_id, external_id, state, customer_id,
                              currency, invoice_number, invoice_date, due, early_payment_offer,
                              series_code, payment_reference, order_reference, reservation_id,
                              note, net_amount, tax_amount, gross_amount, taxes, policy_version,
                              counts_from_date, closed_date, closing_kind, last_entry_number,
                              version, created_time, issued_time)
         SELECT $1, $2, n.invoice_id, n.external_id, n.state, n.customer_id, n.currency,
                n.invoice_number, n.invoice_date::date, n.due, n.early_payment_offer,
                n.series_code, n.payment_reference, n.order_reference, n.reservation_id, n.note,
                n.net_amount, n.tax_amount, n.gross_amount, n.taxes, n.policy_version,
                n.counts_from_date::date, n.closed_date::date, n.closing_kind,
                n.last_entry_number, n.version, n.created_time::timestamptz,
                n.issued_time::timestamptz
           FROM unnest($3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[],
                       $9::text[], $10::jsonb[], $11::jsonb[], $12::text[], $13::text[],
                       $14::text[], $15::uuid[], $16::text[], $17::numeric[], $18::numeric[],
                       $19::numeric[], $20::jsonb[], $21::text[], $22::text[], $23::text[],
                       $24::text[], $25::bigint[], $26::bigint[], $27::text[], $28::text[])
                AS n (invoice_id, external_id, state, customer_id, currency, invoice_number,
                      invoice_date, due, early_payment_offer, series_code, payment_reference,
                      order_reference, reservation_id, note, net_amount, tax_amount, gross_amount,
                      taxes, policy_version, counts_from_date, closed_date, closing_kind,
                      last_entry_number, version, created_time, issued_time)
         ON CONFLICT DO NOTHING",
        tenant.uuid(),
        imported,
        &column(invoices, |one| one.invoice_id.0),
        &column(invoices, |one| one.external_id.clone()) as _,
        &column(invoices, |one| one.state().code().to_owned()),
        &column(invoices, |one| one.content.customer_id.0),
        &column(invoices, |one| one.content.currency.code().to_owned()),
        &issued.numbers as _,
        &issued.invoice_dates as _,
        &json.due as _,
        &json.offer as _,
        &column(invoices, |one| one.content.series_code.clone()),
        &column(invoices, |one| one.content.payment_reference.clone()),
        &column(invoices, |one| one.content.order_reference.clone()),
        &column(invoices, |one| one.content.reservation_id.map(|id| id.0)) as _,
        &column(invoices, |one| one.content.note.clone()),
        &column(invoices, |one| one.totals.net_amount.amount()),
        &column(invoices, |one| one.totals.tax_amount.amount()),
        &column(invoices, |one| one.totals.gross_amount.amount()),
        &json.taxes,
        &column(invoices, |one| one.policy_version.clone()) as _,
        &issued.counts_from_dates as _,
        &issued.closed_dates as _,
        &issued.closing_kinds as _,
        &issued.last_entry_numbers,
        &column(invoices, |one| one.version()),
        &column(invoices, |one| one.create_time.to_string()),
        &issued.times as _,
    )
    .execute(&mut **tx)
    .await?;
    if u64::try_from(invoices.len()) != Ok(inserted.rows_affected()) {
        return Ok(false);
    }
    line::insert_in_tx(tx, tenant, invoices).await?;
    Ok(true)
}

/// What comes with issuing, a column each; null in a draft, where the invoice date may be too.
struct Issued {
    numbers: Vec<Option<String>>,
    invoice_dates: Vec<Option<String>>,
    counts_from_dates: Vec<Option<String>>,
    closed_dates: Vec<Option<String>>,
    closing_kinds: Vec<Option<String>>,
    last_entry_numbers: Vec<i64>,
    times: Vec<Option<String>>,
}

impl Issued {
    fn of(invoices: &[&Invoice]) -> Self {
        let of_debt = |value: &dyn Fn(&Receivable) -> Option<String>| {
            column(invoices, |one| one.receivable().and_then(value))
        };
        Self {
            numbers: of_debt(&|debt| Some(debt.invoice_number.clone())),
            invoice_dates: column(invoices, |one| {
                one.content.invoice_date.map(|day| day.to_string())
            }),
            counts_from_dates: of_debt(&|debt| Some(debt.counts_from_date.to_string())),
            closed_dates: of_debt(&|debt| debt.closed_date.map(|day| day.to_string())),
            closing_kinds: of_debt(&|debt| debt.closing_kind.map(|kind| kind.code().to_owned())),
            last_entry_numbers: column(invoices, |one| {
                one.receivable().map_or(0, |debt| debt.last_entry_number)
            }),
            times: column(invoices, |one| one.issued_time.map(|time| time.to_string())),
        }
    }
}

/// What is stored as JSON, a column each.
struct Json {
    due: Vec<Option<serde_json::Value>>,
    offer: Vec<Option<serde_json::Value>>,
    taxes: Vec<serde_json::Value>,
}

impl Json {
    fn of(invoices: &[&Invoice]) -> Result<Self, DbError> {
        let due = |one: &&Invoice| one.content.due.as_ref().map(row::to_json).transpose();
        let offer = |one: &&Invoice| {
            let offer = one.content.early_payment_offer.as_ref();
            offer.map(row::to_json).transpose()
        };
        let taxes = |one: &&Invoice| row::to_json(&one.totals.taxes);
        Ok(Self {
            due: invoices.iter().map(due).collect::<Result<_, _>>()?,
            offer: invoices.iter().map(offer).collect::<Result<_, _>>()?,
            taxes: invoices.iter().map(taxes).collect::<Result<_, _>>()?,
        })
    }
}
