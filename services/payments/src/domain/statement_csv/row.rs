//! Owns how one record of a file becomes a line of a statement. All faults of a record are told, each
//! with its column; what a cell says is not repeated, since it may be anything.

use csv::StringRecord;
use jiff::civil::Date;
use money::{Currency, Decimal, Money};

use super::table::{Row, Table};
use super::{FileError, RowFault, RowReason, StatementLine};
use crate::domain::remittance::{
    INSTRUMENT_REFERENCE_LENGTH, PAYER_ACCOUNT_LENGTH, PAYER_NAME_LENGTH, PAYMENT_REFERENCE_LENGTH,
    TEXT_LENGTH,
};
use crate::domain::{AmountColumns, Column, CsvFormat, Remittance, StatementLayout, clean_text};

/// A layout whose columns were found in a file.
pub(super) struct Reading<'a> {
    format: &'a CsvFormat,
    currency: Currency,
    booking_date: Cell,
    value_date: Option<Cell>,
    amount: AmountCells<'a>,
    currency_code: Option<Cell>,
    payment_reference: Option<Cell>,
    remittance_text: Vec<Cell>,
    payer_name: Option<Cell>,
    payer_account: Option<Cell>,
    bank_reference: Option<Cell>,
}

/// A column that was found.
struct Cell {
    place: usize,
    label: String,
}

enum AmountCells<'a> {
    Signed(Cell),
    CreditDebit(Cell, Cell),
    Direction {
        amount: Cell,
        direction: Cell,
        credit_marks: &'a [String],
        debit_marks: &'a [String],
    },
}

/// What cannot be read, and why.
struct Fault {
    label: String,
    reason: RowReason,
    message: String,
}

impl Cell {
    fn find(table: &Table<'_>, column: &Column) -> Result<Self, FileError> {
        Ok(Self {
            place: table.place(column)?,
            label: column.label(),
        })
    }

    fn find_some(table: &Table<'_>, column: Option<&Column>) -> Result<Option<Self>, FileError> {
        column.map(|column| Self::find(table, column)).transpose()
    }

    fn of<'r>(&self, fields: &'r StringRecord) -> &'r str {
        fields.get(self.place).unwrap_or("").trim()
    }

    fn fault(&self, reason: RowReason, message: impl Into<String>) -> Fault {
        Fault {
            label: self.label.clone(),
            reason,
            message: message.into(),
        }
    }
}

impl<'a> Reading<'a> {
    /// Finds the columns of a layout in a file.
    pub(super) fn of(
        table: &Table<'_>,
        layout: &'a StatementLayout,
        currency: Currency,
    ) -> Result<Self, FileError> {
        let some = |column: &Option<Column>| Cell::find_some(table, column.as_ref());
        let booking_date = Cell::find(table, &layout.booking_date)?;
        let amount = match &layout.amount {
            AmountColumns::Signed(column) => AmountCells::Signed(Cell::find(table, column)?),
            AmountColumns::CreditDebit { credit, debit } => {
                AmountCells::CreditDebit(Cell::find(table, credit)?, Cell::find(table, debit)?)
            }
            AmountColumns::Direction {
                amount,
                direction,
                credit_marks,
                debit_marks,
            } => AmountCells::Direction {
                amount: Cell::find(table, amount)?,
                direction: Cell::find(table, direction)?,
                credit_marks,
                debit_marks,
            },
        };
        let texts = layout.remittance_text.iter();
        Ok(Self {
            format: &layout.format,
            currency,
            booking_date,
            value_date: some(&layout.value_date)?,
            amount,
            currency_code: some(&layout.currency_code)?,
            payment_reference: some(&layout.payment_reference)?,
            remittance_text: texts
                .map(|column| Cell::find(table, column))
                .collect::<Result<_, _>>()?,
            payer_name: some(&layout.payer_name)?,
            payer_account: some(&layout.payer_account)?,
            bank_reference: some(&layout.bank_reference)?,
        })
    }

    /// The line that a record is, or everything that is wrong with it.
    pub(super) fn read(&self, row: &Row<'_>) -> Result<StatementLine, Vec<RowFault>> {
        let mut faults = Vec::new();
        let line = self.read_cells(row, &mut faults);
        let faults = faults.into_iter().map(|fault: Fault| RowFault {
            row_number: row.number,
            column: fault.label,
            reason: fault.reason,
            message: fault.message,
        });
        let faults: Vec<RowFault> = faults.collect();
        match line {
            Some(line) if faults.is_empty() => Ok(line),
            _ => Err(faults),
        }
    }

