//! A TCP proxy that misbehaves on demand, between any two things that speak TCP (or a Unix socket
//! behind it). It knows no protocol: it forwards, delays, withholds and cuts bytes.
//!
//! What is withheld is not lost: as on a real network that heals, it arrives late, unless the
//! connection is cut meanwhile. An outcome nobody knows is therefore made in two steps: withhold the
//! way [`Way::Back`], see that the effect is there, [`FaultProxy::cut`].

mod carry;
mod upstream;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use carry::{Ending, Line, carry};
pub use upstream::Upstream;

/// What the proxy does to bytes and connections from now on, open ones included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Forward everything.
    Pass,
    /// Hold up each piece of data, both ways, by `base` and a random part of `jitter`.
    Delay {
        /// At least this long.
        base: Duration,
        /// At most this much longer.
        jitter: Duration,
        /// The same seed, the same delays on the n-th connection.
        seed: u64,
    },
    /// Close new connections as they come; open ones go on.
    Refuse,
    /// Reset connections (RST) at a point of their life.
    Reset(ResetAt),
    /// Accept and forward nothing, either way.
    Blackhole,
    /// Forward one way only.
    HalfOpen {
        /// The way on which nothing is forwarded.
        withheld: Way,
    },
}

/// When a connection is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetAt {
    /// As it is opened.
    Connect,
    /// When the client sends something, which is not forwarded: nothing has happened.
    Request,
    /// When the server answers what the client sent from now on, the answer not forwarded: it has
    /// happened, and the client does not know.
    Reply,
}

/// A direction through the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    Out,
    /// From the server to the client.
    Back,
}

/// What went through, since the proxy started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections accepted, refused ones included.
    pub connections: u64,
    /// Connections open now.
    pub open: u64,
    /// Bytes forwarded to the server.
    pub bytes_out: u64,
    /// Bytes forwarded to the client.
    pub bytes_back: u64,
    /// Faults that took effect: a piece delayed or withheld, a connection refused, reset or cut. A
    /// fault run checks that each of its faults did.
    pub faults: u64,
}

/// A proxy on a free port of loopback; ends with this value.
#[derive(Debug)]
pub struct FaultProxy {
    addr: SocketAddr,
    upstream: watch::Sender<Upstream>,
    shared: Arc<Shared>,
    _accepting: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    setting: watch::Sender<Setting>,
    /// How the connections that are open at a change are to end.
    endings: watch::Sender<Ending>,
    connections: AtomicU64,
    open: AtomicU64,
    bytes_out: AtomicU64,
    bytes_back: AtomicU64,
    faults: AtomicU64,
}

#[derive(Debug, Clone, Copy)]
struct Setting {
    mode: Mode,
    /// Pass everything after the first reset.
    once: bool,
    /// Counts the settings: tells what was sent under this one from what was sent before.
    number: u64,
}

impl Shared {
    fn new() -> Self {
        Self {
            setting: watch::Sender::new(Setting {
                mode: Mode::Pass,
                once: false,
                number: 1,
            }),
            endings: watch::Sender::new(Ending::Close),
            connections: AtomicU64::new(0),
            open: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
            bytes_back: AtomicU64::new(0),
            faults: AtomicU64::new(0),
        }
    }

    fn set(&self, mode: Mode, once: bool) {
        self.setting.send_modify(|setting| {
            *setting = Setting {
                mode,
                once,
                number: setting.number + 1,
            };
        });
    }

    /// Whether a connection that has come to `at` is to be reset; says so once if once was asked.
    fn resets(&self, at: ResetAt) -> bool {
        let mut resets = false;
        self.setting.send_if_modified(|setting| {
            resets = setting.mode == Mode::Reset(at);
            let used_up = resets && setting.once;
            if used_up {
                setting.mode = Mode::Pass;
            }
            used_up
        });
        if resets {
            self.count_fault();
        }
        resets
    }

    fn count_fault(&self) {
        self.faults.fetch_add(1, Ordering::SeqCst);
    }
}

impl FaultProxy {
    /// Forwards to `upstream`, in mode [`Mode::Pass`].
    pub async fn start(upstream: impl Into<Upstream>) -> Self {
        let upstream = watch::Sender::new(upstream.into());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("the port");
        let shared = Arc::new(Shared::new());
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, upstream.subscribe(), Arc::clone(&shared)));
        Self {
            addr,
            upstream,
            shared,
            _accepting: accepting,
        }
    }

    /// Stands before the server of a Postgres, Redis or HTTP URL; see [`FaultProxy::url`].
    pub async fn before(url: &str) -> Self {
        Self::start(Upstream::of_url(url)).await
    }

    /// Forwards new connections to `upstream` from now on: a server that is started after its proxy,
    /// or again elsewhere.
    pub fn lead_to(&self, upstream: impl Into<Upstream>) {
        self.upstream.send_replace(upstream.into());
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `url`, which names the server behind the proxy, by way of the proxy: same login and database.
    #[must_use]
    pub fn url(&self, url: &str) -> String {
        assert_eq!(
            Upstream::of_url(url),
            *self.upstream.borrow(),
            "another server than the proxy's"
        );
        upstream::url_through(url, self.addr)
    }

    /// Changes what happens from now on.
    pub fn set_mode(&self, mode: Mode) {
        self.shared.set(mode, false);
    }

    /// Resets the first connection that comes to `at`; then everything passes again.
    pub fn reset_once(&self, at: ResetAt) {
        self.shared.set(Mode::Reset(at), true);
    }

    /// Closes every open connection now. What was withheld on them is lost.
    pub fn cut(&self) {
        self.shared.endings.send_replace(Ending::Close);
    }

    /// Resets every open connection now (RST). What was withheld on them is lost.
    pub fn reset(&self) {
        self.shared.endings.send_replace(Ending::Reset);
    }

    /// What went through so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        Counts {
            connections: read(&self.shared.connections),
            open: read(&self.shared.open),
            bytes_out: read(&self.shared.bytes_out),
            bytes_back: read(&self.shared.bytes_back),
            faults: read(&self.shared.faults),
        }
    }
}

async fn accept(listener: TcpListener, upstream: watch::Receiver<Upstream>, shared: Arc<Shared>) {
    // Aborted with this task: no connection outlives the proxy.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                let number = shared.connections.fetch_add(1, Ordering::SeqCst);
                if let Some(client) = admit(client, &shared) {
                    let line = Line::new(Arc::clone(&shared), number);
                    let upstream = upstream.borrow().clone();
                    connections.spawn(carry(client, upstream, line));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Turns a new connection away where the mode says so.
fn admit(client: TcpStream, shared: &Shared) -> Option<TcpStream> {
    if shared.resets(ResetAt::Connect) {
        carry::end(client, Ending::Reset);
        return None;
    }
    let refused = shared.setting.borrow().mode == Mode::Refuse;
    if refused {
        shared.count_fault();
        return None;
    }
    Some(client)
}
