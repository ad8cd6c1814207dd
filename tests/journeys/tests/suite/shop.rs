//! A shop and its calls: what most stories begin with, a line each. Every call has a request id of
//! its own.

use contracts::common::{
    DateStep, Decimal, DiscountTier, EarlyPaymentOffer, InstalmentRule, Money, PaymentTerms,
    date_step,
};
use contracts::credit::credit_limit::Limit;
use contracts::credit::credit_policy_service_client::CreditPolicyServiceClient;
use contracts::credit::customer_service_client::CustomerServiceClient;
use contracts::credit::tenant_profile_service_client::TenantProfileServiceClient;
use contracts::credit::{
    Contact, ContactRole, CreateCustomerRequest, CreateTenantProfileRequest, CreditLimit,
    CustomerDetails, CustomerKind, PostalAddress, PublishCreditPolicyRequest, SegmentPolicy,
    Sender, TenantProfile,
};
use contracts::invoicing::get_invoice_request::Key;
use contracts::invoicing::invoice_content::Customer;
use contracts::invoicing::invoice_service_client::InvoiceServiceClient;
use contracts::invoicing::issue_invoice_request::Subject;
use contracts::invoicing::{
    GetInvoiceRequest, Invoice, InvoiceContent, InvoiceLine, IssueInvoiceRequest, NamedInvoice,
    NamedInvoices, NewInvoice,
};
use contracts::payments::apply_receipt_request::Target;
use contracts::payments::receipt_application_service_client::ReceiptApplicationServiceClient;
use contracts::payments::receipt_service_client::ReceiptServiceClient;
use contracts::payments::{
    ApplyReceiptRequest, ApplyReceiptResponse, GetReceiptRequest, Receipt, ReceiptApplication,
    ReceiptMethod, ReceiptReversalReason, RecordReceiptRequest, Remittance, ReverseReceiptRequest,
    ReverseReceiptResponse, UnapplyReceiptRequest, UnapplyReceiptResponse, get_receipt_request,
};
use testkit::eventually_some;
use tonic::{Response, Status};
use uuid::Uuid;

use crate::world::{Calls, SOON, World, day, reason};

/// A tenant's side of the counter.
#[derive(Clone)]
pub struct Shop {
    calls: Calls,
}

pub fn fresh() -> String {
    Uuid::now_v7().to_string()
}

pub fn eur(amount: &str) -> Money {
    Money {
        currency_code: "EUR".to_owned(),
        amount: amount.to_owned(),
    }
}

pub fn decimal(value: &str) -> Option<Decimal> {
    let value = value.to_owned();
    Some(Decimal { value })
}

fn address() -> PostalAddress {
    PostalAddress {
        lines: vec!["Musterstraße 1".to_owned()],
        postal_code: "10115".to_owned(),
        city: "Berlin".to_owned(),
        region: String::new(),
        country_code: "DE".to_owned(),
    }
}

impl Shop {
    /// Opens a shop: net 30 with 2 % within 10 days, a limit of 1000 EUR, held when more than 14 days
    /// late.
    pub async fn open(calls: Calls) -> Self {
        let shop = Self::of(calls);
        let profile = TenantProfile {
            legal_name: "Muster Handel GmbH".to_owned(),
            address: Some(address()),
            time_zone: "Europe/Berlin".to_owned(),
            home_currency_code: "EUR".to_owned(),
            calendar_code: "DE".to_owned(),
            language: "de".to_owned(),
            sender: Some(Sender {
                display_name: "Muster Handel".to_owned(),
                email: "billing@example.com".to_owned(),
                ..Sender::default()
            }),
            ..TenantProfile::default()
        };
        let request = CreateTenantProfileRequest {
            request_id: fresh(),
            tenant_profile: Some(profile),
        };
        let mut profiles = TenantProfileServiceClient::new(shop.calls());
        profiles.create_tenant_profile(request).await.unwrap();
        let request = PublishCreditPolicyRequest {
            request_id: fresh(),
            policy_code: "standard".to_owned(),
            segments: vec![terms()],
            ..PublishCreditPolicyRequest::default()
        };
        let mut policies = CreditPolicyServiceClient::new(shop.calls());
        policies.publish_credit_policy(request).await.unwrap();
        shop
    }

    /// One that is open already.
    pub fn of(calls: Calls) -> Self {
        Self { calls }
    }

    pub fn calls(&self) -> Calls {
        self.calls.clone()
    }

