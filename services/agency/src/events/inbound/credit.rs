//! What we do with the events of credit: keep the tenant's name and zone, and the customers, by
//! whom the policy judges and of whom agencies are told.
//!
//! Every event carries complete facts and a version; an older version never replaces a newer one
//! (P24). Events that are of no use here are passed over.

use std::collections::BTreeSet;

use contracts::common::Event;
use contracts::credit as wire;
use events::ApplyError;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use postgres::{TenantId, Tx};

use super::facts;
use crate::app::App;
use crate::domain::batch_file::DebtorContact;
use crate::domain::debt::DebtorKind;
use crate::store;
use crate::store::known_customer::KnownCustomer;
use crate::store::known_tenant::KnownTenant;

/// Applies one event in the transaction of its batch.
pub fn apply<'a>(
    app: &'a App,
    tx: &'a mut Tx,
    event: &'a Event,
) -> BoxFuture<'a, Result<(), ApplyError>> {
    async move {
        let tenant: TenantId = facts::parsed(&event.tenant_id, "tenant_id")?;
        if facts::is::<wire::TenantProfileChanged>(event) {
            profile_changed(tx, tenant, event).await?;
        } else if facts::is::<wire::CustomerCreated>(event) {
            let told: wire::CustomerCreated = facts::read(event)?;
            customer_known(tx, tenant, event, told.customer).await?;
        } else if facts::is::<wire::CustomerUpdated>(event) {
            let told: wire::CustomerUpdated = facts::read(event)?;
            customer_known(tx, tenant, event, told.customer).await?;
        } else {
            return Ok(());
        }
        facts::count(app, event);
        Ok(())
    }
    .boxed()
}

async fn profile_changed(tx: &mut Tx, tenant: TenantId, event: &Event) -> Result<(), ApplyError> {
    let told: wire::TenantProfileChanged = facts::read(event)?;
    let profile = facts::needed(told.tenant_profile, "tenant_profile")?;
    let known = KnownTenant {
        legal_name: profile.legal_name,
        zone: calendar::Zone::parse(&profile.time_zone)
            .map_err(|_| facts::malformed("time_zone"))?,
    };
    store::known_tenant::upsert_in_tx(tx, tenant, &known, event.subject_version).await?;
    Ok(())
}

async fn customer_known(
    tx: &mut Tx,
    tenant: TenantId,
    event: &Event,
    customer: Option<wire::Customer>,
) -> Result<(), ApplyError> {
    let customer = facts::needed(customer, "customer")?;
    let details = facts::needed(customer.details, "details")?;
    let kind = match details.kind() {
        wire::CustomerKind::Business => DebtorKind::Business,
        wire::CustomerKind::Consumer => DebtorKind::Consumer,
        wire::CustomerKind::Unspecified => return Err(facts::malformed("kind")),
    };
    let known = KnownCustomer {
        customer_id: facts::parsed(&customer.customer_id, "customer_id")?,
        external_id: facts::known(customer.external_id),
        kind,
        country: facts::parsed(&details.country_code, "country_code")?,
        segment: details.segment.clone(),
        contact: contact_of(details),
    };
    store::known_customer::upsert_in_tx(tx, tenant, &known, event.subject_version).await?;
    Ok(())
}

/// Whom an agency writes to: the contact for accounts payable, else the first.
fn contact_of(details: wire::CustomerDetails) -> DebtorContact {
    let payable = |contact: &&wire::Contact| contact.role() == wire::ContactRole::AccountsPayable;
    let contacts = &details.contacts;
    let contact = contacts.iter().find(payable).or_else(|| contacts.first());
    let contact = contact.cloned().unwrap_or_default();
    let address = details.address.unwrap_or_default();
    DebtorContact {
        name: details.display_name,
        contact_name: contact.display_name,
        address_lines: address.lines,
        postal_code: address.postal_code,
        city: address.city,
        region: address.region,
        country_code: details.country_code,
        email: contact.email,
        phone: contact.phone,
        language: details.language,
        time_zone: details.time_zone,
        opted_out_channels: BTreeSet::new(),
    }
}
