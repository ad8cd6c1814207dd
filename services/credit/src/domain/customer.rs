//! Owns customers: what is known of them, what of it changed, and that none belongs to itself. Must
//! not know what they owe or may owe.

use calendar::Zone;
use jiff::Timestamp;
use jiff::civil::Date;

use super::{
    Coded, Contact, CountryCode, CustomerId, Language, PolicyCode, PostalAddress, Segment,
};

/// The longest chain of customers that belong to each other.
pub const MOST_ANCESTORS: usize = 32;

/// What the law takes a customer for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CustomerKind {
    /// A company, a trader, a public body.
    Business,
    /// A private person.
    Consumer,
}

impl Coded for CustomerKind {
    const CODES: &'static [(Self, &'static str)] =
        &[(Self::Business, "BUSINESS"), (Self::Consumer, "CONSUMER")];
}

/// Someone who owes or may owe the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Identity.
    pub customer_id: CustomerId,
    /// The foreign system's own identity, where it has one.
    pub external_id: Option<String>,
    /// What is known of them.
    pub details: CustomerDetails,
    /// When it was created.
    pub created_time: Timestamp,
    /// Rises with everything that is announced of them, from 1.
    pub version: i64,
    /// Rises when the details change, from 1; what an etag is made of.
    pub details_version: i64,
}

/// What is known of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerDetails {
    /// Name. Personal data.
    pub display_name: String,
    /// What the law takes them for.
    pub kind: CustomerKind,
    /// The group they are treated in; `None`: that of all others.
    pub segment: Option<Segment>,
    /// Country whose rules protect them.
    pub country_code: CountryCode,
    /// Their language.
    pub language: Language,
    /// Their zone; `None`: not known.
    pub zone: Option<Zone>,
    /// Where they are.
    pub address: Option<PostalAddress>,
    /// Tax identity; empty where they have none. Personal data.
    pub tax_number: String,
    /// The customer they belong to.
    pub parent: Option<CustomerId>,
    /// Whom to reach, the preferred one of a role first.
    pub contacts: Vec<Contact>,
    /// The policy they come under; `None`: the standard one.
    pub credit_policy_code: Option<PolicyCode>,
    /// Since when they are a customer.
    pub customer_since_date: Option<Date>,
}

/// Why a customer was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CustomerError {
    /// They would belong to themselves, perhaps by way of others.
    #[error("a customer cannot belong to itself, also not by way of others")]
    ParentCycle,
}

impl Customer {
    /// A new customer.
    #[must_use]
    pub fn new(
        customer_id: CustomerId,
        external_id: Option<String>,
        details: CustomerDetails,
        created_time: Timestamp,
    ) -> Self {
        Self {
            customer_id,
            external_id,
            details,
            created_time,
            version: 1,
            details_version: 1,
        }
    }

    /// Puts other details in the place of these and answers the names of the fields that changed, as
    /// the contract spells them; none: nothing happened. `ancestors` are the customers that the new
    /// parent belongs to, itself included.
    ///
    /// # Errors
    /// [`CustomerError::ParentCycle`].
    pub fn change(
        &mut self,
        details: CustomerDetails,
        ancestors: &[CustomerId],
    ) -> Result<Vec<&'static str>, CustomerError> {
        let too_deep = ancestors.len() > MOST_ANCESTORS;
        if details.parent.is_some() && (too_deep || ancestors.contains(&self.customer_id)) {
            return Err(CustomerError::ParentCycle);
        }
        let changed = self.details.differing_fields(&details);
        if !changed.is_empty() {
            self.details = details;
            self.version = self.version.saturating_add(1);
            self.details_version = self.details_version.saturating_add(1);
        }
        Ok(changed)
    }
}

impl CustomerDetails {
    /// The policy they come under.
    #[must_use]
    pub fn policy_code(&self) -> PolicyCode {
        let named = self.credit_policy_code.clone();
        named.unwrap_or_else(PolicyCode::standard)
    }

    /// Whether other terms may follow from the change.
    #[must_use]
    pub fn same_terms(&self, other: &Self) -> bool {
        self.segment == other.segment && self.policy_code() == other.policy_code()
    }

    /// Every field is told apart here: a new one that is left out does not compile.
    fn differing_fields(&self, other: &Self) -> Vec<&'static str> {
        let Self {
            display_name,
            kind,
            segment,
            country_code,
            language,
            zone,
            address,
            tax_number,
            parent,
            contacts,
            credit_policy_code,
            customer_since_date,
        } = self;
        [
            ("display_name", *display_name != other.display_name),
            ("kind", *kind != other.kind),
            ("segment", *segment != other.segment),
            ("country_code", *country_code != other.country_code),
            ("language", *language != other.language),
            ("time_zone", *zone != other.zone),
            ("address", *address != other.address),
            ("tax_number", *tax_number != other.tax_number),
            ("parent_customer_id", *parent != other.parent),
            ("contacts", *contacts != other.contacts),
            (
                "credit_policy_code",
                *credit_policy_code != other.credit_policy_code,
            ),
            (
                "customer_since_date",
                *customer_since_date != other.customer_since_date,
            ),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use crate::domain::code::assert_complete;
    use crate::domain::samples::customer;

    use super::*;

    #[test]
    fn kinds_have_stable_names() {
        assert_complete::<CustomerKind>(2);
    }

    #[test]
    fn a_change_names_its_fields_and_raises_both_versions() {
        let mut someone = customer(1);
        let mut details = someone.details.clone();
        details.segment = Some(Segment::try_new("smb").unwrap());
        details.tax_number = "DE123456789".to_owned();
        assert!(!someone.details.same_terms(&details));
        let changed = someone.change(details.clone(), &[]).unwrap();
        assert_eq!(changed, ["segment", "tax_number"]);
        assert_eq!((someone.version, someone.details_version), (2, 2));
        assert!(someone.change(details, &[]).unwrap().is_empty());
        assert_eq!(someone.version, 2);
    }

    #[test]
    fn nobody_belongs_to_themselves() {
        let mut someone = customer(1);
        let (myself, child) = (someone.customer_id, CustomerId(Uuid::from_u128(2)));
        let mut details = someone.details.clone();
        details.parent = Some(child);
        let refused = someone.change(details.clone(), &[child, myself]);
        assert_eq!(refused, Err(CustomerError::ParentCycle));
        assert_eq!(someone, customer(1), "a refusal changes nothing");
        assert_eq!(
            someone.change(details, &[child]).unwrap(),
            ["parent_customer_id"]
        );
    }

    #[test]
    fn naming_the_standard_policy_is_like_naming_none() {
        let mut details = customer(1).details;
        details.credit_policy_code = Some(PolicyCode::standard());
        assert!(details.same_terms(&customer(1).details));
    }
}
