//! BankAccountService: accounts are added once, found by name, and changed by whoever read them last.

use contracts::payments::bank_account_service_client::BankAccountServiceClient;
use contracts::payments::*;
use prost_types::FieldMask;
use tonic::Code;
use tonic::transport::Channel;

use crate::fixture::{OURS, THEIRS, World, fields, reason};

fn accounts(world: &World) -> BankAccountServiceClient<Channel> {
    BankAccountServiceClient::new(world.channel())
}

fn account(name: &str, number: &str) -> BankAccount {
    BankAccount {
        display_name: name.to_owned(),
        account_number: number.to_owned(),
        bank_code: "COBADEFFXXX".to_owned(),
        currency_code: "EUR".to_owned(),
        ..BankAccount::default()
    }
}

fn create(request_id: &str, account: BankAccount) -> CreateBankAccountRequest {
    CreateBankAccountRequest {
        request_id: request_id.to_owned(),
        bank_account: Some(account),
    }
}

async fn created(world: &World, request_id: &str, account: BankAccount) -> BankAccount {
    let asked = world.signed(OURS, create(request_id, account));
    let answer = accounts(world).create_bank_account(asked).await.unwrap();
    answer.into_inner().bank_account.unwrap()
}

#[tokio::test]
async fn an_account_is_added_once_and_its_iban_is_written_in_one_way() {
    let world = World::start().await;
    let giro = || account("Giro", "de89 3704 0044 0532 0130 00");
    let first = created(&world, "r1", giro()).await;
    assert_eq!(first.account_number, "DE89370400440532013000");
    assert_eq!(
        (first.etag.as_str(), first.statements_until_date),
        ("1", None)
    );
    assert_eq!(
        created(&world, "r1", giro()).await,
        first,
        "a repeat answers as the first time"
    );

    let asked = world.signed(
        OURS,
        create("r2", account("Again", "DE89370400440532013000")),
    );
    let taken = accounts(&world)
        .create_bank_account(asked)
        .await
        .unwrap_err();
    assert_eq!(taken.code(), Code::AlreadyExists);
    assert_eq!(reason(&taken), "BANK_ACCOUNT_EXISTS");

    let theirs = world.signed(THEIRS, create("r1", giro()));
    let theirs = accounts(&world).create_bank_account(theirs).await.unwrap();
    let theirs = theirs.into_inner().bank_account.unwrap();
    assert_ne!(
        theirs.bank_account_id, first.bank_account_id,
        "tenants do not share numbers"
    );

    let id = first.bank_account_id.clone();
    let foreign = world.signed(
        THEIRS,
        GetBankAccountRequest {
            bank_account_id: id,
        },
    );
    let foreign = accounts(&world)
        .get_bank_account(foreign)
        .await
        .unwrap_err();
    assert_eq!(
        (foreign.code(), reason(&foreign).as_str()),
        (Code::NotFound, "BANK_ACCOUNT_NOT_FOUND")
    );
}

#[tokio::test]
async fn everything_that_is_wrong_with_an_account_is_told_at_once() {
    let world = World::start().await;
    let wrong = BankAccount {
        bank_account_id: "1".to_owned(),
        account_number: "DE89370400440532013001".to_owned(),
        currency_code: "EURO".to_owned(),
        ..BankAccount::default()
    };
    let asked = world.signed(OURS, create("r1", wrong));
    let refused = accounts(&world)
        .create_bank_account(asked)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let told = [
        "bank_account_id",
        "display_name",
        "account_number",
        "currency_code",
    ];
    assert_eq!(
        fields(&refused),
        told.map(|field| format!("bank_account.{field}"))
    );
}

#[tokio::test]
async fn what_describes_an_account_changes_and_its_number_does_not() {
    let world = World::start().await;
    let giro = created(&world, "r1", account("Giro", "1234567")).await;
    let update = |request_id: &str, path: &str, etag: &str| UpdateBankAccountRequest {
        request_id: request_id.to_owned(),
        bank_account_id: giro.bank_account_id.clone(),
        bank_account: Some(account("Main", "7654321")),
        update_mask: Some(FieldMask {
            paths: vec![path.to_owned()],
        }),
        etag: etag.to_owned(),
    };
    let send = |request| {
        let asked = world.signed(OURS, request);
        let mut client = accounts(&world);
        async move { client.update_bank_account(asked).await }
    };
    let changed = send(update("r2", "display_name", "1")).await.unwrap();
    let changed = changed.into_inner().bank_account.unwrap();
    assert_eq!(
        (changed.display_name.as_str(), changed.etag.as_str()),
        ("Main", "2")
    );
    assert_eq!(changed.account_number, "1234567");
    let stale = send(update("r3", "bank_code", "1")).await.unwrap_err();
    assert_eq!(
        (stale.code(), reason(&stale).as_str()),
        (Code::Aborted, "STALE_ETAG")
    );
    let number = send(update("r4", "account_number", "")).await.unwrap_err();
    assert_eq!(fields(&number), ["update_mask"]);
    let entries = "SELECT count(*) FROM audit_entry WHERE subject LIKE 'bank_account/%'";
    assert_eq!(world.count(entries).await, 2, "one for each change");
}

#[tokio::test]
async fn accounts_are_listed_by_name_page_by_page() {
    let world = World::start().await;
    for (place, name) in ["C", "A", "B"].into_iter().enumerate() {
        created(&world, name, account(name, &format!("100000{place}"))).await;
    }
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let asked = ListBankAccountsRequest {
            page_size: 2,
            page_token: page_token.clone(),
        };
        let asked = world.signed(OURS, asked);
        let page = accounts(&world)
            .list_bank_accounts(asked)
            .await
            .unwrap()
            .into_inner();
        names.extend(page.bank_accounts.into_iter().map(|one| one.display_name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["A", "B", "C"]);
}
