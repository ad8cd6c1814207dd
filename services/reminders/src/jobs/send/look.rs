//! The last look: what the invoices of a message are worth at this moment, by invoicing itself. No
//! answer, no message (P16).

use calendar::Timestamp;
use contracts::convert::instant_from_wire;
use contracts::invoicing::collectability_result::Outcome;
use contracts::invoicing::open_item_service_client::OpenItemServiceClient;
use contracts::invoicing::{GetCollectabilityRequest, GetCollectabilityResponse};
use runtime::{Deadline, Errand};
use timers::JobError;
use tokio::time::Instant;

use super::Held;
use crate::app::App;
use crate::domain::id::InvoiceId;
use crate::domain::invoice::Balance;
use crate::domain::message::LOOK_VALID;
use crate::events::inbound::balance_of;

/// As many invoices are asked for in one question.
const AT_ONCE: usize = 1_000;

/// What invoicing answered.
pub(super) struct Look {
    /// When it was asked: from then on the answer ages, by a clock that never stands still.
    pub(super) asked: Instant,
    /// The instant of the look, by the business clock.
    pub(super) time: Timestamp,
    /// What the invoices are worth; one that invoicing does not know is missing.
    pub(super) answers: Vec<Balance>,
}

/// Asks invoicing about the invoices of a message.
pub(super) async fn ask(app: &App, held: &Held) -> Result<Look, JobError> {
    let mut look = Look {
        asked: Instant::now(),
        time: app.clock.now(),
        answers: Vec::with_capacity(held.invoice_ids.len()),
    };
    for some in held.invoice_ids.chunks(AT_ONCE) {
        let answer = ask_about(app, held, some).await?;
        if let Some(time) = answer.look_time.as_ref() {
            let time = instant_from_wire(time).map_err(JobError::failed)?;
            look.time = look.time.min(time);
        }
        look.answers.extend(balances(answer)?);
    }
    Ok(look)
}

async fn ask_about(
    app: &App,
    held: &Held,
    invoice_ids: &[InvoiceId],
) -> Result<GetCollectabilityResponse, JobError> {
    let errand = Errand::of_job(held.tenant, "").until(Deadline::after(LOOK_VALID));
    let invoice_ids: Vec<String> = invoice_ids.iter().map(ToString::to_string).collect();
    let answer = app.invoicing.ask(errand, |channel| {
        let request = GetCollectabilityRequest {
            invoice_ids: invoice_ids.clone(),
        };
        async move {
            OpenItemServiceClient::new(channel)
                .get_collectability(request)
                .await
        }
    });
    answer.await.map_err(JobError::later)
}

fn balances(answer: GetCollectabilityResponse) -> Result<Vec<Balance>, JobError> {
    let mut found = Vec::with_capacity(answer.results.len());
    for result in answer.results {
        if let Some(Outcome::Collectability(told)) = result.outcome {
            let balance = told.balance.ok_or_else(|| JobError::failed("no balance"))?;
            found.push(balance_of(&balance).map_err(JobError::failed)?);
        }
    }
    Ok(found)
}
