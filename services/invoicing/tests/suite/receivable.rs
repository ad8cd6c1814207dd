//! What the store does with what is owed: locked whole, saved whole, and never behind a version. And
//! the books' own check: what it is there to find, it finds.

use invoicing::domain::{
    InvoiceId, Receivable, Stamp, WriteOff, WriteOffOrder, WriteOffReason, WriteOffState,
};
use invoicing::store;
use invoicing::store::receivable::Wanted;
use jiff::civil::date;
use postgres::Tx;
use uuid::Uuid;

use crate::books::disagreements;
use crate::fixture::{OURS, THEIRS};
use crate::till::{Bill, Till, amount, for_invoice};

async fn locked(tx: &mut Tx, invoice_id: InvoiceId) -> Receivable {
    let wanted = Wanted::invoice(invoice_id);
    let mut found = store::receivable::lock_in_tx(tx, OURS, &wanted)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

/// Writes an invoice off as the rules and the store do it; the row of the write-off itself is plain.
async fn written_off(till: &Till, invoice_id: InvoiceId) -> WriteOff {
    let mut tx = till.db.begin(OURS).await.unwrap();
    let mut debt = locked(&mut tx, invoice_id).await;
    let mut new_id = Uuid::now_v7;
    let mut stamp = Stamp::new("2026-02-01T09:00:00Z".parse().unwrap(), &mut new_id);
    let order = WriteOffOrder {
        amount: None,
        reason: WriteOffReason::Uncollectible,
        note: String::new(),
        write_off_date: date(2026, 2, 1),
    };
    let write_off = debt.write_off(order, &mut stamp).unwrap();
    store::receivable::save_in_tx(&mut tx, OURS, &mut [&mut debt])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    sqlx::query(
        "WITH one AS (
             INSERT INTO write_off (tenant_id, write_off_id, invoice_id, invoice_number, customer_id,
                                    state, reason, note, currency, amount, write_off_date,
                                    created_time, version)
             VALUES ($1, $2, $3, $4, $5, 'WRITTEN_OFF', 'UNCOLLECTIBLE', '', 'EUR', $6,
                     '2026-02-01', now(), 1))
         INSERT INTO write_off_item VALUES ($1, $2, $7, $8, $6, 0)",
    )
    .bind(OURS.uuid())
    .bind(write_off.write_off_id.0)
    .bind(invoice_id.0)
    .bind(&write_off.invoice_number)
    .bind(write_off.customer_id.0)
    .bind(write_off.amount.amount())
    .bind(write_off.items[0].open_item_id.0)
    .bind(write_off.items[0].entry_id.0)
    .execute(&till.pool)
    .await
    .unwrap();
    write_off
}

/// 100.00 written off; 30.00 come after all, then 80.00: 10.00 are too much.
#[tokio::test]
async fn is_6_money_for_what_was_written_off_is_recovered() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("100.00")).await;
    let write_off = written_off(&till, invoice).await;
    assert_eq!(till.standing(invoice).await, ("CLOSED".into(), "0".into()));
    let first = till
        .pay(&for_invoice(invoice, "30.00", date(2026, 2, 10)))
        .await;
    let recovered = &first.allocations[0];
    assert_eq!(
        [&recovered.amount, &recovered.reinstated_amount].map(amount),
        ["30.00", "30.00"]
    );
    let mut tx = till.db.begin_read(OURS).await.unwrap();
    let debts = store::receivable::load_in_tx(&mut tx, OURS, &[invoice])
        .await
        .unwrap();
    let [standing] = debts[0].write_offs.as_slice() else {
        panic!("{debts:?}")
    };
    assert_eq!(
        (standing.state, standing.version),
        (WriteOffState::WrittenOff, 2)
    );
    assert_eq!(
        standing.items[0].reinstated_amount.to_amount_string(),
        "30.00"
    );
    assert_eq!(standing.write_off_id, write_off.write_off_id);
    tx.commit().await.unwrap();
    let second = till
        .pay(&for_invoice(invoice, "80.00", date(2026, 2, 11)))
        .await;
    assert_eq!(amount(&second.rest_amount), "10.00");
    let recovered = "SELECT count(*) FROM write_off WHERE state = 'RECOVERED' AND version = 3";
    assert_eq!(till.count(recovered).await, 1);
    assert_eq!(till.standing(invoice).await, ("CLOSED".into(), "0".into()));
    till.close().await;
}

