//! PlaceCreditHold: a person holds a customer.

use std::sync::Arc;

use contracts::credit::{PlaceCreditHoldRequest, PlaceCreditHoldResponse};
use postgres::idempotency::{self, Begun};
use postgres::retried;
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};

use super::changed::{keep_in_tx, lock_in_tx, stopped_otherwise};
use crate::app::App;
use crate::domain::{CreditEvent, CreditHold, CustomerId, Said};
use crate::rpc::error;
use crate::rpc::wire::credit_hold::{REASON_CHARS, hold_to_wire};
use crate::rpc::wire::field;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock, place; 4. store and tell.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: PlaceCreditHoldRequest,
) -> Result<Answer<PlaceCreditHoldResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let mut violations = Violations::new();
    let customer_id = field::id(&mut violations, "customer_id", &request.customer_id);
    let reason = field::text(&mut violations, "reason", &request.reason, REASON_CHARS);
    let end_date = request.end_date.as_ref();
    let end_date = field::optional_date(&mut violations, "end_date", end_date);
    let (customer_id, reason, end_date) = violations.complete((customer_id, reason, end_date))?;
    let customer_id = CustomerId(customer_id);
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let locked = lock_in_tx(&mut tx, tenant, customer_id, now).await?;
        let (standing, today) = (&locked.standing, locked.today);
        let said = Said {
            by: call.actor().to_owned(),
            reason: reason.clone(),
        };
        let hold = app.stamped(|stamp| {
            CreditHold::place_by_hand(customer_id, said, end_date, standing, today, stamp)
        });
        let hold = hold.map_err(|refused| error::hold_refused(&refused))?;
        let event = CreditEvent::CreditHoldPlaced {
            credit_hold: Box::new(hold.clone()),
            held_before: stopped_otherwise(standing, &hold, today),
        };
        keep_in_tx(&app, &mut tx, &call, (&hold, &event), now).await?;
        let answer = PlaceCreditHoldResponse {
            credit_hold: Some(hold_to_wire(&hold)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