    fn read_cells(&self, row: &Row<'_>, faults: &mut Vec<Fault>) -> Option<StatementLine> {
        if !row.is_whole {
            faults.push(Fault {
                label: String::new(),
                reason: RowReason::ColumnCountMismatch,
                message: format!("{} columns, which the first line has not", row.fields.len()),
            });
            return None;
        }
        let fields = row.fields;
        let mut keep = |fault: Fault| faults.push(fault);
        let booking_date = self
            .date(&self.booking_date, fields)
            .map_err(&mut keep)
            .ok();
        let value_date = match &self.value_date {
            Some(cell) if !cell.of(fields).is_empty() => {
                self.date(cell, fields).map_err(&mut keep).ok()
            }
            _ => booking_date,
        };
        self.check_currency(fields).map_err(&mut keep).ok();
        let amount = self.amount(fields).map_err(&mut keep).ok();
        let mut text = |cells: &[&Cell], longest| {
            let text = joined(cells, fields, longest).map_err(&mut keep);
            text.unwrap_or_default()
        };
        let texts: Vec<&Cell> = self.remittance_text.iter().collect();
        let mut one = |cell: &Option<Cell>, longest| match cell {
            Some(cell) => text(&[cell], longest),
            None => String::new(),
        };
        let bank_reference = one(&self.bank_reference, INSTRUMENT_REFERENCE_LENGTH);
        let remittance = Remittance {
            payment_reference: one(&self.payment_reference, PAYMENT_REFERENCE_LENGTH),
            payer_name: one(&self.payer_name, PAYER_NAME_LENGTH),
            payer_account: one(&self.payer_account, PAYER_ACCOUNT_LENGTH),
            instrument_reference: bank_reference.clone(),
            text: text(&texts, TEXT_LENGTH),
        };
        Some(StatementLine {
            row_number: row.number,
            booking_date: booking_date?,
            value_date: value_date?,
            amount: amount?,
            remittance,
            bank_reference,
        })
    }

    fn date(&self, cell: &Cell, fields: &StringRecord) -> Result<Date, Fault> {
        let date = self.format.dates.parse(cell.of(fields));
        date.ok_or_else(|| {
            let message = format!("no date as {}", self.format.dates);
            cell.fault(RowReason::InvalidDate, message)
        })
    }

    fn check_currency(&self, fields: &StringRecord) -> Result<(), Fault> {
        let Some(cell) = &self.currency_code else {
            return Ok(());
        };
        let code = cell.of(fields);
        if code.is_empty() || code == self.currency.code() {
            return Ok(());
        }
        let message = format!("the account is in {}", self.currency);
        Err(cell.fault(RowReason::CurrencyMismatch, message))
    }

    fn amount(&self, fields: &StringRecord) -> Result<Money, Fault> {
        let (cell, amount) = match &self.amount {
            AmountCells::Signed(cell) => (cell, self.number(cell, fields)?),
            AmountCells::CreditDebit(credit, debit) => self.one_of(credit, debit, fields)?,
            AmountCells::Direction {
                amount,
                direction,
                credit_marks,
                debit_marks,
            } => {
                let number = self.number(amount, fields)?;
                if number.is_sign_negative() && !number.is_zero() {
                    let message = "a sign where the direction stands in a column of its own";
                    return Err(amount.fault(RowReason::InvalidAmount, message));
                }
                let mark = direction.of(fields);
                let is_mark = |marks: &[String]| marks.iter().any(|known| known.trim() == mark);
                match (is_mark(credit_marks), is_mark(debit_marks)) {
                    (true, _) => (amount, number),
                    (false, true) => (amount, -number),
                    (false, false) => {
                        let message = "neither a mark for what came in nor for what went out";
                        return Err(direction.fault(RowReason::DirectionUnknown, message));
                    }
                }
            }
        };
        let money = Money::try_new(amount, self.currency);
        money.map_err(|error| cell.fault(RowReason::InvalidAmount, error.to_string()))
    }

    /// The amount of whichever of two columns has one.
    fn one_of<'c>(
        &self,
        credit: &'c Cell,
        debit: &'c Cell,
        fields: &StringRecord,
    ) -> Result<(&'c Cell, Decimal), Fault> {
        let some = |cell: &Cell| match cell.of(fields) {
            "" => Ok(None),
            _ => self.number(cell, fields).map(Some),
        };
        let (credited, debited) = (some(credit)?, some(debit)?);
        let is_set = |amount: Option<Decimal>| amount.filter(|amount| !amount.is_zero());
        match (is_set(credited), is_set(debited)) {
            (Some(_), Some(_)) => {
                Err(debit.fault(RowReason::InvalidAmount, "both columns have an amount"))
            }
            (Some(amount), None) if amount.is_sign_negative() => {
                Err(credit.fault(RowReason::InvalidAmount, "what came in is not negative"))
            }
            (Some(amount), None) => Ok((credit, amount)),
            (None, Some(amount)) => Ok((debit, -amount.abs())),
            (None, None) if credited.or(debited).is_some() => Ok((credit, Decimal::ZERO)),
            (None, None) => {
                Err(credit.fault(RowReason::InvalidAmount, "neither column has an amount"))
            }
        }
    }

    fn number(&self, cell: &Cell, fields: &StringRecord) -> Result<Decimal, Fault> {
        let amount = self.format.amounts.parse(cell.of(fields));
        amount.ok_or_else(|| {
            let sign = self.format.amounts.decimal_mark.sign();
            let message = format!("no amount with {sign:?} before the fraction");
            cell.fault(RowReason::InvalidAmount, message)
        })
    }
}

/// Cells put together with a space between, cleaned.
fn joined(cells: &[&Cell], fields: &StringRecord, longest: usize) -> Result<String, Fault> {
    let Some(first) = cells.first() else {
        return Ok(String::new());
    };
    let texts: Vec<&str> = cells.iter().map(|cell| cell.of(fields)).collect();
    let clean = clean_text(&texts.join(" "), longest);
    clean.map_err(|error| first.fault(RowReason::InvalidText, error.to_string()))
}
