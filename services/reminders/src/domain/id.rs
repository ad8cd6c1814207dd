//! Owns the identities of what this service knows, one type a noun, so that a case is never taken
//! for a customer. Must not make identities: those are minted where the time is known.

use uuid::Uuid;

/// Declares identities that wrap a UUID.
macro_rules! identities {
    ($($(#[$meta:meta])* $name:ident,)+) => {$(
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The identity that this UUID is.
            #[must_use]
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }
    )+};
}

identities! {
    /// A customer, as credit knows them.
    CustomerId,
    /// An invoice, as invoicing knows it.
    InvoiceId,
    /// An open item of an invoice.
    OpenItemId,
    /// The collection case of a customer.
    CaseId,
    /// A message to a debtor.
    MessageId,
    /// A strategy; its versions are numbered.
    StrategyId,
    /// A template; its versions are numbered.
    TemplateId,
    /// A contact policy.
    ContactPolicyId,
    /// An entry of what a customer said about a channel.
    ConsentId,
    /// An entry of the communication record.
    CommunicationId,
    /// A hold.
    HoldId,
    /// A placement with an agency.
    PlacementId,
    /// A promise to pay.
    PromiseId,
    /// A task for a person.
    TaskId,
    /// A dunning run.
    DunningRunId,
}
