//! CreateAgreement: what an agency earns and how it pays, for some days.

use std::sync::Arc;

use contracts::agency::{CreateAgreementRequest, CreateAgreementResponse};
use events::append_in_tx;
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::domain::agreement::Agreement;
use crate::domain::identity::AgreementId;
use crate::events::outbound::announce;
use crate::rpc::error;
use crate::rpc::wire::agreement::{agreement_to_wire, new_agreement};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. under the lock of the agency, beside
///    which its agreements must not overlap, make the agreement; 4. store it unless its number is
///    taken, with event, audit entry and answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CreateAgreementRequest,
) -> Result<Answer<CreateAgreementResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let new = new_agreement(&request, call.actor())?;
    let agreement_id = AgreementId::new(Uuid::now_v7());
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let agency_id = new.agency_id;
        let agency = store::agency::lock_in_tx(&mut tx, tenant, agency_id).await?;
        agency.ok_or_else(|| error::agency::not_found(agency_id))?;
        let others = store::agreement::of_agencies_in_tx(&mut tx, tenant, &[agency_id]).await?;
        let number = &new.agreement_number;
        if others.iter().any(|other| other.agreement_number == *number) {
            return Err(error::agreement::exists(number));
        }
        let made = Agreement::create(agreement_id, new.clone(), &others, now);
        let (agreement, created) =
            made.map_err(|refused| error::agreement::refused(agency_id, refused))?;
        if !store::agreement::insert_in_tx(&mut tx, tenant, &agreement).await? {
            return Err(error::agreement::exists(number));
        }
        let told = [announce(tenant, now, &created)];
        append_in_tx(&mut tx, tenant, call.traceparent(), &told).await?;
        let facts = json!({ "agency_id": agency_id, "agreement_number": number });
        let entry = call.audit(format!("agreement/{agreement_id}"), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = CreateAgreementResponse {
            agreement: Some(agreement_to_wire(&agreement)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
