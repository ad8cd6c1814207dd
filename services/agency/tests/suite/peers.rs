//! The peers, played by one server: feeds that tell what a test says, reminders that holds, and
//! invoicing that is asked what is owed, and payments that records and applies receipts. Answers can be lost after the peer has acted, refused, or
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
use contracts::payments::receipt_application_service_server::{
    ReceiptApplicationService, ReceiptApplicationServiceServer,
};
use contracts::payments::receipt_service_server::{ReceiptService, ReceiptServiceServer};
use contracts::payments::*;
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
    /// So many answers of payments get lost after it has acted.
    pub lost_payments: u32,
    /// Payments refuses receipts for this reason.
    pub payments_refusal: Option<&'static str>,
    /// Invoicing refuses whatever payments wants to apply.
    pub applies_nothing: bool,
    /// The receipts that were recorded, by their identity.
    pub receipts: BTreeMap<String, RecordReceiptRequest>,
    /// The receipts that were to be applied, and of which invoicing has not told yet.
    pub to_apply: Vec<String>,
    /// The requests to apply that were answered.
    applications: BTreeMap<String, ApplyReceiptResponse>,
    /// What was asked, in order: `place`, `look`, `release`.
    pub asked: Vec<&'static str>,
}

impl Peers {
    pub async fn start() -> Self {
        let (feed, stage) = (PlayedFeed::default(), Stage::default());
        let feeds = feed.service();
        let holds = PlacementHoldServiceServer::new(stage.clone());
        let items = OpenItemServiceServer::new(stage.clone());
        let receipts = ReceiptServiceServer::new(stage.clone());
        let applications = ReceiptApplicationServiceServer::new(stage.clone());
        let server = testkit::serve(move |listener, stop| async move {
            let incoming = TcpIncoming::from(listener);
            let router = Server::builder()
                .add_service(feeds)
                .add_service(holds)
                .add_service(items)
                .add_service(receipts)
                .add_service(applications);
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

fn unasked() -> Status {
    Status::unimplemented("nobody asks for it here")
}

#[tonic::async_trait]
impl ReceiptService for Stage {
    async fn record_receipt(
        &self,
        request: Request<RecordReceiptRequest>,
    ) -> Result<Response<RecordReceiptResponse>, Status> {
        let request = request.into_inner();
        let mut script = self.0.lock().unwrap();
        if let Some(reason) = script.payments_refusal {
            return Err(refused(Code::FailedPrecondition, reason));
        }
        let id = request.receipt_id.clone();
        if script.receipts.insert(id, request).is_some() {
            return Err(refused(Code::AlreadyExists, "RECEIPT_EXISTS"));
        }
        if script.lost_payments > 0 {
            script.lost_payments -= 1;
            return Err(Status::unavailable("the answer got lost"));
        }
        Ok(Response::new(RecordReceiptResponse::default()))
    }

    async fn assign_receipt(
        &self,
        _: Request<AssignReceiptRequest>,
    ) -> Result<Response<AssignReceiptResponse>, Status> {
        Err(unasked())
    }

    async fn reverse_receipt(
        &self,
        _: Request<ReverseReceiptRequest>,
    ) -> Result<Response<ReverseReceiptResponse>, Status> {
        Err(unasked())
    }

    async fn refund_unapplied_cash(
        &self,
        _: Request<RefundUnappliedCashRequest>,
    ) -> Result<Response<RefundUnappliedCashResponse>, Status> {
        Err(unasked())
    }

    async fn get_receipt(
        &self,
        _: Request<GetReceiptRequest>,
    ) -> Result<Response<GetReceiptResponse>, Status> {
        Err(unasked())
    }

    async fn list_receipts(
        &self,
        _: Request<ListReceiptsRequest>,
    ) -> Result<Response<ListReceiptsResponse>, Status> {
        Err(unasked())
    }

    async fn get_unapplied_cash(
        &self,
        _: Request<GetUnappliedCashRequest>,
    ) -> Result<Response<GetUnappliedCashResponse>, Status> {
        Err(unasked())
    }

    async fn import_receipts(
        &self,
        _: Request<tonic::Streaming<ImportReceiptsRequest>>,
    ) -> Result<Response<ImportReceiptsResponse>, Status> {
        Err(unasked())
    }
}

#[tonic::async_trait]
impl ReceiptApplicationService for Stage {
    async fn apply_receipt(
        &self,
        request: Request<ApplyReceiptRequest>,
    ) -> Result<Response<ApplyReceiptResponse>, Status> {
        let request = request.into_inner();
        let mut script = self.0.lock().unwrap();
        if let Some(answer) = script.applications.get(&request.request_id) {
            return Ok(Response::new(answer.clone()));
        }
        let state = match script.applies_nothing {
            true => ReceiptApplicationState::Refused,
            false => {
                script.to_apply.push(request.receipt_id);
                ReceiptApplicationState::Applied
            }
        };
        let answer = ApplyReceiptResponse {
            applications: vec![ReceiptApplication {
                state: state.into(),
                ..ReceiptApplication::default()
            }],
            receipt: None,
        };
        script
            .applications
            .insert(request.request_id, answer.clone());
        Ok(Response::new(answer))
    }

    async fn unapply_receipt(
        &self,
        _: Request<UnapplyReceiptRequest>,
    ) -> Result<Response<UnapplyReceiptResponse>, Status> {
        Err(unasked())
    }

    async fn get_receipt_application(
        &self,
        _: Request<GetReceiptApplicationRequest>,
    ) -> Result<Response<GetReceiptApplicationResponse>, Status> {
        Err(unasked())
    }

    async fn list_receipt_applications(
        &self,
        _: Request<ListReceiptApplicationsRequest>,
    ) -> Result<Response<ListReceiptApplicationsResponse>, Status> {
        Err(unasked())
    }
}
