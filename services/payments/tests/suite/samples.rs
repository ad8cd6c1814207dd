//! What the tests of receipts send: one customer's euro money on the 1st of March 2026.

use contracts::common::Money;
use contracts::convert::date_to_wire;
use contracts::invoicing::{NamedInvoice, NamedInvoices};
use contracts::payments::apply_receipt_request::Target;
use contracts::payments::get_receipt_request::Key;
use contracts::payments::{
    ApplyReceiptRequest, ApplyReceiptResponse, GetReceiptRequest, Receipt, ReceiptApplication,
    ReceiptMethod, ReceiptReversalReason, ReceiptRule, RecordReceiptRequest, ReverseReceiptRequest,
    UnapplyReceiptRequest,
};
use jiff::civil::date;
use payments::domain::CustomerId;
use prost::{Message, Name};
use sqlx::{Connection as _, PgConnection};
use tonic::Status;
use uuid::Uuid;

use crate::fixture::{OURS, PAYER, World};

pub fn eur(amount: &str) -> Money {
    Money {
        currency_code: "EUR".to_owned(),
        amount: amount.to_owned(),
    }
}

/// Money of the payer, or of nobody.
pub fn record(
    request_id: &str,
    amount: &str,
    customer: Option<CustomerId>,
) -> RecordReceiptRequest {
    RecordReceiptRequest {
        request_id: request_id.to_owned(),
        customer_id: customer.map_or_else(String::new, |customer| customer.0.to_string()),
        method: ReceiptMethod::Transfer.into(),
        amount: Some(eur(amount)),
        receipt_date: Some(date_to_wire(date(2026, 3, 1))),
        ..RecordReceiptRequest::default()
    }
}

pub fn named(invoices: &[Uuid]) -> Target {
    let named = |invoice: &Uuid| NamedInvoice {
        invoice_id: invoice.to_string(),
        amount: None,
    };
    let invoices = invoices.iter().map(named).collect();
    Target::NamedInvoices(NamedInvoices { invoices })
}

/// Reference, then exact amount, then oldest first.
pub fn by_rule() -> Target {
    Target::Rule(ReceiptRule::default())
}

pub fn apply(
    request_id: &str,
    receipt: &Receipt,
    amount: Option<&str>,
    target: Target,
) -> ApplyReceiptRequest {
    ApplyReceiptRequest {
        request_id: request_id.to_owned(),
        receipt_id: receipt.receipt_id.clone(),
        amount: amount.map(eur),
        target: Some(target),
        ..ApplyReceiptRequest::default()
    }
}

pub fn unapply(request_id: &str, application: &ReceiptApplication) -> UnapplyReceiptRequest {
    UnapplyReceiptRequest {
        request_id: request_id.to_owned(),
        application_id: application.application_id.clone(),
        reversal_date: None,
    }
}

pub fn reverse(request_id: &str, receipt: &Receipt) -> ReverseReceiptRequest {
    ReverseReceiptRequest {
        request_id: request_id.to_owned(),
        receipt_id: receipt.receipt_id.clone(),
        reason: ReceiptReversalReason::Returned.into(),
        note: "the bank took it back".to_owned(),
        ..ReverseReceiptRequest::default()
    }
}

/// What of a receipt is allocated, reserved and unapplied.
pub fn sums(receipt: &Receipt) -> [&str; 3] {
    let sums = [
        &receipt.allocated_amount,
        &receipt.reserved_amount,
        &receipt.unapplied_amount,
    ];
    sums.map(|money| money.as_ref().unwrap().amount.as_str())
}

impl World {
    /// Records money of the payer.
    pub async fn receipt(&self, amount: &str) -> Receipt {
        let request_id = Uuid::now_v7().to_string();
        self.recorded(record(&request_id, amount, Some(PAYER)))
            .await
    }

    pub async fn recorded(&self, request: RecordReceiptRequest) -> Receipt {
        let answer = self
            .receipts()
            .record_receipt(self.signed(OURS, request))
            .await;
        answer.unwrap().into_inner().receipt.unwrap()
    }

    /// The receipt as it is now.
    pub async fn now(&self, receipt: &Receipt) -> Receipt {
        let key = Some(Key::ReceiptId(receipt.receipt_id.clone()));
        let request = self.signed(OURS, GetReceiptRequest { key });
        let answer = self.receipts().get_receipt(request).await.unwrap();
        answer.into_inner().receipt.unwrap()
    }

    pub async fn applied(
        &self,
        request: ApplyReceiptRequest,
    ) -> Result<ApplyReceiptResponse, Status> {
        let request = self.signed(OURS, request);
        let answer = self.applications().apply_receipt(request).await;
        answer.map(tonic::Response::into_inner)
    }

    /// What was announced of this kind, in order.
    pub async fn told<M: Message + Name + Default>(&self) -> Vec<M> {
        let url = self.database.superuser_url();
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let query = sqlx::query_scalar("SELECT data FROM event WHERE type = $1 ORDER BY position");
        let query = query.bind(M::full_name());
        let events: Vec<Vec<u8>> = query.fetch_all(&mut connection).await.unwrap();
        let decoded = events.iter().map(|data| M::decode(data.as_slice()));
        decoded.collect::<Result<_, _>>().unwrap()
    }
}
