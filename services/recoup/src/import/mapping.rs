//! The mapping: how a file is to be read, and what stands nowhere in it. `mappings/` of this crate has
//! an example with every key. Must not look at the file itself.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use jiff::tz::TimeZone;
use money::Currency;
use serde::Deserialize;

/// A mapping, as it is written. Unknown keys are refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// How the file is written.
    pub file: FileFormat,
    /// Which column says what.
    pub columns: Columns,
    /// What holds for the whole file.
    pub values: Values,
    /// When invoices are due, where no column says so or as a check of it.
    #[serde(default)]
    pub terms: Terms,
    /// What a flag means.
    pub dispute: Option<DisputeFlag>,
    /// What is known of every customer.
    pub customers: Customers,
    /// Whose receivables they are.
    pub tenant: Tenant,
    /// How customers are reminded; none: nobody is.
    pub reminders: Option<Reminders>,
}

/// How the file is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileFormat {
    /// What stands between two columns.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// Dates, as strftime writes them.
    pub date_format: String,
}

fn comma() -> char {
    ','
}

/// Names of columns.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// Number and external identity of the invoice.
    pub invoice_number: String,
    /// External identity of the customer.
    pub customer: String,
    /// Date of the invoice.
    pub invoice_date: String,
    /// When it is due.
    pub due_date: Option<String>,
    /// What it comes to.
    pub amount: String,
    /// When it was paid in full; empty: it is open.
    pub settled_date: String,
    /// The currency, which must be that of the values.
    pub currency: Option<String>,
    /// The group that the customer is treated in.
    pub segment: Option<String>,
}

/// What holds for the whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Values {
    /// ISO 4217 code.
    pub currency: String,
    /// IANA name.
    pub time_zone: String,
}

/// When invoices are due.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Days after the invoice date.
    pub net_days: Option<i32>,
}

/// What a flag of a dispute means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisputeFlag {
    /// The column.
    pub column: String,
    /// What it says where there was a dispute.
    pub disputed: Vec<String>,
    /// What it says where there was none.
    pub undisputed: Vec<String>,
    /// When it was raised.
    pub opened: Opened,
    /// When it ended.
    pub resolved: Resolved,
}

/// When a dispute was raised; on the day of the settlement where that was earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opened {
    /// On the due date.
    DueDate,
    /// On the date of the invoice.
    InvoiceDate,
}

/// When a dispute ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolved {
    /// When the money came.
    Settlement,
}

/// What is known of every customer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customers {
    /// What the law takes them for.
    pub kind: Kind,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// BCP 47.
    pub language: String,
    /// Where reminders go; `{customer}` is the customer in lower case.
    pub email: String,
}

/// What the law takes a customer for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A company.
    Business,
    /// A private person.
    Consumer,
}

/// Whose receivables they are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// The legal entity.
    pub legal_name: String,
    /// Where it is.
    pub address: Address,
    /// The calendar of its business days.
    pub calendar: String,
    /// BCP 47.
    pub language: String,
    /// Address that reminders come from.
    pub email: String,
}

/// A postal address.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Street and number, in lines.
    pub lines: Vec<String>,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// How customers are reminded.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reminders {
    /// The first minute at which a reminder may leave, local time, `HH:MM`.
    pub from: String,
    /// The minute from which none may.
    pub to: String,
    /// The ladder.
    pub steps: Vec<Step>,
}

/// A step of the ladder: an e-mail.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name.
    pub step: String,
    /// Days after the due date.
    pub days: i32,
}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    /// It cannot be read, has a key that is unknown or missing, or a value that means nothing; by name.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let name = file.display();
        let text = fs::read_to_string(file).with_context(|| format!("read {name}"))?;
        Self::parse(&text).with_context(|| format!("the mapping {name}"))
    }

    /// Reads the text of a mapping.
    ///
    /// # Errors
    /// The same.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let mapping: Self = toml::from_str(text)?;
        mapping.currency()?;
        mapping.zone()?;
        ensure!(
            mapping.file.delimiter.is_ascii(),
            "file.delimiter is one ASCII character"
        );
        ensure!(
            mapping.columns.due_date.is_some() || mapping.terms.net_days.is_some(),
            "columns.due_date or terms.net_days must say when an invoice is due"
        );
        Ok(mapping)
    }

    /// The currency of every amount.
    ///
    /// # Errors
    /// There is none of this code.
    pub fn currency(&self) -> anyhow::Result<Currency> {
        let code = &self.values.currency;
        Currency::try_new(code).with_context(|| format!("values.currency = {code:?}"))
    }

    /// In which days begin and end.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn zone(&self) -> anyhow::Result<TimeZone> {
        let name = &self.values.time_zone;
        TimeZone::get(name).with_context(|| format!("values.time_zone = {name:?}"))
    }

    /// Every column that the file must have.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        let of_file = &self.columns;
        let always = [
            &of_file.invoice_number,
            &of_file.customer,
            &of_file.invoice_date,
            &of_file.amount,
            &of_file.settled_date,
        ];
        let dispute = self.dispute.as_ref().map(|flag| &flag.column);
        let sometimes = [&of_file.due_date, &of_file.currency, &of_file.segment];
        let sometimes = sometimes.into_iter().filter_map(Option::as_ref);
        let all = always.into_iter().chain(sometimes).chain(dispute);
        all.map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../mappings/ibm-late-payments.toml");

    #[test]
    fn the_example_is_a_mapping() {
        let mapping = Mapping::parse(EXAMPLE).unwrap();
        assert_eq!(mapping.columns().len(), 8);
        assert_eq!(mapping.reminders.unwrap().steps.len(), 3);
    }

    #[test]
    fn a_mapping_that_means_nothing_is_refused_by_name() {
        let spoilt = [
            (
                "currency = \"USD\"",
                "currency = \"US$\"",
                "values.currency",
            ),
            ("America/New_York", "New York", "values.time_zone"),
            ("delimiter = \",\"", "delimiter = \"→\"", "delimiter"),
            ("net_days = 30", "days = 30", "days"),
            ("opened = \"due-date\"", "opened = \"later\"", "opened"),
        ];
        for (from, to, named) in spoilt {
            assert!(EXAMPLE.contains(from), "{from}");
            let error = Mapping::parse(&EXAMPLE.replace(from, to)).unwrap_err();
            assert!(format!("{error:#}").contains(named), "{error:#}");
        }
        let without = EXAMPLE.replace("due_date = \"DueDate\"", "");
        let without = without.replace("net_days = 30", "");
        let error = Mapping::parse(&without).unwrap_err().to_string();
        assert!(error.contains("terms.net_days"), "{error}");
    }
}
