//! ColumnMappingService: mappings are kept as they were written, and only whole ones.

use contracts::payments::column_mapping::Amount;
use contracts::payments::*;
use prost_types::FieldMask;
use tonic::Code;

use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::statements::{header, mapping, mappings, with_mapping};

fn create(request_id: &str, mapping: ColumnMapping) -> CreateColumnMappingRequest {
    CreateColumnMappingRequest {
        request_id: request_id.to_owned(),
        column_mapping: Some(mapping),
    }
}

#[tokio::test]
async fn a_mapping_is_kept_as_it_was_written() {
    let world = World::start().await;
    let kept = with_mapping(&world, OURS, mapping("our bank")).await;
    let written = ColumnMapping {
        column_mapping_id: kept.column_mapping_id.clone(),
        created_time: kept.created_time,
        etag: "1".to_owned(),
        ..mapping("our bank")
    };
    assert_eq!(kept, written);
    let asked = GetColumnMappingRequest {
        column_mapping_id: kept.column_mapping_id.clone(),
    };
    let read = mappings(&world)
        .get_column_mapping(world.signed(OURS, asked.clone()))
        .await;
    assert_eq!(read.unwrap().into_inner().column_mapping.unwrap(), kept);
    let foreign = mappings(&world)
        .get_column_mapping(world.signed(THEIRS, asked))
        .await;
    let foreign = foreign.unwrap_err();
    assert_eq!(
        (foreign.code(), reason(&foreign).as_str()),
        (Code::NotFound, "COLUMN_MAPPING_NOT_FOUND")
    );
    let again = world.signed(OURS, create("r2", mapping("our bank")));
    let taken = mappings(&world)
        .create_column_mapping(again)
        .await
        .unwrap_err();
    assert_eq!(
        (taken.code(), reason(&taken).as_str()),
        (Code::AlreadyExists, "COLUMN_MAPPING_EXISTS")
    );
}

#[tokio::test]
async fn what_could_read_no_file_is_refused_with_every_fault() {
    let world = World::start().await;
    let mut wrong = mapping("wrong");
    wrong.format = Some(CsvFormat {
        delimiter: ";;".to_owned(),
        decimal_mark: ";".to_owned(),
        date_format: "%H:%M".to_owned(),
        ..CsvFormat::default()
    });
    wrong.booking_date = None;
    wrong.amount = None;
    let asked = world.signed(OURS, create("r1", wrong));
    let refused = mappings(&world)
        .create_column_mapping(asked)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let told = [
        "format.delimiter",
        "format.decimal_mark",
        "format.date_format",
        "booking_date",
        "signed_amount",
    ];
    assert_eq!(
        fields(&refused),
        told.map(|field| format!("column_mapping.{field}"))
    );

    let mut headless = mapping("headless");
    headless.format.as_mut().unwrap().has_header = false;
    headless.amount = Some(Amount::AmountDirection(AmountDirectionColumns {
        amount: Some(header("Betrag")),
        direction: Some(header("S/H")),
        credit_marks: vec!["H".to_owned()],
        debit_marks: vec!["H".to_owned()],
    }));
    let asked = world.signed(OURS, create("r2", headless));
    let refused = fields(
        &mappings(&world)
            .create_column_mapping(asked)
            .await
            .unwrap_err(),
    );
    assert!(
        refused.contains(&"column_mapping.booking_date".to_owned()),
        "{refused:?}"
    );
    let marks = "column_mapping.amount_direction.debit_marks".to_owned();
    assert!(refused.contains(&marks), "{refused:?}");
}

#[tokio::test]
async fn half_of_two_peoples_mappings_is_never_stored() {
    let world = World::start().await;
    let kept = with_mapping(&world, OURS, mapping("our bank")).await;
    let other = with_mapping(&world, OURS, mapping("another")).await;
    let update = |request_id: &str, path: &str, etag: &str| UpdateColumnMappingRequest {
        request_id: request_id.to_owned(),
        column_mapping_id: kept.column_mapping_id.clone(),
        column_mapping: Some(ColumnMapping {
            display_name: other.display_name.clone(),
            amount: Some(Amount::CreditDebit(CreditDebitColumns {
                credit: Some(header("Haben")),
                debit: Some(header("Soll")),
            })),
            ..ColumnMapping::default()
        }),
        update_mask: Some(FieldMask {
            paths: vec![path.to_owned()],
        }),
        etag: etag.to_owned(),
    };
    let send = |request| {
        let asked = world.signed(OURS, request);
        let mut client = mappings(&world);
        async move { client.update_column_mapping(asked).await }
    };
    let changed = send(update("r1", "credit_debit", "1")).await.unwrap();
    let changed = changed.into_inner().column_mapping.unwrap();
    assert!(matches!(changed.amount, Some(Amount::CreditDebit(_))));
    assert_eq!(
        (changed.etag.as_str(), &changed.value_date),
        ("2", &kept.value_date)
    );
    let stale = send(update("r2", "payer_name", "1")).await.unwrap_err();
    assert_eq!(
        (stale.code(), reason(&stale).as_str()),
        (Code::Aborted, "STALE_ETAG")
    );
    let without = send(update("r3", "payer_name", "")).await.unwrap_err();
    assert_eq!(fields(&without), ["etag"]);
    let taken = send(update("r4", "display_name", "2")).await.unwrap_err();
    assert_eq!(reason(&taken), "COLUMN_MAPPING_EXISTS");
    let emptied = send(update("r5", "signed_amount", "2")).await.unwrap_err();
    assert_eq!(fields(&emptied), ["column_mapping.signed_amount"]);
}

#[tokio::test]
async fn mappings_are_listed_by_name() {
    let world = World::start().await;
    for name in ["b", "a", "c"] {
        with_mapping(&world, OURS, mapping(name)).await;
    }
    let asked = world.signed(OURS, ListColumnMappingsRequest::default());
    let page = mappings(&world)
        .list_column_mappings(asked)
        .await
        .unwrap()
        .into_inner();
    let names: Vec<String> = page
        .column_mappings
        .into_iter()
        .map(|one| one.display_name)
        .collect();
    assert_eq!(
        (names, page.next_page_token),
        (["a", "b", "c"].map(str::to_owned).to_vec(), String::new())
    );
}
