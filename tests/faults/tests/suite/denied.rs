//! Who may not, may not, also from a process that has just been killed and started again (P29).

use contracts::invoicing::ApplyCreditsRequest;
use contracts::invoicing::application_service_client::ApplicationServiceClient;
use contracts::invoicing::invoice_service_client::InvoiceServiceClient;
use faults::keys::forged_token;
use faults::{Calls, Installation, Plan, Tally};
use tonic::Code;

use faults::shop::{Shop, TENANT, fresh, to_issue};

/// Issuing an invoice as somebody else; the code of the answer.
async fn issuing(calls: Calls, customer_id: &str) -> Code {
    let mut invoices = InvoiceServiceClient::new(calls);
    let request = to_issue(customer_id, &fresh(), "1.00");
    let answer = invoices.issue_invoice(request).await;
    answer.map_or_else(|status| status.code(), |_| Code::Ok)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p29_nothing_is_allowed_that_no_token_allows() {
    let tally = Tally::of("denied");
    let mut world = Installation::start(Plan::default()).await;
    let shop = Shop::open(&world, TENANT).await;
    let customer_id = shop.customer("C-1").await;
    shop.bill(&customer_id, "1.00").await;
    world.kill("invoicing").await;
    tally.fired("invoicing-killed", 1);
    world.start_again("invoicing").await;

    let scope = "invoicing.invoices:write";
    let tokens = [
        (world.keys().token(TENANT, scope), Code::Ok),
        (
            world.keys().token(TENANT, "invoicing.invoices:read"),
            Code::PermissionDenied,
        ),
        (forged_token(TENANT, scope), Code::Unauthenticated),
        ("none".to_owned(), Code::Unauthenticated),
    ];
    for (token, expected) in tokens {
        tally.begun(1);
        let calls = world.calls_with("invoicing", &token);
        assert_eq!(issuing(calls, &customer_id).await, expected);
        tally.acknowledged(u64::from(expected == Code::Ok));
    }
    // Every scope there is does not make a platform a service of ours.
    tally.begun(1);
    let mut applications = ApplicationServiceClient::new(shop.invoicing.clone());
    let request = ApplyCreditsRequest {
        request_id: fresh(),
        applications: Vec::new(),
    };
    let refused = applications.apply_credits(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
    let sql = "SELECT count(*) FROM invoice";
    let count: i64 = sqlx::query_scalar(sql)
        .fetch_one(world.database("invoicing"))
        .await
        .unwrap();
    assert_eq!(count, 2, "nothing was written");
    tally.end(&["invoicing-killed"], &[]);
}
