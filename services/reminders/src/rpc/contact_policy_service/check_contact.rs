//! CheckContact: whether a customer may be contacted, with every rule that was asked. Counts nothing.

use std::collections::BTreeSet;

use calendar::Timestamp;
use contracts::convert::instant_to_wire;
use contracts::reminders as wire;
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::contact::ContactVerdict;
use crate::domain::debtor::Channel;
use crate::domain::hold::contact_held;
use crate::domain::id::{CaseId, InvoiceId};
use crate::rpc::about;
use crate::rpc::error;
use crate::rpc::wire::debtor::channel_from_wire;
use crate::rpc::wire::decision::decision_to_wire;
use crate::rpc::wire::field;
use crate::store::case_file::CaseFile;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: wire::CheckContactRequest,
) -> Result<wire::CheckContactResponse, Refusal> {
    let now = app.clock.now();
    let asked = parsed(&request, now)?;
    let mut tx = app.db.begin_read(&call).await?;
    let file = CaseFile::read_in_tx(&mut tx, call.tenant(), asked.case_id, now).await?;
    let mut file = file.ok_or_else(|| error::contact::case_not_found(asked.case_id))?;
    let invoice_ids = about::named_in_tx(&mut tx, &mut file, &asked.invoice_ids).await?;
    let day = file.zones.local_date(asked.at);
    let held = contact_held(&file.holds, &invoice_ids, day);
    let answer = file.contact_in_tx(&mut tx, asked.channel, &invoice_ids, asked.at, held, None);
    let answer = answer.await?;
    tx.commit().await?;
    let (verdict, from) = match answer.verdict {
        ContactVerdict::Allowed => (wire::ContactVerdict::Allowed, None),
        ContactVerdict::Later(_, from) => (wire::ContactVerdict::Later, Some(from)),
        ContactVerdict::Forbidden(_) => (wire::ContactVerdict::Forbidden, None),
    };
    let policy = file.policy(day).map(|policy| policy.name());
    let outcome = match answer.verdict {
        ContactVerdict::Allowed => "ALLOWED".to_owned(),
        ContactVerdict::Later(reason, _) => format!("LATER_BY_{reason}"),
        ContactVerdict::Forbidden(reason) => format!("FORBIDDEN_BY_{reason}"),
    };
    let decision = answer
        .findings
        .conclude(outcome, &policy.unwrap_or_default(), now);
    Ok(wire::CheckContactResponse {
        verdict: verdict.into(),
        permitted_from_time: from.map(instant_to_wire),
        decision: Some(decision_to_wire(&decision)),
    })
}

/// What is asked.
struct Asked {
    case_id: CaseId,
    channel: Channel,
    invoice_ids: BTreeSet<InvoiceId>,
    at: Timestamp,
}

fn parsed(request: &wire::CheckContactRequest, now: Timestamp) -> Result<Asked, Refusal> {
    let mut violations = Violations::new();
    let case_id = field::id(&mut violations, "case_id", &request.case_id, CaseId::new);
    let channel = violations.required("channel", channel_from_wire(request.channel()));
    let invoices = &request.invoice_ids;
    let invoices = field::ids(&mut violations, "invoice_ids", invoices, InvoiceId::new);
    let at = request.contact_time.as_ref();
    let at = field::optional_instant(&mut violations, "contact_time", at);
    let past = at.flatten().is_some_and(|at| at < now);
    violations.check(!past, "contact_time", "must not be in the past");
    let (case_id, channel, invoice_ids, at) =
        violations.complete((case_id, channel, invoices, at))?;
    Ok(Asked {
        case_id,
        channel,
        invoice_ids,
        at: at.unwrap_or(now),
    })
}
