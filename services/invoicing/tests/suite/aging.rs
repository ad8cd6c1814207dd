//! AgingService: what was outstanding at the end of any day, by two ages, against figures worked out
//! by hand and against a naive recomputation.

use contracts::convert::date_to_wire;
use contracts::invoicing::aging_service_client::AgingServiceClient;
use contracts::invoicing::{
    AgingBasis, AgingQuery, AgingTable, GetAgingRequest, StreamCustomerAgingRequest,
    StreamCustomerAgingResponse,
};
use jiff::civil::{Date, date};
use postgres::TenantId;
use tonic::Code;
use tonic::transport::Channel;

use crate::dice::Dice;
use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::ledger::{Ledger, Written, customer};
use crate::office::Office;
use crate::till::{for_invoice, returned, reversed};

fn client(world: &World) -> AgingServiceClient<Channel> {
    AgingServiceClient::new(world.channel()).max_decoding_message_size(64 << 20)
}

fn query(as_of: Date, basis: AgingBasis) -> AgingQuery {
    AgingQuery {
        as_of_date: Some(date_to_wire(as_of)),
        basis: basis.into(),
        ..AgingQuery::default()
    }
}

async fn tables(world: &World, tenant: TenantId, query: AgingQuery) -> Vec<AgingTable> {
    let asked = GetAgingRequest {
        query: Some(query),
        customer_id: None,
    };
    let answer = client(world).get_aging(world.signed(tenant, asked)).await;
    answer.unwrap().into_inner().tables
}

async fn messages(world: &World, query: AgingQuery) -> Vec<StreamCustomerAgingResponse> {
    let asked = world.signed(OURS, StreamCustomerAgingRequest { query: Some(query) });
    let answer = client(world).stream_customer_aging(asked).await;
    let mut stream = answer.unwrap().into_inner();
    let mut found = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        found.push(message);
    }
    found
}

fn minor(amount: &Option<contracts::common::Money>) -> i64 {
    let amount = amount.as_ref().unwrap();
    amount.amount.replace('.', "").parse().unwrap()
}

/// The amount in each bucket, and what is outstanding, in cents.
fn cents(table: &AgingTable) -> (Vec<i64>, i64) {
    let buckets = table.buckets.iter().map(|bucket| minor(&bucket.amount));
    (buckets.collect(), minor(&table.outstanding_amount))
}

