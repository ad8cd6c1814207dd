//! TenantProfileService: created once, changed by mask and etag, closed to other tenants.

use contracts::credit::{
    CreateTenantProfileRequest, GetTenantProfileRequest, TenantProfile, TenantProfileChanged,
    UpdateTenantProfileRequest,
};
use tonic::Code;

use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::samples::{data, events, profile, profiles, with_profile};

fn create(request_id: &str, profile: TenantProfile) -> CreateTenantProfileRequest {
    CreateTenantProfileRequest {
        request_id: request_id.to_owned(),
        tenant_profile: Some(profile),
    }
}

fn rename(request_id: &str, name: &str, etag: &str) -> UpdateTenantProfileRequest {
    UpdateTenantProfileRequest {
        request_id: request_id.to_owned(),
        tenant_profile: Some(TenantProfile {
            legal_name: name.to_owned(),
            ..TenantProfile::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["legal_name".to_owned()],
        }),
        etag: etag.to_owned(),
    }
}

#[tokio::test]
async fn a_profile_is_created_read_changed_and_told() {
    let world = World::start().await;
    with_profile(&world, OURS).await;
    let get = || world.signed(OURS, GetTenantProfileRequest {});
    let read = profiles(&world).get_tenant_profile(get()).await.unwrap();
    let read = read.into_inner().tenant_profile.unwrap();
    let wanted = TenantProfile {
        created_time: read.created_time,
        etag: read.etag.clone(),
        ..profile()
    };
    assert_eq!(read, wanted);

    let asked = world.signed(OURS, rename("r1", "Muster AG", &read.etag));
    let changed = profiles(&world).update_tenant_profile(asked).await.unwrap();
    let changed = changed.into_inner().tenant_profile.unwrap();
    assert_eq!(changed.legal_name, "Muster AG");
    assert_eq!(changed.address, read.address);
    let stale = world.signed(OURS, rename("r2", "Muster SE", &read.etag));
    let stale = profiles(&world).update_tenant_profile(stale).await;
    let stale = stale.unwrap_err();
    assert_eq!(
        (stale.code(), reason(&stale).as_str()),
        (Code::Aborted, "STALE_ETAG")
    );

    let told = events(&world, OURS).await;
    let names: Vec<(String, i64)> = told
        .iter()
        .map(|event| {
            let told: TenantProfileChanged = data(event);
            let profile = told.tenant_profile.unwrap();
            assert!(profile.etag.is_empty(), "etags are left out");
            (profile.legal_name, event.subject_version)
        })
        .collect();
    assert_eq!(
        names,
        [
            ("Muster Handel GmbH".to_owned(), 1),
            ("Muster AG".to_owned(), 2)
        ]
    );
    world.server.stop().await;
}

#[tokio::test]
async fn a_tenant_has_one_profile_and_no_calendar_of_fancy() {
    let world = World::start().await;
    let mut fancy = profile();
    fancy.calendar_code = "ATLANTIS".to_owned();
    let asked = world.signed(OURS, create("r1", fancy));
    let refused = profiles(&world).create_tenant_profile(asked).await;
    let refused = refused.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "CALENDAR_UNKNOWN")
    );
    with_profile(&world, OURS).await;
    let again = world.signed(OURS, create("r2", profile()));
    let refused = profiles(&world).create_tenant_profile(again).await;
    let refused = refused.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::AlreadyExists, "TENANT_PROFILE_EXISTS")
    );
}

#[tokio::test]
async fn p28_a_profile_is_its_tenants_alone() {
    let world = World::start().await;
    with_profile(&world, OURS).await;
    let asked = world.signed(THEIRS, GetTenantProfileRequest {});
    let refused = profiles(&world).get_tenant_profile(asked).await;
    let refused = refused.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "TENANT_PROFILE_NOT_FOUND")
    );
    assert!(events(&world, THEIRS).await.is_empty());
}

#[tokio::test]
async fn bad_input_names_all_its_fields() {
    let world = World::start().await;
    let mut bad = profile();
    bad.time_zone = "Berlin".to_owned();
    bad.home_currency_code = "XXX".to_owned();
    bad.sender.as_mut().unwrap().email = "nobody".to_owned();
    bad.payee_accounts[0].account_number = "DE89370400440532013001".to_owned();
    bad.exchange_rate_max_age_days = 32;
    let asked = world.signed(OURS, create("r1", bad));
    let refused = profiles(&world).create_tenant_profile(asked).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(
        fields(&refused),
        [
            "tenant_profile.time_zone",
            "tenant_profile.home_currency_code",
            "tenant_profile.sender.email",
            "tenant_profile.payee_accounts[0].account_number",
            "tenant_profile.exchange_rate_max_age_days",
        ]
    );
    let mut zone = rename("r2", "Muster AG", "1");
    zone.update_mask.as_mut().unwrap().paths = vec!["time_zone".to_owned()];
    let asked = world.signed(OURS, zone);
    let refused = profiles(&world).update_tenant_profile(asked).await;
    assert_eq!(fields(&refused.unwrap_err()), ["update_mask"]);
}
