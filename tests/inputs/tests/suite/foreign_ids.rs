//! P28: a tenant who names what is another's is told what they would be told of something that was
//! never there, by every method and for every identity in its request.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message as _;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MethodDescriptor, ReflectMessage as _, Value,
};
use uuid::Uuid;

use crate::contract::{self, Answer, short};
use crate::rows::{changed, held};
use crate::sample::{self, is_identity, is_input};
use crate::tenant::{Tenant, freshen};
use crate::up::Up;

/// Identities that the caller mints: something of the caller's own has them afterwards, so they are
/// tried last.
const MINTED: [&str; 11] = [
    "CreateCustomerRequest.customer_id",
    "CheckCreditRequest.reservation_id",
    "CreateInvoiceRequest.invoice_id",
    "NewInvoice.invoice_id",
    "OpenDisputeRequest.dispute_id",
    "IssueCreditNoteRequest.credit_note_id",
    "RecordReceiptRequest.receipt_id",
    "BankAccount.bank_account_id",
    "ColumnMapping.column_mapping_id",
    "CreditApplication.application_id",
    "PlaceHoldRequest.placement_id",
];

/// What stands in for an identity when two answers are compared.
const SOMETHING: &str = "<id>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p28_what_is_anothers_is_as_if_it_were_not_there() {
    let up = Up::start();
    let owner = Tenant::furnished(&up, "Alpha").await;
    let stranger = Tenant::furnished(&up, "Beta").await;
    owner.settle(&up).await;
    let tenant = owner.id.to_string();
    let before = held(&up, Some(tenant.clone())).await;
    let (mut asked, mut methods, mut faults) = (0, BTreeSet::new(), BTreeSet::new());
    for (method, place) in places() {
        let Some(theirs) = place.identity(&owner.kept) else {
            continue;
        };
        let nothing = Uuid::now_v7().to_string();
        let told_of_nothing = place.ask(&up, &stranger, &nothing).await;
        let told_of_theirs = place.ask(&up, &stranger, &theirs).await;
        asked += 1;
        methods.insert(short(&method));
        // Done all the same: nothing was looked up under it.
        let same = told_of_nothing.is_ok()
            || shape(&told_of_nothing, &nothing) == shape(&told_of_theirs, &theirs);
        let leaks = leaked(&told_of_theirs, &owner.kept, &theirs);
        if !same || leaks.is_some() {
            let (method, field) = (short(&method), place.name());
            let (theirs, nothing) = (told_of_theirs.told(), told_of_nothing.told());
            faults.insert(format!(
                "{method} {field}: of another's {theirs}; of nothing {nothing}; leaked {leaks:?}"
            ));
        }
    }
    eprintln!("{} methods, {asked} identities", methods.len());
    assert!(faults.is_empty(), "{}", Vec::from_iter(faults).join("\n"));
    assert!(asked > 150, "the matrix has holes: {asked}");
    stranger.settle(&up).await;
    let after = held(&up, Some(tenant)).await;
    assert_eq!(
        changed(&before, &after),
        [""; 0],
        "another tenant's rows changed"
    );
}

/// Where in a request an identity stands.
struct Place {
    method: MethodDescriptor,
    /// Which of the method's sound requests has it.
    variant: usize,
    path: Vec<FieldDescriptor>,
}

/// Every place of an identity in the requests of every method.
fn places() -> Vec<(MethodDescriptor, Place)> {
    let mut found = Vec::new();
    for method in contract::methods() {
        let mut seen = BTreeSet::new();
        for (variant, request) in sample::of(&method, &BTreeMap::new()).iter().enumerate() {
            let mut paths = Vec::new();
            identities(request, &mut Vec::new(), &mut paths);
            for path in paths {
                let method = method.clone();
                let place = Place {
                    method: method.clone(),
                    variant,
                    path,
                };
                if seen.insert(place.name()) {
                    found.push((method, place));
                }
            }
        }
    }
    found.sort_by_key(|(_, place)| place.is_minted());
    found
}

