//! Drafts: written, read, listed, changed; nothing of them is owed or announced.

use contracts::credit::GrantedTerms;
use contracts::invoicing::get_invoice_request::Key;
use contracts::invoicing::invoice_content::{Customer, Due};
use contracts::invoicing::{
    CreateInvoiceRequest, Invoice, InvoiceState, ListInvoiceEntriesRequest, UpdateInvoiceRequest,
};
use prost_types::FieldMask;
use tonic::{Code, Status};

use crate::fixture::{OURS, THEIRS, fields, reason};
use crate::shop::{Shop, amount, day, decimal, granted, line, new_invoice, offer, terms};

/// Three kinds of tax: the sums are worked out by hand.
#[tokio::test]
async fn rd_4_a_draft_has_the_sums_of_its_lines() {
    let shop = Shop::open().await;
    let mut content = shop.content("0");
    // 3 × 10.12 at 20 %: tax once, on 30.36, is 6.07 and not 3 × 2.02.
    content.lines = vec![
        line("1", "10.12", "0.2"),
        line("1", "10.12", "0.2"),
        line("2", "5.06", "0.2"),
        line("1.5", "0.333", "0.07"),
        line("-1", "4.50", "0"),
    ];
    let draft = shop.create(content).await.unwrap();
    assert_eq!(draft.state(), InvoiceState::Draft);
    assert_eq!(draft.invoice_number, "");
    let totals = draft.totals.as_ref().unwrap();
    // 0.4995 is 0.50; the tax of it 0.035 is 0.04.
    let nets: Vec<_> = totals
        .tax_totals
        .iter()
        .map(|tax| {
            (
                tax.tax_category.as_str(),
                amount(&tax.taxable_amount),
                amount(&tax.tax_amount),
            )
        })
        .collect();
    assert_eq!(
        nets,
        [
            ("S", "0.50", "0.04"),
            ("S", "30.36", "6.07"),
            ("Z", "-4.50", "0.00")
        ]
    );
    assert_eq!(amount(&totals.net_amount), "26.36");
    assert_eq!(amount(&totals.tax_amount), "6.11");
    assert_eq!(amount(&totals.gross_amount), "32.47");
    assert_eq!(amount(&draft.open_amount), "0.00");
    assert!(draft.open_items.is_empty() && draft.issued_time.is_none());
    let lines = &draft.content.as_ref().unwrap().lines;
    assert_eq!(lines[3].line_number, 4);
    assert_eq!(amount(&lines[3].net_amount), "0.50");
    assert_eq!(lines[3].unit_price, Some(decimal("0.333")));
    assert_eq!(shop.read(&draft.invoice_id).await, draft);
    assert_eq!(shop.told().await, [""; 0]);
}

#[tokio::test]
async fn an_invoice_is_read_by_each_of_its_names_and_only_in_its_tenant() {
    let shop = Shop::open().await;
    let mut content = shop.content("10.00");
    content.customer = Some(Customer::CustomerExternalId("C-1".to_owned()));
    let asked = CreateInvoiceRequest {
        request_id: "r1".to_owned(),
        invoice_id: "01900000-0000-7000-8000-00000000000a".to_owned(),
        external_id: "ERP-1".to_owned(),
        content: Some(content),
    };
    let created = shop
        .client()
        .create_invoice(shop.world.signed(OURS, asked))
        .await;
    let draft = created.unwrap().into_inner().invoice.unwrap();
    assert_eq!(draft.invoice_id, "01900000-0000-7000-8000-00000000000a");
    let customer = draft.content.as_ref().unwrap().customer.clone();
    assert_eq!(
        customer,
        Some(Customer::CustomerId(shop.customer_id.clone()))
    );
    let issued = shop
        .issue_draft(&draft.invoice_id, &draft.etag)
        .await
        .unwrap();
    let keys = [
        Key::InvoiceId(draft.invoice_id),
        Key::ExternalId("ERP-1".to_owned()),
        Key::InvoiceNumber("INV-000001".to_owned()),
    ];
    for key in keys {
        assert_eq!(shop.get(OURS, key.clone()).await.unwrap(), issued);
        let refused = shop.get(THEIRS, key).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
        assert_eq!(reason(&refused), "INVOICE_NOT_FOUND");
    }
}

