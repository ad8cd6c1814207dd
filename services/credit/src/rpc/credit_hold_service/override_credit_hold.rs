//! OverrideCreditHold: a named person lets orders pass although the reason stands (EX-5).

use std::sync::Arc;

use contracts::credit::{OverrideCreditHoldRequest, OverrideCreditHoldResponse};
use postgres::idempotency::{self, Begun};
use postgres::retried;
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};

use super::changed::{keep_in_tx, lock_one_in_tx, stopped_otherwise};
use crate::app::App;
use crate::domain::{CreditEvent, CreditHoldId, Said};
use crate::rpc::error;
use crate::rpc::wire::credit_hold::{REASON_CHARS, hold_to_wire};
use crate::rpc::wire::field;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock, compare the etag, let
///    pass; 4. store and tell.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: OverrideCreditHoldRequest,
) -> Result<Answer<OverrideCreditHoldResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let mut violations = Violations::new();
    let hold_id = field::id(&mut violations, "credit_hold_id", &request.credit_hold_id);
    let reason = field::text(&mut violations, "reason", &request.reason, REASON_CHARS);
    let until = field::date(&mut violations, "until_date", request.until_date.as_ref());
    violations.check(!request.etag.is_empty(), "etag", "is required");
    let (hold_id, reason, until_date) = violations.complete((hold_id, reason, until))?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let id = CreditHoldId(hold_id);
        let (mut hold, locked) = lock_one_in_tx(&mut tx, tenant, id, now).await?;
        error::check_etag(&request.etag, &field::etag(hold.version))?;
        let said = Said {
            by: call.actor().to_owned(),
            reason: reason.clone(),
        };
        let passed = hold.override_until(until_date, said, locked.today, now);
        passed.map_err(|refused| error::hold_refused(&refused))?;
        let event = CreditEvent::CreditHoldOverridden {
            credit_hold: Box::new(hold.clone()),
            still_held: stopped_otherwise(&locked.standing, &hold, locked.today),
        };
        keep_in_tx(&app, &mut tx, &call, (&hold, &event), now).await?;
        let answer = OverrideCreditHoldResponse {
            credit_hold: Some(hold_to_wire(&hold)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