#[tokio::test]
async fn ag_1_ag_3_both_ages_by_hand() {
    let world = World::start().await;
    let ledger = Ledger::open(&world, OURS).await;
    let invoiced = date(2026, 2, 1);
    let due = date(2026, 3, 1);
    ledger.owed(customer(1), "100.00", invoiced, due).await;
    let on = async |as_of, basis| cents(&tables(&world, OURS, query(as_of, basis)).await[0]);
    let by_due = AgingBasis::DueDate;
    assert_eq!(
        on(date(2026, 3, 1), by_due).await,
        (vec![10000, 0, 0, 0, 0], 10000)
    );
    assert_eq!(
        on(date(2026, 3, 31), by_due).await,
        (vec![0, 10000, 0, 0, 0], 10000)
    );
    assert_eq!(
        on(date(2026, 4, 1), by_due).await,
        (vec![0, 0, 10000, 0, 0], 10000)
    );
    let by_invoice = AgingBasis::InvoiceDate;
    assert_eq!(
        on(date(2026, 3, 3), by_invoice).await,
        (vec![0, 10000, 0, 0, 0], 10000)
    );
    assert_eq!(
        on(date(2026, 3, 4), by_invoice).await,
        (vec![0, 0, 10000, 0, 0], 10000)
    );
    // The day before it was invoiced nothing counts: there is no table at all.
    let before = query(date(2026, 1, 31), by_due);
    assert!(tables(&world, OURS, before).await.is_empty());
    let own_limits = AgingQuery {
        bucket_limits_days: vec![7, 14],
        ..query(date(2026, 3, 9), by_due)
    };
    let table = &tables(&world, OURS, own_limits).await[0];
    let labels = table.buckets.iter().map(|bucket| bucket.label.as_str());
    assert!(labels.eq(["not due", "1-7", "8-14", ">14"]));
    assert_eq!(cents(table), (vec![0, 0, 10000, 0], 10000));
    assert!(
        tables(&world, THEIRS, query(date(2026, 3, 9), by_due))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn ag_4_a_later_payment_shrinks_nothing_and_one_taken_back_later_still_counts() {
    let world = World::start().await;
    let ledger = Ledger::open(&world, OURS).await;
    let owed = ledger
        .owed(customer(1), "100.00", date(2026, 1, 1), date(2026, 1, 31))
        .await;
    let paid = ledger
        .entry(&owed, 0, "ALLOCATION", "-60.00", date(2026, 2, 10))
        .await;
    ledger
        .take_back(&owed, 0, paid, "60.00", date(2026, 2, 20))
        .await;
    ledger
        .entry(&owed, 0, "ALLOCATION", "-100.00", date(2026, 3, 5))
        .await;
    ledger.sum_up().await;
    let open = async |as_of| {
        let found = tables(&world, OURS, query(as_of, AgingBasis::DueDate)).await;
        found.first().map_or(0, |table| cents(table).1)
    };
    for (as_of, cents) in [
        (date(2025, 12, 31), 0),
        (date(2026, 1, 1), 10000),
        (date(2026, 2, 9), 10000),
        (date(2026, 2, 10), 4000),
        (date(2026, 2, 19), 4000),
        (date(2026, 2, 20), 10000),
        (date(2026, 3, 4), 10000),
        (date(2026, 3, 5), 0),
    ] {
        assert_eq!(open(as_of).await, cents, "{as_of}");
    }
}

#[tokio::test]
async fn ag_4_ca_7_money_applied_and_taken_back_through_the_rpcs_shows_from_its_days() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let paid = for_invoice(owed, "60.00", date(2026, 2, 10));
    let paid = office.till.pay(&paid).await;
    let back = returned(&paid.application_id, date(2026, 2, 20));
    reversed(office.till.reverse(&[back]).await.remove(0));
    // Booked last, and of an earlier day than what was taken back.
    let late = for_invoice(owed, "25.00", date(2026, 2, 5));
    office.till.pay(&late).await;
    let world = &office.till.world;
    for (as_of, open) in [
        (date(2025, 12, 31), 0),
        (date(2026, 1, 1), 10000),
        (date(2026, 2, 5), 7500),
        (date(2026, 2, 10), 1500),
        (date(2026, 2, 20), 7500),
        (date(2026, 3, 31), 7500),
    ] {
        for basis in [AgingBasis::DueDate, AgingBasis::InvoiceDate] {
            let found = tables(world, OURS, query(as_of, basis)).await;
            assert_eq!(
                found.first().map_or(0, |table| cents(table).1),
                open,
                "{as_of}"
            );
        }
    }
    office.close().await;
}

#[tokio::test]
async fn ag_4_an_invoice_counts_from_the_day_it_was_issued_where_that_is_earlier() {
    let world = World::start().await;
    let ledger = Ledger::open(&world, OURS).await;
    let items = [(date(2026, 4, 30), "80.00")];
    let ahead = Written {
        customer_id: customer(1),
        currency: "EUR",
        invoice_date: date(2026, 4, 1),
        issued_date: date(2026, 3, 1),
        items: &items,
    };
    ledger.issue(&ahead).await;
    let on = |as_of| tables(&world, OURS, query(as_of, AgingBasis::InvoiceDate));
    assert!(on(date(2026, 2, 28)).await.is_empty());
    let table = on(date(2026, 3, 1)).await.remove(0);
    assert_eq!(table.buckets[0].label, "dated later");
    assert_eq!(cents(&table), (vec![8000, 0, 0, 0, 0], 8000));
    assert_eq!(cents(&on(date(2026, 4, 1)).await[0]).0, [0, 8000, 0, 0, 0]);
}

#[tokio::test]
async fn ag_2_customer_credit_is_taken_off_and_told_as_of_the_day() {
    let world = World::start().await;
    let ledger = Ledger::open(&world, OURS).await;
    ledger
        .owed(customer(1), "50.00", date(2026, 1, 1), date(2026, 1, 31))
        .await;
    let used = Some(("20.00", date(2026, 2, 15)));
    ledger
        .credit(customer(1), ("80.00", date(2026, 2, 1)), used)
        .await;
    let on = async |as_of| {
        let table = tables(&world, OURS, query(as_of, AgingBasis::DueDate))
            .await
            .remove(0);
        (minor(&table.customer_credit_amount), cents(&table).1)
    };
    assert_eq!(on(date(2026, 1, 31)).await, (0, 5000));
    assert_eq!(on(date(2026, 2, 14)).await, (-8000, -3000));
    assert_eq!(on(date(2026, 2, 15)).await, (-6000, -1000));
}

#[tokio::test]
async fn today_is_the_day_in_the_tenants_zone_once_it_is_known() {
    let world = World::start().await;
    let today = AgingQuery {
        basis: AgingBasis::DueDate.into(),
        ..AgingQuery::default()
    };
    let asked = || {
        let query = Some(today.clone());
        world.signed(
            OURS,
            GetAgingRequest {
                query,
                customer_id: None,
            },
        )
    };
    let refused = client(&world).get_aging(asked()).await.unwrap_err();
    let expected = (Code::Unavailable, "TENANT_NOT_YET_KNOWN".to_owned());
    assert_eq!((refused.code(), reason(&refused)), expected);
    let ledger = Ledger::open(&world, OURS).await;
    sqlx::query("INSERT INTO tenant VALUES ($1, 'Pacific/Auckland', 'NZD', 1)")
        .bind(OURS.uuid())
        .execute(&ledger.pool)
        .await
        .unwrap();
    // 2026-03-01T12:00:00Z is the second of March there.
    world
        .clock
        .set("2026-03-01T12:00:00Z".parse().unwrap())
        .unwrap();
    let answer = client(&world)
        .get_aging(asked())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.as_of_date, Some(date_to_wire(date(2026, 3, 2))));
}

