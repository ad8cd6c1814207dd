//! How lists are read: in pages by an opaque token, without a total, which would cost a scan.

use architecture::Finding;
use prost_reflect::{Kind, MessageDescriptor, MethodDescriptor};

use crate::protos::{Placed, Protos};

/// Lists without pages, and pages without a list.
#[must_use]
pub fn breaches(protos: &Protos) -> Vec<Finding> {
    protos.methods().iter().flat_map(breaches_of).collect()
}

fn breaches_of(method: &MethodDescriptor) -> Vec<Finding> {
    let (request, response) = (method.input(), method.output());
    let mut found = Vec::new();
    let mut want = |message: &MessageDescriptor, name: &str, kind: Kind, type_name: &str| {
        if !message
            .get_field_by_name(name)
            .is_some_and(|field| field.kind() == kind)
        {
            let remedy =
                "page_size, page_token and next_page_token, also where lists are short today";
            let what = format!("{} has no `{type_name} {name}`", message.name());
            found.push(message.finding(what, remedy));
        }
    };
    if is_list(method) {
        want(&request, "page_size", Kind::Int32, "int32");
        want(&request, "page_token", Kind::String, "string");
        want(&response, "next_page_token", Kind::String, "string");
    }
    for field in response
        .fields()
        .filter(|field| is_list(method) && is_total(field.name()))
    {
        let what = format!("{} counts all", response.name());
        found.push(field.finding(
            what,
            "no totals on lists: figures have methods of their own",
        ));
    }
    found
}

fn is_list(method: &MethodDescriptor) -> bool {
    let pages = method.input().get_field_by_name("page_token").is_some();
    method.name().starts_with("List") || pages
}

fn is_total(name: &str) -> bool {
    name.starts_with("total") || name == "count"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{method, told};

    const PAGED: &str = "int32 page_size = 1; string page_token = 2;";
    const ANSWER: &str = "repeated Limit limits = 1; string next_page_token = 2;";

    fn list(name: &str, request: &str, response: &str) -> Vec<String> {
        told(breaches(&method(
            name,
            "scope: \"credit.limits:read\"",
            request,
            response,
        )))
    }

    #[test]
    fn lists_have_pages() {
        assert_eq!(list("ListLimits", PAGED, ANSWER), [""; 0]);
        assert_eq!(
            list("ListLimits", "", ""),
            [
                "7: ListLimitsRequest has no `int32 page_size`",
                "7: ListLimitsRequest has no `string page_token`",
                "8: ListLimitsResponse has no `string next_page_token`",
            ]
        );
        let searched = list("SearchLimits", PAGED, "");
        assert_eq!(
            searched,
            ["8: SearchLimitsResponse has no `string next_page_token`"]
        );
        assert_eq!(list("GetLimit", "", ""), [""; 0]);
    }

    #[test]
    fn lists_have_no_total() {
        let counted = format!("{ANSWER} int32 total_size = 3;");
        assert_eq!(
            list("ListLimits", PAGED, &counted),
            ["8: ListLimitsResponse counts all"]
        );
    }
}
