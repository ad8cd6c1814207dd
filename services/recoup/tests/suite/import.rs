//! `recoup import receivables`, as people type it: a small file on a sandbox that runs, and the real one
//! on an installation of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use contracts::events::GetFeedHeadRequest;
use contracts::events::event_feed_service_client::EventFeedServiceClient;
use recoup::import::place::calls;
use recoup::installation::{Installation, Surroundings, Time};
use recoup::settings::Listen;
use runtime::{Shutdown, Telemetry};
use serde_json::{Value, json};
use stores::ScratchDir;
use testkit::SmtpSink;

use crate::child::recoup;

const NAMES: &str = "countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,\
                     InvoiceAmount,Disputed,SettledDate,PaperlessBill,DaysToSettle,DaysLate";

/// Six receivables of two customers. By the mapping, reminders go 3, 10 and 20 days after the due date:
/// of 1 February that is Monday 4 February, Monday 11 February, Thursday 21 February.
const ROWS: [&str; 6] = [
    "391,0379-NEVHP,,in-time,1/2/2013,2/1/2013,55.94,No,1/15/2013,,,",
    // Paid on the day of the second reminder, which therefore does not leave.
    "391,0379-NEVHP,,late,1/2/2013,2/1/2013,61.74,No,2/11/2013,,,",
    "406,8976-AMJEO,,disputed,1/2/2013,2/1/2013,65.88,Yes,3/3/2013,,,",
    "406,8976-AMJEO,,open,1/2/2013,2/1/2013,100.00,No,,,,",
    "406,8976-AMJEO,,next,3/4/2013,4/3/2013,20.00,Yes,3/5/2013,,,",
    // Settled on the day of the invoice: the receipt names what was issued a moment before.
    "406,8976-AMJEO,,at-once,3/4/2013,4/3/2013,5.00,No,3/4/2013,,,",
];

fn mapping() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/ibm-late-payments.toml")
}

/// Runs an import that writes its mails to `mails`; `place` says where.
fn import(data_dir: &Path, file: &Path, mails: &SmtpSink, place: &[&str]) -> Output {
    let mut command = recoup(data_dir);
    let (host, port) = (mails.addr().ip(), mails.addr().port());
    command.env("RECOUP_REMINDERS__SMTP__HOST", host.to_string());
    command.env("RECOUP_REMINDERS__SMTP__PORT", port.to_string());
    command.env("RECOUP_REMINDERS__SMTP__SECURITY", "none");
    command.args(["import", "receivables"]).arg(file);
    command.arg("--mapping").arg(mapping()).args(place);
    command.output().unwrap()
}

/// The report of an import, which must succeed.
fn report(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn counts(report: &Value) -> Vec<i64> {
    let new = |what: &str| report["new"][what].as_i64().unwrap();
    ["customers", "invoices", "receipts", "disputes"]
        .map(new)
        .to_vec()
}

/// The value of a figure of the whole file.
fn figure<'a>(report: &'a Value, kind: &str) -> &'a str {
    let mut figures = report["figures"][0]["figures"].as_array().unwrap().iter();
    let figure = figures.find(|figure| figure["kind"] == format!("FIGURE_KIND_{kind}"));
    figure.unwrap()["value"]["value"].as_str().unwrap()
}

/// A sandbox in this process that writes its mails to `mails`.
async fn sandbox(data_dir: &Path, start: &str, mails: &SmtpSink) -> Installation {
    runtime::tls::install_crypto();
    let anywhere = Some("127.0.0.1:0".parse().unwrap());
    let surroundings = Surroundings {
        listen: Listen {
            listen: anywhere,
            admin_listen: anywhere,
        },
        time: Time::Sandbox {
            start: start.parse().unwrap(),
        },
        smtp: Some(mails.addr()),
        ..Surroundings::default()
    };
    let telemetry = Telemetry::without_export("recoup").unwrap();
    let running = (&telemetry, Shutdown::new(Duration::from_secs(10)));
    Installation::start(data_dir, surroundings, running)
        .await
        .unwrap()
}

