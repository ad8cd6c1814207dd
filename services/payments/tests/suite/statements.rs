//! A bank whose statements are read: its account, its mapping, its files, and what the tests ask of
//! the service about them.

use std::time::Duration;

use contracts::common::ImportOptions;
use contracts::payments::bank_account_service_client::BankAccountServiceClient;
use contracts::payments::bank_statement_service_client::BankStatementServiceClient;
use contracts::payments::column_mapping::Amount;
use contracts::payments::column_mapping_service_client::ColumnMappingServiceClient;
use contracts::payments::column_reference::Column;
use contracts::payments::*;
use jiff::civil::date;
use money::{Currency, Money};
use payments::domain::{CustomerId, InvoiceId, KnownInvoice, KnownItem, OpenItemId};
use payments::store;
use postgres::TenantId;
use testkit::eventually_some;
use tonic::transport::Channel;
use tonic::{Request, Status};
use uuid::Uuid;

use crate::fixture::{OURS, World};

pub fn mappings(world: &World) -> ColumnMappingServiceClient<Channel> {
    ColumnMappingServiceClient::new(world.channel())
}

pub fn statements(world: &World) -> BankStatementServiceClient<Channel> {
    BankStatementServiceClient::new(world.channel())
}

/// A column by its name.
pub fn header(name: &str) -> ColumnReference {
    ColumnReference {
        column: Some(Column::Header(name.to_owned())),
    }
}

/// A German bank's way to write statements.
pub fn mapping(name: &str) -> ColumnMapping {
    ColumnMapping {
        display_name: name.to_owned(),
        format: Some(CsvFormat {
            encoding: CsvEncoding::Utf8.into(),
            delimiter: ";".to_owned(),
            quote: "\"".to_owned(),
            skip_line_count: 0,
            has_header: true,
            decimal_mark: ",".to_owned(),
            group_mark: ".".to_owned(),
            date_format: "%d.%m.%Y".to_owned(),
        }),
        booking_date: Some(header("Buchung")),
        value_date: Some(header("Valuta")),
        amount: Some(Amount::SignedAmount(header("Betrag"))),
        currency_code: Some(header("Währung")),
        remittance_text: vec![header("Text")],
        payer_name: Some(header("Name")),
        payer_account: Some(header("IBAN")),
        ..ColumnMapping::default()
    }
}

pub async fn with_mapping(
    world: &World,
    tenant: TenantId,
    mapping: ColumnMapping,
) -> ColumnMapping {
    let request = CreateColumnMappingRequest {
        request_id: format!("mapping {}", mapping.display_name),
        column_mapping: Some(mapping),
    };
    let asked = world.signed(tenant, request);
    let answer = mappings(world).create_column_mapping(asked).await.unwrap();
    answer.into_inner().column_mapping.unwrap()
}

/// An account of ours whose statements are read by a mapping.
#[derive(Debug, Clone)]
pub struct Bank {
    pub tenant: TenantId,
    pub bank_account_id: String,
    pub column_mapping_id: String,
}

pub async fn with_bank(world: &World, tenant: TenantId) -> Bank {
    let mapping = with_mapping(world, tenant, mapping("our bank")).await;
    Bank {
        tenant,
        bank_account_id: with_account(world, tenant, "DE89370400440532013000").await,
        column_mapping_id: mapping.column_mapping_id,
    }
}

/// An account of this number; its identity.
pub async fn with_account(world: &World, tenant: TenantId, number: &str) -> String {
    let request = CreateBankAccountRequest {
        request_id: number.to_owned(),
        bank_account: Some(BankAccount {
            display_name: "Giro".to_owned(),
            account_number: number.to_owned(),
            currency_code: "EUR".to_owned(),
            ..BankAccount::default()
        }),
    };
    let mut accounts = BankAccountServiceClient::new(world.channel());
    let account = accounts
        .create_bank_account(world.signed(tenant, request))
        .await
        .unwrap();
    account.into_inner().bank_account.unwrap().bank_account_id
}

/// A line of the bank's file: the day of March, the amount as the bank writes it, text, name, account.
pub type Line<'a> = (u8, &'a str, &'a str, &'a str, &'a str);

