//! The invoices of cases with their items, as invoicing's feed tells of them, and how far up the
//! ladder they are. Whoever changes one holds the row of its case.

use calendar::Date;
use jiff_sqlx::ToSqlx as _;
use money::{Currency, Money};
use postgres::{DbError, TenantId, Tx, column};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::row;
use crate::domain::id::{CaseId, InvoiceId, OpenItemId};
use crate::domain::invoice::{CaseInvoice, CaseItem, KeptOutMark, TakenStep};
use crate::domain::reason::Reason;

#[derive(sqlx::Decode)]
pub(super) struct Row {
    invoice_id: Uuid,
    case_id: Uuid,
    invoice_number: String,
    external_id: Option<String>,
    invoice_date: jiff_sqlx::Date,
    currency: String,
    disputed_amount: Decimal,
    expedited_from: Option<jiff_sqlx::Date>,
    kept_out_level: Option<i16>,
    kept_out_reason: Option<String>,
    version: i64,
    items: Vec<ItemRow>,
}

row::nested!(Row);

impl Row {
    pub(super) fn into_invoice(self) -> Result<CaseInvoice, DbError> {
        let currency = row::currency(&self.currency)?;
        let items = self.items.into_iter().map(|item| item.into_item(currency));
        let kept_out = self.kept_out_level.zip(self.kept_out_reason.as_deref());
        let kept_out = kept_out.map(|(level, reason)| {
            Ok::<_, DbError>(KeptOutMark {
                level: row::read("kept_out_level", level.try_into())?,
                reason: row::named("kept_out_reason", reason)?,
            })
        });
        Ok(CaseInvoice {
            case_id: CaseId::new(self.case_id),
            invoice_id: InvoiceId::new(self.invoice_id),
            invoice_number: self.invoice_number,
            external_id: self.external_id,
            invoice_date: self.invoice_date.to_jiff(),
            currency,
            disputed_amount: row::money(self.disputed_amount, &self.currency)?,
            items: items.collect::<Result<_, DbError>>()?,
            expedited_from: row::date(self.expedited_from),
            kept_out: kept_out.transpose()?,
            version: self.version,
        })
    }
}

#[derive(sqlx::Decode)]
struct ItemRow {
    open_item_id: Uuid,
    kind: String,
    due_date: jiff_sqlx::Date,
    open_amount: Decimal,
    level: i16,
    step_code: Option<String>,
    step_level: Option<i16>,
    step_date: Option<jiff_sqlx::Date>,
    step_time: Option<jiff_sqlx::Timestamp>,
}

row::nested!(ItemRow);

impl ItemRow {
    fn into_item(self, currency: Currency) -> Result<CaseItem, DbError> {
        let code = self.step_code.as_deref().zip(self.step_level);
        let when = row::date(self.step_date).zip(row::time(self.step_time));
        let step = code.zip(when).map(|((code, level), (date, time))| {
            Ok::<_, DbError>(TakenStep {
                step_code: row::named("step_code", code)?,
                level: row::read("step_level", level.try_into())?,
                date,
                time,
            })
        });
        Ok(CaseItem {
            open_item_id: OpenItemId::new(self.open_item_id),
            kind: row::named("kind", &self.kind)?,
            due_date: self.due_date.to_jiff(),
            open_amount: row::read("open_amount", Money::try_new(self.open_amount, currency))?,
            level: row::read("level", self.level.try_into())?,
            step: step.transpose()?,
        })
    }
}

/// Invoices with their items.
macro_rules! select {
    ($rest:literal, $($arguments:tt)*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT invoice_id, case_id, invoice_number, external_id, invoice_date, currency,
                      disputed_amount, expedited_from, kept_out_level, kept_out_reason, version,
                      ARRAY(SELECT ROW(open_item_id, kind, due_date, item.open_amount, item.level,
                                       step_code, step_level, step_date, step_time)
                              FROM case_item item
                             WHERE item.tenant_id = case_invoice.tenant_id
                               AND item.invoice_id = case_invoice.invoice_id
                             ORDER BY due_date, open_item_id) AS "items!: Vec<ItemRow>"
                 FROM case_invoice "# + $rest,
            $($arguments)*
        )
    };
}

/// The invoices of some cases on which something is owed, the oldest due date first.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn owed_of_cases_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    case_ids: &[CaseId],
) -> Result<Vec<CaseInvoice>, DbError> {
    let ids: Vec<Uuid> = case_ids.iter().map(|id| id.uuid()).collect();
    let found = select!(
        "WHERE tenant_id = $1 AND case_id = ANY ($2) AND open_amount > 0
         ORDER BY oldest_due_date, invoice_number",
        tenant.uuid(),
        &ids,
    );
    let found = found.fetch_all(&mut **tx).await?;
    found.into_iter().map(Row::into_invoice).collect()
}

