//! What a caller brings of a customer, made whole: the parent found, contacts given identities, the
//! policy known, the terms worked out.

use postgres::{TenantId, Tx};
use runtime::Refusal;

use crate::app::App;
use crate::domain::{
    CreditEvent, CreditPolicy, Customer, CustomerDetails, CustomerId, GrantedTerms, contact,
};
use crate::rpc::error;
use crate::rpc::wire::customer::{BroughtDetails, ParentKey};
use crate::store;

/// Details made whole.
pub(super) struct WholeDetails {
    pub details: CustomerDetails,
    /// The parent and those it belongs to.
    pub ancestors: Vec<CustomerId>,
    /// All versions of the policy they come under.
    pub versions: Vec<CreditPolicy>,
}

/// Finds the parent and the policy, and gives contacts identities.
///
/// # Errors
/// NOT_FOUND (PARENT_NOT_FOUND, CREDIT_POLICY_NOT_FOUND), or the database's.
pub(super) async fn whole_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    brought: &BroughtDetails,
) -> Result<WholeDetails, Refusal> {
    let mut details = brought.details.clone();
    let ancestors = match &brought.parent {
        None => Vec::new(),
        Some(key) => ancestors_in_tx(tx, tenant, key).await?,
    };
    details.parent = ancestors.first().copied();
    let contacts = app.stamped(|stamp| contact::identified(brought.contacts.clone(), stamp));
    // Checked when the message was read.
    details.contacts = contacts.map_err(Refusal::internal)?;
    let code = details.policy_code();
    let versions = store::credit_policy::versions_in_tx(tx, tenant, &code).await?;
    if details.credit_policy_code.is_some() && versions.is_empty() {
        return Err(error::policy_not_found(code));
    }
    Ok(WholeDetails {
        details,
        ancestors,
        versions,
    })
}

async fn ancestors_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    key: &ParentKey,
) -> Result<Vec<CustomerId>, Refusal> {
    let (parent, named) = match key {
        ParentKey::Id(customer_id) => (Some(*customer_id), customer_id.0.to_string()),
        ParentKey::External(external_id) => {
            let found = store::customer::find_external_in_tx(tx, tenant, external_id).await?;
            (found.map(|found| found.customer_id), external_id.clone())
        }
    };
    let ancestors = match parent {
        Some(parent) => store::customer::lock_ancestors_in_tx(tx, tenant, parent).await?,
        None => Vec::new(),
    };
    if ancestors.is_empty() {
        return Err(error::parent_not_found(named));
    }
    Ok(ancestors)
}

/// What a customer is told of besides themselves: each grant, in order.
pub(super) fn grants_told(customer: &Customer, grants: Vec<GrantedTerms>) -> Vec<CreditEvent> {
    let told = |granted| CreditEvent::TermsGranted {
        customer_id: customer.customer_id,
        customer_version: customer.version,
        granted_terms: Box::new(granted),
    };
    grants.into_iter().map(told).collect()
}
