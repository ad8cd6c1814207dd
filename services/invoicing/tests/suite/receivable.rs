//! What the store does with what is owed: locked whole, saved whole, and never behind a version. And
//! the books' own check: what it is there to find, it finds.

use invoicing::domain::{InvoiceId, Receivable, WriteOffState};
use invoicing::store;
use invoicing::store::receivable::Wanted;
use jiff::civil::date;
use postgres::Tx;

use crate::books::disagreements;
use crate::fixture::{OURS, THEIRS};
use crate::office::Office;
use crate::till::{Bill, Till, amount, eur, for_invoice};

async fn locked(tx: &mut Tx, invoice_id: InvoiceId) -> Receivable {
    let wanted = Wanted::invoice(invoice_id);
    let mut found = store::receivable::lock_in_tx(tx, OURS, &wanted)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

/// 100.00 written off; 30.00 come after all, then 80.00: 10.00 are too much.
#[tokio::test]
async fn is_6_money_for_what_was_written_off_is_recovered() {
    let office = Office::open().await;
    let till = &office.till;
    let invoice = office.owed("100.00").await;
    let order = office.giving_up(invoice).await;
    office.write_off(OURS, &order).await.unwrap();
    assert_eq!(till.standing(invoice).await, ("CLOSED".into(), "0".into()));
    let money = for_invoice(invoice, "30.00", date(2026, 3, 10));
    let first = till.pay(&money).await;
    let recovered = &first.allocations[0];
    let told = [&recovered.amount, &recovered.reinstated_amount].map(amount);
    assert_eq!(told, ["30.00", "30.00"]);
    let mut tx = till.db.begin_read(OURS).await.unwrap();
    let debts = store::receivable::load_in_tx(&mut tx, OURS, &[invoice]).await;
    tx.commit().await.unwrap();
    let debt = debts.unwrap().remove(0);
    let [standing] = debt.write_offs.as_slice() else {
        panic!("{debt:?}")
    };
    assert_eq!(
        (standing.state, standing.version),
        (WriteOffState::WrittenOff, 2)
    );
    assert_eq!(standing.items[0].reinstated_amount, eur("30.00"));
    let money = for_invoice(invoice, "80.00", date(2026, 3, 11));
    let second = till.pay(&money).await;
    assert_eq!(amount(&second.rest_amount), "10.00");
    let recovered = "SELECT count(*) FROM write_off WHERE state = 'RECOVERED' AND version = 3";
    assert_eq!(till.count(recovered).await, 1);
    assert_eq!(till.standing(invoice).await, ("CLOSED".into(), "0".into()));
    office.close().await;
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
