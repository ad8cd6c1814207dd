//! Ports for processes that are started again and again at the same address. Below the range from
//! which the system takes ports for outgoing connections: one of those could have taken the port
//! while its process was down.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

/// Where the range begins, and its length; Linux hands out ports from 32768 on.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// Ports that one test process needs at most: two neighbours seldom look at the same ones.
const A_PROCESS: u32 = 60;

/// A port of loopback at which nobody listens now.
#[must_use]
pub fn free() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = process::id().wrapping_mul(A_PROCESS) % u32::from(COUNT);
    let begin = u16::try_from(begin).expect("a port");
    for _ in 0..COUNT {
        let offset = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, FIRST + offset));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no free port from {FIRST} on");
}
