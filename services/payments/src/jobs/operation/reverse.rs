//! Taking a receipt back as a whole: once all of its applications are, its money is returned.

use contracts::payments::ReverseReceiptResponse;
use postgres::Tx;
use runtime::Refusal;
use serde::{Deserialize, Serialize};

use super::{Next, ended};
use crate::domain::{Receipt, ReceiptApplication, ReceiptApplicationState, ReceiptId};
use crate::jobs::booking::Books;
use crate::rpc::wire::receipt::receipt_to_wire;
use crate::rpc::wire::receipt_application::application_to_wire;

/// What is taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reverse {
    /// The receipt.
    pub receipt_id: ReceiptId,
}

/// A step of its own, after each application was announced as taken back: so that whoever follows
/// the feed sees the money unapplied before it sees it returned.
pub(super) async fn end_in_tx(
    books: &Books<'_>,
    tx: &mut Tx,
    receipt: &mut Receipt,
    applications: &[ReceiptApplication],
) -> Result<Next, Refusal> {
    books.return_in_tx(tx, receipt).await?;
    let is_reversed = |one: &&ReceiptApplication| one.state == ReceiptApplicationState::Reversed;
    let reversed = applications.iter().filter(is_reversed);
    Ok(ended(&ReverseReceiptResponse {
        receipt: Some(receipt_to_wire(receipt)),
        applications: reversed.map(application_to_wire).collect(),
    }))
}
