//! The agency that collects: what is placed with it, and what it remits.

use contracts::agency::agency_service_client::AgencyServiceClient;
use contracts::agency::agreement_service_client::AgreementServiceClient;
use contracts::agency::get_placement_request::Key;
use contracts::agency::placement_service_client::PlacementServiceClient;
use contracts::agency::remittance_row::Placement as Row;
use contracts::agency::remittance_service_client::RemittanceServiceClient;
use contracts::agency::{
    ActivatePlacementRequest, ActivatePlacementResponse, AgeBasis, AgreementTerms,
    ApprovePlacementRequest, CommissionMethod, CommissionSchedule, CommissionTier,
    CreateAgencyRequest, CreateAgreementRequest, GetPlacementRequest, ImportRemittanceRequest,
    ImportRemittanceResponse, Placement, ProposePlacementRequest, RemittanceHeader, RemittanceMode,
    RemittanceRow,
};
use contracts::common::ImportOptions;
use contracts::invoicing::Invoice;
use tonic::Status;

use crate::shop::{Shop, customer_of, decimal, eur, fresh};
use crate::world::day;

/// An agency that keeps a quarter of what it collects; answers its identity.
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
    let mut agencies = AgencyServiceClient::new(shop.calls());
    let created = agencies.create_agency(request).await.unwrap().into_inner();
    let agency_id = created.agency.unwrap().agency_id;
    let terms = AgreementTerms {
        commission_schedules: vec![CommissionSchedule {
            currency_code: "EUR".to_owned(),
            method: CommissionMethod::WholeBalance.into(),
            age_basis: AgeBasis::OldestDueDate.into(),
            tiers: vec![CommissionTier {
                rate: decimal("0.25"),
                ..CommissionTier::default()
            }],
        }],
        remittance_mode: RemittanceMode::Net.into(),
        commission_on_direct_payments: true,
        ..AgreementTerms::default()
    };
    let request = CreateAgreementRequest {
        request_id: fresh(),
        agency_id: agency_id.clone(),
        agreement_number: "A-1".to_owned(),
        terms: Some(terms),
        valid_from_date: Some(day("2026-01-01")),
        valid_to_date: None,
    };
    let mut agreements = AgreementServiceClient::new(shop.calls());
    agreements.create_agreement(request).await.unwrap();
    agency_id
}

/// Proposes invoices of one customer, and approves that they are placed.
pub async fn approved(shop: &Shop, agency_id: &str, invoices: &[&Invoice]) -> Placement {
    let mut placements = PlacementServiceClient::new(shop.calls());
    let request = ProposePlacementRequest {
        request_id: fresh(),
        external_id: fresh(),
        agency_id: agency_id.to_owned(),
        customer_id: customer_of(invoices[0]),
        invoice_ids: invoices.iter().map(|one| one.invoice_id.clone()).collect(),
        note: String::new(),
        validate_only: false,
    };
    let proposed = placements.propose_placement(request).await.unwrap();
    let placement_id = proposed.into_inner().placement.unwrap().placement_id;
    let request = ApprovePlacementRequest {
        request_id: fresh(),
        placement_id,
        etag: String::new(),
    };
    let answer = placements.approve_placement(request).await.unwrap();
    answer.into_inner().placement.unwrap()
}

/// The request to place an approved debt.
pub fn activation(placement: &Placement) -> ActivatePlacementRequest {
    ActivatePlacementRequest {
        request_id: fresh(),
        placement_id: placement.placement_id.clone(),
        etag: String::new(),
    }
}

/// Places an approved debt.
pub async fn activated(
    shop: &Shop,
    request: &ActivatePlacementRequest,
) -> Result<ActivatePlacementResponse, Status> {
    let mut placements = PlacementServiceClient::new(shop.calls());
    let answer = placements.activate_placement(request.clone()).await?;
    Ok(answer.into_inner())
}

/// Proposes, approves and places invoices.
pub async fn placed(shop: &Shop, agency_id: &str, invoices: &[&Invoice]) -> Placement {
    let approved = approved(shop, agency_id, invoices).await;
    let answer = activated(shop, &activation(&approved)).await.unwrap();
    answer.placement.unwrap()
}

/// The placement as it is now.
pub async fn placement(shop: &Shop, placement: &Placement) -> Placement {
    let request = GetPlacementRequest {
        key: Some(Key::PlacementId(placement.placement_id.clone())),
    };
    let mut placements = PlacementServiceClient::new(shop.calls());
    let answer = placements.get_placement(request).await.unwrap();
    answer.into_inner().placement.unwrap()
}

/// What one debtor paid the agency: its number of the payment, the invoice, all that was paid, and
/// what the agency keeps of it.
pub type Collected<'a> = (&'a str, &'a Invoice, &'a str, &'a str);

/// The agency remits, net, what it collected on a placement by a day.
pub async fn remits(
    shop: &Shop,
    placement: &Placement,
    on: &str,
    collected: &[Collected<'_>],
) -> ImportRemittanceResponse {
    let header = RemittanceHeader {
        agency_id: placement.agency_id.clone(),
        remittance_reference: "R-1".to_owned(),
        remittance_date: Some(day(on)),
        mode: RemittanceMode::Net.into(),
        currency_code: "EUR".to_owned(),
        ..RemittanceHeader::default()
    };
    let row = |(number, collected): (i32, &Collected<'_>)| RemittanceRow {
        row_number: number,
        line_reference: collected.0.to_owned(),
        placement: Some(Row::PlacementId(placement.placement_id.clone())),
        invoice_number: collected.1.invoice_number.clone(),
        paid_date: Some(day(on)),
        gross_amount: Some(eur(collected.2)),
        commission_amount: Some(eur(collected.3)),
        ..RemittanceRow::default()
    };
    let request = ImportRemittanceRequest {
        request_id: fresh(),
        options: Some(ImportOptions::default()),
        header: Some(header),
        rows: (1..).zip(collected).map(row).collect(),
    };
    let mut remittances = RemittanceServiceClient::new(shop.calls());
    let messages = tokio_stream::iter([request]);
    let answer = remittances.import_remittance(messages).await.unwrap();
    answer.into_inner()
}
