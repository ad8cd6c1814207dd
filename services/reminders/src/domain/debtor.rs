//! Owns who is contacted and through what: the customer as credit's feed tells of them, and which of
//! their contacts a channel reaches. Must not decide whether they may be contacted; [`super::contact`]
//! does.

use calendar::Zone;
use serde::{Deserialize, Serialize};

use crate::domain::id::CustomerId;
use crate::domain::named::named;
use crate::domain::zones::Zones;

named! {
    /// A way to reach a debtor.
    pub enum Channel {
        /// Electronic mail, sent by the service itself.
        Email = "EMAIL",
        /// A telephone call: a task for a person.
        Call = "CALL",
        /// A letter on paper: a task for a person.
        Letter = "LETTER",
    }
}

impl Channel {
    /// Whether a person carries it out.
    #[must_use]
    pub fn needs_person(self) -> bool {
        matches!(self, Self::Call | Self::Letter)
    }
}

named! {
    /// What the law takes a debtor for.
    pub enum DebtorKind {
        /// A company, a trader, a public body.
        Business = "BUSINESS",
        /// A private person.
        Consumer = "CONSUMER",
    }
}

named! {
    /// What a contact at a customer is for.
    pub enum ContactRole {
        /// Pays the invoices: reminders go here.
        AccountsPayable = "ACCOUNTS_PAYABLE",
        /// Orders and knows what was delivered.
        Purchasing = "PURCHASING",
        /// Decides.
        Management = "MANAGEMENT",
        /// Anything else.
        Other = "OTHER",
    }
}

/// Someone to reach at a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Name; personal data.
    pub display_name: String,
    /// What for.
    pub role: ContactRole,
    /// E-mail address; personal data.
    pub email: Option<String>,
    /// Telephone, E.164; personal data.
    pub phone: Option<String>,
    /// Their language, BCP 47; none: the customer's.
    pub language: Option<String>,
}

/// A customer, as the feed last told of them. Of two versions the higher counts (P24).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debtor {
    /// Who.
    pub customer_id: CustomerId,
    /// Identity in the tenant's own system.
    pub external_id: Option<String>,
    /// Name; personal data.
    pub display_name: String,
    /// What the law takes them for.
    pub kind: DebtorKind,
    /// The group that decides the strategy; empty: the one for all others.
    pub segment: String,
    /// Country whose rules protect them, ISO 3166-1 alpha-2.
    pub country_code: String,
    /// Their language, BCP 47.
    pub language: String,
    /// Their time zone, where it is known.
    pub zone: Option<Zone>,
    /// Where they are, in lines as on an envelope, without the name; personal data.
    pub postal_lines: Vec<String>,
    /// Whom to reach, the preferred one of a role first.
    pub contacts: Vec<Contact>,
    /// Version of what is known, rising.
    pub version: i64,
}

/// Whom a message goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Name; personal data.
    pub display_name: String,
    /// E-mail address, telephone number, or postal address in lines; personal data.
    pub address: String,
    /// Language to write in, BCP 47.
    pub language: String,
}

impl Debtor {
    /// A customer of whom the feed has not told yet: nobody can say where they are, and nothing is
    /// done to them.
    #[must_use]
    pub fn unknown(customer_id: CustomerId) -> Self {
        Self {
            customer_id,
            external_id: None,
            display_name: String::new(),
            kind: DebtorKind::Consumer,
            segment: String::new(),
            country_code: String::new(),
            language: String::new(),
            zone: None,
            postal_lines: Vec::new(),
            contacts: Vec::new(),
            version: 0,
        }
    }

    /// The zones in which the debtor may be.
    #[must_use]
    pub fn zones(&self) -> Zones {
        Zones::of(self.zone.clone(), &self.country_code)
    }

    /// Whom a channel reaches: the first contact that pays invoices and has an address for it, else
    /// the first of any role; a letter goes to the customer's own address. None: no address.
    #[must_use]
    pub fn recipient(&self, channel: Channel) -> Option<Recipient> {
        match channel {
            Channel::Email => self.reach(|contact| contact.email.as_deref()),
            Channel::Call => self.reach(|contact| contact.phone.as_deref()),
            Channel::Letter => (!self.postal_lines.is_empty()).then(|| Recipient {
                display_name: self.display_name.clone(),
                address: format!("{}\n{}", self.display_name, self.postal_lines.join("\n")),
                language: self.language.clone(),
            }),
        }
    }

    fn reach(&self, address: impl Fn(&Contact) -> Option<&str>) -> Option<Recipient> {
        let pays = |contact: &&Contact| contact.role == ContactRole::AccountsPayable;
        let payers = self.contacts.iter().filter(pays);
        payers.chain(&self.contacts).find_map(|contact| {
            Some(Recipient {
                display_name: contact.display_name.clone(),
                address: address(contact)?.to_owned(),
                language: contact.language.as_ref().unwrap_or(&self.language).clone(),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples;

    fn contact(role: ContactRole, email: Option<&str>, language: Option<&str>) -> Contact {
        Contact {
            display_name: format!("{role} person"),
            role,
            email: email.map(str::to_owned),
            phone: None,
            language: language.map(str::to_owned),
        }
    }

    #[test]
    fn reminders_go_to_who_pays() {
        let mut debtor = samples::debtor();
        debtor.contacts = vec![
            contact(ContactRole::Management, Some("boss@example.com"), None),
            contact(ContactRole::AccountsPayable, None, None),
            contact(
                ContactRole::AccountsPayable,
                Some("ap@example.com"),
                Some("fr"),
            ),
        ];
        let recipient = debtor.recipient(Channel::Email).unwrap();
        assert_eq!(recipient.address, "ap@example.com");
        assert_eq!(recipient.language, "fr");
        assert_eq!(debtor.recipient(Channel::Call), None);
    }

    #[test]
    fn without_a_payer_anybody_will_do() {
        let mut debtor = samples::debtor();
        debtor.contacts = vec![contact(ContactRole::Other, Some("info@example.com"), None)];
        let recipient = debtor.recipient(Channel::Email).unwrap();
        assert_eq!(recipient.address, "info@example.com");
        assert_eq!(recipient.language, debtor.language);
    }

    #[test]
    fn a_letter_goes_to_the_address_of_the_customer() {
        let mut debtor = samples::debtor();
        debtor.postal_lines = vec!["1 High Street".to_owned(), "Leeds".to_owned()];
        let address = debtor.recipient(Channel::Letter).unwrap().address;
        assert_eq!(
            address,
            format!("{}\n1 High Street\nLeeds", debtor.display_name)
        );
        debtor.postal_lines.clear();
        assert_eq!(debtor.recipient(Channel::Letter), None);
    }
}
