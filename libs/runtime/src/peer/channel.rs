//! The channel of one errand: what every outgoing request carries, and how the
//! failures of the transport are called. Must not repeat anything.

use std::task::{Context, Poll};

use contracts::access;
use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use tonic::Status;
use tonic::body::Body;
use tonic::transport::Channel;
use tower::Service;
use tracing::Span;

use super::error::{out_of_reach, too_late};
use super::{Errand, Signer};
use crate::deadline::{self, GRPC_TIMEOUT};
use crate::telemetry::trace;
use crate::{Deadline, Refusal};

/// A channel for generated clients, good for one errand.
#[derive(Clone)]
pub struct PeerChannel {
    peer: &'static str,
    channel: Channel,
    signer: Signer,
    errand: Errand,
}

impl PeerChannel {
    pub(super) fn new(
        peer: &'static str,
        channel: Channel,
        signer: Signer,
        errand: Errand,
    ) -> Self {
        Self {
            peer,
            channel,
            signer,
            errand,
        }
    }

    /// Signs the request, and passes on what is left of the deadline, and the trace.
    fn equip(&self, request: &mut Request<Body>) -> Result<(), Refusal> {
        let method = access::method(request.uri().path());
        let method = method.ok_or_else(|| Refusal::internal("a method that no contract lists"))?;
        let token = self.signer.authorization(&self.errand, method.scope);
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, token.map_err(Refusal::internal)?);
        if let Some(deadline) = self.errand.deadline() {
            let left = deadline.left_for_next_hop();
            let left = left
                .and_then(deadline::header)
                .ok_or_else(|| too_late(self.peer))?;
            headers.insert(GRPC_TIMEOUT, left);
        }
        trace::inject(&Span::current(), self.errand.traceparent(), headers);
        Ok(())
    }
}

impl Service<Request<Body>> for PeerChannel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        let (peer, service) = (self.peer, self.signer.service());
        let ready = Service::<Request<Body>>::poll_ready(&mut self.channel, cx);
        ready.map_err(|error| {
            out_of_reach(peer)
                .caused_by(chain(&error))
                .into_status(service)
        })
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let (peer, service) = (self.peer, self.signer.service());
        if let Err(refusal) = self.equip(&mut request) {
            return Box::pin(std::future::ready(Err(refusal.into_status(service))));
        }
        let answer = self.channel.call(request);
        let deadline = self.errand.deadline();
        Box::pin(async move {
            let answer = answer.await;
            answer.map_err(|error| {
                let late = deadline
                    .is_some_and(|deadline: Deadline| deadline.left_for_next_hop().is_none());
                let refusal = if late {
                    too_late(peer)
                } else {
                    out_of_reach(peer)
                };
                refusal.caused_by(chain(&error)).into_status(service)
            })
        })
    }
}

/// An error of the transport says little itself; its sources do.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
