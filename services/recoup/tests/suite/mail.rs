//! Where the mails of an installation are.

use std::fs;
use std::path::Path;

use stores::ScratchDir;

use crate::child::Up;
use crate::story::Story;

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_ends_as_a_file_with_the_time_of_the_sandbox() {
    let story = Story::begin().await;
    let folder = story.installation.mail_dir().unwrap().to_owned();
    assert_eq!(folder, story.installation.stores().data_dir().join("mail"));
    let customer_id = story.customer("c-1").await;
    story.bill(&customer_id, "500.00").await;
    // Due on Sunday 1 February; 5 days later it is Friday, and the hours begin at 8 in Berlin.
    story.until("2026-02-06T06:59:59Z").await;
    assert_eq!(files(&folder), [""; 0]);
    story.until("2026-02-06T12:00:00Z").await;
    let names = files(&folder);
    assert_eq!(names, ["20260206T070000Z-c-1-at-kunde.example.eml"]);
    let mail = fs::read_to_string(folder.join(&names[0])).unwrap();
    for line in [
        "Return-Path: <billing@example.com>\r\n",
        "Delivered-To: c-1@kunde.example\r\n",
        "Received: by sink.test with ESMTP; Fri, 6 Feb 2026 07:00:00 -0000\r\n",
        "Subject: reminder: INV-000001\r\n",
    ] {
        assert!(mail.contains(line), "{line} in {mail}");
    }
    story.end().await;
}

#[test]
fn it_is_told_where_the_mails_are_unless_they_leave() {
    let folder = ScratchDir::create().unwrap();
    let up = Up::start(folder.path());
    assert_eq!(Path::new(&up.mail), folder.path().join("mail"));
    assert_eq!(files(Path::new(&up.mail)), [""; 0]);
}

#[test]
fn a_mail_server_in_the_settings_is_the_one_that_is_used() {
    let folder = ScratchDir::create().unwrap();
    let setting = ("RECOUP_REMINDERS__SMTP__HOST", "mail.example");
    let up = Up::start_in(folder.path(), &[], &[setting]);
    assert!(up.mail.starts_with("leaves"), "{}", up.mail);
    assert!(!folder.path().join("mail").exists());
}
