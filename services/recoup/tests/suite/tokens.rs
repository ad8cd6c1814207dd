//! `recoup token`: what it grants is what the server lets through.

use std::path::Path;

use contracts::events::GetFeedHeadRequest;
use contracts::events::ReadEventsRequest;
use contracts::events::event_feed_service_client::EventFeedServiceClient;
use contracts::invoicing::ListNumberSeriesRequest;
use contracts::invoicing::number_series_service_client::NumberSeriesServiceClient;
use stores::ScratchDir;
use tonic::Code;

use crate::child::{Up, recoup};
use crate::serving::with_token;

const SOURCE: &str = "invoicing";

fn token(data_dir: &Path, arguments: &[&str]) -> String {
    let output = recoup(data_dir)
        .arg("token")
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

#[tokio::test]
async fn p29_a_token_does_what_was_asked_for_and_nothing_else() {
    let folder = ScratchDir::create().unwrap();
    let up = Up::start(folder.path());
    let mut feed = EventFeedServiceClient::new(up.channel().await);
    let mut series = NumberSeriesServiceClient::new(up.channel().await);
    let head = || GetFeedHeadRequest {
        source: SOURCE.to_owned(),
    };
    let read = || ReadEventsRequest {
        source: SOURCE.to_owned(),
        ..ReadEventsRequest::default()
    };

    let everything = token(folder.path(), &[]);
    feed.get_feed_head(with_token(head(), &everything))
        .await
        .unwrap();
    series
        .list_number_series(with_token(ListNumberSeriesRequest::default(), &everything))
        .await
        .unwrap();

    let narrow = token(folder.path(), &["--scope", "feed:read"]);
    feed.get_feed_head(with_token(head(), &narrow))
        .await
        .unwrap();
    let request = with_token(ListNumberSeriesRequest::default(), &narrow);
    let refused = series.list_number_series(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);

    let all_tenants = token(folder.path(), &["--no-tenant"]);
    feed.read_events(with_token(read(), &all_tenants))
        .await
        .unwrap();
    let not_all = token(folder.path(), &["--no-tenant", "--scope", "feed:read"]);
    let refused = feed
        .read_events(with_token(read(), &not_all))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[test]
fn without_an_installation_there_is_no_token() {
    let folder = ScratchDir::create().unwrap();
    let output = recoup(folder.path()).arg("token").output().unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("`recoup up` makes them"), "{told}");
}
