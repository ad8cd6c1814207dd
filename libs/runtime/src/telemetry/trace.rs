//! Trace context of W3C, in and out. Must not put anything into a span that is
//! personal: of a caller, only the tenant and whether it is a service.

use contracts::access::Method;
use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::auth::Caller;

const TRACEPARENT: &str = "traceparent";

/// The span of one call, child of the caller's where that one is traced.
pub(crate) fn request_span(method: Option<&'static Method>, headers: &HeaderMap) -> Span {
    let (service, name) = method.map_or(("unknown", "unknown"), |m| (m.service(), m.name()));
    let span = tracing::info_span!(
        "rpc",
        otel.name = format_args!("{service}/{name}"),
        otel.kind = "server",
        rpc.system = "grpc",
        rpc.service = service,
        rpc.method = name,
        rpc.grpc.status_code = field::Empty,
        tenant = field::Empty,
        peer = field::Empty,
    );
    let context = TraceContextPropagator::new().extract(&Headers(headers));
    // Without an exporter there is no layer to take it, and nothing to be done.
    drop(span.set_parent(context));
    span
}

/// Notes in the current span for whom the call is.
pub(crate) fn record_caller(caller: &Caller) {
    let span = Span::current();
    if let Some(tenant) = caller.tenant {
        span.record("tenant", field::display(tenant));
    }
    if let Some(peer) = &caller.peer {
        span.record("peer", peer);
    }
}

/// The trace context of the current span; where nothing is traced, the one that
/// came in, if it is well formed; else empty.
pub(crate) fn traceparent(headers: &HeaderMap) -> String {
    let mut outgoing = HeaderMap::new();
    inject(&Span::current(), "", &mut outgoing);
    if outgoing.is_empty() {
        let context = TraceContextPropagator::new().extract(&Headers(headers));
        if context.span().span_context().is_valid() {
            TraceContextPropagator::new().inject_context(&context, &mut Outgoing(&mut outgoing));
        }
    }
    let text = outgoing
        .get(TRACEPARENT)
        .and_then(|value| value.to_str().ok());
    text.unwrap_or_default().to_owned()
}

/// Writes the trace context of `span`, or else `stored`, into outgoing headers.
pub(crate) fn inject(span: &Span, stored: &str, headers: &mut HeaderMap) {
    let context = span.context();
    if context.span().span_context().is_valid() {
        TraceContextPropagator::new().inject_context(&context, &mut Outgoing(headers));
    } else if let Ok(value) = HeaderValue::from_str(stored)
        && !stored.is_empty()
    {
        headers.insert(TRACEPARENT, value);
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct Outgoing<'a>(&'a mut HeaderMap);

impl Injector for Outgoing<'_> {
    fn set(&mut self, key: &str, value: String) {
        // An empty tracestate is no header.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(&value))
            && !value.is_empty()
        {
            self.0.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incoming(traceparent: &str) -> HeaderMap {
        HeaderMap::from_iter([(
            HeaderName::from_static(TRACEPARENT),
            HeaderValue::from_str(traceparent).unwrap(),
        )])
    }

    #[test]
    fn without_an_exporter_the_context_is_passed_through() {
        let sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(traceparent(&incoming(sent)), sent);
        let mut headers = HeaderMap::new();
        inject(&Span::none(), sent, &mut headers);
        assert_eq!(headers[TRACEPARENT], sent);
    }

    #[test]
    fn p33_a_malformed_context_is_dropped() {
        for sent in [
            "",
            "nonsense",
            "00-0-0-00",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        ] {
            assert_eq!(traceparent(&incoming(sent)), "", "{sent:?}");
        }
    }
}
