//! A sound request with one field spoilt, in each way that the field's type allows. What each must
//! come to is said here, with the exceptions and their reasons.

use std::sync::Arc;

use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor,
    ReflectMessage as _, Value,
};

use crate::sample::{date, instant, is_identity, is_input, mask_of, money, with};

/// More entries than any list takes.
const MANY: usize = 10_001;

/// Messages that are one value, and are spoilt as a whole.
const SCALARS: [&str; 6] = [
    "google.type.Date",
    "google.protobuf.Timestamp",
    "google.protobuf.Duration",
    "google.protobuf.FieldMask",
    "recoup.common.v1.Money",
    "recoup.common.v1.Decimal",
];

/// What a spoilt field must come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// INVALID_ARGUMENT that names the field.
    Refused,
    /// Any answer that is no fault of ours: the field may be optional, or the spoiling harmless.
    Answered,
}

/// A request with one field spoilt.
#[derive(Clone)]
pub struct Spoilt {
    /// The method it is for.
    pub method: MethodDescriptor,
    /// The sound request.
    base: Arc<DynamicMessage>,
    path: Vec<FieldDescriptor>,
    change: Change,
    /// The field, for example `content.lines[0].quantity.value`.
    pub field: String,
    /// How it was spoilt.
    pub how: String,
    /// What it must come to.
    pub verdict: Verdict,
}

#[derive(Clone)]
enum Change {
    Clear,
    Set(Value),
    Repeat,
}

impl Spoilt {
    /// The names of the alternatives that the field is one of, or in.
    pub fn alternatives(&self) -> Vec<String> {
        let (mut way, mut found) = (Vec::new(), Vec::new());
        for field in &self.path {
            if let Some(oneof) = field.containing_oneof() {
                let name = [way.clone(), vec![oneof.name().to_owned()]].concat();
                found.push(name.join("."));
            }
            way.push(field.name().to_owned());
        }
        found
    }

    /// Whether the answer is a report that names what is wrong, and not a refusal.
    pub fn is_reported(&self) -> bool {
        self.method.output().get_field_by_name("report").is_some()
    }

    /// The request itself: made when it is sent, because some are large.
    pub fn request(&self) -> DynamicMessage {
        let mut request = (*self.base).clone();
        let (last, way) = self.path.split_last().unwrap();
        let message = way.iter().fold(&mut request, |message, field| {
            match message.get_field_mut(field) {
                Value::Message(inner) => inner,
                Value::List(all) => match &mut all[0] {
                    Value::Message(inner) => inner,
                    other => unreachable!("{other:?} has no fields"),
                },
                other => unreachable!("{other:?} has no fields"),
            }
        });
        match &self.change {
            Change::Clear => message.clear_field(last),
            Change::Set(value) => message.set_field(last, value.clone()),
            Change::Repeat => {
                if let Value::List(all) = message.get_field_mut(last) {
                    let first = all[0].clone();
                    all.resize(MANY, first);
                }
            }
        }
        request
    }
}

/// Every way to spoil a request of a method.
pub fn all(method: &MethodDescriptor, base: DynamicMessage) -> Vec<Spoilt> {
    let mut spoiling = Spoiling {
        method: method.clone(),
        base: Arc::new(base.clone()),
        path: Vec::new(),
        found: Vec::new(),
    };
    spoiling.message(&base);
    spoiling.found
}

struct Spoiling {
    method: MethodDescriptor,
    base: Arc<DynamicMessage>,
    path: Vec<FieldDescriptor>,
    found: Vec<Spoilt>,
}

impl Spoiling {
    fn message(&mut self, message: &DynamicMessage) {
        for field in message.descriptor().fields().filter(is_input) {
            let alternative = field
                .containing_oneof()
                .is_some_and(|one| !one.is_synthetic());
            let absent = alternative && !message.has_field(&field);
            if absent || self.is_unmasked(&field) {
                continue;
            }
            self.path.push(field.clone());
            let value = message.get_field(&field).into_owned();
            self.note("absent", "", Change::Clear);
            match (&value, field.is_list()) {
                (Value::List(all), true) => self.list(&field, all),
                _ => self.single(&field, &value),
            }
            self.path.pop();
        }
    }

