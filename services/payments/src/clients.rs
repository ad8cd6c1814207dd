//! What is asked of invoicing: to apply money to invoices, and to take it back. A question may be
//! asked again and again: every item has an identity under which invoicing has stored its answer
//! for ever. Must not be called inside a transaction, and must not take anything but a stored
//! answer for an answer: a status of the call says nothing about any item.

use std::collections::BTreeMap;

use contracts::common;
use contracts::convert::{Malformed, date_to_wire, money_from_wire, money_to_wire};
use contracts::invoicing as wire;
use contracts::invoicing::application_service_client::ApplicationServiceClient;
use contracts::invoicing::credit_application::Target;
use contracts::invoicing::{apply_credits_result, reverse_applications_result};
use runtime::{Errand, Peer, PeerError};
use tonic::Code;
use uuid::Uuid;

use crate::domain::{
    ApplicationAnswer, ApplicationId, ApplicationTarget, ItemRefusal, ReceiptApplication,
    ReversalAnswer,
};
use crate::rpc::wire::decision::refusal_from_wire;
use crate::rpc::wire::receipt_application::{
    allocation_from_wire, named_to_wire, reversal_reason_to_wire, rule_to_wire,
};

/// The most items that may be asked in one call.
pub const MOST_ITEMS: usize = 500;

/// Why there is no answer. The money stays where it is.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// Invoicing was not reached, was late, or refused the call as a whole.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// What it said is no stored answer to what was asked: for people to look at.
    #[error("invoicing's answer is none: {0}")]
    Unintelligible(String),
}

impl From<Malformed> for NoAnswer {
    fn from(malformed: Malformed) -> Self {
        Self::Unintelligible(malformed.to_string())
    }
}

/// Asks invoicing to apply reserved money: at most [`MOST_ITEMS`] applications, each once. Answers
/// for all of them.
///
/// # Errors
/// [`NoAnswer`].
pub async fn apply_credits(
    invoicing: &Peer,
    errand: impl Into<Errand>,
    applications: &[ReceiptApplication],
) -> Result<BTreeMap<ApplicationId, ApplicationAnswer>, NoAnswer> {
    let request = wire::ApplyCreditsRequest {
        request_id: Uuid::now_v7().to_string(),
        applications: applications.iter().map(credit_to_wire).collect(),
    };
    let asked = invoicing.ask(errand, |channel| {
        let request = request.clone();
        async move {
            ApplicationServiceClient::new(channel)
                .apply_credits(request)
                .await
        }
    });
    let results = asked.await?.results;
    let mut answers = BTreeMap::new();
    for result in results {
        let application_id = ApplicationId(item_id(&result.application_id)?);
        let answer = match result.outcome {
            Some(apply_credits_result::Outcome::Application(applied)) => {
                applied_from_wire(&applied)?
            }
            Some(apply_credits_result::Outcome::Refusal(refusal)) => {
                ApplicationAnswer::Refused(stored_refusal(refusal)?)
            }
            None => return Err(empty()),
        };
        answers.insert(application_id, answer);
    }
    let asked = applications.iter().map(|one| one.application_id);
    all_answered(asked, &answers)?;
    Ok(answers)
}

