//! Owns postal addresses in their parts. Must not print them: how an envelope looks is the
//! country's.

use serde::{Deserialize, Serialize};

use super::CountryCode;

/// Where somebody is. Personal data, but for the country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostalAddress {
    /// Street, house number, floor: one line each, 1 to 4.
    pub lines: Vec<String>,
    /// Postal code, as it is written there; empty where there is none.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// State, province or county; empty where addresses have none.
    pub region: String,
    /// Country.
    pub country_code: CountryCode,
}
