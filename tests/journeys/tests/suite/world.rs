//! An installation in a sandbox, as its callers see it.

use std::net::SocketAddr;
use std::time::Duration;

use contracts::convert::{date_from_wire, instant_to_wire};
use contracts::google::r#type::Date;
use contracts::sandbox::advance_request::Reach;
use contracts::sandbox::advance_response::Step;
use contracts::sandbox::clock_service_client::ClockServiceClient;
use contracts::sandbox::{AdvanceRequest, AdvanceResult};
use jiff::SignedDuration;
use postgres::TenantId;
use recoup::installation::{Installation, Surroundings, Time};
use recoup::settings::Listen;
use recoup::token::{self, DEVELOPMENT_TENANT, Wish};
use runtime::{Shutdown, Telemetry};
use stores::ScratchDir;
use testkit::SmtpSink;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

/// Where the clock of every story stands at first: a Friday morning in Berlin.
const START: &str = "2026-01-02T08:00:00Z";

/// What a generated client is made with.
pub type Calls = InterceptedService<Channel, Token>;

/// The installation, and the tenant whose story it is.
pub struct World {
    installation: Installation,
    _scratch: ScratchDir,
    channel: Channel,
    token: Token,
    /// Where the mails go.
    pub mails: SmtpSink,
}

/// Shows a token with every call.
#[derive(Debug, Clone)]
pub struct Token(AsciiMetadataValue);

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let token = self.0.clone();
        request.metadata_mut().insert("authorization", token);
        Ok(request)
    }
}

impl World {
    /// Starts one on data of its own.
    pub async fn start() -> Self {
        runtime::tls::install_crypto();
        let scratch = ScratchDir::create().unwrap();
        let anywhere: Option<SocketAddr> = Some("127.0.0.1:0".parse().unwrap());
        let mails = SmtpSink::start().await;
        let surroundings = Surroundings {
            listen: Listen {
                listen: anywhere,
                admin_listen: anywhere,
            },
            time: Time::Sandbox {
                start: START.parse().unwrap(),
            },
            smtp: Some(mails.addr()),
        };
        let telemetry = Telemetry::without_export("recoup").unwrap();
        let running = (&telemetry, Shutdown::new(Duration::from_secs(10)));
        let started = Installation::start(scratch.path(), surroundings, running).await;
        let installation = started.unwrap();
        let address = format!("http://{}", installation.address());
        let channel = Channel::from_shared(address).unwrap().connect_lazy();
        let token = token_of(&installation, DEVELOPMENT_TENANT);
        Self {
            installation,
            _scratch: scratch,
            channel,
            token,
            mails,
        }
    }

    /// Calls of the tenant whose story it is.
    pub fn calls(&self) -> Calls {
        InterceptedService::new(self.channel.clone(), self.token.clone())
    }

    /// Calls of another tenant.
    pub fn calls_of(&self, tenant: TenantId) -> Calls {
        InterceptedService::new(self.channel.clone(), token_of(&self.installation, tenant))
    }

    /// Lets everything that is under way come to rest.
    pub async fn settle(&self) -> AdvanceResult {
        self.advance(Reach::Duration(length(SignedDuration::ZERO)))
            .await
    }

    /// Moves the clock to an instant, from due time to due time.
    pub async fn until(&self, instant: &str) -> AdvanceResult {
        let target = instant.parse().unwrap();
        self.advance(Reach::TargetTime(instant_to_wire(target)))
            .await
    }

    async fn advance(&self, reach: Reach) -> AdvanceResult {
        let request = AdvanceRequest {
            request_id: Uuid::now_v7().to_string(),
            reach: Some(reach),
        };
        let mut client = ClockServiceClient::new(self.calls());
        let mut steps = client.advance(request).await.unwrap().into_inner();
        let mut result = None;
        while let Some(answer) = steps.message().await.unwrap() {
            if let Some(Step::Result(last)) = answer.step {
                result = Some(last);
            }
        }
        result.unwrap()
    }

    /// Ends the story: nothing may have gone wrong unseen.
    pub async fn end(self) {
        let result = self.settle().await;
        assert_eq!(result.unsettled, [], "something waits for a person");
        self.installation.end().await.unwrap();
    }
}

fn token_of(installation: &Installation, tenant: TenantId) -> Token {
    let wish = Wish {
        tenant,
        ..Wish::default()
    };
    let token = token::signed(installation.keys(), &wish).unwrap();
    Token(format!("Bearer {token}").parse().unwrap())
}

fn length(of: SignedDuration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: of.as_secs(),
        nanos: of.subsec_nanos(),
    }
}

/// A day of the wire.
pub fn day(text: &str) -> Date {
    contracts::convert::date_to_wire(text.parse().unwrap())
}

/// A day of the wire, as text.
pub fn shown(date: Option<&Date>) -> String {
    date.map(|date| date_from_wire(date).unwrap().to_string())
        .unwrap_or_default()
}

/// The reason of a refusal.
pub fn reason(status: &Status) -> String {
    let info = status.get_details_error_info();
    info.map(|info| info.reason).unwrap_or_default()
}
