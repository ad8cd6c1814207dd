//! Somebody to send mail to: an SMTP server on a free port that delivers nothing. It keeps what it is
//! given, in memory or as files in a folder, and, on demand, refuses, hesitates, or takes a message
//! and does not say so.

mod folder;
mod mail;
mod session;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use calendar::Clock;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::Result;
use crate::error::Doing;

use folder::MailFolder;
pub use mail::ReceivedMail;
use session::{Input, Session, read_data, read_line};

/// What the server does with a message, decided by its recipients.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SmtpBehavior {
    /// Takes it.
    #[default]
    Accept,
    /// Refuses the recipient for good: 550.
    Reject,
    /// Refuses the recipient for now: 451.
    RefuseForNow,
    /// Takes the data, then this long to say so. The message counts from the end of its data.
    Delay(Duration),
    /// Takes the data, then closes the connection without an answer: an outcome nobody knows.
    AcceptThenDrop,
    /// Takes the data and never answers: an outcome nobody knows, and a caller that waits.
    AcceptThenHang,
    /// Never answers the recipient: nothing is taken.
    Hang,
}

/// An SMTP server that delivers nothing; ends with this value.
#[derive(Debug)]
pub struct SmtpSink {
    addr: SocketAddr,
    mailbox: Arc<Mailbox>,
    _accepting: JoinSet<()>,
}

#[derive(Debug)]
struct Mailbox {
    clock: Clock,
    mails: watch::Sender<Vec<ReceivedMail>>,
    /// Where mails go instead of into memory.
    folder: Option<MailFolder>,
    behaviors: Mutex<Behaviors>,
}

#[derive(Debug, Default)]
struct Behaviors {
    general: SmtpBehavior,
    by_address: HashMap<String, SmtpBehavior>,
}

impl SmtpSink {
    /// A server that notes `clock`'s time of each message and keeps messages in memory.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(clock: Clock) -> Result<Self> {
        Self::start_over(clock, None).await
    }

    /// The same, but each message becomes a file `<time>-<recipient>.eml` in `folder`, which is made
    /// where it is missing: the message as sent, below the lines that a server adds (`Return-Path`,
    /// `Delivered-To`, `Received` with the clock's time). Nothing stays in memory, and a message that
    /// cannot be written is refused for now.
    ///
    /// # Errors
    /// No port is free, or the folder cannot be made.
    pub async fn start_in(folder: PathBuf, clock: Clock) -> Result<Self> {
        Self::start_over(clock, Some(MailFolder::open(folder).await?)).await
    }

    async fn start_over(clock: Clock, folder: Option<MailFolder>) -> Result<Self> {
        let doing = || "listen for mail on 127.0.0.1".to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.doing(doing)?;
        let addr = listener.local_addr().doing(doing)?;
        let mailbox = Arc::new(Mailbox {
            clock,
            mails: watch::Sender::new(Vec::new()),
            folder,
            behaviors: Mutex::default(),
        });
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, Arc::clone(&mailbox)));
        Ok(Self {
            addr,
            mailbox,
            _accepting: accepting,
        })
    }

    /// Where files are written; `None` where mails are kept in memory.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.mailbox.folder.as_ref().map(MailFolder::path)
    }

    /// Where it listens: plain SMTP, neither TLS nor authentication.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What it does from the next recipient on.
    pub fn set_behavior(&self, behavior: SmtpBehavior) {
        self.mailbox.behaviors().general = behavior;
    }

    /// What it does for one recipient, whatever holds for the others. Of a message with several, the
    /// first whose behavior is not [`SmtpBehavior::Accept`] decides about the data.
    pub fn set_behavior_for(&self, address: &str, behavior: SmtpBehavior) {
        self.mailbox
            .behaviors()
            .by_address
            .insert(address.to_lowercase(), behavior);
    }

    /// All messages in memory so far, in the order their data ended, whether or not that was told.
    #[must_use]
    pub fn mails(&self) -> Vec<ReceivedMail> {
        self.mailbox.mails.borrow().clone()
    }

    /// How often a message with this Message-ID was taken; angle brackets do not matter.
    #[must_use]
    pub fn count_with_message_id(&self, message_id: &str) -> usize {
        let wanted = message_id.trim_matches(['<', '>']);
        let mails = self.mailbox.mails.borrow();
        mails
            .iter()
            .filter(|mail| mail.message_id().as_deref() == Some(wanted))
            .count()
    }

    /// The messages in memory, now and as they come.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Vec<ReceivedMail>> {
        self.mailbox.mails.subscribe()
    }
}

