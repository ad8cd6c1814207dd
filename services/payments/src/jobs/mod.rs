//! The registry of jobs: which timer is done by what. One kind a file. Beside them, what goes on
//! over several transactions, whoever drives it: [`operation`], and what books the answers:
//! [`booking`].

pub mod apply_imported_receipts;
pub mod book_bank_statement;
pub mod booking;
mod drive_operation;
mod hand_over;
mod match_bank_lines;
pub mod operation;
mod set_aside;
pub mod settle_bank_lines;

use std::sync::Arc;

use jiff::Timestamp;
use postgres::{TenantId, audit};
use runtime::Refusal;
use timers::{JobError, Workers};
use tonic::Code;

use crate::SERVICE;
use crate::app::App;

/// The workers with the handlers of this service.
#[must_use]
pub fn handled(mut workers: Workers, app: &Arc<App>) -> Workers {
    let driving = Arc::clone(app);
    workers.on(drive_operation::KIND, move |claim| {
        drive_operation::run(Arc::clone(&driving), claim)
    });
    let booking = Arc::clone(app);
    workers.on(book_bank_statement::KIND, move |claim| {
        book_bank_statement::run(Arc::clone(&booking), claim)
    });
    let applying = Arc::clone(app);
    workers.on(apply_imported_receipts::KIND, move |claim| {
        apply_imported_receipts::run(Arc::clone(&applying), claim)
    });
    let matching = Arc::clone(app);
    workers.on(match_bank_lines::KIND, move |claim| {
        match_bank_lines::run(Arc::clone(&matching), claim)
    });
    workers
}

/// What a refusal means for a job: what waits for somebody else is tried again for ever, all else a
/// few times, then it is for people.
fn unfinished(refusal: Refusal) -> JobError {
    match refusal.code() {
        Code::Unavailable | Code::Aborted | Code::DeadlineExceeded | Code::ResourceExhausted => {
            JobError::later(refusal)
        }
        _ => JobError::failed(refusal),
    }
}

/// The audit entry of what a job changed, at this moment of the trace.
fn audit_entry(
    tenant: TenantId,
    job: &str,
    subject: String,
    facts: serde_json::Value,
    (traceparent, now): (&str, Timestamp),
) -> audit::Entry {
    audit::Entry {
        tenant,
        actor: "system".to_owned(),
        caller: SERVICE.to_owned(),
        method: job.to_owned(),
        request_id: String::new(),
        subject,
        facts,
        traceparent: traceparent.to_owned(),
        recorded_time: now,
    }
}
