//! The rows of the file, and what is wrong with them: row and column, for whoever corrects them in a
//! spreadsheet. Nothing is written before the whole file has been read.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::bail;
use csv::{ReaderBuilder, StringRecord};
use jiff::ToSpan as _;
use jiff::civil::Date;
use money::{Currency, Money};

use crate::import::mapping::{Mapping, Opened};

/// Characters of a number or a name at most, as the contracts have it.
const LONGEST_NUMBER: usize = 64;
const LONGEST_NAME: usize = 128;
const LONGEST_SEGMENT: usize = 32;

/// An invoice with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receivable {
    /// The row of the file, the first one being that of the names.
    pub row: i32,
    /// Number and external identity.
    pub number: String,
    /// External identity of the customer.
    pub customer: String,
    /// The group the customer is treated in.
    pub segment: String,
    /// Date of the invoice.
    pub invoice_date: Date,
    /// When it is due.
    pub due_date: Date,
    /// What it comes to, above 0.
    pub amount: Money,
    /// When it was disputed.
    pub disputed_date: Option<Date>,
    /// When it was paid in full.
    pub settled_date: Option<Date>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The row of the file, the first one being that of the names.
    pub row: i32,
    /// The name of the column.
    pub column: String,
    /// What is wrong, in words.
    pub why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "row {}, column {}: {}", self.row, self.column, self.why)
    }
}

/// A file, read.
#[derive(Debug, Default)]
pub struct Book {
    /// The good rows, in their order.
    pub receivables: Vec<Receivable>,
    /// What is wrong with the others, in their order.
    pub faults: Vec<Fault>,
    /// Rows of the file, that of the names left out.
    pub row_count: usize,
}

impl Book {
    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// A column is missing, or two have its name: then no row can be read.
    pub fn read(bytes: &[u8], mapping: &Mapping) -> anyhow::Result<Self> {
        let mut reader = ReaderBuilder::new()
            .delimiter(u8::try_from(mapping.file.delimiter)?)
            .flexible(true)
            .from_reader(without_mark(bytes));
        let mut reading = Reading::try_new(mapping, reader.headers()?)?;
        let mut book = Self::default();
        for (row, record) in (2..).zip(reader.records()) {
            book.row_count += 1;
            let read = match record {
                Ok(record) => reading.row(row, &record),
                Err(error) => {
                    let column = mapping.columns.invoice_number.clone();
                    let why = format!("the row cannot be read: {error}");
                    Err(vec![Fault { row, column, why }])
                }
            };
            match read {
                Ok(receivable) => book.receivables.push(receivable),
                Err(faults) => book.faults.extend(faults),
            }
        }
        reading.drop_twins(&mut book);
        Ok(book)
    }
}

/// Spreadsheets write a mark before the first name.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// A file on its way.
struct Reading<'a> {
    mapping: &'a Mapping,
    currency: Currency,
    names: StringRecord,
    /// Where each column stands.
    places: BTreeMap<&'a str, usize>,
    /// Where each number stands, bad rows included.
    numbers: BTreeMap<String, Vec<i32>>,
    /// The segment of each customer, and the row that said so.
    segments: BTreeMap<String, (String, i32)>,
}

impl<'a> Reading<'a> {
    fn try_new(mapping: &'a Mapping, names: &StringRecord) -> anyhow::Result<Self> {
        let mut places = BTreeMap::new();
        for column in mapping.columns() {
            let named = |(place, name): (usize, &str)| (name.trim() == column).then_some(place);
            let found: Vec<usize> = names.iter().enumerate().filter_map(named).collect();
            match found.as_slice() {
                [place] => drop(places.insert(column, *place)),
                [] => bail!(
                    "row 1, column {column}: missing; there are {}",
                    Vec::from_iter(names).join(", ")
                ),
                _ => bail!("row 1, column {column}: there are two of this name"),
            }
        }
        Ok(Self {
            mapping,
            currency: mapping.currency()?,
            names: names.clone(),
            places,
            numbers: BTreeMap::new(),
            segments: BTreeMap::new(),
        })
    }

