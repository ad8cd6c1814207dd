//! Owns the identities of this service and those it knows of others: one type a noun, so that a
//! placement is never looked up by an invoice's identity. Must not make identities: they are given.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! identities {
    ($( $(#[$doc:meta])* $name:ident; )+) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The identity with this UUID.
            #[must_use]
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The UUID, for binding in a query.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

identities! {
    /// A company that collects.
    AgencyId;
    /// What a tenant and an agency agreed.
    AgreementId;
    /// Debts of a customer handed to an agency; the unique transaction id towards it (AY-2).
    PlacementId;
    /// Placements handed over with one file.
    PlacementBatchId;
    /// One pass of the placement policy.
    ProposalRunId;
    /// An agency's word that a debtor has paid.
    AgencyReportId;
    /// An agency's account of what it passes on.
    RemittanceId;
    /// One payment of a debtor in a remittance.
    RemittanceLineId;
    /// What an agency earned on one payment.
    CommissionId;
    /// Why something was decided.
    DecisionId;
    /// Somebody who owes; credit's.
    CustomerId;
    /// A customer's case; reminders'.
    CaseId;
    /// An invoice; invoicing's.
    InvoiceId;
    /// Money that came in; payments'.
    ReceiptId;
    /// Money of a receipt applied to invoices; payments' and invoicing's.
    ApplicationId;
}
