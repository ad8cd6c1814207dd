//! ListTemplates: by code.

use contracts::reminders::{ListTemplatesRequest, ListTemplatesResponse};
use postgres::pages::Listing;
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::debtor::Channel;
use crate::rpc::wire::debtor::channel_from_wire;
use crate::rpc::wire::field;
use crate::rpc::wire::template::template_to_wire;
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListTemplatesRequest,
) -> Result<ListTemplatesResponse, Refusal> {
    let mut violations = Violations::new();
    let stated = channel_from_wire(request.channel());
    let set = request.channel.is_some();
    let channel = field::filter_stated(&mut violations, "channel", set, stated);
    violations.finish()?;
    let tenant = call.tenant();
    let narrows = channel.map(Channel::name).unwrap_or_default();
    let listing = Listing::new(tenant, call.method().path, narrows.as_bytes());
    let page = listing.page::<String>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::template::list_in_tx(&mut tx, tenant, channel, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |template| template.template_code.to_string());
    Ok(ListTemplatesResponse {
        templates: shown.iter().map(template_to_wire).collect(),
        next_page_token,
    })
}
