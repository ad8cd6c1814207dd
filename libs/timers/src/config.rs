//! The settings of the workers, as they stand in a service's configuration. All times are
//! real time.

use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

use serde::Deserialize;

/// The compiled-in `[timers]` section, for a service's defaults.
pub const DEFAULTS: &str = include_str!("timers.default.toml");

/// `[timers]`: how due timers are taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimersConfig {
    /// Jobs at work in this process at a time.
    pub concurrency: NonZeroU16,
    /// How long a job may take, in milliseconds; shorter than the drain. Another worker takes
    /// the timer up after that.
    pub lease_ms: NonZeroU32,
    /// Time between two sweeps, in milliseconds: how late a timer is at most whose hint was
    /// lost.
    pub sweep_period_ms: NonZeroU32,
    /// Time between two looks into Redis, in milliseconds, for what other processes put there.
    pub poll_period_ms: NonZeroU32,
    /// Tries before a timer is parked.
    pub max_attempts: NonZeroU16,
    /// Pause after the first failed try, in milliseconds; doubles with each.
    pub retry_pause_ms: NonZeroU32,
    /// Longest pause between two tries, in milliseconds.
    pub max_retry_pause_ms: NonZeroU32,
}

impl TimersConfig {
    pub(crate) fn concurrency(&self) -> usize {
        usize::from(self.concurrency.get())
    }

    pub(crate) fn lease(&self) -> Duration {
        duration(self.lease_ms)
    }

    pub(crate) fn sweep_period(&self) -> Duration {
        duration(self.sweep_period_ms)
    }

    pub(crate) fn poll_period(&self) -> Duration {
        duration(self.poll_period_ms)
    }

    pub(crate) fn max_attempts(&self) -> i32 {
        i32::from(self.max_attempts.get())
    }

    /// The pause after the `nth` time in a row, from 1, that a timer could not be done:
    /// doubled each time up to the longest, then shortened by up to half, so that those which
    /// failed together do not come back together.
    pub(crate) fn pause(&self, nth: i32) -> Duration {
        let doublings = u32::try_from(nth.saturating_sub(1)).unwrap_or(0).min(30);
        let full = (u64::from(self.retry_pause_ms.get()) << doublings)
            .min(u64::from(self.max_retry_pause_ms.get()));
        // The random low bits of a fresh UUID are as good a die as any.
        let (_, die) = uuid::Uuid::now_v7().as_u64_pair();
        Duration::from_millis(full - die % (full / 2 + 1))
    }
}

fn duration(ms: NonZeroU32) -> Duration {
    Duration::from_millis(u64::from(ms.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Defaults {
        timers: TimersConfig,
    }

    fn defaults() -> TimersConfig {
        toml::from_str::<Defaults>(DEFAULTS).unwrap().timers
    }

    #[test]
    fn a_job_ends_within_the_drain_and_a_sweep_within_p13() {
        assert!(defaults().lease() < Duration::from_secs(25));
        assert!(defaults().lease() + defaults().sweep_period() < Duration::from_secs(60));
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_are_shortened_by_at_most_half() {
        let config = defaults();
        for (nth, full_ms) in [
            (1, 1_000),
            (2, 2_000),
            (5, 16_000),
            (10, 300_000),
            (99, 300_000),
        ] {
            for _ in 0..50 {
                let pause = config.pause(nth).as_millis();
                assert!((full_ms / 2..=full_ms).contains(&pause), "{nth}: {pause}");
            }
        }
    }
}
