//! One connection through the proxy: two ways, each a loop of read, ask the mode, write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::sleep;

use super::{Mode, ResetAt, Setting, Shared, Upstream, Way};

/// Read at once; what one read returns is one piece.
const PIECE_BYTES: usize = 16 * 1024;

/// How a connection ends for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// In order (FIN).
    Close,
    /// By reset (RST).
    Reset,
}

/// What is known about one connection.
pub(super) struct Line {
    shared: Arc<Shared>,
    endings: watch::Receiver<Ending>,
    /// State of the generator of delays.
    random: AtomicU64,
    /// Number of the setting under which the client last sent something.
    asked_under: AtomicU64,
}

impl Line {
    /// The `number`-th connection. What the proxy is told to cut later includes it.
    pub(super) fn new(shared: Arc<Shared>, number: u64) -> Self {
        shared.open.fetch_add(1, Ordering::SeqCst);
        let endings = shared.endings.subscribe();
        let (random, asked_under) = (AtomicU64::new(number << 32), AtomicU64::new(0));
        Self {
            shared,
            endings,
            random,
            asked_under,
        }
    }

    /// Holds a piece up for as long as the mode says, then lets it go on, or ends the connection. A
    /// piece of no bytes is the end of its way.
    async fn admit_piece(&self, way: Way, bytes: usize) -> Result<(), Ending> {
        let mut settings = self.shared.setting.subscribe();
        let mut withheld = false;
        loop {
            let setting = *settings.borrow_and_update();
            match setting.mode {
                Mode::Blackhole => {}
                Mode::HalfOpen { withheld } if withheld == way => {}
                Mode::Delay { base, jitter, seed } => {
                    self.shared.count_fault();
                    sleep(base + self.random_part(jitter, seed)).await;
                    return Ok(());
                }
                Mode::Reset(at) if bytes > 0 && self.resets(at, way, setting) => {
                    return Err(Ending::Reset);
                }
                Mode::Pass | Mode::Refuse | Mode::Reset(_) | Mode::HalfOpen { .. } => {
                    return Ok(());
                }
            }
            if !withheld {
                withheld = true;
                self.shared.count_fault();
            }
            // The sender lives in `shared`, so this ends by a change only.
            let _ = settings.changed().await;
        }
    }

    fn resets(&self, at: ResetAt, way: Way, setting: Setting) -> bool {
        if way == Way::Out {
            self.asked_under.store(setting.number, Ordering::SeqCst);
        }
        let due = match at {
            ResetAt::Connect => false,
            ResetAt::Request => way == Way::Out,
            ResetAt::Reply => {
                way == Way::Back && self.asked_under.load(Ordering::SeqCst) == setting.number
            }
        };
        due && self.shared.resets(at)
    }

    /// Between nothing and `jitter`; the next of a sequence that `seed` and the connection's number
    /// determine (splitmix64).
    fn random_part(&self, jitter: Duration, seed: u64) -> Duration {
        let step = 0x9e37_79b9_7f4a_7c15_u64;
        let state = self
            .random
            .fetch_add(step, Ordering::SeqCst)
            .wrapping_add(step)
            ^ seed;
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let most = u64::try_from(jitter.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos((mixed ^ (mixed >> 31)) % most.max(1))
    }

    fn count_bytes(&self, way: Way, bytes: usize) {
        let counter = match way {
            Way::Out => &self.shared.bytes_out,
            Way::Back => &self.shared.bytes_back,
        };
        counter.fetch_add(u64::try_from(bytes).unwrap_or(0), Ordering::SeqCst);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Carries a connection until one side ends it, a reset is due, or the proxy cuts it.
pub(super) async fn carry(mut client: TcpStream, upstream: Upstream, line: Line) {
    let mut endings = line.endings.clone();
    let ending = tokio::select! {
        biased;
        _ = endings.changed() => {
            line.shared.count_fault();
            *endings.borrow()
        }
        ending = both_ways(&mut client, &upstream, &line) => ending,
    };
    end(client, ending);
}

/// Ends the client's side.
pub(super) fn end(client: TcpStream, ending: Ending) {
    if ending == Ending::Reset {
        // A socket that is gone already needs no reset.
        let _ = client.set_zero_linger();
    }
}

async fn both_ways(client: &mut TcpStream, upstream: &Upstream, line: &Line) -> Ending {
    let Ok(server) = upstream.connect().await else {
        return Ending::Close;
    };
    // A proxy that collects bytes would add delays nobody asked for.
    let _ = client.set_nodelay(true);
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = tokio::io::split(server);
    let out = pump(Way::Out, from_client, to_server, line);
    let back = pump(Way::Back, from_server, to_client, line);
    match tokio::try_join!(out, back) {
        Ok(_) => Ending::Close,
        Err(ending) => ending,
    }
}

/// Forwards one way until its end, which is forwarded too.
async fn pump(
    way: Way,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    line: &Line,
) -> Result<(), Ending> {
    let closed = |_| Ending::Close;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let bytes = from.read(&mut piece).await.map_err(closed)?;
        line.admit_piece(way, bytes).await?;
        if bytes == 0 {
            return to.shutdown().await.map_err(closed);
        }
        to.write_all(&piece[..bytes]).await.map_err(closed)?;
        line.count_bytes(way, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_same_seed_delays_alike_and_never_beyond_the_jitter() {
        let jitter = Duration::from_millis(7);
        let delays = |number, seed| -> Vec<Duration> {
            let line = Line::new(Arc::new(Shared::new()), number);
            (0..100).map(|_| line.random_part(jitter, seed)).collect()
        };
        assert_eq!(delays(3, 42), delays(3, 42));
        assert_ne!(delays(3, 42), delays(3, 43));
        assert_ne!(delays(3, 42), delays(4, 42));
        assert!(delays(3, 42).iter().all(|delay| *delay < jitter));
        assert!(delays(3, 42).iter().any(|delay| *delay > jitter / 2));
        let line = Line::new(Arc::new(Shared::new()), 0);
        assert_eq!(line.random_part(Duration::ZERO, 1), Duration::ZERO);
    }
}
