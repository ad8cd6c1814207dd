//! ListTemplateVersions: newest first, without the words.

use contracts::reminders::{ListTemplateVersionsRequest, ListTemplateVersionsResponse};
use postgres::pages::Listing;
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::id::TemplateId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::template::version_without_words;
use crate::store;
use crate::store::template::Key;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListTemplateVersionsRequest,
) -> Result<ListTemplateVersionsResponse, Refusal> {
    let id = field::only_id("template_id", &request.template_id, TemplateId::new)?;
    let tenant = call.tenant();
    let listing = Listing::new(tenant, call.method().path, id.uuid().as_bytes());
    let page = listing.page::<i32>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let template = store::template::find_in_tx(&mut tx, tenant, &Key::Id(id)).await?;
    template.ok_or_else(|| error::template::not_found(id))?;
    let (below, limit) = (page.after(), page.fetch_limit());
    let rows = store::template_version::list_in_tx(&mut tx, tenant, id, below, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |version| version.version);
    Ok(ListTemplateVersionsResponse {
        template_versions: shown.iter().map(version_without_words).collect(),
        next_page_token,
    })
}