#[tokio::test]
async fn identities_are_taken_once_in_a_tenant() {
    let shop = Shop::open().await;
    let id = "01900000-0000-7000-8000-00000000000a";
    let create = async |request_id: &str, invoice_id: &str, external_id: &str| {
        let asked = CreateInvoiceRequest {
            request_id: request_id.to_owned(),
            invoice_id: invoice_id.to_owned(),
            external_id: external_id.to_owned(),
            content: Some(shop.content("10.00")),
        };
        let answer = shop
            .client()
            .create_invoice(shop.world.signed(OURS, asked))
            .await;
        answer.map_err(|status| (status.code(), reason(&status)))
    };
    let taken = || (Code::AlreadyExists, "INVOICE_EXISTS".to_owned());
    create("r1", id, "ERP-1").await.unwrap();
    assert_eq!(create("r2", id, "ERP-2").await.unwrap_err(), taken());
    assert_eq!(create("r3", "", "ERP-1").await.unwrap_err(), taken());
    let again = create("r1", id, "ERP-1").await.unwrap();
    assert_eq!(again.metadata().get("recoup-replayed").unwrap(), "true");
    let other = create("r1", id, "ERP-9").await.unwrap_err();
    assert_eq!(
        other,
        (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned())
    );
    assert_eq!(shop.count("invoice").await, 1);
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let shop = Shop::open().await;
    let mut content = shop.content("10.00");
    content.currency_code = "EURO".to_owned();
    content.invoice_date = Some(day(2026, 2, 30));
    content.series_code = "no such form".to_owned();
    content.reservation_id = "x".to_owned();
    content.lines.push(line("1", "-1", "0"));
    content.lines.push(line("1", "1", "1.5"));
    content.lines[2].description.clear();
    let refused = shop.create(content).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let mut named = fields(&refused);
    named.sort();
    let expected = [
        "content.currency_code",
        "content.invoice_date",
        "content.lines[2].description",
        "content.lines[2].tax_ratio",
        "content.reservation_id",
        "content.series_code",
    ];
    assert_eq!(named, expected);

    let mut content = shop.content("10.00");
    content.lines.clear();
    content.customer = None;
    let refused = shop.create(content).await.unwrap_err();
    assert_eq!(fields(&refused), ["content.customer_id", "content.lines"]);
    let mut content = shop.content("10.00");
    content.lines = vec![line("1", "-1", "0")];
    content.invoice_date = Some(day(2026, 3, 2));
    content.due = Some(Due::DueDate(day(2026, 3, 1)));
    let refused = shop.create(content).await.unwrap_err();
    assert_eq!(
        fields(&refused),
        ["content.due_date", "content.lines[0].unit_price"]
    );
    let mut content = shop.content("10.00");
    content.early_payment_offer = Some(offer(&[("0.01", 5), ("0.02", 10)]));
    content.due = Some(Due::Terms(Default::default()));
    let refused = shop.create(content).await.unwrap_err();
    let expected = ["content.terms.terms_code", "content.terms.instalments"];
    assert_eq!(fields(&refused)[..2], expected);
    assert_eq!(fields(&refused)[2], "content.early_payment_offer.tiers");
    assert_eq!(shop.count("invoice").await, 0);
}