    /// Reads one row: every fault of it at once.
    fn row(&mut self, row: i32, record: &StringRecord) -> Result<Receivable, Vec<Fault>> {
        let mut cells = Cells {
            row,
            record,
            places: &self.places,
            faults: Vec::new(),
        };
        if record.len() != self.names.len() {
            let (cells_count, names) = (record.len(), self.names.len());
            let why = format!("the row has {cells_count} cells, the names {names}");
            cells.fault(&self.mapping.columns.invoice_number, why);
            return Err(cells.faults);
        }
        let columns = &self.mapping.columns;
        let number = cells.text(&columns.invoice_number, LONGEST_NUMBER);
        if let Some(number) = &number {
            self.numbers.entry(number.clone()).or_default().push(row);
        }
        let customer = cells.text(&columns.customer, LONGEST_NAME);
        let amount = cells.amount(&columns.amount, self.currency);
        if let Some(column) = &columns.currency {
            cells.currency(column, self.currency);
        }
        let segment = columns.segment.as_ref();
        let segment = segment.map_or(Some(String::new()), |column| {
            cells.segment(column, customer.as_deref(), &mut self.segments)
        });
        let dates = cells.dates(self.mapping);
        let disputed = cells.disputed(self.mapping);
        let read = (number, customer, segment, amount, dates, disputed);
        let (
            Some(number),
            Some(customer),
            Some(segment),
            Some(amount),
            Some(dates),
            Some(disputed),
        ) = read
        else {
            return Err(cells.faults);
        };
        if !cells.faults.is_empty() {
            return Err(cells.faults);
        }
        Ok(Receivable {
            row,
            number,
            customer,
            segment,
            invoice_date: dates.invoiced,
            due_date: dates.due,
            amount,
            disputed_date: disputed.then(|| dates.disputed(self.mapping)).flatten(),
            settled_date: dates.settled,
        })
    }

    /// Which of two rows with one number is right nobody knows: both are bad.
    fn drop_twins(&self, book: &mut Book) {
        let column = &self.mapping.columns.invoice_number;
        let twins = self.numbers.iter().filter(|(_, rows)| rows.len() > 1);
        for (number, rows) in twins {
            for row in rows {
                let others = rows.iter().filter(|other| *other != row);
                let others: Vec<String> = others.map(ToString::to_string).collect();
                let why = format!("{number:?} is in row {} too", others.join(", "));
                book.faults.push(Fault {
                    row: *row,
                    column: column.clone(),
                    why,
                });
            }
        }
        let is_twin = |one: &Receivable| self.numbers.get(&one.number).is_some_and(|r| r.len() > 1);
        book.receivables.retain(|one| !is_twin(one));
        book.faults.sort_by_key(|fault| fault.row);
    }
}

/// The dates of a row, in an order that can be.
struct Dates {
    invoiced: Date,
    due: Date,
    settled: Option<Date>,
}

impl Dates {
    fn disputed(&self, mapping: &Mapping) -> Option<Date> {
        let raised = match mapping.dispute.as_ref()?.opened {
            Opened::DueDate => self.due,
            Opened::InvoiceDate => self.invoiced,
        };
        Some(self.settled.map_or(raised, |settled| settled.min(raised)))
    }
}

/// The cells of a row, and what is wrong with them so far.
struct Cells<'a> {
    row: i32,
    record: &'a StringRecord,
    places: &'a BTreeMap<&'a str, usize>,
    faults: Vec<Fault>,
}

