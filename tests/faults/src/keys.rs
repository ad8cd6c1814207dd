//! The keys of an installation, as `recoup up` makes them: one that signs tokens for people and
//! programs, one for each service, whose public half the others trust. Must not decide what a token
//! may do: that is said by whoever asks for one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use postgres::TenantId;
use runtime::tokens::{Grant, SigningKey};

use crate::SERVICES;

/// Who signs the tokens of people and programs.
pub const ISSUER: &str = "recoup";

/// Whom tokens are meant for: the audience of the shared settings.
const AUDIENCE: &str = "recoup";

/// No scenario runs this long.
const VALID_FOR: Duration = Duration::from_secs(3600);

/// The keys, and the folder that they are in.
#[derive(Debug)]
pub struct Keys {
    folder: PathBuf,
    issuer: SigningKey,
}

impl Keys {
    /// Makes them in `folder`.
    #[must_use]
    pub fn create(folder: PathBuf) -> Self {
        fs::create_dir(&folder).expect("a folder for the keys");
        for service in SERVICES {
            write(&folder, service);
        }
        let issuer = write(&folder, ISSUER);
        Self { folder, issuer }
    }

    /// The file of a private key, PEM.
    #[must_use]
    pub fn private_file(&self, name: &str) -> PathBuf {
        private_file(&self.folder, name)
    }

    /// The file of its public half, a JSON Web Key Set.
    #[must_use]
    pub fn public_file(&self, name: &str) -> PathBuf {
        public_file(&self.folder, name)
    }

    /// A token of the tenant that allows what `scope` names, separated by spaces.
    #[must_use]
    pub fn token(&self, tenant: TenantId, scope: &str) -> String {
        signed(&self.issuer, tenant, scope)
    }
}

/// A token that says the same as [`Keys::token`], signed with a key that nobody trusts.
#[must_use]
pub fn forged_token(tenant: TenantId, scope: &str) -> String {
    let (key, _) = SigningKey::generate().expect("a key");
    signed(&key, tenant, scope)
}

fn signed(key: &SigningKey, tenant: TenantId, scope: &str) -> String {
    let grant = Grant {
        issuer: ISSUER,
        audience: AUDIENCE,
        subject: "fault-run",
        client_id: None,
        tenant: Some(tenant),
        scope,
        on_behalf_of: None,
        valid_for: VALID_FOR,
    };
    key.sign(&grant).expect("a token")
}

fn write(folder: &Path, name: &str) -> SigningKey {
    let (key, pem) = SigningKey::generate().expect("a key");
    fs::write(private_file(folder, name), pem).expect("the file of a key");
    fs::write(public_file(folder, name), key.jwks()).expect("the file of a key");
    key
}

fn private_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.pem"))
}

fn public_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.jwks"))
}
