//! The rules of credit: who the customers are, what they may owe, and whether an order gets credit.
//!
//! Pure: nothing here reads a clock, waits, or knows tables and messages. The time, the day and
//! fresh identities come in as arguments ([`Stamp`]); what happened goes out as values. The flow of
//! a change is always the same:
//!
//! ```text
//! store loads and locks ─→ a noun decides and changes ─→ store saves the noun
//!                                        └─→ CreditEvent, announced in the same transaction
//! ```
//!
//! | module | owns |
//! |---|---|
//! | `ids`, `stamp`, `code`, `text` | identities, stamps, stable names of values, texts with a form |
//! | `tenant_profile`, `payee_account`, `address` | who the tenant is and where it is paid |
//! | `exchange_rate` | dated rates and what converts on a day (RD-5) |
//! | `customer`, `contact` | who owes, whom to reach |
//! | `credit_policy`, `terms`, `granted_terms` | how credit is granted, from which day, to whom |
//! | `credit_limit`, `exposure` | what a customer may owe (EX-4) and what of it is used (EX-1) |
//! | `credit_check`, `reservation` | whether an order passes (EX-2, EX-3), what it sets aside (EX-6) |
//! | `credit_hold` | reasons for which nobody gets credit (EX-5) |
//! | `hold_review` | what facts and days do to the holds of a customer (EX-5) |
//! | `policy_impact` | what a version of a policy would change if it were in force now |
//! | `payment_behaviour` | how a customer pays (ME-5) |
//! | `decision` | why it came out as it did |
//! | `event` | what others are told |
//!
//! Every refusal is a variant of an error enum of its noun; `Money` variants are faults of ours, and
//! after one nothing is saved.

// P10: unchecked arithmetic stands only where a comment says why it cannot fail.
#![deny(clippy::arithmetic_side_effects)]

mod address;
mod code;
pub mod contact;
pub mod credit_check;
mod credit_hold;
mod credit_limit;
mod credit_policy;
mod customer;
mod decision;
mod event;
pub mod exchange_rate;
pub mod exposure;
pub mod granted_terms;
pub mod hold_review;
mod ids;
mod payee_account;
mod payment_behaviour;
mod policy_impact;
pub mod reservation;
mod stamp;
mod tenant_profile;
mod terms;
mod text;

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]
mod samples;

pub use address::PostalAddress;
pub use code::Coded;
pub use contact::{Contact, ContactError, ContactPerson, ContactRole, Ways};
pub use credit_check::{CreditCheck, CreditCheckOutcome, Standing};
pub use credit_hold::{
    BY_FACTS, CreditHold, CreditHoldKind, CreditHoldState, HoldError, HoldFacts, HoldOverride,
    HoldRelease, Judgement, Said,
};
pub use credit_limit::{CreditLimit, CustomerLimit, LimitError, LimitInForce, LimitOrigin};
pub use credit_policy::{
    CreditPolicy, PolicyDraft, PublishError, SegmentPolicies, SegmentPolicy, SegmentsError,
};
pub use customer::{Customer, CustomerDetails, CustomerError, CustomerKind, MOST_ANCESTORS};
pub use decision::{CreditDecision, CreditDecisionKind, Decision, DecisionEffect, RuleResult};
pub use event::CreditEvent;
pub use exchange_rate::{
    ConvertError, Converted, DatedRate, RateMissing, RateTable, RecordRateError,
};
pub use exposure::{CurrencyExposure, Exposure, Position};
pub use granted_terms::GrantedTerms;
pub use ids::{ContactId, CreditHoldId, CustomerId, DecisionId, InvoiceId, ReservationId};
pub use payee_account::{AccountNumber, AccountNumberError, PayeeAccount};
pub use payment_behaviour::{
    BehaviourError, CurrencyBehaviour, PaymentBehaviour, PaymentTrend, SettledInvoice,
};
pub use policy_impact::{CustomerFacts, PolicyImpact};
pub use reservation::{Reservation, ReservationError, ReservationState, ReservationUse};
pub use stamp::Stamp;
pub use tenant_profile::{
    MOST_RATE_AGE_DAYS, Sender, TenantDetails, TenantProfile, TenantProfileError,
};
pub use terms::{
    DiscountTier, EarlyPaymentOffer, LateFeeRule, LateInterest, OfferError, Terms, Tolerance,
};
pub use text::{
    CountryCode, EmailAddress, Language, MalformedCountryCode, MalformedEmailAddress,
    MalformedLanguage, MalformedPhoneNumber, MalformedPolicyCode, MalformedSegment, PhoneNumber,
    PolicyCode, Segment,
};
