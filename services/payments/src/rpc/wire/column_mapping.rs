//! Column mappings: how the statements of a bank are read.

use contracts::convert::instant_to_wire;
use contracts::payments as wire;
use contracts::payments::column_mapping::Amount;
use contracts::payments::column_reference::Column as WireColumn;
use jiff::Timestamp;
use runtime::{Refusal, Violations};
use uuid::Uuid;

use super::csv_format::{format_from_wire, format_to_wire};
use super::field;
use crate::domain::column_mapping::MOST_TEXT_COLUMNS;
use crate::domain::{AmountColumns, Column, ColumnMapping, ColumnMappingId, StatementLayout};

/// The fields of a mapping that an update may set.
pub const CHANGEABLE: &[&str] = &[
    "display_name",
    "format",
    "booking_date",
    "value_date",
    "signed_amount",
    "credit_debit",
    "amount_direction",
    "currency_code",
    "payment_reference",
    "remittance_text",
    "payer_name",
    "payer_account",
    "bank_reference",
];

/// What a caller brings of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroughtMapping {
    /// Its identity, where the caller chose one.
    pub column_mapping_id: Option<ColumnMappingId>,
    /// Name for people.
    pub display_name: String,
    /// The layout, without faults.
    pub layout: StatementLayout,
}

impl BroughtMapping {
    /// The mapping, added at `now`; `fresh` is its identity unless the caller chose one.
    #[must_use]
    pub fn into_mapping(self, fresh: Uuid, now: Timestamp) -> ColumnMapping {
        ColumnMapping {
            column_mapping_id: self.column_mapping_id.unwrap_or(ColumnMappingId(fresh)),
            display_name: self.display_name,
            layout: self.layout,
            created_time: now,
            version: 1,
        }
    }
}

/// The new mapping of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn brought_mapping(
    request: &wire::CreateColumnMappingRequest,
) -> Result<BroughtMapping, Refusal> {
    let mut violations = Violations::new();
    let mapping = violations.required("column_mapping", request.column_mapping.as_ref());
    let brought = mapping.and_then(|mapping| {
        violations.within("column_mapping", |inner| mapping_from_wire(inner, mapping))
    });
    violations.complete((brought,)).map(|(brought,)| brought)
}

/// Sets the masked fields. Whether anything changed.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn change_mapping(
    stored: &mut ColumnMapping,
    update: Option<&wire::ColumnMapping>,
    paths: &[&'static str],
) -> Result<bool, Refusal> {
    let update = update.cloned().unwrap_or_default();
    let mut merged = mapping_to_wire(stored);
    for path in paths {
        merge(&mut merged, &update, path);
    }
    let mut violations = Violations::new();
    let brought = violations.within("column_mapping", |inner| mapping_from_wire(inner, &merged));
    let (brought,) = violations.complete((brought,))?;
    if brought.display_name == stored.display_name && brought.layout == stored.layout {
        return Ok(false);
    }
    stored.display_name = brought.display_name;
    stored.layout = brought.layout;
    stored.version += 1;
    Ok(true)
}

/// A path that the update leaves empty empties the field; whether that is allowed shows when the
/// whole is read.
fn merge(merged: &mut wire::ColumnMapping, update: &wire::ColumnMapping, path: &str) {
    let amount = |is_it: fn(&Amount) -> bool| update.amount.clone().filter(is_it);
    match path {
        "display_name" => merged.display_name.clone_from(&update.display_name),
        "format" => merged.format.clone_from(&update.format),
        "booking_date" => merged.booking_date.clone_from(&update.booking_date),
        "value_date" => merged.value_date.clone_from(&update.value_date),
        "signed_amount" => merged.amount = amount(|one| matches!(one, Amount::SignedAmount(_))),
        "credit_debit" => merged.amount = amount(|one| matches!(one, Amount::CreditDebit(_))),
        "amount_direction" => {
            merged.amount = amount(|one| matches!(one, Amount::AmountDirection(_)));
        }
        "currency_code" => merged.currency_code.clone_from(&update.currency_code),
        "payment_reference" => merged
            .payment_reference
            .clone_from(&update.payment_reference),
        "remittance_text" => merged.remittance_text.clone_from(&update.remittance_text),
        "payer_name" => merged.payer_name.clone_from(&update.payer_name),
        "payer_account" => merged.payer_account.clone_from(&update.payer_account),
        "bank_reference" => merged.bank_reference.clone_from(&update.bank_reference),
        _ => {}
    }
}

