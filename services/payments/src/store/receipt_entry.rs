//! The history of receipts. Append-only.

use money::Decimal;
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use crate::domain::{Coded as _, EntryCause, ReceiptEntry};

/// Appends entries of locked receipts.
///
/// # Errors
/// [`DbError`] of the statement.
pub(super) async fn append_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    entries: &[&ReceiptEntry],
) -> Result<(), DbError> {
    let causes: Vec<Cause> = column(entries, |entry| Cause::of(entry.cause));
    sqlx::query!(
        "INSERT INTO receipt_entry (tenant_id, receipt_id, entry_number, kind, currency_code,
                                    amount, entry_date, application_id, reversal_id, refund_id,
                                    receipt_reversal_id, created_time)
         SELECT $1, n.receipt_id, n.entry_number, n.kind, n.currency_code, n.amount,
                n.entry_date::date, n.application_id, n.reversal_id, n.refund_id,
                n.receipt_reversal_id, n.created_time::timestamptz
           FROM unnest($2::uuid[], $3::integer[], $4::text[], $5::text[], $6::numeric[],
                       $7::text[], $8::uuid[], $9::uuid[], $10::uuid[], $11::uuid[], $12::text[])
                  AS n (receipt_id, entry_number, kind, currency_code, amount, entry_date,
                        application_id, reversal_id, refund_id, receipt_reversal_id,
                        created_time)",
        tenant.uuid(),
        &column(entries, |entry| entry.receipt_id.0),
        &column(entries, |entry| entry.entry_number),
        &column(entries, |entry| entry.kind.code().to_owned()),
        &column(entries, |entry| entry.amount.currency().code().to_owned()),
        &column::<_, Decimal>(entries, |entry| entry.amount.amount()),
        &column(entries, |entry| entry.entry_date.to_string()),
        &column(&causes, |cause| cause.application_id) as _,
        &column(&causes, |cause| cause.reversal_id) as _,
        &column(&causes, |cause| cause.refund_id) as _,
        &column(&causes, |cause| cause.receipt_reversal_id) as _,
        &column(entries, |entry| entry.created_time.to_string()),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The columns of a cause.
#[derive(Default)]
struct Cause {
    application_id: Option<Uuid>,
    reversal_id: Option<Uuid>,
    refund_id: Option<Uuid>,
    receipt_reversal_id: Option<Uuid>,
}

impl Cause {
    fn of(cause: EntryCause) -> Self {
        let nothing = Self::default();
        match cause {
            EntryCause::Recording => nothing,
            EntryCause::Application(application) => Self {
                application_id: Some(application.0),
                ..nothing
            },
            EntryCause::ApplicationReversal(application, reversal) => Self {
                application_id: Some(application.0),
                reversal_id: Some(reversal.0),
                ..nothing
            },
            EntryCause::Refund(refund) => Self {
                refund_id: Some(refund.0),
                ..nothing
            },
            EntryCause::ReceiptReversal(reversal) => Self {
                receipt_reversal_id: Some(reversal.0),
                ..nothing
            },
        }
    }
}
