//! What crosses the feed: out by event, in by producer.

pub mod inbound;
pub mod outbound;