/// The bank's file of these lines.
pub fn file(lines: &[Line<'_>]) -> String {
    let mut csv = "Buchung;Valuta;Betrag;Währung;Text;Name;IBAN\n".to_owned();
    for (day, amount, text, name, account) in lines {
        csv += &format!("{day:02}.03.2026;;{amount};EUR;{text};{name};{account}\n");
    }
    csv
}

impl World {
    /// An invoice of a customer of ours that invoicing has, and has announced.
    pub async fn owed(&self, customer_id: CustomerId, number: &str, amount: &str) -> Uuid {
        let invoice_id = self.invoicing.owes(customer_id, amount);
        let open_amount = Money::parse(amount, Currency::EUR).unwrap();
        let invoice = KnownInvoice {
            invoice_id: InvoiceId(invoice_id),
            customer_id,
            external_id: Some(format!("shop-{number}")),
            invoice_number: number.to_owned(),
            payment_reference: number.to_owned(),
            invoice_date: date(2026, 3, 1),
            open_amount,
            items: vec![KnownItem {
                open_item_id: OpenItemId(invoice_id),
                due_date: date(2026, 3, 31),
                original_amount: open_amount,
                open_amount,
                discounts: Vec::new(),
            }],
            version: 1,
        };
        let mut tx = self.db.begin(OURS).await.unwrap();
        let stored = store::invoice::insert_in_tx(&mut tx, OURS, &invoice).await;
        stored.unwrap();
        tx.commit().await.unwrap();
        invoice_id
    }
}

impl Bank {
    /// Sends a file in small pieces.
    pub async fn import_with(
        &self,
        world: &World,
        request_id: &str,
        options: ImportOptions,
        file: &[u8],
    ) -> Result<BankStatementImport, Status> {
        let first = ImportBankStatementRequest {
            request_id: request_id.to_owned(),
            bank_account_id: self.bank_account_id.clone(),
            column_mapping_id: self.column_mapping_id.clone(),
            file_name: format!("{request_id}.csv"),
            options: Some(options),
            chunk: Vec::new(),
        };
        let piece = |chunk: &[u8]| ImportBankStatementRequest {
            chunk: chunk.to_vec(),
            ..ImportBankStatementRequest::default()
        };
        let messages: Vec<_> = std::iter::once(first)
            .chain(file.chunks(97).map(piece))
            .collect();
        let (metadata, extensions, ()) = world.signed(self.tenant, ()).into_parts();
        let asked = Request::from_parts(metadata, extensions, tokio_stream::iter(messages));
        let answer = statements(world).import_bank_statement(asked).await?;
        Ok(answer.into_inner().bank_statement_import.unwrap())
    }

    /// Imports a file that is right.
    pub async fn import(
        &self,
        world: &World,
        request_id: &str,
        lines: &[Line<'_>],
    ) -> BankStatementImport {
        let file = file(lines);
        let import = self.import_with(world, request_id, ImportOptions::default(), file.as_bytes());
        import.await.unwrap()
    }

    /// Imports a file and waits until all of its lines are matched or in review.
    pub async fn settled(
        &self,
        world: &World,
        request_id: &str,
        lines: &[Line<'_>],
    ) -> BankStatementImport {
        let import = self.import(world, request_id, lines).await;
        self.completed(world, &import.bank_statement_import_id)
            .await
    }

    /// The import once it is complete.
    pub async fn completed(&self, world: &World, import_id: &str) -> BankStatementImport {
        let patience = Duration::from_secs(60);
        eventually_some(patience, "the import is complete", async || {
            let import = self.read(world, import_id).await.unwrap();
            (import.state() == BankStatementImportState::Completed).then_some(import)
        })
        .await
    }

    pub async fn read(
        &self,
        world: &World,
        import_id: &str,
    ) -> Result<BankStatementImport, Status> {
        let asked = GetBankStatementImportRequest {
            bank_statement_import_id: import_id.to_owned(),
        };
        let asked = world.signed(self.tenant, asked);
        let answer = statements(world).get_bank_statement_import(asked).await?;
        Ok(answer.into_inner().bank_statement_import.unwrap())
    }

    /// All lines, oldest first; only in a state, if one is named.
    pub async fn lines(&self, world: &World, state: Option<BankLineState>) -> Vec<BankLine> {
        let asked = ListBankLinesRequest {
            page_size: 500,
            state: state.map(Into::into),
            ..ListBankLinesRequest::default()
        };
        let asked = world.signed(self.tenant, asked);
        let page = statements(world)
            .list_bank_lines(asked)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(page.next_page_token, "");
        page.bank_lines
    }

    /// The only line.
    pub async fn line(&self, world: &World) -> BankLine {
        let [line] = self.lines(world, None).await.try_into().unwrap();
        line
    }
}
