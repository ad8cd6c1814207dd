//! The registry of jobs: which timer is done by what. One kind a file.

use std::sync::Arc;

use timers::Workers;

use crate::app::App;

/// The workers with the handlers of this service.
#[must_use]
pub fn handled(workers: Workers, _app: &Arc<App>) -> Workers {
    workers
}
