//! Owns the identities of this service: one type a noun, so that a hold's id cannot be passed where
//! a customer's is meant. Must not make ids: [`super::Stamp`] hands out fresh ones.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CustomerId(pub Uuid);

/// Someone to reach at a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContactId(pub Uuid);

/// A part of a limit set aside for an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReservationId(pub Uuid);

/// A reason for which a customer gets no credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CreditHoldId(pub Uuid);

/// A stored decision with its reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DecisionId(pub Uuid);

/// An invoice, as invoicing names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InvoiceId(pub Uuid);
