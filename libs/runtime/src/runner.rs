//! From a request to its handler and back: the few lines that every RPC has in
//! common. A function called by name; it opens no transaction and knows no service.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use contracts::Mutation;
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use prost::Message;
use tonic::{Request, Response, Status, Streaming};

use crate::call::check_request_id;
use crate::server::Permit;
use crate::{Answer, Call, Refusal, Tasks};

/// Runs the handlers of one service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Runner {
    service: &'static str,
    tasks: Tasks,
}

impl Runner {
    /// For the service of this name, which refusals bear as `<service>.recoup`.
    #[must_use]
    pub fn new(service: &'static str, tasks: Tasks) -> Self {
        Self { service, tasks }
    }

    /// Runs a handler that changes something, to its end: it moves into a task with
    /// the call's permit and span, and the drain waits for it. A caller that goes
    /// away or whose deadline passes is no longer answered, but never cuts the
    /// work in half, and the work still counts against the limits.
    ///
    /// # Errors
    /// The refusal of the handler; INVALID_ARGUMENT without a fit request id;
    /// INTERNAL if the handler panics.
    pub async fn run_to_end<M, R, F, Fut>(
        &self,
        request: Request<M>,
        handler: F,
    ) -> Result<Response<R>, Status>
    where
        M: Mutation,
        R: Message + Default + 'static,
        F: FnOnce(Call, M) -> Fut,
        Fut: Future<Output = Result<Answer<R>, Refusal>> + Send + 'static,
    {
        let admitted = admitted(&request).and_then(|(call, permit)| {
            check_request_id(request.get_ref().request_id())?;
            Ok((call.with_request_id(request.get_ref().request_id()), permit))
        });
        let answer = match admitted {
            Ok((call, permit)) => {
                self.detached(permit, handler(call, request.into_inner()))
                    .await
            }
            Err(refusal) => Err(refusal),
        };
        self.reply(answer.and_then(Answer::into_response))
    }

    /// As [`Runner::run_to_end`], for an import: the handler reads the request as a
    /// stream, and finds the request id in its first message.
    ///
    /// # Errors
    /// As [`Runner::run_to_end`].
    pub async fn import_to_end<M, R, F, Fut>(
        &self,
        request: Request<Streaming<M>>,
        handler: F,
    ) -> Result<Response<R>, Status>
    where
        M: Message + Default + 'static,
        R: Message + Default + 'static,
        F: FnOnce(Call, Streaming<M>) -> Fut,
        Fut: Future<Output = Result<Answer<R>, Refusal>> + Send + 'static,
    {
        let answer = match admitted(&request) {
            Ok((call, permit)) => {
                self.detached(permit, handler(call, request.into_inner()))
                    .await
            }
            Err(refusal) => Err(refusal),
        };
        self.reply(answer.and_then(Answer::into_response))
    }

    /// Runs a handler that only reads. It is dropped when nobody waits any more.
    ///
    /// # Errors
    /// The refusal of the handler; INTERNAL if it panics.
    pub async fn read<M, R, F, Fut>(
        &self,
        request: Request<M>,
        handler: F,
    ) -> Result<Response<R>, Status>
    where
        F: FnOnce(Call, M) -> Fut,
        Fut: Future<Output = Result<R, Refusal>>,
    {
        let answer = match Call::of(&request) {
            Ok(call) => caught(handler(call, request.into_inner())).await,
            Err(refusal) => Err(refusal),
        };
        self.reply(answer.map(Response::new))
    }

    /// Runs a handler that answers with a stream. The server ends the stream when
    /// it is silent for too long, when its client is, and when the process drains.
    ///
    /// # Errors
    /// The refusal of the handler; INTERNAL if it panics.
    pub async fn stream<M, R, S, F, Fut>(
        &self,
        request: Request<M>,
        handler: F,
    ) -> Result<
        Response<impl Stream<Item = Result<R, Status>> + Send + 'static + use<M, R, S, F, Fut>>,
        Status,
    >
    where
        S: Stream<Item = Result<R, Refusal>> + Send + 'static,
        F: FnOnce(Call, M) -> Fut,
        Fut: Future<Output = Result<S, Refusal>>,
    {
        let answer = match Call::of(&request) {
            Ok(call) => caught(handler(call, request.into_inner())).await,
            Err(refusal) => Err(refusal),
        };
        let service = self.service;
        let stream = answer.map(|stream| {
            let caught = AssertUnwindSafe(stream).catch_unwind();
            Response::new(caught.map(move |item| {
                let item = item.unwrap_or_else(|_| Err(panicked()));
                item.map_err(|refusal| refusal.into_status(service))
            }))
        });
        self.reply(stream)
    }

    async fn detached<T, Fut>(&self, permit: Permit, work: Fut) -> Result<T, Refusal>
    where
        T: Send + 'static,
        Fut: Future<Output = Result<T, Refusal>> + Send + 'static,
    {
        let counted = async move {
            let outcome = work.await;
            drop(permit);
            outcome
        };
        match self.tasks.spawn("rpc", counted).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panicked)) => Err(Refusal::internal(panicked)),
            Err(cancelled) => Err(Refusal::internal(cancelled)),
        }
    }

    /// The only place where a handler's outcome becomes a status.
    fn reply<T>(&self, outcome: Result<Response<T>, Refusal>) -> Result<Response<T>, Status> {
        outcome.map_err(|refusal| refusal.into_status(self.service))
    }
}

fn admitted<T>(request: &Request<T>) -> Result<(Call, Permit), Refusal> {
    let permit = request.extensions().get::<Permit>().cloned();
    Ok((Call::of(request)?, permit.unwrap_or_default()))
}

async fn caught<T>(work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    outcome.unwrap_or_else(|_| Err(panicked()))
}

/// Where, the panic hook has logged.
pub(crate) fn panicked() -> Refusal {
    Refusal::internal("a handler panicked")
}
