//! Parked events over gRPC, of two services behind one address.

use std::sync::Arc;

use contracts::events::parked_event_service_client::ParkedEventServiceClient;
use contracts::events::parked_event_service_server::ParkedEventServiceServer;
use contracts::events::{ListParkedEventsRequest, ParkedEvent, ReplayParkedEventsRequest};
use events::{Apply, ParkedEvents};
use postgres::Database;
use runtime::{Runner, Services};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::fixture::{
    App, Fault, OURS, SOURCE, THEIRS, apply, consumer, database, effects, feed, read_all, tell,
};
use crate::serving::{Producer, Token};

type Client = ParkedEventServiceClient<InterceptedService<Channel, Token>>;

fn handler(source: &str) -> Option<Apply<App>> {
    (source == SOURCE).then_some(Apply::Each(apply))
}

/// A consumer that has parked `count` events of the subject `bad`.
async fn parked(db: &Database, app: &Arc<App>, count: i64) {
    app.set("bad", Fault::Poison);
    for version in 1..=count {
        tell(db, OURS, "bad", version).await;
    }
    let mut tx = db.begin_background().await.unwrap();
    sqlx::query("INSERT INTO feed_cursor (source, position) VALUES ($1, 0)")
        .bind(SOURCE)
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let batch = read_all(&feed(db), 0).await;
    assert!(consumer(db, app).take(&batch, 0).await.unwrap());
}

fn serving(service: &'static str, db: &Database, app: &Arc<App>, runner: &Runner) -> ParkedEvents {
    let (db, app) = (db.clone(), Arc::clone(app));
    ParkedEvents::new(service, db, runner.clone(), app, handler, |_| ())
}

async fn list(client: &mut Client, request: ListParkedEventsRequest) -> Vec<ParkedEvent> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListParkedEventsRequest {
            page_token,
            ..request.clone()
        };
        let answer = client
            .list_parked_events(request)
            .await
            .unwrap()
            .into_inner();
        all.extend(answer.parked_events);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

fn replay(service: &str, tenant: postgres::TenantId) -> ReplayParkedEventsRequest {
    ReplayParkedEventsRequest {
        request_id: "replay-1".to_owned(),
        source: SOURCE.to_owned(),
        tenant_id: tenant.to_string(),
        subject: "bad".to_owned(),
        service: service.to_owned(),
    }
}

fn refused(status: &Status, code: Code, word: &str) {
    assert_eq!(status.code(), code, "{status:?}");
    assert!(status.message().contains(word), "{status:?}");
}

#[tokio::test]
async fn p25_what_two_services_parked_is_listed_as_one_and_replayed_apart() {
    let (_first_test, payments_db) = database().await;
    let (_second_test, agency_db) = database().await;
    let (payments, agency) = (Arc::new(App::default()), Arc::new(App::default()));
    parked(&payments_db, &payments, 3).await;
    parked(&agency_db, &agency, 2).await;
    let server = Producer::serve(|runner| {
        let both = serving("payments", &payments_db, &payments, runner)
            .and(serving("agency", &agency_db, &agency, runner));
        Services::new().with(ParkedEventServiceServer::new(both))
    })
    .await;
    let token = server.token(Some(OURS), "feed:operate");
    let mut client = ParkedEventServiceClient::with_interceptor(server.channel.clone(), token);

    // Whatever the page size, each once, by service and position.
    for page_size in 1..=5 {
        let request = ListParkedEventsRequest {
            page_size,
            ..ListParkedEventsRequest::default()
        };
        let listed = list(&mut client, request).await;
        let services: Vec<&str> = listed.iter().map(|one| &*one.service).collect();
        assert_eq!(
            services,
            ["agency", "agency", "payments", "payments", "payments"]
        );
        let positions = |of: &[ParkedEvent]| -> Vec<i64> {
            of.iter()
                .map(|one| one.event.as_ref().unwrap().position)
                .collect()
        };
        assert!(positions(&listed[..2]).is_sorted_by(|a, b| a < b));
        assert!(positions(&listed[2..]).is_sorted_by(|a, b| a < b));
    }
    let of_payments = ListParkedEventsRequest {
        service: "payments".to_owned(),
        ..ListParkedEventsRequest::default()
    };
    assert_eq!(list(&mut client, of_payments).await.len(), 3);

    payments.mend("bad");
    let answer = client
        .replay_parked_events(replay("payments", OURS))
        .await
        .unwrap();
    assert_eq!(answer.into_inner().applied_count, 3);
    assert_eq!(effects(&payments_db, OURS).await.len(), 3);
    let left = list(&mut client, ListParkedEventsRequest::default()).await;
    assert!(left.len() == 2 && left.iter().all(|one| one.service == "agency"));

    let gone = client
        .replay_parked_events(replay("payments", OURS))
        .await
        .unwrap_err();
    refused(&gone, Code::NotFound, "bad");
    let theirs = client
        .replay_parked_events(replay("agency", THEIRS))
        .await
        .unwrap_err();
    refused(&theirs, Code::NotFound, "bad");
    for nobody in ["", "credit"] {
        let unknown = client
            .replay_parked_events(replay(nobody, OURS))
            .await
            .unwrap_err();
        refused(&unknown, Code::InvalidArgument, "agency, payments");
    }
}