#[tokio::test]
async fn a_query_says_what_of_it_is_wrong() {
    let world = World::start().await;
    let falling = AgingQuery {
        basis: 0,
        bucket_limits_days: vec![30, 30],
        currency_code: Some("EURO".to_owned()),
        ..AgingQuery::default()
    };
    for (query, expected) in [
        (None, vec!["query"]),
        (
            Some(falling),
            vec![
                "query.basis",
                "query.currency_code",
                "query.bucket_limits_days",
            ],
        ),
    ] {
        let asked = GetAgingRequest {
            query,
            customer_id: None,
        };
        let refused = client(&world)
            .get_aging(world.signed(OURS, asked))
            .await
            .unwrap_err();
        assert_eq!(fields(&refused), expected);
    }
}

/// What entries and credit come to at the end of a day, straight from their definition.
const OUTSTANDING: &str = "
    SELECT (100 * (SELECT coalesce(sum(entry.amount), 0)
               FROM invoice_entry entry JOIN invoice USING (tenant_id, invoice_id)
              WHERE tenant_id = $1 AND counts_from_date <= $2::date
                AND entry_date <= $2::date)
          - 100 * (SELECT coalesce(sum(amount), 0) FROM customer_credit_entry
                    WHERE tenant_id = $1 AND entry_date <= $2::date))::bigint";

/// Items that were worth anything then.
const ITEMS: &str = "
    SELECT count(*)
      FROM (SELECT open_item_id
              FROM invoice_entry entry JOIN invoice USING (tenant_id, invoice_id)
             WHERE tenant_id = $1 AND counts_from_date <= $2::date AND entry_date <= $2::date
             GROUP BY open_item_id HAVING sum(amount) <> 0) worth";

/// What was 31 to 60 days past due then.
const SECOND_MONTH: &str = "
    SELECT (100 * coalesce(sum(entry.amount), 0))::bigint
      FROM invoice_entry entry JOIN open_item item USING (tenant_id, invoice_id, open_item_id)
     WHERE tenant_id = $1 AND counts_from_date <= $2::date AND entry_date <= $2::date
       AND $2::date - due_date BETWEEN 31 AND 60";

