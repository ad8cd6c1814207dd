//! The event feeds of peers, played: what a test announces is read in order, of all sources in one.

use std::sync::{Arc, Mutex};

use contracts::common::Event;
use contracts::convert::instant_to_wire;
use contracts::events::event_feed_service_server::{EventFeedService, EventFeedServiceServer};
use contracts::events::{
    GetFeedHeadRequest, GetFeedHeadResponse, ReadEventsRequest, ReadEventsResponse,
};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use prost::{Message, Name};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::{InProcess, serve};

/// What was announced, of all sources in one order.
#[derive(Debug, Clone, Default)]
pub struct PlayedFeed(Arc<Mutex<Vec<Event>>>);

impl PlayedFeed {
    /// Serves it alone, for a service under test that calls its peers for nothing else.
    pub async fn serve(&self) -> InProcess {
        let service = self.service();
        serve(|listener, stop| async move {
            let incoming = TcpIncoming::from(listener);
            let router = Server::builder().add_service(service);
            router
                .serve_with_incoming_shutdown(incoming, stop.cancelled_owned())
                .await
        })
        .await
    }

    /// The service that reads it out.
    #[must_use]
    pub fn service(&self) -> EventFeedServiceServer<Self> {
        EventFeedServiceServer::new(self.clone())
    }

    /// Announces what happened to `subject`, which is at `version` after it.
    pub fn announce<M: Message + Name>(
        &self,
        source: &str,
        tenant: Uuid,
        subject: Uuid,
        version: i64,
        data: &M,
    ) {
        let mut events = self.0.lock().expect("a played feed");
        let position = i64::try_from(events.len()).expect("a played feed") + 1;
        events.push(Event {
            event_id: Uuid::now_v7().to_string(),
            source: source.to_owned(),
            r#type: M::full_name(),
            subject: subject.to_string(),
            event_time: Some(instant_to_wire(
                "2026-03-01T00:00:00Z".parse().expect("a played feed"),
            )),
            tenant_id: tenant.to_string(),
            position,
            subject_version: version,
            traceparent: String::new(),
            data: Some(prost_types::Any {
                type_url: format!("type.googleapis.com/{}", M::full_name()),
                value: data.encode_to_vec(),
            }),
        });
    }

    fn head(&self) -> i64 {
        i64::try_from(self.0.lock().expect("a played feed").len()).expect("a played feed")
    }
}

#[tonic::async_trait]
impl EventFeedService for PlayedFeed {
    type ReadEventsStream = BoxStream<'static, Result<ReadEventsResponse, Status>>;

    /// One batch with what there is, then the end: the reader comes again.
    async fn read_events(
        &self,
        request: Request<ReadEventsRequest>,
    ) -> Result<Response<Self::ReadEventsStream>, Status> {
        let asked = request.into_inner();
        let scanned_to_position = self.head();
        if scanned_to_position <= asked.after_position {
            return Ok(Response::new(stream::empty().boxed()));
        }
        let all = self.0.lock().expect("a played feed").clone();
        let is_wanted =
            |event: &Event| event.source == asked.source && event.position > asked.after_position;
        let batch = ReadEventsResponse {
            events: all.into_iter().filter(is_wanted).collect(),
            scanned_to_position,
        };
        Ok(Response::new(stream::iter([Ok(batch)]).boxed()))
    }

    async fn get_feed_head(
        &self,
        _: Request<GetFeedHeadRequest>,
    ) -> Result<Response<GetFeedHeadResponse>, Status> {
        let head_position = self.head();
        Ok(Response::new(GetFeedHeadResponse { head_position }))
    }
}
