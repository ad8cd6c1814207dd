//! Owns what every new record is stamped with. Must not read a clock nor draw random bits: both are
//! handed in, so that the same call with the same stamp decides and writes the same.

use jiff::Timestamp;
use uuid::Uuid;

/// The instant of a change, and the source of the identities of what it creates.
pub struct Stamp<'a> {
    /// When it happens, by the business clock.
    pub time: Timestamp,
    new_id: &'a mut dyn FnMut() -> Uuid,
}

impl<'a> Stamp<'a> {
    /// A stamp of `time`; `new_id` answers a new UUIDv7 at every call, later ones greater.
    pub fn new(time: Timestamp, new_id: &'a mut dyn FnMut() -> Uuid) -> Self {
        Self { time, new_id }
    }

    /// A fresh identity.
    pub fn id(&mut self) -> Uuid {
        (self.new_id)()
    }
}