/// Some invoices, settled ones too; those that the feed has not told of are missing.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoice_ids: &[InvoiceId],
) -> Result<Vec<CaseInvoice>, DbError> {
    let ids: Vec<Uuid> = invoice_ids.iter().map(|id| id.uuid()).collect();
    let found = select!(
        "WHERE tenant_id = $1 AND invoice_id = ANY ($2) ORDER BY invoice_id",
        tenant.uuid(),
        &ids,
    );
    let found = found.fetch_all(&mut **tx).await?;
    found.into_iter().map(Row::into_invoice).collect()
}

/// Where a listing goes on: due date, number and identity of the last invoice that was shown;
/// settled ones stand behind the others.
pub type Place = (Option<Date>, String, Uuid);

/// The invoices of a case behind a place: the oldest due date first, then by number.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    case_id: CaseId,
    include_settled: bool,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<CaseInvoice>, DbError> {
    let found = select!(
        "WHERE tenant_id = $1 AND case_id = $2 AND ($3 OR open_amount > 0)
           AND ($4::text IS NULL
                OR (coalesce(oldest_due_date, 'infinity'), invoice_number, invoice_id)
                 > (coalesce($5::date, 'infinity'), $4, $6::uuid))
         ORDER BY oldest_due_date, invoice_number, invoice_id LIMIT $7",
        tenant.uuid(),
        case_id.uuid(),
        include_settled,
        after.map(|(_, number, _)| number.as_str()),
        after.and_then(|(day, ..)| day.map(|day| day.to_sqlx())) as _,
        after.map(|(.., invoice_id)| *invoice_id),
        limit,
    );
    let found = found.fetch_all(&mut **tx).await?;
    found.into_iter().map(Row::into_invoice).collect()
}

/// The cases with an owed invoice whose due step was kept out for one of these reasons.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn cases_kept_out_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    reasons: &[Reason],
) -> Result<Vec<CaseId>, DbError> {
    let reasons: Vec<String> = reasons
        .iter()
        .map(|reason| reason.name().to_owned())
        .collect();
    let found = sqlx::query_scalar!(
        "SELECT DISTINCT case_id FROM case_invoice
          WHERE tenant_id = $1 AND open_amount > 0 AND kept_out_reason = ANY ($2)",
        tenant.uuid(),
        &reasons,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(found.into_iter().map(CaseId::new).collect())
}

/// Stores invoices as they are now, with their items.
///
/// # Errors
/// [`DbError`] of the statement; a sum that is too large counts as one.
pub async fn save_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoices: &[&CaseInvoice],
) -> Result<(), DbError> {
    if invoices.is_empty() {
        return Ok(());
    }
    let open_amounts = invoices.iter().map(|one| {
        let open_amount = row::read("open_amount", one.open_amount())?;
        Ok::<_, DbError>(open_amount.amount())
    });
    let open_amounts = open_amounts.collect::<Result<Vec<_>, _>>()?;
    let items = invoices.iter().flat_map(|one| {
        let invoice_id = one.invoice_id;
        one.items.iter().map(move |item| (invoice_id, item))
    });
    let items: Vec<(InvoiceId, &CaseItem)> = items.collect();
    sqlx::query_file!(
        "src/store/case_invoice/saving.sql",
        tenant.uuid(),
        &column(invoices, |one| one.invoice_id.uuid()),
        &column(invoices, |one| one.case_id.uuid()),
        &column(invoices, |one| one.invoice_number.clone()),
        &column(invoices, |one| one.external_id.clone()) as _,
        &column(invoices, |one| one.invoice_date.to_sqlx()) as _,
        &column(invoices, |one| one.currency.code().to_owned()),
        &open_amounts,
        &column(invoices, |one| one.disputed_amount.amount()),
        &column(invoices, |one| one
            .oldest_due_date()
            .map(|day| day.to_sqlx())) as _,
        &column(invoices, |one| i16::from(one.level())),
        &column(invoices, |one| one.expedited_from.map(|day| day.to_sqlx())) as _,
        &column(invoices, |one| one
            .kept_out
            .map(|mark| i16::from(mark.level))) as _,
        &column(invoices, |one| one.kept_out.map(|mark| mark.reason.name())) as _,
        &column(invoices, |one| one.version),
        &column(&items, |(invoice_id, _)| invoice_id.uuid()),
        &column(&items, |(_, item)| item.open_item_id.uuid()),
        &column(&items, |(_, item)| item.kind.name().to_owned()),
        &column(&items, |(_, item)| item.due_date.to_sqlx()) as _,
        &column(&items, |(_, item)| item.open_amount.amount()),
        &column(&items, |(_, item)| i16::from(item.level)),
        &column(&items, |(_, item)| step(item)
            .map(|step| step.step_code.as_str())) as _,
        &column(&items, |(_, item)| step(item)
            .map(|step| i16::from(step.level))) as _,
        &column(&items, |(_, item)| step(item)
            .map(|step| step.date.to_sqlx())) as _,
        &column(&items, |(_, item)| step(item)
            .map(|step| step.time.to_sqlx())) as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn step(item: &CaseItem) -> Option<&TakenStep> {
    item.step.as_ref()
}
