//! What a batch asks for: money to apply, applications to take back. Each item with the hash of its
//! content, by which a repeat of its id is known.

use std::collections::BTreeSet;

use contracts::invoicing as wire;
use prost::Message;
use runtime::{Refusal, Violations};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::field;
use super::target::{named_from_wire, rule_from_wire};
use crate::domain::{
    ApplicationId, CreditApplication, CustomerId, ReceiptId, ReversalId, ReversalOrder,
    ReversalReason,
};
use crate::rpc::error;

/// The most items of a batch.
const MAX_ITEMS: usize = 500;

/// One item of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked<T> {
    /// What is asked.
    pub order: T,
    /// Hash of it, as this version understands it: fields that it does not know are not content.
    pub fingerprint: [u8; 32],
}

/// The money that a request wants to apply.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault, or DUPLICATE_ITEM.
pub fn applications_from_wire(
    items: &[wire::CreditApplication],
) -> Result<Vec<Asked<CreditApplication>>, Refusal> {
    let orders = batch("applications", items, credit_application)?;
    let ids = orders.iter().map(|asked| asked.order.application_id.0);
    refuse_twice("applications", "application_id", ids)?;
    Ok(orders)
}

/// The applications that a request wants to take back.
///
/// # Errors
/// As [`applications_from_wire`].
pub fn reversals_from_wire(
    items: &[wire::ReversalOrder],
) -> Result<Vec<Asked<ReversalOrder>>, Refusal> {
    let orders = batch("reversals", items, reversal_order)?;
    let ids = orders.iter().map(|asked| asked.order.reversal_id.0);
    refuse_twice("reversals", "reversal_id", ids)?;
    let ids = orders.iter().map(|asked| asked.order.application_id.0);
    refuse_twice("reversals", "application_id", ids)?;
    Ok(orders)
}

fn batch<W: Message, T>(
    field: &str,
    items: &[W],
    parse: impl Fn(&mut Violations, &W) -> Option<T>,
) -> Result<Vec<Asked<T>>, Refusal> {
    let mut violations = Violations::new();
    let within = (1..=MAX_ITEMS).contains(&items.len());
    violations.check(within, field, format!("must have 1 to {MAX_ITEMS} items"));
    let mut orders = Vec::new();
    for (index, item) in items.iter().enumerate().take(MAX_ITEMS) {
        let path = format!("{field}[{index}]");
        let order = violations.within(path, |violations| parse(violations, item));
        let fingerprint = Sha256::digest(item.encode_to_vec()).into();
        orders.extend(order.map(|order| Asked { order, fingerprint }));
    }
    violations.finish().map(|()| orders)
}

fn refuse_twice(
    field: &str,
    id_field: &str,
    ids: impl Iterator<Item = Uuid>,
) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for (index, id) in ids.enumerate() {
        if !seen.insert(id) {
            return Err(error::duplicate_item(format!(
                "{field}[{index}].{id_field}"
            )));
        }
    }
    Ok(())
}

/// An identity that the caller must bring.
fn brought_id(violations: &mut Violations, name: &str, text: &str) -> Option<Uuid> {
    let brought = field::new_id(violations, name, text)?;
    violations.required(name, brought)
}

fn credit_application(
    violations: &mut Violations,
    item: &wire::CreditApplication,
) -> Option<CreditApplication> {
    use wire::credit_application::Target as T;
    let application_id = brought_id(violations, "application_id", &item.application_id);
    let customer_id = field::id(violations, "customer_id", &item.customer_id);
    let receipt_id = field::id(violations, "receipt_id", &item.receipt_id);
    let amount = field::positive_money(violations, "amount", item.amount.as_ref());
    let receipt_date = field::date(violations, "receipt_date", item.receipt_date.as_ref());
    let target = match violations.required("target", item.target.as_ref()) {
        Some(T::NamedInvoices(named)) => named_from_wire(violations, named),
        Some(T::Rule(rule)) => rule_from_wire(violations, rule),
        None => None,
    };
    Some(CreditApplication {
        application_id: ApplicationId(application_id?),
        customer_id: CustomerId(customer_id?),
        receipt_id: ReceiptId(receipt_id?),
        amount: amount?,
        receipt_date: receipt_date?,
        target: target?,
    })
}

fn reversal_order(
    violations: &mut Violations,
    item: &wire::ReversalOrder,
) -> Option<ReversalOrder> {
    let reversal_id = brought_id(violations, "reversal_id", &item.reversal_id);
    let application_id = field::id(violations, "application_id", &item.application_id);
    let reason = violations.required("reason", reason_from_wire(item.reason()));
    let date = item.reversal_date.as_ref();
    let reversal_date = field::date(violations, "reversal_date", date);
    Some(ReversalOrder {
        reversal_id: ReversalId(reversal_id?),
        application_id: ApplicationId(application_id?),
        reason: reason?,
        reversal_date: reversal_date?,
    })
}

const fn reason_from_wire(reason: wire::ReversalReason) -> Option<ReversalReason> {
    match reason {
        wire::ReversalReason::Unspecified => None,
        wire::ReversalReason::Unapplied => Some(ReversalReason::Unapplied),
        wire::ReversalReason::ReceiptReversed => Some(ReversalReason::ReceiptReversed),
        wire::ReversalReason::Returned => Some(ReversalReason::Returned),
    }
}
