//! The signing keys of an installation: one that signs tokens for people and programs, and one
//! for each service, whose public half the others trust.
//!
//! ```text
//! <data_dir>/keys/       0700
//!   recoup.pem           0600, Ed25519; made once and then kept, so that tokens outlive a restart
//!   recoup.jwks          its public half
//!   credit.pem …         the same for each service
//! ```
//!
//! Must not decide what a token may say.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use runtime::tokens::SigningKey;

/// Who signs the tokens of people and programs.
pub const ISSUER: &str = "recoup";

/// The folder of the keys.
#[derive(Debug, Clone)]
pub struct Keys(PathBuf);

impl Keys {
    /// Makes the keys that are missing, that of [`ISSUER`] and those of `services`. Only one
    /// process at a time may do so: the one that holds the data directory.
    ///
    /// # Errors
    /// The folder cannot be written, or has a file that is no key.
    pub fn create(data_dir: &Path, services: &[&str]) -> anyhow::Result<Self> {
        let keys = Self(data_dir.join("keys"));
        let folder = keys.0.display();
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&keys.0);
        made.with_context(|| format!("create {folder}"))?;
        for name in [ISSUER].iter().chain(services) {
            keys.create_one(name)
                .with_context(|| format!("the key of {name} in {folder}"))?;
        }
        Ok(keys)
    }

    /// The keys of an installation that was started before.
    ///
    /// # Errors
    /// There is none.
    pub fn open(data_dir: &Path) -> anyhow::Result<Self> {
        let keys = Self(data_dir.join("keys"));
        anyhow::ensure!(
            keys.private_file(ISSUER).is_file(),
            "no keys in {}: `recoup up` makes them",
            keys.0.display()
        );
        Ok(keys)
    }

    /// The file of a private key, PEM.
    #[must_use]
    pub fn private_file(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.pem"))
    }

    /// The file of its public half, a JSON Web Key Set.
    #[must_use]
    pub fn public_file(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.jwks"))
    }

    /// The key that signs the tokens of people and programs.
    ///
    /// # Errors
    /// Its file cannot be read, or is no key.
    pub fn issuer(&self) -> anyhow::Result<SigningKey> {
        let file = self.private_file(ISSUER);
        let doing = || format!("read {}", file.display());
        let pem = fs::read_to_string(&file).with_context(doing)?;
        SigningKey::from_pem(&pem).with_context(doing)
    }

    fn create_one(&self, name: &str) -> anyhow::Result<()> {
        let file = self.private_file(name);
        let key = if file.exists() {
            SigningKey::from_pem(&fs::read_to_string(&file)?)?
        } else {
            let (key, pem) = SigningKey::generate()?;
            replace(&file, &pem)?;
            key
        };
        // Written anew each time: it is nothing but what the private key says.
        replace(&self.public_file(name), &key.jwks())
    }
}

/// Whole or not at all, whenever the process is killed, and for nobody else to read.
fn replace(file: &Path, text: &str) -> anyhow::Result<()> {
    let new = file.with_added_extension("new");
    let mut options = OpenOptions::new();
    let mut opened = options
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    opened.write_all(text.as_bytes())?;
    opened.sync_all()?;
    Ok(fs::rename(&new, file)?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn keys_are_made_once_and_for_nobody_else() {
        let dir = tempfile::tempdir().unwrap();
        assert!(
            Keys::open(dir.path())
                .unwrap_err()
                .to_string()
                .contains("recoup up")
        );
        let first = Keys::create(dir.path(), &["credit"]).unwrap();
        let made = first.issuer().unwrap().jwks();
        assert_ne!(
            made,
            fs::read_to_string(first.public_file("credit")).unwrap()
        );

        Keys::create(dir.path(), &["credit", "invoicing"]).unwrap();
        let again = Keys::open(dir.path()).unwrap();
        assert_eq!(again.issuer().unwrap().jwks(), made);
        assert_eq!(fs::read_to_string(again.public_file(ISSUER)).unwrap(), made);

        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir.path().join("keys")), 0o700);
        for name in [ISSUER, "credit", "invoicing"] {
            assert_eq!(mode(&again.private_file(name)), 0o600);
        }
    }

    #[test]
    fn a_file_that_is_no_key_is_left_alone_and_named() {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::create(dir.path(), &[]).unwrap();
        fs::write(keys.private_file("credit"), "mine").unwrap();
        let error = Keys::create(dir.path(), &["credit"]).unwrap_err();
        assert!(error.to_string().contains("the key of credit"), "{error:#}");
        assert_eq!(
            fs::read_to_string(keys.private_file("credit")).unwrap(),
            "mine"
        );
    }
}
