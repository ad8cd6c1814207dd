//! What we do with the events of credit: keep who the tenant is and who the customers are, and plan
//! the cases of customers anew when they change.

use calendar::Zone;
use contracts::common::Event;
use contracts::credit as wire;
use events::ApplyError;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use opentelemetry::KeyValue;
use postgres::{TenantId, Tx};
use prost::Name as _;
use uuid::Uuid;

use crate::app::App;
use crate::domain::debtor::{Contact, ContactRole, Debtor, DebtorKind};
use crate::domain::id::CustomerId;
use crate::events::reading::{facts, malformed, missing, optional, parsed, required};
use crate::store::case_file::CaseFile;
use crate::store::tenant_profile::{PayeeAccount, TenantProfile};
use crate::store::{customer, tenant_profile};

/// Applies one event in the transaction of its batch.
pub fn apply<'a>(
    app: &'a App,
    tx: &'a mut Tx,
    event: &'a Event,
) -> BoxFuture<'a, Result<(), ApplyError>> {
    async move {
        let tenant = parsed(&event.tenant_id, "tenant_id")?;
        let kind = event.r#type.as_str();
        let version = event.subject_version;
        if kind == wire::TenantProfileChanged::full_name() {
            let told: wire::TenantProfileChanged = facts(event)?;
            let profile = required(told.tenant_profile, "tenant_profile")?;
            let profile = profile_of(profile, version)?;
            tenant_profile::upsert_in_tx(tx, tenant, &profile).await?;
        } else if kind == wire::CustomerCreated::full_name() {
            let told: wire::CustomerCreated = facts(event)?;
            customer_known(app, tx, tenant, told.customer, version).await?;
        } else if kind == wire::CustomerUpdated::full_name() {
            let told: wire::CustomerUpdated = facts(event)?;
            customer_known(app, tx, tenant, told.customer, version).await?;
        } else {
            return Ok(());
        }
        let labels = [KeyValue::new("type", kind.to_owned())];
        app.metrics.applied_events.add(1, &labels);
        Ok(())
    }
    .boxed()
}

/// Segment, zone and address decide what is done about the customer's debts, and when.
async fn customer_known(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    customer: Option<wire::Customer>,
    version: i64,
) -> Result<(), ApplyError> {
    let debtor = debtor_of(required(customer, "customer")?, version)?;
    if !customer::upsert_in_tx(tx, tenant, &debtor).await? {
        return Ok(());
    }
    let (customer_id, now) = (debtor.customer_id, app.clock.now());
    let file = CaseFile::lock_of_customer_in_tx(tx, tenant, customer_id, now).await?;
    if let Some(mut file) = file {
        file.case.follow_customer(&debtor);
        app.pending.add(file.save_in_tx(tx, "").await?);
    }
    Ok(())
}

fn debtor_of(customer: wire::Customer, version: i64) -> Result<Debtor, ApplyError> {
    let customer_id: Uuid = parsed(&customer.customer_id, "customer_id")?;
    let details = required(customer.details, "details")?;
    let kind = match details.kind() {
        wire::CustomerKind::Unspecified => return Err(missing("kind")),
        wire::CustomerKind::Business => DebtorKind::Business,
        wire::CustomerKind::Consumer => DebtorKind::Consumer,
    };
    let zone = optional(details.time_zone).map(|zone| Zone::parse(&zone));
    Ok(Debtor {
        customer_id: CustomerId::new(customer_id),
        external_id: optional(customer.external_id),
        display_name: details.display_name,
        kind,
        segment: details.segment,
        country_code: details.country_code,
        language: details.language,
        zone: zone.transpose().map_err(|_| malformed("time_zone"))?,
        postal_lines: details.address.map(postal_lines).unwrap_or_default(),
        contacts: details.contacts.into_iter().map(contact_of).collect(),
        version,
    })
}

fn contact_of(contact: wire::Contact) -> Contact {
    let role = match contact.role() {
        wire::ContactRole::AccountsPayable => ContactRole::AccountsPayable,
        wire::ContactRole::Purchasing => ContactRole::Purchasing,
        wire::ContactRole::Management => ContactRole::Management,
        wire::ContactRole::Other | wire::ContactRole::Unspecified => ContactRole::Other,
    };
    Contact {
        display_name: contact.display_name,
        role,
        email: optional(contact.email),
        phone: optional(contact.phone),
        language: optional(contact.language),
    }
}

/// As on an envelope: the lines, then postal code and city, then region and country.
fn postal_lines(address: wire::PostalAddress) -> Vec<String> {
    let place = [address.postal_code, address.city];
    let place = place.iter().filter(|part| !part.is_empty());
    let place: Vec<&str> = place.map(String::as_str).collect();
    let rest = [place.join(" "), address.region, address.country_code];
    let lines = address.lines.into_iter().chain(rest);
    lines.filter(|line| !line.is_empty()).collect()
}

fn profile_of(profile: wire::TenantProfile, version: i64) -> Result<TenantProfile, ApplyError> {
    let sender = profile.sender.unwrap_or_default();
    let account = |account: wire::PayeeAccount| PayeeAccount {
        holder_name: account.holder_name,
        account_number: account.account_number,
        bank_code: account.bank_code,
        bank_name: account.bank_name,
        currency_code: account.currency_code,
    };
    Ok(TenantProfile {
        legal_name: profile.legal_name,
        postal_lines: profile.address.map(postal_lines).unwrap_or_default(),
        zone: Zone::parse(&profile.time_zone).map_err(|_| malformed("time_zone"))?,
        home_currency: profile.home_currency_code,
        calendar_code: profile.calendar_code,
        language: profile.language,
        sender_name: sender.display_name,
        sender_email: sender.email,
        reply_to_email: optional(sender.reply_to_email),
        sender_phone: optional(sender.phone),
        payee_accounts: profile.payee_accounts.into_iter().map(account).collect(),
        version,
    })
}
