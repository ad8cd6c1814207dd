//! The bank: its statement of each account as a CSV file every morning, with the lines of the day
//! before, and what the payers wrote on them.

use std::fmt::Write as _;

use anyhow::ensure;
use contracts::payments::bank_account_service_client::BankAccountServiceClient;
use contracts::payments::bank_statement_service_client::BankStatementServiceClient;
use contracts::payments::column_mapping::Amount;
use contracts::payments::column_mapping_service_client::ColumnMappingServiceClient;
use contracts::payments::column_reference::Column;
use contracts::payments::{
    BankAccount, BankStatementImportState, ColumnMapping, ColumnReference,
    CreateBankAccountRequest, CreateColumnMappingRequest, CsvFormat, ImportBankStatementRequest,
};
use futures_util::future::try_join_all;
use jiff::civil::Date;

use super::Play;
use crate::demo::book::transfer::Transfer;
use crate::demo::client::{World, amount, had};

/// The accounts of the tenant and how their statements are read.
#[derive(Debug)]
pub struct Bank {
    accounts: Vec<(&'static str, String)>,
    mapping_id: String,
}

/// A transfer of an agency: it settles a remittance and is no debtor's money.
#[derive(Debug, Clone)]
pub struct AgencyTransfer {
    /// The bank's own identity of the line.
    pub bank_reference: String,
    /// The day on which the bank books it.
    pub day: Date,
    /// Currency.
    pub currency_code: String,
    /// How much, in cents.
    pub cents: i64,
    /// What the agency wrote.
    pub text: String,
    /// Whether a statement has brought it.
    pub told: bool,
}

const HEADER: &str = "id,booked,value,amount,reference,text,payer,account";

/// Opens the accounts and says how statements are read.
///
/// # Errors
/// A call that is refused.
pub async fn open(world: &World) -> anyhow::Result<Bank> {
    let mut opened = BankAccountServiceClient::new(world.calls());
    let mut accounts = Vec::new();
    for (currency, number) in [
        ("EUR", "DE89370400440532013000"),
        ("GBP", "GB29NWBK60161331926819"),
        ("USD", "026009593-4711"),
    ] {
        let request = CreateBankAccountRequest {
            request_id: world.fresh(),
            bank_account: Some(BankAccount {
                display_name: format!("Current account {currency}"),
                account_number: number.to_owned(),
                currency_code: currency.to_owned(),
                ..BankAccount::default()
            }),
        };
        let created = opened.create_bank_account(request).await?.into_inner();
        let created = had(created.bank_account, "the account")?;
        accounts.push((currency, created.bank_account_id));
    }
    let request = CreateColumnMappingRequest {
        request_id: world.fresh(),
        column_mapping: Some(mapping()),
    };
    let created = ColumnMappingServiceClient::new(world.calls())
        .create_column_mapping(request)
        .await?;
    let mapping = had(created.into_inner().column_mapping, "the mapping")?;
    Ok(Bank {
        accounts,
        mapping_id: mapping.column_mapping_id,
    })
}

fn mapping() -> ColumnMapping {
    let column = |header: &str| ColumnReference {
        column: Some(Column::Header(header.to_owned())),
    };
    ColumnMapping {
        display_name: "The demo's bank".to_owned(),
        format: Some(CsvFormat {
            has_header: true,
            decimal_mark: ".".to_owned(),
            date_format: "%Y-%m-%d".to_owned(),
            ..CsvFormat::default()
        }),
        booking_date: Some(column("booked")),
        value_date: Some(column("value")),
        amount: Some(Amount::SignedAmount(column("amount"))),
        payment_reference: Some(column("reference")),
        remittance_text: vec![column("text")],
        payer_name: Some(column("payer")),
        payer_account: Some(column("account")),
        bank_reference: Some(column("id")),
        ..ColumnMapping::default()
    }
}

impl Play<'_> {
    /// Imports the statements with everything that the bank booked before today. Answers whether
    /// there was anything.
    pub(super) async fn import_statements(&mut self, today: Date) -> anyhow::Result<bool> {
        let (from, transfers) = (self.told, &self.book.transfers);
        let until = transfers.partition_point(|transfer| transfer.day < today);
        self.told = until;
        let mut files: Vec<(String, String)> = Vec::new();
        for (currency, account_id) in &self.bank.accounts {
            let mut rows = String::new();
            for transfer in &transfers[from..until] {
                let place = self.book.customers[transfer.customer].place;
                if place.currency_code == *currency {
                    self.line(transfer, &mut rows)?;
                }
            }
            for own in &mut self.agency_transfers {
                if own.day < today && !own.told && own.currency_code == *currency {
                    own.told = true;
                    let (id, day, text) = (&own.bank_reference, own.day, &own.text);
                    let sum = amount(own.cents);
                    writeln!(rows, "{id},{day},{day},{sum},,{text},Agency,9900112233")?;
                }
            }
            if !rows.is_empty() {
                files.push((account_id.clone(), format!("{HEADER}\n{rows}")));
            }
        }
        let any = !files.is_empty();
        let name = format!("statement-{today}.csv");
        try_join_all(
            files
                .into_iter()
                .map(|(account, file)| self.import_file(account, &name, file)),
        )
        .await?;
        Ok(any)
    }

    /// The line of a transfer, unless nothing that it was to pay was ever issued.
    fn line(&self, transfer: &Transfer, rows: &mut String) -> anyhow::Result<()> {
        let parts = self.parts(transfer);
        if parts.is_empty() {
            return Ok(());
        }
        let quoted: Vec<(&str, &str)> = parts
            .iter()
            .filter_map(|part| {
                let issued = self.issued[part.invoice].as_ref()?;
                let invoice = &self.book.invoices[part.invoice];
                Some((invoice.payment_reference.as_str(), issued.number.as_str()))
            })
            .collect();
        let written = transfer.quote.written(&quoted, transfer.turn);
        let (reference, text) = if transfer.in_field && !written.contains(' ') {
            (written, String::new())
        } else {
            (String::new(), written)
        };
        let cents: i64 = parts.iter().map(|part| part.cents).sum();
        let customer = &self.book.customers[transfer.customer];
        let account = if transfer.from_own_account {
            customer.account.clone()
        } else {
            // One that nobody has seen before.
            format!("8815{}", transfer.bank_reference.replace('B', "00"))
        };
        let (id, day, sum) = (&transfer.bank_reference, transfer.day, amount(cents));
        let payer = &customer.name;
        writeln!(
            rows,
            "{id},{day},{day},{sum},{reference},\"{text}\",{payer},{account}"
        )?;
        Ok(())
    }

    async fn import_file(&self, account: String, name: &str, file: String) -> anyhow::Result<()> {
        let request = ImportBankStatementRequest {
            request_id: self.world.fresh(),
            bank_account_id: account,
            column_mapping_id: self.bank.mapping_id.clone(),
            file_name: name.to_owned(),
            options: None,
            chunk: file.into_bytes(),
        };
        let stream = futures_util::stream::iter([request]);
        let imported = BankStatementServiceClient::new(self.world.calls())
            .import_bank_statement(stream)
            .await?;
        let import = had(imported.into_inner().bank_statement_import, "the import")?;
        ensure!(
            import.state() != BankStatementImportState::Refused,
            "{name}: {:?}",
            import.rejected_rows
        );
        Ok(())
    }
}
