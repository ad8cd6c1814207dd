//! Who is calling, as a checked token says it. Must not decide what is allowed.

use std::collections::BTreeSet;

use postgres::TenantId;

use super::{Claims, invalid};
use crate::Refusal;

/// Whoever is behind a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The person or program that wants it, also where a service calls on its
    /// behalf.
    pub actor: String,
    /// The application that calls: the `client_id`, else the `sub`; for one of our
    /// own services its name, which no other token may bear.
    pub caller: String,
    /// The tenant it acts for. None: operators, and readers of all tenants' feeds.
    pub tenant: Option<TenantId>,
    /// What it may do.
    pub scopes: BTreeSet<String>,
    /// The service of Recoup that calls, if it is one.
    pub peer: Option<String>,
}

impl Caller {
    /// From checked claims. `peer`: the service that the issuer is.
    pub(super) fn of(
        claims: Claims,
        peer: Option<&str>,
        is_peer: impl Fn(&str) -> bool,
    ) -> Result<Self, Refusal> {
        let tenant = claims
            .tenant
            .as_deref()
            .map(str::parse::<TenantId>)
            .transpose();
        let tenant = tenant.map_err(|_| invalid("its tenant is not a UUID"))?;
        let (actor, caller) = match peer {
            Some(peer) => (
                claims.act.map_or(claims.sub, |original| original.sub),
                peer.to_owned(),
            ),
            None => {
                let caller = claims.client_id.unwrap_or_else(|| claims.sub.clone());
                if is_peer(&caller) {
                    return Err(invalid("it bears the name of a service"));
                }
                (claims.sub, caller)
            }
        };
        if actor.is_empty() || caller.is_empty() {
            return Err(invalid("it names nobody"));
        }
        let scopes = claims.scope.unwrap_or_default();
        let scopes = scopes.split_ascii_whitespace().map(str::to_owned).collect();
        Ok(Self {
            actor,
            caller,
            tenant,
            scopes,
            peer: peer.map(str::to_owned),
        })
    }
}
