//! What we do with the events of credit: keep the tenant's zone, and of customers the names by which
//! payers are recognised, whom they belong to, and the tolerances they are granted.

use std::collections::BTreeMap;

use contracts::common::{Event, PaymentTolerance};
use contracts::convert::{date_from_wire, money_from_wire};
use contracts::credit as wire;
use contracts::credit::customer_details::Parent;
use events::ApplyError;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use money::Rate;
use opentelemetry::KeyValue;
use postgres::{TenantId, Tx};
use prost::Name;

use super::{facts, parsed, required};
use crate::app::App;
use crate::domain::{CustomerId, Tolerance, ToleranceGrant};
use crate::store;
use crate::store::customer::AnnouncedCustomer;
use crate::store::tenant::KnownTenant;

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
    let profile = required(facts.tenant_profile, "tenant_profile")?;
    let known = KnownTenant {
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
    let customer = required(customer, "customer")?;
    let details = required(customer.details, "details")?;
    let parent = match &details.parent {
        Some(Parent::ParentCustomerId(id)) => Some(parsed(id, "parent_customer_id")?),
        Some(Parent::ParentExternalId(_)) | None => None,
    };
    let announced = AnnouncedCustomer {
        customer_id: CustomerId(parsed(&customer.customer_id, "customer_id")?),
        external_id: Some(customer.external_id).filter(|id| !id.is_empty()),
        display_name: details.display_name,
        parent_customer_id: parent.map(CustomerId),
        version: event.subject_version,
    };
    store::customer::upsert_in_tx(tx, tenant, &announced).await?;
    if let Some(granted) = &customer.granted_terms {
        grant(tx, tenant, announced.customer_id, granted, event.position).await?;
    }
    Ok(())
}

async fn terms_granted(tx: &mut Tx, tenant: TenantId, event: &Event) -> Result<(), ApplyError> {
    let facts: wire::TermsGranted = facts(event)?;
    let customer_id = CustomerId(parsed(&facts.customer_id, "customer_id")?);
    let granted = required(facts.granted_terms, "granted_terms")?;
    grant(tx, tenant, customer_id, &granted, event.position).await
}

async fn grant(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    granted: &wire::GrantedTerms,
    position: i64,
) -> Result<(), ApplyError> {
    let from = required(granted.valid_from_date.as_ref(), "valid_from_date")?;
    let grant = ToleranceGrant {
        valid_from_date: date_from_wire(from).map_err(|error| unfit("valid_from_date", error))?,
        tolerance: match &granted.payment_tolerance {
            Some(tolerance) => tolerance_from_wire(tolerance)?,
            None => Tolerance::default(),
        },
    };
    let is_known = store::customer::grant_in_tx(tx, tenant, customer_id, grant, position).await?;
    required(is_known.then_some(()), "the customer's own announcement")
}

fn tolerance_from_wire(granted: &PaymentTolerance) -> Result<Tolerance, ApplyError> {
    let mut maximum_amounts = BTreeMap::new();
    for amount in &granted.maximum_amounts {
        let amount = money_from_wire(amount).map_err(|error| unfit("maximum_amounts", error))?;
        maximum_amounts.insert(amount.currency(), amount);
    }
    let ratio = granted
        .ratio
        .as_ref()
        .map_or("0", |ratio| ratio.value.as_str());
    Ok(Tolerance {
        ratio: Rate::parse(ratio).map_err(|error| unfit("ratio", error))?,
        maximum_amounts,
        discount_grace_days: u16::try_from(granted.discount_grace_days)
            .map_err(|error| unfit("discount_grace_days", error))?,
    })
}

fn unfit(field: &str, fault: impl std::fmt::Display) -> ApplyError {
    ApplyError::Poison(format!("{field}: {fault}"))
}