/// Where each feed ends.
async fn heads(up: &Installation) -> Vec<i64> {
    let mut feed = EventFeedServiceClient::new(calls(up).unwrap());
    let mut heads = Vec::new();
    for source in recoup::services::names() {
        let source = source.to_owned();
        let head = feed.get_feed_head(GetFeedHeadRequest { source }).await;
        heads.push(head.unwrap().into_inner().head_position);
    }
    heads
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_lived_through_once_however_often_it_is_imported() {
    let folder = ScratchDir::create().unwrap();
    let mails = SmtpSink::start().await;
    let up = sandbox(folder.path(), "2013-01-01T12:00:00Z", &mails).await;
    let address = up.address().to_string();
    let place = ["--address", address.as_str(), "--output", "json"];
    let file = folder.path().join("book.csv");
    fs::write(&file, [&[NAMES], ROWS.as_slice()].concat().join("\n")).unwrap();

    // One bad row, and nothing is imported: not even a customer.
    let before = heads(&up).await;
    let bad = folder.path().join("bad.csv");
    let bad_row = "406,8976-AMJEO,,bad,1/2/2013,2/1/2013,-1.00,No,,,,";
    fs::write(
        &bad,
        [&[NAMES], ROWS.as_slice(), &[bad_row]].concat().join("\n"),
    )
    .unwrap();
    let refused = import(folder.path(), &bad, &mails, &place);
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && refused.stdout.is_empty());
    assert!(
        told.contains("nothing was imported\n  row 8, column InvoiceAmount"),
        "{told}"
    );
    assert_eq!(heads(&up).await, before);

    let first = report(&import(folder.path(), &file, &mails, &place));
    assert_eq!(counts(&first), [2, 6, 5, 2]);
    let steps = json!([
        { "step": "final-notice", "messages": 1, "invoices": 1 },
        { "step": "first-reminder", "messages": 2, "invoices": 2 },
        { "step": "second-reminder", "messages": 1, "invoices": 1 },
    ]);
    assert_eq!(
        first["reminders"],
        json!({ "steps": steps, "afterSettlement": 0 })
    );
    assert_eq!(mails.mails().len(), 4);
    assert_eq!(figure(&first, "AVERAGE_DAYS_TO_PAY"), "22.8");

    // The same again, also as the good part of a bad file.
    let after = heads(&up).await;
    let again = report(&import(folder.path(), &file, &mails, &place));
    assert_eq!(counts(&again), [0, 0, 0, 0]);
    let skipping = [&place, ["--skip-bad"].as_slice()].concat();
    let skipped = report(&import(folder.path(), &bad, &mails, &skipping));
    assert_eq!(skipped["skipped"][0]["row"], 8);
    assert_eq!(skipped["skipped"][0]["column"], "InvoiceAmount");
    assert_eq!(counts(&skipped), [0, 0, 0, 0]);
    for same in ["figures", "outstanding", "reminders"] {
        assert_eq!((&again[same], &skipped[same]), (&first[same], &first[same]));
    }
    assert_eq!(heads(&up).await, after, "nothing was announced");

    // Another file comes too late: the clock has gone on.
    let late = folder.path().join("late.csv");
    let text = [&[NAMES], ROWS.as_slice()].concat().join("\n");
    fs::write(&late, text.replace(",in-time,", ",another,")).unwrap();
    let refused = import(folder.path(), &late, &mails, &place);
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(
        told.contains("after the first invoice of 2013-01-02"),
        "{told}"
    );
    assert_eq!(heads(&up).await, after);
    up.end().await.unwrap();
}

#[test]
fn a_column_that_is_missing_is_named_before_anything_starts() {
    let folder = ScratchDir::create().unwrap();
    let file = folder.path().join("book.csv");
    fs::write(&file, NAMES.replace("DueDate", "Due") + "\n" + ROWS[0]).unwrap();
    let output = recoup(&folder.path().join("data"))
        .args(["import", "receivables", "--skip-bad"])
        .arg(&file)
        .arg("--mapping")
        .arg(mapping())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && told.contains("row 1, column DueDate: missing"),
        "{told}"
    );
    assert!(!folder.path().join("data").exists());
}