#[tokio::test]
async fn a_customer_is_waited_for_and_then_the_caller_is_told_to_come_again() {
    let shop = Shop::unknown().await;
    let mut content = shop.content("10.00");
    content.customer = Some(Customer::CustomerExternalId("C-1".to_owned()));
    let refused = shop.create(content.clone()).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Unavailable, "CUSTOMER_NOT_YET_KNOWN")
    );
    assert!(tonic_types::StatusExt::get_details_retry_info(&refused).is_some());
    let refused = shop.issue(content.clone()).await.unwrap_err();
    assert_eq!(reason(&refused), "CUSTOMER_NOT_YET_KNOWN");
    assert_eq!(
        shop.count("idempotency").await,
        0,
        "a refusal leaves no trace"
    );

    // Announced while the call waits: the draft is there, and the call was never refused.
    let (created, ()) = tokio::join!(shop.create(content.clone()), async {
        shop.tell_customer(OURS, "C-1", Some("net 30"));
    });
    let draft = created.unwrap();
    let refused = shop.issue(content).await.unwrap_err();
    assert_eq!(reason(&refused), "TENANT_NOT_YET_KNOWN");
    // A draft can be ended all the same.
    let void = shop.void(&draft.invoice_id, "").await.unwrap();
    assert_eq!(void.state(), InvoiceState::Void);
}

