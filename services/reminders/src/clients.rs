//! The mail server, as this service uses it: one mail a connection, and of every failure whether the
//! mail may have left (P15).
//!
//! The conversation is led command by command: up to the data nothing has left, whatever goes wrong;
//! immediately before the data the sender is asked once more whether it may (P16, P19); from the
//! first byte of the data on, only an answer is certain.
//!
//! Must not decide what is sent or whether, and must not try again: the message's state does.

use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, timeout_at};

use crate::config::{SmtpConfig, SmtpSecurity};

/// The way to the mail server.
pub struct Mailer {
    config: SmtpConfig,
    send_timeout: Duration,
    hello: ClientId,
}

/// One mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// With angle brackets; the same however often the mail is tried.
    pub message_id: String,
    /// As whom: name and address.
    pub from: (String, String),
    /// Where answers go.
    pub reply_to: Option<String>,
    /// To whom.
    pub to: String,
    /// Its subject, one line.
    pub subject: String,
    /// The words.
    pub text: String,
    /// The same words as HTML; empty: none.
    pub html: String,
}

/// What came of handing a mail over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handed {
    /// The server took it.
    Accepted,
    /// The server refused it for good.
    Refused,
    /// It certainly did not leave: the server could not be reached, said no for now, or the sender
    /// ran out of time before the data.
    NotTaken,
    /// It may have left.
    Unknown,
}

/// A mail that cannot be written: an address or a header that is none.
#[derive(Debug, thiserror::Error)]
#[error("the mail cannot be written")]
pub struct UnfitMail;

/// A mail in its final form.
pub struct WrittenMail {
    from: Address,
    to: Address,
    bytes: Vec<u8>,
}

impl Mailer {
    /// The server of these settings, connected to for each mail.
    #[must_use]
    pub fn new(config: &SmtpConfig, send_timeout: Duration) -> Self {
        Self {
            config: config.clone(),
            send_timeout,
            hello: ClientId::default(),
        }
    }

    /// What stands behind the @ of a Message-ID.
    #[must_use]
    pub fn message_id_domain(&self) -> &str {
        &self.config.message_id_domain
    }

    /// Hands a mail over, within the send timeout; `may_send` is asked immediately before the data.
    pub async fn hand_over(&self, mail: WrittenMail, may_send: impl Fn() -> bool) -> Handed {
        if self.config.host.is_empty() {
            return Handed::NotTaken;
        }
        // The library's own limit covers the connecting alone.
        let end = Instant::now() + self.send_timeout;
        let mut connection = match timeout_at(end, self.announced(&mail)).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) if error.is_permanent() => return Handed::Refused,
            Ok(Err(_)) | Err(_) => return Handed::NotTaken,
        };
        if !may_send() {
            return Handed::NotTaken;
        }
        let handed = match timeout_at(end, connection.message(&mail.bytes)).await {
            Ok(Ok(_)) => Handed::Accepted,
            Ok(Err(error)) if error.is_permanent() => Handed::Refused,
            Ok(Err(error)) if error.is_transient() => Handed::NotTaken,
            Ok(Err(_)) | Err(_) => Handed::Unknown,
        };
        // Whatever becomes of the farewell, the outcome stands.
        if handed == Handed::Accepted {
            let _farewell = timeout_at(end, connection.quit()).await;
        }
        handed
    }

    /// A connection on which sender and recipient are accepted and the data is awaited.
    async fn announced(&self, mail: &WrittenMail) -> Result<AsyncSmtpConnection, Error> {
        let mut connection = self.connected().await?;
        let sender = MailFrom::new(Some(mail.from.clone()), Vec::new());
        connection.command(sender).await?;
        connection
            .command(Rcpt::new(mail.to.clone(), Vec::new()))
            .await?;
        connection.command(Data).await?;
        Ok(connection)
    }

    async fn connected(&self) -> Result<AsyncSmtpConnection, Error> {
        let SmtpConfig { host, port, .. } = &self.config;
        let parameters = || TlsParameters::new(host.clone());
        let wrapped = match self.config.security {
            SmtpSecurity::Tls => Some(parameters()?),
            SmtpSecurity::Starttls | SmtpSecurity::None => None,
        };
        let limit = Some(self.send_timeout);
        let address = (host.as_str(), *port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, limit, &self.hello, wrapped, None).await?;
        if self.config.security == SmtpSecurity::Starttls {
            connection.starttls(parameters()?, &self.hello).await?;
        }
        if !self.config.username.is_empty() {
            let login = credentials(&self.config.username, &self.config.password);
            connection.auth(DEFAULT_MECHANISMS, &login).await?;
        }
        Ok(connection)
    }
}

impl Mail {
    /// Writes it out: text, with an HTML alternative where there is one. Everything that can be wrong
    /// with a mail is found here, before the connection.
    ///
    /// # Errors
    /// [`UnfitMail`].
    pub fn written(self) -> Result<WrittenMail, UnfitMail> {
        let (name, from) = self.from;
        let (from, to) = (address(&from)?, address(&self.to)?);
        let mut builder = Message::builder()
            .message_id(Some(self.message_id))
            .from(Mailbox::new(Some(name), from.clone()))
            .to(Mailbox::new(None, to.clone()))
            .subject(self.subject);
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(Mailbox::new(None, address(reply_to)?));
        }
        let written = if self.html.is_empty() {
            builder.header(ContentType::TEXT_PLAIN).body(self.text)
        } else {
            builder.multipart(MultiPart::alternative_plain_html(self.text, self.html))
        };
        let bytes = written.map_err(|_| UnfitMail)?.formatted();
        Ok(WrittenMail { from, to, bytes })
    }
}

/// An address that any server takes: without SMTPUTF8.
fn address(text: &str) -> Result<Address, UnfitMail> {
    let parsed = text.parse::<Address>();
    parsed.ok().filter(|_| text.is_ascii()).ok_or(UnfitMail)
}

fn credentials(username: &str, password: &SecretString) -> Credentials {
    Credentials::new(username.to_owned(), password.expose_secret().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail {
            message_id: "<0190@reminders.example>".to_owned(),
            from: ("Büro Süd".to_owned(), "ar@example.com".to_owned()),
            reply_to: Some("answers@example.com".to_owned()),
            to: "ap@customer.example".to_owned(),
            subject: "Rechnung überfällig".to_owned(),
            text: "Guten Tag".to_owned(),
            html: "<p>Guten Tag</p>".to_owned(),
        }
    }

    #[test]
    fn p15_the_message_id_is_the_one_that_was_given() {
        let bytes = mail().written().unwrap().bytes;
        let text = String::from_utf8(bytes).unwrap();
        assert!(
            text.contains("Message-ID: <0190@reminders.example>\r\n"),
            "{text}"
        );
        assert!(text.contains("multipart/alternative"), "{text}");
    }

    #[test]
    fn p34_a_line_break_in_a_header_or_an_address_never_becomes_a_header() {
        for to in ["a@b.example\r\nBcc: c@d.example", "a b", "ä@b.example", ""] {
            let unfit = Mail {
                to: to.to_owned(),
                ..mail()
            };
            assert!(unfit.written().is_err(), "{to}");
        }
        let subject = "Hello\r\nBcc: c@d.example".to_owned();
        let bytes = Mail { subject, ..mail() }.written().unwrap().bytes;
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.to_lowercase().contains("\r\nbcc:"), "{text}");
    }
}
