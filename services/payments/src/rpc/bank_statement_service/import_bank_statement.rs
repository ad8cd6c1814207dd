//! ImportBankStatement: a file of one bank, whole or not at all unless bad rows may be left out.

use std::sync::Arc;
use std::time::Duration;

use contracts::payments::{ImportBankStatementRequest, ImportBankStatementResponse};
use jiff::Timestamp;
use money::Money;
use postgres::idempotency::Key;
use postgres::operations::{self, Operation, Started};
use postgres::{Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, FieldViolation, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tonic::Streaming;

use crate::app::App;
use crate::domain::statement_csv::MOST_BYTES;
use crate::domain::{
    BankAccount, BankStatementImport, BankStatementImportId, BankStatementImportState, Coded as _,
    ColumnMapping, FileError, LineKey, ReceivedStatement, StatementLine, line_keys, read_statement,
};
use crate::jobs::book_bank_statement;
use crate::rpc::error;
use crate::rpc::wire::bank_statement::{StatementOrder, import_to_wire, order_from_wire};
use crate::store;

/// What kind of operation an import is.
const KIND: &str = "ImportBankStatement";

/// Bytes of the file in a message.
const MOST_CHUNK_BYTES: usize = 1 << 20;

/// What the operation of an import keeps.
#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    bank_statement_import_id: BankStatementImportId,
}

/// How a request stands before anything is booked for it.
enum Begun {
    /// There is nothing to book, or all of it is.
    Ended(Box<Answer<ImportBankStatementResponse>>),
    /// Lines are to be booked.
    Booking(BankStatementImportId),
}

/// 1. Receive the file; 2. where the request is known, go on with its import; 3. read the whole file
///    outside of any transaction; 4. store the import with its lines to be booked, under the request
///    id and with a timer; 5. book them, some hundreds in a transaction. Matching follows by itself.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    stream: Streaming<ImportBankStatementRequest>,
) -> Result<Answer<ImportBankStatementResponse>, Refusal> {
    let (first, file) = receive(stream).await?;
    let order = order_from_wire(&first)?;
    // The content is what the file is, however it was cut into messages.
    let key = call.key(&ImportBankStatementRequest {
        chunk: Sha256::digest(&file).to_vec(),
        ..first.clone()
    })?;
    let call = call.with_request_id(&first.request_id);
    let begun = match known(&app, &call, &key).await? {
        Some(begun) => begun,
        None => {
            let (account, mapping) = named(&app, &call, &order).await?;
            let (import, lines) = read(&app, order, account, mapping, file).await?;
            begin(&app, &call, &key, &import, &lines).await?
        }
    };
    match begun {
        Begun::Ended(answer) => Ok(*answer),
        Begun::Booking(import_id) => {
            let booked = book_bank_statement::to_the_end(&app, call.tenant(), import_id).await;
            Ok(Answer::new(booked?))
        }
    }
}

/// The first message without its bytes, and the bytes of all.
async fn receive(
    mut stream: Streaming<ImportBankStatementRequest>,
) -> Result<(ImportBankStatementRequest, Vec<u8>), Refusal> {
    let broken =
        |status| Refusal::unavailable("STREAM_BROKEN", Duration::from_secs(1)).caused_by(status);
    let mut file = Vec::new();
    let mut whole: Option<ImportBankStatementRequest> = None;
    while let Some(mut message) = stream.message().await.map_err(broken)? {
        let chunk = std::mem::take(&mut message.chunk);
        if chunk.len() > MOST_CHUNK_BYTES {
            return Err(invalid("chunk", "has more than 1 MiB"));
        }
        match &whole {
            None => whole = Some(message),
            Some(_) if message != ImportBankStatementRequest::default() => {
                let text = "stands in the first message only, as all but the file does";
                return Err(invalid("request_id", text));
            }
            Some(_) => {}
        }
        if file.len() + chunk.len() > MOST_BYTES {
            return Err(error::file_refused(&FileError::TooLarge));
        }
        file.extend(chunk);
    }
    let first = whole.ok_or_else(|| {
        let text = "is required: a name of your choice for this request";
        invalid("request_id", text)
    })?;
    Ok((first, file))
}

fn invalid(field: &str, text: &str) -> Refusal {
    Refusal::invalid("REQUEST_INVALID", vec![FieldViolation::new(field, text)])
}

/// The import that an earlier request with this id began. Asked before the file is read, since the
/// mapping may have changed meanwhile; where there is none, nothing is left of the question.
async fn known(app: &App, call: &Call, key: &Key) -> Result<Option<Begun>, Refusal> {
    let now = app.clock.now();
    retried(|| async {
        let mut tx = app.db.begin(call).await?;
        let started = operations::start_in_tx(&mut tx, key, KIND, &json!({}), now).await?;
        tx.rollback().await?;
        match started {
            Started::New(_) => Ok(None),
            Started::Existing(operation) => Begun::again(operation).map(Some),
        }
    })
    .await
}

