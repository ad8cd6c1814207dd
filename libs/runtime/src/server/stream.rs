//! Streams, which have no deadline: what ends them instead.
//!
//! A server stream is copied by a task of its own. That task notices what the
//! connection cannot: a client that keeps its connection alive but takes no more
//! messages, a handler that has gone silent, and the drain. In each case the
//! handler's stream, and the room it takes, are let go. A client stream ends the
//! same way when its client goes silent. Must not look into messages.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use http_body_util::BodyExt as _;
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};
use tonic::Status;
use tonic::body::Body;

use super::load::Permit;
use crate::{Refusal, Shutdown, Tasks};

/// What ends a stream.
pub(super) struct Ends {
    /// Silence that is too long.
    pub idle: Duration,
    pub shutdown: Shutdown,
    /// For `<service>.recoup`.
    pub service: &'static str,
}

type Sent = Result<Frame<Bytes>, Status>;

/// The same body, ended by `ends`; `ended` is told the trailers' code.
pub(super) fn guarded(
    body: Body,
    permit: Permit,
    ends: Ends,
    tasks: &Tasks,
    ended: impl FnOnce(tonic::Code) + Send + 'static,
) -> Body {
    let (sender, receiver) = mpsc::channel(1);
    tasks.spawn("stream", async move {
        let code = copy(body, &sender, &ends).await;
        drop(permit);
        ended(code);
    });
    Body::new(Received { receiver })
}

async fn copy(mut body: Body, sender: &mpsc::Sender<Sent>, ends: &Ends) -> tonic::Code {
    let mut code = tonic::Code::Ok;
    let stop = ends.shutdown.requested();
    tokio::pin!(stop);
    loop {
        let frame = tokio::select! {
            frame = tokio::time::timeout(ends.idle, body.frame()) => frame,
            () = &mut stop => return refuse(sender, draining(), ends).await,
            () = sender.closed() => return tonic::Code::Cancelled,
        };
        let frame = match frame {
            Err(_) => return refuse(sender, idle(), ends).await,
            Ok(None) => return code,
            Ok(Some(frame)) => frame,
        };
        if let Ok(trailers) = frame.as_ref().map(Frame::trailers_ref)
            && let Some(trailers) = trailers
        {
            code = Status::from_header_map(trailers).map_or(code, |status| status.code());
        }
        let taken = tokio::select! {
            taken = tokio::time::timeout(ends.idle, sender.send(frame)) => taken,
            () = &mut stop => return refuse(sender, draining(), ends).await,
        };
        if !matches!(taken, Ok(Ok(()))) {
            return tonic::Code::Cancelled;
        }
    }
}

/// A client is told why, if it still listens.
async fn refuse(sender: &mpsc::Sender<Sent>, refusal: Refusal, ends: &Ends) -> tonic::Code {
    let status = refusal.into_status(ends.service);
    let code = status.code();
    let mut trailers = http::HeaderMap::new();
    if status.add_header(&mut trailers).is_ok() {
        let last = sender.send(Ok(Frame::trailers(trailers)));
        drop(tokio::time::timeout(ends.idle, last).await);
    }
    code
}

fn draining() -> Refusal {
    Refusal::unavailable("DRAINING", Duration::from_millis(100))
}

fn idle() -> Refusal {
    Refusal::deadline().with_message("the stream was silent for too long: begin it again")
}

/// What the copying task sends.
struct Received {
    receiver: mpsc::Receiver<Sent>,
}

impl http_body::Body for Received {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Sent>> {
        self.receiver.poll_recv(cx)
    }
}

/// A request body that fails when its client is silent for too long.
pub(super) fn impatient(body: Body, idle: Duration, service: &'static str) -> Body {
    Body::new(Impatient {
        body,
        idle,
        service,
        alarm: None,
    })
}

struct Impatient {
    body: Body,
    idle: Duration,
    service: &'static str,
    /// Runs while the next message is waited for.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl http_body::Body for Impatient {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Sent>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.alarm = None;
            return Poll::Ready(frame);
        }
        let until = Instant::now() + self.idle;
        let alarm = self
            .alarm
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        match alarm.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(idle().into_status(self.service)))),
            Poll::Pending => Poll::Pending,
        }
    }
}