fn mapping_from_wire(
    violations: &mut Violations,
    mapping: &wire::ColumnMapping,
) -> Option<BroughtMapping> {
    let id = field::new_id(violations, "column_mapping_id", &mapping.column_mapping_id);
    let display_name = field::text(violations, "display_name", &mapping.display_name, 100);
    let format = violations.required("format", mapping.format.as_ref());
    let format = format
        .and_then(|format| violations.within("format", |inner| format_from_wire(inner, format)));
    let booking_date = required(violations, "booking_date", mapping.booking_date.as_ref());
    let amount = violations.required("signed_amount", mapping.amount.as_ref());
    let amount = amount.and_then(|amount| amount_from_wire(violations, amount));
    let value_date = optional(violations, "value_date", mapping.value_date.as_ref());
    let currency = optional(violations, "currency_code", mapping.currency_code.as_ref());
    let reference = mapping.payment_reference.as_ref();
    let reference = optional(violations, "payment_reference", reference);
    let texts = texts_from_wire(violations, &mapping.remittance_text);
    let payer_name = optional(violations, "payer_name", mapping.payer_name.as_ref());
    let account = optional(violations, "payer_account", mapping.payer_account.as_ref());
    let bank = optional(
        violations,
        "bank_reference",
        mapping.bank_reference.as_ref(),
    );
    let layout = StatementLayout {
        format: format?,
        booking_date: booking_date?,
        value_date: value_date?,
        amount: amount?,
        currency_code: currency?,
        payment_reference: reference?,
        remittance_text: texts?,
        payer_name: payer_name?,
        payer_account: account?,
        bank_reference: bank?,
    };
    for fault in layout.faults() {
        violations.add(fault.field, format_args!("is wrong: {}", fault.what));
    }
    Some(BroughtMapping {
        column_mapping_id: id?.map(ColumnMappingId),
        display_name: display_name?,
        layout,
    })
}

fn required(
    violations: &mut Violations,
    field: &str,
    column: Option<&wire::ColumnReference>,
) -> Option<Column> {
    let column = violations.required(field, column)?;
    column_from_wire(violations, field, column)
}

fn optional(
    violations: &mut Violations,
    field: &str,
    column: Option<&wire::ColumnReference>,
) -> Option<Option<Column>> {
    match column {
        None => Some(None),
        Some(column) => column_from_wire(violations, field, column).map(Some),
    }
}

fn column_from_wire(
    violations: &mut Violations,
    field: &str,
    column: &wire::ColumnReference,
) -> Option<Column> {
    match violations.required(field, column.column.as_ref())? {
        WireColumn::Header(name) => {
            let path = format!("{field}.header");
            field::text(violations, &path, name, 200).map(Column::Header)
        }
        WireColumn::Position(position) => {
            let counted = u32::try_from(*position).map_err(|_| "counts from 1");
            let path = format!("{field}.position");
            violations.parsed(path, counted).map(Column::Position)
        }
    }
}

fn texts_from_wire(
    violations: &mut Violations,
    texts: &[wire::ColumnReference],
) -> Option<Vec<Column>> {
    let few = texts.len() <= MOST_TEXT_COLUMNS;
    violations.check(few, "remittance_text", "has more than 8 columns");
    let column = |(index, column)| {
        let path = format!("remittance_text[{index}]");
        column_from_wire(violations, &path, column)
    };
    let texts = texts.iter().take(MOST_TEXT_COLUMNS).enumerate();
    texts.map(column).collect()
}

