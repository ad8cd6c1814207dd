//! Owns what happened here that others must know: one value for each announcement, with all its
//! facts. `events/outbound.rs` turns each into the announced event in one exhaustive match.

use jiff::civil::Date;
use money::{Currency, Money};

use super::{
    CreditHold, CreditLimit, CreditPolicy, Customer, CustomerId, DatedRate, Decision, GrantedTerms,
    Reservation, ReservationUse, TenantProfile,
};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreditEvent {
    /// The tenant's profile was created or changed.
    TenantProfileChanged(Box<TenantProfile>),
    /// Exchange rates were recorded.
    ExchangeRatesRecorded {
        /// The version of the tenant's profile.
        tenant_version: i64,
        /// The currency that the rates are in.
        home_currency: Currency,
        /// The new rates.
        rates: Vec<DatedRate>,
    },
    /// A customer was created.
    CustomerCreated {
        /// The customer.
        customer: Box<Customer>,
        /// The terms in force today.
        granted_terms: Option<Box<GrantedTerms>>,
    },
    /// What is known of a customer changed.
    CustomerUpdated {
        /// The customer.
        customer: Box<Customer>,
        /// The terms in force today.
        granted_terms: Option<Box<GrantedTerms>>,
        /// The fields of the details that changed.
        changed_fields: Vec<&'static str>,
    },
    /// A customer is granted terms from a day on.
    TermsGranted {
        /// The customer.
        customer_id: CustomerId,
        /// The customer's version.
        customer_version: i64,
        /// The terms and the day.
        granted_terms: Box<GrantedTerms>,
    },
    /// A version of a policy was published.
    CreditPolicyPublished {
        /// The version of the tenant's profile.
        tenant_version: i64,
        /// The version of the policy.
        credit_policy: Box<CreditPolicy>,
    },
    /// A limit was set for a customer, or given back to the policy.
    CreditLimitSet {
        /// The customer.
        customer_id: CustomerId,
        /// The customer's version.
        customer_version: i64,
        /// The limit in force now.
        credit_limit: CreditLimit,
        /// Whether it is the policy's.
        by_policy: bool,
        /// The last day on which it holds.
        valid_until_date: Option<Date>,
    },
    /// A customer is held.
    CreditHoldPlaced {
        /// The hold.
        credit_hold: Box<CreditHold>,
        /// Whether the customer was held before for another reason.
        held_before: bool,
    },
    /// A person lets a held customer's orders pass until a day.
    CreditHoldOverridden {
        /// The hold.
        credit_hold: Box<CreditHold>,
        /// Whether the customer is still held for another reason.
        still_held: bool,
    },
    /// An override ran out and the hold stops orders again.
    CreditHoldOverrideEnded(Box<CreditHold>),
    /// A hold was released.
    CreditHoldReleased {
        /// The hold.
        credit_hold: Box<CreditHold>,
        /// Whether the customer is still held for another reason.
        still_held: bool,
    },
    /// An order was approved and its amount set aside.
    CreditReserved(Box<Reservation>),
    /// An order was refused credit.
    CreditRefused {
        /// The decision.
        decision: Box<Decision>,
        /// The customer.
        customer_id: CustomerId,
        /// The order, as the caller knows it.
        order_reference: String,
        /// What it would have come to.
        amount: Money,
    },
    /// An order stands.
    ReservationConfirmed(Box<Reservation>),
    /// An invoice took the place of a reservation or of a part of it.
    ReservationConsumed {
        /// The reservation.
        reservation: Box<Reservation>,
        /// The invoice and what it took.
        reservation_use: ReservationUse,
    },
    /// A reservation was given up by its caller.
    ReservationReleased {
        /// The reservation.
        reservation: Box<Reservation>,
        /// What became free.
        released_amount: Money,
    },
    /// A reservation was not confirmed in time.
    ReservationExpired {
        /// The reservation.
        reservation: Box<Reservation>,
        /// What became free.
        released_amount: Money,
    },
}
