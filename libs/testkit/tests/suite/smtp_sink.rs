//! The sink as a mail client sees it, the client being the one the product uses.

use std::pin::pin;
use std::time::Duration;

use lettre::message::{MultiPart, SinglePart};
use lettre::transport::smtp::Error;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use testkit::{Clock, SmtpBehavior, SmtpSink};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::DEADLINE;

/// How long a client waits that is to give up. Lettre's own timeout covers the connecting only.
const SHORT: Duration = Duration::from_millis(100);

fn mail(message_id: &str, to: &[&str]) -> Message {
    let mut builder = Message::builder()
        .from("Müller GmbH <dunning@mueller.test>".parse().unwrap())
        .message_id(Some(format!("<{message_id}>")))
        .subject("Zahlungserinnerung für März");
    for address in to {
        builder = builder.to(address.parse().unwrap());
    }
    let text = SinglePart::plain(".\r\n..two dots\r\nGrüße, 1 000,00 €\r\n".to_owned());
    let html = SinglePart::html("<p>Grüße</p>".to_owned());
    builder
        .multipart(MultiPart::alternative().singlepart(text).singlepart(html))
        .unwrap()
}

async fn send(sink: &SmtpSink, mail: Message) -> Result<(), Error> {
    AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(sink.addr().port())
        .build()
        .send(mail)
        .await
        .map(drop)
}

#[tokio::test]
async fn a_message_is_kept_as_it_was_sent() {
    let start = "2026-03-29T01:30:00Z".parse().unwrap();
    let (clock, _hand) = Clock::manual(start);
    let sink = SmtpSink::start_with(clock).await;
    let message = mail("1@mueller.test", &["a@debtor.test", "b@debtor.test"]);
    send(&sink, message).await.unwrap();
    let mails = sink.wait_for(1, DEADLINE).await;
    let [got] = mails.as_slice() else {
        panic!("{mails:?}")
    };
    assert_eq!(got.envelope_from, "dunning@mueller.test");
    assert_eq!(got.envelope_to, ["a@debtor.test", "b@debtor.test"]);
    assert_eq!(got.message_id().as_deref(), Some("1@mueller.test"));
    assert_eq!(got.subject(), "Zahlungserinnerung für März");
    assert_eq!(
        got.header("to").as_deref(),
        Some("a@debtor.test, b@debtor.test")
    );
    assert_eq!(got.header("X-Missing"), None);
    assert_eq!(
        got.text().unwrap(),
        ".\r\n..two dots\r\nGrüße, 1 000,00 €\r\n"
    );
    assert_eq!(got.html().unwrap().trim_end(), "<p>Grüße</p>");
    assert_eq!(got.time, start);
}

#[tokio::test]
async fn messages_are_counted_by_their_id() {
    let sink = SmtpSink::start().await;
    for id in ["1@x", "2@x", "1@x"] {
        send(&sink, mail(id, &["a@debtor.test"])).await.unwrap();
    }
    let counts = ["1@x", "<2@x>", "3@x"].map(|id| sink.count_with_message_id(id));
    assert_eq!(counts, [2, 1, 0]);
}

#[tokio::test]
async fn recipients_are_refused_for_good_or_for_now() {
    let sink = SmtpSink::start().await;
    sink.set_behavior_for("Gone@debtor.test", SmtpBehavior::Reject);
    sink.set_behavior_for("busy@debtor.test", SmtpBehavior::RefuseForNow);
    let gone = send(&sink, mail("1@x", &["gone@debtor.test"]))
        .await
        .unwrap_err();
    assert!(gone.is_permanent(), "{gone}");
    let busy = send(&sink, mail("2@x", &["busy@debtor.test"]))
        .await
        .unwrap_err();
    assert!(busy.is_transient(), "{busy}");
    assert!(sink.mails().is_empty());
    send(&sink, mail("3@x", &["a@debtor.test"])).await.unwrap();
    sink.set_behavior_for("busy@debtor.test", SmtpBehavior::Accept);
    send(&sink, mail("2@x", &["busy@debtor.test"]))
        .await
        .unwrap();
    assert_eq!(sink.mails().len(), 2);
}

#[tokio::test]
async fn a_message_can_be_taken_without_a_word() {
    let sink = SmtpSink::start().await;
    sink.set_behavior(SmtpBehavior::AcceptThenDrop);
    let unknown = send(&sink, mail("1@x", &["a@debtor.test"]))
        .await
        .unwrap_err();
    assert!(
        !unknown.is_permanent() && !unknown.is_transient(),
        "{unknown}"
    );
    assert_eq!(sink.mails().len(), 1);

    sink.set_behavior(SmtpBehavior::AcceptThenHang);
    let mut sending = pin!(send(&sink, mail("2@x", &["a@debtor.test"])));
    tokio::select! {
        mails = sink.wait_for(2, DEADLINE) => assert_eq!(mails.len(), 2),
        answered = &mut sending => panic!("{answered:?}"),
    }
    timeout(SHORT, sending).await.unwrap_err();
}

#[tokio::test]
async fn a_server_that_hangs_before_the_data_has_taken_nothing() {
    let sink = SmtpSink::start().await;
    sink.set_behavior(SmtpBehavior::Hang);
    timeout(SHORT, send(&sink, mail("1@x", &["a@debtor.test"])))
        .await
        .unwrap_err();
    assert!(sink.mails().is_empty());
}

#[tokio::test]
async fn a_slow_server_has_the_message_before_it_says_so() {
    let sink = SmtpSink::start().await;
    let delay = Duration::from_millis(50);
    sink.set_behavior(SmtpBehavior::Delay(delay));
    send(&sink, mail("1@x", &["a@debtor.test"])).await.unwrap();
    let told = Instant::now();
    assert!(told - sink.mails()[0].instant >= delay);
}

#[tokio::test]
async fn commands_that_come_together_are_answered_in_order() {
    let sink = SmtpSink::start().await;
    let mut client = TcpStream::connect(sink.addr()).await.unwrap();
    let together = "HELO me\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nSubject: s\r\n\r\nt\r\n.\r\n\
                    MAIL FROM:<>\r\nRSET\r\nQUIT\r\n";
    client.write_all(together.as_bytes()).await.unwrap();
    let mut replies = String::new();
    client.read_to_string(&mut replies).await.unwrap();
    let codes: Vec<&str> = replies.lines().map(|line| &line[..3]).collect();
    assert_eq!(
        codes,
        [
            "220", "250", "250", "250", "354", "250", "250", "250", "221"
        ]
    );
    assert_eq!(sink.mails()[0].raw, b"Subject: s\r\n\r\nt\r\n");
}

#[tokio::test]
#[should_panic(expected = "0 of 1 mails within 20ms")]
async fn waiting_for_mail_that_does_not_come_fails_the_test() {
    SmtpSink::start()
        .await
        .wait_for(1, Duration::from_millis(20))
        .await;
}