impl Cells<'_> {
    fn fault(&mut self, column: &str, why: impl Into<String>) {
        self.faults.push(Fault {
            row: self.row,
            column: column.to_owned(),
            why: why.into(),
        });
    }

    fn raw(&self, column: &str) -> String {
        let place = self.places.get(column).copied();
        let cell = place.and_then(|place| self.record.get(place));
        cell.unwrap_or_default().trim().to_owned()
    }

    fn text(&mut self, column: &str, longest: usize) -> Option<String> {
        let text = self.raw(column);
        match text.chars().count() {
            0 => self.fault(column, "is empty"),
            length if length > longest => {
                self.fault(column, format!("has more than {longest} characters"));
            }
            _ => return Some(text),
        }
        None
    }

    fn amount(&mut self, column: &str, currency: Currency) -> Option<Money> {
        let text = self.raw(column);
        let code = currency.code();
        match Money::parse(&text, currency) {
            Ok(amount) if amount.is_positive() => return Some(amount),
            Ok(amount) if amount.is_negative() => {
                let why = format!("{text:?} is negative: that is no invoice but a credit note");
                self.fault(column, why);
            }
            Ok(_) => self.fault(column, format!("{text:?}: nothing is owed")),
            Err(_) => self.fault(column, format!("{text:?} is no amount in {code}")),
        }
        None
    }

    fn currency(&mut self, column: &str, currency: Currency) {
        let (text, code) = (self.raw(column), currency.code());
        if text != code {
            self.fault(
                column,
                format!("{text:?} is foreign: the mapping says {code}"),
            );
        }
    }

    fn segment(
        &mut self,
        column: &str,
        customer: Option<&str>,
        known: &mut BTreeMap<String, (String, i32)>,
    ) -> Option<String> {
        let text = self.raw(column);
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if text.len() > LONGEST_SEGMENT || !text.chars().all(fits) {
            let why = "a segment has at most 32 letters, digits, `-` or `_`";
            self.fault(column, format!("{text:?}: {why}"));
            return None;
        }
        let first = known
            .entry(customer?.to_owned())
            .or_insert_with(|| (text.clone(), self.row));
        if first.0 != text {
            let why = format!(
                "{text:?}, but the customer has {:?} in row {}",
                first.0, first.1
            );
            self.fault(column, why);
            return None;
        }
        Some(text)
    }

    fn date(&mut self, column: &str, format: &str) -> Option<Date> {
        let text = self.raw(column);
        let date = Date::strptime(format, &text).ok();
        if date.is_none() {
            self.fault(column, format!("{text:?} is no date as {format} writes it"));
        }
        date
    }

    fn dates(&mut self, mapping: &Mapping) -> Option<Dates> {
        let (columns, format) = (&mapping.columns, mapping.file.date_format.as_str());
        let invoiced = self.date(&columns.invoice_date, format);
        let settled = match self.raw(&columns.settled_date).as_str() {
            "" => Some(None),
            _ => self.date(&columns.settled_date, format).map(Some),
        };
        let told = columns.due_date.as_ref();
        let told = told.map(|column| (column, self.date(column, format)));
        let invoiced = invoiced?;
        let by_terms = mapping.terms.net_days;
        let by_terms = by_terms.and_then(|days| invoiced.checked_add(days.days()).ok());
        let due = match (told, by_terms) {
            (Some((column, due)), by_terms) => {
                let due = due?;
                if due < invoiced {
                    self.fault(column, format!("{due} is before the invoice, {invoiced}"));
                } else if let Some(by_terms) = by_terms.filter(|by_terms| *by_terms != due) {
                    self.fault(column, format!("{due}, but the terms say {by_terms}"));
                }
                due
            }
            (None, by_terms) => by_terms?,
        };
        let settled = settled?;
        if let Some(settled) = settled.filter(|settled| *settled < invoiced) {
            let why = format!("settled on {settled}, before it was invoiced on {invoiced}");
            self.fault(&columns.settled_date, why);
        }
        Some(Dates {
            invoiced,
            due,
            settled,
        })
    }

    fn disputed(&mut self, mapping: &Mapping) -> Option<bool> {
        let Some(flag) = &mapping.dispute else {
            return Some(false);
        };
        let text = self.raw(&flag.column);
        if flag.disputed.contains(&text) {
            return Some(true);
        }
        if flag.undisputed.contains(&text) {
            return Some(false);
        }
        let words = [flag.disputed.as_slice(), flag.undisputed.as_slice()].concat();
        let why = format!("{text:?} is none of {}", words.join(", "));
        self.fault(&flag.column, why);
        None
    }
}

#[cfg(test)]
mod tests;
