//! How fast one tenant may call one process, so that a tenant in a loop does not
//! take the room of all others.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock as _, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use postgres::TenantId;

use crate::Refusal;
use crate::config::Limits;

type Limiter = RateLimiter<
    TenantId,
    HashMapStateStore<TenantId>,
    MonotonicClock,
    NoOpMiddleware<std::time::Instant>,
>;

/// After so many calls, tenants that have been quiet are forgotten.
const SWEEP: u32 = 4096;

/// The rates of all tenants.
pub(crate) struct TenantRates {
    limiter: Limiter,
    clock: MonotonicClock,
    calls: AtomicU32,
}

impl TenantRates {
    /// `None` where the settings name no limit.
    pub(crate) fn new(limits: &Limits) -> Option<Self> {
        let rate = NonZeroU32::new(limits.tenant_calls_per_second)?;
        let burst = NonZeroU32::new(limits.tenant_burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(rate).allow_burst(burst);
        let limiter = RateLimiter::new(quota, HashMapStateStore::default(), MonotonicClock);
        Some(Self {
            limiter,
            clock: MonotonicClock,
            calls: AtomicU32::new(0),
        })
    }

    /// Counts a call.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED, RATE_EXCEEDED, with the time until the next is welcome.
    pub(crate) fn admit(&self, tenant: TenantId) -> Result<(), Refusal> {
        if self.calls.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&tenant).map_err(|early| {
            Refusal::exhausted("RATE_EXCEEDED", early.wait_time_from(self.clock.now()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn p35_a_tenant_in_a_loop_takes_only_its_own_rate() {
        let layers = crate::config::Layers::try_new("test", "").unwrap();
        let layers = layers
            .text(
                "test",
                "[server.limits]\ntenant_calls_per_second = 1\ntenant_burst = 3",
            )
            .unwrap();
        #[derive(serde::Deserialize)]
        struct Settings {
            server: crate::config::ServerConfig,
        }
        let limits = layers.build::<Settings>().unwrap().server.limits;
        let rates = TenantRates::new(&limits).unwrap();
        let (loud, quiet) = (TenantId::new(Uuid::now_v7()), TenantId::new(Uuid::now_v7()));
        let admitted = (0..10).filter(|_| rates.admit(loud).is_ok()).count();
        assert_eq!(admitted, 3);
        assert_eq!(rates.admit(loud).unwrap_err().reason(), "RATE_EXCEEDED");
        assert!(rates.admit(quiet).is_ok());
    }
}
