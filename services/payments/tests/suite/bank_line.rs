//! Bank lines: what is certain is applied without a person, every doubt goes to one, and what they
//! decide is carried out once.

use contracts::payments::resolve_bank_line_request::Resolution;
use contracts::payments::*;
use contracts::{common, invoicing};
use payments::domain::CustomerId;
use testkit::eventually;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::fixture::{OTHER, OURS, PAYER, THEIRS, World, reason};
use crate::invoicing_peer::Fault;
use crate::statements::{Line, statements, with_bank};

const IBAN: &str = "DE02120300000000202051";

fn request(request_id: &str, line: &BankLine, resolution: Resolution) -> ResolveBankLineRequest {
    ResolveBankLineRequest {
        request_id: request_id.to_owned(),
        bank_line_id: line.bank_line_id.clone(),
        etag: line.etag.clone(),
        resolution: Some(resolution),
    }
}

async fn resolve(
    world: &World,
    request: ResolveBankLineRequest,
) -> Result<ResolveBankLineResponse, Status> {
    let asked = world.signed(OURS, request);
    let answer = statements(world).resolve_bank_line(asked).await?;
    Ok(answer.into_inner())
}

fn correction(customer_id: CustomerId, invoice_id: Uuid) -> Resolution {
    Resolution::Correction(LineCorrection {
        customer_id: customer_id.0.to_string(),
        invoices: vec![invoicing::NamedInvoice {
            invoice_id: invoice_id.to_string(),
            amount: None,
        }],
    })
}

fn accepted(line: &BankLine, place: usize) -> Resolution {
    Resolution::AcceptedSuggestionId(line.suggestions[place].suggestion_id.clone())
}

fn rules(decision: &common::Decision) -> Vec<(&str, bool)> {
    let rules = decision.rules.iter();
    rules
        .map(|rule| (rule.rule_id.as_str(), rule.passed))
        .collect()
}

async fn receipt(world: &World, line: &BankLine) -> Receipt {
    let asked = GetReceiptRequest {
        key: Some(get_receipt_request::Key::ReceiptId(line.receipt_id.clone())),
    };
    let answer = world
        .receipts()
        .get_receipt(world.signed(OURS, asked))
        .await
        .unwrap();
    answer.into_inner().receipt.unwrap()
}

#[tokio::test]
async fn ca_1_a_quoted_number_of_the_amount_is_matched_and_told_why() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    let invoice = world.owed(PAYER, "INV-000123", "119.00").await;
    world.owed(PAYER, "INV-000124", "80.00").await;
    let lines = [(
        3,
        "119,00",
        "Rechnung INV-000123, danke",
        "Payer GmbH",
        IBAN,
    )];
    let import = bank.settled(&world, "r1", &lines).await;
    assert_eq!((import.matched_count, import.in_review_count), (1, 0));
    let line = bank.line(&world).await;
    assert_eq!(line.state(), BankLineState::Matched);
    let found = line.line_match.clone().unwrap();
    assert_eq!(found.basis(), MatchBasis::InvoiceNumbers);
    assert_eq!(found.customer_id, PAYER.0.to_string());
    assert_eq!(found.invoices[0].invoice_id, invoice.to_string());
    let decision = line.decision.clone().unwrap();
    assert_eq!(decision.outcome, "AUTO_MATCH");
    assert_eq!(rules(&decision), [("CA-1.1", false), ("CA-1.2", true)]);
    assert_eq!(world.invoicing.open(invoice), "0.00");
    let money = receipt(&world, &line).await;
    assert_eq!(money.customer_id, PAYER.0.to_string());
    assert_eq!(money.allocated_amount.unwrap().amount, "119.00");
    assert_eq!(
        money.origin,
        Some(receipt::Origin::BankLineId(line.bank_line_id))
    );
    world.books_add_up().await;
}

