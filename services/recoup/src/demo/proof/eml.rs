//! Mails as files: what the demo looks at in them. Must not judge them: see [`super::mails`].

use std::path::Path;

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use mail_parser::{HeaderValue, MessageParser};
use tokio::fs;
use uuid::Uuid;

/// A mail in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailFile {
    /// Its name in the folder.
    pub name: String,
    /// What is before the @ of its Message-ID.
    pub message_id: Uuid,
    /// When the server took it.
    pub time: Timestamp,
    /// To whom the envelope was.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
}

/// All mails of a folder, by name.
///
/// # Errors
/// The folder cannot be read, or a file in it is no mail of ours.
pub async fn read_all(folder: &Path) -> anyhow::Result<Vec<MailFile>> {
    let doing = || format!("the mails in {}", folder.display());
    let mut entries = fs::read_dir(folder).await.with_context(doing)?;
    let mut mails = Vec::new();
    while let Some(entry) = entries.next_entry().await.with_context(doing)? {
        let name = entry.file_name().to_string_lossy().into_owned();
        ensure!(name.ends_with(".eml"), "{name} among {}", doing());
        let raw = fs::read(entry.path()).await.with_context(|| name.clone())?;
        mails.push(parsed(&name, &raw).with_context(|| name.clone())?);
    }
    mails.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(mails)
}

fn parsed(name: &str, raw: &[u8]) -> anyhow::Result<MailFile> {
    let mail = MessageParser::default().parse(raw).context("no mail")?;
    let message_id = mail.message_id().context("no Message-ID")?;
    let id = message_id.split('@').next().unwrap_or_default();
    let taken = mail.received().and_then(|received| received.date());
    let seconds = taken.context("no time in Received")?.to_timestamp();
    let recipient = match mail.header("Delivered-To") {
        Some(HeaderValue::Text(text)) => text.to_string(),
        Some(HeaderValue::Address(addresses)) => {
            let first = addresses.first().and_then(|first| first.address());
            first.context("no recipient")?.to_owned()
        }
        _ => anyhow::bail!("no Delivered-To"),
    };
    Ok(MailFile {
        name: name.to_owned(),
        message_id: id.parse().context("a Message-ID of somebody else")?,
        time: Timestamp::from_second(seconds)?,
        recipient: recipient.trim().to_owned(),
        subject: mail.subject().unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &str = "Return-Path: <ar@example.com>\r\n\
        Delivered-To: ap@kunde.example\r\n\
        Received: by sink.test with ESMTP; Fri, 6 Feb 2026 07:00:05 -0000\r\n\
        Message-ID: <0190f0c0-0000-7000-8000-000000000001@reminders.example>\r\n\
        Subject: =?utf-8?b?w5xiZXJmw6RsbGln?=\r\n\r\nGuten Tag\r\n";

    #[test]
    fn a_file_tells_its_message_its_time_and_its_recipient() {
        let mail = parsed("a.eml", RAW.as_bytes()).unwrap();
        assert_eq!(
            mail.message_id.to_string(),
            "0190f0c0-0000-7000-8000-000000000001"
        );
        assert_eq!(mail.time.to_string(), "2026-02-06T07:00:05Z");
        assert_eq!(mail.recipient, "ap@kunde.example");
        assert_eq!(mail.subject, "Überfällig");
    }

    #[test]
    fn a_file_without_its_time_is_no_mail_of_ours() {
        let without = RAW.replace("Received: ", "X-Received: ");
        let error = parsed("a.eml", without.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("Received"), "{error}");
    }
}
