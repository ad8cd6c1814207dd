//! Whether a caller may use a method (P29): what the contract does not list is
//! denied. Decided before anything is looked up. Must not know any method by name.

use contracts::access::Method;

use super::Caller;
use crate::Refusal;

/// The method, if the caller may use it.
///
/// # Errors
/// PERMISSION_DENIED: METHOD_UNKNOWN, SCOPE_MISSING, PEER_NOT_ALLOWED,
/// TENANT_MISSING.
pub(crate) fn allowed(
    method: Option<&'static Method>,
    caller: &Caller,
) -> Result<&'static Method, Refusal> {
    let Some(method) = method else {
        return Err(Refusal::denied(
            "METHOD_UNKNOWN",
            "no contract lists this method",
        ));
    };
    if !caller.scopes.contains(method.scope) {
        return Err(
            Refusal::denied("SCOPE_MISSING", "the token lacks the scope of the method")
                .with_metadata("scope", method.scope),
        );
    }
    let listed = caller
        .peer
        .as_deref()
        .is_some_and(|peer| method.peers.contains(&peer));
    if !method.peers.is_empty() && !listed {
        return Err(Refusal::denied(
            "PEER_NOT_ALLOWED",
            "only certain services call this method",
        ));
    }
    if caller.tenant.is_none() && !method.any_tenant {
        return Err(Refusal::denied(
            "TENANT_MISSING",
            "the token names no tenant",
        ));
    }
    Ok(method)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::access::METHODS;
    use postgres::TenantId;
    use uuid::Uuid;

    fn caller(scope: &str, peer: Option<&str>, tenant: bool) -> Caller {
        Caller {
            actor: "ada".into(),
            caller: peer.unwrap_or("shop").into(),
            tenant: tenant.then(|| TenantId::new(Uuid::now_v7())),
            scopes: [scope.to_owned()].into(),
            peer: peer.map(str::to_owned),
        }
    }

    fn reason(method: &'static Method, caller: &Caller) -> String {
        allowed(Some(method), caller)
            .unwrap_err()
            .reason()
            .to_owned()
    }

    /// Leaked on purpose: the table is static, and a test has a few of them.
    fn method(peers: &'static [&'static str], any_tenant: bool) -> &'static Method {
        Box::leak(Box::new(Method {
            path: "/recoup.test.v1.TestService/Do",
            scope: "test.things:write",
            peers,
            any_tenant,
            mutating: true,
            client_streaming: false,
            server_streaming: false,
        }))
    }

    #[test]
    fn p29_what_no_contract_lists_is_denied() {
        let everything = caller("test.things:write", None, true);
        let refusal = allowed(None, &everything).unwrap_err();
        assert_eq!(refusal.reason(), "METHOD_UNKNOWN");
        assert_eq!(refusal.code(), tonic::Code::PermissionDenied);
    }

    #[test]
    fn p29_a_method_needs_its_scope_its_peer_and_a_tenant() {
        let (open, closed) = (method(&[], false), method(&["invoicing"], false));
        assert!(allowed(Some(open), &caller("test.things:write", None, true)).is_ok());
        assert_eq!(
            reason(open, &caller("test.things:read", None, true)),
            "SCOPE_MISSING"
        );
        assert_eq!(
            reason(open, &caller("test.things:write2", None, true)),
            "SCOPE_MISSING"
        );
        assert_eq!(
            reason(open, &caller("test.things:write", None, false)),
            "TENANT_MISSING"
        );
        assert!(
            allowed(
                Some(method(&[], true)),
                &caller("test.things:write", None, false)
            )
            .is_ok()
        );

        assert!(
            allowed(
                Some(closed),
                &caller("test.things:write", Some("invoicing"), true)
            )
            .is_ok()
        );
        for other in [None, Some("credit")] {
            assert_eq!(
                reason(closed, &caller("test.things:write", other, true)),
                "PEER_NOT_ALLOWED"
            );
        }
        assert_eq!(
            reason(closed, &caller("other", Some("invoicing"), true)),
            "SCOPE_MISSING"
        );
    }

    #[test]
    fn p29_no_scope_at_all_opens_no_method_at_all() {
        let nobody = Caller {
            scopes: Default::default(),
            ..caller("", None, true)
        };
        for method in METHODS {
            assert_eq!(reason(method, &nobody), "SCOPE_MISSING", "{}", method.path);
        }
    }
}
