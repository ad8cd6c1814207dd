//! What stands behind a proxy, and the same URL by way of the proxy.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use url::Url;

/// A server's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upstream {
    /// No server yet: connections are closed as they come.
    Nowhere,
    /// `host:port`.
    Tcp(String),
    /// A Unix socket.
    Unix(PathBuf),
}

impl From<SocketAddr> for Upstream {
    fn from(addr: SocketAddr) -> Self {
        Self::Tcp(addr.to_string())
    }
}

impl From<&Path> for Upstream {
    fn from(socket: &Path) -> Self {
        Self::Unix(socket.to_owned())
    }
}

pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Upstream {
    /// The server that a Postgres, Redis or HTTP URL names.
    pub(super) fn of_url(url: &str) -> Self {
        let url = parse(url);
        if url.scheme() == "redis+unix" {
            return Self::Unix(PathBuf::from(url.path()));
        }
        let port = url.port_or_known_default().or(match url.scheme() {
            "postgres" | "postgresql" => Some(5432),
            "redis" => Some(6379),
            _ => None,
        });
        let port = port.unwrap_or_else(|| panic!("{url} names no port"));
        match socket_dir(&url) {
            Some(dir) => Self::Unix(Path::new(&dir).join(format!(".s.PGSQL.{port}"))),
            None => Self::Tcp(format!("{}:{port}", url.host_str().unwrap_or("localhost"))),
        }
    }

    pub(super) async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Nowhere => return Err(io::ErrorKind::ConnectionRefused.into()),
            Self::Tcp(addr) => {
                let stream = TcpStream::connect(addr).await?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
            Self::Unix(path) => Box::new(UnixStream::connect(path).await?),
        })
    }
}

/// `url` with the proxy at `addr` in place of its server.
pub(super) fn url_through(url: &str, addr: SocketAddr) -> String {
    let mut url = parse(url);
    if url.scheme() == "redis+unix" {
        let database = url.query_pairs().find(|(key, _)| key == "db");
        return format!(
            "redis://{addr}/{}",
            database.map_or("0".into(), |(_, number)| number)
        );
    }
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| key != "host")
        .map(own)
        .collect();
    url.set_query(None);
    for (key, value) in others {
        url.query_pairs_mut().append_pair(&key, &value);
    }
    url.set_ip_host(addr.ip()).expect("a URL with a host");
    url.set_port(Some(addr.port())).expect("a URL with a host");
    url.into()
}

fn socket_dir(url: &Url) -> Option<String> {
    let host = url.query_pairs().find(|(key, _)| key == "host");
    host.map(|(_, dir)| dir.into_owned())
        .filter(|dir| dir.starts_with('/'))
}

fn own((key, value): (impl Into<String>, impl Into<String>)) -> (String, String) {
    (key.into(), value.into())
}

fn parse(url: &str) -> Url {
    Url::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_server_and_lead_through_the_proxy() {
        let through = |url| url_through(url, "127.0.0.1:9".parse().unwrap());
        let postgres = "postgres://credit_app@localhost:5432/credit?host=/run/a&application_name=x";
        assert_eq!(
            Upstream::of_url(postgres),
            Upstream::from(Path::new("/run/a/.s.PGSQL.5432"))
        );
        assert_eq!(
            through(postgres),
            "postgres://credit_app@127.0.0.1:9/credit?application_name=x"
        );

        let redis = "redis+unix:///run/a/redis.sock?db=3";
        assert_eq!(
            Upstream::of_url(redis),
            Upstream::from(Path::new("/run/a/redis.sock"))
        );
        assert_eq!(through(redis), "redis://127.0.0.1:9/3");

        assert_eq!(
            Upstream::of_url("http://[::1]:50051"),
            Upstream::Tcp("[::1]:50051".into())
        );
        assert_eq!(through("http://localhost:50051/"), "http://127.0.0.1:9/");
        assert_eq!(
            Upstream::of_url("redis://h"),
            Upstream::Tcp("h:6379".into())
        );
    }
}
