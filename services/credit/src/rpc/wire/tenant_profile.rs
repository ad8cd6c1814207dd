//! The tenant's profile.

use calendar::Zone;
use contracts::convert::instant_to_wire;
use contracts::credit as wire;
use money::Currency;
use runtime::{Refusal, Violations};

use super::address::{address_from_wire, address_to_wire};
use super::field;
use crate::domain::{
    AccountNumber, EmailAddress, Language, MOST_RATE_AGE_DAYS, PayeeAccount, PhoneNumber, Sender,
    TenantDetails, TenantProfile,
};

/// More accounts than this nobody prints.
const MOST_ACCOUNTS: usize = 50;

/// The fields that an update may name.
pub const CHANGEABLE: &[&str] = &[
    "legal_name",
    "address",
    "registration_number",
    "tax_number",
    "calendar_code",
    "language",
    "sender",
    "payee_accounts",
    "exchange_rate_max_age_days",
];

/// What a new profile is made of.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn new_profile(
    profile: Option<&wire::TenantProfile>,
) -> Result<(Zone, Currency, TenantDetails), Refusal> {
    let mut violations = Violations::new();
    let parsed = violations
        .required("tenant_profile", profile)
        .map(|profile| {
            violations.within("tenant_profile", |violations| {
                let zone = field::typed(violations, "time_zone", &profile.time_zone, Zone::parse);
                let home = &profile.home_currency_code;
                let home = field::currency(violations, "home_currency_code", home);
                (zone, home, details_from_wire(violations, profile))
            })
        });
    let (zone, home, details) = parsed.unwrap_or_default();
    violations.complete((zone, home, details))
}

/// The details of a profile after an update of the fields in `paths`.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn updated_details(
    stored: &TenantProfile,
    update: Option<&wire::TenantProfile>,
    paths: &[&'static str],
) -> Result<TenantDetails, Refusal> {
    let mut violations = Violations::new();
    let mut merged = profile_to_wire(stored);
    let update = update.cloned().unwrap_or_default();
    for path in paths {
        match *path {
            "legal_name" => merged.legal_name.clone_from(&update.legal_name),
            "address" => merged.address.clone_from(&update.address),
            "registration_number" => {
                merged
                    .registration_number
                    .clone_from(&update.registration_number);
            }
            "tax_number" => merged.tax_number.clone_from(&update.tax_number),
            "calendar_code" => merged.calendar_code.clone_from(&update.calendar_code),
            "language" => merged.language.clone_from(&update.language),
            "sender" => merged.sender.clone_from(&update.sender),
            "payee_accounts" => merged.payee_accounts.clone_from(&update.payee_accounts),
            "exchange_rate_max_age_days" => {
                merged.exchange_rate_max_age_days = update.exchange_rate_max_age_days;
            }
            other => violations.add("update_mask", format!("{other} cannot be set")),
        }
    }
    let details = violations.within("tenant_profile", |violations| {
        details_from_wire(violations, &merged)
    });
    violations.complete((details,)).map(|(details,)| details)
}

fn details_from_wire(
    violations: &mut Violations,
    profile: &wire::TenantProfile,
) -> Option<TenantDetails> {
    let legal_name = field::text(violations, "legal_name", &profile.legal_name, 200);
    let address = violations.required("address", profile.address.as_ref());
    let address = address.and_then(|address| {
        violations.within("address", |inner| address_from_wire(inner, address))
    });
    let registration = &profile.registration_number;
    let registration = field::optional_text(violations, "registration_number", registration, 64);
    let tax_number = field::optional_text(violations, "tax_number", &profile.tax_number, 64);
    let calendar_code = field::text(violations, "calendar_code", &profile.calendar_code, 32);
    let language = field::typed(violations, "language", &profile.language, Language::try_new);
    let sender = violations.required("sender", profile.sender.as_ref());
    let sender = sender
        .and_then(|sender| violations.within("sender", |inner| sender_from_wire(inner, sender)));
    let accounts = accounts_from_wire(violations, &profile.payee_accounts);
    let age = profile.exchange_rate_max_age_days;
    let age = field::days(
        violations,
        "exchange_rate_max_age_days",
        age,
        MOST_RATE_AGE_DAYS,
    );
    Some(TenantDetails {
        legal_name: legal_name?,
        address: address?,
        registration_number: registration?,
        tax_number: tax_number?,
        calendar_code: calendar_code?,
        language: language?,
        sender: sender?,
        payee_accounts: accounts?,
        rate_max_age_days: age?,
    })
}

