//! Invoicing, played: a server that implements the contract of ApplicationService over a handful of
//! debts, and fails as a test tells it to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use contracts::invoicing as wire;
use contracts::invoicing::application_service_server::{
    ApplicationService, ApplicationServiceServer,
};
use money::{Currency, Money};
use payments::domain::CustomerId;
use testkit::{InProcess, PlayedFeed};
use tokio::sync::watch;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use uuid::Uuid;

pub use crate::played_book::Fault;
use crate::played_book::{Book, Debt};

/// A running invoicing, which tells the feed of credit too.
pub struct InvoicingPeer {
    pub feed: PlayedFeed,
    server: InProcess,
    fault: watch::Sender<Fault>,
    book: Arc<Mutex<Book>>,
}

impl InvoicingPeer {
    pub async fn start() -> Self {
        let book = Arc::new(Mutex::new(Book {
            debts: Vec::new(),
            applied: BTreeMap::new(),
            reversed: BTreeMap::new(),
            fault: Fault::None,
            asked: 0,
            failed: 0,
        }));
        let (fault, told_fault) = watch::channel(Fault::None);
        let played = Played(Arc::clone(&book), told_fault);
        let feed = PlayedFeed::default();
        let told = feed.service();
        let server = testkit::serve(|listener, stop| {
            let service = ApplicationServiceServer::new(played);
            let incoming = TcpListenerStream::new(listener);
            let router = Server::builder().add_service(service).add_service(told);
            router.serve_with_incoming_shutdown(incoming, stop.cancelled_owned())
        })
        .await;
        Self {
            feed,
            server,
            fault,
            book,
        }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// From now on it fails like this.
    pub fn fails(&self, fault: Fault) {
        self.book().fault = fault;
        self.fault.send_replace(fault);
    }

    /// An invoice over so many euros, due after those before it.
    pub fn owes(&self, customer_id: CustomerId, amount: &str) -> Uuid {
        let invoice_id = Uuid::now_v7();
        self.book().debts.push(Debt {
            invoice_id,
            customer_id,
            open: Money::parse(amount, Currency::EUR).unwrap(),
        });
        invoice_id
    }

    /// What of an invoice is open.
    pub fn open(&self, invoice_id: Uuid) -> String {
        let book = self.book();
        let debt = book.debts.iter().find(|debt| debt.invoice_id == invoice_id);
        debt.unwrap().open.to_amount_string()
    }

    /// How many applications have an answer, refusals included.
    pub fn answered(&self) -> usize {
        self.book().applied.len()
    }

    /// How many calls came.
    pub fn asked(&self) -> u32 {
        self.book().asked
    }

    /// How many calls failed.
    pub fn failed(&self) -> u32 {
        self.book().failed
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }
}

#[derive(Debug)]
struct Played(Arc<Mutex<Book>>, watch::Receiver<Fault>);

#[tonic::async_trait]
impl ApplicationService for Played {
    async fn apply_credits(
        &self,
        request: Request<wire::ApplyCreditsRequest>,
    ) -> Result<Response<wire::ApplyCreditsResponse>, Status> {
        self.while_it_hangs().await;
        let mut book = self.0.lock().unwrap();
        let items = request.into_inner().applications;
        book.begin()?;
        let mut results: Vec<_> = items.iter().map(|item| book.apply(item)).collect();
        if book.fault == Fault::SkipsItems {
            results.clear();
        }
        book.reply(wire::ApplyCreditsResponse { results })
    }

    async fn reverse_applications(
        &self,
        request: Request<wire::ReverseApplicationsRequest>,
    ) -> Result<Response<wire::ReverseApplicationsResponse>, Status> {
        self.while_it_hangs().await;
        let mut book = self.0.lock().unwrap();
        let items = request.into_inner().reversals;
        book.begin()?;
        let results = items.iter().map(|item| book.reverse(item)).collect();
        book.reply(wire::ReverseApplicationsResponse { results })
    }

    async fn get_application(
        &self,
        _: Request<wire::GetApplicationRequest>,
    ) -> Result<Response<wire::GetApplicationResponse>, Status> {
        Err(Status::unimplemented("not played"))
    }

    async fn list_applications(
        &self,
        _: Request<wire::ListApplicationsRequest>,
    ) -> Result<Response<wire::ListApplicationsResponse>, Status> {
        Err(Status::unimplemented("not played"))
    }
}

impl Played {
    async fn while_it_hangs(&self) {
        let mut told = self.1.clone();
        // An error means that the test has ended.
        let _ = told.wait_for(|fault| *fault != Fault::Hangs).await;
    }
}
