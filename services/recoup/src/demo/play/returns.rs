//! What comes back from the agencies: remittances with the commission, and in the end debts that are
//! recalled, or given up and written off.

use std::collections::BTreeMap;

use anyhow::ensure;
use contracts::agency::placement_service_client::PlacementServiceClient;
use contracts::agency::remittance_row::Placement as PlacementKey;
use contracts::agency::remittance_service_client::RemittanceServiceClient;
use contracts::agency::{
    CloseCode, ClosePlacementRequest, ConfirmRecallRequest, ImportRemittanceRequest,
    PlacementInvoice, PlacementState, RecallPlacementRequest, RecallReason, RemittanceHeader,
    RemittanceMode, RemittanceRow,
};
use contracts::common::ImportState;
use contracts::invoicing::get_invoice_request::Key;
use contracts::invoicing::invoice_service_client::InvoiceServiceClient;
use contracts::invoicing::write_off_service_client::WriteOffServiceClient;
use contracts::invoicing::{GetInvoiceRequest, WriteOffInvoiceRequest, WriteOffReason};
use jiff::civil::Date;

use super::Play;
use super::agencies::{NET_COMMISSION_BP, Placed};
use super::bank::AgencyTransfer;
use crate::demo::book::invoice::share;
use crate::demo::book::{later, on_or_before};
use crate::demo::client::{cents, day, had, money};

/// Days after which the tenant takes every sixth debt back to deal with the debtor himself.
const RECALL_AFTER_DAYS: u32 = 75;

/// Days after which an agency gives up.
const GIVE_UP_AFTER_DAYS: u32 = 120;

