//! What crosses the feed: in by producer, out in one place.

pub mod inbound;
pub mod outbound;