fn amount_from_wire(violations: &mut Violations, amount: &Amount) -> Option<AmountColumns> {
    match amount {
        Amount::SignedAmount(column) => {
            column_from_wire(violations, "signed_amount", column).map(AmountColumns::Signed)
        }
        Amount::CreditDebit(columns) => violations.within("credit_debit", |violations| {
            let credit = required(violations, "credit", columns.credit.as_ref());
            let debit = required(violations, "debit", columns.debit.as_ref());
            Some(AmountColumns::CreditDebit {
                credit: credit?,
                debit: debit?,
            })
        }),
        Amount::AmountDirection(columns) => violations.within("amount_direction", |violations| {
            let amount = required(violations, "amount", columns.amount.as_ref());
            let direction = required(violations, "direction", columns.direction.as_ref());
            let credit_marks = marks(violations, "credit_marks", &columns.credit_marks);
            let debit_marks = marks(violations, "debit_marks", &columns.debit_marks);
            Some(AmountColumns::Direction {
                amount: amount?,
                direction: direction?,
                credit_marks: credit_marks?,
                debit_marks: debit_marks?,
            })
        }),
    }
}

fn marks(violations: &mut Violations, field: &str, marks: &[String]) -> Option<Vec<String>> {
    violations.check(marks.len() <= 50, field, "has more than 50 entries");
    let mark = |(index, mark): (usize, &String)| {
        field::optional_text(violations, &format!("{field}[{index}]"), mark, 50)
    };
    marks.iter().take(50).enumerate().map(mark).collect()
}

/// A mapping as it is now.
#[must_use]
pub fn mapping_to_wire(mapping: &ColumnMapping) -> wire::ColumnMapping {
    let layout = &mapping.layout;
    let some = |column: &Option<Column>| column.as_ref().map(column_to_wire);
    wire::ColumnMapping {
        column_mapping_id: mapping.column_mapping_id.0.to_string(),
        display_name: mapping.display_name.clone(),
        format: Some(format_to_wire(&layout.format)),
        booking_date: Some(column_to_wire(&layout.booking_date)),
        value_date: some(&layout.value_date),
        currency_code: some(&layout.currency_code),
        payment_reference: some(&layout.payment_reference),
        remittance_text: layout.remittance_text.iter().map(column_to_wire).collect(),
        payer_name: some(&layout.payer_name),
        payer_account: some(&layout.payer_account),
        bank_reference: some(&layout.bank_reference),
        created_time: Some(instant_to_wire(mapping.created_time)),
        etag: field::etag(mapping.version),
        amount: Some(amount_to_wire(&layout.amount)),
    }
}

fn amount_to_wire(amount: &AmountColumns) -> Amount {
    match amount {
        AmountColumns::Signed(column) => Amount::SignedAmount(column_to_wire(column)),
        AmountColumns::CreditDebit { credit, debit } => {
            Amount::CreditDebit(wire::CreditDebitColumns {
                credit: Some(column_to_wire(credit)),
                debit: Some(column_to_wire(debit)),
            })
        }
        AmountColumns::Direction {
            amount,
            direction,
            credit_marks,
            debit_marks,
        } => Amount::AmountDirection(wire::AmountDirectionColumns {
            amount: Some(column_to_wire(amount)),
            direction: Some(column_to_wire(direction)),
            credit_marks: credit_marks.clone(),
            debit_marks: debit_marks.clone(),
        }),
    }
}

fn column_to_wire(column: &Column) -> wire::ColumnReference {
    wire::ColumnReference {
        column: Some(match column {
            Column::Header(name) => WireColumn::Header(name.clone()),
            // Positions that are stored are at most 1000.
            Column::Position(place) => {
                WireColumn::Position(i32::try_from(*place).unwrap_or(i32::MAX))
            }
        }),
    }
}
