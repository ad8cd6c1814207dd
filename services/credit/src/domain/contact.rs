//! Owns whom to reach at a customer. Must not decide whether they may be reached: reminders does.

use serde::{Deserialize, Serialize};

use super::{Coded, ContactId, EmailAddress, Language, PhoneNumber, Stamp};

/// More contacts than this are an address book, not somebody to remind.
pub const MOST_CONTACTS: usize = 20;

/// What a contact is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContactRole {
    /// Pays the invoices: reminders go here.
    AccountsPayable,
    /// Orders and knows what was delivered: disputes go here.
    Purchasing,
    /// Decides: what is grave goes here.
    Management,
    /// Anything else.
    Other,
}

impl Coded for ContactRole {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::AccountsPayable, "ACCOUNTS_PAYABLE"),
        (Self::Purchasing, "PURCHASING"),
        (Self::Management, "MANAGEMENT"),
        (Self::Other, "OTHER"),
    ];
}

/// Someone to reach at a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Identity, kept over changes.
    pub contact_id: ContactId,
    /// What is known of them.
    #[serde(flatten)]
    pub person: ContactPerson,
}

/// What is known of someone to reach. Personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPerson {
    /// Name.
    pub display_name: String,
    /// What for.
    pub role: ContactRole,
    /// How to reach them.
    pub ways: Ways,
    /// Their language; `None`: the customer's.
    pub language: Option<Language>,
}

/// How to reach somebody: one way at least, by construction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ways {
    /// By e-mail only.
    Email(EmailAddress),
    /// By telephone only.
    Phone(PhoneNumber),
    /// Either way.
    Both(EmailAddress, PhoneNumber),
}

/// Why contacts were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// Neither address nor telephone.
    #[error("needs an e-mail address or a telephone")]
    NoWay,
    /// More than [`MOST_CONTACTS`].
    #[error("has more than 20 entries")]
    TooMany,
    /// Two contacts with one identity.
    #[error("names a contact_id twice")]
    Twice,
}

impl Ways {
    /// The ways there are.
    ///
    /// # Errors
    /// [`ContactError::NoWay`].
    pub fn try_new(
        email: Option<EmailAddress>,
        phone: Option<PhoneNumber>,
    ) -> Result<Self, ContactError> {
        match (email, phone) {
            (Some(email), None) => Ok(Self::Email(email)),
            (None, Some(phone)) => Ok(Self::Phone(phone)),
            (Some(email), Some(phone)) => Ok(Self::Both(email, phone)),
            (None, None) => Err(ContactError::NoWay),
        }
    }

    /// The e-mail address, if there is one.
    #[must_use]
    pub fn email(&self) -> Option<&EmailAddress> {
        match self {
            Self::Email(email) | Self::Both(email, _) => Some(email),
            Self::Phone(_) => None,
        }
    }

    /// The telephone, if there is one.
    #[must_use]
    pub fn phone(&self) -> Option<&PhoneNumber> {
        match self {
            Self::Phone(phone) | Self::Both(_, phone) => Some(phone),
            Self::Email(_) => None,
        }
    }
}

/// The contacts of a customer; those that bring no identity get one.
///
/// # Errors
/// [`ContactError::TooMany`], [`ContactError::Twice`].
pub fn identified(
    persons: Vec<(Option<ContactId>, ContactPerson)>,
    stamp: &mut Stamp,
) -> Result<Vec<Contact>, ContactError> {
    check(persons.iter().map(|(contact_id, _)| *contact_id))?;
    let contact = |(contact_id, person): (Option<ContactId>, ContactPerson)| Contact {
        contact_id: contact_id.unwrap_or_else(|| ContactId(stamp.id())),
        person,
    };
    Ok(persons.into_iter().map(contact).collect())
}

/// Refuses too many contacts, and one identity for two.
///
/// # Errors
/// [`ContactError::TooMany`], [`ContactError::Twice`].
pub fn check(identities: impl Iterator<Item = Option<ContactId>>) -> Result<(), ContactError> {
    let mut seen = std::collections::BTreeSet::new();
    for (index, identity) in identities.enumerate() {
        if index >= MOST_CONTACTS {
            return Err(ContactError::TooMany);
        }
        if identity.is_some_and(|identity| !seen.insert(identity)) {
            return Err(ContactError::Twice);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use crate::domain::code::assert_complete;
    use crate::domain::samples::{Desk, contact_person, stamp_at_noon};

    use super::*;

    #[test]
    fn roles_have_stable_names() {
        assert_complete::<ContactRole>(4);
    }

    #[test]
    fn somebody_without_address_and_telephone_cannot_be_reached() {
        assert_eq!(Ways::try_new(None, None), Err(ContactError::NoWay));
    }

    #[test]
    fn a_given_identity_is_kept_and_a_missing_one_is_made() {
        let mut desk = Desk::default();
        let known = ContactId(Uuid::from_u128(7));
        let persons = vec![(Some(known), contact_person()), (None, contact_person())];
        let contacts = identified(persons, &mut stamp_at_noon(&mut desk, "2026-03-02")).unwrap();
        assert_eq!(contacts[0].contact_id, known);
        assert_ne!(contacts[1].contact_id, known);
    }

    #[test]
    fn one_identity_for_two_and_a_twenty_first_contact_are_refused() {
        let id = |number| Some(ContactId(Uuid::from_u128(number)));
        assert_eq!(
            check([id(1), None, id(1)].into_iter()),
            Err(ContactError::Twice)
        );
        assert_eq!(check((0..20).map(id)), Ok(()));
        assert_eq!(check((0..21).map(id)), Err(ContactError::TooMany));
    }

    #[test]
    fn a_contact_survives_its_stored_form() {
        let person = contact_person();
        let contact_id = ContactId(Uuid::from_u128(7));
        let contact = Contact { contact_id, person };
        let stored = serde_json::to_string(&contact).unwrap();
        assert_eq!(serde_json::from_str::<Contact>(&stored).unwrap(), contact);
    }
}
