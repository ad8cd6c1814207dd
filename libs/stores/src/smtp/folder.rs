//! Mails as files that any mail program opens. Must not read them again, and never overwrites one.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use calendar::Timestamp;
use jiff::fmt::rfc2822;
use tokio::fs;
use tokio::sync::Mutex;

use super::ReceivedMail;
use crate::Result;
use crate::error::Doing;

/// Longest part of a file name that comes from an address.
const NAME_CHARS: usize = 64;

/// A folder of mails, written by this process alone.
#[derive(Debug)]
pub(super) struct MailFolder {
    path: PathBuf,
    /// Held while a name is looked for and taken.
    naming: Mutex<()>,
}

impl MailFolder {
    /// Makes it where it is missing; mails of an earlier process stay.
    pub(super) async fn open(path: PathBuf) -> Result<Self> {
        let doing = || format!("create {}", path.display());
        fs::create_dir_all(&path).await.doing(doing)?;
        Ok(Self {
            path,
            naming: Mutex::default(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a mail. It appears under its name only when it is whole.
    pub(super) async fn write(&self, mail: &ReceivedMail) -> Result<()> {
        let mut content = trace(mail).into_bytes();
        content.extend_from_slice(&mail.raw);
        let _naming = self.naming.lock().await;
        let file = self.free_name(&stem(mail)).await;
        let part = file.with_extension("part");
        let doing = || format!("write {}", file.display());
        fs::write(&part, content).await.doing(doing)?;
        fs::rename(&part, &file).await.doing(doing)
    }

    /// `stem.eml`; where that is taken `stem-2.eml`, and so on.
    async fn free_name(&self, stem: &str) -> PathBuf {
        let mut name = format!("{stem}.eml");
        let mut number = 1_u64;
        while fs::try_exists(self.path.join(&name)).await.unwrap_or(false) {
            number = number.saturating_add(1);
            name = format!("{stem}-{number}.eml");
        }
        self.path.join(name)
    }
}

/// When and to whom, in letters that every file system and every link takes.
fn stem(mail: &ReceivedMail) -> String {
    let time = mail.time.strftime("%Y%m%dT%H%M%SZ");
    let recipient = mail.envelope_to.first().map_or("nobody", String::as_str);
    let recipient = recipient.replacen('@', "-at-", 1);
    let fit = |letter: char| match letter {
        'a'..='z' | '0'..='9' | '.' | '-' | '_' => letter,
        'A'..='Z' => letter.to_ascii_lowercase(),
        _ => '-',
    };
    let recipient: String = recipient.chars().map(fit).take(NAME_CHARS).collect();
    format!("{time}-{recipient}")
}

/// The lines that a server puts before what it takes (RFC 5321, 4.4): the envelope and the time.
fn trace(mail: &ReceivedMail) -> String {
    let mut lines = format!("Return-Path: <{}>\r\n", one_line(&mail.envelope_from));
    for recipient in &mail.envelope_to {
        // Writing to a String cannot fail.
        let _ = write!(lines, "Delivered-To: {}\r\n", one_line(recipient));
    }
    let _ = write!(
        lines,
        "Received: by sink.test with ESMTP; {}\r\n",
        date(mail.time)
    );
    lines
}

/// As RFC 5322 writes it; a time outside its years, which no clock of ours shows, as ISO 8601.
fn date(time: Timestamp) -> String {
    rfc2822::DateTimePrinter::new()
        .timestamp_to_string(&time)
        .unwrap_or_else(|_| time.to_string())
}

/// An address as a header's value: what a client says must not become a header of its own (P34).
fn one_line(address: &str) -> String {
    address.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn mail(to: &str) -> ReceivedMail {
        ReceivedMail {
            envelope_from: "ar@example.com".to_owned(),
            envelope_to: vec![to.to_owned()],
            raw: b"Subject: x\r\n\r\nGuten Tag\r\n".to_vec(),
            time: "2026-03-02T07:00:05Z".parse().unwrap(),
            instant: Instant::now(),
        }
    }

    #[test]
    fn names_are_of_time_and_recipient_and_lead_nowhere_else() {
        for (to, expected) in [
            ("Ap@Customer.example", "ap-at-customer.example"),
            ("../../etc/passwd", "..-..-etc-passwd"),
            ("a b\0ü@x", "a-b---at-x"),
        ] {
            assert_eq!(stem(&mail(to)), format!("20260302T070005Z-{expected}"));
        }
        assert_eq!(stem(&mail(&"x".repeat(500))).len(), 17 + NAME_CHARS);
    }

    #[test]
    fn p34_an_address_adds_no_header() {
        let lines = trace(&mail("a@b\rBcc: c@d"));
        assert_eq!(
            lines,
            "Return-Path: <ar@example.com>\r\n\
             Delivered-To: a@bBcc: c@d\r\n\
             Received: by sink.test with ESMTP; Mon, 2 Mar 2026 07:00:05 -0000\r\n"
        );
    }

    #[tokio::test]
    async fn no_mail_takes_the_place_of_another() {
        let parent = tempfile::tempdir().unwrap();
        let folder = MailFolder::open(parent.path().join("mail")).await.unwrap();
        for _ in 0..3 {
            folder.write(&mail("a@b")).await.unwrap();
        }
        let mut names: Vec<String> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let stem = "20260302T070005Z-a-at-b";
        assert_eq!(
            names,
            ["-2.eml", "-3.eml", ".eml"].map(|end| format!("{stem}{end}"))
        );
        let text = std::fs::read_to_string(folder.path().join(&names[0])).unwrap();
        assert!(
            text.ends_with("-0000\r\nSubject: x\r\n\r\nGuten Tag\r\n"),
            "{text}"
        );
    }
}
