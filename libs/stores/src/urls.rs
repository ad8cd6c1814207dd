//! URLs of the servers: Unix sockets in the form that sqlx and libpq both read.

use std::path::Path;

use url::Url;

use crate::{Result, SUPERUSER, StoresError};

/// Postgres' port: it only names the socket file, but an exported PGPORT would change it unsaid.
pub(crate) const POSTGRES_PORT: u16 = 5432;

/// The superuser's URL of database `postgres` over the socket in `socket_dir`:
/// `postgres://recoup@localhost:5432/postgres?host=/the/socket/dir`.
pub(crate) fn postgres_url(socket_dir: &Path) -> Result<String> {
    let path = socket_dir.to_string_lossy();
    let mut url = parse(&format!(
        "postgres://{SUPERUSER}@localhost:{POSTGRES_PORT}/postgres"
    ))?;
    url.query_pairs_mut().append_pair("host", &path);
    // A slash may stand in a query: leave it readable, people copy these URLs into psql.
    let readable = url.query().map(|query| query.replace("%2F", "/"));
    url.set_query(readable.as_deref());
    Ok(url.into())
}

/// The same server as `url`, but another database and login, without a password.
///
/// # Errors
/// `InvalidUrl` when `url` names no server.
pub fn login_url(url: &str, database: &str, user: &str) -> Result<String> {
    let invalid = || StoresError::InvalidUrl(url.to_owned());
    let mut other = parse(url)?;
    other.set_username(user).map_err(|()| invalid())?;
    other.set_password(None).map_err(|()| invalid())?;
    other.set_path(database);
    Ok(other.into())
}

/// The same server and login as `url`, but another database.
pub(crate) fn database_url(url: &str, database: &str) -> Result<String> {
    let mut other = parse(url)?;
    other.set_path(database);
    Ok(other.into())
}

/// `redis+unix:///the/socket`.
pub(crate) fn redis_url(socket: &Path) -> Result<String> {
    let invalid = || StoresError::InvalidUrl(socket.display().to_string());
    let file = Url::from_file_path(socket).map_err(|()| invalid())?;
    Ok(format!("redis+unix://{}", file.path()))
}

fn parse(url: &str) -> Result<Url> {
    Url::parse(url).map_err(|_| StoresError::InvalidUrl(url.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use sqlx::postgres::PgConnectOptions;

    use super::*;

    #[test]
    fn socket_urls_are_readable_and_survive_odd_folders() {
        let plain = postgres_url(Path::new("/srv/a b+c%/run")).unwrap();
        assert_eq!(
            plain,
            "postgres://recoup@localhost:5432/postgres?host=/srv/a+b%2Bc%25/run"
        );
        let options = PgConnectOptions::from_str(&plain).unwrap();
        assert_eq!(options.get_socket().unwrap(), Path::new("/srv/a b+c%/run"));

        let redis = redis_url(Path::new("/srv/a b+c%/run/redis.sock")).unwrap();
        assert_eq!(redis, "redis+unix:///srv/a%20b+c%25/run/redis.sock");
        let client = ::redis::Client::open(redis).unwrap();
        let address = client.get_connection_info().addr().to_string();
        assert_eq!(address, "/srv/a b+c%/run/redis.sock");
    }

    #[test]
    fn login_url_changes_database_and_user_only() {
        let url = login_url(
            "postgres://root:pw@h:1/postgres?host=/s",
            "credit",
            "credit_app",
        );
        assert_eq!(url.unwrap(), "postgres://credit_app@h:1/credit?host=/s");
        assert!(login_url("not a url", "credit", "credit_app").is_err());
    }
}
