//! What every call passes before its handler, and in which order:
//!
//! 1. load: is there room at all; refused at once, before anything is spent on it
//! 2. span: the caller's trace context comes in
//! 3. deadline: from here on everything counts against it, also a slow issuer
//! 4. authentication: who is calling
//! 5. access: scope of the method, peer, tenant; default deny
//! 6. rate of the tenant
//! 7. the handler, its panics caught, its streams guarded
//! 8. what tonic itself answers is put into our table of codes
//!
//! Must not read the message: it is not decoded yet.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use contracts::access::{self, Method};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use tokio::time::Instant;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::transport::server::{TcpConnectInfo, TlsConnectInfo};
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::Instrument as _;

use super::load::{Load, Permit, Room};
use super::rate::TenantRates;
use super::stream::{self, Ends};
use crate::auth::Authenticator;
use crate::auth::access::allowed;
use crate::runner::panicked;
use crate::telemetry::trace;
use crate::telemetry::{RpcMetrics, code_name};
use crate::{Call, Deadline, Refusal, Shutdown, Tasks};

/// Open to everybody: they tell nothing that the contracts do not, and a probe has
/// no token.
const OPEN: [&str; 3] = [
    HEALTH,
    "/grpc.reflection.v1.ServerReflection/",
    "/grpc.reflection.v1alpha.ServerReflection/",
];

const HEALTH: &str = "/grpc.health.v1.Health/";

/// Header by which a status tells its details. Ours always do.
const DETAILS: &str = "grpc-status-details-bin";

/// Header by which tonic tells that it could not read a compressed message.
const ENCODINGS: &str = "grpc-accept-encoding";

/// The gate in front of all handlers of a process. Cheap to clone.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) inner: Arc<GateParts>,
}

pub(super) struct GateParts {
    /// Of the process; for refusals of calls that belong to no service.
    pub(super) name: &'static str,
    pub(super) authenticator: Authenticator,
    pub(super) load: Load,
    pub(super) rates: Option<TenantRates>,
    pub(super) stream_idle: Duration,
    pub(super) metrics: RpcMetrics,
    pub(super) tasks: Tasks,
    pub(super) shutdown: Shutdown,
}

impl Layer<Routes> for Gate {
    type Service = Admission;

    fn layer(&self, routes: Routes) -> Admission {
        Admission {
            gate: self.clone(),
            routes,
        }
    }
}

/// The handlers behind the gate.
#[derive(Clone)]
pub(super) struct Admission {
    gate: Gate,
    routes: Routes,
}

impl Service<Request<Body>> for Admission {
    type Response = Response<Body>;
    type Error = std::convert::Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request<Body>>::poll_ready(&mut self.routes, cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The clone has not been asked whether it is ready; the original has.
        let routes = self.routes.clone();
        let routes = std::mem::replace(&mut self.routes, routes);
        let gate = Arc::clone(&self.gate.inner);
        Box::pin(async move { Ok(gate.pass(request, routes).await) })
    }
}

impl GateParts {
    async fn pass(self: Arc<Self>, request: Request<Body>, routes: Routes) -> Response<Body> {
        let path = request.uri().path();
        if OPEN.iter().any(|open| path.starts_with(open)) {
            return self.pass_open(request, routes).await;
        }
        let method = access::method(path);
        let service = self.service(method);
        let room = if method.is_some_and(is_stream) {
            Room::Stream
        } else {
            Room::Call
        };
        let began = Instant::now();
        let permit = match self.load.admit(room) {
            Ok(permit) => permit,
            Err(refusal) => {
                self.metrics.shed(method);
                return refusal.into_status(service).into_http();
            }
        };
        let in_flight = self.metrics.in_flight(method);
        let span = trace::request_span(method, request.headers());
        let work = async {
            let outcome = self
                .admitted_in_time(request, method, permit.clone(), routes)
                .await;
            outcome.unwrap_or_else(|refusal| refusal.into_status(service).into_http())
        };
        let response = own_words(work.instrument(span.clone()).await, service);
        let code = code(&response);
        span.record("rpc.grpc.status_code", code_name(code));
        if !method.is_some_and(|method| method.server_streaming) || code != Code::Ok {
            self.metrics.answered(method, code, began.elapsed());
            return response;
        }
        let ends = self.ends(service, self.stream_idle);
        let (gate, tasks) = (Arc::clone(&self), self.tasks.clone());
        response.map(|body| {
            let ended = move |code| {
                drop(in_flight);
                gate.metrics.answered(method, code, began.elapsed());
            };
            let _in_span = span.enter();
            stream::guarded(body, permit, ends, &tasks, ended)
        })
    }

