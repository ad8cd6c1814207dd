//! A request that is sound: every field is there and says what its name and type ask for. Where
//! something stands in the tenant, its identity is that; so what keeps a sample from being done is at
//! most the state of what it names.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, OneofDescriptor,
    ReflectMessage as _, Value,
};
use uuid::Uuid;

/// What a service sets and a caller leaves out.
const OUTPUT_ONLY: [&str; 11] = [
    "recoup.credit.v1.ExchangeRate.created_time",
    "recoup.credit.v1.TenantProfile.created_time",
    "recoup.credit.v1.TenantProfile.etag",
    "recoup.invoicing.v1.InvoiceLine.line_number",
    "recoup.invoicing.v1.InvoiceLine.net_amount",
    "recoup.invoicing.v1.NumberSeries.created_time",
    "recoup.invoicing.v1.NumberSeries.next_number",
    "recoup.payments.v1.BankAccount.created_time",
    "recoup.payments.v1.BankAccount.etag",
    "recoup.payments.v1.ColumnMapping.created_time",
    "recoup.payments.v1.ColumnMapping.etag",
];

/// Of the agency service's own receipts alone.
const NOT_OURS: [&str; 2] = [
    "recoup.payments.v1.RecordReceiptRequest.agency_line",
    "recoup.payments.v1.BankAccount.statements_until_date",
];

/// Identities that a request calls otherwise than the tenant's.
const ALIASES: [(&str, &str); 3] = [
    ("parent_customer_id", "customer_id"),
    ("superseded_promise_id", "promise_id"),
    ("accepted_suggestion_id", "suggestion_id"),
];

/// Which fields an update sets, by the resource.
const MASKS: [(&str, &str); 6] = [
    (
        "TenantProfile",
        "legal_name address registration_number tax_number calendar_code language sender \
         payee_accounts exchange_rate_max_age_days",
    ),
    (
        "Customer",
        "display_name kind segment country_code language time_zone address tax_number \
         parent_customer_id contacts credit_policy_code customer_since_date",
    ),
    (
        "Invoice",
        "invoice_date terms early_payment_offer lines series_code payment_reference \
         order_reference reservation_id note",
    ),
    ("BankAccount", "display_name bank_code"),
    (
        "ColumnMapping",
        "display_name format booking_date value_date signed_amount currency_code \
         payment_reference remittance_text payer_name payer_account bank_reference",
    ),
    (
        "Agency",
        "display_name legal_name contact_email contact_phone",
    ),
];

/// 2026-02-13T11:00:00Z, an hour before the clock of a furnished tenant.
const NOW_S: i64 = 1_770_980_400;

/// Whether a caller may set the field.
pub fn is_input(field: &FieldDescriptor) -> bool {
    let name = field.full_name();
    !OUTPUT_ONLY.contains(&name) && !NOT_OURS.contains(&name)
}

/// The fields that a sound update names; of another request none.
pub fn mask_of(method: &MethodDescriptor) -> Option<Vec<&'static str>> {
    let resource = method.name().strip_prefix("Update")?;
    let found = MASKS.iter().find(|(name, _)| *name == resource);
    found.map(|(_, fields)| fields.split_whitespace().collect())
}

/// Whether the field carries an identity that a service minted.
pub fn is_identity(field: &FieldDescriptor) -> bool {
    let name = field.name();
    let is_id = name.ends_with("_id") || name.ends_with("_ids");
    field.kind() == Kind::String && is_id && name != "request_id" && !name.ends_with("external_id")
}

/// The sound requests of a method: one, and one more for each further alternative in it.
pub fn of(method: &MethodDescriptor, kept: &BTreeMap<String, String>) -> Vec<DynamicMessage> {
    let sample = |choice| {
        let mask = mask_of(method);
        Sample { kept, choice, mask }.message(&method.input())
    };
    let mut alternatives = vec![None];
    for oneof in oneofs(&method.input(), &mut BTreeSet::new()) {
        let further = 1..oneof.fields().len();
        alternatives.extend(further.map(|at| Some((oneof.full_name().to_owned(), at))));
    }
    alternatives.into_iter().map(sample).collect()
}

