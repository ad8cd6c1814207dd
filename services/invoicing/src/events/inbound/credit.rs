//! What we do with the events of credit: keep the tenant's zone and currency, the
//! customers and the terms they are granted, which is what invoices are issued by.
//!
//! Every event carries complete facts and a version; an older version never replaces
//! a newer one (P24). Events that are of no use here are passed over.

use contracts::common::Event;
use contracts::credit as wire;
use events::ApplyError;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use opentelemetry::KeyValue;
use postgres::{TenantId, Tx};
use prost::{Message, Name};

use crate::app::App;
use crate::domain::{CustomerId, Grant, Tenant};
use crate::rpc::wire::terms::grant_from_wire;
use crate::store;

/// Applies one event in the transaction of its batch.
pub fn apply<'a>(
    app: &'a App,
    tx: &'a mut Tx,
    event: &'a Event,
) -> BoxFuture<'a, Result<(), ApplyError>> {
    async move {
        let tenant = parsed(&event.tenant_id, "tenant_id")?;
        let kind = event.r#type.as_str();
        if kind == wire::TenantProfileChanged::full_name() {
            profile_changed(tx, tenant, event).await?;
        } else if kind == wire::CustomerCreated::full_name() {
            let facts: wire::CustomerCreated = facts(event)?;
            customer_known(tx, tenant, event, facts.customer).await?;
        } else if kind == wire::CustomerUpdated::full_name() {
            let facts: wire::CustomerUpdated = facts(event)?;
            customer_known(tx, tenant, event, facts.customer).await?;
        } else if kind == wire::TermsGranted::full_name() {
            terms_granted(tx, tenant, event).await?;
        } else {
            return Ok(());
        }
        app.metrics
            .applied_events
            .add(1, &[KeyValue::new("type", kind.to_owned())]);
        Ok(())
    }
    .boxed()
}

async fn profile_changed(tx: &mut Tx, tenant: TenantId, event: &Event) -> Result<(), ApplyError> {
    let facts: wire::TenantProfileChanged = facts(event)?;
    let profile = facts
        .tenant_profile
        .ok_or_else(|| missing("tenant_profile"))?;
    let known = Tenant {
        zone: parsed(&profile.time_zone, "time_zone")?,
        home_currency: parsed(&profile.home_currency_code, "home_currency_code")?,
    };
    store::tenant::upsert_in_tx(tx, tenant, &known, event.subject_version).await?;
    Ok(())
}

async fn customer_known(
    tx: &mut Tx,
    tenant: TenantId,
    event: &Event,
    customer: Option<wire::Customer>,
) -> Result<(), ApplyError> {
    let customer = customer.ok_or_else(|| missing("customer"))?;
    let customer_id = CustomerId(parsed(&customer.customer_id, "customer_id")?);
    let external_id = Some(customer.external_id).filter(|id| !id.is_empty());
    let version = event.subject_version;
    store::customer::upsert_in_tx(tx, tenant, customer_id, external_id.as_deref(), version).await?;
    if let Some(granted) = &customer.granted_terms {
        let grant = grant(granted)?;
        store::customer::grant_in_tx(tx, tenant, customer_id, &grant, event.position).await?;
    }
    Ok(())
}

async fn terms_granted(tx: &mut Tx, tenant: TenantId, event: &Event) -> Result<(), ApplyError> {
    let facts: wire::TermsGranted = facts(event)?;
    let customer_id = CustomerId(parsed(&facts.customer_id, "customer_id")?);
    let granted = facts
        .granted_terms
        .ok_or_else(|| missing("granted_terms"))?;
    let grant = grant(&granted)?;
    store::customer::grant_in_tx(tx, tenant, customer_id, &grant, event.position).await?;
    Ok(())
}

fn grant(granted: &wire::GrantedTerms) -> Result<Grant, ApplyError> {
    grant_from_wire(granted)
        .map_err(|unfit| ApplyError::Poison(format!("{}: {}", unfit.field, unfit.fault)))
}

fn facts<M: Message + Default + Name>(event: &Event) -> Result<M, ApplyError> {
    let data = event.data.as_ref().ok_or_else(|| missing("data"))?;
    M::decode(data.value.as_slice())
        .map_err(|error| ApplyError::Poison(format!("{}: {error}", M::NAME)))
}

fn parsed<T: std::str::FromStr>(text: &str, field: &str) -> Result<T, ApplyError> {
    text.parse()
        .map_err(|_| ApplyError::Poison(format!("{field} is malformed")))
}

fn missing(field: &str) -> ApplyError {
    ApplyError::Poison(format!("{field} is missing"))
}
