//! What a method may answer to a spoilt request. The reasons that there are come from the table in
//! `proto/README.md`, so that it is held to what is answered.

use std::collections::BTreeMap;

use prost_reflect::{DynamicMessage, MethodDescriptor, Value};
use tonic::Code;

use crate::contract::Answer;
use crate::spoil::{Spoilt, Verdict};

/// Reasons and their codes, by the service that has them; `any method` for those of all.
pub struct Reasons(BTreeMap<(String, String), String>);

impl Reasons {
    /// As documented.
    pub fn documented() -> Self {
        let text = architecture::tree::read("proto/README.md").unwrap();
        let (mut found, mut service) = (BTreeMap::new(), String::new());
        for line in text.lines() {
            if let Some(heading) = line.strip_prefix("### ") {
                service = heading.to_lowercase();
            }
            let mut cells = line.trim_start_matches('|').split('|').map(str::trim);
            if let (Some(reason), Some(code)) = (cells.next(), cells.next())
                && let Some(reason) = reason
                    .strip_prefix('`')
                    .and_then(|one| one.strip_suffix('`'))
            {
                found.insert((service.clone(), reason.to_owned()), code.to_owned());
            }
        }
        assert!(found.len() > 200, "proto/README.md has no table of reasons");
        Self(found)
    }

    /// Whether a refusal is one of a service's, under the code that goes with it.
    fn know(&self, service: &str, answer: &Answer) -> bool {
        let code = format!("{:?}", answer.code.unwrap_or(Code::Unknown));
        let code = code.to_uppercase();
        // The sandbox's own stand in the comments of its methods.
        service == "sandbox"
            || [service, "any method"].iter().any(|owner| {
                let key = ((*owner).to_owned(), answer.reason.clone());
                let known = self.0.get(&key);
                known.is_some_and(|known| known.replace('_', "") == code)
            })
    }
}

/// What is wrong with an answer, whatever was asked.
pub fn fault(reasons: &Reasons, method: &MethodDescriptor, answer: &Answer) -> Option<String> {
    let service = method.parent_service().package_name().to_owned();
    let service = service.split('.').nth(1).unwrap().to_owned();
    match answer.code {
        Some(Code::Ok) => None,
        // Nothing is broken here: nobody was cut off, nothing is late.
        None
        | Some(
            Code::Internal
            | Code::Unknown
            | Code::DataLoss
            | Code::Cancelled
            | Code::Unimplemented
            | Code::DeadlineExceeded,
        ) => Some("a fault of ours".to_owned()),
        Some(_) if !answer.domain.ends_with(".recoup") => Some("no domain of ours".to_owned()),
        Some(_) if !reasons.know(&service, answer) => Some("no documented reason".to_owned()),
        Some(_) => None,
    }
}

/// What is wrong with the answer to a spoilt request.
pub fn judged(reasons: &Reasons, spoilt: &Spoilt, answer: &Answer) -> Option<String> {
    if let Some(fault) = fault(reasons, &spoilt.method, answer) {
        return Some(fault);
    }
    // A list of ten thousand may be more than a message carries.
    let too_large = answer.reason == "REQUEST_TOO_LARGE" && spoilt.how.starts_with("10001");
    if spoilt.verdict == Verdict::Answered || too_large {
        return None;
    }
    let named = match (answer.code, &answer.response) {
        (Some(Code::InvalidArgument), _) => answer.fields.clone(),
        (Some(Code::Ok), Some(response)) => rejected(response),
        _ => return Some("not INVALID_ARGUMENT".to_owned()),
    };
    let names = |field: &String| is_about(spoilt, field);
    (!named.iter().any(names)).then(|| format!("the field is not named, but {named:?}"))
}

/// The fields that the report of an import names; a report is OK and says that nothing was imported.
fn rejected(response: &DynamicMessage) -> Vec<String> {
    let report = response.get_field_by_name("report");
    let report = report.as_ref().and_then(|one| one.as_message());
    let rows = report.and_then(|report| report.get_field_by_name("rejected_rows"));
    let rows = rows
        .as_ref()
        .and_then(|rows| rows.as_list())
        .unwrap_or_default();
    let field = |row: &Value| {
        let field = row.as_message()?.get_field_by_name("field")?;
        Some(format!("rows[0].{}", field.as_str()?))
    };
    rows.iter().filter_map(field).collect()
}

/// Whether a violation is about the spoilt field: it names that, something in it, what it is in, or
/// the alternatives that it is one of.
fn is_about(spoilt: &Spoilt, named: &str) -> bool {
    let (field, named) = (plain(&spoilt.field), plain(named));
    let within = |inner: &str, outer: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let alternatives = spoilt.alternatives();
    !named.is_empty()
        && (within(&field, &named) || within(&named, &field) || alternatives.contains(&named))
}

/// A path without the places in lists.
fn plain(path: &str) -> String {
    let mut plain = String::new();
    let mut inside = false;
    for letter in path.chars() {
        match letter {
            '[' => inside = true,
            ']' => inside = false,
            letter if !inside => plain.push(letter),
            _ => {}
        }
    }
    plain
}
