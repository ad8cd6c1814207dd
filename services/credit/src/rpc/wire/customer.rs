//! Customers.

use calendar::Zone;
use contracts::convert::{date_to_wire, instant_to_wire};
use contracts::credit as wire;
use contracts::credit::customer_details::Parent;
use runtime::{Refusal, Violations};

use super::address::{address_from_wire, address_to_wire};
use super::contact::{contact_to_wire, contacts_from_wire};
use super::field;
use super::terms::granted_to_wire;
use crate::domain::{
    ContactId, ContactPerson, CountryCode, Customer, CustomerDetails, CustomerId, CustomerKind,
    GrantedTerms, Language, PolicyCode, Segment,
};

/// The fields of the details that an update may name.
pub const CHANGEABLE: &[&str] = &[
    "display_name",
    "kind",
    "segment",
    "country_code",
    "language",
    "time_zone",
    "address",
    "tax_number",
    "parent_customer_id",
    "contacts",
    "credit_policy_code",
    "customer_since_date",
];

/// Details as a caller brings them: the parent is still to be found, contacts may lack identities.
#[derive(Debug, Clone)]
pub struct BroughtDetails {
    /// Everything else; without parent and contacts.
    pub details: CustomerDetails,
    /// The parent.
    pub parent: Option<ParentKey>,
    /// Whom to reach.
    pub contacts: Vec<(Option<ContactId>, ContactPerson)>,
}

/// How a parent is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParentKey {
    /// By identity.
    Id(CustomerId),
    /// By the foreign system's own identity.
    External(String),
}

/// A customer to create.
#[derive(Debug, Clone)]
pub struct NewCustomer {
    /// Its identity, if the caller chose one.
    pub customer_id: Option<CustomerId>,
    /// The foreign system's own identity.
    pub external_id: Option<String>,
    /// What is known of them.
    pub brought: BroughtDetails,
}

/// The customer to create.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn new_customer(request: &wire::CreateCustomerRequest) -> Result<NewCustomer, Refusal> {
    let mut violations = Violations::new();
    let customer_id = field::new_id(&mut violations, "customer_id", &request.customer_id);
    let external = &request.external_id;
    let external_id = field::optional_text(&mut violations, "external_id", external, 128);
    let details = violations.required("details", request.details.as_ref());
    let brought = details.and_then(|details| {
        violations.within("details", |inner| details_from_wire(inner, details))
    });
    let values = (customer_id, external_id, brought);
    let (customer_id, external_id, brought) = violations.complete(values)?;
    Ok(NewCustomer {
        customer_id: customer_id.map(CustomerId),
        external_id: Some(external_id).filter(|id| !id.is_empty()),
        brought,
    })
}

/// The details of a customer after an update of the fields in `paths`.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn updated_details(
    stored: &Customer,
    update: Option<&wire::CustomerDetails>,
    paths: &[&'static str],
) -> Result<BroughtDetails, Refusal> {
    let mut violations = Violations::new();
    let mut merged = details_to_wire(&stored.details);
    let update = update.cloned().unwrap_or_default();
    for path in paths {
        match *path {
            "display_name" => merged.display_name.clone_from(&update.display_name),
            "kind" => merged.kind = update.kind,
            "segment" => merged.segment.clone_from(&update.segment),
            "country_code" => merged.country_code.clone_from(&update.country_code),
            "language" => merged.language.clone_from(&update.language),
            "time_zone" => merged.time_zone.clone_from(&update.time_zone),
            "address" => merged.address.clone_from(&update.address),
            "tax_number" => merged.tax_number.clone_from(&update.tax_number),
            "parent_customer_id" => merged.parent.clone_from(&update.parent),
            "contacts" => merged.contacts.clone_from(&update.contacts),
            "credit_policy_code" => {
                merged
                    .credit_policy_code
                    .clone_from(&update.credit_policy_code);
            }
            "customer_since_date" => merged.customer_since_date = update.customer_since_date,
            other => violations.add("update_mask", format!("{other} cannot be set")),
        }
    }
    let brought = violations.within("details", |violations| {
        details_from_wire(violations, &merged)
    });
    violations.complete((brought,)).map(|(brought,)| brought)
}

