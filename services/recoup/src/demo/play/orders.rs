//! The orders of a day: large ones pass the gate of credit first, all that pass are invoiced
//! together, as a shop system hands them over in the morning.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use contracts::common::ImportState;
use contracts::credit::credit_check_service_client::CreditCheckServiceClient;
use contracts::credit::exchange_rate_service_client::ExchangeRateServiceClient;
use contracts::credit::{
    CheckCreditRequest, ConfirmReservationRequest, CreditCheckOutcome, ExchangeRate,
    RecordExchangeRatesRequest,
};
use contracts::invoicing::invoice_content::Customer as Debtor;
use contracts::invoicing::invoice_service_client::InvoiceServiceClient;
use contracts::invoicing::{
    ImportInvoicesRequest, InvoiceContent, InvoiceLine, InvoiceRow, ListInvoicesRequest,
};
use jiff::civil::Date;

use super::{Issued, Play, at_once};
use crate::demo::book::invoice::Invoice;
use crate::demo::client::{day, decimal, had, money};

impl Play<'_> {
    /// Tells credit what foreign money is worth from a day on: it moves a little, week by week.
    pub(super) async fn record_rates(&self, today: Date) -> anyhow::Result<()> {
        let turn = i64::from(today.day()) * 7 + i64::from(today.month()) * 3;
        let rate = |currency: &str, ten_thousandths: i64| ExchangeRate {
            currency_code: currency.to_owned(),
            rate_date: day(today),
            rate: decimal(&format!(
                "{}.{:04}",
                ten_thousandths / 10_000,
                ten_thousandths % 10_000
            )),
            source: "made up".to_owned(),
            created_time: None,
        };
        let request = RecordExchangeRatesRequest {
            request_id: self.world.fresh(),
            rates: vec![
                rate("GBP", 11_500 + turn % 300),
                rate("USD", 9_000 + turn % 400),
            ],
        };
        ExchangeRateServiceClient::new(self.world.calls())
            .record_exchange_rates(request)
            .await?;
        Ok(())
    }

    /// Invoices the orders of a day.
    pub(super) async fn bill(&mut self, today: Date) -> anyhow::Result<()> {
        let from = self
            .book
            .invoices
            .partition_point(|invoice| invoice.issued < today);
        let until = self
            .book
            .invoices
            .partition_point(|invoice| invoice.issued <= today);
        if from == until {
            return Ok(());
        }
        let orders: Vec<usize> = (from..until).collect();
        let passed = self.passed(&orders).await?;
        self.tally.refused_orders += until - from - passed.len();
        if passed.is_empty() {
            return Ok(());
        }
        self.import(&passed).await?;
        self.learn_numbers(today, from..until).await
    }

    /// The orders that get credit, in their order.
    async fn passed(&self, orders: &[usize]) -> anyhow::Result<Vec<(usize, String)>> {
        // One after the other what one customer ordered: the first may leave no credit for the next.
        let by_customer =
            orders.chunk_by(|one, next| self.customer_of(*one) == self.customer_of(*next));
        let granted = at_once(by_customer.map(|orders| async move {
            let mut granted = Vec::new();
            for place in orders {
                granted.extend(self.granted(*place).await?);
            }
            Ok(granted)
        }));
        Ok(granted.await?.concat())
    }

    /// The order with its reservation, none for a small one; nothing when credit is refused.
    async fn granted(&self, place: usize) -> anyhow::Result<Option<(usize, String)>> {
        let invoice = &self.book.invoices[place];
        if !invoice.checked {
            return Ok(Some((place, String::new())));
        }
        let mut checks = CreditCheckServiceClient::new(self.world.calls());
        let currency = self.book.customers[invoice.customer].place.currency_code;
        let request = CheckCreditRequest {
            request_id: self.world.fresh(),
            customer_id: self.customer_ids[invoice.customer].clone(),
            order_reference: invoice.external_id.clone(),
            amount: Some(money(invoice.gross_cents, currency)),
            ..CheckCreditRequest::default()
        };
        let checked = checks.check_credit(request).await?.into_inner();
        if checked.outcome() != CreditCheckOutcome::Approved {
            return Ok(None);
        }
        let reservation_id = had(checked.reservation, "a reservation")?.reservation_id;
        let request = ConfirmReservationRequest {
            request_id: self.world.fresh(),
            reservation_id: reservation_id.clone(),
            etag: String::new(),
        };
        checks.confirm_reservation(request).await?;
        Ok(Some((place, reservation_id)))
    }

    async fn import(&self, passed: &[(usize, String)]) -> anyhow::Result<()> {
        let row = |(row_number, (place, reservation)): (i32, &(usize, String))| {
            let invoice = &self.book.invoices[*place];
            InvoiceRow {
                row_number,
                external_id: invoice.external_id.clone(),
                invoice_number: String::new(),
                content: Some(self.content(invoice, reservation)),
            }
        };
        let request = ImportInvoicesRequest {
            request_id: self.world.fresh(),
            options: None,
            rows: (1..).zip(passed).map(row).collect(),
        };
        let stream = futures_util::stream::iter([request]);
        let imported = InvoiceServiceClient::new(self.world.calls())
            .import_invoices(stream)
            .await?;
        let report = had(imported.into_inner().report, "a report")?;
        ensure!(
            report.state() == ImportState::Completed,
            "invoices: {:?}",
            report.rejected_rows
        );
        Ok(())
    }

    fn content(&self, invoice: &Invoice, reservation: &str) -> InvoiceContent {
        let place = self.book.customers[invoice.customer].place;
        let line = InvoiceLine {
            description: "Goods".to_owned(),
            quantity: decimal(&invoice.quantity.to_string()),
            unit: "piece".to_owned(),
            unit_price: Some(contracts::common::Decimal {
                value: crate::demo::client::amount(invoice.unit_cents),
            }),
            ..taxed(place.tax_bp)
        };
        InvoiceContent {
            customer: Some(Debtor::CustomerId(
                self.customer_ids[invoice.customer].clone(),
            )),
            currency_code: place.currency_code.to_owned(),
            invoice_date: day(invoice.issued),
            lines: vec![line],
            payment_reference: invoice.payment_reference.clone(),
            order_reference: invoice.external_id.clone(),
            reservation_id: reservation.to_owned(),
            ..InvoiceContent::default()
        }
    }

    /// Reads what was issued today: identities and numbers.
    async fn learn_numbers(
        &mut self,
        today: Date,
        places: std::ops::Range<usize>,
    ) -> anyhow::Result<()> {
        let mut invoices = InvoiceServiceClient::new(self.world.calls());
        let request = ListInvoicesRequest {
            page_size: 500,
            from_invoice_date: day(today),
            to_invoice_date: day(today),
            ..ListInvoicesRequest::default()
        };
        let page = invoices.list_invoices(request).await?.into_inner();
        let listed = page.invoices.into_iter();
        let mut listed: BTreeMap<String, _> = listed
            .map(|invoice| (invoice.external_id.clone(), invoice))
            .collect();
        for place in places {
            let told = &self.book.invoices[place];
            let Some(invoice) = listed.remove(&told.external_id) else {
                continue;
            };
            let gross = invoice
                .totals
                .as_ref()
                .and_then(|totals| totals.gross_amount.clone());
            let gross = crate::demo::client::cents(gross.as_ref())
                .with_context(|| format!("order {}", told.external_id))?;
            ensure!(
                gross == told.gross_cents,
                "order {} comes to {gross} cents, not {}",
                told.external_id,
                told.gross_cents
            );
            self.issued[place] = Some(Issued {
                invoice_id: invoice.invoice_id,
                number: invoice.invoice_number,
            });
        }
        Ok(())
    }
}

/// A line with nothing but its tax.
pub(super) fn taxed(tax_bp: i64) -> InvoiceLine {
    InvoiceLine {
        tax_category: if tax_bp == 0 { "O" } else { "S" }.to_owned(),
        tax_ratio: decimal(&format!("0.{tax_bp:04}")),
        ..InvoiceLine::default()
    }
}