/// Every line quotes something that is nearly, or only by chance, a number of what is owed.
#[tokio::test]
async fn ca_1_garbled_references_go_to_a_person_and_never_to_a_wrong_invoice() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    let owed = [
        (PAYER, "INV-000123", "119.00"),
        (PAYER, "INV-000132", "75.00"),
        (OTHER, "INV-000213", "119.00"),
        (OTHER, "INV-001230", "40.00"),
    ];
    let mut invoices = Vec::new();
    for (customer, number, amount) in owed {
        invoices.push((world.owed(customer, number, amount).await, amount));
    }
    let lines: [Line<'_>; 8] = [
        // Digits swapped: the number of another invoice, of another amount.
        (1, "119,00", "INV-000132", "Payer GmbH", ""),
        // A digit too many, a digit missing, a letter for a digit.
        (1, "119,00", "INV-0001234", "Payer GmbH", ""),
        (2, "75,00", "INV-00012", "Payer GmbH", ""),
        (2, "75,00", "INV-OOO132", "Payer GmbH", ""),
        // Two invoices of two customers.
        (3, "159,00", "INV-000123 INV-001230", "Somebody", ""),
        // Nothing but an amount that two have.
        (3, "119,00", "thanks", "Payer GmbH", ""),
        // A date and a telephone number.
        (4, "12,00", "01.02.2026 Tel 000213", "Other Ltd", ""),
        // Names alone are nothing.
        (4, "40,00", "as agreed", "Other Ltd", ""),
    ];
    let import = bank.settled(&world, "r1", &lines).await;
    assert_eq!((import.matched_count, import.in_review_count), (0, 8));
    for (invoice, amount) in invoices {
        assert_eq!(
            world.invoicing.open(invoice),
            amount,
            "nobody's debt was touched"
        );
    }
    assert_eq!(world.invoicing.asked(), 0);
    for line in bank.lines(&world, Some(BankLineState::InReview)).await {
        let decision = line.decision.unwrap();
        assert_eq!(decision.outcome, "REVIEW");
        assert!(decision.rules.iter().all(|rule| !rule.passed));
        assert!(!line.suggestions.is_empty(), "{:?}", line.remittance);
    }
    world.books_add_up().await;
}

#[tokio::test]
async fn ca_1_an_account_is_learnt_from_matches_and_forgotten_with_them() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    world.owed(PAYER, "INV-000123", "119.00").await;
    let lines = [(1, "119,00", "INV-000123", "Payer GmbH", IBAN)];
    bank.settled(&world, "r1", &lines).await;
    let second = world.owed(PAYER, "INV-000124", "80.00").await;
    let silent = [(2, "80,00", "", "P.", "DE02 1203 0000 0000 2020 51")];
    let import = bank.settled(&world, "r2", &silent).await;
    assert_eq!(
        import.matched_count, 1,
        "the account made the customer known"
    );
    assert_eq!(world.invoicing.open(second), "0.00");
    let learnt = "SELECT coalesce(sum(match_count), 0)::bigint FROM payer_account";
    assert_eq!(
        world.count(learnt).await,
        1,
        "what the account told teaches nothing new"
    );

    let taught = bank.lines(&world, None).await.remove(0);
    let application_id = taught.line_match.unwrap().application_ids.remove(0);
    let undo = UnapplyReceiptRequest {
        request_id: "undo".to_owned(),
        application_id,
        reversal_date: None,
    };
    world
        .applications()
        .unapply_receipt(world.signed(OURS, undo))
        .await
        .unwrap();
    let reopened = bank.lines(&world, Some(BankLineState::InReview)).await;
    assert_eq!(reopened.len(), 1, "the line came back to review");
    assert_eq!(reopened[0].bank_line_id, taught.bank_line_id);
    assert_eq!(reopened[0].line_match, None);
    assert_eq!(world.count("SELECT count(*) FROM payer_account").await, 0);
    world.books_add_up().await;
}

#[tokio::test]
async fn the_second_of_two_payments_of_one_invoice_goes_to_a_person() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    let invoice = world.owed(PAYER, "INV-000123", "119.00").await;
    let twice = [(1, "119,00", "INV-000123", "Payer GmbH", IBAN); 2];
    let import = bank.settled(&world, "r1", &twice).await;
    assert_eq!((import.matched_count, import.in_review_count), (1, 1));
    assert_eq!(world.invoicing.open(invoice), "0.00");
    let [line] = bank
        .lines(&world, Some(BankLineState::InReview))
        .await
        .try_into()
        .unwrap();
    let why = &line.suggestions[0].explanation;
    assert!(why.contains("INVOICE_CLOSED"), "{why}");
    let money = receipt(&world, &line).await;
    assert_eq!(money.unapplied_amount.unwrap().amount, "119.00");
    world.books_add_up().await;
}

