//! TerminateAgreement: nothing is placed under it after a day.

use std::sync::Arc;

use contracts::agency::{TerminateAgreementRequest, TerminateAgreementResponse};
use events::append_in_tx;
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;

use crate::app::App;
use crate::domain::identity::AgreementId;
use crate::events::outbound::announce;
use crate::rpc::wire::agreement::agreement_to_wire;
use crate::rpc::wire::field;
use crate::rpc::{error, known};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. under the lock of its agency, compare
///    the etag and end it; 4. store with event, audit entry and answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: TerminateAgreementRequest,
) -> Result<Answer<TerminateAgreementResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let mut violations = Violations::new();
    let agreement_id = field::id(&mut violations, "agreement_id", &request.agreement_id);
    let last_day = request.valid_to_date.as_ref();
    let last_day = field::date(&mut violations, "valid_to_date", last_day);
    let (agreement_id, last_day) = violations.complete((agreement_id, last_day))?;
    let agreement_id = AgreementId::new(agreement_id);
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let not_found = || error::agreement::not_found(agreement_id);
        let seen = store::agreement::find_in_tx(&mut tx, tenant, agreement_id).await?;
        let agency_id = seen.ok_or_else(not_found)?.agency_id;
        store::agency::lock_in_tx(&mut tx, tenant, agency_id).await?;
        let locked = store::agreement::find_in_tx(&mut tx, tenant, agreement_id).await?;
        let mut agreement = locked.ok_or_else(not_found)?;
        error::check_etag(&request.etag, &field::etag(agreement.version))?;
        let today = known::tenant_in_tx(&mut tx, tenant)
            .await?
            .zone
            .local_date(now);
        let ended = agreement.terminate(last_day, today);
        let told = ended.map_err(|refused| error::agreement::refused(agency_id, refused))?;
        store::agreement::update_in_tx(&mut tx, tenant, &agreement).await?;
        let told = [announce(tenant, now, &told)];
        append_in_tx(&mut tx, tenant, call.traceparent(), &told).await?;
        let facts = json!({ "valid_to_date": last_day });
        let entry = call.audit(format!("agreement/{agreement_id}"), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = TerminateAgreementResponse {
            agreement: Some(agreement_to_wire(&agreement)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
