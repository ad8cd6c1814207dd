//! The agencies: what is agreed with them, what is handed over at the beginning of each month, what
//! they collect and remit in its middle, and what is taken back or given up towards its end.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use contracts::agency::agency_service_client::AgencyServiceClient;
use contracts::agency::agreement_service_client::AgreementServiceClient;
use contracts::agency::get_placement_request::Key;
use contracts::agency::placement_batch_service_client::PlacementBatchServiceClient;
use contracts::agency::placement_policy_service_client::PlacementPolicyServiceClient;
use contracts::agency::placement_service_client::PlacementServiceClient;
use contracts::agency::proposal_run_service_client::ProposalRunServiceClient;
use contracts::agency::{
    AcknowledgePlacementBatchRequest, ActivatePlacementPolicyVersionRequest, AgeBasis, AgencyShare,
    AgreementTerms, ApprovePlacementRequest, BatchAcknowledgement, CommissionMethod,
    CommissionSchedule, CommissionTier, CreateAgencyRequest, CreateAgreementRequest,
    CreatePlacementBatchRequest, CreatePlacementPolicyVersionRequest, ExcludedFact,
    GetPlacementBatchRequest, GetPlacementPolicyRequest, GetPlacementRequest,
    ListPlacementsRequest, Placement, PlacementBatchState, PlacementInvoice,
    PlacementPolicyDefinition, PlacementRule, PlacementState, RemittanceMode,
    StartProposalRunRequest,
};
use jiff::civil::Date;

use super::Play;
use super::opening::at_least;
use crate::demo::client::{World, day, decimal, had, money};

/// An agency that the tenant works with.
#[derive(Debug, Clone)]
pub struct Agency {
    /// Its identity.
    pub agency_id: String,
    /// Its short name.
    pub code: &'static str,
    /// How it passes money on.
    pub mode: RemittanceMode,
}

/// A placement that became active.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Its identity.
    pub placement_id: String,
    /// Place of the agency among ours.
    pub agency: usize,
    /// Place of the customer in the book.
    pub customer: usize,
    /// Its currency.
    pub currency_code: String,
    /// What was placed, in cents.
    pub cents: i64,
    /// The day on which it was placed.
    pub day: Date,
    /// Remittances that it was in.
    pub remitted: usize,
}

/// What the agency in Germany keeps back, in hundredths of a percent.
pub const NET_COMMISSION_BP: i64 = 2_500;

/// Agrees with two agencies and says what goes to which: one keeps a quarter back, the other passes
/// all on and is paid by slices.
///
/// # Errors
/// A call that is refused.
pub async fn agreed(world: &World, from: Date) -> anyhow::Result<Vec<Agency>> {
    let flat = vec![CommissionTier {
        rate: decimal("0.25"),
        ..CommissionTier::default()
    }];
    let slices = |currency: &str| {
        vec![
            CommissionTier {
                below_amount: Some(money(50_000, currency)),
                rate: decimal("0.35"),
                ..CommissionTier::default()
            },
            CommissionTier {
                rate: decimal("0.22"),
                ..CommissionTier::default()
            },
        ]
    };
    let schedule = |currency: &str, method: CommissionMethod, tiers| CommissionSchedule {
        currency_code: currency.to_owned(),
        method: method.into(),
        age_basis: AgeBasis::OldestDueDate.into(),
        tiers,
    };
    let whole = CommissionMethod::WholeBalance;
    let marginal = CommissionMethod::Marginal;
    let nord = vec![schedule("EUR", whole, flat)];
    let atlantic = ["GBP", "USD"].map(|code| schedule(code, marginal, slices(code)));
    let agencies = vec![
        agency(world, ("nord", "DE", RemittanceMode::Net), nord, from).await?,
        agency(
            world,
            ("atlantic", "GB", RemittanceMode::Gross),
            atlantic.to_vec(),
            from,
        )
        .await?,
    ];
    policy(world, &agencies).await?;
    Ok(agencies)
}

