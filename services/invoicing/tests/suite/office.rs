//! Where corrections are made: a book with a tenant and a customer that are known, and the RPCs of
//! credit notes, disputes and write-offs, in a line each.

use calendar::Zone;
use contracts::common::Decimal;
use contracts::convert::money_to_wire;
use contracts::invoicing::collectability_result::Outcome;
use contracts::invoicing::credit_note_service_client::CreditNoteServiceClient;
use contracts::invoicing::dispute_service_client::DisputeServiceClient;
use contracts::invoicing::invoice_service_client::InvoiceServiceClient;
use contracts::invoicing::issue_credit_note_request::Extent;
use contracts::invoicing::open_dispute_request::Extent as DisputeExtent;
use contracts::invoicing::open_item_service_client::OpenItemServiceClient;
use contracts::invoicing::write_off_service_client::WriteOffServiceClient;
use contracts::invoicing::{
    CreditNoteReason, DisputeReason, DisputeResolution, GetCollectabilityRequest,
    GetInvoiceRequest, Invoice, InvoiceLine, IssueCreditNoteRequest, IssueCreditNoteResponse,
    OpenDisputeRequest, OpenDisputeResponse, PartialInvoiceCredit, ResolveDisputeRequest,
    ResolveDisputeResponse, ReverseWriteOffRequest, ReverseWriteOffResponse, VoidInvoiceRequest,
    WriteOffInvoiceRequest, WriteOffInvoiceResponse, WriteOffReason, get_invoice_request,
};
use invoicing::domain::{InvoiceId, Tenant};
use invoicing::store;
use money::Currency;
use postgres::TenantId;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::fixture::{OURS, THEIRS};
use crate::till::{Bill, Till, amount, customer, eur};

/// A till whose tenants and customer credit has announced.
pub struct Office {
    pub till: Till,
}

impl Office {
    pub async fn open() -> Self {
        let till = Till::open().await;
        let known = Tenant {
            zone: Zone::parse("Europe/Berlin").unwrap(),
            home_currency: Currency::EUR,
        };
        for tenant in [OURS, THEIRS] {
            let mut tx = till.db.begin(tenant).await.unwrap();
            let told = store::tenant::upsert_in_tx(&mut tx, tenant, &known, 1).await;
            told.unwrap();
            let told = store::customer::upsert_in_tx(&mut tx, tenant, customer(1), None, 1).await;
            told.unwrap();
            tx.commit().await.unwrap();
        }
        Self { till }
    }

    /// An issued invoice of customer 1, of 1 January and due on the 31st.
    pub async fn owed(&self, gross: &str) -> InvoiceId {
        self.till.owed(&Bill::of(gross)).await
    }

    /// An invoice that is not issued yet.
    pub async fn draft(&self, gross: &str) -> InvoiceId {
        let draft = self.till.draft(&Bill::of(gross));
        self.till.store(OURS, draft).await.invoice_id
    }

    /// An invoice that was issued and voided.
    pub async fn voided(&self, gross: &str) -> InvoiceId {
        let invoice_id = self.owed(gross).await;
        let mut client = InvoiceServiceClient::new(self.till.world.channel());
        let asked = VoidInvoiceRequest {
            request_id: request_id(),
            invoice_id: invoice_id.0.to_string(),
            note: "billed to the wrong branch".to_owned(),
            etag: self.invoice(invoice_id).await.etag,
        };
        client.void_invoice(self.signed(asked)).await.unwrap();
        invoice_id
    }

    /// A request of our tenant.
    pub fn signed<T>(&self, message: T) -> Request<T> {
        self.till.world.signed(OURS, message)
    }

    pub fn credit_notes(&self) -> CreditNoteServiceClient<Channel> {
        CreditNoteServiceClient::new(self.till.world.channel())
    }

    pub fn disputes(&self) -> DisputeServiceClient<Channel> {
        DisputeServiceClient::new(self.till.world.channel())
    }

    pub fn write_offs(&self) -> WriteOffServiceClient<Channel> {
        WriteOffServiceClient::new(self.till.world.channel())
    }

    pub async fn invoice(&self, invoice_id: InvoiceId) -> Invoice {
        let mut client = InvoiceServiceClient::new(self.till.world.channel());
        let key = get_invoice_request::Key::InvoiceId(invoice_id.0.to_string());
        let asked = self.signed(GetInvoiceRequest { key: Some(key) });
        let answer = client.get_invoice(asked).await.unwrap();
        answer.into_inner().invoice.unwrap()
    }

