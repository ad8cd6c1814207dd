//! What it takes to hand a debt over to an agency.

use contracts::agency::agency_service_client::AgencyServiceClient;
use contracts::agency::agreement_service_client::AgreementServiceClient;
use contracts::agency::{
    AgeBasis, AgreementTerms, CommissionMethod, CommissionSchedule, CommissionTier,
    CreateAgencyRequest, CreateAgreementRequest, ProposePlacementRequest, RemittanceMode,
};

use crate::insist;
use crate::shop::{Shop, days_ago, decimal, fresh};

/// An agency with an agreement; answers its identity.
pub async fn agency(shop: &Shop) -> String {
    let request = CreateAgencyRequest {
        request_id: fresh(),
        external_id: "nord".to_owned(),
        display_name: "Inkasso Nord".to_owned(),
        legal_name: "Inkasso Nord GmbH".to_owned(),
        country_code: "DE".to_owned(),
        contact_email: "eingang@example.com".to_owned(),
        contact_phone: "+4940123456".to_owned(),
    };
    let mut agencies = AgencyServiceClient::new(shop.agency.clone());
    let created = insist(async || agencies.create_agency(request.clone()).await).await;
    let agency_id = created.into_inner().agency.expect("an agency").agency_id;
    let schedule = CommissionSchedule {
        currency_code: "EUR".to_owned(),
        method: CommissionMethod::WholeBalance.into(),
        age_basis: AgeBasis::OldestDueDate.into(),
        tiers: vec![CommissionTier {
            rate: decimal("0.25"),
            ..CommissionTier::default()
        }],
    };
    let terms = AgreementTerms {
        commission_schedules: vec![schedule],
        remittance_mode: RemittanceMode::Net.into(),
        commission_on_direct_payments: true,
        ..AgreementTerms::default()
    };
    let request = CreateAgreementRequest {
        request_id: fresh(),
        agency_id: agency_id.clone(),
        agreement_number: "A-1".to_owned(),
        terms: Some(terms),
        valid_from_date: days_ago(60),
        valid_to_date: None,
    };
    let mut agreements = AgreementServiceClient::new(shop.agency.clone());
    insist(async || agreements.create_agreement(request.clone()).await).await;
    agency_id
}

/// One invoice proposed for placement.
#[must_use]
pub fn to_propose(agency_id: &str, customer_id: &str, invoice_id: &str) -> ProposePlacementRequest {
    ProposePlacementRequest {
        request_id: fresh(),
        external_id: fresh(),
        agency_id: agency_id.to_owned(),
        customer_id: customer_id.to_owned(),
        invoice_ids: vec![invoice_id.to_owned()],
        ..ProposePlacementRequest::default()
    }
}
