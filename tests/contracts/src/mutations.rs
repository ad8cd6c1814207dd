//! How a change is asked for: under a request id, by the verbs of the trade, one request one answer.

use architecture::Finding;
use prost_reflect::{Kind, MessageDescriptor};

use crate::access::Access;
use crate::protos::{Placed, Protos};

/// Changing methods without a `request_id`, and reading ones with one.
#[must_use]
pub fn request_ids(protos: &Protos) -> Vec<Finding> {
    let mut found = Vec::new();
    for method in protos.methods() {
        let Some(access) = Access::of(&method, protos) else {
            continue;
        };
        let request = method.input();
        let remedy =
            "a request that changes something has `string request_id = 1`; no other has one";
        let what = match (access.verb(), request_id(&request)) {
            (_, Presence::Odd) => "has a request_id that is not `string request_id = 1`",
            ("write", Presence::Absent) => "has no request_id",
            ("read", Presence::Right) => "has a request_id but only reads",
            _ => continue,
        };
        found.push(request.finding(format!("{} {what}", request.name()), remedy));
    }
    found
}

enum Presence {
    Absent,
    Right,
    Odd,
}

fn request_id(request: &MessageDescriptor) -> Presence {
    match request.get_field_by_name("request_id") {
        None => Presence::Absent,
        Some(field) if field.kind() == Kind::String && field.number() == 1 && !field.is_list() => {
            Presence::Right
        }
        Some(_) => Presence::Odd,
    }
}

/// Streams where one request and one answer belong.
#[must_use]
pub fn streams(protos: &Protos) -> Vec<Finding> {
    let mut found = Vec::new();
    for method in protos.methods() {
        let name = method.name();
        let streams_out = name == "ReadEvents" || name == "Advance" || name.starts_with("Stream");
        let remedy =
            "unary, but for imports, the feed, the sandbox's Advance, and what is named Stream…";
        if method.is_client_streaming() && !name.starts_with("Import") {
            found.push(method.finding(format!("{name} takes a stream"), remedy));
        }
        if method.is_server_streaming() && !streams_out {
            found.push(method.finding(format!("{name} answers with a stream"), remedy));
        }
    }
    found
}

/// Methods that delete, and updates without mask or etag.
#[must_use]
pub fn verbs(protos: &Protos) -> Vec<Finding> {
    let mut found = Vec::new();
    for method in protos.methods() {
        let name = method.name();
        let request = method.input();
        if name.starts_with("Delete") || name.starts_with("Remove") {
            let remedy = "nothing that holds money is deleted: void, close, retire, reverse";
            found.push(method.finding(format!("{name} deletes"), remedy));
        }
        let is_mask = |kind: Kind| {
            kind.as_message()
                .is_some_and(|one| one.full_name() == "google.protobuf.FieldMask")
        };
        let has_mask = request
            .get_field_by_name("update_mask")
            .is_some_and(|field| is_mask(field.kind()));
        if name.starts_with("Update") && !has_mask {
            let remedy = "google.protobuf.FieldMask update_mask, required, with an allow-list";
            found.push(request.finding(format!("{name} has no update_mask"), remedy));
        }
        if name.starts_with("Update") && request.get_field_by_name("etag").is_none() {
            let remedy = "string etag: two people may be writing";
            found.push(request.finding(format!("{name} takes no etag"), remedy));
        }
    }
    found
}

/// Requests that name a tenant or an actor, which come from the credential alone.
#[must_use]
pub fn borrowed_identities(protos: &Protos) -> Vec<Finding> {
    let mut found = Vec::new();
    for method in protos.methods() {
        let everybodys = Access::of(&method, protos).is_some_and(|access| access.any_tenant);
        for field in method.input().fields().filter(|_| !everybodys) {
            if ["tenant", "tenant_id", "actor", "actor_id"].contains(&field.name()) {
                let what = format!("{} asks for `{}`", method.input().name(), field.name());
                found.push(field.finding(what, "tenant and actor come from the token"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{method, protos, told};

    const WRITE: &str = "scope: \"credit.limits:write\"";
    const READ: &str = "scope: \"credit.limits:read\"";

    #[test]
    fn changes_have_a_request_id_and_reads_do_not() {
        let ids = |scope, request| told(request_ids(&method("SetLimit", scope, request, "")));
        assert_eq!(ids(WRITE, "string request_id = 1;"), [""; 0]);
        assert_eq!(
            ids(WRITE, "string limit_id = 1;"),
            ["7: SetLimitRequest has no request_id"]
        );
        let odd = ["7: SetLimitRequest has a request_id that is not `string request_id = 1`"];
        assert_eq!(ids(WRITE, "bytes request_id = 1;"), odd);
        assert_eq!(ids(WRITE, "string request_id = 2;"), odd);
        assert_eq!(ids(READ, ""), [""; 0]);
        let reads = ["7: SetLimitRequest has a request_id but only reads"];
        assert_eq!(ids(READ, "string request_id = 1;"), reads);
    }

    #[test]
    fn streams_are_for_imports_and_the_feed() {
        let stream = |name: &str, request: &str, response: &str| {
            let service = format!(
                "service S {{\n rpc {name}({request} A) returns ({response} A);\n}}\nmessage A {{}}"
            );
            told(streams(&protos(&service)))
        };
        assert_eq!(stream("ImportLimits", "stream", ""), [""; 0]);
        assert_eq!(stream("ReadEvents", "", "stream"), [""; 0]);
        assert_eq!(
            stream("SetLimits", "stream", ""),
            ["3: SetLimits takes a stream"]
        );
        assert_eq!(
            stream("ListLimits", "", "stream"),
            ["3: ListLimits answers with a stream"]
        );
    }

    #[test]
    fn nothing_is_deleted() {
        let deletes = method("DeleteLimit", WRITE, "", "");
        assert_eq!(told(verbs(&deletes)), ["3: DeleteLimit deletes"]);
    }

    #[test]
    fn updates_have_a_mask_and_an_etag() {
        let update = |request| told(verbs(&method("UpdateLimit", WRITE, request, "")));
        let full = "google.protobuf.FieldMask update_mask = 2; string etag = 3;";
        assert_eq!(update(full), [""; 0]);
        let bare = [
            "7: UpdateLimit has no update_mask",
            "7: UpdateLimit takes no etag",
        ];
        assert_eq!(update(""), bare);
    }

    #[test]
    fn tenants_come_from_the_token() {
        let asks = |scope: &str| {
            told(borrowed_identities(&method(
                "GetLimit",
                scope,
                "string tenant_id = 1;",
                "",
            )))
        };
        assert_eq!(asks(READ), ["7: GetLimitRequest asks for `tenant_id`"]);
        assert_eq!(asks(&format!("{READ} any_tenant: true")), [""; 0]);
    }
}
