//! An installation in a sandbox, as its callers see it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use contracts::convert::{date_from_wire, instant_from_wire, instant_to_wire};
use contracts::google::r#type::Date;
use contracts::sandbox::advance_request::Reach;
use contracts::sandbox::advance_response::Step;
use contracts::sandbox::clock_service_client::ClockServiceClient;
use contracts::sandbox::{AdvanceRequest, AdvanceResult, GetClockRequest};
use jiff::{SignedDuration, Timestamp};
use postgres::TenantId;
use recoup::installation::{Detour, Installation, Surroundings, Time};
use recoup::settings::Listen;
use recoup::token::{self, DEVELOPMENT_TENANT, Wish};
use runtime::{Shutdown, Telemetry};
use stores::ScratchDir;
use testkit::{FaultProxy, Mode, SmtpSink, Upstream, Way};
use tokio::runtime::{Builder, Runtime};
use tokio::task::spawn_blocking;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::books;

/// What goes on by itself has gone on within this.
pub const SOON: Duration = Duration::from_secs(60);

/// Where the clock of every story stands at first: a Friday morning in Berlin.
const START: &str = "2026-01-02T08:00:00Z";

/// What a generated client is made with.
pub type Calls = InterceptedService<Channel, Token>;

/// The installation, and the tenant whose story it is.
pub struct World {
    process: Process,
    scratch: ScratchDir,
    channel: Channel,
    token: Token,
    /// Where the mails go.
    pub mails: SmtpSink,
}

/// The installation in a runtime of its own, which ends with all its tasks when this is dropped: as a
/// process that is killed.
struct Process {
    installation: Option<Installation>,
    runtime: Option<Runtime>,
}

/// The way of one service to another, which a story can cut.
pub struct Edge {
    proxy: FaultProxy,
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
        Self::start_with(Vec::new()).await
    }

    /// The same, with an edge between two services that the story can cut.
    pub async fn start_with_edge(from: &'static str, to: &'static str) -> (Self, Edge) {
        let proxy = FaultProxy::start(Upstream::Nowhere).await;
        let through = proxy.addr();
        let world = Self::start_with(vec![Detour { from, to, through }]).await;
        proxy.lead_to(world.installation().address());
        (world, Edge { proxy })
    }

    async fn start_with(detours: Vec<Detour>) -> Self {
        runtime::tls::install_crypto();
        let scratch = ScratchDir::create().unwrap();
        let mails = SmtpSink::start().await;
        Self::start_on(scratch, mails, detours).await
    }

    async fn start_on(scratch: ScratchDir, mails: SmtpSink, detours: Vec<Detour>) -> Self {
        let anywhere: Option<SocketAddr> = Some("127.0.0.1:0".parse().unwrap());
        let outside = Surroundings {
            smtp: Some(mails.addr()),
            detours,
            ..Surroundings::default()
        };
        let surroundings = Surroundings {
            listen: Listen {
                listen: anywhere,
                admin_listen: anywhere,
            },
            time: Time::Sandbox {
                start: START.parse().unwrap(),
            },
            ..outside
        };
        let process = Process::start(scratch.path().to_owned(), surroundings).await;
        let address = format!("http://{}", process.installation().address());
        let channel = Channel::from_shared(address).unwrap().connect_lazy();
        let token = token_of(process.installation(), DEVELOPMENT_TENANT);
        Self {
            process,
            scratch,
            channel,
            token,
            mails,
        }
    }

    /// Kills all of it where it is and starts it again on what it left; nothing is cut any more.
    pub async fn crash(self) -> Self {
        drop(self.process);
        Self::start_on(self.scratch, self.mails, Vec::new()).await
    }

    fn installation(&self) -> &Installation {
        self.process.installation()
    }

    /// Calls of the tenant whose story it is.
    pub fn calls(&self) -> Calls {
        InterceptedService::new(self.channel.clone(), self.token.clone())
    }

    /// Calls of another tenant.
    pub fn calls_of(&self, tenant: TenantId) -> Calls {
        InterceptedService::new(self.channel.clone(), token_of(self.installation(), tenant))
    }

    /// Calls of nobody's tenant, who may read the feeds of all.
    pub fn calls_of_everybody(&self) -> Calls {
        let wish = Wish {
            no_tenant: true,
            ..Wish::default()
        };
        let token = token(self.installation(), &wish);
        InterceptedService::new(self.channel.clone(), token)
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

    /// What the clock shows, also while it is on its way.
    pub async fn now(&self) -> Timestamp {
        let mut client = ClockServiceClient::new(self.calls());
        let told = client.get_clock(GetClockRequest {}).await.unwrap();
        instant_from_wire(&told.into_inner().current_time.unwrap()).unwrap()
    }

    /// Ends the story: nothing may have gone wrong unseen, and no money is lost.
    pub async fn end(mut self) {
        let result = self.settle().await;
        assert_eq!(result.unsettled, [], "something waits for a person");
        books::add_up(self.calls()).await;
        let installation = self.process.installation.take();
        installation.unwrap().end().await.unwrap();
    }
}

impl Process {
    async fn start(data_dir: PathBuf, surroundings: Surroundings) -> Self {
        let mut threads = Builder::new_multi_thread();
        let runtime = threads.worker_threads(2).enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        let starting = spawn_blocking(move || {
            handle.block_on(async {
                let telemetry = Telemetry::without_export("recoup").unwrap();
                let running = (&telemetry, Shutdown::new(Duration::from_secs(10)));
                let installation = Installation::start(&data_dir, surroundings, running).await;
                installation.unwrap()
            })
        });
        let mut process = Self {
            installation: None,
            runtime: Some(runtime),
        };
        process.installation = Some(starting.await.unwrap());
        process
    }

    fn installation(&self) -> &Installation {
        self.installation.as_ref().unwrap()
    }
}

impl Drop for Process {
    /// The tasks first, then their stores.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Edge {
    /// Nothing goes this way any more; what is on it is lost.
    pub fn cut(&self) {
        // First nothing moves: what was withheld would pass as soon as it is no longer.
        self.proxy.set_mode(Mode::Blackhole);
        self.proxy.cut();
        self.proxy.set_mode(Mode::Refuse);
        self.proxy.cut();
    }

    /// What is asked arrives from now on, and no answer comes back.
    pub fn lose_answers(&self) {
        self.proxy.set_mode(Mode::HalfOpen {
            withheld: Way::Back,
        });
    }

    /// What is asked stays on its way from now on.
    pub fn hold_up(&self) {
        self.proxy.set_mode(Mode::Blackhole);
    }

    /// Everything goes through again.
    pub fn heal(&self) {
        self.proxy.set_mode(Mode::Pass);
    }

    /// How often somebody ran into what is wrong here.
    pub fn faults(&self) -> u64 {
        self.proxy.counts().faults
    }
}

fn token_of(installation: &Installation, tenant: TenantId) -> Token {
    let wish = Wish {
        tenant,
        ..Wish::default()
    };
    token(installation, &wish)
}

fn token(installation: &Installation, wish: &Wish) -> Token {
    let token = token::signed(installation.keys(), wish).unwrap();
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
