//! What each process is told in its file of settings: where its stores are, whom it trusts, that
//! every peer is behind a proxy. Leases and pauses are shortened, so that what a dead process leaves
//! behind is taken up within seconds; nothing else differs from what a service does by default.

use std::fmt::Write as _;
use std::net::SocketAddr;

use stores::Stores;
use stores::provision::Login;

use crate::keys::{ISSUER, Keys};
use crate::{EDGES, SERVICES};

/// Work that is done later: a job has 5 s, and what a dead process held is found a second later.
const TIMERS: &str = "[timers]\nlease_ms = 5000\nsweep_period_ms = 500\npoll_period_ms = 100\n\
                      retry_pause_ms = 100\nmax_retry_pause_ms = 1000\nmax_attempts = 200\n";

/// Mails: a message is held for 3 s, which its job outlasts.
const SENDING: &str = "[sending]\nlease_ms = 3000\nsend_timeout_ms = 1000\n\
                       retry_pause_s = 1\nmax_retry_pause_s = 1\nmax_attempts = 200\n";

/// The peer of reminders that speaks SMTP.
pub const MAIL: &str = "mail";

/// Where one process listens.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// gRPC.
    pub listen: SocketAddr,
    /// `/metrics`, `/livez`, `/readyz`.
    pub admin_listen: SocketAddr,
}

/// The settings of a process of `service`; `way_to` names the proxy before a peer.
#[must_use]
pub fn of_service(
    service: &str,
    addresses: Addresses,
    (stores, redis_url, keys): (&Stores, &str, &Keys),
    way_to: impl Fn(&str) -> SocketAddr,
) -> String {
    let mut text = String::new();
    let mut line = |line: String| writeln!(text, "{line}").expect("a line of text");
    let Addresses {
        listen,
        admin_listen,
    } = addresses;
    line(format!(
        "[server]\nlisten = \"{listen}\"\nadmin_listen = \"{admin_listen}\"\ndrain_timeout_ms = 5000"
    ));
    let url = |login| stores.service_url(service, login).expect("a URL");
    line(format!(
        "[database]\napp_url = \"{}\"\nbackground_url = \"{}\"",
        url(Login::App),
        url(Login::Background)
    ));
    line(format!("[redis]\nurl = \"{redis_url}\""));
    let key = keys.private_file(service);
    line(format!("[auth]\nsigning_key_file = \"{}\"", key.display()));
    for issuer in SERVICES.into_iter().chain([ISSUER]) {
        let peer = if issuer == ISSUER { "" } else { issuer };
        let file = keys.public_file(issuer);
        line(format!(
            "[auth.issuers.{issuer}]\nissuer = \"{issuer}\"\njwks_file = \"{}\"\npeer = \"{peer}\"",
            file.display()
        ));
    }
    for (_, peer) in EDGES.into_iter().filter(|(from, _)| *from == service) {
        let way = way_to(peer);
        line(match peer {
            MAIL => format!(
                "[smtp]\nhost = \"{}\"\nport = {}\nsecurity = \"none\"",
                way.ip(),
                way.port()
            ),
            _ => format!("[peers.{peer}]\nurl = \"http://{way}\""),
        });
    }
    // Invoicing does nothing later.
    if service != "invoicing" {
        line(TIMERS.to_owned());
    }
    if service == "reminders" {
        line(SENDING.to_owned());
    }
    text
}