/// Asks invoicing to take applications back that are being reversed: at most [`MOST_ITEMS`], each
/// once. Answers for all of them.
///
/// # Errors
/// [`NoAnswer`].
pub async fn reverse_applications(
    invoicing: &Peer,
    errand: impl Into<Errand>,
    applications: &[ReceiptApplication],
) -> Result<BTreeMap<ApplicationId, ReversalAnswer>, NoAnswer> {
    let request = wire::ReverseApplicationsRequest {
        request_id: Uuid::now_v7().to_string(),
        reversals: applications.iter().filter_map(order_to_wire).collect(),
    };
    let asked = invoicing.ask(errand, |channel| {
        let request = request.clone();
        async move {
            ApplicationServiceClient::new(channel)
                .reverse_applications(request)
                .await
        }
    });
    let mut results = BTreeMap::new();
    for result in asked.await?.results {
        let answer = match result.outcome {
            Some(reverse_applications_result::Outcome::Reversal(reversal)) => {
                let reopened = reversal.reopened.iter().map(allocation_from_wire);
                ReversalAnswer::Reversed(reopened.collect::<Result<_, _>>()?)
            }
            Some(reverse_applications_result::Outcome::Refusal(refusal)) => {
                ReversalAnswer::Refused(stored_refusal(refusal)?)
            }
            None => return Err(empty()),
        };
        results.insert(item_id(&result.reversal_id)?, answer);
    }
    let mut answers = BTreeMap::new();
    for application in applications {
        let reversal = application.reversal.as_ref();
        let answer = reversal.and_then(|reversal| results.remove(&reversal.reversal_id.0));
        answers.extend(answer.map(|answer| (application.application_id, answer)));
    }
    let asked = applications.iter().map(|one| one.application_id);
    all_answered(asked, &answers)?;
    Ok(answers)
}

fn credit_to_wire(application: &ReceiptApplication) -> wire::CreditApplication {
    let target = match &application.target {
        ApplicationTarget::Named(invoices) => Target::NamedInvoices(named_to_wire(invoices)),
        ApplicationTarget::Rule {
            steps,
            include_disputed,
        } => Target::Rule(rule_to_wire(steps, *include_disputed)),
    };
    wire::CreditApplication {
        application_id: application.application_id.0.to_string(),
        customer_id: application.customer_id.0.to_string(),
        receipt_id: application.receipt_id.0.to_string(),
        amount: Some(money_to_wire(application.amount)),
        receipt_date: Some(date_to_wire(application.receipt_date)),
        target: Some(target),
    }
}

fn order_to_wire(application: &ReceiptApplication) -> Option<wire::ReversalOrder> {
    let reversal = application.reversal.as_ref()?;
    Some(wire::ReversalOrder {
        reversal_id: reversal.reversal_id.0.to_string(),
        application_id: application.application_id.0.to_string(),
        reason: reversal_reason_to_wire(reversal.reason).into(),
        reversal_date: Some(date_to_wire(reversal.reversal_date)),
    })
}

fn applied_from_wire(applied: &wire::Application) -> Result<ApplicationAnswer, NoAnswer> {
    let money = |field: &str, amount: &Option<common::Money>| match amount {
        Some(amount) => Ok(money_from_wire(amount)?),
        None => Err(NoAnswer::Unintelligible(format!("{field} is missing"))),
    };
    let allocations = applied.allocations.iter().map(allocation_from_wire);
    let tolerance = &applied.overpayment_tolerance_amount;
    Ok(ApplicationAnswer::Applied {
        allocations: allocations.collect::<Result<_, _>>()?,
        overpayment_tolerance_amount: money("overpayment_tolerance_amount", tolerance)?,
        rest_amount: money("rest_amount", &applied.rest_amount)?,
    })
}

/// The refusal, if it is one that invoicing stores: a rule's or a lookup's. A reused id means that
/// we asked wrongly; what is not a decision at all decides nothing.
fn stored_refusal(refusal: common::ItemRefusal) -> Result<ItemRefusal, NoAnswer> {
    match Code::from(refusal.code) {
        Code::NotFound | Code::FailedPrecondition => Ok(refusal_from_wire(refusal)),
        _ => Err(NoAnswer::Unintelligible(refusal.reason)),
    }
}

fn item_id(text: &str) -> Result<Uuid, NoAnswer> {
    text.parse()
        .map_err(|_| NoAnswer::Unintelligible("an item's id is no UUID".to_owned()))
}

fn all_answered<A>(
    mut asked: impl Iterator<Item = ApplicationId>,
    answers: &BTreeMap<ApplicationId, A>,
) -> Result<(), NoAnswer> {
    match asked.find(|one| !answers.contains_key(one)) {
        Some(_) => Err(empty()),
        None => Ok(()),
    }
}

fn empty() -> NoAnswer {
    NoAnswer::Unintelligible("an item was not answered".to_owned())
}
