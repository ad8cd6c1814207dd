//! CreateTemplateVersion: words, a draft, tried with sample facts in every language.

use std::sync::Arc;

use contracts::reminders::{CreateTemplateVersionRequest, CreateTemplateVersionResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;

use crate::app::App;
use crate::domain::content;
use crate::domain::id::TemplateId;
use crate::domain::template::NewWords;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::template::{template_to_wire, version_to_wire, words_from_wire};
use crate::store;

/// 1. Parse; 2. try the words, before any transaction and apart from the threads that serve: up to 50
///    languages may work for long; 3. take the request id, or answer as the first time; 4. lock the
///    template, compare the etag, hold the words to the limits of the channel, and store them.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CreateTemplateVersionRequest,
) -> Result<Answer<CreateTemplateVersionResponse>, Refusal> {
    let (template_id, new) = parsed(&app, &call, &request)?;
    let key = call.key(&request)?;
    try_out(&new).await?;
    let (tenant, now) = (call.tenant(), new.at);
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(begun) => begun,
        };
        let template = store::template::lock_in_tx(&mut tx, tenant, template_id).await?;
        let mut template = template.ok_or_else(|| error::template::not_found(template_id))?;
        error::check_etag(&request.etag, template.revision)?;
        let written = template.write(new.clone());
        let version = written.map_err(|refused| error::template::refused(&refused))?;
        store::template::update_in_tx(&mut tx, tenant, &template).await?;
        store::template_version::insert_in_tx(&mut tx, tenant, &version).await?;
        let facts = json!({ "version": version.version });
        let entry = call.audit(format!("template/{template_id}"), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = CreateTemplateVersionResponse {
            template: Some(template_to_wire(&template)),
            template_version: Some(version_to_wire(&version)),
        };
        begun.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}

/// Whether the words can be rendered, every language with sample facts.
async fn try_out(new: &NewWords) -> Result<(), Refusal> {
    let words = new.words.clone();
    let tried = tokio::task::spawn_blocking(move || content::check(&words)).await;
    let faults = tried.map_err(Refusal::internal)?;
    match faults.is_empty() {
        true => Ok(()),
        false => Err(error::template::invalid(&faults)),
    }
}

fn parsed(
    app: &App,
    call: &Call,
    request: &CreateTemplateVersionRequest,
) -> Result<(TemplateId, NewWords), Refusal> {
    let mut violations = Violations::new();
    let id = &request.template_id;
    let id = field::id(&mut violations, "template_id", id, TemplateId::new);
    field::required_etag(&mut violations, &request.etag);
    let (words, fallback) = (&request.translations, &request.fallback_language);
    let words = words_from_wire(&mut violations, words, fallback);
    let note = field::note(&mut violations, "change_note", &request.change_note, 1000);
    let (id, words, change_note) = violations.complete((id, words, note))?;
    let new = NewWords {
        words,
        change_note,
        by: call.actor().to_owned(),
        at: app.clock.now(),
    };
    Ok((id, new))
}