async fn update(
    shop: &Shop,
    draft: &Invoice,
    paths: &[&str],
    change: impl FnOnce(&mut contracts::invoicing::InvoiceContent),
) -> Result<Invoice, Status> {
    let mut content = contracts::invoicing::InvoiceContent::default();
    change(&mut content);
    let asked = UpdateInvoiceRequest {
        request_id: shop.request_id(),
        invoice_id: draft.invoice_id.clone(),
        content: Some(content),
        update_mask: Some(FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        etag: draft.etag.clone(),
    };
    let answer = shop
        .client()
        .update_invoice(shop.world.signed(OURS, asked))
        .await?;
    Ok(answer.into_inner().invoice.unwrap())
}

#[tokio::test]
async fn a_draft_is_changed_field_by_field_and_by_one_writer_at_a_time() {
    let shop = Shop::open().await;
    let mut content = shop.content("10.00");
    content.note = "first".to_owned();
    content.order_reference = "PO-7".to_owned();
    content.due = Some(Due::DueDate(day(2026, 4, 1)));
    let first = shop.create(content).await.unwrap();
    let second = update(&shop, &first, &["lines", "note", "terms"], |content| {
        content.lines = vec![line("2", "7.50", "0"), line("1", "1.00", "0")];
        content.due = Some(Due::Terms(terms("net 14")));
        content.order_reference = "not named, not set".to_owned();
    });
    let second = second.await.unwrap();
    let said = second.content.as_ref().unwrap();
    assert_eq!(
        (said.note.as_str(), said.order_reference.as_str()),
        ("", "PO-7")
    );
    assert_eq!(said.due, Some(Due::Terms(terms("net 14"))));
    assert_eq!(
        amount(&second.totals.as_ref().unwrap().gross_amount),
        "16.00"
    );
    assert_eq!(said.lines.len(), 2);
    assert_ne!(second.etag, first.etag);
    assert_eq!(shop.read(&first.invoice_id).await, second);

    let stale = update(&shop, &first, &["note"], |_| ()).await.unwrap_err();
    assert_eq!(
        (stale.code(), reason(&stale).as_str()),
        (Code::Aborted, "STALE_ETAG")
    );
    let frozen = update(&shop, &second, &["currency_code"], |_| ())
        .await
        .unwrap_err();
    assert_eq!(fields(&frozen), ["update_mask"]);
    let empty = update(&shop, &second, &["lines"], |_| ())
        .await
        .unwrap_err();
    assert_eq!(fields(&empty), ["content.lines"]);
    let nowhere = Invoice {
        invoice_id: "01900000-0000-7000-8000-00000000000a".to_owned(),
        ..second.clone()
    };
    let nowhere = update(&shop, &nowhere, &["note"], |_| ())
        .await
        .unwrap_err();
    assert_eq!(reason(&nowhere), "INVOICE_NOT_FOUND");
    assert_eq!(
        shop.read(&first.invoice_id).await,
        second,
        "refusals change nothing"
    );

    let issued = shop
        .issue_draft(&second.invoice_id, &second.etag)
        .await
        .unwrap();
    let refused = update(&shop, &issued, &["note"], |_| ()).await.unwrap_err();
    let expected = (Code::FailedPrecondition, "INVOICE_NOT_DRAFT");
    assert_eq!((refused.code(), reason(&refused).as_str()), expected);
}

#[tokio::test]
async fn the_history_of_an_invoice_is_told_in_order_and_sums_to_what_is_open() {
    let shop = Shop::open().await;
    let mut content = shop.content("100.01");
    content.due = Some(Due::Terms(terms("25%: net 10; 25%: net 20; rest: net 30")));
    let issued = shop.issue(content).await.unwrap();
    let void = shop.void(&issued.invoice_id, "").await.unwrap();
    let (mut amounts, mut page_token) = (Vec::new(), String::new());
    loop {
        let asked = ListInvoiceEntriesRequest {
            invoice_id: issued.invoice_id.clone(),
            page_size: 4,
            page_token,
        };
        let asked = shop.world.signed(OURS, asked);
        let page = shop
            .client()
            .list_invoice_entries(asked)
            .await
            .unwrap()
            .into_inner();
        let told = |entry: &contracts::invoicing::InvoiceEntry| {
            (
                entry.kind().as_str_name().to_owned(),
                amount(&entry.amount).to_owned(),
            )
        };
        amounts.extend(page.entries.iter().map(told));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let expected = [
        ("ENTRY_KIND_ISSUE", "25.00"),
        ("ENTRY_KIND_ISSUE", "25.00"),
        ("ENTRY_KIND_ISSUE", "50.01"),
        ("ENTRY_KIND_VOID", "-25.00"),
        ("ENTRY_KIND_VOID", "-25.00"),
        ("ENTRY_KIND_VOID", "-50.01"),
    ];
    assert_eq!(
        amounts,
        expected.map(|(kind, amount)| (kind.to_owned(), amount.to_owned()))
    );
    assert_eq!(amount(&void.open_amount), "0.00");

    let draft = shop.create(shop.content("1.00")).await.unwrap();
    for (tenant, invoice_id, entries) in [
        (OURS, draft.invoice_id, Some(0)),
        (THEIRS, issued.invoice_id, None),
    ] {
        let asked = ListInvoiceEntriesRequest {
            invoice_id,
            ..Default::default()
        };
        let answer = shop
            .client()
            .list_invoice_entries(shop.world.signed(tenant, asked))
            .await;
        match answer {
            Ok(page) => assert_eq!(Some(page.into_inner().entries.len()), entries),
            Err(status) => assert_eq!(
                (reason(&status).as_str(), entries),
                ("INVOICE_NOT_FOUND", None)
            ),
        }
    }
}

/// What a customer is granted on the invoice date counts, not on the day of writing.
#[tokio::test]
async fn terms_are_those_of_the_invoice_date() {
    let shop = Shop::open().await;
    let from_april = GrantedTerms {
        early_payment_offer: Some(offer(&[("0.02", 10)])),
        ..granted("net 14", day(2026, 4, 1))
    };
    shop.tell_terms(&shop.customer_id, from_april);
    shop.heard().await;
    let due = async |date| {
        let mut content = shop.content("100.00");
        content.invoice_date = Some(date);
        let answer = shop
            .send_issue(OURS, new_invoice(&shop.request_id(), content))
            .await;
        let invoice = answer.unwrap().into_inner().invoice.unwrap();
        let item = invoice.open_items.into_iter().next().unwrap();
        (item.due_date.unwrap(), item.discount_offers.len())
    };
    assert_eq!(due(day(2026, 3, 31)).await, (day(2026, 4, 30), 0));
    assert_eq!(due(day(2026, 4, 1)).await, (day(2026, 4, 15), 1));
}
