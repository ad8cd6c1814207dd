//! The clerk who works the review list before the offices open: knows by telephone what each payer
//! meant, which is the truth of the book. Takes a suggestion where it is right, else says what is.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use contracts::invoicing::NamedInvoice;
use contracts::payments::bank_statement_service_client::BankStatementServiceClient;
use contracts::payments::resolve_bank_line_request::Resolution;
use contracts::payments::{
    BankLine, BankLineState, LineCorrection, ListBankLinesRequest, MatchSuggestion, NotAReceipt,
    ResolveBankLineRequest,
};

use super::{Play, at_once};
use crate::demo::book::transfer::{Part, Transfer};

impl Play<'_> {
    /// What of a transfer is for invoices that were issued.
    pub(super) fn parts(&self, transfer: &Transfer) -> Vec<Part> {
        let parts = transfer.parts.iter().copied();
        parts
            .filter(|part| self.issued[part.invoice].is_some())
            .collect()
    }

    /// The identities of the invoices that a transfer really pays.
    pub(super) fn truly_paid(&self, transfer: &Transfer) -> Vec<String> {
        let parts = self.parts(transfer);
        let issued = parts
            .iter()
            .filter_map(|part| self.issued[part.invoice].as_ref());
        issued.map(|issued| issued.invoice_id.clone()).collect()
    }

    /// The transfer that a bank line told of.
    pub(super) fn transfer_of(&self, line: &BankLine) -> Option<&Transfer> {
        let mut transfers = self.book.transfers.iter();
        let place = line
            .bank_reference
            .strip_prefix('B')?
            .parse::<usize>()
            .ok()?;
        let transfer = transfers.nth(place.checked_sub(1)?)?;
        (transfer.bank_reference == line.bank_reference).then_some(transfer)
    }

    /// Decides every line in review.
    pub(super) async fn review(&mut self) -> anyhow::Result<()> {
        let request = ListBankLinesRequest {
            page_size: 500,
            state: Some(BankLineState::InReview.into()),
            ..ListBankLinesRequest::default()
        };
        let mut statements = BankStatementServiceClient::new(self.world.calls());
        let page = statements.list_bank_lines(request).await?.into_inner();
        // One after the other what one customer paid: what they owe is another thing after each.
        let mut by_payer: BTreeMap<Option<usize>, Vec<BankLine>> = BTreeMap::new();
        for line in page.bank_lines {
            let payer = self.transfer_of(&line).map(|transfer| transfer.customer);
            by_payer.entry(payer).or_default().push(line);
        }
        let resolved = at_once(by_payer.into_values().map(|lines| async {
            let mut accepted = 0;
            for line in lines {
                accepted += usize::from(self.resolved(line).await?);
            }
            Ok(accepted)
        }));
        let accepted = resolved.await?;
        self.tally.accepted_suggestions += accepted.into_iter().sum::<usize>();
        Ok(())
    }

    /// Decides a line; whether a suggestion was right.
    async fn resolved(&self, line: BankLine) -> anyhow::Result<bool> {
        let resolution = self.decided(&line)?;
        let accepted = matches!(resolution, Resolution::AcceptedSuggestionId(_));
        let request = ResolveBankLineRequest {
            request_id: self.world.fresh(),
            bank_line_id: line.bank_line_id,
            resolution: Some(resolution),
            etag: line.etag,
        };
        let resolved = BankStatementServiceClient::new(self.world.calls())
            .resolve_bank_line(request)
            .await
            .with_context(|| format!("bank line {}", line.bank_reference))?
            .into_inner();
        let state = resolved.bank_line.as_ref().map(BankLine::state);
        ensure!(
            matches!(
                state,
                Some(BankLineState::Resolved | BankLineState::NotAReceipt)
            ),
            "bank line {} is {state:?}: {:?}",
            line.bank_reference,
            resolved.applications
        );
        Ok(accepted)
    }

    fn decided(&self, line: &BankLine) -> anyhow::Result<Resolution> {
        let Some(transfer) = self.transfer_of(line) else {
            let note = "The transfer of an agency: it settles a remittance.".to_owned();
            return Ok(Resolution::NotAReceipt(NotAReceipt { note }));
        };
        let customer_id = &self.customer_ids[transfer.customer];
        let truth = self.truly_paid(transfer);
        let right = |suggestion: &&MatchSuggestion| {
            suggestion.customer_id == *customer_id && same(&suggestion.invoices, &truth)
        };
        if let Some(right) = line.suggestions.iter().find(right) {
            return Ok(Resolution::AcceptedSuggestionId(
                right.suggestion_id.clone(),
            ));
        }
        let named = |invoice_id: String| NamedInvoice {
            invoice_id,
            amount: None,
        };
        Ok(Resolution::Correction(LineCorrection {
            customer_id: customer_id.clone(),
            invoices: truth.into_iter().map(named).collect(),
        }))
    }
}

/// Whether the invoices are these, in whatever order.
pub(super) fn same(named: &[NamedInvoice], truth: &[String]) -> bool {
    let named: BTreeSet<&str> = named.iter().map(|one| one.invoice_id.as_str()).collect();
    let truth: BTreeSet<&str> = truth.iter().map(String::as_str).collect();
    named == truth
}
