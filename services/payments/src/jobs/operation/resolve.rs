//! What a person decided about a bank line: to settle invoices with it, or that it is no receipt.

use contracts::payments::ResolveBankLineResponse;
use postgres::{DbError, TenantId, Tx};
use runtime::Refusal;
use serde::{Deserialize, Serialize};

use super::{Next, ended};
use crate::domain::{ApplicationId, BankLineId, Receipt, ReceiptApplication, ReceiptId};
use crate::jobs::booking::Books;
use crate::jobs::settle_bank_lines;
use crate::rpc::wire::bank_line::line_to_wire;
use crate::rpc::wire::receipt::receipt_to_wire;
use crate::rpc::wire::receipt_application::application_to_wire;
use crate::store;

/// The line pays for invoices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resolve {
    /// The line.
    pub bank_line_id: BankLineId,
    /// Its receipt.
    pub receipt_id: ReceiptId,
    /// The application that carries the decision out.
    pub application_id: ApplicationId,
}

/// The line is no receipt: its receipt is taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dismiss {
    /// The line.
    pub bank_line_id: BankLineId,
    /// Its receipt.
    pub receipt_id: ReceiptId,
}

impl Resolve {
    /// The line was settled when the answer was booked.
    pub(super) async fn end_in_tx(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        receipt: &Receipt,
        applications: &[ReceiptApplication],
    ) -> Result<Next, Refusal> {
        let answer = answer_in_tx(tx, tenant, self.bank_line_id, receipt, applications).await?;
        Ok(ended(&answer))
    }
}

impl Dismiss {
    /// Returns the money, all of it being unapplied again, and ends the line.
    pub(super) async fn end_in_tx(
        &self,
        books: &Books<'_>,
        tx: &mut Tx,
        tenant: TenantId,
        receipt: &mut Receipt,
    ) -> Result<Next, Refusal> {
        books.return_in_tx(tx, receipt).await?;
        settle_bank_lines::not_a_receipt_in_tx(books.app(), tx, tenant, receipt).await?;
        let answer = answer_in_tx(tx, tenant, self.bank_line_id, receipt, &[]).await?;
        Ok(ended(&answer))
    }
}

/// What a decided line is answered with.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn answer_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    bank_line_id: BankLineId,
    receipt: &Receipt,
    applications: &[ReceiptApplication],
) -> Result<ResolveBankLineResponse, DbError> {
    let line = store::bank_line::find_in_tx(tx, tenant, bank_line_id).await?;
    Ok(ResolveBankLineResponse {
        bank_line: line.as_ref().map(line_to_wire),
        receipt: Some(receipt_to_wire(receipt)),
        applications: applications.iter().map(application_to_wire).collect(),
    })
}