    /// A probe is answered whatever the load; who watches health waits for as long as
    /// nothing changes.
    async fn pass_open(&self, request: Request<Body>, routes: Routes) -> Response<Body> {
        let path = request.uri().path();
        if path.starts_with(HEALTH) && !path.ends_with("/Watch") {
            return run(routes, request).await;
        }
        let permit = match self.load.admit(Room::OpenStream) {
            Ok(permit) => permit,
            Err(refusal) => return refusal.into_status(self.name).into_http(),
        };
        let ends = self.ends(self.name, Duration::MAX);
        let response = run(routes, request).await;
        response.map(|body| stream::guarded(body, permit, ends, &self.tasks, |_| ()))
    }

    /// A unary call as a whole has its deadline; a stream has none.
    async fn admitted_in_time(
        &self,
        request: Request<Body>,
        method: Option<&'static Method>,
        permit: Permit,
        routes: Routes,
    ) -> Result<Response<Body>, Refusal> {
        if method.is_some_and(is_stream) {
            return self.admitted(request, method, None, permit, routes).await;
        }
        let deadline = Deadline::of(request.headers());
        if deadline.left().is_zero() {
            return Err(Refusal::deadline());
        }
        let work = self.admitted(request, method, Some(deadline), permit, routes);
        match tokio::time::timeout_at(deadline.instant(), work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Refusal::deadline()),
        }
    }

    async fn admitted(
        &self,
        mut request: Request<Body>,
        method: Option<&'static Method>,
        deadline: Option<Deadline>,
        permit: Permit,
        routes: Routes,
    ) -> Result<Response<Body>, Refusal> {
        let connection = request.extensions().get::<TlsConnectInfo<TcpConnectInfo>>();
        let certificates = connection.and_then(TlsConnectInfo::peer_certs);
        let certificates = certificates.as_deref().map(Vec::as_slice);
        let caller = self
            .authenticator
            .authenticate(request.headers(), certificates)
            .await?;
        let method = allowed(method, &caller)?;
        trace::record_caller(&caller);
        if let (Some(rates), Some(tenant)) = (&self.rates, caller.tenant) {
            rates.admit(tenant)?;
        }
        let call = Call::new(
            caller,
            method,
            deadline,
            trace::traceparent(request.headers()),
        );
        // No handler has a use for the token.
        request.headers_mut().remove(AUTHORIZATION);
        request.extensions_mut().insert(call);
        request.extensions_mut().insert(permit);
        if method.client_streaming {
            let service = self.service(Some(method));
            request = request.map(|body| stream::impatient(body, self.stream_idle, service));
        }
        let work = AssertUnwindSafe(run(routes, request));
        work.catch_unwind().await.map_err(|_| panicked())
    }

    /// The service a method belongs to, for `<service>.recoup`: the second part of
    /// its package. What every service serves, and what nobody does, bears the name
    /// of the process.
    fn service(&self, method: Option<&'static Method>) -> &'static str {
        let package = method.and_then(|method| method.path.split(['/', '.']).nth(2));
        package
            .filter(|name| *name != "events")
            .unwrap_or(self.name)
    }

    fn ends(&self, service: &'static str, idle: Duration) -> Ends {
        Ends {
            idle,
            shutdown: self.shutdown.clone(),
            service,
        }
    }
}

fn is_stream(method: &Method) -> bool {
    method.client_streaming || method.server_streaming
}

async fn run(mut routes: Routes, request: Request<Body>) -> Response<Body> {
    match routes.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn code(response: &Response<Body>) -> Code {
    Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code())
}

/// tonic answers some faults by itself, with codes of its own and no ErrorInfo.
/// What is left of those here is a request that could not be decoded, one that was
/// too large or compressed, and a method that nobody serves.
fn own_words(response: Response<Body>, service: &str) -> Response<Body> {
    if code(&response) == Code::Ok || response.headers().contains_key(DETAILS) {
        return response;
    }
    let refusal = match code(&response) {
        Code::Unimplemented if response.headers().contains_key(ENCODINGS) => {
            Refusal::invalid("REQUEST_COMPRESSED", Vec::new())
                .with_message("this server takes messages uncompressed")
        }
        Code::Unimplemented => Refusal::not_served(),
        Code::OutOfRange => Refusal::invalid("REQUEST_TOO_LARGE", Vec::new())
            .with_message("the message is larger than this server takes"),
        Code::Cancelled => Refusal::deadline(),
        _ => Refusal::invalid("REQUEST_MALFORMED", Vec::new())
            .with_message("the message cannot be decoded as the type of the method"),
    };
    refusal.into_status(service).into_http()
}
