//! Contacts of a customer.

use contracts::credit as wire;
use runtime::Violations;
use uuid::Uuid;

use super::field;
use crate::domain::contact::{self, MOST_CONTACTS};
use crate::domain::{
    Contact, ContactId, ContactPerson, ContactRole, EmailAddress, Language, PhoneNumber, Ways,
};

/// Contacts with the identities they bring; `None`: something is noted.
pub fn contacts_from_wire(
    violations: &mut Violations,
    contacts: &[wire::Contact],
) -> Option<Vec<(Option<ContactId>, ContactPerson)>> {
    // One more than may be: the domain says so.
    let read = contacts.iter().take(MOST_CONTACTS + 1).enumerate();
    let persons: Option<Vec<_>> = read
        .map(|(index, contact)| {
            violations.within(format!("contacts[{index}]"), |violations| {
                contact_from_wire(violations, contact)
            })
        })
        .collect();
    let persons = persons?;
    let checked = contact::check(persons.iter().map(|(contact_id, _)| *contact_id));
    violations.parsed("contacts", checked)?;
    Some(persons)
}

fn contact_from_wire(
    violations: &mut Violations,
    contact: &wire::Contact,
) -> Option<(Option<ContactId>, ContactPerson)> {
    let parse = |text: &str| Uuid::try_parse(text).map_err(|_| "is not a UUID");
    let contact_id = field::optional_typed(violations, "contact_id", &contact.contact_id, parse);
    let display_name = field::text(violations, "display_name", &contact.display_name, 200);
    let role = violations.required("role", role_from_wire(contact.role()));
    let email = &contact.email;
    let email = field::optional_typed(violations, "email", email, EmailAddress::try_new);
    let phone = field::optional_typed(violations, "phone", &contact.phone, PhoneNumber::try_new);
    let language = &contact.language;
    let language = field::optional_typed(violations, "language", language, Language::try_new);
    let ways = Ways::try_new(email?, phone?);
    let person = ContactPerson {
        display_name: display_name?,
        role: role?,
        ways: violations.parsed("email", ways)?,
        language: language?,
    };
    Some((contact_id?.map(ContactId), person))
}

const fn role_from_wire(role: wire::ContactRole) -> Option<ContactRole> {
    match role {
        wire::ContactRole::Unspecified => None,
        wire::ContactRole::AccountsPayable => Some(ContactRole::AccountsPayable),
        wire::ContactRole::Purchasing => Some(ContactRole::Purchasing),
        wire::ContactRole::Management => Some(ContactRole::Management),
        wire::ContactRole::Other => Some(ContactRole::Other),
    }
}

const fn role_to_wire(role: ContactRole) -> wire::ContactRole {
    match role {
        ContactRole::AccountsPayable => wire::ContactRole::AccountsPayable,
        ContactRole::Purchasing => wire::ContactRole::Purchasing,
        ContactRole::Management => wire::ContactRole::Management,
        ContactRole::Other => wire::ContactRole::Other,
    }
}

/// A contact for the wire.
#[must_use]
pub fn contact_to_wire(contact: &Contact) -> wire::Contact {
    let person = &contact.person;
    let email = person.ways.email().map(EmailAddress::to_string);
    let phone = person.ways.phone().map(PhoneNumber::to_string);
    let language = person.language.as_ref().map(Language::to_string);
    wire::Contact {
        contact_id: contact.contact_id.0.to_string(),
        display_name: person.display_name.clone(),
        role: role_to_wire(person.role).into(),
        email: email.unwrap_or_default(),
        phone: phone.unwrap_or_default(),
        language: language.unwrap_or_default(),
    }
}
