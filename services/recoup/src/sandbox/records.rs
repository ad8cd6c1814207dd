//! What outlives the process: where the clock stands, and what each advance was asked and came to.
//!
//! ```text
//! sandbox/clock                 the instant, as RFC 3339
//! sandbox/advances/<hash>.json  one advance, by a hash of who asked and the request id
//! ```
//!
//! A file is replaced as a whole, so that a process that is killed leaves either of two states.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contracts::sandbox::AdvanceResult;
use jiff::Timestamp;
use postgres::idempotency::Key;
use prost::Message as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

/// The files of one sandbox.
#[derive(Debug)]
pub(super) struct Records {
    folder: PathBuf,
}

/// What is kept of an advance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Advance {
    /// Hash of what was asked, base64.
    fingerprint: String,
    /// Where the clock is to go.
    pub target: Timestamp,
    /// How often it has stopped on its way.
    pub stop_count: i32,
    /// The encoded result, base64, once there is one.
    result: Option<String>,
}

impl Advance {
    /// One that begins.
    pub(super) fn new(key: &Key, target: Timestamp) -> Self {
        Self {
            fingerprint: STANDARD.encode(key.fingerprint),
            target,
            stop_count: 0,
            result: None,
        }
    }

    /// Whether `key` asks the same.
    pub(super) fn is_of(&self, key: &Key) -> bool {
        self.fingerprint == STANDARD.encode(key.fingerprint)
    }

    /// Its result, once it has ended.
    ///
    /// # Errors
    /// The file was changed by somebody.
    pub(super) fn result(&self) -> anyhow::Result<Option<AdvanceResult>> {
        let Some(text) = &self.result else {
            return Ok(None);
        };
        let bytes = STANDARD.decode(text)?;
        Ok(Some(AdvanceResult::decode(bytes.as_slice())?))
    }

    /// Notes that it has ended.
    pub(super) fn end(&mut self, result: &AdvanceResult) {
        self.result = Some(STANDARD.encode(result.encode_to_vec()));
    }
}

impl Records {
    /// Opens the folder, or makes it.
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder.join("advances"))?;
        let folder = folder.to_owned();
        Ok(Self { folder })
    }

    /// Where the clock stood last.
    pub(super) fn clock(&self) -> anyhow::Result<Option<Timestamp>> {
        let Some(text) = read(&self.clock_file())? else {
            return Ok(None);
        };
        let instant = text.trim().parse();
        Ok(Some(instant.with_context(|| {
            format!("{}: {text:?}", self.clock_file().display())
        })?))
    }

    /// Keeps where the clock stands: before it is moved there, so that no row of a database is
    /// ever later than the clock of a process that comes after this one.
    pub(super) fn keep_clock(&self, instant: Timestamp) -> anyhow::Result<()> {
        self.replace(&self.clock_file(), instant.to_string().as_bytes())
    }

    /// The advance that was asked under `key`.
    pub(super) fn advance(&self, key: &Key) -> anyhow::Result<Option<Advance>> {
        let file = self.advance_file(key);
        let Some(text) = read(&file)? else {
            return Ok(None);
        };
        let advance = serde_json::from_str(&text);
        Ok(Some(advance.with_context(|| file.display().to_string())?))
    }

    /// Keeps an advance.
    pub(super) fn keep_advance(&self, key: &Key, advance: &Advance) -> anyhow::Result<()> {
        self.replace(&self.advance_file(key), &serde_json::to_vec(advance)?)
    }

    fn clock_file(&self) -> PathBuf {
        self.folder.join("clock")
    }

    fn advance_file(&self, key: &Key) -> PathBuf {
        let mut hash = Sha256::new();
        hash.update(key.tenant.uuid().as_bytes());
        for part in [&key.caller, &key.method, &key.request_id] {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        let name = format!("{:x}.json", hash.finalize());
        self.folder.join("advances").join(name)
    }

    fn replace(&self, file: &Path, content: &[u8]) -> anyhow::Result<()> {
        let mut fresh = NamedTempFile::new_in(&self.folder)?;
        fresh.write_all(content)?;
        let replaced = fresh.persist(file);
        replaced.with_context(|| format!("writing {}", file.display()))?;
        Ok(())
    }
}

fn read(file: &Path) -> anyhow::Result<Option<String>> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use postgres::TenantId;
    use tempfile::TempDir;
    use uuid::Uuid;

    use super::*;

    fn key(request_id: &str, content: u8) -> Key {
        Key {
            tenant: TenantId::new(Uuid::nil()),
            caller: "test".to_owned(),
            method: "Advance".to_owned(),
            request_id: request_id.to_owned(),
            fingerprint: [content; 32],
        }
    }

    #[test]
    fn the_clock_is_where_it_was_kept() {
        let folder = TempDir::new().unwrap();
        let records = Records::open(folder.path()).unwrap();
        assert_eq!(records.clock().unwrap(), None);
        let instant = Timestamp::from_microsecond(1_767_225_600_000_001).unwrap();
        records.keep_clock(instant).unwrap();
        let again = Records::open(folder.path()).unwrap();
        assert_eq!(again.clock().unwrap(), Some(instant));
    }

    #[test]
    fn an_advance_is_known_by_who_asked_and_by_what() {
        let folder = TempDir::new().unwrap();
        let records = Records::open(folder.path()).unwrap();
        let (one, other) = (key("a/../b", 1), key("a/../c", 1));
        let mut advance = Advance::new(&one, Timestamp::UNIX_EPOCH);
        records.keep_advance(&one, &advance).unwrap();
        assert_eq!(records.advance(&other).unwrap(), None);
        let kept = records.advance(&one).unwrap().unwrap();
        assert!(kept.is_of(&one) && !kept.is_of(&key("a/../b", 2)));
        assert_eq!(kept.result().unwrap(), None);

        let result = AdvanceResult {
            stop_count: 3,
            ..AdvanceResult::default()
        };
        advance.end(&result);
        records.keep_advance(&one, &advance).unwrap();
        let kept = records.advance(&one).unwrap().unwrap();
        assert_eq!(kept.result().unwrap(), Some(result));
    }
}
