//! GetTemplateVersion: one version with its words, of any state.

use contracts::reminders::{GetTemplateVersionRequest, GetTemplateVersionResponse};
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::id::TemplateId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::template::version_to_wire;
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetTemplateVersionRequest,
) -> Result<GetTemplateVersionResponse, Refusal> {
    let mut violations = Violations::new();
    let id = &request.template_id;
    let id = field::id(&mut violations, "template_id", id, TemplateId::new);
    violations.check(request.version > 0, "version", "counts from 1");
    let (id,) = violations.complete((id,))?;
    let mut tx = app.db.begin_read(&call).await?;
    let version = request.version;
    let found = store::template_version::find_in_tx(&mut tx, call.tenant(), id, version).await?;
    tx.commit().await?;
    let found = found.ok_or_else(|| error::template::version_not_found(id, version))?;
    Ok(GetTemplateVersionResponse {
        template_version: Some(version_to_wire(&found)),
    })
}
