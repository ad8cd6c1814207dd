//! Bank accounts.

use contracts::convert::{date_to_wire, instant_to_wire};
use contracts::payments as wire;
use jiff::Timestamp;
use money::Currency;
use runtime::{Refusal, Violations};
use uuid::Uuid;

use super::field;
use crate::domain::{AccountNumber, BankAccount, BankAccountId};

/// The fields of an account that an update may set.
pub const CHANGEABLE: &[&str] = &["display_name", "bank_code"];

/// What a caller brings of a new account.
#[derive(Debug, Clone)]
pub struct BroughtAccount {
    /// Its identity, where the caller chose one.
    pub bank_account_id: Option<BankAccountId>,
    /// Name for people.
    pub display_name: String,
    /// Its number.
    pub account_number: AccountNumber,
    /// The bank's code; empty where it has none.
    pub bank_code: String,
    /// The currency of its amounts.
    pub currency: Currency,
}

impl BroughtAccount {
    /// The account, added at `now`; `fresh` is its identity unless the caller chose one.
    #[must_use]
    pub fn into_account(self, fresh: Uuid, now: Timestamp) -> BankAccount {
        BankAccount {
            bank_account_id: self.bank_account_id.unwrap_or(BankAccountId(fresh)),
            display_name: self.display_name,
            account_number: self.account_number,
            bank_code: self.bank_code,
            currency: self.currency,
            statements_until_date: None,
            created_time: now,
            version: 1,
        }
    }
}

/// The new account of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn brought_account(
    request: &wire::CreateBankAccountRequest,
) -> Result<BroughtAccount, Refusal> {
    let mut violations = Violations::new();
    let account = violations.required("bank_account", request.bank_account.as_ref());
    let brought = account.and_then(|account| {
        violations.within("bank_account", |inner| account_from_wire(inner, account))
    });
    violations.complete((brought,)).map(|(brought,)| brought)
}

fn account_from_wire(
    violations: &mut Violations,
    account: &wire::BankAccount,
) -> Option<BroughtAccount> {
    let id = field::new_id(violations, "bank_account_id", &account.bank_account_id);
    let display_name = display_name(violations, account);
    let number = &account.account_number;
    let number = field::typed(violations, "account_number", number, AccountNumber::try_new);
    let bank_code = bank_code(violations, account);
    let currency = field::currency(violations, "currency_code", &account.currency_code);
    Some(BroughtAccount {
        bank_account_id: id?.map(BankAccountId),
        display_name: display_name?,
        account_number: number?,
        bank_code: bank_code?,
        currency: currency?,
    })
}

fn display_name(violations: &mut Violations, account: &wire::BankAccount) -> Option<String> {
    field::text(violations, "display_name", &account.display_name, 100)
}

fn bank_code(violations: &mut Violations, account: &wire::BankAccount) -> Option<String> {
    field::optional_text(violations, "bank_code", &account.bank_code, 32)
}

/// Sets the masked fields. Whether anything changed.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn change_account(
    stored: &mut BankAccount,
    update: Option<&wire::BankAccount>,
    paths: &[&'static str],
) -> Result<bool, Refusal> {
    let mut violations = Violations::new();
    let mut changed = stored.clone();
    let update = update.cloned().unwrap_or_default();
    violations.within("bank_account", |violations| {
        for path in paths {
            match *path {
                "display_name" => {
                    changed.display_name = display_name(violations, &update).unwrap_or_default();
                }
                "bank_code" => {
                    changed.bank_code = bank_code(violations, &update).unwrap_or_default();
                }
                other => violations.add(other, "cannot be set"),
            }
        }
    });
    violations.finish()?;
    if changed == *stored {
        return Ok(false);
    }
    changed.version += 1;
    *stored = changed;
    Ok(true)
}

/// An account as it is now.
#[must_use]
pub fn account_to_wire(account: &BankAccount) -> wire::BankAccount {
    wire::BankAccount {
        bank_account_id: account.bank_account_id.0.to_string(),
        display_name: account.display_name.clone(),
        account_number: account.account_number.as_str().to_owned(),
        bank_code: account.bank_code.clone(),
        currency_code: account.currency.to_string(),
        statements_until_date: account.statements_until_date.map(date_to_wire),
        created_time: Some(instant_to_wire(account.created_time)),
        etag: field::etag(account.version),
    }
}