fn sender_from_wire(violations: &mut Violations, sender: &wire::Sender) -> Option<Sender> {
    let display_name = field::text(violations, "display_name", &sender.display_name, 100);
    let email = field::typed(violations, "email", &sender.email, EmailAddress::try_new);
    let reply_to = &sender.reply_to_email;
    let parse = EmailAddress::try_new;
    let reply_to = field::optional_typed(violations, "reply_to_email", reply_to, parse);
    let phone = field::optional_typed(violations, "phone", &sender.phone, PhoneNumber::try_new);
    Some(Sender {
        display_name: display_name?,
        email: email?,
        reply_to_email: reply_to?,
        phone: phone?,
    })
}

fn accounts_from_wire(
    violations: &mut Violations,
    accounts: &[wire::PayeeAccount],
) -> Option<Vec<PayeeAccount>> {
    let few = accounts.len() <= MOST_ACCOUNTS;
    violations.check(few, "payee_accounts", "has more than 50 entries");
    let account = |(index, account)| {
        violations.within(format!("payee_accounts[{index}]"), |inner| {
            account_from_wire(inner, account)
        })
    };
    let accounts = accounts.iter().take(MOST_ACCOUNTS).enumerate();
    accounts.map(account).collect()
}

fn account_from_wire(
    violations: &mut Violations,
    account: &wire::PayeeAccount,
) -> Option<PayeeAccount> {
    let holder_name = field::text(violations, "holder_name", &account.holder_name, 140);
    let number = &account.account_number;
    let number = field::typed(violations, "account_number", number, AccountNumber::try_new);
    let bank_code = field::optional_text(violations, "bank_code", &account.bank_code, 32);
    let bank_name = field::optional_text(violations, "bank_name", &account.bank_name, 100);
    let currency = field::currency(violations, "currency_code", &account.currency_code);
    Some(PayeeAccount {
        holder_name: holder_name?,
        account_number: number?,
        bank_code: bank_code?,
        bank_name: bank_name?,
        currency: currency?,
    })
}

/// The profile for the wire.
#[must_use]
pub fn profile_to_wire(profile: &TenantProfile) -> wire::TenantProfile {
    let details = &profile.details;
    let optional = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let sender = &details.sender;
    wire::TenantProfile {
        legal_name: details.legal_name.clone(),
        address: Some(address_to_wire(&details.address)),
        registration_number: details.registration_number.clone(),
        tax_number: details.tax_number.clone(),
        time_zone: profile.zone.name().to_owned(),
        home_currency_code: profile.home_currency.to_string(),
        calendar_code: details.calendar_code.clone(),
        language: details.language.to_string(),
        sender: Some(wire::Sender {
            display_name: sender.display_name.clone(),
            email: sender.email.to_string(),
            reply_to_email: optional(sender.reply_to_email.as_ref().map(EmailAddress::as_str)),
            phone: optional(sender.phone.as_ref().map(PhoneNumber::as_str)),
        }),
        payee_accounts: details.payee_accounts.iter().map(account_to_wire).collect(),
        exchange_rate_max_age_days: i32::from(details.rate_max_age_days),
        created_time: Some(instant_to_wire(profile.created_time)),
        etag: field::etag(profile.version),
    }
}

fn account_to_wire(account: &PayeeAccount) -> wire::PayeeAccount {
    wire::PayeeAccount {
        holder_name: account.holder_name.clone(),
        account_number: account.account_number.as_str().to_owned(),
        bank_code: account.bank_code.clone(),
        bank_name: account.bank_name.clone(),
        currency_code: account.currency.to_string(),
    }
}
