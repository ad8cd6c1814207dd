//! ActivateTemplateVersion: other words are in force; messages already claimed keep theirs.

use std::sync::Arc;

use contracts::reminders::{ActivateTemplateVersionRequest, ActivateTemplateVersionResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;

use crate::app::App;
use crate::domain::id::TemplateId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::template::{template_to_wire, version_to_wire};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the template, compare the
///    etag, put the version in force and retire the one that was.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ActivateTemplateVersionRequest,
) -> Result<Answer<ActivateTemplateVersionResponse>, Refusal> {
    let id = parsed(&request)?;
    let key = call.key(&request)?;
    let (tenant, now) = (call.tenant(), app.clock.now());
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(begun) => begun,
        };
        let missing = || error::template::version_not_found(id, request.version);
        let template = store::template::lock_in_tx(&mut tx, tenant, id).await?;
        let mut template = template.ok_or_else(missing)?;
        let version = request.version;
        let found = store::template_version::find_in_tx(&mut tx, tenant, id, version);
        let mut version = found.await?.ok_or_else(missing)?;
        error::check_etag(&request.etag, template.revision)?;
        let mut previous = match template.active_version {
            Some(active) => {
                store::template_version::find_in_tx(&mut tx, tenant, id, active).await?
            }
            None => None,
        };
        let activated = template.activate(&mut version, previous.as_mut(), call.actor(), now);
        activated.map_err(|refused| error::template::refused(&refused))?;
        // The one that was goes first: only one may be in force at any moment.
        if let Some(previous) = &previous {
            store::template_version::update_in_tx(&mut tx, tenant, previous).await?;
        }
        store::template_version::update_in_tx(&mut tx, tenant, &version).await?;
        store::template::update_in_tx(&mut tx, tenant, &template).await?;
        let facts = json!({ "version": version.version });
        let entry = call.audit(format!("template/{id}"), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = ActivateTemplateVersionResponse {
            template: Some(template_to_wire(&template)),
            template_version: Some(version_to_wire(&version)),
        };
        begun.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}

fn parsed(request: &ActivateTemplateVersionRequest) -> Result<TemplateId, Refusal> {
    let mut violations = Violations::new();
    let id = &request.template_id;
    let id = field::id(&mut violations, "template_id", id, TemplateId::new);
    violations.check(request.version > 0, "version", "counts from 1");
    field::required_etag(&mut violations, &request.etag);
    violations.complete((id,)).map(|(id,)| id)
}
