//! The metrics that every process has: its calls and its tasks. Labels are taken
//! from the contracts, so their number is bounded whatever callers send.

use std::time::Duration;

use contracts::access::Method;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter, UpDownCounter};
use tonic::Code;

use crate::Tasks;

/// Upper bounds of the buckets of a call's duration, in seconds: from the floor of
/// the transport to the longest deadline.
const SECONDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Counts the calls of a process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct RpcMetrics {
    duration: Histogram<f64>,
    in_flight: UpDownCounter<i64>,
    shed: Counter<u64>,
}

impl RpcMetrics {
    pub(crate) fn new(meter: &Meter, tasks: &Tasks) -> Self {
        let counted = tasks.clone();
        meter
            .u64_observable_counter("recoup_task_panics")
            .with_description("Tasks that panicked since the start; any is a bug")
            .with_callback(move |observer| observer.observe(counted.panics(), &[]))
            .build();
        let counted = tasks.clone();
        meter
            .u64_observable_gauge("recoup_tasks_running")
            .with_description("Tasks at work, by name")
            .with_callback(move |observer| {
                for (name, count) in counted.running() {
                    let count = u64::try_from(count).unwrap_or(u64::MAX);
                    observer.observe(count, &[KeyValue::new("task", name)]);
                }
            })
            .build();
        Self {
            duration: meter
                .f64_histogram("recoup_rpc_duration")
                .with_unit("s")
                .with_description("Time from the arrival of a call to its answer, by status code")
                .with_boundaries(SECONDS.to_vec())
                .build(),
            in_flight: meter
                .i64_up_down_counter("recoup_rpc_in_flight")
                .with_description("Calls and streams that are being answered")
                .build(),
            shed: meter
                .u64_counter("recoup_rpc_shed")
                .with_description("Calls refused because the process had no room for them")
                .build(),
        }
    }

    /// A call was refused for want of room.
    pub(crate) fn shed(&self, method: Option<&Method>) {
        self.shed.add(1, &labels(method));
    }

    /// A call is being answered until the guard is dropped.
    pub(crate) fn in_flight(&self, method: Option<&'static Method>) -> InFlight {
        let labels = labels(method);
        self.in_flight.add(1, &labels);
        InFlight {
            in_flight: self.in_flight.clone(),
            labels,
        }
    }

    /// A call was answered.
    pub(crate) fn answered(&self, method: Option<&Method>, code: Code, took: Duration) {
        let [service, method] = labels(method);
        let code = KeyValue::new("code", code_name(code));
        self.duration
            .record(took.as_secs_f64(), &[service, method, code]);
    }
}

/// Counts one call for as long as it lives.
pub(crate) struct InFlight {
    in_flight: UpDownCounter<i64>,
    labels: [KeyValue; 2],
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.in_flight.add(-1, &self.labels);
    }
}

fn labels(method: Option<&Method>) -> [KeyValue; 2] {
    let (service, name) = method.map_or(("unknown", "unknown"), |m| (m.service(), m.name()));
    [
        KeyValue::new("rpc_service", service),
        KeyValue::new("rpc_method", name),
    ]
}

/// The name of a code as the gRPC documentation writes it.
pub(crate) const fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
