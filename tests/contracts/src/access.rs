//! Who may call a method: every method says it, in one grammar, and a method kept for certain
//! services is kept for those that the architecture lets call.

use architecture::Finding;
use architecture::edges::Edges;
use prost_reflect::{DynamicMessage, MethodDescriptor, Value};

use crate::protos::{Placed, Protos, service_of};

/// What a method says about who may call it.
pub struct Access {
    /// `<service>.<nouns>:<verb>`.
    pub scope: String,
    /// Services that alone may call; empty for everybody.
    pub peers: Vec<String>,
    /// Whether a token without tenant will do.
    pub any_tenant: bool,
}

impl Access {
    /// What the method's option says; none where it has no option.
    #[must_use]
    pub fn of(method: &MethodDescriptor, protos: &Protos) -> Option<Self> {
        let extension = protos
            .pool()
            .get_extension_by_name("recoup.common.v1.access")?;
        let options: DynamicMessage = method.options();
        if !options.has_extension(&extension) {
            return None;
        }
        let value = options.get_extension(&extension);
        let message = value.as_message()?;
        let get = |name: &str| message.get_field_by_name(name);
        let peers = get("peers").map(|value| value.as_list().map(<[Value]>::to_vec));
        let peers = peers.flatten().unwrap_or_default();
        Some(Self {
            scope: get("scope").and_then(|value| value.as_str().map(str::to_owned))?,
            peers: peers
                .iter()
                .filter_map(|value| value.as_str().map(str::to_owned))
                .collect(),
            any_tenant: get("any_tenant")
                .and_then(|value| value.as_bool())
                .unwrap_or_default(),
        })
    }

    /// What the method may do: `read`, `write` or, for operators of the feed, both: `operate`.
    #[must_use]
    pub fn verb(&self) -> &str {
        self.scope.rsplit(':').next().unwrap_or_default()
    }
}

/// Methods without the option, or with a scope outside the grammar.
#[must_use]
pub fn scopes(protos: &Protos) -> Vec<Finding> {
    let mut found = Vec::new();
    for method in protos.methods() {
        let service = service_of(&method.file());
        let remedy =
            "option (recoup.common.v1.access) = {scope: \"<service>.<nouns>:<read|write>\"}";
        match Access::of(&method, protos) {
            None => found
                .push(method.finding(format!("{} has no access option", method.name()), remedy)),
            Some(access) if !is_scope(&access.scope, &service) => {
                found.push(method.finding(format!("scope `{}`", access.scope), remedy));
            }
            Some(_) => {}
        }
    }
    found
}

/// `feed:…` is the one scope that all services share.
fn is_scope(scope: &str, service: &str) -> bool {
    let is_noun = |noun: &str| {
        !noun.is_empty()
            && noun
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter == '_')
    };
    match scope.split_once(':') {
        Some(("feed", verb)) => service == "events" && ["read", "operate"].contains(&verb),
        Some((resource, "read" | "write")) => resource
            .split_once('.')
            .is_some_and(|(owner, noun)| owner == service && is_noun(noun)),
        _ => false,
    }
}

/// Methods kept for services that may not call them.
#[must_use]
pub fn peers(protos: &Protos, edges: &Edges) -> Vec<Finding> {
    let mut found = Vec::new();
    for method in protos.methods() {
        let callee = service_of(&method.file());
        let peers = Access::of(&method, protos)
            .map(|access| access.peers)
            .unwrap_or_default();
        for peer in peers.iter().filter(|peer| !edges.may_call(peer, &callee)) {
            let what = format!(
                "{} is kept for {peer}, which may not call {callee}",
                method.name()
            );
            found.push(method.finding(what, "see the calls in tests/architecture/edges.toml"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{method, protos, told};

    fn scope(scope: &str) -> Vec<String> {
        told(scopes(&method(
            "GetLimit",
            &format!("scope: \"{scope}\""),
            "",
            "",
        )))
    }

    #[test]
    fn scopes_follow_the_grammar() {
        assert_eq!(scope("credit.limits:read"), [""; 0]);
        for bad in [
            "credit:read",
            "credit.limits:delete",
            "credit.Limits:read",
            "payments.limits:read",
        ] {
            assert_eq!(scope(bad), [format!("3: scope `{bad}`")]);
        }
        assert_eq!(scope("feed:read"), ["3: scope `feed:read`"]);
    }

    #[test]
    fn a_method_without_access_is_found() {
        let open =
            "service S {\n rpc Get(GetRequest) returns (GetRequest);\n}\nmessage GetRequest {}";
        assert_eq!(told(scopes(&protos(open))), ["3: Get has no access option"]);
    }

    #[test]
    fn peers_are_those_of_the_architecture() {
        let edges = Edges::parse("[calls]\ninvoicing = [\"credit\"]\n[feeds]\n").unwrap();
        let kept_for = |peer: &str| {
            let access = format!("scope: \"credit.limits:write\" peers: [\"{peer}\"]");
            told(peers(&method("SetLimit", &access, "", ""), &edges))
        };
        assert_eq!(kept_for("invoicing"), [""; 0]);
        assert_eq!(
            kept_for("agency"),
            ["3: SetLimit is kept for agency, which may not call credit"]
        );
    }
}
