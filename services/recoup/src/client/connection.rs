//! How a command reaches an installation: over its address, with a token, as any caller does.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};

use crate::data_dir::DataDir;
use crate::keys::Keys;
use crate::token::{self, Wish};

/// Where `recoup up` answers unless it is told otherwise.
const DEFAULT_ADDRESS: &str = "http://127.0.0.1:50050";

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long one answer may take: what a service grants at most.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// A channel that shows the token with every call.
pub type Calls = InterceptedService<Channel, Token>;

/// Whom to ask.
#[derive(Debug, Clone, clap::Args)]
pub struct Connection {
    /// Where the installation answers
    #[arg(long, env = "RECOUP_ADDRESS", value_name = "URL", default_value = DEFAULT_ADDRESS)]
    address: String,
    #[command(flatten)]
    credentials: Credentials,
}

/// What is shown to the installation, and what it is known by.
#[derive(Debug, Clone, clap::Args)]
pub struct Credentials {
    /// What the caller may do [default: a token of the data directory's installation, as `recoup
    /// token` makes it]
    #[arg(long, env = "RECOUP_TOKEN", hide_env_values = true, value_name = "JWT")]
    token: Option<String>,
    /// Certificates that an https address is checked against, PEM
    #[arg(long, env = "RECOUP_CA_FILE", value_name = "FILE")]
    ca_file: Option<PathBuf>,
    #[command(flatten)]
    data_dir: DataDir,
}

impl Connection {
    /// Connects, for calls that are answered within half a minute.
    ///
    /// # Errors
    /// Nothing answers there, or there is no token to show.
    pub async fn calls(&self) -> anyhow::Result<Calls> {
        self.credentials
            .calls(&self.address, Some(ANSWER_TIMEOUT))
            .await
    }
}

impl Credentials {
    /// Connects to `address`. Without a timeout a call may take as long as it likes: for streams.
    ///
    /// # Errors
    /// Nothing answers there, or there is no token to show.
    pub async fn calls(&self, address: &str, timeout: Option<Duration>) -> anyhow::Result<Calls> {
        let token = match &self.token {
            Some(token) => token.clone(),
            None => self.own_token()?,
        };
        let channel = self.endpoint(address)?.connect().await;
        let channel = channel.with_context(|| {
            format!(
                "nothing answers at {address}: start an installation with `recoup up`, or name \
                 another one with --address"
            )
        })?;
        authorized(channel, &token, timeout)
    }

    /// The folder whose keys sign a token where none is given.
    #[must_use]
    pub fn data_dir(&self) -> &DataDir {
        &self.data_dir
    }

    fn own_token(&self) -> anyhow::Result<String> {
        let keys = Keys::open(&self.data_dir.path());
        let keys = keys.context("no token: give one with --token or RECOUP_TOKEN")?;
        token::signed(&keys, &Wish::default())
    }

    fn endpoint(&self, address: &str) -> anyhow::Result<Endpoint> {
        let address = if address.contains("://") {
            address.to_owned()
        } else {
            format!("http://{address}")
        };
        let endpoint = Endpoint::from_shared(address.clone());
        let endpoint = endpoint.with_context(|| format!("{address} is no address"))?;
        let endpoint = endpoint.connect_timeout(CONNECT_TIMEOUT);
        let Some(file) = &self.ca_file else {
            return Ok(endpoint);
        };
        let pem = fs::read(file).with_context(|| format!("read {}", file.display()))?;
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
        Ok(endpoint.tls_config(tls)?)
    }
}

/// Calls over `channel` that show `token`.
///
/// # Errors
/// The token has characters that no header can carry.
pub fn authorized(
    channel: Channel,
    token: &str,
    timeout: Option<Duration>,
) -> anyhow::Result<Calls> {
    let bearer = format!("Bearer {}", token.trim()).parse();
    let mut bearer: AsciiMetadataValue = bearer.context("that is no token")?;
    bearer.set_sensitive(true);
    Ok(InterceptedService::new(channel, Token { bearer, timeout }))
}

/// Shows the token, and says how long an answer is waited for.
#[derive(Debug, Clone)]
pub struct Token {
    bearer: AsciiMetadataValue,
    timeout: Option<Duration>,
}

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.bearer.clone());
        if let Some(timeout) = self.timeout {
            request.set_timeout(timeout);
        }
        Ok(request)
    }
}
