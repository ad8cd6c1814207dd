//! What we ask of other services, in the words of our domain, and what their answers mean. Never
//! inside a transaction: a peer may take as long as the deadline.
//!
//! Every question is asked under an identity that follows from what it is about, so that asking it
//! again finds what was done the first time (P9).

use std::collections::BTreeMap;

use calendar::{Clock, Timestamp};
use contracts::convert::{date_to_wire, instant_from_wire, money_to_wire};
use contracts::invoicing::GetCollectabilityRequest;
use contracts::invoicing::collectability_result::Outcome;
use contracts::invoicing::open_item_service_client::OpenItemServiceClient;
use contracts::invoicing::{NamedInvoice, NamedInvoices};
use contracts::payments::apply_receipt_request::Target;
use contracts::payments::receipt_application_service_client::ReceiptApplicationServiceClient;
use contracts::payments::receipt_service_client::ReceiptServiceClient;
use contracts::payments::{
    AgencyRemittanceLine, ApplyReceiptRequest, ReceiptApplicationState, ReceiptMethod,
    RecordReceiptRequest,
};
use contracts::reminders::place_hold_request::Key;
use contracts::reminders::placement_hold_service_client::PlacementHoldServiceClient;
use contracts::reminders::{PlaceHoldRequest, ReleaseHoldRequest};
use runtime::{Errand, Peer, PeerError};
use tonic::Code;

use crate::domain::identity::{CaseId, InvoiceId};
use crate::domain::placement::{Look, Placement, SuccessorHold};
use crate::domain::remittance_line::RemittanceLine;
use crate::rpc::wire::balance::{UnfitBalance, debt_from_wire};
use crate::rpc::wire::mirror::Mirror as _;

/// Whom we ask.
#[derive(Debug)]
pub struct Clients {
    /// Holds debts for placements.
    pub reminders: Peer,
    /// Knows what is owed.
    pub invoicing: Peer,
    /// Records and applies receipts.
    pub payments: Peer,
}

/// Why a question has no answer yet.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// Whether the peer acted is not known, or it cannot say yet: ask again later.
    #[error(transparent)]
    Later(PeerError),
    /// The answer makes no sense.
    #[error("{peer} answered what cannot be read: {what}")]
    Unfit {
        /// Who answered.
        peer: &'static str,
        /// What is wrong with it.
        what: String,
    },
}

/// What reminders answered to the question for a hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// It stands.
    Placed {
        /// The case of the customer.
        case_id: CaseId,
        /// When it is quiet there, an instant of real time; none: now.
        quiet_time: Option<Timestamp>,
    },
    /// Refused for good, for this reason.
    Refused(String),
}

