//! The peers, played by one server: feeds that tell what a test says, reminders that holds, and
//! invoicing that is asked what is owed. Answers can be lost after the peer has acted, refused, or
//! not come at all.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use calendar::Clock;
use contracts::common::ItemRefusal;
use contracts::convert::instant_to_wire;
use contracts::invoicing::collectability_result::Outcome;
use contracts::invoicing::open_item_service_server::{OpenItemService, OpenItemServiceServer};
use contracts::invoicing::{
    Collectability, CollectabilityResult, GetCollectabilityRequest, GetCollectabilityResponse,
    InvoiceBalance, ListOpenItemsRequest, ListOpenItemsResponse,
};
use contracts::reminders::placement_hold_service_server::{
    PlacementHoldService, PlacementHoldServiceServer,
};
use contracts::reminders::{
    Hold, PlaceHoldRequest, PlaceHoldResponse, ReleaseHoldRequest, ReleaseHoldResponse,
};
use testkit::{InProcess, PlayedFeed};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use uuid::Uuid;

/// The case of every customer.
pub const CASE: Uuid = Uuid::from_u128(0xCA5E);

/// All peers at one address.
pub struct Peers {
    pub feed: PlayedFeed,
    stage: Stage,
    server: InProcess,
}

/// What the peers do and have done.
#[derive(Clone, Default)]
struct Stage(Arc<Mutex<Script>>);

/// What the test says that they do.
#[derive(Default)]
pub struct Script {
    /// What each invoice is worth.
    pub balances: BTreeMap<String, InvoiceBalance>,
    /// How long a message is on its way when a hold is placed, in real time.
    pub in_flight: Option<Duration>,
    /// Nobody answers, and nothing happens.
    pub reminders_is_down: bool,
    /// Nobody answers, and nothing happens.
    pub invoicing_is_down: bool,
    /// So many answers of reminders get lost after it has acted.
    pub lost_answers: u32,
    /// Reminders refuses holds for this reason.
    pub refusal: Option<&'static str>,
    /// The invoices that are held, by placement.
    pub held: BTreeMap<String, BTreeSet<String>>,
    /// Why reminders holds on, by placement.
    pub successors: BTreeMap<String, i32>,
    /// When each hold is quiet, as it was answered.
    quiet: BTreeMap<String, Option<prost_types::Timestamp>>,
    /// What was asked, in order: `place`, `look`, `release`.
    pub asked: Vec<&'static str>,
}

impl Peers {
    pub async fn start() -> Self {
        let (feed, stage) = (PlayedFeed::default(), Stage::default());
        let feeds = feed.service();
        let holds = PlacementHoldServiceServer::new(stage.clone());
        let items = OpenItemServiceServer::new(stage.clone());
        let server = testkit::serve(move |listener, stop| async move {
            let incoming = TcpIncoming::from(listener);
            let router = Server::builder();
            let router = router
                .clone()
                .add_service(feeds)
                .add_service(holds)
                .add_service(items);
            router
                .serve_with_incoming_shutdown(incoming, stop.cancelled_owned())
                .await
        })
        .await;
        Self {
            feed,
            stage,
            server,
        }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// What the peers do from now on, and have done.
    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.stage.0.lock().unwrap()
    }

    /// How often something was asked.
    pub fn asked(&self, what: &str) -> usize {
        let script = self.script();
        script.asked.iter().filter(|asked| **asked == what).count()
    }
}

fn refused(code: Code, reason: &str) -> Status {
    let details =
        ErrorDetails::with_error_info(reason, "played.recoup", HashMap::<String, String>::new());
    Status::with_error_details(code, reason, details)
}

#[tonic::async_trait]
impl PlacementHoldService for Stage {
    async fn place_hold(
        &self,
        request: Request<PlaceHoldRequest>,
    ) -> Result<Response<PlaceHoldResponse>, Status> {
        let request = request.into_inner();
        let mut script = self.0.lock().unwrap();
        if script.reminders_is_down {
            return Err(refused(Code::Unavailable, "DOWN"));
        }
        script.asked.push("place");
        if let Some(reason) = script.refusal {
            return Err(refused(Code::FailedPrecondition, reason));
        }
        let placement = request.placement_id.clone();
        if !script.quiet.contains_key(&placement) {
            let quiet = script.in_flight.map(|left| {
                let until = Clock::system().now() + left;
                instant_to_wire(until)
            });
            script.quiet.insert(placement.clone(), quiet);
            let invoices = request.invoice_ids.iter().cloned().collect();
            script.held.insert(placement.clone(), invoices);
        }
        if script.lost_answers > 0 {
            script.lost_answers -= 1;
            return Err(Status::unavailable("the answer got lost"));
        }
        Ok(Response::new(PlaceHoldResponse {
            hold: Some(Hold {
                case_id: CASE.to_string(),
                ..Hold::default()
            }),
            quiet_time: script.quiet.get(&placement).copied().flatten(),
            ..PlaceHoldResponse::default()
        }))
    }

    async fn release_hold(
        &self,
        request: Request<ReleaseHoldRequest>,
    ) -> Result<Response<ReleaseHoldResponse>, Status> {
        let request = request.into_inner();
        let mut script = self.0.lock().unwrap();
        if script.reminders_is_down {
            return Err(refused(Code::Unavailable, "DOWN"));
        }
        script.asked.push("release");
        let Some(held) = script.held.get_mut(&request.placement_id) else {
            return Err(refused(Code::NotFound, "PLACEMENT_HOLD_NOT_FOUND"));
        };
        held.retain(|invoice| !request.invoice_ids.contains(invoice));
        if let Some(reason) = request.successor_reason {
            script.successors.insert(request.placement_id, reason);
        }
        if script.lost_answers > 0 {
            script.lost_answers -= 1;
            return Err(Status::unavailable("the answer got lost"));
        }
        Ok(Response::new(ReleaseHoldResponse::default()))
    }
}

#[tonic::async_trait]
impl OpenItemService for Stage {
    async fn list_open_items(
        &self,
        _: Request<ListOpenItemsRequest>,
    ) -> Result<Response<ListOpenItemsResponse>, Status> {
        Err(Status::unimplemented("nobody asks for it here"))
    }

    async fn get_collectability(
        &self,
        request: Request<GetCollectabilityRequest>,
    ) -> Result<Response<GetCollectabilityResponse>, Status> {
        let mut script = self.0.lock().unwrap();
        if script.invoicing_is_down {
            return Err(refused(Code::Unavailable, "DOWN"));
        }
        script.asked.push("look");
        let result = |invoice_id: String| {
            let outcome = match script.balances.get(&invoice_id) {
                Some(balance) => Outcome::Collectability(Collectability {
                    balance: Some(balance.clone()),
                    collectable_amount: balance.open_amount.clone(),
                }),
                None => Outcome::Refusal(ItemRefusal {
                    code: Code::NotFound.into(),
                    reason: "INVOICE_NOT_FOUND".to_owned(),
                    ..ItemRefusal::default()
                }),
            };
            CollectabilityResult {
                invoice_id,
                outcome: Some(outcome),
            }
        };
        Ok(Response::new(GetCollectabilityResponse {
            results: request
                .into_inner()
                .invoice_ids
                .into_iter()
                .map(result)
                .collect(),
            look_time: None,
        }))
    }
}
