//! How answers are shown: as tables for people, or as proto JSON for programs, with the names that
//! `buf curl` shows too.

use std::io::{self, ErrorKind, Write as _};

use anyhow::Context as _;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, Table};
use contracts::DESCRIPTOR_SET;
use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::{Map, Value};

use crate::client::page::Found;

/// How an answer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Tables for people
    Table,
    /// Proto JSON
    Json,
}

/// Turns answers into proto JSON.
pub struct Json {
    pool: DescriptorPool,
}

impl Json {
    /// Reads the contracts.
    ///
    /// # Errors
    /// None that a user could cause.
    pub fn try_new() -> anyhow::Result<Self> {
        let pool = DescriptorPool::decode(DESCRIPTOR_SET).context("the contracts")?;
        Ok(Self { pool })
    }

    /// A message as proto JSON. Fields that say nothing are left out.
    ///
    /// # Errors
    /// None that a user could cause.
    pub fn of<M: Message + Name>(&self, message: &M) -> anyhow::Result<Value> {
        let name = M::full_name();
        let descriptor = self.pool.get_message_by_name(&name);
        let descriptor = descriptor.with_context(|| format!("no message {name}"))?;
        let bytes = message.encode_to_vec();
        let message = DynamicMessage::decode(descriptor, bytes.as_slice())?;
        let options = SerializeOptions::new();
        Ok(message.serialize_with_options(serde_json::value::Serializer, &options)?)
    }

    /// Messages as proto JSON.
    ///
    /// # Errors
    /// None that a user could cause.
    pub fn all<M: Message + Name>(&self, messages: &[M]) -> anyhow::Result<Value> {
        let values = messages.iter().map(|message| self.of(message));
        Ok(Value::Array(values.collect::<anyhow::Result<_>>()?))
    }
}

/// An empty table with these columns.
pub fn table<const N: usize>(columns: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_header(columns);
    table
}

/// A table of one thing: what is known of it, a line each; what is not known is left out.
pub fn sheet<const N: usize>(lines: [(&str, String); N]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    for (name, value) in lines.into_iter().filter(|(_, value)| !value.is_empty()) {
        table.add_row([Cell::new(name), Cell::new(value)]);
    }
    table
}

/// Shows a listing: `noun` names the entries in the contract's answer, for example `invoices`.
///
/// # Errors
/// The output cannot be written.
pub fn listing<M: Message + Name>(
    format: Format,
    noun: &str,
    found: &Found<M>,
    table: impl FnOnce(&[M]) -> Table,
) -> anyhow::Result<()> {
    match format {
        Format::Json => {
            let entries = Json::try_new()?.all(&found.entries)?;
            json(&Value::Object(Map::from_iter([(noun.to_owned(), entries)])))?;
        }
        Format::Table if found.entries.is_empty() => text("nothing found")?,
        Format::Table => text(&table(&found.entries).to_string())?,
    }
    if found.more {
        let count = found.entries.len();
        eprintln!("the first {count}; there are more: --limit 0 shows all");
    }
    Ok(())
}

/// Writes JSON, in lines.
///
/// # Errors
/// The output cannot be written.
pub fn json(value: &Value) -> anyhow::Result<()> {
    text(&serde_json::to_string_pretty(value)?)
}

/// Writes a text and a line's end. Somebody who stops reading, as `head` does, is no error.
///
/// # Errors
/// The output cannot be written.
pub fn text(text: &str) -> anyhow::Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

#[cfg(test)]
mod tests {
    use contracts::common::Money;
    use contracts::invoicing::{Invoice, InvoiceState};
    use serde_json::json;

    use super::*;

    #[test]
    fn json_has_the_names_of_proto_json() {
        let invoice = Invoice {
            invoice_id: "0190".to_owned(),
            state: InvoiceState::Issued.into(),
            open_amount: Some(Money {
                currency_code: "EUR".to_owned(),
                amount: "12.50".to_owned(),
            }),
            ..Invoice::default()
        };
        let shown = Json::try_new().unwrap().of(&invoice).unwrap();
        let open_amount = json!({ "currencyCode": "EUR", "amount": "12.50" });
        let expected = json!({
            "invoiceId": "0190", "state": "INVOICE_STATE_ISSUED", "openAmount": open_amount,
        });
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_sheet_leaves_out_what_is_not_known() {
        let shown = sheet([("number", "7".to_owned()), ("note", String::new())]).to_string();
        assert!(
            shown.contains("number") && !shown.contains("note"),
            "{shown}"
        );
    }
}
