//! Who may call which method, as declared in the contracts by the option
//! `(recoup.common.v1.access)`. The table is made at build time; a method
//! without the option fails the build.

/// One method of a gRPC service and who may call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// Path of the HTTP/2 request: `/<package>.<Service>/<Method>`.
    pub path: &'static str,
    /// The scope that the caller's token must list.
    pub scope: &'static str,
    /// The services that alone may call; empty: any caller with the scope.
    pub peers: &'static [&'static str],
    /// Whether a token without a tenant may call.
    pub any_tenant: bool,
    /// Whether the method changes something.
    pub mutating: bool,
    /// Whether the client sends a stream.
    pub client_streaming: bool,
    /// Whether the server sends a stream.
    pub server_streaming: bool,
}

/// Every method of every contract, sorted by path.
pub const METHODS: &[Method] = include!(concat!(env!("OUT_DIR"), "/access.rs"));

/// The method behind a request path, if a contract declares it.
#[must_use]
pub fn method(path: &str) -> Option<&'static Method> {
    METHODS
        .binary_search_by(|method| method.path.cmp(path))
        .ok()
        .and_then(|at| METHODS.get(at))
}

impl Method {
    /// The full name of the service it belongs to, for example
    /// `recoup.events.v1.EventFeedService`.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.path
            .trim_start_matches('/')
            .split('/')
            .next()
            .unwrap_or_default()
    }

    /// The bare name of the method, for example `ReadEvents`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_method_is_found_in_it() {
        assert!(METHODS.is_sorted_by_key(|method| method.path));
        for known in METHODS {
            assert_eq!(method(known.path), Some(known));
        }
        assert_eq!(method("/recoup.events.v1.EventFeedService/Nothing"), None);
    }

    #[test]
    fn the_feed_is_read_by_whoever_has_the_scope() {
        let read = method("/recoup.events.v1.EventFeedService/ReadEvents").unwrap();
        assert_eq!(read.scope, "feed:read");
        assert_eq!(
            (read.service(), read.name()),
            ("recoup.events.v1.EventFeedService", "ReadEvents")
        );
        assert!(
            read.any_tenant && read.server_streaming && !read.mutating && !read.client_streaming
        );
    }
}