/// The alternatives anywhere in a message.
fn oneofs(message: &MessageDescriptor, seen: &mut BTreeSet<String>) -> Vec<OneofDescriptor> {
    let google = message.full_name().starts_with("google.");
    if google || !seen.insert(message.full_name().to_owned()) {
        return Vec::new();
    }
    let mut found: Vec<_> = message.oneofs().filter(|one| !one.is_synthetic()).collect();
    for field in message.fields().filter(is_input) {
        if let Kind::Message(inner) = field.kind() {
            found.extend(oneofs(&inner, seen));
        }
    }
    found
}

struct Sample<'a> {
    kept: &'a BTreeMap<String, String>,
    /// The alternative that is not the first of its kind.
    choice: Option<(String, usize)>,
    mask: Option<Vec<&'static str>>,
}

impl Sample<'_> {
    fn message(&self, of: &MessageDescriptor) -> DynamicMessage {
        let mut message = DynamicMessage::new(of.clone());
        for field in of
            .fields()
            .filter(is_input)
            .filter(|one| self.is_chosen(one))
        {
            let value = self
                .special(&field)
                .unwrap_or_else(|| match field.is_list() {
                    true => self.list(&field),
                    false => self.value(&field),
                });
            message.set_field(&field, value);
        }
        message
    }

    /// Whether a field is the chosen one of its alternatives.
    fn is_chosen(&self, field: &FieldDescriptor) -> bool {
        let Some(oneof) = field.containing_oneof().filter(|one| !one.is_synthetic()) else {
            return true;
        };
        let at = match &self.choice {
            Some((name, at)) if name == oneof.full_name() => *at,
            _ => 0,
        };
        oneof
            .fields()
            .nth(at)
            .is_some_and(|chosen| chosen == *field)
    }

    /// One entry; of parts that must come to a whole a last one takes the rest.
    fn list(&self, field: &FieldDescriptor) -> Value {
        let mut all = vec![self.value(field)];
        let rest = match field.full_name() {
            "recoup.common.v1.PaymentTerms.instalments" => "date_steps",
            "recoup.agency.v1.CommissionSchedule.tiers" => "rate",
            _ => return Value::List(all),
        };
        if let Value::Message(first) = &all[0] {
            let mut last = DynamicMessage::new(first.descriptor());
            let same = first.get_field_by_name(rest).unwrap().into_owned();
            last.set_field_by_name(rest, same);
            all.push(Value::Message(last));
        }
        Value::List(all)
    }

    fn value(&self, field: &FieldDescriptor) -> Value {
        match field.kind() {
            Kind::String => Value::String(self.text(field)),
            Kind::Bool => {
                let yes = [
                    "whole_invoice",
                    "no_limit",
                    "end_of_month",
                    "validate_only",
                    "has_header",
                ];
                Value::Bool(yes.contains(&field.name()))
            }
            Kind::Bytes => {
                let file = "Tag;Betrag;Zweck;Zahler\n02.01.2026;500,00;some;Kunde\n";
                Value::Bytes(file.as_bytes().into())
            }
            Kind::Enum(of) => {
                let stated = of.values().find(|value| value.number() != 0);
                Value::EnumNumber(stated.unwrap().number())
            }
            Kind::Int64 => Value::I64(1),
            Kind::Message(of) => Value::Message(self.nested(field, &of)),
            _ => Value::I32(if field.name() == "page_size" { 10 } else { 1 }),
        }
    }

    fn nested(&self, field: &FieldDescriptor, of: &MessageDescriptor) -> DynamicMessage {
        let seconds = match field.name() {
            // A contact that is asked about lies ahead.
            "contact_time" => NOW_S + 30 * 86_400,
            _ => NOW_S,
        };
        match of.full_name() {
            "google.type.Date" => date(of, [2026, 2, 13]),
            "google.protobuf.Timestamp" => instant(of, seconds, 0),
            "google.protobuf.Duration" => instant(of, 3600, 0),
            "google.protobuf.FieldMask" => {
                let paths = self.mask.iter().flatten();
                let paths = paths.map(|path| Value::String((*path).to_owned()));
                with(of, "paths", Value::List(paths.collect()))
            }
            "recoup.common.v1.Money" => money(of, "EUR", "1.00"),
            "recoup.common.v1.Decimal" => with(of, "value", Value::String("0.1".to_owned())),
            _ => self.message(of),
        }
    }

    fn text(&self, field: &FieldDescriptor) -> String {
        let name = field.name();
        let own = format!("{}.{name}", field.parent_message().name());
        let singular = name.strip_suffix('s').filter(|_| name.ends_with("_ids"));
        let alias = ALIASES.iter().find(|(other, _)| *other == name);
        let known = alias.map_or(singular.unwrap_or(name), |(_, known)| known);
        let kept = self.kept.get(&own).or_else(|| self.kept.get(known));
        if let (true, Some(kept)) = (is_identity(field) || name == "etag", kept) {
            return kept.clone();
        }
        match known_text(name) {
            Some(text) => text.to_owned(),
            None if is_identity(field) || name == "request_id" => Uuid::now_v7().to_string(),
            None => made_up(),
        }
    }

    /// What neither name nor type tells.
    fn special(&self, field: &FieldDescriptor) -> Option<Value> {
        let of = match field.kind() {
            Kind::Message(of) => Some(of),
            _ => None,
        };
        Some(match (field.full_name(), of) {
            // The home currency has no rate.
            ("recoup.credit.v1.ExchangeRate.currency_code", _) => Value::String("USD".to_owned()),
            // A year and a half of sums that agree: 1.00 less 0.10 is 0.90, kept back as agreed.
            ("recoup.agency.v1.RemittanceHeader.mode", _) => Value::EnumNumber(2),
            ("recoup.agency.v1.RemittanceRow.commission_amount", Some(of)) => {
                Value::Message(money(&of, "EUR", "0.10"))
            }
            ("recoup.agency.v1.RemittanceHeader.stated_net_amount", Some(of)) => {
                Value::Message(money(&of, "EUR", "0.90"))
            }
            // Above its lower bound.
            ("recoup.agency.v1.CommissionTier.below_amount", Some(of)) => {
                Value::Message(money(&of, "EUR", "2.00"))
            }
            ("recoup.events.v1.ReadEventsRequest.wait", Some(of)) => {
                Value::Message(DynamicMessage::new(of))
            }
            _ => return None,
        })
    }
}