impl Mailbox {
    fn behaviors(&self) -> MutexGuard<'_, Behaviors> {
        self.behaviors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn behavior_for(&self, address: &str) -> SmtpBehavior {
        let behaviors = self.behaviors();
        let own = behaviors.by_address.get(&address.to_lowercase());
        own.copied().unwrap_or(behaviors.general)
    }

    async fn keep(&self, session: &Session, raw: Vec<u8>) -> Result<()> {
        let mail = ReceivedMail::new(session, raw, self.clock.now());
        match &self.folder {
            Some(folder) => folder.write(&mail).await,
            None => {
                self.mails.send_modify(|mails| mails.push(mail));
                Ok(())
            }
        }
    }
}

async fn accept(listener: TcpListener, mailbox: Arc<Mailbox>) {
    // Aborted with this task: no session outlives the sink.
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                let mailbox = Arc::clone(&mailbox);
                sessions.spawn(async move {
                    if let Err(error) = converse(client, &mailbox).await {
                        tracing::debug!(%error, "an SMTP client went away");
                    }
                });
            }
            Some(_) = sessions.join_next() => {}
        }
    }
}

/// Clients write a message and its last line apart, and hold the second back until the first is
/// acknowledged: delayed, as is usual, that costs 40 ms a mail. For the next read only.
fn acknowledge_at_once(client: &TcpStream) -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    client.set_quickack(true)?;
    #[cfg(not(target_os = "linux"))]
    let _ = client;
    Ok(())
}

/// One connection, until the client quits or the behavior ends it. Commands that arrive together
/// (pipelining) are answered one by one.
async fn converse(mut client: TcpStream, mailbox: &Mailbox) -> std::io::Result<()> {
    let (from_client, mut to_client) = client.split();
    let mut from_client = BufReader::new(from_client);
    let mut session = Session::default();
    to_client.write_all(b"220 sink.test ESMTP\r\n").await?;
    while let Some(line) = read_line(&mut from_client).await? {
        let step = session.command(&line, |address| mailbox.behavior_for(address));
        match step {
            Input::Reply(reply) => to_client.write_all(reply.as_bytes()).await?,
            Input::Quit => return to_client.write_all(b"221 2.0.0 bye\r\n").await,
            Input::Hang => std::future::pending().await,
            Input::Data => {
                to_client
                    .write_all(b"354 end with a dot on a line by itself\r\n")
                    .await?;
                acknowledge_at_once(from_client.get_ref().as_ref())?;
                let Some(raw) = read_data(&mut from_client).await? else {
                    return Ok(());
                };
                if let Err(error) = mailbox.keep(&session, raw).await {
                    tracing::error!(%error, "a mail was not kept");
                    session.reset();
                    to_client.write_all(b"451 4.3.0 not kept\r\n").await?;
                    continue;
                }
                match session.behavior() {
                    SmtpBehavior::AcceptThenDrop => return Ok(()),
                    SmtpBehavior::AcceptThenHang => std::future::pending().await,
                    SmtpBehavior::Delay(delay) => sleep(delay).await,
                    SmtpBehavior::Accept
                    | SmtpBehavior::Reject
                    | SmtpBehavior::RefuseForNow
                    | SmtpBehavior::Hang => {}
                }
                session.reset();
                to_client.write_all(b"250 2.0.0 taken\r\n").await?;
            }
        }
    }
    Ok(())
}
