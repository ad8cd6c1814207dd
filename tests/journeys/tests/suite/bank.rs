//! The shop's bank: its account, and statements as its files bring them.

use contracts::common::ImportOptions;
use contracts::payments::bank_account_service_client::BankAccountServiceClient;
use contracts::payments::bank_statement_service_client::BankStatementServiceClient;
use contracts::payments::column_mapping::Amount;
use contracts::payments::column_mapping_service_client::ColumnMappingServiceClient;
use contracts::payments::column_reference::Column;
use contracts::payments::resolve_bank_line_request::Resolution;
use contracts::payments::{
    BankAccount, BankLine, BankStatementImport, ColumnMapping, ColumnReference,
    CreateBankAccountRequest, CreateColumnMappingRequest, CsvEncoding, CsvFormat,
    ImportBankStatementRequest, ListBankLinesRequest, NotAReceipt, ResolveBankLineRequest,
    ResolveBankLineResponse,
};

use crate::shop::{Shop, fresh};

/// An account, and how its statements are read.
pub struct Bank {
    bank_account_id: String,
    column_mapping_id: String,
}

/// A line of a statement: day, amount, text and name.
pub type Line<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Opens the account.
pub async fn account(shop: &Shop) -> Bank {
    let request = CreateBankAccountRequest {
        request_id: fresh(),
        bank_account: Some(BankAccount {
            display_name: "Giro".to_owned(),
            account_number: "DE89370400440532013000".to_owned(),
            currency_code: "EUR".to_owned(),
            ..BankAccount::default()
        }),
    };
    let mut accounts = BankAccountServiceClient::new(shop.calls());
    let created = accounts.create_bank_account(request).await.unwrap();
    let request = CreateColumnMappingRequest {
        request_id: fresh(),
        column_mapping: Some(mapping()),
    };
    let mut mappings = ColumnMappingServiceClient::new(shop.calls());
    let mapped = mappings.create_column_mapping(request).await.unwrap();
    Bank {
        bank_account_id: created.into_inner().bank_account.unwrap().bank_account_id,
        column_mapping_id: mapped
            .into_inner()
            .column_mapping
            .unwrap()
            .column_mapping_id,
    }
}

fn mapping() -> ColumnMapping {
    let header = |name: &str| ColumnReference {
        column: Some(Column::Header(name.to_owned())),
    };
    ColumnMapping {
        display_name: "Giro".to_owned(),
        format: Some(CsvFormat {
            encoding: CsvEncoding::Utf8.into(),
            delimiter: ";".to_owned(),
            has_header: true,
            decimal_mark: ".".to_owned(),
            date_format: "%Y-%m-%d".to_owned(),
            ..CsvFormat::default()
        }),
        booking_date: Some(header("day")),
        amount: Some(Amount::SignedAmount(header("amount"))),
        remittance_text: vec![header("text")],
        payer_name: Some(header("name")),
        ..ColumnMapping::default()
    }
}

impl Bank {
    /// Imports a statement.
    pub async fn states(&self, shop: &Shop, lines: &[Line<'_>]) -> BankStatementImport {
        let mut file = "day;amount;text;name\n".to_owned();
        for (day, amount, text, name) in lines {
            file += &format!("{day};{amount};{text};{name}\n");
        }
        let request = ImportBankStatementRequest {
            request_id: fresh(),
            bank_account_id: self.bank_account_id.clone(),
            column_mapping_id: self.column_mapping_id.clone(),
            file_name: "giro.csv".to_owned(),
            options: Some(ImportOptions::default()),
            chunk: file.into_bytes(),
        };
        let mut statements = BankStatementServiceClient::new(shop.calls());
        let messages = tokio_stream::iter([request]);
        let answer = statements.import_bank_statement(messages).await.unwrap();
        answer.into_inner().bank_statement_import.unwrap()
    }
}

/// The lines so far, the oldest first.
pub async fn lines(shop: &Shop) -> Vec<BankLine> {
    let mut statements = BankStatementServiceClient::new(shop.calls());
    let page = statements.list_bank_lines(ListBankLinesRequest::default());
    page.await.unwrap().into_inner().bank_lines
}

/// A person says of a line that it is no money of a debtor.
pub async fn no_receipt(shop: &Shop, line: &BankLine, note: &str) -> ResolveBankLineResponse {
    let note = note.to_owned();
    let request = ResolveBankLineRequest {
        request_id: fresh(),
        bank_line_id: line.bank_line_id.clone(),
        resolution: Some(Resolution::NotAReceipt(NotAReceipt { note })),
        etag: line.etag.clone(),
    };
    let mut statements = BankStatementServiceClient::new(shop.calls());
    let answer = statements.resolve_bank_line(request).await.unwrap();
    answer.into_inner()
}
