//! Rows of imports that wait: from when they came until they are booked, so that an import that was
//! cut short goes on.

use postgres::{DbError, TenantId, Tx};

use super::row;
use crate::domain::{BankStatementImportId, LineKey, StatementLine};

/// Rows that one statement stores.
const ROWS_A_STATEMENT: usize = 2_000;

/// Stores the lines of a statement, each with its key, to be booked.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn stage_lines_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import_id: BankStatementImportId,
    lines: &[(StatementLine, LineKey)],
) -> Result<(), DbError> {
    for lines in lines.chunks(ROWS_A_STATEMENT) {
        let contents: Result<Vec<_>, DbError> =
            lines.iter().map(|(line, _)| row::to_json(line)).collect();
        let numbers: Vec<i32> = lines
            .iter()
            .map(|(line, _)| row::to_count(line.row_number))
            .collect();
        let keys: Vec<Vec<u8>> = lines.iter().map(|(_, key)| key.0.to_vec()).collect();
        sqlx::query!(
            "INSERT INTO import_row (tenant_id, import_id, row_number, content, line_key)
             SELECT $1, $2, n.row_number, n.content, n.line_key
               FROM unnest($3::integer[], $4::jsonb[], $5::bytea[])
                      AS n (row_number, content, line_key)",
            tenant.uuid(),
            import_id.0,
            &numbers,
            &contents?,
            &keys,
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Takes the next lines of a statement out, in the order of the file: they are booked in the
/// caller's transaction, or stay.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn take_lines_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import_id: BankStatementImportId,
    limit: usize,
) -> Result<Vec<(StatementLine, LineKey)>, DbError> {
    let rows = sqlx::query!(
        r#"DELETE FROM import_row
            WHERE tenant_id = $1 AND import_id = $2 AND row_number IN (
                      SELECT row_number FROM import_row
                       WHERE tenant_id = $1 AND import_id = $2
                       ORDER BY row_number LIMIT $3)
           RETURNING content, line_key AS "line_key!""#,
        tenant.uuid(),
        import_id.0,
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut lines = Vec::with_capacity(rows.len());
    for taken in rows {
        let line: StatementLine = row::from_json("content", taken.content)?;
        let key = LineKey(row::read("line_key", taken.line_key.try_into())?);
        lines.push((line, key));
    }
    lines.sort_by_key(|(line, _)| line.row_number);
    Ok(lines)
}