#[tokio::test]
async fn p9_lines_wait_while_invoicing_is_away_and_are_asked_by_the_same_ids() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    let invoice = world.owed(PAYER, "INV-000123", "119.00").await;
    world.invoicing.fails(Fault::LosesReplies);
    let lines = [(1, "119,00", "INV-000123", "Payer GmbH", IBAN)];
    let import = bank.import(&world, "r1", &lines).await;
    assert_eq!(import.state(), BankStatementImportState::Matching);
    let patience = std::time::Duration::from_secs(20);
    eventually(patience, "asked more than once", async || {
        world.invoicing.asked() > 1
    })
    .await;
    let waiting = bank.line(&world).await;
    assert_eq!(
        (waiting.state(), &waiting.line_match),
        (BankLineState::Waiting, &None)
    );
    assert_eq!(waiting.decision, None);
    world.invoicing.fails(Fault::IsDown);
    world.invoicing.fails(Fault::None);
    bank.completed(&world, &import.bank_statement_import_id)
        .await;
    assert_eq!(bank.line(&world).await.state(), BankLineState::Matched);
    assert_eq!(
        world.invoicing.answered(),
        1,
        "one application, however often it was asked"
    );
    assert_eq!(world.invoicing.open(invoice), "0.00");
    world.books_add_up().await;
}

#[tokio::test]
async fn an_accepted_suggestion_is_carried_out_once() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    let invoice = world.owed(PAYER, "INV-000123", "119.00").await;
    bank.settled(
        &world,
        "r1",
        &[(1, "100,00", "INV-000123", "Payer GmbH", IBAN)],
    )
    .await;
    let line = bank.line(&world).await;
    assert_eq!(line.state(), BankLineState::InReview);
    assert_eq!(
        line.suggestions[0].invoices[0].invoice_id,
        invoice.to_string()
    );
    let accept = || request("a1", &line, accepted(&line, 0));
    let (one, two) = tokio::join!(
        resolve(&world, accept()),
        resolve(&world, request("a2", &line, accepted(&line, 0))),
    );
    let (done, other) = if one.is_ok() { (one, two) } else { (two, one) };
    let done = done.unwrap();
    let other = reason(&other.unwrap_err());
    assert!(
        ["STALE_ETAG", "RECEIPT_BUSY"].contains(&other.as_str()),
        "{other}"
    );
    let resolved = done.bank_line.unwrap();
    assert_eq!(resolved.state(), BankLineState::Resolved);
    assert_eq!(resolved.resolved_by, "ada");
    assert_eq!(
        done.applications[0].state(),
        ReceiptApplicationState::Applied
    );
    assert_eq!(
        done.receipt.unwrap().allocated_amount.unwrap().amount,
        "100.00"
    );
    assert_eq!(world.invoicing.open(invoice), "19.00");

    let late = BankLine {
        etag: resolved.etag.clone(),
        ..line.clone()
    };
    let late = resolve(&world, request("a3", &late, accepted(&line, 0)))
        .await
        .unwrap_err();
    assert_eq!(late.code(), Code::FailedPrecondition);
    assert_eq!(reason(&late), "BANK_LINE_NOT_IN_REVIEW");
    assert_eq!(world.invoicing.open(invoice), "19.00");
    world.books_add_up().await;
}

