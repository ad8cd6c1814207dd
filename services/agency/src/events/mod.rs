//! What crosses the feed: in by producer, out in one match.

pub mod inbound;
pub mod outbound;