/// Details; `None`: something is noted.
pub fn details_from_wire(
    violations: &mut Violations,
    details: &wire::CustomerDetails,
) -> Option<BroughtDetails> {
    let display_name = field::text(violations, "display_name", &details.display_name, 200);
    let kind = violations.required("kind", kind_from_wire(details.kind()));
    let segment = &details.segment;
    let segment = field::optional_typed(violations, "segment", segment, Segment::try_new);
    let country = &details.country_code;
    let country = field::typed(violations, "country_code", country, CountryCode::try_new);
    let language = field::typed(violations, "language", &details.language, Language::try_new);
    let zone = field::optional_typed(violations, "time_zone", &details.time_zone, Zone::parse);
    let address = details
        .address
        .as_ref()
        .map(|address| violations.within("address", |inner| address_from_wire(inner, address)));
    let tax_number = field::optional_text(violations, "tax_number", &details.tax_number, 64);
    let parent = parent_from_wire(violations, details.parent.as_ref());
    let contacts = contacts_from_wire(violations, &details.contacts);
    let policy = &details.credit_policy_code;
    let policy = field::optional_typed(
        violations,
        "credit_policy_code",
        policy,
        PolicyCode::try_new,
    );
    let since = details.customer_since_date.as_ref();
    let since = field::optional_date(violations, "customer_since_date", since);
    Some(BroughtDetails {
        details: CustomerDetails {
            display_name: display_name?,
            kind: kind?,
            segment: segment?,
            country_code: country?,
            language: language?,
            zone: zone?,
            address: match address {
                None => None,
                Some(address) => Some(address?),
            },
            tax_number: tax_number?,
            parent: None,
            contacts: Vec::new(),
            credit_policy_code: policy?,
            customer_since_date: since?,
        },
        parent: parent?,
        contacts: contacts?,
    })
}

fn parent_from_wire(
    violations: &mut Violations,
    parent: Option<&Parent>,
) -> Option<Option<ParentKey>> {
    match parent {
        None => Some(None),
        Some(Parent::ParentCustomerId(id)) => {
            let id = field::id(violations, "parent_customer_id", id)?;
            Some(Some(ParentKey::Id(CustomerId(id))))
        }
        Some(Parent::ParentExternalId(id)) => {
            let id = field::text(violations, "parent_external_id", id, 128)?;
            Some(Some(ParentKey::External(id)))
        }
    }
}

/// The kind of a customer; `None`: none is said.
#[must_use]
pub const fn kind_from_wire(kind: wire::CustomerKind) -> Option<CustomerKind> {
    match kind {
        wire::CustomerKind::Unspecified => None,
        wire::CustomerKind::Business => Some(CustomerKind::Business),
        wire::CustomerKind::Consumer => Some(CustomerKind::Consumer),
    }
}

/// A customer for the wire, with the terms in force today.
#[must_use]
pub fn customer_to_wire(customer: &Customer, granted: Option<&GrantedTerms>) -> wire::Customer {
    wire::Customer {
        customer_id: customer.customer_id.0.to_string(),
        external_id: customer.external_id.clone().unwrap_or_default(),
        details: Some(details_to_wire(&customer.details)),
        granted_terms: granted.map(granted_to_wire),
        created_time: Some(instant_to_wire(customer.created_time)),
        etag: field::etag(customer.details_version),
    }
}

fn details_to_wire(details: &CustomerDetails) -> wire::CustomerDetails {
    let kind = match details.kind {
        CustomerKind::Business => wire::CustomerKind::Business,
        CustomerKind::Consumer => wire::CustomerKind::Consumer,
    };
    let parent = details
        .parent
        .map(|parent| Parent::ParentCustomerId(parent.0.to_string()));
    let zone = details.zone.as_ref().map(|zone| zone.name().to_owned());
    let segment = details.segment.as_ref().map(Segment::to_string);
    let policy = details
        .credit_policy_code
        .as_ref()
        .map(PolicyCode::to_string);
    wire::CustomerDetails {
        display_name: details.display_name.clone(),
        kind: kind.into(),
        segment: segment.unwrap_or_default(),
        country_code: details.country_code.to_string(),
        language: details.language.to_string(),
        time_zone: zone.unwrap_or_default(),
        address: details.address.as_ref().map(address_to_wire),
        tax_number: details.tax_number.clone(),
        contacts: details.contacts.iter().map(contact_to_wire).collect(),
        credit_policy_code: policy.unwrap_or_default(),
        customer_since_date: details.customer_since_date.map(date_to_wire),
        parent,
    }
}