    /// A new customer in Berlin; answers the identity.
    pub async fn customer(&self, external_id: &str) -> String {
        let contact = Contact {
            display_name: "Ada Beispiel".to_owned(),
            role: ContactRole::AccountsPayable.into(),
            email: format!("{}@kunde.example", external_id.to_lowercase()),
            ..Contact::default()
        };
        let details = CustomerDetails {
            display_name: format!("Kunde {external_id}"),
            kind: CustomerKind::Business.into(),
            country_code: "DE".to_owned(),
            language: "de".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            address: Some(address()),
            contacts: vec![contact],
            ..CustomerDetails::default()
        };
        let request = CreateCustomerRequest {
            request_id: fresh(),
            external_id: external_id.to_owned(),
            details: Some(details),
            ..CreateCustomerRequest::default()
        };
        let mut customers = CustomerServiceClient::new(self.calls());
        let answer = customers.create_customer(request).await.unwrap();
        answer.into_inner().customer.unwrap().customer_id
    }

    /// Issues an invoice of one line today, on the customer's own terms.
    pub async fn bill(&self, customer_id: &str, amount: &str) -> Invoice {
        self.bill_order(customer_id, amount, "").await
    }

    /// The same, on a reservation.
    pub async fn bill_order(&self, customer_id: &str, amount: &str, reservation: &str) -> Invoice {
        let line = InvoiceLine {
            description: "Ware".to_owned(),
            quantity: decimal("1"),
            unit_price: decimal(amount),
            tax_category: "Z".to_owned(),
            tax_ratio: decimal("0"),
            ..InvoiceLine::default()
        };
        let content = InvoiceContent {
            customer: Some(Customer::CustomerId(customer_id.to_owned())),
            currency_code: "EUR".to_owned(),
            lines: vec![line],
            reservation_id: reservation.to_owned(),
            ..InvoiceContent::default()
        };
        let new_invoice = NewInvoice {
            content: Some(content),
            ..NewInvoice::default()
        };
        let request = IssueInvoiceRequest {
            request_id: fresh(),
            subject: Some(Subject::NewInvoice(new_invoice)),
            etag: String::new(),
        };
        let invoices = InvoiceServiceClient::new(self.calls());
        let issued = answered(async || invoices.clone().issue_invoice(request.clone()).await);
        issued.await.invoice.unwrap()
    }

    /// The invoice as it is now.
    pub async fn invoice(&self, invoice: &Invoice) -> Invoice {
        let request = GetInvoiceRequest {
            key: Some(Key::InvoiceId(invoice.invoice_id.clone())),
        };
        let mut invoices = InvoiceServiceClient::new(self.calls());
        let answer = invoices.get_invoice(request).await.unwrap();
        answer.into_inner().invoice.unwrap()
    }

    /// What is open of an invoice now.
    pub async fn open_of(&self, invoice: &Invoice) -> String {
        self.invoice(invoice).await.open_amount.unwrap().amount
    }

    /// Money of a customer that came in on a day, with what they wrote on it.
    pub async fn receive(&self, customer_id: &str, amount: &str, on: &str, text: &str) -> Receipt {
        let request = RecordReceiptRequest {
            request_id: fresh(),
            customer_id: customer_id.to_owned(),
            method: ReceiptMethod::Transfer.into(),
            amount: Some(eur(amount)),
            receipt_date: Some(day(on)),
            remittance: Some(Remittance {
                text: text.to_owned(),
                ..Remittance::default()
            }),
            ..RecordReceiptRequest::default()
        };
        let receipts = ReceiptServiceClient::new(self.calls());
        let recorded = answered(async || receipts.clone().record_receipt(request.clone()).await);
        recorded.await.receipt.unwrap()
    }

    /// The receipt as it is now.
    pub async fn receipt(&self, receipt: &Receipt) -> Receipt {
        let request = GetReceiptRequest {
            key: Some(get_receipt_request::Key::ReceiptId(
                receipt.receipt_id.clone(),
            )),
        };
        let mut receipts = ReceiptServiceClient::new(self.calls());
        let answer = receipts.get_receipt(request).await.unwrap();
        answer.into_inner().receipt.unwrap()
    }

    /// The request to apply all of a receipt to one invoice.
    pub fn application(&self, receipt: &Receipt, to: &Invoice) -> ApplyReceiptRequest {
        let named = NamedInvoice {
            invoice_id: to.invoice_id.clone(),
            amount: None,
        };
        let invoices = vec![named];
        ApplyReceiptRequest {
            request_id: fresh(),
            receipt_id: receipt.receipt_id.clone(),
            target: Some(Target::NamedInvoices(NamedInvoices { invoices })),
            ..ApplyReceiptRequest::default()
        }
    }