#[tokio::test]
async fn a_person_says_what_is_right() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    let wrong = world.owed(PAYER, "INV-000123", "119.00").await;
    let right = world.owed(OTHER, "INV-000777", "200.00").await;
    bank.settled(
        &world,
        "r1",
        &[(1, "50,00", "INV-000123", "Payer GmbH", IBAN)],
    )
    .await;
    let line = bank.line(&world).await;
    let unknown = Resolution::AcceptedSuggestionId(Uuid::now_v7().to_string());
    let refused = resolve(&world, request("x1", &line, unknown))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "SUGGESTION_NOT_FOUND")
    );
    let stale = BankLine {
        etag: "0".to_owned(),
        ..line.clone()
    };
    let refused = resolve(&world, request("x2", &stale, accepted(&line, 0)))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Aborted, "STALE_ETAG")
    );

    let corrected = || request("c1", &line, correction(OTHER, right));
    let done = resolve(&world, corrected()).await.unwrap();
    let resolved = done.bank_line.clone().unwrap();
    assert_eq!(resolved.state(), BankLineState::Resolved);
    assert_eq!(resolved.line_match.unwrap().basis(), MatchBasis::Person);
    assert_eq!(
        done.receipt.clone().unwrap().customer_id,
        OTHER.0.to_string()
    );
    assert_eq!(
        (world.invoicing.open(wrong), world.invoicing.open(right)),
        ("119.00".to_owned(), "150.00".to_owned())
    );
    assert_eq!(
        resolve(&world, corrected()).await.unwrap(),
        done,
        "a repeat answers as the first time"
    );
    assert_eq!(world.invoicing.answered(), 1);
    let learnt = "SELECT count(*) FROM payer_account WHERE match_count = 1";
    assert_eq!(world.count(learnt).await, 1);
    world.books_add_up().await;
}

#[tokio::test]
async fn what_invoicing_refuses_stays_in_review() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    let invoice = world.owed(OTHER, "INV-000777", "200.00").await;
    bank.settled(&world, "r1", &[(1, "50,00", "hello", "Payer GmbH", IBAN)])
        .await;
    let line = bank.line(&world).await;
    let done = resolve(&world, request("c1", &line, correction(PAYER, invoice)))
        .await
        .unwrap();
    let still = done.bank_line.unwrap();
    assert_eq!(
        (still.state(), still.resolved_by.as_str()),
        (BankLineState::InReview, "")
    );
    let refused = &done.applications[0];
    assert_eq!(refused.state(), ReceiptApplicationState::Refused);
    assert_eq!(
        refused.refusal.as_ref().unwrap().reason,
        "CUSTOMER_MISMATCH"
    );
    assert_eq!(
        done.receipt.unwrap().unapplied_amount.unwrap().amount,
        "50.00"
    );
    let again = resolve(&world, request("c2", &still, correction(OTHER, invoice)))
        .await
        .unwrap();
    assert_eq!(again.bank_line.unwrap().state(), BankLineState::Resolved);
    world.books_add_up().await;
}

#[tokio::test]
async fn p9_a_decision_goes_on_by_itself_when_invoicing_is_away() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    let invoice = world.owed(PAYER, "INV-000123", "119.00").await;
    bank.settled(
        &world,
        "r1",
        &[(1, "100,00", "INV-000123", "Payer GmbH", IBAN)],
    )
    .await;
    let line = bank.line(&world).await;
    world.invoicing.fails(Fault::LosesReplies);
    let accept = || request("a1", &line, accepted(&line, 0));
    let away = resolve(&world, accept()).await.unwrap_err();
    assert_eq!(away.code(), Code::Unavailable);
    let under_way = bank.line(&world).await;
    assert_eq!(
        (under_way.state(), &under_way.line_match),
        (BankLineState::InReview, &None)
    );
    let busy = resolve(&world, request("a2", &under_way, accepted(&line, 0)))
        .await
        .unwrap_err();
    assert_eq!(
        (busy.code(), reason(&busy).as_str()),
        (Code::Aborted, "RECEIPT_BUSY")
    );
    world.invoicing.fails(Fault::None);
    let patience = std::time::Duration::from_secs(20);
    eventually(patience, "the line is resolved", async || {
        bank.line(&world).await.state() == BankLineState::Resolved
    })
    .await;
    let done = resolve(&world, accept()).await.unwrap();
    assert_eq!(done.applications.len(), 1);
    assert_eq!(
        (
            world.invoicing.answered(),
            world.invoicing.open(invoice).as_str()
        ),
        (1, "19.00")
    );
    world.books_add_up().await;
}

