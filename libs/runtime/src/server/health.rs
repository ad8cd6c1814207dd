//! The gRPC health service. Starts as NOT_SERVING (tonic-health's own start is
//! SERVING) and changes only when told to.

use std::sync::{Arc, Mutex, PoisonError};

use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health as Protocol, HealthServer};
use tonic_health::server::{HealthReporter, HealthService};

/// What the process answers to probes by gRPC. Cheap to clone.
#[derive(Clone)]
pub struct Health {
    reporter: HealthReporter,
    state: Arc<Mutex<State>>,
}

struct State {
    status: ServingStatus,
    /// The services whose status is told; "" is the process as a whole.
    names: Vec<&'static str>,
}

impl Health {
    /// Not serving.
    pub async fn new() -> Self {
        let state = State {
            status: ServingStatus::NotServing,
            names: vec![""],
        };
        let health = Self {
            reporter: HealthReporter::new(),
            state: Arc::new(Mutex::new(state)),
        };
        health.report().await;
        health
    }

    /// Says that the process serves: to be called when what it needs is there.
    pub async fn serving(&self) {
        self.set(ServingStatus::Serving).await;
    }

    /// Says that the process does not serve, or does not any more.
    pub async fn not_serving(&self) {
        self.set(ServingStatus::NotServing).await;
    }

    pub(super) async fn register(&self, names: &[&'static str]) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .names
            .extend(names);
        self.report().await;
    }

    pub(super) fn service(&self) -> HealthServer<impl Protocol> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }

    async fn set(&self, status: ServingStatus) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .status = status;
        self.report().await;
    }

    async fn report(&self) {
        let (status, names) = {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            (state.status, state.names.clone())
        };
        for name in names {
            self.reporter.set_service_status(name, status).await;
        }
    }
}
