//! RenderTemplate: what a debtor would read; nothing is sent and nothing is kept.

use contracts::reminders::{RenderTemplateRequest, RenderTemplateResponse};
use postgres::Tx;
use runtime::{Call, Refusal, Violations};

use super::preview;
use crate::app::App;
use crate::domain::content::{self, CustomerFacts, Facts, MessageFacts, Sender};
use crate::domain::id::{CaseId, TemplateId};
use crate::domain::template::TemplateVersion;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::template::content_to_wire;
use crate::store;
use crate::store::case_file::CaseFile;
use crate::store::template::Key;

/// What stands where a message would have its identity.
const REFERENCE: &str = "PREVIEW";

/// With what a version is rendered.
struct Shown {
    facts: Facts,
    /// The customer's language; empty: the fallback.
    language: String,
    recipient: String,
}

/// One read transaction for the version and the facts; rendered after it.
pub async fn handle(
    app: &App,
    call: Call,
    request: RenderTemplateRequest,
) -> Result<RenderTemplateResponse, Refusal> {
    let (template_id, case_id, language) = parsed(&request)?;
    let (tenant, version) = (call.tenant(), request.version);
    let missing = || error::template::version_not_found(template_id, version);
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::template_version::find_in_tx(&mut tx, tenant, template_id, version);
    let version = found.await?.ok_or_else(missing)?;
    let shown = match case_id {
        Some(case_id) => {
            let found = CaseFile::read_in_tx(&mut tx, tenant, case_id, app.clock.now()).await?;
            let file = found.ok_or_else(|| error::contact::case_not_found(case_id))?;
            of_case_in_tx(&mut tx, &file, &version).await?
        }
        None => Shown {
            facts: content::sample_facts(),
            language: String::new(),
            recipient: String::new(),
        },
    };
    tx.commit().await?;
    let language = language.unwrap_or(shown.language);
    let rendered = content::render(&version.words, &language, &shown.facts);
    let rendered = rendered.map_err(|failed| error::template::failed(&failed))?;
    Ok(RenderTemplateResponse {
        content: Some(content_to_wire(rendered, shown.recipient)),
    })
}

fn parsed(
    request: &RenderTemplateRequest,
) -> Result<(TemplateId, Option<CaseId>, Option<String>), Refusal> {
    let mut violations = Violations::new();
    let id = &request.template_id;
    let id = field::id(&mut violations, "template_id", id, TemplateId::new);
    violations.check(request.version > 0, "version", "counts from 1");
    let case_id = field::optional_id(&mut violations, "case_id", &request.case_id, CaseId::new);
    let language = &request.language;
    let language = field::optional_typed(&mut violations, "language", language, field::language);
    violations.complete((id, case_id, language))
}

/// The facts of a case as they are at this moment.
async fn of_case_in_tx(
    tx: &mut Tx,
    file: &CaseFile,
    version: &TemplateVersion,
) -> Result<Shown, Refusal> {
    let key = Key::Id(version.template_id);
    let template = store::template::find_in_tx(tx, file.tenant, &key).await?;
    let channel = template.map(|template| template.channel);
    let profile = store::tenant_profile::find_in_tx(tx, file.tenant).await?;
    let sender = profile.as_ref().map(Sender::from);
    let debtor = file.debtor.as_ref();
    let recipient = debtor
        .zip(channel)
        .and_then(|(debtor, channel)| debtor.recipient(channel));
    let customer = CustomerFacts {
        name: debtor
            .map(|one| one.display_name.clone())
            .unwrap_or_default(),
        contact_name: recipient
            .as_ref()
            .map(|one| one.display_name.clone())
            .unwrap_or_default(),
        external_id: file.case.customer_external_id.clone().unwrap_or_default(),
    };
    let message = MessageFacts {
        reference: REFERENCE.to_owned(),
        date: file.today(),
    };
    let letter = preview::letter(file, &version.template_code).map_err(Refusal::internal)?;
    let sender = sender.unwrap_or_else(|| content::sample_facts().sender);
    let facts = Facts::of_letter(sender, customer, message, &letter, &file.invoices);
    let own = debtor.map(|one| one.language.clone()).unwrap_or_default();
    Ok(Shown {
        facts: facts.map_err(Refusal::internal)?,
        language: recipient.as_ref().map_or(own, |one| one.language.clone()),
        recipient: recipient.map(|one| one.address).unwrap_or_default(),
    })
}
