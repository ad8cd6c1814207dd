//! Types and names of fields and enums: exact numbers, named identities, instants that say so.

use architecture::Finding;
use architecture::edges::Edges;
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use crate::protos::{Placed, Protos, service_of};

/// Packages that every service's contracts may use.
const SHARED: [&str; 2] = ["common", "events"];

/// Fields of the wrong type, or with a name that says too little.
#[must_use]
pub fn breaches(protos: &Protos) -> Vec<Finding> {
    let odd = |field: &FieldDescriptor| {
        oddity(field).map(|(what, remedy)| {
            let name = format!("{}.{}", field.parent_message().name(), field.name());
            field.finding(format!("{name} {what}"), remedy)
        })
    };
    protos.fields().iter().filter_map(odd).collect()
}

fn oddity(field: &FieldDescriptor) -> Option<(&'static str, &'static str)> {
    let kind = value_kind(field);
    let message = kind.as_message().map(|one| one.full_name().to_owned());
    let name = field.name();
    match (kind, message.as_deref()) {
        (Kind::Double | Kind::Float, _) => {
            Some(("is inexact", "recoup.common.v1.Money or Decimal"))
        }
        (Kind::Uint32 | Kind::Uint64 | Kind::Fixed32 | Kind::Fixed64, _) => Some((
            "is unsigned",
            "int32 or int64: not every language has unsigned numbers",
        )),
        _ if name == "id" || name == "ids" => Some((
            "does not say whose identity it is",
            "name the noun: invoice_id",
        )),
        (kind, _) if name.ends_with("_id") && kind != Kind::String => {
            Some(("is an identity but no string", "identities are strings"))
        }
        (_, Some("google.protobuf.Timestamp")) if !is_instant_name(name) => {
            Some(("is an instant", "name it …_time"))
        }
        (_, Some("google.type.Money")) => Some(("is not exact", "recoup.common.v1.Money")),
        (kind, _) if name.ends_with("_days") && kind != Kind::Int32 => {
            Some(("counts days", "lengths in days are int32"))
        }
        _ => None,
    }
}

/// The field's kind; of a map, that of its values.
fn value_kind(field: &FieldDescriptor) -> Kind {
    match field.kind() {
        Kind::Message(entry) if entry.is_map_entry() => entry.map_entry_value_field().kind(),
        kind => kind,
    }
}

fn is_instant_name(name: &str) -> bool {
    name == "time" || name.ends_with("_time") || name.ends_with("_times")
}

/// Enums inside messages, and zeros that mean something.
#[must_use]
pub fn enums(protos: &Protos) -> Vec<Finding> {
    let mut found = Vec::new();
    for one in protos.enums() {
        if one.parent_message().is_some() {
            let remedy = "enums stand at the top level, so that others can use them";
            found.push(one.finding(format!("{} stands inside a message", one.name()), remedy));
        }
        if !zero(&one).ends_with("_UNSPECIFIED") {
            let remedy = "<PREFIX>_UNSPECIFIED = 0, refused in requests";
            found.push(one.finding(format!("{} has a meaning for zero", one.name()), remedy));
        }
    }
    found
}

fn zero(one: &EnumDescriptor) -> String {
    one.get_value(0)
        .map(|value| value.name().to_owned())
        .unwrap_or_default()
}

/// Contracts that use messages of a service which theirs does not call.
#[must_use]
pub fn borrowed_messages(protos: &Protos, edges: &Edges) -> Vec<Finding> {
    let mut found = Vec::new();
    for message in protos.messages() {
        for field in message.fields() {
            if let Some(owner) = foreign_owner(&message, &value_kind(&field), edges) {
                let what = format!("{}.{} is {owner}'s", message.name(), field.name());
                let remedy = "say it in your own words, or put it into recoup.common";
                found.push(field.finding(what, remedy));
            }
        }
    }
    found
}

fn foreign_owner(message: &MessageDescriptor, kind: &Kind, edges: &Edges) -> Option<String> {
    let file = match kind {
        Kind::Message(used) => used.parent_file(),
        Kind::Enum(used) => used.parent_file(),
        _ => return None,
    };
    let owner = service_of(&file);
    let user = service_of(&message.parent_file());
    let is_free = !file.package_name().starts_with("recoup.")
        || SHARED.contains(&owner.as_str())
        || owner == user
        || edges.may_call(&user, &owner);
    (!is_free).then_some(owner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{protos, told};

    fn field(text: &str) -> Vec<String> {
        told(breaches(&protos(&format!(
            "message Limit {{\n  {text}\n}}"
        ))))
    }

    #[test]
    fn fields_are_exact_and_named() {
        assert_eq!(field("string limit_id = 1;"), [""; 0]);
        assert_eq!(
            field("google.protobuf.Timestamp decided_time = 1;"),
            [""; 0]
        );
        assert_eq!(field("double amount = 1;"), ["3: Limit.amount is inexact"]);
        assert_eq!(
            field("repeated float rates = 1;"),
            ["3: Limit.rates is inexact"]
        );
        assert_eq!(field("uint32 tries = 1;"), ["3: Limit.tries is unsigned"]);
        assert_eq!(
            field("string id = 1;"),
            ["3: Limit.id does not say whose identity it is"]
        );
        assert_eq!(
            field("int64 limit_id = 1;"),
            ["3: Limit.limit_id is an identity but no string"]
        );
        let instant = "google.protobuf.Timestamp decided_at = 1;";
        assert_eq!(field(instant), ["3: Limit.decided_at is an instant"]);
        assert_eq!(
            field("int64 grace_days = 1;"),
            ["3: Limit.grace_days counts days"]
        );
    }

    #[test]
    fn enums_stand_alone_and_say_nothing_with_zero() {
        let enums_of = |text: &str| told(enums(&protos(text)));
        assert_eq!(
            enums_of("enum State {\n STATE_UNSPECIFIED = 0;\n}"),
            [""; 0]
        );
        assert_eq!(
            enums_of("enum State {\n STATE_OPEN = 0;\n}"),
            ["2: State has a meaning for zero"]
        );
        let nested = "message M {\n enum State {\n STATE_UNSPECIFIED = 0;\n}\n}";
        assert_eq!(enums_of(nested), ["3: State stands inside a message"]);
    }

    #[test]
    fn maps_are_looked_into() {
        assert_eq!(field("map<string, string> facts = 1;"), [""; 0]);
        assert_eq!(
            field("map<string, double> rates = 1;"),
            ["3: Limit.rates is inexact"]
        );
    }

    #[test]
    fn messages_are_borrowed_from_services_that_are_called() {
        let edges = |callees: &str| {
            Edges::parse(&format!("[calls]\ncredit = [{callees}]\n[feeds]\n")).unwrap()
        };
        let text = "message M {\n recoup.sandbox.v1.GetClockRequest clock = 1;\n}";
        let borrows = protos(text);
        assert_eq!(
            told(borrowed_messages(&borrows, &edges(""))),
            ["3: M.clock is sandbox's"]
        );
        assert_eq!(
            told(borrowed_messages(&borrows, &edges("\"sandbox\""))),
            [""; 0]
        );
        let shared = protos("message M {\n recoup.common.v1.Access access = 1;\n}");
        assert_eq!(told(borrowed_messages(&shared, &edges(""))), [""; 0]);
    }
}
