//! ImportCustomers: whole or not at all, parents anywhere, the same rows again nothing to do.

use contracts::common::{ImportOptions, ImportReport, ImportState};
use contracts::credit::customer_details::Parent;
use contracts::credit::{CustomerRow, ImportCustomersRequest, ListCustomersRequest};
use tonic::Request;

use crate::fixture::{OURS, World};
use crate::samples::{customers, details, events, types, with_profile};

fn row(row_number: i32, external_id: &str, parent: Option<&str>) -> CustomerRow {
    let mut details = details(external_id);
    details.parent = parent.map(|parent| Parent::ParentExternalId(parent.to_owned()));
    CustomerRow {
        row_number,
        external_id: external_id.to_owned(),
        details: Some(details),
    }
}

async fn import(
    world: &World,
    request_id: &str,
    options: ImportOptions,
    rows: Vec<CustomerRow>,
) -> ImportReport {
    let mut rows = rows.into_iter();
    let first = ImportCustomersRequest {
        request_id: request_id.to_owned(),
        options: Some(options),
        rows: rows.by_ref().take(1).collect(),
    };
    let second = ImportCustomersRequest {
        rows: rows.collect(),
        ..ImportCustomersRequest::default()
    };
    let (metadata, extensions, ()) = world.signed(OURS, ()).into_parts();
    let messages = tokio_stream::iter([first, second]);
    let asked = Request::from_parts(metadata, extensions, messages);
    let answer = customers(world).import_customers(asked).await.unwrap();
    answer.into_inner().report.unwrap()
}

async fn names(world: &World) -> Vec<String> {
    let asked = world.signed(OURS, ListCustomersRequest::default());
    let page = customers(world)
        .list_customers(asked)
        .await
        .unwrap()
        .into_inner();
    let mut names: Vec<String> = page
        .customers
        .into_iter()
        .map(|one| one.external_id)
        .collect();
    names.sort();
    names
}

fn faults(report: &ImportReport) -> Vec<(i32, &str)> {
    let rows = report.rejected_rows.iter();
    rows.map(|row| (row.row_number, row.reason.as_str()))
        .collect()
}

#[tokio::test]
async fn parents_may_stand_behind_their_children_and_again_is_unchanged() {
    let world = World::start().await;
    with_profile(&world, OURS).await;
    let rows = || {
        vec![
            row(1, "C", Some("P")),
            row(2, "P", Some("G")),
            row(3, "G", None),
        ]
    };
    let report = import(&world, "r1", ImportOptions::default(), rows()).await;
    assert_eq!(report.state(), ImportState::Completed);
    assert_eq!((report.row_count, report.imported_count), (3, 3));
    assert_eq!(names(&world).await, ["C", "G", "P"]);
    let replayed = import(&world, "r1", ImportOptions::default(), rows()).await;
    assert_eq!(replayed, report);
    let again = import(&world, "r2", ImportOptions::default(), rows()).await;
    assert_eq!((again.unchanged_count, again.imported_count), (3, 0));
    let told = events(&world, OURS).await;
    assert_eq!(types(&told)[1..], ["CustomerCreated"; 3]);
}

#[tokio::test]
async fn one_bad_row_stops_all_unless_bad_rows_are_left_out() {
    let world = World::start().await;
    with_profile(&world, OURS).await;
    let rows = || {
        let mut malformed = row(2, "B", None);
        malformed.details.as_mut().unwrap().country_code = "Germany".to_owned();
        vec![
            row(1, "A", None),
            malformed,
            row(3, "C", Some("B")),
            row(4, "D", None),
            row(5, "D", None),
            row(6, "E", Some("F")),
            row(7, "F", Some("E")),
        ]
    };
    let refused = import(&world, "r1", ImportOptions::default(), rows()).await;
    assert_eq!(refused.state(), ImportState::Refused);
    assert_eq!(
        faults(&refused),
        [
            (2, "REQUEST_INVALID"),
            (3, "PARENT_NOT_FOUND"),
            (4, "DUPLICATE_ROW"),
            (5, "DUPLICATE_ROW"),
            (6, "PARENT_CYCLE"),
            (7, "PARENT_CYCLE"),
        ]
    );
    assert_eq!(refused.rejected_rows[0].field, "details.country_code");
    assert!(names(&world).await.is_empty(), "nothing was imported");

    let skip = ImportOptions {
        skip_bad: true,
        ..ImportOptions::default()
    };
    let skipped = import(&world, "r2", skip, rows()).await;
    assert_eq!(skipped.state(), ImportState::Completed);
    assert_eq!((skipped.imported_count, skipped.rejected_count), (1, 6));
    assert_eq!(names(&world).await, ["A"]);

    let dry = ImportOptions {
        validate_only: true,
        ..ImportOptions::default()
    };
    let dry = import(&world, "r3", dry, vec![row(1, "Z", None)]).await;
    assert_eq!(
        (dry.state(), dry.imported_count),
        (ImportState::Validated, 1)
    );
    let mut other = row(1, "A", None);
    other.details.as_mut().unwrap().display_name = "somebody else".to_owned();
    let taken = import(&world, "r4", ImportOptions::default(), vec![other]).await;
    assert_eq!(faults(&taken), [(1, "CUSTOMER_EXISTS")]);
    assert_eq!(names(&world).await, ["A"]);
}
