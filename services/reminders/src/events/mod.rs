//! What crosses the feed: in by producer, out in one place.

mod facts;
pub mod inbound;
pub mod outbound;
mod reading;
