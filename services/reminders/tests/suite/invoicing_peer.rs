//! Invoicing's OpenItemService, played: it answers what a test says the invoices are worth, or not at
//! all, and can hold an answer back while the test does something.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use contracts::convert::instant_to_wire;
use contracts::invoicing::collectability_result::Outcome;
use contracts::invoicing::open_item_service_server::OpenItemService;
use contracts::invoicing::{
    Collectability, CollectabilityResult, GetCollectabilityRequest, GetCollectabilityResponse,
    InvoiceBalance, ListOpenItemsRequest, ListOpenItemsResponse,
};
use tokio::sync::watch;
use tonic::{Request, Response, Status};

/// What invoicing knows, and whether it answers.
#[derive(Clone)]
pub struct InvoicingPeer {
    balances: Arc<Mutex<BTreeMap<String, InvoiceBalance>>>,
    looks: watch::Sender<usize>,
    gate: watch::Sender<Gate>,
}

/// What becomes of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    Open,
    Held,
    Down,
}

impl Default for InvoicingPeer {
    fn default() -> Self {
        Self {
            balances: Arc::default(),
            looks: watch::Sender::new(0),
            gate: watch::Sender::new(Gate::Open),
        }
    }
}

impl InvoicingPeer {
    /// An invoice is worth this from now on.
    pub fn set(&self, balance: InvoiceBalance) {
        let id = balance.invoice_id.clone();
        self.balances.lock().unwrap().insert(id, balance);
    }

    /// Questions are taken and not answered, until [`InvoicingPeer::open`].
    pub fn hold(&self) {
        self.gate.send_replace(Gate::Held);
    }

    /// Nobody answers.
    pub fn go_down(&self) {
        self.gate.send_replace(Gate::Down);
    }

    /// Questions are answered.
    pub fn open(&self) {
        self.gate.send_replace(Gate::Open);
    }

    /// Waits until invoicing was asked so often.
    pub async fn asked(&self, count: usize) {
        let mut looks = self.looks.subscribe();
        let enough = looks.wait_for(|looks| *looks >= count);
        tokio::time::timeout(crate::samples::PATIENCE, enough)
            .await
            .unwrap()
            .unwrap();
    }

    fn answer(&self, invoice_id: String) -> CollectabilityResult {
        let known = self.balances.lock().unwrap().get(&invoice_id).cloned();
        let outcome = known.map(|balance| {
            Outcome::Collectability(Collectability {
                collectable_amount: balance.open_amount.clone(),
                balance: Some(balance),
            })
        });
        CollectabilityResult {
            invoice_id,
            outcome,
        }
    }
}

#[tonic::async_trait]
impl OpenItemService for InvoicingPeer {
    async fn list_open_items(
        &self,
        _request: Request<ListOpenItemsRequest>,
    ) -> Result<Response<ListOpenItemsResponse>, Status> {
        Err(Status::unimplemented("reminders does not list open items"))
    }

    async fn get_collectability(
        &self,
        request: Request<GetCollectabilityRequest>,
    ) -> Result<Response<GetCollectabilityResponse>, Status> {
        self.looks.send_modify(|looks| *looks += 1);
        let mut gate = self.gate.subscribe();
        let state = *gate
            .wait_for(|gate| *gate != Gate::Held)
            .await
            .map_err(|_| Status::unavailable("gone"))?;
        if state == Gate::Down {
            return Err(Status::unavailable("down"));
        }
        let ids = request.into_inner().invoice_ids.into_iter();
        Ok(Response::new(GetCollectabilityResponse {
            results: ids.map(|id| self.answer(id)).collect(),
            look_time: Some(instant_to_wire("2026-03-02T09:00:00Z".parse().unwrap())),
        }))
    }
}