#[tokio::test]
async fn what_is_locked_is_what_was_stored_and_nothing_of_another_tenant() {
    let till = Till::open().await;
    let bill = Bill {
        terms: "50%: net 10; rest: net 30",
        offer: "2/5",
        ..Bill::of("100.00")
    };
    let issued = till.issued(till.draft(&bill));
    let mut expected = issued.receivable().unwrap().clone();
    let invoice = till.store(OURS, issued).await.invoice_id;
    let entries = expected.take_new_entries();
    let mut tx = till.db.begin(OURS).await.unwrap();
    let mut debt = locked(&mut tx, invoice).await;
    debt.items.sort_by_key(|item| item.open_item_id);
    expected.items.sort_by_key(|item| item.open_item_id);
    assert_eq!(debt, expected);
    let history = store::receivable::history_in_tx(&mut tx, OURS, &[invoice])
        .await
        .unwrap();
    assert_eq!(history, entries);
    tx.commit().await.unwrap();
    let mut tx = till.db.begin(THEIRS).await.unwrap();
    let theirs = store::receivable::lock_in_tx(&mut tx, THEIRS, &Wanted::invoice(invoice)).await;
    assert_eq!(theirs.unwrap(), []);
    tx.commit().await.unwrap();
    till.close().await;
}

#[tokio::test]
async fn a_version_that_has_not_risen_is_not_saved() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("100.00")).await;
    let mut tx = till.db.begin(OURS).await.unwrap();
    let mut debt = locked(&mut tx, invoice).await;
    let refused = store::receivable::save_in_tx(&mut tx, OURS, &mut [&mut debt]).await;
    assert!(refused.unwrap_err().to_string().contains("version"));
    tx.rollback().await.unwrap();
    till.close().await;
}

/// P8: the program's role may neither change nor delete an entry, nor move a due date.
#[tokio::test]
async fn p8_entries_and_due_dates_are_out_of_reach() {
    let till = Till::open().await;
    till.owed(&Bill::of("100.00")).await;
    for forbidden in [
        "UPDATE invoice_entry SET amount = 1",
        "DELETE FROM invoice_entry",
        "UPDATE open_item SET due_date = '2030-01-01'",
        "UPDATE application SET answer = ''",
        "DELETE FROM allocation",
    ] {
        let mut tx = till.db.begin(OURS).await.unwrap();
        let refused = sqlx::query(forbidden).execute(&mut *tx).await.unwrap_err();
        let code = refused
            .as_database_error()
            .and_then(|error| error.code().map(|code| code.into_owned()));
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}");
        tx.rollback().await.unwrap();
    }
    till.close().await;
}

/// Each check of the books is shown a book that is wrong in its way.
#[tokio::test]
async fn p1_the_check_finds_what_does_not_agree() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("100.00")).await;
    till.pay(&for_invoice(invoice, "40.00", date(2026, 1, 20)))
        .await;
    assert_eq!(disagreements(&till.pool).await, Vec::<String>::new());
    for (tampering, found, mending) in [
        (
            "UPDATE open_item SET open_amount = 59",
            vec!["item ", "01"],
            "UPDATE open_item SET open_amount = 60",
        ),
        (
            "UPDATE allocation SET amount = 39",
            vec!["01", "application "],
            "UPDATE allocation SET amount = 40",
        ),
        (
            "UPDATE application SET state = 'REVERSED'",
            vec!["application "],
            "UPDATE application SET state = 'APPLIED'",
        ),
        (
            "UPDATE invoice SET last_entry_number = 3",
            vec!["invoice "],
            "UPDATE invoice SET last_entry_number = 2",
        ),
    ] {
        sqlx::query(tampering).execute(&till.pool).await.unwrap();
        let lines = disagreements(&till.pool).await;
        assert_eq!(lines.len(), found.len(), "{tampering}: {lines:?}");
        for (line, start) in lines.iter().zip(found) {
            assert!(line.starts_with(start), "{tampering}: {line}");
        }
        sqlx::query(mending).execute(&till.pool).await.unwrap();
    }
    till.close().await;
}
