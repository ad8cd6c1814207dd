//! Hints over Redis: "this feed has something new", from the replica that wrote to
//! the replicas that serve. A lost hint costs one poll period and nothing else, so
//! nothing here is retried for long, and no error reaches a caller.

use std::time::Duration;

use futures_util::StreamExt as _;
use redis::AsyncCommands as _;
use redis::aio::ConnectionManagerConfig;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long one hint may take before it is dropped.
const PUBLISH_TIMEOUT: Duration = Duration::from_millis(200);

/// Pause before a broken subscription is opened again.
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);

/// The channel of one service's feed.
#[derive(Debug, Clone)]
pub struct Hints {
    client: redis::Client,
    channel: String,
    /// This replica: it knows of its own commits without Redis.
    own: String,
}

impl Hints {
    /// Hints of `service` over the Redis at `url`; `prefix` keeps installations
    /// that share a Redis apart.
    ///
    /// # Errors
    /// When `url` is no Redis URL. Whether one answers there is not asked.
    pub fn try_new(url: &str, prefix: &str, service: &str) -> Result<Self, redis::RedisError> {
        let channel = format!("{prefix}feed:{service}");
        Ok(Self {
            client: redis::Client::open(url)?,
            channel,
            own: Uuid::now_v7().to_string(),
        })
    }

    /// Publishes a hint each time there is news, until `shutdown`.
    pub(crate) async fn publish(
        &self,
        mut news: watch::Receiver<u64>,
        shutdown: &CancellationToken,
    ) {
        let limits = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PUBLISH_TIMEOUT))
            .set_response_timeout(Some(PUBLISH_TIMEOUT))
            .set_number_of_retries(1);
        let mut manager = None;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                // An error: the database is not used any more.
                Ok(()) = news.changed() => {}
                else => return,
            }
            if manager.is_none() {
                let connecting = self
                    .client
                    .get_connection_manager_with_config(limits.clone());
                manager = connecting.await.ok();
            }
            if let Some(manager) = &mut manager {
                let sent: Result<(), _> = manager.publish(&self.channel, &self.own).await;
                if let Err(error) = sent {
                    tracing::debug!(%error, "feed hint lost");
                }
            }
        }
    }

    /// Notifies `heard` of every hint of another replica, until `shutdown`. Notifies once more after
    /// each reconnect: what was published meanwhile is lost.
    pub(crate) async fn listen(&self, heard: &Notify, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() {
            let listening = self.listen_once(heard);
            tokio::select! {
                () = shutdown.cancelled() => return,
                outcome = listening => if let Err(error) = outcome {
                    tracing::debug!(%error, "feed hints are not heard; polling");
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(RECONNECT_PAUSE) => {}
            }
        }
    }

    async fn listen_once(&self, heard: &Notify) -> Result<(), redis::RedisError> {
        // A connection of its own: it blocks, and has no response timeout.
        let mut subscription = self.client.get_async_pubsub().await?;
        subscription.subscribe(&self.channel).await?;
        heard.notify_one();
        let mut hints = subscription.on_message();
        while let Some(hint) = hints.next().await {
            if hint.get_payload_bytes() != self.own.as_bytes() {
                heard.notify_one();
            }
        }
        Ok(())
    }
}
