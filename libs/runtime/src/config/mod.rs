//! The settings of a process, in layers: what is compiled in, a file, the
//! environment; later ones win, key by key.
//!
//! The compiled-in text is the documentation: it names every key there is, with
//! its unit and meaning, and so decides what a later layer may set and of which
//! type. A key it does not name is refused by its full name, in the environment
//! too. Three conventions live in that text:
//!
//! - An empty string means that an optional setting is absent.
//! - A table named `"*"` is the pattern of entries whose names are free
//!   (`[auth.issuers."*"]`): each entry starts as a copy of it.
//! - A key `X` that has a twin `X_file` is a secret: it may be read from the file
//!   named by the twin, and [`Layers::print`] never shows it.
//!
//! This is the only place that reads the process environment. It must not decide
//! what a setting means; that is for the section's owner.

mod environment;
mod layer;
mod sections;

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

pub use environment::environment;
pub use sections::{
    AuthConfig, IssuerConfig, Limits, LogFormat, PeerConfig, RedisConfig, ServerConfig,
    TelemetryConfig, TlsConfig,
};

/// The compiled-in settings that every service has, beneath its own.
pub const SHARED_DEFAULTS: &str = include_str!("shared.default.toml");

/// Suffix of the twin that names a file with the secret in it.
const FILE: &str = "_file";

/// Why the settings of a process were refused. Texts name keys and types, never
/// values: those may be secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A layer is not TOML.
    #[error("{layer}: not valid TOML{}: {message}", line.map(|line| format!(" at line {line}")).unwrap_or_default())]
    Syntax {
        /// Where it was read.
        layer: String,
        /// The line of the fault, from 1.
        line: Option<usize>,
        /// What the parser says, without the text it met.
        message: String,
    },
    /// A key that the compiled-in settings do not name.
    #[error("{layer}: unknown key {key}{}", nearest.as_ref().map(|known| format!(" (did you mean {known}?)")).unwrap_or_default())]
    UnknownKey {
        /// Where it was read.
        layer: String,
        /// The full key, or the name of the variable.
        key: String,
        /// The known key that is nearest to it.
        nearest: Option<String>,
    },
    /// A value of another type than the compiled-in one.
    #[error("{layer}: {key} must be {expected}")]
    WrongType {
        /// Where it was read.
        layer: String,
        /// The full key, or the name of the variable.
        key: String,
        /// What was expected.
        expected: &'static str,
    },
    /// One layer gives a secret and the file to read it from.
    #[error("{layer}: {key} and {key}_file are both set")]
    SetTwice {
        /// Where it was read.
        layer: String,
        /// The full key of the secret.
        key: String,
    },
    /// A file could not be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The URL of Redis is none.
    #[error("redis.url is no Redis URL")]
    NotRedis,
    /// The settings do not fit the service's struct.
    #[error("settings of {service}: {message}")]
    Unfit {
        /// The service.
        service: String,
        /// What does not fit.
        message: String,
    },
}

/// The settings of one service while its layers are laid over each other.
#[derive(Clone)]
pub struct Layers {
    service: String,
    defaults: Table,
    effective: Table,
}

impl Layers {
    /// Begins with [`SHARED_DEFAULTS`] and, over them, the service's own
    /// compiled-in text, which may also give shared keys another default.
    ///
    /// # Errors
    /// The text is not TOML, or changes the type of a shared key.
    pub fn try_new(service: &str, defaults: &str) -> Result<Self, ConfigError> {
        let mut all = parse("shared defaults", SHARED_DEFAULTS)?;
        layer::extend(&mut all, parse("defaults", defaults)?, "")?;
        Ok(Self {
            service: service.to_owned(),
            defaults: all.clone(),
            effective: all,
        })
    }

    /// Lays a TOML file over what is there.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, or has an unknown or unfit key.
    pub fn file(self, path: &Path) -> Result<Self, ConfigError> {
        let text = read(path)?;
        self.text(&path.display().to_string(), &text)
    }

    /// Lays a TOML text over what is there; `layer` names it in errors.
    ///
    /// # Errors
    /// It is not TOML, or has an unknown or unfit key.
    pub fn text(mut self, layer: &str, text: &str) -> Result<Self, ConfigError> {
        let table = parse(layer, text)?;
        layer::merge(&mut self.effective, table, &self.defaults, layer)?;
        Ok(self)
    }

    /// Lays the variables `RECOUP_<SERVICE>__<KEY>` over what is there; `__`
    /// stands between the parts of a key. Other variables are left alone. Text is
    /// read as the type of the compiled-in value: a string stays the string it is.
    ///
    /// # Errors
    /// A variable with the prefix names no key, or its text does not fit.
    pub fn environment(
        mut self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let table = environment::read(&self.service, &self.defaults, variables)?;
        layer::merge(
            &mut self.effective,
            table,
            &self.defaults,
            environment::LAYER,
        )?;
        Ok(self)
    }

    /// Lays over what is there the file that the command line names, if it does, and the
    /// environment of this process.
    ///
    /// # Errors
    /// As [`Layers::file`] and [`Layers::environment`].
    pub fn of_process(self, file: Option<&Path>) -> Result<Self, ConfigError> {
        let layers = match file {
            Some(file) => self.file(file)?,
            None => self,
        };
        layers.environment(environment())
    }

    /// The settings as the service's own struct, secrets read from their files.
    /// The struct should `deny_unknown_fields`, so that no key is documented that
    /// nobody reads.
    ///
    /// # Errors
    /// A secret's file cannot be read, or a value does not fit the struct.
    pub fn build<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        let mut table = self.effective.clone();
        layer::without_patterns(&mut table);
        layer::each_secret(&mut table, &mut |value, file| {
            if !file.is_empty() {
                let path = Path::new(file);
                *value = Value::String(read(path)?.trim_end_matches(['\r', '\n']).to_owned());
            }
            Ok(())
        })?;
        table
            .try_into()
            .map_err(|error: toml::de::Error| ConfigError::Unfit {
                service: self.service.clone(),
                message: error.message().to_owned(),
            })
    }

    /// The settings in force as TOML, secrets left out: what `print-config` shows.
    #[must_use]
    pub fn print(&self) -> String {
        let mut table = self.effective.clone();
        layer::without_patterns(&mut table);
        layer::redact(&mut table);
        toml::to_string_pretty(&table).unwrap_or_default()
    }
}

impl std::fmt::Debug for Layers {
    /// As printed: without secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "settings of {}:\n{}", self.service, self.print())
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

/// The parser's own display shows the line it stopped at, which may hold a
/// secret: only its number and the message are kept.
fn parse(layer: &str, text: &str) -> Result<Table, ConfigError> {
    toml::from_str(text).map_err(|error: toml::de::Error| ConfigError::Syntax {
        layer: layer.to_owned(),
        line: error
            .span()
            .and_then(|span| Some(text.get(..span.start)?.lines().count().max(1))),
        message: error.message().to_owned(),
    })
}