fn known_text(name: &str) -> Option<&'static str> {
    Some(match name {
        "currency_code" | "home_currency_code" => "EUR",
        "country_code" | "country_codes" | "calendar_code" => "DE",
        "language" | "fallback_language" => "de",
        "time_zone" => "Europe/Berlin",
        "start_local_time" => "08:00",
        "end_local_time" => "18:00",
        "account_number" => "DE89370400440532013000",
        "bank_code" => "COBADEFFXXX",
        "source" => "credit",
        "service" => "invoicing",
        "email" | "reply_to_email" | "contact_email" => "ada@example.com",
        "phone" | "contact_phone" => "+4940123456",
        "policy_code" | "credit_policy_code" => "standard",
        "template_code" | "step_code" => "reminder",
        "delimiter" => ";",
        "quote" => "\"",
        "decimal_mark" => ",",
        "group_mark" => ".",
        "date_format" => "%d.%m.%Y",
        "tax_category" => "S",
        "unit" => "C62",
        "series_code" => "S1",
        "etag" | "page_token" | "segment" => "",
        _ => return None,
    })
}

/// A message with one field set.
pub fn with(of: &MessageDescriptor, field: &str, value: Value) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    message.set_field_by_name(field, value);
    message
}

/// A day: year, month, day.
pub fn date(of: &MessageDescriptor, [year, month, day]: [i32; 3]) -> DynamicMessage {
    let mut date = with(of, "year", Value::I32(year));
    date.set_field_by_name("month", Value::I32(month));
    date.set_field_by_name("day", Value::I32(day));
    date
}

/// An instant, or a length of time.
pub fn instant(of: &MessageDescriptor, seconds: i64, nanos: i32) -> DynamicMessage {
    let mut instant = with(of, "seconds", Value::I64(seconds));
    instant.set_field_by_name("nanos", Value::I32(nanos));
    instant
}

/// An amount.
pub fn money(of: &MessageDescriptor, currency: &str, amount: &str) -> DynamicMessage {
    let mut money = with(of, "currency_code", Value::String(currency.to_owned()));
    money.set_field_by_name("amount", Value::String(amount.to_owned()));
    money
}

/// A name that nothing has, and that no rule minds.
fn made_up() -> String {
    format!("x{}x", &Uuid::now_v7().simple().to_string()[25..])
}

/// Whether a word is such a name.
pub fn is_made_up(word: &str) -> bool {
    let inner = word
        .strip_prefix('x')
        .and_then(|rest| rest.strip_suffix('x'));
    inner.is_some_and(|inner| {
        inner.len() == 7 && inner.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}