impl Play<'_> {
    /// The agencies remit what they have collected since the last time.
    pub(super) async fn remit(&mut self, today: Date) -> anyhow::Result<()> {
        let mut collected: BTreeMap<(usize, String), Vec<RemittanceRow>> = BTreeMap::new();
        for place in 0..self.placements.len() {
            if let Some(row) = self.collected(place, today).await? {
                let placed = &self.placements[place];
                let key = (placed.agency, placed.currency_code.clone());
                collected.entry(key).or_default().push(row);
            }
        }
        for ((agency, currency), rows) in collected {
            self.import_remittance(agency, &currency, rows, today)
                .await?;
        }
        Ok(())
    }

    /// What was collected on a placement this month.
    async fn collected(
        &mut self,
        place: usize,
        today: Date,
    ) -> anyhow::Result<Option<RemittanceRow>> {
        let placed: &mut Placed = &mut self.placements[place];
        let (turn, percents) = (
            placed.remitted,
            self.book.customers[placed.customer].agency_percents,
        );
        let Some(percent) = percents.get(turn).copied().filter(|percent| *percent > 0) else {
            return Ok(None);
        };
        placed.remitted += 1;
        let placed = placed.clone();
        let (now, _) = self.placement(&placed.placement_id).await?;
        let gross = share(placed.cents, i64::from(percent) * 100);
        if now.state() != PlacementState::Active || cents(now.open_amount.as_ref())? < gross {
            return Ok(None);
        }
        let currency = &placed.currency_code;
        let kept = match self.agencies[placed.agency].mode {
            RemittanceMode::Net => Some(money(share(gross, NET_COMMISSION_BP), currency)),
            RemittanceMode::Gross | RemittanceMode::Unspecified => None,
        };
        Ok(Some(RemittanceRow {
            row_number: 0,
            line_reference: format!(
                "{}-{}",
                self.book.customers[placed.customer].external_id, turn
            ),
            placement: Some(PlacementKey::PlacementId(placed.placement_id)),
            paid_date: day(on_or_before(
                today.saturating_sub(jiff::Span::new().days(3)),
            )),
            gross_amount: Some(money(gross, currency)),
            commission_amount: kept,
            ..RemittanceRow::default()
        }))
    }

    async fn import_remittance(
        &mut self,
        agency: usize,
        currency: &str,
        mut rows: Vec<RemittanceRow>,
        today: Date,
    ) -> anyhow::Result<()> {
        let agency = self.agencies[agency].clone();
        for (number, row) in (1..).zip(&mut rows) {
            row.row_number = number;
        }
        let reference = format!("{}-{today}-{currency}", agency.code);
        let request = ImportRemittanceRequest {
            request_id: self.world.fresh(),
            options: None,
            header: Some(RemittanceHeader {
                agency_id: agency.agency_id,
                remittance_reference: reference.clone(),
                remittance_date: day(today),
                mode: agency.mode.into(),
                currency_code: currency.to_owned(),
                stated_line_count: Some(i32::try_from(rows.len())?),
                ..RemittanceHeader::default()
            }),
            rows,
        };
        let stream = futures_util::stream::iter([request]);
        let imported = RemittanceServiceClient::new(self.world.calls())
            .import_remittance(stream)
            .await?
            .into_inner();
        let report = had(imported.report, "a report")?;
        ensure!(
            report.state() == ImportState::Completed,
            "{reference}: {:?}",
            report.rejected_rows
        );
        let remittance = had(imported.remittance, "the remittance")?;
        self.agency_transfers.push(AgencyTransfer {
            bank_reference: format!("A-{reference}"),
            day: today,
            currency_code: currency.to_owned(),
            cents: cents(remittance.net_amount.as_ref())?,
            text: format!("Remittance {reference}"),
            told: false,
        });
        Ok(())
    }

    /// Looks at what has been with the agencies for long: some is recalled, the rest is given up.
    pub(super) async fn look_at_placements(&mut self, today: Date) -> anyhow::Result<()> {
        for placed in self.placements.clone() {
            let is_recalled = placed.customer.is_multiple_of(6);
            let gives_up = later(placed.day, GIVE_UP_AFTER_DAYS) <= today;
            let recalls = is_recalled && later(placed.day, RECALL_AFTER_DAYS) <= today;
            if !gives_up && !recalls {
                continue;
            }
            let (now, invoices) = self.placement(&placed.placement_id).await?;
            if now.state() != PlacementState::Active {
                continue;
            }
            if recalls {
                self.recall(&placed).await?;
            } else {
                self.give_up(&placed, &invoices).await?;
            }
        }
        Ok(())
    }

    async fn recall(&mut self, placed: &Placed) -> anyhow::Result<()> {
        let mut placements = PlacementServiceClient::new(self.world.calls());
        let request = RecallPlacementRequest {
            request_id: self.world.fresh(),
            placement_id: placed.placement_id.clone(),
            reason: RecallReason::ClientDecision.into(),
            ..RecallPlacementRequest::default()
        };
        placements.recall_placement(request).await?;
        self.world.settle().await?;
        let (now, _) = self.placement(&placed.placement_id).await?;
        if now.state() == PlacementState::PendingRecall {
            let request = ConfirmRecallRequest {
                request_id: self.world.fresh(),
                placement_id: placed.placement_id.clone(),
                stopped_time: None,
            };
            placements.confirm_recall(request).await?;
        }
        Ok(())
    }

    async fn give_up(
        &mut self,
        placed: &Placed,
        invoices: &[PlacementInvoice],
    ) -> anyhow::Result<()> {
        let request = ClosePlacementRequest {
            request_id: self.world.fresh(),
            placement_id: placed.placement_id.clone(),
            close_code: CloseCode::Uncollectible.into(),
            ..ClosePlacementRequest::default()
        };
        PlacementServiceClient::new(self.world.calls())
            .close_placement(request)
            .await?;
        self.world.settle().await?;
        for invoice in invoices {
            if cents(invoice.open_amount.as_ref())? > 0 {
                self.write_off(&invoice.invoice_id).await?;
            }
        }
        Ok(())
    }

    async fn write_off(&self, invoice_id: &str) -> anyhow::Result<()> {
        let request = GetInvoiceRequest {
            key: Some(Key::InvoiceId(invoice_id.to_owned())),
        };
        let read = InvoiceServiceClient::new(self.world.calls())
            .get_invoice(request)
            .await?;
        let invoice = had(read.into_inner().invoice, "the invoice")?;
        let request = WriteOffInvoiceRequest {
            request_id: self.world.fresh(),
            invoice_id: invoice_id.to_owned(),
            reason: WriteOffReason::Uncollectible.into(),
            etag: invoice.etag,
            ..WriteOffInvoiceRequest::default()
        };
        WriteOffServiceClient::new(self.world.calls())
            .write_off_invoice(request)
            .await?;
        Ok(())
    }
}
