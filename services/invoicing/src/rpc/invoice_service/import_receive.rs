//! Receiving an import: its messages as one, within bounds.

use std::time::Duration;

use contracts::invoicing::{ImportInvoicesRequest, InvoiceRow};
use prost::Message as _;
use runtime::{FieldViolation, Refusal};
use tonic::Streaming;

/// Rows in a message.
const ROWS_A_MESSAGE: usize = 500;
/// Rows in an import, and bytes of them: they go in together, and wait in memory until then.
const MOST_ROWS: usize = 20_000;
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// All messages as one, so that its content is what a repeat is compared with.
///
/// # Errors
/// INVALID_ARGUMENT when the messages are out of bounds or order, UNAVAILABLE when the stream breaks.
pub(super) async fn receive(
    mut stream: Streaming<ImportInvoicesRequest>,
) -> Result<ImportInvoicesRequest, Refusal> {
    let broken =
        |status| Refusal::unavailable("STREAM_BROKEN", Duration::from_secs(1)).caused_by(status);
    let mut whole: Option<ImportInvoicesRequest> = None;
    let mut bytes = 0;
    while let Some(message) = stream.message().await.map_err(broken)? {
        if message.rows.len() > ROWS_A_MESSAGE {
            return Err(invalid("rows", "has more than 500 entries in a message"));
        }
        bytes += message
            .rows
            .iter()
            .map(InvoiceRow::encoded_len)
            .sum::<usize>();
        match &mut whole {
            None => whole = Some(message),
            Some(_) if !message.request_id.is_empty() || message.options.is_some() => {
                return Err(invalid("request_id", "stands in the first message only"));
            }
            Some(whole) => whole.rows.extend(message.rows),
        }
        let rows = whole.as_ref().map_or(0, |whole| whole.rows.len());
        if rows > MOST_ROWS || bytes > MOST_BYTES {
            let text = "has more than 20000 entries or 64 MiB: import them in parts";
            return Err(invalid("rows", text));
        }
    }
    whole.ok_or_else(|| {
        let text = "is required: a name of your choice for this request";
        invalid("request_id", text)
    })
}

fn invalid(field: &str, text: &str) -> Refusal {
    Refusal::invalid("REQUEST_INVALID", vec![FieldViolation::new(field, text)])
}