    /// What an update does not name it does not read.
    fn is_unmasked(&self, field: &FieldDescriptor) -> bool {
        let in_resource = self.path.len() == 1 && mask_of(&self.method).is_some();
        in_resource && mask_of(&self.method).is_some_and(|mask| !mask.contains(&field.name()))
    }

    fn list(&mut self, field: &FieldDescriptor, all: &[Value]) {
        self.note("10001 entries", "", Change::Repeat);
        match (field.kind(), all.first()) {
            (Kind::Message(_), Some(Value::Message(inner))) => self.message(inner),
            (Kind::Message(_), _) => {}
            _ => {
                for (how, value) in scalars(field) {
                    self.note(&how, "[0]", Change::Set(Value::List(vec![value])));
                }
            }
        }
    }

    fn single(&mut self, field: &FieldDescriptor, value: &Value) {
        let Kind::Message(of) = field.kind() else {
            for (how, value) in scalars(field) {
                self.note(&how, "", Change::Set(value));
            }
            return;
        };
        for (how, part, message) in messages(&of) {
            self.note(&how, part, Change::Set(Value::Message(message)));
        }
        if !is_scalar(&of) {
            let emptied = DynamicMessage::new(of);
            self.note("emptied", "", Change::Set(Value::Message(emptied)));
            if let Value::Message(inner) = value {
                self.message(inner);
            }
        }
    }

    fn note(&mut self, how: &str, part: &str, change: Change) {
        let last = self.path.last().unwrap();
        let name = |field: &FieldDescriptor| {
            let entry = field.is_list() && matches!(field.kind(), Kind::Message(_));
            format!("{}{}", field.name(), if entry { "[0]" } else { "" })
        };
        let way = self.path.iter().take(self.path.len() - 1).map(name);
        let field: Vec<String> = way.chain([format!("{}{part}", last.name())]).collect();
        self.found.push(Spoilt {
            method: self.method.clone(),
            base: Arc::clone(&self.base),
            path: self.path.clone(),
            change,
            field: field.join("."),
            how: how.to_owned(),
            verdict: verdict(last, how),
        });
    }
}

const AMOUNTS: [&str; 11] = [
    "1e5",
    "1_000.50",
    "1.005",
    "",
    "-1.00",
    "1234567890123456.00",
    "NaN",
    " 1.00",
    "+1.00",
    "1.",
    "1\0",
];

const CURRENCIES: [&str; 4] = ["EURO", "eur", "XXQ", "E\0R"];

const NUMBERS: [&str; 7] = [
    "1e5",
    "abc",
    "1_0",
    "",
    "-1",
    "999999999999999999999999999999999999999999999999",
    "1\0",
];

/// Wrong values of a field that is no message.
fn scalars(field: &FieldDescriptor) -> Vec<(String, Value)> {
    let text = |how: &str, text: &str| (how.to_owned(), Value::String(text.to_owned()));
    let name = field.name();
    match field.kind() {
        Kind::String => {
            let mut found = vec![
                text("overlong", &"x".repeat(10_000)),
                text("with control characters", "a\u{7}\0b"),
                text("empty", ""),
            ];
            match name {
                _ if is_identity(field) => found.push(text("no UUID", "not-a-uuid")),
                "page_token" => found.push(text("garbled", "garbled")),
                "country_code" | "country_codes" => found.push(text("no country", "Germany")),
                "time_zone" => found.push(text("no zone", "Mars/Base")),
                _ if name.ends_with("currency_code") => {
                    let wrong = |code: &&str| text(&format!("currency {code:?}"), code);
                    found.extend(CURRENCIES.iter().map(wrong));
                }
                _ => {}
            }
            found
        }
        Kind::Enum(_) => {
            let number = |number: i32| (format!("number {number}"), Value::EnumNumber(number));
            vec![number(9999), number(-1), number(0)]
        }
        Kind::Int32 => {
            let number = |number: i32| (format!("number {number}"), Value::I32(number));
            let most = if name == "page_size" {
                100_000
            } else {
                i32::MAX
            };
            vec![number(-1), number(i32::MIN), number(most)]
        }
        Kind::Int64 => {
            let number = |number: i64| (format!("number {number}"), Value::I64(number));
            vec![number(-1), number(i64::MIN), number(i64::MAX)]
        }
        _ => Vec::new(),
    }
}

