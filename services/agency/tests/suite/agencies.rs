//! AgencyService: created once, described, suspended and reinstated, closed to other tenants.

use contracts::agency::get_agency_request::Key;
use contracts::agency::{
    AgencyState, GetAgencyRequest, ListAgenciesRequest, ReinstateAgencyRequest,
    SuspendAgencyRequest, UpdateAgencyRequest,
};
use prost_types::FieldMask;
use tonic::Code;

use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::samples::{agencies, events, new_agency, types, with_agency};

#[tokio::test]
async fn an_agency_is_created_once_and_read_by_both_identities() {
    let world = World::start().await;
    let created = with_agency(&world, OURS, "nord").await;
    assert_eq!(created.state(), AgencyState::Active);
    for key in [
        Key::AgencyId(created.agency_id.clone()),
        Key::ExternalId("nord".to_owned()),
    ] {
        let asked = world.signed(OURS, GetAgencyRequest { key: Some(key) });
        let read = agencies(&world).get_agency(asked).await.unwrap();
        assert_eq!(read.into_inner().agency.as_ref(), Some(&created));
    }
    let again = world.signed(OURS, new_agency("create nord", "nord"));
    let again = agencies(&world).create_agency(again).await.unwrap();
    assert_eq!(again.metadata().get("recoup-replayed").unwrap(), "true");
    assert_eq!(again.into_inner().agency, Some(created));

    let twin = world.signed(OURS, new_agency("another", "nord"));
    let taken = agencies(&world).create_agency(twin).await.unwrap_err();
    assert_eq!(
        (taken.code(), reason(&taken).as_str()),
        (Code::AlreadyExists, "AGENCY_EXISTS")
    );
    let other = world.signed(OURS, new_agency("create nord", "south"));
    let reused = agencies(&world).create_agency(other).await.unwrap_err();
    assert_eq!(reason(&reused), "REQUEST_ID_REUSED");
    with_agency(&world, THEIRS, "nord").await;
    assert_eq!(types(&events(&world, OURS).await), ["AgencyCreated"]);
}

#[tokio::test]
async fn p28_an_agency_is_its_tenants_alone() {
    let world = World::start().await;
    let agency = with_agency(&world, OURS, "nord").await;
    let key = Some(Key::AgencyId(agency.agency_id.clone()));
    let asked = world.signed(THEIRS, GetAgencyRequest { key });
    let foreign = agencies(&world).get_agency(asked).await.unwrap_err();
    assert_eq!(
        (foreign.code(), reason(&foreign).as_str()),
        (Code::NotFound, "AGENCY_NOT_FOUND")
    );
    let suspend = SuspendAgencyRequest {
        request_id: "s".to_owned(),
        agency_id: agency.agency_id,
        etag: String::new(),
        note: "no".to_owned(),
    };
    let asked = world.signed(THEIRS, suspend);
    let foreign = agencies(&world).suspend_agency(asked).await.unwrap_err();
    assert_eq!(reason(&foreign), "AGENCY_NOT_FOUND");
}