    /// Sends such a request, perhaps not for the first time.
    pub async fn send(
        &self,
        request: &ApplyReceiptRequest,
    ) -> Result<ApplyReceiptResponse, Status> {
        let mut applications = ReceiptApplicationServiceClient::new(self.calls());
        let answer = applications.apply_receipt(request.clone()).await?;
        Ok(answer.into_inner())
    }

    /// Applies all of a receipt to one invoice.
    pub async fn apply(
        &self,
        receipt: &Receipt,
        to: &Invoice,
    ) -> Result<ApplyReceiptResponse, Status> {
        self.send(&self.application(receipt, to)).await
    }

    /// Takes an application back.
    pub async fn unapply(
        &self,
        application: &ReceiptApplication,
    ) -> Result<UnapplyReceiptResponse, Status> {
        let request = UnapplyReceiptRequest {
            request_id: fresh(),
            application_id: application.application_id.clone(),
            reversal_date: None,
        };
        let mut applications = ReceiptApplicationServiceClient::new(self.calls());
        Ok(applications.unapply_receipt(request).await?.into_inner())
    }

    /// The request to take a receipt back that the bank returned.
    pub fn reversal(&self, receipt: &Receipt) -> ReverseReceiptRequest {
        ReverseReceiptRequest {
            request_id: fresh(),
            receipt_id: receipt.receipt_id.clone(),
            reason: ReceiptReversalReason::Returned.into(),
            ..ReverseReceiptRequest::default()
        }
    }

    /// Sends such a request, perhaps not for the first time.
    pub async fn reverse(
        &self,
        request: &ReverseReceiptRequest,
    ) -> Result<ReverseReceiptResponse, Status> {
        let mut receipts = ReceiptServiceClient::new(self.calls());
        let answer = receipts.reverse_receipt(request.clone()).await?;
        Ok(answer.into_inner())
    }

    /// A customer pays an invoice, and the money is applied to it.
    pub async fn pay(&self, invoice: &Invoice, amount: &str, on: &str) -> Receipt {
        let customer_id = customer_of(invoice);
        let receipt = self.receive(&customer_id, amount, on, "").await;
        self.apply(&receipt, invoice).await.unwrap();
        self.receipt(&receipt).await
    }
}

/// Asks as callers do: with the same request again while a feed has not brought somebody yet.
async fn answered<T>(mut ask: impl AsyncFnMut() -> Result<Response<T>, Status>) -> T {
    eventually_some(SOON, "an answer", async || match ask().await {
        Ok(answer) => Some(answer.into_inner()),
        Err(refused) => {
            assert_eq!(reason(&refused), "CUSTOMER_NOT_YET_KNOWN", "{refused:?}");
            None
        }
    })
    .await
}

/// Whose an invoice is.
pub fn customer_of(invoice: &Invoice) -> String {
    match &invoice.content.as_ref().unwrap().customer {
        Some(Customer::CustomerId(customer_id)) => customer_id.clone(),
        other => unreachable!("answers carry the customer's identity: {other:?}"),
    }
}

/// What every customer is granted.
fn terms() -> SegmentPolicy {
    let net_30 = InstalmentRule {
        share: None,
        date_steps: vec![DateStep {
            step: Some(date_step::Step::AddDays(30)),
        }],
    };
    SegmentPolicy {
        payment_terms: Some(PaymentTerms {
            terms_code: "2/10net30".to_owned(),
            instalments: vec![net_30],
            ..PaymentTerms::default()
        }),
        early_payment_offer: Some(EarlyPaymentOffer {
            tiers: vec![DiscountTier {
                within_days: 10,
                discount_ratio: decimal("0.02"),
            }],
            partial_payments_earn: false,
        }),
        credit_limit: Some(CreditLimit {
            limit: Some(Limit::Amount(eur("1000.00"))),
        }),
        overdue_hold_days: Some(14),
        hold_over_limit: true,
        reservation_lifetime: Some(prost_types::Duration {
            seconds: 86_400,
            nanos: 0,
        }),
        ..SegmentPolicy::default()
    }
}

/// A world with the shop of its first tenant.
pub async fn opened() -> (World, Shop) {
    let world = World::start().await;
    let shop = Shop::open(world.calls()).await;
    (world, shop)
}
