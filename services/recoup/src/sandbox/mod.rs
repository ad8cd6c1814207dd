//! The sandbox: one clock for all services, and the hand that moves it.
//!
//! | module | what it owns |
//! |---|---|
//! | [`look`] | whether all is quiet, what is due next |
//! | [`advance`] | the way from due time to due time |
//! | [`records`] | where the clock stood and what advances came to, as files |
//! | [`unsettled`] | what waits for a person |
//! | [`rpc`] | `ClockService` |
//!
//! It moves business time only. It must not do the work that falls due: the services do, as they
//! would on the clock of the wall.

pub mod advance;
mod look;
mod records;
pub mod rpc;
mod unsettled;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use calendar::{Clock, ManualClock};
use jiff::Timestamp;
use runtime::{Shutdown, Tasks};

use crate::sandbox::advance::Running;
use crate::sandbox::records::Records;
use crate::services::Part;

/// The sandbox of one installation.
pub struct Sandbox {
    hand: ManualClock,
    records: Records,
    parts: Vec<Part>,
    tasks: Tasks,
    shutdown: Shutdown,
    /// The advance under way, or the last one that ended.
    latest: Mutex<Option<Arc<Running>>>,
}

/// A sandbox whose services are yet to be started on its clock.
pub struct Unstarted {
    hand: ManualClock,
    records: Records,
}

impl Unstarted {
    /// The clock of the sandbox in `data_dir`: it stands where it stood when an earlier process
    /// ended, else at `start`.
    ///
    /// # Errors
    /// The files of the sandbox can be neither read nor made.
    pub fn open(data_dir: &Path, start: Timestamp) -> anyhow::Result<(Clock, Self)> {
        let records = Records::open(&data_dir.join("sandbox")).context("the sandbox's records")?;
        let stands_at = records.clock()?.unwrap_or(start);
        let (clock, hand) = Clock::manual(stands_at);
        records.keep_clock(hand.now())?;
        Ok((clock, Self { hand, records }))
    }

    /// The sandbox over the services that run on its clock.
    #[must_use]
    pub fn over(self, parts: Vec<Part>, tasks: &Tasks, shutdown: &Shutdown) -> Arc<Sandbox> {
        Arc::new(Sandbox {
            hand: self.hand,
            records: self.records,
            parts,
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
            latest: Mutex::new(None),
        })
    }
}

impl Sandbox {
    fn latest(&self) -> MutexGuard<'_, Option<Arc<Running>>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
