//! Postal addresses.

use contracts::credit as wire;
use runtime::Violations;

use super::field;
use crate::domain::{CountryCode, PostalAddress};

/// The most lines of an address.
const MOST_LINES: usize = 4;

/// An address; `None`: something is noted.
pub fn address_from_wire(
    violations: &mut Violations,
    address: &wire::PostalAddress,
) -> Option<PostalAddress> {
    let count = address.lines.len();
    let few = (1..=MOST_LINES).contains(&count);
    violations.check(few, "lines", "must be 1 to 4 lines");
    let lines: Option<Vec<String>> = address
        .lines
        .iter()
        .take(MOST_LINES)
        .enumerate()
        .map(|(index, line)| field::text(violations, &format!("lines[{index}]"), line, 100))
        .collect();
    let postal_code = field::optional_text(violations, "postal_code", &address.postal_code, 16);
    let city = field::text(violations, "city", &address.city, 100);
    let region = field::optional_text(violations, "region", &address.region, 100);
    let country = &address.country_code;
    let country = field::typed(violations, "country_code", country, CountryCode::try_new);
    Some(PostalAddress {
        lines: lines?,
        postal_code: postal_code?,
        city: city?,
        region: region?,
        country_code: country?,
    })
}

/// An address for the wire.
#[must_use]
pub fn address_to_wire(address: &PostalAddress) -> wire::PostalAddress {
    wire::PostalAddress {
        lines: address.lines.clone(),
        postal_code: address.postal_code.clone(),
        city: address.city.clone(),
        region: address.region.clone(),
        country_code: address.country_code.to_string(),
    }
}
