//! CustomerService and CreditPolicyService: customers, the terms they are granted, and who is told.

use contracts::credit::get_customer_request::Key;
use contracts::credit::{
    CreateCustomerRequest, Customer, CustomerCreated, CustomerDetails, GetCustomerRequest,
    ListCustomersRequest, TermsGranted, UpdateCustomerRequest,
};
use tonic::{Code, Status};

use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::samples::{
    customers, data, day, details, events, policies, policy, types, with_customer, with_policy,
    with_profile,
};

fn create(request_id: &str, external_id: &str) -> CreateCustomerRequest {
    CreateCustomerRequest {
        request_id: request_id.to_owned(),
        external_id: external_id.to_owned(),
        details: Some(details("Kunde")),
        ..CreateCustomerRequest::default()
    }
}

fn update(
    request_id: &str,
    customer: &Customer,
    field: &str,
    details: CustomerDetails,
) -> UpdateCustomerRequest {
    UpdateCustomerRequest {
        request_id: request_id.to_owned(),
        customer_id: customer.customer_id.clone(),
        details: Some(details),
        update_mask: Some(prost_types::FieldMask {
            paths: vec![field.to_owned()],
        }),
        etag: customer.etag.clone(),
    }
}

async fn get(world: &World, tenant: postgres::TenantId, key: Key) -> Result<Customer, Status> {
    let asked = world.signed(tenant, GetCustomerRequest { key: Some(key) });
    let answer = customers(world).get_customer(asked).await?;
    Ok(answer.into_inner().customer.unwrap())
}

#[tokio::test]
async fn a_customer_is_created_with_terms_and_read_by_either_identity() {
    let world = World::start().await;
    with_policy(&world, OURS, "1000.00").await;
    let created = with_customer(&world, OURS, "C-1").await;
    let terms = created.granted_terms.clone().unwrap();
    assert_eq!(
        (terms.policy_code.as_str(), terms.policy_version),
        ("standard", 1)
    );
    assert_eq!(terms.valid_from_date, Some(day(2026, 3, 2)));
    assert!(
        !created.details.as_ref().unwrap().contacts[0]
            .contact_id
            .is_empty()
    );

    let by_id = Key::CustomerId(created.customer_id.clone());
    assert_eq!(get(&world, OURS, by_id).await.unwrap(), created);
    let by_external = Key::ExternalId("C-1".to_owned());
    assert_eq!(get(&world, OURS, by_external).await.unwrap(), created);

    let told = events(&world, OURS).await;
    assert_eq!(
        types(&told),
        [
            "TenantProfileChanged",
            "CreditPolicyPublished",
            "CustomerCreated",
            "TermsGranted"
        ]
    );
    let told_customer = data::<CustomerCreated>(&told[2]).customer.unwrap();
    assert_eq!(told_customer.details, created.details);
    assert_eq!(told_customer.granted_terms, created.granted_terms);
    let granted: TermsGranted = data(&told[3]);
    assert_eq!(granted.customer_id, created.customer_id);
    assert_eq!(granted.granted_terms, created.granted_terms);
    world.server.stop().await;
}

#[tokio::test]
async fn p3_a_repeat_answers_as_the_first_time_and_other_content_is_refused() {
    let world = World::start().await;
    with_profile(&world, OURS).await;
    let ask = || world.signed(OURS, create("r1", "C-1"));
    let first = customers(&world).create_customer(ask()).await.unwrap();
    assert!(first.metadata().get("recoup-replayed").is_none());
    let again = customers(&world).create_customer(ask()).await.unwrap();
    assert_eq!(again.metadata().get("recoup-replayed").unwrap(), "true");
    assert_eq!(again.into_inner(), first.into_inner());
    let other = world.signed(OURS, create("r1", "C-2"));
    let refused = customers(&world).create_customer(other).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::InvalidArgument, "REQUEST_ID_REUSED")
    );
    let taken = world.signed(OURS, create("r2", "C-1"));
    let refused = customers(&world).create_customer(taken).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::AlreadyExists, "CUSTOMER_EXISTS")
    );
    let told = events(&world, OURS).await;
    assert_eq!(types(&told), ["TenantProfileChanged", "CustomerCreated"]);
}

#[tokio::test]
async fn p28_a_customer_is_its_tenants_alone() {
    let world = World::start().await;
    with_profile(&world, OURS).await;
    with_profile(&world, THEIRS).await;
    let ours = with_customer(&world, OURS, "C-1").await;
    for key in [
        Key::CustomerId(ours.customer_id.clone()),
        Key::ExternalId("C-1".to_owned()),
    ] {
        let refused = get(&world, THEIRS, key).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::NotFound, "CUSTOMER_NOT_FOUND")
        );
    }
    let asked = world.signed(THEIRS, update("r1", &ours, "segment", details("x")));
    let refused = customers(&world).update_customer(asked).await.unwrap_err();
    assert_eq!(reason(&refused), "CUSTOMER_NOT_FOUND");
    // What is taken in one tenant is free in another.
    with_customer(&world, THEIRS, "C-1").await;
}