impl Clients {
    /// Asks reminders to hold the invoices of a placement.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn place_hold(
        &self,
        errand: Errand,
        placement: &Placement,
        invoice_ids: &[InvoiceId],
    ) -> Result<Held, NoAnswer> {
        let key = match placement.case_id {
            Some(case_id) => Key::CaseId(case_id.to_string()),
            None => Key::CustomerId(placement.customer_id.to_string()),
        };
        let request = PlaceHoldRequest {
            request_id: format!("place/{}/{}", placement.placement_id, key_name(&key)),
            key: Some(key),
            placement_id: placement.placement_id.to_string(),
            invoice_ids: texts(invoice_ids),
        };
        let asked = self.reminders.ask(errand, |channel| {
            let request = request.clone();
            async move {
                PlacementHoldServiceClient::new(channel)
                    .place_hold(request)
                    .await
            }
        });
        let answer = match asked.await {
            Ok(answer) => answer,
            Err(error) if has_decided(&error) => return Ok(Held::Refused(error.reason)),
            Err(error) => return Err(NoAnswer::Later(error)),
        };
        let unfit = |what: &str| NoAnswer::Unfit {
            peer: "reminders",
            what: what.to_owned(),
        };
        let hold = answer.hold.ok_or_else(|| unfit("hold"))?;
        let quiet = answer.quiet_time.as_ref().map(instant_from_wire);
        Ok(Held::Placed {
            case_id: hold.case_id.parse().map_err(|_| unfit("case_id"))?,
            quiet_time: quiet.transpose().map_err(|_| unfit("quiet_time"))?,
        })
    }

    /// Gives invoices back to reminders; that it never held them for the placement is as good.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn release_hold(
        &self,
        errand: Errand,
        placement: &Placement,
        invoice_ids: &[InvoiceId],
        successor: Option<SuccessorHold>,
    ) -> Result<(), NoAnswer> {
        // Dropped invoices go back before the others: the first of them tells the two apart.
        let first = invoice_ids
            .first()
            .map(InvoiceId::to_string)
            .unwrap_or_default();
        let request = ReleaseHoldRequest {
            request_id: format!("release/{}/{first}", placement.placement_id),
            placement_id: placement.placement_id.to_string(),
            invoice_ids: texts(invoice_ids),
            successor_reason: successor.map(|reason| reason.wire()),
            note: String::new(),
        };
        let asked = self.reminders.ask(errand, |channel| {
            let request = request.clone();
            async move {
                PlacementHoldServiceClient::new(channel)
                    .release_hold(request)
                    .await
            }
        });
        match asked.await {
            Ok(_) => Ok(()),
            Err(error) if error.code == Code::NotFound => Ok(()),
            Err(error) => Err(NoAnswer::Later(error)),
        }
    }

    /// The last look: what invoicing says is owed and disputed now. `real_clock` tells when the
    /// question was sent.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn look(
        &self,
        errand: Errand,
        invoice_ids: &[InvoiceId],
        real_clock: &Clock,
    ) -> Result<Look, NoAnswer> {
        let request = GetCollectabilityRequest {
            invoice_ids: texts(invoice_ids),
        };
        let asked_time = real_clock.now();
        let asked = self.invoicing.ask(errand, |channel| {
            let request = request.clone();
            async move {
                OpenItemServiceClient::new(channel)
                    .get_collectability(request)
                    .await
            }
        });
        let answer = asked.await.map_err(NoAnswer::Later)?;
        let unfit = |what: UnfitBalance| NoAnswer::Unfit {
            peer: "invoicing",
            what: what.to_string(),
        };
        let mut balances = BTreeMap::new();
        for result in answer.results {
            // An invoice that is refused is not known there, and nothing is owed.
            if let Some(Outcome::Collectability(found)) = result.outcome {
                let balance = found.balance.ok_or(UnfitBalance::Field("balance"));
                let debt = balance
                    .and_then(|told| debt_from_wire(&told))
                    .map_err(unfit)?;
                balances.insert(debt.invoice_id, debt.balance);
            }
        }
        Ok(Look {
            asked_time,
            balances,
        })
    }

    /// Has payments record the receipt of a line, for all that the debtor paid; that it is there
    /// already is as good.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn record_receipt(
        &self,
        errand: Errand,
        line: &RemittanceLine,
    ) -> Result<(), PeerError> {
        let request = RecordReceiptRequest {
            request_id: format!("line/{}", line.remittance_line_id),
            receipt_id: line.receipt_id.to_string(),
            customer_id: line.customer_id.to_string(),
            method: ReceiptMethod::Agency.into(),
            amount: Some(money_to_wire(line.gross)),
            receipt_date: Some(date_to_wire(line.paid_date)),
            agency_line: Some(AgencyRemittanceLine {
                agency_id: line.agency_id.to_string(),
                remittance_id: line.remittance_id.to_string(),
                line_number: line.line_number,
            }),
            ..RecordReceiptRequest::default()
        };
        let asked = self.payments.ask(errand, |channel| {
            let request = request.clone();
            async move {
                ReceiptServiceClient::new(channel)
                    .record_receipt(request)
                    .await
            }
        });
        match asked.await {
            Ok(_) => Ok(()),
            Err(error) if error.reason == "RECEIPT_EXISTS" => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Has payments apply the receipt of a line to invoices; answers whether any of it was. Asked
    /// under an identity that changes when the line is tried anew.
    ///
    /// # Errors
    /// [`PeerError`].
    pub async fn apply_receipt(
        &self,
        errand: Errand,
        line: &RemittanceLine,
        invoice_ids: &[InvoiceId],
    ) -> Result<bool, PeerError> {
        let since = line.next_check_time.map(|time| time.to_string());
        let named = |invoice_id: &InvoiceId| NamedInvoice {
            invoice_id: invoice_id.to_string(),
            amount: None,
        };
        let request = ApplyReceiptRequest {
            request_id: format!(
                "line/{}/{}",
                line.remittance_line_id,
                since.unwrap_or_default()
            ),
            receipt_id: line.receipt_id.to_string(),
            target: Some(Target::NamedInvoices(NamedInvoices {
                invoices: invoice_ids.iter().map(named).collect(),
            })),
            ..ApplyReceiptRequest::default()
        };
        let asked = self.payments.ask(errand, |channel| {
            let request = request.clone();
            async move {
                ReceiptApplicationServiceClient::new(channel)
                    .apply_receipt(request)
                    .await
            }
        });
        match asked.await {
            Ok(answer) => {
                let applied = ReceiptApplicationState::Applied;
                Ok(answer.applications.iter().any(|one| one.state() == applied))
            }
            // Nothing is left of it: an earlier question applied it.
            Err(error) if error.reason == "AMOUNT_EXCEEDS_UNAPPLIED" => Ok(true),
            Err(error) => Err(error),
        }
    }
}

/// Whether the peer has decided. A refusal of our own rights is a fault of the installation, which
/// somebody mends: the debt waits for that.
#[must_use]
pub fn has_decided(error: &PeerError) -> bool {
    let not_ours = [Code::PermissionDenied, Code::Unauthenticated];
    error.is_refusal() && !not_ours.contains(&error.code)
}

/// The case may become known between two questions, which then are two.
fn key_name(key: &Key) -> &'static str {
    match key {
        Key::CaseId(_) => "case",
        Key::CustomerId(_) => "customer",
    }
}

fn texts(invoice_ids: &[InvoiceId]) -> Vec<String> {
    invoice_ids.iter().map(InvoiceId::to_string).collect()
}