async fn agency(
    world: &World,
    (code, country, mode): (&'static str, &str, RemittanceMode),
    commission_schedules: Vec<CommissionSchedule>,
    from: Date,
) -> anyhow::Result<Agency> {
    let request = CreateAgencyRequest {
        request_id: world.fresh(),
        external_id: code.to_owned(),
        display_name: format!("Inkasso {code}"),
        legal_name: format!("Inkasso {code} Ltd"),
        country_code: country.to_owned(),
        contact_email: format!("{code}@agency.example"),
        contact_phone: String::new(),
    };
    let created = AgencyServiceClient::new(world.calls())
        .create_agency(request)
        .await?;
    let agency_id = had(created.into_inner().agency, "the agency")?.agency_id;
    let terms = AgreementTerms {
        commission_schedules,
        remittance_mode: mode.into(),
        commission_on_direct_payments: true,
        final_demand_days: 0,
        commission_tail_days: 30,
        recall_notice_days: 5,
    };
    let request = CreateAgreementRequest {
        request_id: world.fresh(),
        agency_id: agency_id.clone(),
        agreement_number: "A-1".to_owned(),
        terms: Some(terms),
        valid_from_date: day(from),
        valid_to_date: None,
    };
    AgreementServiceClient::new(world.calls())
        .create_agreement(request)
        .await?;
    Ok(Agency {
        agency_id,
        code,
        mode,
    })
}

async fn policy(world: &World, agencies: &[Agency]) -> anyhow::Result<()> {
    let rule = |agency: &Agency, countries: &[&str]| PlacementRule {
        rule_code: agency.code.to_owned(),
        min_days_past_due: 50,
        needs_completed_ladder: true,
        minimum_amounts: at_least(2_000),
        country_codes: countries.iter().map(|code| (*code).to_owned()).collect(),
        agency_shares: vec![AgencyShare {
            agency_id: agency.agency_id.clone(),
            weight: 1,
        }],
        ..PlacementRule::default()
    };
    let mut rules = Vec::new();
    for (agency, countries) in agencies
        .iter()
        .zip([&["DE", "FI", "PT"][..], &["GB", "US"][..]])
    {
        rules.push(rule(agency, countries));
    }
    let excluded = [
        ExcludedFact::Dispute,
        ExcludedFact::Promise,
        ExcludedFact::ManualHold,
        ExcludedFact::Review,
        ExcludedFact::UnappliedCashCovers,
    ];
    let mut policies = PlacementPolicyServiceClient::new(world.calls());
    let read = policies
        .get_placement_policy(GetPlacementPolicyRequest {})
        .await?;
    let policy = had(read.into_inner().placement_policy, "the policy")?;
    let request = CreatePlacementPolicyVersionRequest {
        request_id: world.fresh(),
        etag: policy.etag,
        definition: Some(PlacementPolicyDefinition {
            rules,
            excluded_facts: excluded.map(i32::from).to_vec(),
        }),
        change_note: String::new(),
    };
    let written = policies.create_placement_policy_version(request).await?;
    let policy = had(written.into_inner().placement_policy, "the policy")?;
    let request = ActivatePlacementPolicyVersionRequest {
        request_id: world.fresh(),
        version: 1,
        etag: policy.etag,
    };
    policies.activate_placement_policy_version(request).await?;
    Ok(())
}

impl Play<'_> {
    /// Proposes what is ripe, approves it, and hands it over.
    pub(super) async fn place_ripe(&mut self, today: Date) -> anyhow::Result<()> {
        let request = StartProposalRunRequest {
            request_id: self.world.fresh(),
            ..StartProposalRunRequest::default()
        };
        ProposalRunServiceClient::new(self.world.calls())
            .start_proposal_run(request)
            .await?;
        self.world.settle().await?;
        let mut placements = PlacementServiceClient::new(self.world.calls());
        let request = ListPlacementsRequest {
            states: vec![PlacementState::Proposed.into()],
            page_size: 500,
            ..ListPlacementsRequest::default()
        };
        let page = placements.list_placements(request).await?.into_inner();
        let mut by_agency: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for proposed in page.placements {
            let agency = self.agency_of(&proposed)?;
            by_agency
                .entry(agency)
                .or_default()
                .push(proposed.placement_id.clone());
            let request = ApprovePlacementRequest {
                request_id: self.world.fresh(),
                placement_id: proposed.placement_id,
                etag: proposed.etag,
            };
            placements.approve_placement(request).await?;
        }
        for (agency, placement_ids) in by_agency {
            self.hand_over(agency, placement_ids, today).await?;
        }
        Ok(())
    }

    fn agency_of(&self, placement: &Placement) -> anyhow::Result<usize> {
        let mut agencies = self.agencies.iter();
        let place = agencies.position(|agency| agency.agency_id == placement.agency_id);
        had(place, "an agency of ours")
    }

    async fn hand_over(
        &mut self,
        agency: usize,
        placement_ids: Vec<String>,
        today: Date,
    ) -> anyhow::Result<()> {
        let mut batches = PlacementBatchServiceClient::new(self.world.calls());
        let request = CreatePlacementBatchRequest {
            request_id: self.world.fresh(),
            agency_id: self.agencies[agency].agency_id.clone(),
            placement_ids: placement_ids.clone(),
            validate_only: false,
        };
        let made = batches.create_placement_batch(request).await?.into_inner();
        let batch_id = had(made.placement_batch, "the batch")?.placement_batch_id;
        self.world.settle().await?;
        let request = GetPlacementBatchRequest {
            placement_batch_id: batch_id.clone(),
        };
        let read = batches.get_placement_batch(request).await?.into_inner();
        let batch = had(read.placement_batch, "the batch")?;
        ensure!(
            batch.state() == PlacementBatchState::Placed,
            "a batch is {:?}",
            batch.state()
        );
        let request = AcknowledgePlacementBatchRequest {
            request_id: self.world.fresh(),
            placement_batch_id: batch_id,
            etag: batch.etag,
            acknowledgement: Some(BatchAcknowledgement {
                placement_count: batch.active_count,
                amounts: batch.placed_amounts,
            }),
        };
        let compared = batches
            .acknowledge_placement_batch(request)
            .await?
            .into_inner();
        let batch = had(compared.placement_batch, "the batch")?;
        ensure!(
            batch.state() == PlacementBatchState::Acknowledged,
            "the agency counts otherwise: {batch:?}"
        );
        for placement_id in placement_ids {
            let (placement, _) = self.placement(&placement_id).await?;
            if placement.state() == PlacementState::Active {
                let placed = self.placed(agency, &placement, today)?;
                self.placements.push(placed);
            }
        }
        self.placements
            .sort_by_key(|placed| (placed.day, placed.customer));
        Ok(())
    }

    fn placed(&self, agency: usize, placement: &Placement, today: Date) -> anyhow::Result<Placed> {
        let mut ids = self.customer_ids.iter();
        let customer = ids.position(|id| *id == placement.customer_id);
        Ok(Placed {
            placement_id: placement.placement_id.clone(),
            agency,
            customer: customer.context("a placement of a stranger")?,
            currency_code: placement.currency_code.clone(),
            cents: crate::demo::client::cents(placement.placed_amount.as_ref())?,
            day: today,
            remitted: 0,
        })
    }

    /// A placement as it is now, with its invoices.
    pub(super) async fn placement(
        &self,
        placement_id: &str,
    ) -> anyhow::Result<(Placement, Vec<PlacementInvoice>)> {
        let request = GetPlacementRequest {
            key: Some(Key::PlacementId(placement_id.to_owned())),
        };
        let read = PlacementServiceClient::new(self.world.calls())
            .get_placement(request)
            .await?
            .into_inner();
        Ok((had(read.placement, "the placement")?, read.invoices))
    }
}
