//! ListBankAccounts: by name.

use contracts::payments::{ListBankAccountsRequest, ListBankAccountsResponse};
use postgres::pages::Listing;
use runtime::{Call, Refusal};
use uuid::Uuid;

use crate::app::App;
use crate::rpc::wire::bank_account::account_to_wire;
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListBankAccountsRequest,
) -> Result<ListBankAccountsResponse, Refusal> {
    let tenant = call.tenant();
    let listing = Listing::new(tenant, call.method().path, b"");
    let page = listing.page::<(String, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::bank_account::list_in_tx(&mut tx, tenant, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |account| {
        (account.display_name.clone(), account.bank_account_id.0)
    });
    Ok(ListBankAccountsResponse {
        bank_accounts: shown.iter().map(account_to_wire).collect(),
        next_page_token,
    })
}
