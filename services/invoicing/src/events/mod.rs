//! What crosses the feed, in by producer.

pub mod inbound;
