//! How many transactions of this process are open that may change something.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

/// What the transactions of one process have been at, on one database. Two equal ones without an
/// open transaction say: nothing was changed from here in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// Those open now, one whose end is under way included.
    pub open: u64,
    /// All that were opened since the start.
    pub opened: u64,
}

/// Counts the transactions of one database. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    opened: AtomicU64,
    ended: AtomicU64,
    news: watch::Sender<u64>,
}

impl Counter {
    pub(crate) fn activity(&self) -> Activity {
        // The ended ones first: one that ends in between counts as open still.
        let ended = self.0.ended.load(Ordering::SeqCst);
        let opened = self.0.opened.load(Ordering::SeqCst);
        Activity {
            open: opened.saturating_sub(ended),
            opened,
        }
    }

    /// Changes with every commit that brought news.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.0.news.subscribe()
    }

    /// Counts one as open until the guard is dropped.
    pub(crate) fn begin(&self) -> Open {
        self.0.opened.fetch_add(1, Ordering::SeqCst);
        Open(self.clone())
    }
}

#[derive(Debug)]
pub(crate) struct Open(Counter);

impl Open {
    /// It was committed, and others wait for what it wrote.
    pub(crate) fn tell_news(&self) {
        self.0.0.news.send_modify(|commits| *commits += 1);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}
