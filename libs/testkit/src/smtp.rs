//! The mail server of [`stores::smtp`] as tests use it: in memory, and with a wait that fails the
//! test.

use std::ops::Deref;
use std::time::Duration;

use calendar::Clock;
use stores::smtp;
use tokio::time::timeout;

use crate::ReceivedMail;

/// An SMTP server that delivers nothing; ends with this value.
#[derive(Debug)]
pub struct SmtpSink(smtp::SmtpSink);

impl SmtpSink {
    /// A server that notes the system's time of each message.
    pub async fn start() -> Self {
        Self::start_with(Clock::system()).await
    }

    /// A server that notes `clock`'s time of each message.
    pub async fn start_with(clock: Clock) -> Self {
        Self(smtp::SmtpSink::start(clock).await.expect("a free port"))
    }

    /// Waits until `count` messages were taken and returns them all; panics after `deadline`.
    pub async fn wait_for(&self, count: usize, deadline: Duration) -> Vec<ReceivedMail> {
        let mut mails = self.subscribe();
        let enough = timeout(deadline, mails.wait_for(|mails| mails.len() >= count)).await;
        match enough {
            Ok(mails) => mails.expect("the sink lives").clone(),
            Err(_) => panic!(
                "{} of {count} mails within {deadline:?}: {:?}",
                self.mails().len(),
                self.mails()
            ),
        }
    }
}

impl Deref for SmtpSink {
    type Target = smtp::SmtpSink;

    fn deref(&self) -> &smtp::SmtpSink {
        &self.0
    }
}
