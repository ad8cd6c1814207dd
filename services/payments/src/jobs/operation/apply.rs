//! Applying money of a receipt: the planned applications one after the other, each with what the
//! one before has left.

use contracts::payments::ApplyReceiptResponse;
use postgres::Tx;
use runtime::Refusal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Next, Work, ended};
use crate::domain::{
    ApplicationId, CustomerId, PlannedApplication, Receipt, ReceiptApplication, ReceiptId,
};
use crate::jobs::booking::Books;
use crate::rpc::wire::receipt::receipt_to_wire;
use crate::rpc::wire::receipt_application::application_to_wire;
use crate::store::receipt_application::Driver;

/// How far applying has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Apply {
    /// The receipt.
    pub receipt_id: ReceiptId,
    /// Whose items are settled, where it is not the receipt's customer.
    pub customer_id: Option<CustomerId>,
    /// The applications made so far.
    pub application_ids: Vec<ApplicationId>,
    /// What is asked after them, while money is left.
    pub planned: Vec<PlannedApplication>,
}

impl Apply {
    /// Reserves what the last application has left for the next one in the plan, or ends.
    pub(super) async fn go_on_in_tx(
        mut self,
        books: &Books<'_>,
        tx: &mut Tx,
        receipt: &mut Receipt,
        applications: Vec<ReceiptApplication>,
        operation_id: Uuid,
    ) -> Result<Next, Refusal> {
        let rest = applications.last().map(|last| last.rest_amount);
        let rest = rest.filter(money::Money::is_positive);
        if self.planned.is_empty() || rest.is_none() {
            return Ok(answer(receipt, &applications));
        }
        let next = self.planned.remove(0);
        let order = books.stamped(|stamp| next.order(rest, self.customer_id, stamp));
        let driver = Driver {
            operation_id: Some(operation_id),
            bank_line_id: None,
        };
        let reserved = books.reserve_in_tx(tx, receipt, order, driver).await?;
        self.application_ids.push(reserved.application_id);
        Ok(Next::More(Work::Apply(self)))
    }
}

fn answer(receipt: &Receipt, applications: &[ReceiptApplication]) -> Next {
    ended(&ApplyReceiptResponse {
        applications: applications.iter().map(application_to_wire).collect(),
        receipt: Some(receipt_to_wire(receipt)),
    })
}