#[tokio::test]
async fn ag_2_any_book_on_any_day_sums_to_what_is_outstanding_by_both_ages() {
    let world = World::start().await;
    let ledger = Ledger::open(&world, OURS).await;
    let mut dice = Dice::new(20260301);
    crate::dice::random_book(&ledger, &mut dice, 60).await;
    for _ in 0..12 {
        let as_of = dice.day();
        let outstanding = ledger.told(OUTSTANDING, &[as_of]).await;
        for basis in [AgingBasis::DueDate, AgingBasis::InvoiceDate] {
            let found = tables(&world, OURS, query(as_of, basis)).await;
            let total: i64 = found.iter().map(|table| cents(table).1).sum();
            assert_eq!(total, outstanding, "{as_of} {basis:?}");
            for table in &found {
                let (buckets, outstanding) = cents(table);
                let credit = minor(&table.customer_credit_amount);
                assert_eq!(buckets.iter().sum::<i64>() + credit, outstanding);
            }
            let items: i64 = found.iter().map(|table| table.item_count).sum();
            assert_eq!(items, ledger.told(ITEMS, &[as_of]).await, "{as_of}");
            if basis == AgingBasis::DueDate {
                let third: i64 = found.iter().map(|table| cents(table).0[2]).sum();
                let naive = ledger.told(SECOND_MONTH, &[as_of]).await;
                assert_eq!(third, naive, "{as_of}");
            }
            streams_the_same(&world, query(as_of, basis), &found).await;
        }
    }
}

/// The customers of the stream sum to its totals, and those are the tables of GetAging; so are those
/// of a customer alone.
async fn streams_the_same(world: &World, query: AgingQuery, tables: &[AgingTable]) {
    let messages = messages(world, query.clone()).await;
    let (last, before) = messages.split_last().unwrap();
    assert!(before.iter().all(|message| message.totals.is_empty()));
    assert_eq!(last.totals, tables);
    let customers: Vec<_> = messages
        .iter()
        .flat_map(|message| &message.customers)
        .collect();
    let table = |index: usize| customers[index].table.as_ref().unwrap();
    let key = |index: usize| (&customers[index].customer_id, &table(index).currency_code);
    assert!((1..customers.len()).all(|index| key(index - 1) < key(index)));
    if let Some(first) = customers.first() {
        let asked = GetAgingRequest {
            query: Some(query),
            customer_id: Some(first.customer_id.clone()),
        };
        let answer = client(world).get_aging(world.signed(OURS, asked)).await;
        let own = customers
            .iter()
            .filter(|one| one.customer_id == first.customer_id);
        let own = own.filter_map(|one| one.table.clone());
        assert!(answer.unwrap().into_inner().tables.into_iter().eq(own));
    }
    for total in tables {
        let mut sum = vec![0; total.buckets.len()];
        let mut credit = 0;
        for table in customers
            .iter()
            .filter_map(|customer| customer.table.as_ref())
        {
            if table.currency_code == total.currency_code {
                let buckets = cents(table).0;
                sum.iter_mut()
                    .zip(buckets)
                    .for_each(|(sum, bucket)| *sum += bucket);
                credit += minor(&table.customer_credit_amount);
            }
        }
        assert_eq!(
            (sum, credit),
            (cents(total).0, minor(&total.customer_credit_amount))
        );
    }
}

#[tokio::test]
async fn many_customers_come_in_messages_of_at_most_500() {
    let world = World::start().await;
    let ledger = Ledger::open(&world, OURS).await;
    ledger
        .owed(customer(0), "1.00", date(2026, 1, 1), date(2026, 1, 31))
        .await;
    sqlx::raw_sql(
        "CREATE TEMP TABLE one AS SELECT * FROM invoice;
         CREATE TEMP TABLE item AS SELECT * FROM open_item;
         INSERT INTO invoice SELECT (jsonb_populate_record(one, jsonb_build_object(
                'invoice_id', md5('i' || n)::uuid, 'customer_id', md5('c' || n)::uuid,
                'invoice_number', 'N' || n))).*
           FROM one, generate_series(1, 1200) n;
         INSERT INTO open_item SELECT (jsonb_populate_record(item, jsonb_build_object(
                'invoice_id', md5('i' || n)::uuid, 'customer_id', md5('c' || n)::uuid,
                'open_item_id', md5('o' || n)::uuid))).*
           FROM item, generate_series(1, 1200) n",
    )
    .execute(&mut *ledger.pool.acquire().await.unwrap())
    .await
    .unwrap();
    let messages = messages(&world, query(date(2026, 3, 1), AgingBasis::DueDate)).await;
    let sizes: Vec<_> = messages
        .iter()
        .map(|message| message.customers.len())
        .collect();
    assert_eq!(sizes, [500, 500, 201]);
    assert_eq!(minor(&messages[2].totals[0].outstanding_amount), 120_100);
}
