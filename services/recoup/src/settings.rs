//! What is decided here of the settings: where the stores are, who trusts whom, and where every peer
//! is found. Must not decide anything a service could behave differently by.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use runtime::config::{AuthConfig, Layers, ServerConfig, TelemetryConfig, TlsConfig, environment};
use serde::Deserialize;
use stores::Stores;
use stores::provision::Login;
use toml::Value;

use crate::keys::{ISSUER, Keys};

/// The compiled-in settings of the server, which document every key.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// How the text made here is called in errors.
const LAYER: &str = "recoup up";

/// The settings of the one server. Of what every service can set, `database` and `peers` have no
/// meaning here.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// Where it listens and what it bears.
    pub server: ServerConfig,
    /// Certificates.
    pub tls: TlsConfig,
    /// Whose tokens count.
    pub auth: AuthConfig,
    /// Logs and traces.
    pub telemetry: TelemetryConfig,
}

/// Where the process listens, if the command line says so.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct Listen {
    /// Address of gRPC and gRPC-Web [default: 127.0.0.1:50050]
    #[arg(long)]
    pub listen: Option<SocketAddr>,
    /// Address of /metrics, /livez and /readyz [default: 127.0.0.1:9090]
    #[arg(long)]
    pub admin_listen: Option<SocketAddr>,
}

/// The settings of the server: compiled in, environment, command line.
///
/// # Errors
/// An unknown or unfit key, by its full name.
pub fn of_server(listen: Listen) -> anyhow::Result<Layers> {
    let mut text = String::from("[server]\n");
    for (key, address) in [
        ("listen", listen.listen),
        ("admin_listen", listen.admin_listen),
    ] {
        if let Some(address) = address {
            writeln!(text, "{key} = {}", quoted(&address.to_string()))?;
        }
    }
    let layers = Layers::try_new("up", DEFAULTS)?.environment(environment())?;
    Ok(layers.text("the command line", &text)?)
}

/// Over the settings of the server: whose tokens count.
///
/// # Errors
/// None that a user could cause.
pub fn with_issuers(layers: Layers, keys: &Keys, services: &[&str]) -> anyhow::Result<Layers> {
    let mut text = issuer(keys, ISSUER, "");
    for service in services {
        text += &issuer(keys, service, service);
    }
    Ok(layers.text(LAYER, &text)?)
}

/// Over the settings of a service: its stores, its key, its peers. They come last, so that no
/// variable left over from elsewhere points the process to another database.
///
/// # Errors
/// None that a user could cause.
pub fn of_service(
    layers: Layers,
    service: &str,
    (stores, keys): (&Stores, &Keys),
    peers: &[(&str, SocketAddr)],
) -> anyhow::Result<Layers> {
    let mut text = format!(
        "[database]\napp_url = {}\nbackground_url = {}\n\
         [redis]\nurl = {}\n\
         [auth]\nsigning_key_file = {}\n",
        quoted(&stores.service_url(service, Login::App)?),
        quoted(&stores.service_url(service, Login::Background)?),
        quoted(stores.redis_url()),
        path(&keys.private_file(service)),
    );
    for (peer, address) in peers {
        write!(
            text,
            "[peers.{peer}]\nurl = {}\n",
            quoted(&format!("http://{address}"))
        )?;
    }
    Ok(layers.text(LAYER, &text)?)
}

/// Over the settings of a service with jobs, in a sandbox: a year goes by in seconds, so what has to
/// be tried again is tried again at once.
///
/// # Errors
/// None that a user could cause.
pub fn of_sandbox(layers: Layers) -> anyhow::Result<Layers> {
    let text = "[timers]\nretry_pause_ms = 20\nmax_retry_pause_ms = 200\n";
    Ok(layers.text(LAYER, text)?)
}

/// Over the settings of reminders: a mail server on this machine that is spoken to in the clear.
///
/// # Errors
/// None that a user could cause.
pub fn of_mail(layers: Layers, address: SocketAddr) -> anyhow::Result<Layers> {
    let (host, port) = (address.ip(), address.port());
    let text = format!("[smtp]\nhost = \"{host}\"\nport = {port}\nsecurity = \"none\"\n");
    Ok(layers.text(LAYER, &text)?)
}

fn issuer(keys: &Keys, name: &str, peer: &str) -> String {
    let jwks_file = path(&keys.public_file(name));
    format!(
        "[auth.issuers.{name}]\nissuer = \"{name}\"\njwks_file = {jwks_file}\npeer = \"{peer}\"\n"
    )
}

fn path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

/// As a TOML string, whatever is in it.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_has_the_last_word_on_where_to_listen() {
        let default: Config = of_server(Listen::default()).unwrap().build().unwrap();
        assert_eq!(default.server.listen.port(), 50050);
        let listen = Some("127.0.0.1:7".parse().unwrap());
        let chosen = of_server(Listen {
            listen,
            ..Listen::default()
        })
        .unwrap();
        let chosen: Config = chosen.build().unwrap();
        assert_eq!(chosen.server.listen.port(), 7);
        assert_eq!(chosen.server.admin_listen, default.server.admin_listen);
    }

    #[test]
    fn odd_folders_survive_being_written_as_toml() {
        for odd in ["/a b", "/a\"b", "/a'b", "/a\\b", "/ä\n"] {
            let table: toml::Table = format!("it = {}", quoted(odd)).parse().unwrap();
            assert_eq!(table["it"].as_str(), Some(odd));
        }
    }
}
