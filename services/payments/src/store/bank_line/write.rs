//! Lines written in batches.

use std::collections::BTreeSet;

use jiff_sqlx::ToSqlx as _;
use money::Decimal;
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use crate::domain::{BankLine, BankLineId, Coded as _, Decision};
use crate::store::row;

/// Stores those of the lines that are new, and tells which. Another import that brings the same
/// lines at this moment is waited for. In the order of the keys, so that two imports that share
/// lines do not lock each other out.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    lines: &[BankLine],
) -> Result<BTreeSet<BankLineId>, DbError> {
    let keys: Vec<Vec<u8>> = lines.iter().map(|line| line.line_key.0.to_vec()).collect();
    let receipts: Vec<Option<Uuid>> = lines
        .iter()
        .map(|line| line.receipt_id.map(|id| id.0))
        .collect();
    let inserted = sqlx::query_scalar!(
        "INSERT INTO bank_line (
                tenant_id, bank_line_id, line_key, bank_statement_import_id, bank_account_id,
                row_number, booking_date, value_date, currency_code, amount, payment_reference,
                remittance_text, payer_name, payer_account, instrument_reference, bank_reference,
                state, receipt_id, created_time, version)
         SELECT $1, n.bank_line_id, n.line_key, n.bank_statement_import_id, n.bank_account_id,
                n.row_number, n.booking_date::date, n.value_date::date, n.currency_code, n.amount,
                n.payment_reference, n.remittance_text, n.payer_name, n.payer_account,
                n.instrument_reference, n.bank_reference, n.state, n.receipt_id,
                n.created_time::timestamptz, n.version
           FROM unnest($2::uuid[], $3::bytea[], $4::uuid[], $5::uuid[], $6::integer[], $7::text[],
                       $8::text[], $9::text[], $10::numeric[], $11::text[], $12::text[],
                       $13::text[], $14::text[], $15::text[], $16::text[], $17::text[],
                       $18::uuid[], $19::text[], $20::bigint[])
                  AS n (bank_line_id, line_key, bank_statement_import_id, bank_account_id,
                        row_number, booking_date, value_date, currency_code, amount,
                        payment_reference, remittance_text, payer_name, payer_account,
                        instrument_reference, bank_reference, state, receipt_id, created_time,
                        version)
          ORDER BY n.bank_account_id, n.line_key, n.row_number
         ON CONFLICT (tenant_id, bank_account_id, line_key) DO NOTHING
         RETURNING bank_line_id",
        tenant.uuid(),
        &column(lines, |line| line.bank_line_id.0),
        &keys,
        &column(lines, |line| line.bank_statement_import_id.0),
        &column(lines, |line| line.bank_account_id.0),
        &column(lines, |line| row::to_count(line.row_number)),
        &column(lines, |line| line.booking_date.to_string()),
        &column(lines, |line| line.value_date.to_string()),
        &column(lines, |line| line.amount.currency().code().to_owned()),
        &column::<_, Decimal>(lines, |line| line.amount.amount()),
        &column(lines, |line| line.remittance.payment_reference.clone()),
        &column(lines, |line| line.remittance.text.clone()),
        &column(lines, |line| line.remittance.payer_name.clone()),
        &column(lines, |line| line.remittance.payer_account.clone()),
        &column(lines, |line| line.remittance.instrument_reference.clone()),
        &column(lines, |line| line.bank_reference.clone()),
        &column(lines, |line| line.state.code().to_owned()),
        &receipts as _,
        &column(lines, |line| line.created_time.to_string()),
        &column(lines, |line| line.version),
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(inserted.into_iter().map(BankLineId).collect())
}

/// Stores what became of lines, with the decisions behind it. Decisions that another took the place
/// of stay where they are.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn update_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    lines: &[BankLine],
) -> Result<(), DbError> {
    insert_decisions_in_tx(tx, tenant, lines).await?;
    let mut matches = Vec::with_capacity(lines.len());
    let mut suggestions = Vec::with_capacity(lines.len());
    for line in lines {
        let found = line.line_match.as_ref().map(row::to_json).transpose()?;
        matches.push(found);
        suggestions.push(row::to_json(&line.suggestions)?);
    }
    let decisions = column(lines, |line| decision_of(line).map(|one| one.decision_id.0));
    let resolved_times = column(lines, |line| line.resolved_time.map(|time| time.to_sqlx()));
    sqlx::query!(
        "UPDATE bank_line AS l
            SET state = n.state, line_match = n.line_match, suggestions = n.suggestions,
                decision_id = n.decision_id, resolved_by = n.resolved_by,
                resolved_time = n.resolved_time, version = n.version
           FROM unnest($2::uuid[], $3::text[], $4::jsonb[], $5::jsonb[], $6::uuid[], $7::text[],
                       $8::timestamptz[], $9::bigint[])
                  AS n (bank_line_id, state, line_match, suggestions, decision_id, resolved_by,
                        resolved_time, version)
          WHERE l.tenant_id = $1 AND l.bank_line_id = n.bank_line_id",
        tenant.uuid(),
        &column(lines, |line| line.bank_line_id.0),
        &column(lines, |line| line.state.code().to_owned()),
        &matches as _,
        &suggestions,
        &decisions as _,
        &column(lines, |line| line.resolved_by.clone()) as _,
        &resolved_times as _,
        &column(lines, |line| line.version),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert_decisions_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    lines: &[BankLine],
) -> Result<(), DbError> {
    let decided: Vec<(&BankLine, &Decision)> = lines
        .iter()
        .filter_map(|line| Some((line, decision_of(line)?)))
        .collect();
    let decisions: Result<Vec<_>, DbError> = decided
        .iter()
        .map(|(_, decision)| row::to_json(decision))
        .collect();
    let times: Vec<_> = decided
        .iter()
        .map(|(_, decision)| decision.decided_time.to_sqlx())
        .collect();
    sqlx::query!(
        "INSERT INTO match_decision (tenant_id, decision_id, bank_line_id, decision, decided_time)
         SELECT $1, n.decision_id, n.bank_line_id, n.decision, n.decided_time
           FROM unnest($2::uuid[], $3::uuid[], $4::jsonb[], $5::timestamptz[])
                  AS n (decision_id, bank_line_id, decision, decided_time)
         ON CONFLICT (tenant_id, decision_id) DO NOTHING",
        tenant.uuid(),
        &column(&decided, |(_, decision)| decision.decision_id.0),
        &column(&decided, |(line, _)| line.bank_line_id.0),
        &decisions?,
        &times as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn decision_of(line: &BankLine) -> Option<&Decision> {
    line.decision.as_ref()
}