#[tokio::test]
async fn bad_input_names_all_its_fields() {
    let world = World::start().await;
    let mut bad = create("r1", "C-1");
    let brought = bad.details.as_mut().unwrap();
    brought.display_name = String::new();
    brought.kind = 0;
    brought.country_code = "Germany".to_owned();
    brought.contacts[0].email = String::new();
    let asked = world.signed(OURS, bad);
    let refused = customers(&world).create_customer(asked).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(
        fields(&refused),
        [
            "details.display_name",
            "details.kind",
            "details.country_code",
            "details.contacts[0].email",
        ]
    );
}

#[tokio::test]
async fn another_segment_changes_the_terms_from_today_on() {
    let world = World::start().await;
    with_profile(&world, OURS).await;
    let mut published = policy("policy", 0, "1000.00");
    let mut smb = published.segments[0].clone();
    smb.segment = "smb".to_owned();
    smb.payment_terms.as_mut().unwrap().terms_code = "net14".to_owned();
    published.segments.push(smb);
    let asked = world.signed(OURS, published);
    policies(&world).publish_credit_policy(asked).await.unwrap();
    let customer = with_customer(&world, OURS, "C-1").await;
    world
        .clock
        .set("2026-03-20T09:00:00Z".parse().unwrap())
        .unwrap();

    let mut changed = details("C-1");
    changed.segment = "smb".to_owned();
    let asked = world.signed(OURS, update("r1", &customer, "segment", changed.clone()));
    let updated = customers(&world).update_customer(asked).await.unwrap();
    let updated = updated.into_inner().customer.unwrap();
    assert_ne!(updated.etag, customer.etag);
    let told = events(&world, OURS).await;
    assert_eq!(types(&told)[4..], ["CustomerUpdated", "TermsGranted"]);
    let granted = data::<TermsGranted>(&told[5]).granted_terms.unwrap();
    assert_eq!(granted.payment_terms.unwrap().terms_code, "net14");
    assert_eq!(granted.valid_from_date, Some(day(2026, 3, 20)));

    let stale = world.signed(OURS, update("r2", &customer, "segment", changed));
    let stale = customers(&world).update_customer(stale).await.unwrap_err();
    assert_eq!(
        (stale.code(), reason(&stale).as_str()),
        (Code::Aborted, "STALE_ETAG")
    );
}

#[tokio::test]
async fn a_new_version_grants_every_customer_terms_ahead_of_its_day() {
    let world = World::start().await;
    with_policy(&world, OURS, "1000.00").await;
    let customer = with_customer(&world, OURS, "C-1").await;
    let mut next = policy("r2", 1, "2000.00");
    next.valid_from_date = Some(day(2026, 4, 1));
    next.validate_only = true;
    let asked = world.signed(OURS, next.clone());
    let preview = policies(&world).publish_credit_policy(asked).await.unwrap();
    let impact = preview.into_inner().impact.unwrap();
    assert_eq!((impact.customer_count, impact.limit_changed_count), (1, 1));
    assert_eq!(
        (impact.terms_changed_count, impact.newly_held_count),
        (0, 0)
    );

    next.request_id = "r3".to_owned();
    next.validate_only = false;
    let asked = world.signed(OURS, next);
    policies(&world).publish_credit_policy(asked).await.unwrap();
    let told = events(&world, OURS).await;
    assert_eq!(types(&told)[4..], ["CreditPolicyPublished", "TermsGranted"]);
    let granted: TermsGranted = data(&told[5]);
    assert_eq!(granted.customer_id, customer.customer_id);
    assert_eq!(
        granted.granted_terms.unwrap().valid_from_date,
        Some(day(2026, 4, 1))
    );
    assert!(told[5].subject_version > told[3].subject_version);

    let stale = world.signed(OURS, policy("r4", 1, "3000.00"));
    let stale = policies(&world)
        .publish_credit_policy(stale)
        .await
        .unwrap_err();
    assert_eq!(
        (stale.code(), reason(&stale).as_str()),
        (Code::Aborted, "STALE_VERSION")
    );
}

#[tokio::test]
async fn nobody_belongs_to_themselves_also_by_way_of_others() {
    let world = World::start().await;
    with_profile(&world, OURS).await;
    let parent = with_customer(&world, OURS, "P").await;
    let child = with_customer(&world, OURS, "C").await;
    let under = |other: &Customer| {
        let mut changed = details("x");
        let id = other.customer_id.clone();
        changed.parent = Some(contracts::credit::customer_details::Parent::ParentCustomerId(id));
        changed
    };
    let belongs = update("r1", &child, "parent_customer_id", under(&parent));
    let asked = world.signed(OURS, belongs);
    customers(&world).update_customer(asked).await.unwrap();
    let cycle = update("r2", &parent, "parent_customer_id", under(&child));
    let asked = world.signed(OURS, cycle);
    let refused = customers(&world).update_customer(asked).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "PARENT_CYCLE")
    );
    let children = ListCustomersRequest {
        parent_customer_id: Some(parent.customer_id),
        ..ListCustomersRequest::default()
    };
    let asked = world.signed(OURS, children);
    let page = customers(&world)
        .list_customers(asked)
        .await
        .unwrap()
        .into_inner();
    let ids: Vec<String> = page
        .customers
        .into_iter()
        .map(|one| one.customer_id)
        .collect();
    assert_eq!(ids, [child.customer_id]);
}