/// What a spoilt field must come to.
fn verdict(field: &FieldDescriptor, how: &str) -> Verdict {
    let name = field.name();
    let fine = match how {
        // Whether a field is required is not the descriptor's to say; a request id always is.
        "absent" | "emptied" => name != "request_id",
        "empty" => name != "request_id",
        // An enum's zero is absent, unless presence or a list says that it was meant.
        "number 0" => !field.is_list() && !field.supports_presence(),
        // A page is at most 500 long; how far another number goes is its own affair.
        _ if how.starts_with("number ") && name != "page_size" && is_large(how) => true,
        // Each alternative counts once, however often it is named.
        "10001 entries" => matches!(field.kind(), Kind::Enum(_)),
        _ => false,
    };
    match fine || is_harmless(field, how) {
        true => Verdict::Answered,
        false => Verdict::Refused,
    }
}

fn is_large(how: &str) -> bool {
    how.ends_with("2147483647") || how.ends_with("9223372036854775807")
}

/// Exceptions, each with its reason.
fn is_harmless(field: &FieldDescriptor, how: &str) -> bool {
    match (field.name(), how) {
        // Whatever it says, it is not the current one: STALE_ETAG.
        ("etag", _) => true,
        // There is no such version: NOT_FOUND.
        ("version", _) if how.starts_with("number") => true,
        // Taken off: a line may be negative.
        ("quantity" | "unit_price", "value \"-1\"") => true,
        // Before the due date.
        ("offset_days", _) => how.starts_with("number"),
        // The words of a letter are long, and of several lines.
        ("text_body" | "html_body", "overlong") => true,
        // A sum that is stated is compared, whatever it is.
        ("stated_gross_amount" | "stated_net_amount", "amount -1.00") => true,
        // The sums of the rows are compared before any row is judged.
        ("commission_amount", "amount -1.00") => true,
        _ => false,
    }
}

fn is_scalar(of: &MessageDescriptor) -> bool {
    SCALARS.contains(&of.full_name())
}

/// The wrong values of a message that is one value: how each is wrong, and in which part.
fn messages(of: &MessageDescriptor) -> Vec<(String, &'static str, DynamicMessage)> {
    match of.full_name() {
        "google.type.Date" => dates(of),
        "google.protobuf.Timestamp" => vec![
            ("nanos below 0".to_owned(), "", instant(of, 0, -1)),
            ("far away".to_owned(), "", instant(of, i64::MAX, 0)),
        ],
        "google.protobuf.Duration" => vec![
            ("negative".to_owned(), "", instant(of, -1, 0)),
            ("endless".to_owned(), "", instant(of, i64::MAX, 0)),
        ],
        "google.protobuf.FieldMask" => {
            let path = |path: &str| {
                let paths = Value::List(vec![Value::String(path.to_owned())]);
                with(of, "paths", paths)
            };
            vec![
                ("an unknown path".to_owned(), "", path("no.such.path")),
                ("a path with NUL".to_owned(), "", path("display_name\0")),
            ]
        }
        "recoup.common.v1.Money" => {
            let amounts = AMOUNTS.into_iter().map(|amount| {
                let how = format!("amount {amount:.20}");
                (how, ".amount", money(of, "EUR", amount))
            });
            let currencies = CURRENCIES.into_iter().chain([""]).map(|currency| {
                let how = format!("currency {currency:?}");
                (how, ".currency_code", money(of, currency, "1.00"))
            });
            amounts.chain(currencies).collect()
        }
        "recoup.common.v1.Decimal" => NUMBERS
            .into_iter()
            .map(|number| {
                let value = Value::String(number.to_owned());
                (
                    format!("value {number:?}"),
                    ".value",
                    with(of, "value", value),
                )
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn dates(of: &MessageDescriptor) -> Vec<(String, &'static str, DynamicMessage)> {
    [
        [2026, 2, 30],
        [2026, 13, 1],
        [0, 0, 0],
        [0, 1, 1],
        [99_999, 1, 1],
        [-1, 1, 1],
    ]
    .into_iter()
    .map(|day| (format!("{day:?}"), "", date(of, day)))
    .collect()
}