    /// What of an invoice may be collected.
    pub async fn collectable(&self, invoice_id: InvoiceId) -> String {
        let mut client = OpenItemServiceClient::new(self.till.world.channel());
        let invoice_ids = vec![invoice_id.0.to_string()];
        let asked = self.signed(GetCollectabilityRequest { invoice_ids });
        let answer = client.get_collectability(asked).await.unwrap().into_inner();
        match &answer.results[0].outcome {
            Some(Outcome::Collectability(told)) => amount(&told.collectable_amount).to_owned(),
            other => panic!("{other:?}"),
        }
    }

    pub async fn credit(
        &self,
        tenant: TenantId,
        request: &IssueCreditNoteRequest,
    ) -> Result<Response<IssueCreditNoteResponse>, Status> {
        let asked = self.till.world.signed(tenant, request.clone());
        self.credit_notes().issue_credit_note(asked).await
    }

    pub async fn dispute(
        &self,
        tenant: TenantId,
        request: &OpenDisputeRequest,
    ) -> Result<Response<OpenDisputeResponse>, Status> {
        let asked = self.till.world.signed(tenant, request.clone());
        self.disputes().open_dispute(asked).await
    }

    pub async fn resolve(
        &self,
        tenant: TenantId,
        request: &ResolveDisputeRequest,
    ) -> Result<Response<ResolveDisputeResponse>, Status> {
        let asked = self.till.world.signed(tenant, request.clone());
        self.disputes().resolve_dispute(asked).await
    }

    pub async fn write_off(
        &self,
        tenant: TenantId,
        request: &WriteOffInvoiceRequest,
    ) -> Result<Response<WriteOffInvoiceResponse>, Status> {
        let asked = self.till.world.signed(tenant, request.clone());
        self.write_offs().write_off_invoice(asked).await
    }

    pub async fn reverse(
        &self,
        tenant: TenantId,
        request: &ReverseWriteOffRequest,
    ) -> Result<Response<ReverseWriteOffResponse>, Status> {
        let asked = self.till.world.signed(tenant, request.clone());
        self.write_offs().reverse_write_off(asked).await
    }

    /// An order to give up all that is open of an invoice as it is now.
    pub async fn giving_up(&self, invoice_id: InvoiceId) -> WriteOffInvoiceRequest {
        WriteOffInvoiceRequest {
            request_id: request_id(),
            invoice_id: invoice_id.0.to_string(),
            reason: WriteOffReason::Uncollectible.into(),
            etag: self.invoice(invoice_id).await.etag,
            ..WriteOffInvoiceRequest::default()
        }
    }

    /// The books agree; then the end.
    pub async fn close(self) {
        self.till.close().await;
    }
}

/// A request id that no other call has.
pub fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// A line over `net` that is not taxed.
pub fn line(net: &str) -> InvoiceLine {
    let decimal = |value: &str| {
        Some(Decimal {
            value: value.to_owned(),
        })
    };
    InvoiceLine {
        description: "what was too much".to_owned(),
        quantity: decimal("1"),
        unit_price: decimal(net),
        tax_category: "Z".to_owned(),
        tax_ratio: decimal("0"),
        ..InvoiceLine::default()
    }
}

/// A credit note over a part of an invoice.
pub fn crediting(invoice_id: InvoiceId, net: &str) -> IssueCreditNoteRequest {
    IssueCreditNoteRequest {
        request_id: request_id(),
        extent: Some(Extent::PartialInvoice(PartialInvoiceCredit {
            invoice_id: invoice_id.0.to_string(),
            lines: vec![line(net)],
        })),
        reason: CreditNoteReason::BillingError.into(),
        ..IssueCreditNoteRequest::default()
    }
}

/// A dispute of a part of an invoice, or of the whole.
pub fn objecting(invoice_id: InvoiceId, part: Option<&str>) -> OpenDisputeRequest {
    let extent = match part {
        Some(part) => DisputeExtent::Amount(money_to_wire(eur(part))),
        None => DisputeExtent::WholeInvoice(true),
    };
    OpenDisputeRequest {
        request_id: request_id(),
        invoice_id: invoice_id.0.to_string(),
        extent: Some(extent),
        reason: DisputeReason::Price.into(),
        ..OpenDisputeRequest::default()
    }
}

/// An ending of a dispute.
pub fn ending(dispute_id: &str, resolution: DisputeResolution) -> ResolveDisputeRequest {
    ResolveDisputeRequest {
        request_id: request_id(),
        dispute_id: dispute_id.to_owned(),
        resolution: resolution.into(),
        ..ResolveDisputeRequest::default()
    }
}

/// An order to take a write-off back.
pub fn taking_up(write_off_id: &str) -> ReverseWriteOffRequest {
    ReverseWriteOffRequest {
        request_id: request_id(),
        write_off_id: write_off_id.to_owned(),
        note: "the debtor came into money".to_owned(),
        ..ReverseWriteOffRequest::default()
    }
}
