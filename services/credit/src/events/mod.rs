//! What crosses the feed: out in one place.

pub mod outbound;
