//! The service as a whole: it starts, answers by its feed, and drains.

use calendar::SignedDuration;
use contracts::events::GetFeedHeadRequest;
use contracts::events::event_feed_service_client::EventFeedServiceClient;

use crate::fixture::{OURS, World};

#[tokio::test]
async fn it_serves_its_feed_and_stops_when_asked() {
    let world = World::start().await;
    let asked = GetFeedHeadRequest {
        source: reminders::SERVICE.to_owned(),
    };
    let head = EventFeedServiceClient::new(world.channel())
        .get_feed_head(world.signed(OURS, asked))
        .await
        .unwrap();
    assert_eq!(head.into_inner().head_position, 0);
    world.clock.advance(SignedDuration::from_hours(24)).unwrap();
    assert!(world.smtp.mails().is_empty());
    world.server.stop().await;
}
