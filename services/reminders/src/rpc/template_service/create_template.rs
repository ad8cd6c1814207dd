//! CreateTemplate: a name without words.

use std::sync::Arc;

use contracts::reminders::{CreateTemplateRequest, CreateTemplateResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::domain::code::Code;
use crate::domain::id::TemplateId;
use crate::domain::template::Template;
use crate::rpc::error;
use crate::rpc::wire::debtor::channel_from_wire;
use crate::rpc::wire::field;
use crate::rpc::wire::template::template_to_wire;
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. store it unless the code is taken.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CreateTemplateRequest,
) -> Result<Answer<CreateTemplateResponse>, Refusal> {
    let mut violations = Violations::new();
    let code = &request.template_code;
    let code = field::typed(&mut violations, "template_code", code, str::parse::<Code>);
    let name = field::text(&mut violations, "display_name", &request.display_name, 200);
    let channel = violations.required("channel", channel_from_wire(request.channel()));
    let (code, name, channel) = violations.complete((code, name, channel))?;
    let key = call.key(&request)?;
    let (tenant, now) = (call.tenant(), app.clock.now());
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(begun) => begun,
        };
        let id = TemplateId::new(Uuid::now_v7());
        let template = Template::create(id, code.clone(), name.clone(), channel, now);
        if !store::template::insert_in_tx(&mut tx, tenant, &template).await? {
            return Err(error::template::code_taken(&code));
        }
        let facts = json!({ "template_code": code.as_str() });
        let entry = call.audit(format!("template/{id}"), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = CreateTemplateResponse {
            template: Some(template_to_wire(&template)),
        };
        begun.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
