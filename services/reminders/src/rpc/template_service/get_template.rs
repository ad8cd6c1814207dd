//! GetTemplate: a template with the version in force.

use contracts::reminders::get_template_request::Key;
use contracts::reminders::{GetTemplateRequest, GetTemplateResponse};
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::code::Code;
use crate::domain::id::TemplateId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::template::{template_to_wire, version_to_wire};
use crate::store;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetTemplateRequest,
) -> Result<GetTemplateResponse, Refusal> {
    let tenant = call.tenant();
    let (key, told) = key(&request)?;
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::template::find_in_tx(&mut tx, tenant, &key).await?;
    let template = found.ok_or_else(|| error::template::not_found(told))?;
    let active = match template.active_version {
        Some(version) => {
            let id = template.template_id;
            store::template_version::find_in_tx(&mut tx, tenant, id, version).await?
        }
        None => None,
    };
    tx.commit().await?;
    Ok(GetTemplateResponse {
        template: Some(template_to_wire(&template)),
        active_version: active.as_ref().map(version_to_wire),
    })
}

/// How it is asked for, and in the caller's words.
fn key(request: &GetTemplateRequest) -> Result<(store::template::Key, String), Refusal> {
    let mut violations = Violations::new();
    let key = violations.required("key", request.key.as_ref());
    let key = key.and_then(|key| match key {
        Key::TemplateId(id) => {
            let parsed = field::id(&mut violations, "template_id", id, TemplateId::new);
            parsed.map(|parsed| (store::template::Key::Id(parsed), id.clone()))
        }
        Key::TemplateCode(code) => {
            let parsed = field::typed(&mut violations, "template_code", code, str::parse::<Code>);
            parsed.map(|parsed| (store::template::Key::Code(parsed), code.clone()))
        }
    });
    violations.complete((key,)).map(|(key,)| key)
}