/// The real file, where the test data is.
fn real_file() -> Option<PathBuf> {
    let data = std::env::var_os("RECOUP_TEST_DATA");
    let file = data.map(|data| Path::new(&data).join("receivables/ibm-late-payments.csv"));
    let file = file.filter(|file| file.exists());
    if file.is_none() {
        eprintln!(
            "skipped: RECOUP_TEST_DATA names no folder with receivables/ibm-late-payments.csv"
        );
    }
    file
}

/// What was outstanding on a day: the sum, and each bucket that is not empty.
fn outstanding(on_day: &Value) -> Value {
    let table = &on_day["aging"]["tables"][0];
    let buckets = table["buckets"].as_array().unwrap().iter();
    let buckets: Vec<Value> = buckets
        .filter(|bucket| bucket["itemCount"].is_string())
        .map(|bucket| {
            json!([
                bucket["label"],
                bucket["amount"]["amount"],
                bucket["itemCount"]
            ])
        })
        .collect();
    let sum = &table["outstandingAmount"]["amount"];
    json!({ "sum": sum, "items": table["itemCount"], "buckets": buckets })
}

/// What was invoiced in each of the months before a day.
fn invoiced(on_day: &Value) -> Value {
    let months = on_day["invoiced"].as_array().unwrap().iter();
    let sales = |month: &Value| month["figures"][0]["inputs"]["salesAmount"]["amount"].clone();
    months
        .map(|month| json!([month["month"], sales(month)]))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ag_5_the_real_file_comes_to_its_figures_and_reminders_stop_at_each_settlement() {
    let Some(file) = real_file() else { return };
    let folder = ScratchDir::create().unwrap();
    let mails = SmtpSink::start().await;
    let place = ["--as-of", "2013-09-30", "--output", "json"];
    let report = report(&import(folder.path(), &file, &mails, &place));
    assert_eq!(report["rowCount"], 2466);
    assert_eq!(report["skipped"], json!([]));
    assert_eq!(counts(&report), [100, 2466, 2466, 561]);
    assert_eq!(report["new"]["unsettled"], 0);

    let inputs = &report["figures"][0]["inputs"];
    for (input, value) in [
        ("settledCount", "2466"),
        ("settledLateCount", "877"),
        ("disputedCount", "561"),
    ] {
        assert_eq!(inputs[input], value, "{input}");
    }
    for (input, value) in [("salesAmount", "147703.18"), ("settledAmount", "147703.18")] {
        assert_eq!(inputs[input]["amount"], value, "{input}");
    }
    assert_eq!(figure(&report, "AVERAGE_DAYS_TO_PAY"), "26.4448");
    assert_eq!(figure(&report, "WEIGHTED_DAYS_TO_PAY"), "26.7006");
    assert_eq!(figure(&report, "PERCENT_SETTLED_LATE"), "35.5637");

    let [then, end] = report["outstanding"].as_array().unwrap().as_slice() else {
        panic!("the day asked for, and the end")
    };
    let buckets = json!([["not due", "4563.74", "81"], ["1-30", "465.48", "7"]]);
    assert_eq!(
        outstanding(then),
        json!({ "sum": "5029.22", "items": "88", "buckets": buckets })
    );
    let months = json!([
        ["2013-07", "6142.00"],
        ["2013-08", "6579.03"],
        ["2013-09", "6828.75"]
    ]);
    assert_eq!(invoiced(then), months);
    assert_eq!(end["aging"]["tables"], Value::Null, "all of it was paid");

    let reminders = &report["reminders"];
    let steps = reminders["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 3);
    let messages = steps.iter().map(|step| step["messages"].as_u64().unwrap());
    let messages = usize::try_from(messages.sum::<u64>()).unwrap();
    assert_eq!(messages, mails.mails().len());
    assert_eq!(reminders["afterSettlement"], 0);
}