#[tokio::test]
async fn only_what_is_named_is_updated_and_a_stale_etag_is_refused() {
    let world = World::start().await;
    let agency = with_agency(&world, OURS, "nord").await;
    let update = |id: &str, etag: &str, path: &str| UpdateAgencyRequest {
        request_id: id.to_owned(),
        agency_id: agency.agency_id.clone(),
        etag: etag.to_owned(),
        update_mask: Some(FieldMask {
            paths: vec![path.to_owned()],
        }),
        display_name: "Nord".to_owned(),
        ..UpdateAgencyRequest::default()
    };
    let asked = world.signed(OURS, update("u1", &agency.etag, "display_name"));
    let changed = agencies(&world).update_agency(asked).await.unwrap();
    let changed = changed.into_inner().agency.unwrap();
    assert_eq!(changed.display_name, "Nord");
    assert_eq!(changed.contact_email, agency.contact_email);
    assert_ne!(changed.etag, agency.etag);

    let refuse = async |request| {
        let asked = world.signed(OURS, request);
        let refused = agencies(&world).update_agency(asked).await.unwrap_err();
        (refused.code(), reason(&refused))
    };
    let stale = refuse(update("u2", &agency.etag, "display_name")).await;
    assert_eq!(stale, (Code::Aborted, "STALE_ETAG".to_owned()));
    let fixed = refuse(update("u3", &changed.etag, "country_code")).await;
    assert_eq!(
        fixed,
        (Code::InvalidArgument, "FIELD_NOT_UPDATABLE".to_owned())
    );
    let cleared = refuse(update("u4", &changed.etag, "legal_name")).await;
    assert_eq!(
        cleared,
        (Code::InvalidArgument, "REQUEST_INVALID".to_owned())
    );
    let phone = world.signed(OURS, update("u5", &changed.etag, "contact_phone"));
    let cleared = agencies(&world).update_agency(phone).await.unwrap();
    assert_eq!(cleared.into_inner().agency.unwrap().contact_phone, "");
}

#[tokio::test]
async fn an_agency_is_suspended_and_reinstated_and_listed_by_its_state() {
    let world = World::start().await;
    let agency = with_agency(&world, OURS, "nord").await;
    with_agency(&world, OURS, "sued").await;
    let suspend = |id: &str| SuspendAgencyRequest {
        request_id: id.to_owned(),
        agency_id: agency.agency_id.clone(),
        etag: String::new(),
        note: "complaints".to_owned(),
    };
    let reinstate = |id: &str| ReinstateAgencyRequest {
        request_id: id.to_owned(),
        agency_id: agency.agency_id.clone(),
        etag: String::new(),
    };
    let asked = world.signed(OURS, reinstate("r0"));
    let not_yet = agencies(&world).reinstate_agency(asked).await.unwrap_err();
    assert_eq!(reason(&not_yet), "AGENCY_NOT_SUSPENDED");
    let asked = world.signed(OURS, suspend("s1"));
    let suspended = agencies(&world).suspend_agency(asked).await.unwrap();
    let suspended = suspended.into_inner().agency.unwrap();
    assert_eq!(suspended.suspension_note, "complaints");
    let asked = world.signed(OURS, suspend("s2"));
    let twice = agencies(&world).suspend_agency(asked).await.unwrap_err();
    assert_eq!(
        (twice.code(), reason(&twice).as_str()),
        (Code::FailedPrecondition, "AGENCY_SUSPENDED")
    );
    let list = ListAgenciesRequest {
        state: Some(AgencyState::Suspended.into()),
        ..ListAgenciesRequest::default()
    };
    let asked = world.signed(OURS, list);
    let page = agencies(&world).list_agencies(asked).await.unwrap();
    assert_eq!(page.into_inner().agencies, [suspended]);
    let asked = world.signed(OURS, reinstate("r1"));
    agencies(&world).reinstate_agency(asked).await.unwrap();
    assert_eq!(
        types(&events(&world, OURS).await),
        [
            "AgencyCreated",
            "AgencyCreated",
            "AgencySuspended",
            "AgencyReinstated"
        ]
    );
}

#[tokio::test]
async fn bad_input_names_all_its_fields() {
    let world = World::start().await;
    let mut bad = new_agency("r1", "nord");
    bad.country_code = "Germany".to_owned();
    bad.display_name = String::new();
    bad.contact_email = "nobody".to_owned();
    bad.contact_phone = "0049".to_owned();
    let asked = world.signed(OURS, bad);
    let refused = agencies(&world).create_agency(asked).await.unwrap_err();
    let named = [
        "country_code",
        "display_name",
        "contact_email",
        "contact_phone",
    ];
    assert_eq!(fields(&refused), named);
    let asked = world.signed(OURS, ListAgenciesRequest::default());
    let page = agencies(&world).list_agencies(asked).await.unwrap();
    assert!(page.into_inner().agencies.is_empty());
}