fn identities(
    message: &DynamicMessage,
    way: &mut Vec<FieldDescriptor>,
    found: &mut Vec<Vec<FieldDescriptor>>,
) {
    for field in message.descriptor().fields().filter(is_input) {
        if !message.has_field(&field) {
            continue;
        }
        way.push(field.clone());
        match message.get_field(&field).as_ref() {
            _ if is_identity(&field) && field.name() != "tenant_id" => found.push(way.clone()),
            Value::Message(inner) => identities(inner, way, found),
            Value::List(all) if matches!(field.kind(), Kind::Message(_)) => {
                if let Some(Value::Message(first)) = all.first() {
                    identities(first, way, found);
                }
            }
            _ => {}
        }
        way.pop();
    }
}

impl Place {
    fn name(&self) -> String {
        let names: Vec<&str> = self.path.iter().map(FieldDescriptor::name).collect();
        names.join(".")
    }

    fn is_minted(&self) -> bool {
        let field = self.path.last().unwrap();
        let name = format!("{}.{}", field.parent_message().name(), field.name());
        MINTED.contains(&&*name)
    }

    /// What of the owner's could stand here; none for what a caller names anew.
    fn identity(&self, kept: &BTreeMap<String, String>) -> Option<String> {
        let mut request = sample::of(&self.method, kept).swap_remove(self.variant);
        let value = self.at(&mut request).clone();
        let text = match &value {
            Value::List(all) => all.first().and_then(Value::as_str),
            one => one.as_str(),
        };
        text.filter(|text| kept.values().any(|one| one == text))
            .map(str::to_owned)
    }

    /// Asks with an identity put here, all else the caller's own.
    async fn ask(&self, up: &Up, caller: &Tenant, identity: &str) -> Answer {
        let mut request = sample::of(&self.method, &caller.kept).swap_remove(self.variant);
        let value = Value::String(identity.to_owned());
        let is_list = self.path.last().is_some_and(FieldDescriptor::is_list);
        *self.at(&mut request) = if is_list {
            Value::List(vec![value])
        } else {
            value
        };
        freshen(&mut request);
        caller.send(up, &self.method, vec![request]).await
    }

    fn at<'a>(&self, request: &'a mut DynamicMessage) -> &'a mut Value {
        let (last, way) = self.path.split_last().unwrap();
        let message = way.iter().fold(request, |message, field| {
            match message.get_field_mut(field) {
                Value::Message(inner) => inner,
                Value::List(all) => match &mut all[0] {
                    Value::Message(inner) => inner,
                    other => unreachable!("{other:?} has no fields"),
                },
                other => unreachable!("{other:?} has no fields"),
            }
        });
        message.get_field_mut(last)
    }
}

/// What two answers are compared by: all of a refusal but the identity, and what samples make up.
fn shape(answer: &Answer, identity: &str) -> (String, String, Vec<String>, String) {
    let message = answer.message.replace(identity, SOMETHING);
    let words = message
        .split(' ')
        .map(|word| match sample::is_made_up(word) {
            true => SOMETHING,
            false => word,
        });
    let message = words.collect::<Vec<_>>().join(" ");
    let code = format!("{:?}", answer.code);
    (code, answer.reason.clone(), answer.fields.clone(), message)
}

/// Something of the owner's in an answer, other than what was asked with.
fn leaked(answer: &Answer, kept: &BTreeMap<String, String>, asked: &str) -> Option<String> {
    let response = answer.response.as_ref().map(|one| one.encode_to_vec());
    let shown = response.unwrap_or_else(|| answer.message.clone().into_bytes());
    let is_telling = |one: &&String| one.len() == 36 && *one != asked || *one == "Alpha";
    let mut telling = kept.values().filter(is_telling);
    let has = |one: &&String| {
        shown
            .windows(one.len())
            .any(|bytes| bytes == one.as_bytes())
    };
    telling.find(has).cloned()
}