impl Begun {
    fn again(operation: Operation) -> Result<Self, Refusal> {
        if let Some(answer) = operation.answer {
            return Ok(Self::Ended(Box::new(Answer::replayed(answer))));
        }
        let progress: Progress =
            serde_json::from_value(operation.progress).map_err(Refusal::internal)?;
        Ok(Self::Booking(progress.bank_statement_import_id))
    }
}

/// The account and the mapping that the request names.
async fn named(
    app: &App,
    call: &Call,
    order: &StatementOrder,
) -> Result<(BankAccount, ColumnMapping), Refusal> {
    let (account_id, mapping_id) = (order.bank_account_id, order.column_mapping_id);
    let mut tx = app.db.begin_read(call).await?;
    let account = store::bank_account::find_in_tx(&mut tx, call.tenant(), account_id).await?;
    let mapping = store::column_mapping::find_in_tx(&mut tx, call.tenant(), mapping_id).await?;
    tx.commit().await?;
    let account = account.ok_or_else(|| error::bank_account_not_found(account_id))?;
    let mapping = mapping.ok_or_else(|| error::column_mapping_not_found(mapping_id))?;
    Ok((account, mapping))
}

/// Lines with what they are known again by.
type KeyedLines = Vec<(StatementLine, LineKey)>;

/// Reads the file: what the import is, and the lines to be booked. Up to 64 MiB are a second of work,
/// which keeps no other call waiting.
async fn read(
    app: &App,
    order: StatementOrder,
    account: BankAccount,
    mapping: ColumnMapping,
    file: Vec<u8>,
) -> Result<(BankStatementImport, KeyedLines), Refusal> {
    let now = app.clock.now();
    let import_id = app.stamped(|stamp| BankStatementImportId(stamp.id()));
    let reading = tokio::task::spawn_blocking(move || {
        let file = read_statement(&file, &mapping.layout, account.currency)?;
        let received = ReceivedStatement {
            bank_statement_import_id: import_id,
            bank_account_id: account.bank_account_id,
            column_mapping: mapping,
            file_name: order.file_name,
            file,
        };
        let nothing = Money::zero(account.currency);
        let (import, lines) = BankStatementImport::receive(received, order.options, nothing, now);
        let keys = line_keys(account.bank_account_id, &lines);
        Ok((import, lines.into_iter().zip(keys).collect()))
    });
    let read = reading.await.map_err(Refusal::internal)?;
    read.map_err(|error: FileError| error::file_refused(&error))
}

/// Stores the import under the request id: with its lines and a timer where they are to be booked,
/// with the answer where nothing is.
async fn begin(
    app: &App,
    call: &Call,
    key: &Key,
    import: &BankStatementImport,
    lines: &KeyedLines,
) -> Result<Begun, Refusal> {
    let (now, tenant) = (import.created_time, call.tenant());
    let import_id = import.bank_statement_import_id;
    let progress = Progress {
        bank_statement_import_id: import_id,
    };
    let progress = serde_json::to_value(progress).map_err(Refusal::internal)?;
    retried(|| async {
        let mut tx = app.db.begin(call).await?;
        let operation = match operations::start_in_tx(&mut tx, key, KIND, &progress, now).await? {
            Started::Existing(operation) => return Begun::again(operation),
            Started::New(operation) => operation,
        };
        let operation_id = operation.operation_id;
        store::bank_statement_import::insert_in_tx(&mut tx, tenant, import, operation_id).await?;
        let facts = json!({
            "bank_account_id": import.bank_account_id.0,
            "state": import.state.code(),
            "row_count": import.row_count,
        });
        let subject = format!("bank_statement_import/{}", import_id.0);
        audit::record_in_tx(&mut tx, &call.audit(subject, facts, now)).await?;
        if import.state != BankStatementImportState::Booking {
            let answer = end_in_tx(&mut tx, &operation, import, now).await?;
            tx.commit().await?;
            return Ok(Begun::Ended(Box::new(Answer::new(answer))));
        }
        store::import_row::stage_lines_in_tx(&mut tx, tenant, import_id, lines).await?;
        let watched = book_bank_statement::watch_in_tx(&mut tx, tenant, import_id, now).await?;
        tx.commit().await?;
        app.wakeups.announce([watched]);
        Ok(Begun::Booking(import_id))
    })
    .await
}

/// Stores the answer of an import that books nothing.
async fn end_in_tx(
    tx: &mut Tx,
    operation: &Operation,
    import: &BankStatementImport,
    now: Timestamp,
) -> Result<ImportBankStatementResponse, Refusal> {
    let answer = ImportBankStatementResponse {
        bank_statement_import: Some(import_to_wire(import)),
    };
    operations::finish_in_tx(tx, operation, &answer.encode_to_vec(), now).await?;
    Ok(answer)
}
