//! What is done to rows behind the services' back, and what the proof must say to it.

use sqlx::{Connection as _, Executor as _, PgConnection};
use stores::{SUPERUSER, Stores};

/// Where, what is done to a row, how it is undone, and what must be told.
pub struct Tampering {
    pub database: &'static str,
    pub doing: &'static str,
    pub undoing: &'static str,
    pub told: &'static str,
}

const fn tampering(
    database: &'static str,
    (doing, undoing): (&'static str, &'static str),
    told: &'static str,
) -> Tampering {
    Tampering {
        database,
        doing,
        undoing,
        told,
    }
}

/// What the books betray.
pub const WITH_MONEY: [Tampering; 9] = [
    tampering(
        "payments",
        (
            "UPDATE receipt_entry SET amount = amount + 0.01 WHERE kind = 'RECEIVED'",
            "UPDATE receipt_entry SET amount = amount - 0.01 WHERE kind = 'RECEIVED'",
        ),
        "P1 received = allocated",
    ),
    tampering(
        "payments",
        (
            "UPDATE receipt SET allocated_amount = allocated_amount - 1,
                    unapplied_amount = unapplied_amount + 1 WHERE allocated_amount = 500",
            "UPDATE receipt SET allocated_amount = allocated_amount + 1,
                    unapplied_amount = unapplied_amount - 1 WHERE allocated_amount = 499",
        ),
        "P8 each amount of a receipt is the sum of its entries",
    ),
    tampering(
        "payments",
        (
            "UPDATE receipt_application SET allocated_amount = allocated_amount - 1,
                    rest_amount = rest_amount + 1 WHERE amount = 500",
            "UPDATE receipt_application SET allocated_amount = allocated_amount + 1,
                    rest_amount = rest_amount - 1 WHERE amount = 500",
        ),
        "P1 both sides say the same of each application",
    ),
    tampering(
        "payments",
        (
            "UPDATE unapplied_cash SET unapplied_amount = unapplied_amount + 1",
            "UPDATE unapplied_cash SET unapplied_amount = unapplied_amount - 1",
        ),
        "P8 a customer's unapplied cash is the sum over the receipts",
    ),
    tampering(
        "invoicing",
        (
            "UPDATE open_item SET open_amount = open_amount - 1 WHERE closed_date IS NULL",
            "UPDATE open_item SET open_amount = open_amount + 1 WHERE closed_date IS NULL",
        ),
        "P8 what is open of an item is the sum of its entries",
    ),
    tampering(
        "invoicing",
        (
            "UPDATE invoice_entry SET amount = -501 WHERE amount = -500",
            "UPDATE invoice_entry SET amount = -500 WHERE amount = -501",
        ),
        "P5 an open item was never worth less than nothing",
    ),
    tampering(
        "invoicing",
        (
            "UPDATE invoice_entry SET kind = 'DISCOUNT' WHERE amount = -500",
            "UPDATE invoice_entry SET kind = 'ALLOCATION' WHERE amount = -500",
        ),
        "P1 allocated by entries = allocated by applications that stand",
    ),
    tampering(
        "invoicing",
        (
            "UPDATE invoice SET gross_amount = gross_amount + 1",
            "UPDATE invoice SET gross_amount = gross_amount - 1",
        ),
        "P1 issued + fees",
    ),
    tampering(
        "credit",
        (
            "UPDATE known_invoice SET open_amount = 0 WHERE open_amount > 0",
            "UPDATE known_invoice SET open_amount = 300 WHERE gross_amount = 300",
        ),
        "P13 credit knows what is open of each invoice",
    ),
];

/// What the mails betray.
pub const WITH_MAILS: [Tampering; 3] = [
    tampering(
        "invoicing",
        (
            "UPDATE invoice_entry SET created_time = created_time - interval '9 days'
              WHERE amount = -500",
            "UPDATE invoice_entry SET created_time = created_time + interval '9 days'
              WHERE amount = -500",
        ),
        "P16 no mail asks for what was paid before",
    ),
    tampering(
        "reminders",
        (
            "UPDATE customer SET time_zone = 'America/New_York'",
            "UPDATE customer SET time_zone = 'Europe/Berlin'",
        ),
        "P17 no mail left outside the permitted hours of the debtor",
    ),
    tampering(
        "reminders",
        (
            "UPDATE message_content SET recipient = 'x' || recipient",
            "UPDATE message_content SET recipient = substr(recipient, 2)",
        ),
        "P14 each mail is a message that was sent, to its recipient",
    ),
];

/// Does something to a database, past everything that protects it.
pub async fn run(stores: &Stores, database: &str, sql: &'static str) {
    let url = stores.postgres_url(database, SUPERUSER).unwrap();
    let mut database = PgConnection::connect(&url).await.unwrap();
    let done = database.execute(sql).await.unwrap();
    assert!(done.rows_affected() > 0, "{sql}");
    database.close().await.unwrap();
}
