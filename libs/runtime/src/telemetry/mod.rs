//! Logs, traces and metrics of a process.
//!
//! Logs go to standard output, spans to a collector by OTLP, metrics to whoever
//! asks `/metrics`. One value holds all of it and flushes at the end. No personal
//! data and no secret may reach any of them (P30): log identities and reasons, never
//! a message, a name, an address or a token; a message by [`crate::redacted`].

mod metrics;
pub(crate) mod trace;

use std::time::Duration;

use opentelemetry::metrics::{Meter, MeterProvider as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use prometheus::{Registry, TextEncoder};
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::{EnvFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, fmt};

use crate::config::{LogFormat, TelemetryConfig};

pub(crate) use metrics::{RpcMetrics, code_name};

/// How long the collector may take for the last spans.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Why telemetry cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter of the settings is none.
    #[error("telemetry.filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The exporter cannot be built, mostly for its URL.
    #[error("telemetry.otlp_endpoint: {0}")]
    Export(#[from] opentelemetry_otlp::ExporterBuildError),
    /// The metrics cannot be registered.
    #[error("metrics: {0}")]
    Metrics(#[from] opentelemetry_sdk::error::OTelSdkError),
    /// Another part of the process logs already.
    #[error("logging was started twice")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// The telemetry of a process. Cheap to clone.
#[derive(Clone)]
pub struct Telemetry {
    registry: Registry,
    meters: SdkMeterProvider,
    spans: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Starts logging, tracing and metrics for the process: once, early in `main`,
    /// inside the runtime. From here on a panic is logged by its place alone.
    ///
    /// # Errors
    /// [`TelemetryError`] with the key of the settings that is wrong.
    pub fn start(service: &str, config: &TelemetryConfig) -> Result<Self, TelemetryError> {
        let (subscriber, telemetry) = Self::with_writer(service, config, std::io::stdout)?;
        subscriber.try_init()?;
        log_panics();
        Ok(telemetry)
    }

    /// Metrics alone: for tests, where many servers share a process.
    ///
    /// # Errors
    /// [`TelemetryError::Metrics`].
    pub fn without_export(service: &str) -> Result<Self, TelemetryError> {
        let registry = Registry::new();
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            // Every series would carry the name of this crate.
            .scope_info_enabled(false)
            .build()?;
        let resource = resource(service);
        let meters = SdkMeterProvider::builder()
            .with_resource(resource)
            .with_reader(exporter)
            .build();
        Ok(Self {
            registry,
            meters,
            spans: None,
        })
    }

    /// As [`Telemetry::start`], with the logs going to `writer`, and the subscriber
    /// to be installed by the caller.
    ///
    /// # Errors
    /// As [`Telemetry::start`].
    pub fn with_writer<W>(
        service: &str,
        config: &TelemetryConfig,
        writer: W,
    ) -> Result<(impl Subscriber + Send + Sync + use<W>, Self), TelemetryError>
    where
        W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    {
        let mut telemetry = Self::without_export(service)?;
        telemetry.spans = span_exporter(service, config)?;
        let exported = telemetry.spans.as_ref().map(|spans| {
            let scope = InstrumentationScope::builder("recoup").build();
            let layer = tracing_opentelemetry::layer().with_tracer(spans.tracer_with_scope(scope));
            layer.with_filter(exported_targets())
        });
        let subscriber = tracing_subscriber::registry()
            .with(exported)
            .with(log_layer(config.logs, writer).with_filter(EnvFilter::try_new(&config.filter)?));
        Ok((subscriber, telemetry))
    }

    /// The meter for instruments of `scope`. Give each a description: it is the help
    /// text.
    #[must_use]
    pub fn meter(&self, scope: &'static str) -> Meter {
        self.meters.meter(scope)
    }

    /// All metrics in the text format of Prometheus.
    ///
    /// # Errors
    /// A metric cannot be written down.
    pub fn metrics_text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    /// Sends what has not been sent yet: last in `main`. A collector that is away is
    /// waited for 2 s.
    pub async fn flush(self) {
        let Some(spans) = self.spans else { return };
        // The exporter blocks its thread.
        let shut = tokio::task::spawn_blocking(move || spans.shutdown_with_timeout(FLUSH_TIMEOUT));
        if let Ok(Err(error)) = shut.await {
            tracing::warn!(%error, "the last spans were not exported");
        }
    }
}

fn span_exporter(
    service: &str,
    config: &TelemetryConfig,
) -> Result<Option<SdkTracerProvider>, TelemetryError> {
    let Some(endpoint) = &config.otlp_endpoint else {
        return Ok(None);
    };
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build()?;
    let share = f64::from(config.sample_percent.min(100));
    #[expect(clippy::float_arithmetic, reason = "a share of traces, not money")]
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share / 100.0)));
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(sampler)
        .with_resource(resource(service))
        .build();
    Ok(Some(provider))
}

/// The transport's own spans are left out: the exporter is a client of that
/// transport and would trace itself for ever.
fn exported_targets() -> Targets {
    let transport = [
        "h2",
        "hyper",
        "hyper_util",
        "tonic",
        "tower",
        "rustls",
        "reqwest",
    ];
    let off = transport.map(|target| (target, tracing_subscriber::filter::LevelFilter::OFF));
    Targets::new().with_default(Level::INFO).with_targets(off)
}

fn log_layer<S, W>(format: LogFormat, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = fmt::layer().with_writer(writer);
    match format {
        LogFormat::Pretty => layer.with_ansi(false).boxed(),
        LogFormat::Json => layer
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
    }
}

fn resource(service: &str) -> Resource {
    let instance = KeyValue::new("service.instance.id", uuid::Uuid::now_v7().to_string());
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let attributes = [instance, version];
    Resource::builder()
        .with_service_name(service.to_owned())
        .with_attributes(attributes)
        .build()
}

/// The text of a panic may quote what it failed on, which may be a person's data:
/// only its place is told (P30).
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| match panic.location() {
        Some(place) => {
            tracing::error!(file = place.file(), line = place.line(), "panicked");
        }
        None => tracing::error!("panicked"),
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn p30_a_panic_is_logged_by_its_place_without_its_text() {
        let written = Written::default();
        let writer = written.clone();
        let config = TelemetryConfig {
            logs: LogFormat::Json,
            filter: "info".to_owned(),
            otlp_endpoint: None,
            sample_percent: 0,
        };
        let (subscriber, _) =
            Telemetry::with_writer("test", &config, move || writer.clone()).unwrap();
        let usual = std::panic::take_hook();
        log_panics();
        let panicked = tracing::subscriber::with_default(subscriber, || {
            std::panic::catch_unwind(|| panic!("canary"))
        });
        std::panic::set_hook(usual);
        assert!(panicked.is_err());
        let log = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert!(
            log.contains("telemetry/mod.rs") && log.contains("\"line\""),
            "{log}"
        );
        assert!(!log.contains("canary"), "{log}");
    }
}
