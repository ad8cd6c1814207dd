//! The mail server, as this service uses it: one mail, one connection's turn, and of every failure
//! whether the mail may have left (P15).
//!
//! Must not decide what is sent or whether, and must not try again: the message's state does.

use std::time::Duration;

use anyhow::Context as _;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::ExposeSecret as _;

use crate::config::{SmtpConfig, SmtpSecurity};

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// The way to the mail server.
pub struct Mailer {
    transport: Option<Transport>,
    send_timeout: Duration,
    message_id_domain: String,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").finish_non_exhaustive()
    }
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
    /// It certainly did not leave: the server could not be reached, or said no for now.
    NotTaken,
    /// It may have left.
    Unknown,
}

/// A mail that cannot be written: an address or a header that is none.
#[derive(Debug, thiserror::Error)]
#[error("the mail cannot be written")]
pub struct UnfitMail;

/// A mail in its final form.
pub struct Envelope(Message);

impl Mailer {
    /// The server of these settings, connected to when the first mail leaves.
    ///
    /// # Errors
    /// A host that is none.
    pub fn try_new(config: &SmtpConfig, send_timeout: Duration) -> anyhow::Result<Self> {
        let transport = (!config.host.is_empty()).then(|| transport(config, send_timeout));
        Ok(Self {
            transport: transport.transpose().context("smtp")?,
            send_timeout,
            message_id_domain: config.message_id_domain.clone(),
        })
    }

    /// What stands behind the @ of a Message-ID.
    #[must_use]
    pub fn message_id_domain(&self) -> &str {
        &self.message_id_domain
    }

    /// Hands a mail over, within the send timeout: text with an HTML alternative.
    ///
    /// The connection is used for this mail alone, and the whole conversation is under one timer:
    /// the library's own time limit covers single steps of it.
    pub async fn hand_over(&self, envelope: Envelope) -> Handed {
        let Some(transport) = &self.transport else {
            return Handed::NotTaken;
        };
        let sending = transport.send(envelope.0);
        match tokio::time::timeout(self.send_timeout, sending).await {
            Ok(Ok(_)) => Handed::Accepted,
            Ok(Err(error)) => judged(&error),
            Err(_) => Handed::Unknown,
        }
    }
}

impl Mail {
    /// Writes it out: everything that can be wrong with it is found here, before the connection.
    ///
    /// # Errors
    /// [`UnfitMail`].
    pub fn written(self) -> Result<Envelope, UnfitMail> {
        let mailbox = |name: Option<String>, address: &str| {
            let address: Address = address.parse().map_err(|_| UnfitMail)?;
            Ok(Mailbox::new(name, address))
        };
        let (name, address) = self.from;
        let mut builder = Message::builder()
            .message_id(Some(self.message_id))
            .from(mailbox(Some(name), &address)?)
            .to(mailbox(None, &self.to)?)
            .subject(self.subject);
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(mailbox(None, reply_to)?);
        }
        let written = if self.html.is_empty() {
            builder.header(ContentType::TEXT_PLAIN).body(self.text)
        } else {
            builder.multipart(MultiPart::alternative_plain_html(self.text, self.html))
        };
        written.map(Envelope).map_err(|_| UnfitMail)
    }
}

/// What an error means for the mail. A negative answer of the server, and a connection that could
/// not be made, are certain; whatever broke in between is not.
fn judged(error: &lettre::transport::smtp::Error) -> Handed {
    if error.is_permanent() {
        Handed::Refused
    } else if error.is_transient() || error.is_client() || error.is_tls() {
        Handed::NotTaken
    } else {
        Handed::Unknown
    }
}

fn transport(config: &SmtpConfig, timeout: Duration) -> anyhow::Result<Transport> {
    let parameters = || TlsParameters::new(config.host.clone());
    let tls = match config.security {
        SmtpSecurity::None => Tls::None,
        SmtpSecurity::Starttls => Tls::Required(parameters()?),
        SmtpSecurity::Tls => Tls::Wrapper(parameters()?),
    };
    let builder = Transport::builder_dangerous(&config.host)
        .port(config.port)
        .tls(tls)
        .timeout(Some(timeout));
    let with_login = if config.username.is_empty() {
        builder
    } else {
        let password = config.password.expose_secret().to_owned();
        builder.credentials(Credentials::new(config.username.clone(), password))
    };
    Ok(with_login.build())
}