#[tokio::test]
async fn money_may_stay_unapplied_of_somebody_or_of_nobody() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    let lines = [
        (1, "10,00", "for later", "Payer GmbH", IBAN),
        (2, "20,00", "?", "", ""),
    ];
    bank.settled(&world, "r1", &lines).await;
    let [theirs, nobodys] = bank.lines(&world, None).await.try_into().unwrap();
    let keep = |customer_id: String| Resolution::KeepUnapplied(KeepUnapplied { customer_id });
    let kept = resolve(&world, request("k1", &theirs, keep(PAYER.0.to_string())))
        .await
        .unwrap();
    assert_eq!(kept.receipt.unwrap().customer_id, PAYER.0.to_string());
    assert_eq!(kept.bank_line.unwrap().state(), BankLineState::Resolved);
    let kept = resolve(&world, request("k2", &nobodys, keep(String::new())))
        .await
        .unwrap();
    let line = kept.bank_line.unwrap();
    assert_eq!(
        (line.state(), line.line_match),
        (BankLineState::Resolved, None)
    );
    assert_eq!(kept.receipt.unwrap().customer_id, "");
    let unknown = keep(Uuid::now_v7().to_string());
    bank.settled(&world, "r2", &[(3, "5,00", "?", "", "")])
        .await;
    let [third] = bank
        .lines(&world, Some(BankLineState::InReview))
        .await
        .try_into()
        .unwrap();
    let refused = resolve(&world, request("k3", &third, unknown))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Unavailable, "CUSTOMER_NOT_YET_KNOWN")
    );
    assert_eq!(world.invoicing.asked(), 0);
    world.books_add_up().await;
}

#[tokio::test]
async fn what_is_no_receipt_is_taken_back() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    let lines = [
        (1, "10,00", "settlement of the agency", "Agency", IBAN),
        (1, "-5,00", "fee", "", ""),
    ];
    bank.settled(&world, "r1", &lines).await;
    let said = || {
        Resolution::NotAReceipt(NotAReceipt {
            note: "an agency's settlement".to_owned(),
        })
    };
    let [line] = bank
        .lines(&world, Some(BankLineState::InReview))
        .await
        .try_into()
        .unwrap();
    let done = resolve(&world, request("n1", &line, said())).await.unwrap();
    let over = done.bank_line.unwrap();
    assert_eq!(
        (over.state(), over.resolved_by.as_str()),
        (BankLineState::NotAReceipt, "ada")
    );
    let money = done.receipt.unwrap();
    assert_eq!(money.state(), ReceiptState::Reversed);
    assert_eq!(
        money.reversal.unwrap().reason(),
        ReceiptReversalReason::NotAReceipt
    );
    let fee = bank.lines(&world, Some(BankLineState::NotAReceipt)).await;
    let fee = fee.iter().find(|line| line.receipt_id.is_empty()).unwrap();
    let refused = resolve(&world, request("n2", fee, said()))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "BANK_LINE_NOT_IN_REVIEW");
    world.books_add_up().await;
}

#[tokio::test]
async fn another_tenant_decides_about_nothing_of_ours() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    bank.settled(&world, "r1", &[(1, "10,00", "?", "", "")])
        .await;
    let line = bank.line(&world).await;
    let keep = Resolution::KeepUnapplied(KeepUnapplied::default());
    let asked = world.signed(THEIRS, request("k1", &line, keep));
    let refused = statements(&world)
        .resolve_bank_line(asked)
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "BANK_LINE_NOT_FOUND")
    );
    assert_eq!(bank.line(&world).await, line);
}

#[tokio::test]
async fn a_whole_statement_is_matched_some_hundreds_a_call() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    let owed = |number: u32| (format!("INV-{number:06}"), format!("{number},00"));
    let owed: Vec<(String, String)> = (1..=300).map(owed).collect();
    for (number, amount) in &owed {
        world.owed(PAYER, number, &amount.replace(',', ".")).await;
    }
    let line = |(number, amount): &'static (String, String)| -> Line<'static> {
        (1, amount, number, "Payer GmbH", "")
    };
    let lines: Vec<Line<'_>> = owed.leak().iter().map(line).collect();
    let import = bank.settled(&world, "r1", &lines).await;
    assert_eq!((import.matched_count, import.in_review_count), (300, 0));
    assert_eq!(world.invoicing.asked(), 2, "200 lines a call");
    world.books_add_up().await;
}
