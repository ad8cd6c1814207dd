//! Agencies.

use contracts::agency as wire;
use contracts::convert::instant_to_wire;
use runtime::{Refusal, Violations};

use super::field;
use super::mirror::Mirror as _;
use crate::domain::agency::{Agency, AgencyProfile};
use crate::domain::country::Country;
use crate::domain::identity::AgencyId;

/// What a new agency is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAgency {
    /// Its identity in the tenant's own system.
    pub external_id: Option<String>,
    /// Where it sits.
    pub country: Country,
    /// Names and contacts.
    pub profile: AgencyProfile,
}

/// The new agency of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn new_agency(request: &wire::CreateAgencyRequest) -> Result<NewAgency, Refusal> {
    let mut violations = Violations::new();
    let external_id =
        field::optional_text(&mut violations, "external_id", &request.external_id, 128);
    let code = &request.country_code;
    let country = field::typed(&mut violations, "country_code", code, Country::try_new);
    let display_name = field::text(&mut violations, "display_name", &request.display_name, 200);
    let legal_name = field::text(&mut violations, "legal_name", &request.legal_name, 200);
    let email = email(&mut violations, &request.contact_email);
    let phone = phone(&mut violations, &request.contact_phone);
    let values = (external_id, country, display_name, legal_name, email, phone);
    let (external_id, country, display_name, legal_name, contact_email, contact_phone) =
        violations.complete(values)?;
    Ok(NewAgency {
        external_id: Some(external_id).filter(|id| !id.is_empty()),
        country,
        profile: AgencyProfile {
            display_name,
            legal_name,
            contact_email,
            contact_phone,
        },
    })
}

/// The fields that an update may set.
pub const UPDATABLE: [&str; 4] = [
    "display_name",
    "legal_name",
    "contact_email",
    "contact_phone",
];

/// An update: which agency, and what becomes of its profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The agency.
    pub agency_id: AgencyId,
    /// The etag that the caller has seen.
    pub etag: String,
    paths: Vec<&'static str>,
    set: AgencyProfile,
}

impl Update {
    /// The profile with what was named set.
    #[must_use]
    pub fn applied_to(&self, mut profile: AgencyProfile) -> AgencyProfile {
        let set = self.set.clone();
        for path in &self.paths {
            match *path {
                "display_name" => profile.display_name.clone_from(&set.display_name),
                "legal_name" => profile.legal_name.clone_from(&set.legal_name),
                "contact_email" => profile.contact_email.clone_from(&set.contact_email),
                _ => profile.contact_phone.clone_from(&set.contact_phone),
            }
        }
        profile
    }
}

/// The update of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn update(request: &wire::UpdateAgencyRequest) -> Result<Update, Refusal> {
    let paths = field::mask(request.update_mask.as_ref(), &UPDATABLE)?;
    let mut violations = Violations::new();
    let agency_id = field::id(&mut violations, "agency_id", &request.agency_id);
    violations.check(!request.etag.is_empty(), "etag", "is required");
    // What is not named is not looked at.
    let mut name = |path: &'static str, text: &str| match paths.contains(&path) {
        true => field::text(&mut violations, path, text, 200),
        false => Some(String::new()),
    };
    let display_name = name("display_name", &request.display_name);
    let legal_name = name("legal_name", &request.legal_name);
    let email = match paths.contains(&"contact_email") {
        true => email(&mut violations, &request.contact_email),
        false => Some(None),
    };
    let phone = match paths.contains(&"contact_phone") {
        true => phone(&mut violations, &request.contact_phone),
        false => Some(None),
    };
    let values = (agency_id, display_name, legal_name, email, phone);
    let (agency_id, display_name, legal_name, contact_email, contact_phone) =
        violations.complete(values)?;
    Ok(Update {
        agency_id: AgencyId::new(agency_id),
        etag: request.etag.clone(),
        paths,
        set: AgencyProfile {
            display_name,
            legal_name,
            contact_email,
            contact_phone,
        },
    })
}

fn email(violations: &mut Violations, text: &str) -> Option<Option<String>> {
    let parse = |text: &str| {
        let whole = text.chars().count() <= 254 && !text.chars().any(char::is_whitespace);
        let parts = text.split_once('@');
        let fits = parts.is_some_and(|(local, host)| {
            !local.is_empty() && !host.is_empty() && !host.contains('@')
        });
        (whole && fits)
            .then(|| text.to_owned())
            .ok_or("is not an e-mail address")
    };
    field::optional_typed(violations, "contact_email", text, parse)
}

fn phone(violations: &mut Violations, text: &str) -> Option<Option<String>> {
    let parse = |text: &str| {
        let digits = text.strip_prefix('+').unwrap_or_default();
        let fits = (4..=15).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_digit())
            && !digits.starts_with('0');
        fits.then(|| text.to_owned())
            .ok_or("is not an E.164 number, such as +4930123456")
    };
    field::optional_typed(violations, "contact_phone", text, parse)
}

/// An agency for the wire.
#[must_use]
pub fn agency_to_wire(agency: &Agency) -> wire::Agency {
    let profile = &agency.profile;
    let known = |text: &Option<String>| text.clone().unwrap_or_default();
    wire::Agency {
        agency_id: agency.agency_id.to_string(),
        external_id: known(&agency.external_id),
        display_name: profile.display_name.clone(),
        legal_name: profile.legal_name.clone(),
        country_code: agency.country.to_string(),
        contact_email: known(&profile.contact_email),
        contact_phone: known(&profile.contact_phone),
        state: agency.state.wire(),
        suspension_note: known(&agency.suspension_note),
        created_time: Some(instant_to_wire(agency.created_time)),
        etag: field::etag(agency.version),
    }
}
