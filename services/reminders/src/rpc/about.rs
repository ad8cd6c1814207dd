//! The invoices of a case that a request names.

use std::collections::BTreeSet;

use postgres::Tx;
use runtime::Refusal;

use super::error;
use crate::domain::case::not_in_case;
use crate::domain::id::InvoiceId;
use crate::domain::invoice::CaseInvoice;
use crate::store::case_file::CaseFile;

/// The named invoices, if the case has every one of them; settled ones are read into the file.
///
/// # Errors
/// NOT_FOUND, INVOICE_NOT_IN_CASE.
pub async fn named_in_tx(
    tx: &mut Tx,
    file: &mut CaseFile,
    invoice_ids: &BTreeSet<InvoiceId>,
) -> Result<Vec<InvoiceId>, Refusal> {
    let named: Vec<InvoiceId> = invoice_ids.iter().copied().collect();
    file.look_up_in_tx(tx, &named).await?;
    let own = |one: &CaseInvoice| one.invoice_id;
    let known: Vec<InvoiceId> = file.invoices.iter().map(own).collect();
    match not_in_case(&named, &known).first() {
        Some(stranger) => Err(error::contact::invoice_not_in_case(*stranger)),
        None => Ok(named),
    }
}
