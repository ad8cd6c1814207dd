//! The peers, played: their event feeds, and behind the same address invoicing's answer to the last
//! look.

use contracts::invoicing::InvoiceBalance;
use contracts::invoicing::open_item_service_server::OpenItemServiceServer;
use postgres::TenantId;
use prost::{Message, Name};
use testkit::{InProcess, PlayedFeed};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use uuid::Uuid;

use crate::invoicing_peer::InvoicingPeer;

/// The four peers, behind one address.
pub struct Feeds {
    feed: PlayedFeed,
    /// What invoicing answers when it is asked.
    pub invoicing: InvoicingPeer,
    server: InProcess,
}

impl Feeds {
    pub async fn start() -> Self {
        let feed = PlayedFeed::default();
        let told = feed.service();
        let invoicing = InvoicingPeer::default();
        let looks = OpenItemServiceServer::new(invoicing.clone());
        let server = testkit::serve(|listener, stop| {
            let incoming = TcpIncoming::from(listener);
            let router = Server::builder().add_service(told).add_service(looks);
            router.serve_with_incoming_shutdown(incoming, stop.cancelled_owned())
        })
        .await;
        Self {
            feed,
            invoicing,
            server,
        }
    }

    /// The settings that lead to them.
    pub fn settings(&self) -> String {
        let peer = |name| format!("[peers.{name}]\nurl = '{}'\n", self.server.url());
        ["credit", "invoicing", "payments", "agency"]
            .map(peer)
            .concat()
    }

    /// `source` tells what happened to `subject`, which is at `version` after it.
    pub fn tell<M: Message + Name>(
        &self,
        source: &str,
        tenant: TenantId,
        subject: Uuid,
        version: i64,
        data: &M,
    ) {
        self.feed
            .announce(source, tenant.uuid(), subject, version, data);
    }

    /// What invoicing answers from now on when it is asked about an invoice.
    pub fn is_worth(&self, balance: &InvoiceBalance) {
        self.invoicing.set(balance.clone());
    }

    /// What `source` tells from now on is known to be there, and not read out.
    pub fn keep_back(&self, source: &str) {
        self.feed.keep_back(source);
    }

    /// What was kept back is read out.
    pub fn let_go(&self, source: &str) {
        self.feed.let_go(source);
    }
}
