//! Taking one application back.

use contracts::payments::UnapplyReceiptResponse;
use runtime::Refusal;
use serde::{Deserialize, Serialize};

use super::{Next, ended};
use crate::domain::{ApplicationId, Receipt, ReceiptApplication, ReceiptId};
use crate::rpc::wire::receipt::receipt_to_wire;
use crate::rpc::wire::receipt_application::application_to_wire;

/// What is taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unapply {
    /// The receipt.
    pub receipt_id: ReceiptId,
    /// The application.
    pub application_id: ApplicationId,
}

pub(super) fn end(receipt: &Receipt, applications: &[ReceiptApplication]) -> Result<Next, Refusal> {
    let application = applications.first().map(application_to_wire);
    Ok(ended(&UnapplyReceiptResponse {
        application,
        receipt: Some(receipt_to_wire(receipt)),
    }))
}
