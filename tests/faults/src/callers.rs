//! Who calls: a token shown with every call, and calls that are repeated with the same request id
//! until they are answered, as a caller does who wants to know.

use std::collections::BTreeSet;
use std::time::Duration;

use contracts::access::METHODS;
use tokio::time::{Instant, sleep};
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// What a generated client is made with.
pub type Calls = InterceptedService<Channel, Token>;

/// Shows a token with every call.
#[derive(Debug, Clone)]
pub struct Token(AsciiMetadataValue);

impl Token {
    /// Shows this token.
    #[must_use]
    pub fn new(token: &str) -> Self {
        let value = format!("Bearer {token}").parse();
        Self(value.expect("a token without odd characters"))
    }
}

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let token = self.0.clone();
        request.metadata_mut().insert("authorization", token);
        Ok(request)
    }
}

/// Every scope there is, separated by spaces.
#[must_use]
pub fn every_scope() -> String {
    let scopes: BTreeSet<&str> = METHODS.iter().map(|method| method.scope).collect();
    Vec::from_iter(scopes).join(" ")
}

/// A caller gives up after this: whatever was harmed has healed long before.
const PATIENCE: Duration = Duration::from_secs(40);

/// The pause of a caller who was told to come again.
const PAUSE: Duration = Duration::from_millis(50);

/// Calls until there is an answer that stands: OK, or a refusal that is no matter of time.
///
/// # Errors
/// That refusal.
pub async fn answered<T>(mut call: impl AsyncFnMut() -> Result<T, Status>) -> Result<T, Status> {
    let began = Instant::now();
    loop {
        match call().await {
            Err(status) if says_nothing(&status) => {
                let waited = began.elapsed();
                assert!(waited < PATIENCE, "no answer within {PATIENCE:?}: {status}");
                sleep(PAUSE).await;
            }
            answer => return answer,
        }
    }
}

/// Calls until it is done; a refusal fails the test.
#[track_caller]
pub fn insist<T>(call: impl AsyncFnMut() -> Result<T, Status>) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        let done = answered(call).await;
        done.unwrap_or_else(|status| panic!("{status} ({caller})"))
    }
}

/// Whether a status leaves open what became of the request, or asks to come again.
#[must_use]
pub fn says_nothing(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable
            | Code::Aborted
            | Code::Cancelled
            | Code::DeadlineExceeded
            | Code::ResourceExhausted
            // A connection that broke while the answer was on its way.
            | Code::Unknown
    )
}
