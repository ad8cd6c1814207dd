//! The server's side of an SMTP session (RFC 5321) as far as a sink needs it: commands in, replies
//! out, no sockets, so that the order of commands is tested by itself.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

use super::SmtpBehavior;

/// What a session has been told so far.
#[derive(Debug, Default)]
pub(super) struct Session {
    greeted: bool,
    from: Option<String>,
    to: Vec<String>,
    /// Of the first recipient that is not simply accepted.
    behavior: SmtpBehavior,
}

/// What to do after a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Say this.
    Reply(&'static str),
    /// Take the data of a message.
    Data,
    /// Say nothing any more.
    Hang,
    /// Say good-bye and close.
    Quit,
}

const OUT_OF_ORDER: Input = Input::Reply("503 5.5.1 out of order\r\n");

impl Session {
    /// Takes one command line, without its line end.
    pub(super) fn command(
        &mut self,
        line: &str,
        behavior_for: impl Fn(&str) -> SmtpBehavior,
    ) -> Input {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.greet(
                "250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n\
                 250 SMTPUTF8\r\n",
            ),
            "HELO" => self.greet("250 sink.test\r\n"),
            "MAIL" => self.sender(rest),
            "RCPT" => self.recipient(rest, behavior_for),
            "DATA" if self.to.is_empty() => OUT_OF_ORDER,
            "DATA" => Input::Data,
            "RSET" => {
                self.reset();
                Input::Reply("250 2.0.0 forgotten\r\n")
            }
            "NOOP" => Input::Reply("250 2.0.0 nothing done\r\n"),
            "VRFY" => Input::Reply("252 2.1.5 send and see\r\n"),
            "QUIT" => Input::Quit,
            _ => Input::Reply("500 5.5.1 unknown command\r\n"),
        }
    }

    /// Forgets the message; who the client is stays known.
    pub(super) fn reset(&mut self) {
        *self = Self {
            greeted: self.greeted,
            ..Self::default()
        };
    }

    pub(super) fn from(&self) -> &str {
        self.from.as_deref().unwrap_or_default()
    }

    pub(super) fn to(&self) -> &[String] {
        &self.to
    }

    pub(super) fn behavior(&self) -> SmtpBehavior {
        self.behavior
    }

    fn greet(&mut self, reply: &'static str) -> Input {
        self.reset();
        self.greeted = true;
        Input::Reply(reply)
    }

    fn sender(&mut self, rest: &str) -> Input {
        if !self.greeted || self.from.is_some() {
            return OUT_OF_ORDER;
        }
        match path(rest, "FROM:") {
            Some(from) => {
                self.from = Some(from.to_owned());
                Input::Reply("250 2.1.0 sender ok\r\n")
            }
            None => Input::Reply("501 5.5.4 MAIL FROM:<address>\r\n"),
        }
    }

    fn recipient(&mut self, rest: &str, behavior_for: impl Fn(&str) -> SmtpBehavior) -> Input {
        if self.from.is_none() {
            return OUT_OF_ORDER;
        }
        let Some(to) = path(rest, "TO:").filter(|to| !to.is_empty()) else {
            return Input::Reply("501 5.5.4 RCPT TO:<address>\r\n");
        };
        match behavior_for(to) {
            SmtpBehavior::Reject => return Input::Reply("550 5.1.1 no such user here\r\n"),
            SmtpBehavior::RefuseForNow => return Input::Reply("451 4.7.1 try again later\r\n"),
            SmtpBehavior::Hang => return Input::Hang,
            behavior if self.behavior == SmtpBehavior::Accept => self.behavior = behavior,
            _ => {}
        }
        self.to.push(to.to_owned());
        Input::Reply("250 2.1.5 recipient ok\r\n")
    }
}

/// The address in `FROM:<a@b> PARAMETERS`; empty for `<>`, the sender of bounces.
fn path<'a>(rest: &'a str, keyword: &str) -> Option<&'a str> {
    let start = rest.get(..keyword.len())?;
    let address = rest
        .get(keyword.len()..)
        .filter(|_| start.eq_ignore_ascii_case(keyword))?;
    Some(address.trim_start().strip_prefix('<')?.split_once('>')?.0)
}

/// The next command line without its end; none when the client has closed.
pub(super) async fn read_line(
    from: &mut (impl AsyncBufRead + Unpin),
) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if from.read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    Ok(Some(
        String::from_utf8_lossy(&line)
            .trim_end_matches(['\r', '\n'])
            .to_owned(),
    ))
}

/// The data of a message up to the line with the dot, added dots taken away (RFC 5321, 4.5.2); none
/// when the client has closed before it.
pub(super) async fn read_data(
    from: &mut (impl AsyncBufRead + Unpin),
) -> io::Result<Option<Vec<u8>>> {
    let mut data = Vec::new();
    loop {
        let mut line = Vec::new();
        if from.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        if line == b".\r\n" {
            return Ok(Some(data));
        }
        data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(session: &mut Session, line: &str) -> Input {
        session.command(line, |_| SmtpBehavior::Accept)
    }

    fn code(input: &Input) -> &str {
        match input {
            Input::Reply(reply) => &reply[..3],
            _ => "",
        }
    }

    #[test]
    fn commands_out_of_order_are_refused() {
        let mut session = Session::default();
        for (line, expected) in [
            ("MAIL FROM:<a@x>", "503"),
            ("EHLO me", "250"),
            ("RCPT TO:<b@x>", "503"),
            ("DATA", "503"),
            ("mail from:<a@x> BODY=8BITMIME", "250"),
            ("MAIL FROM:<c@x>", "503"),
            ("DATA", "503"),
            ("RCPT TO:b@x", "501"),
            ("RCPT TO:<>", "501"),
            ("RCPT TO:<b@x>", "250"),
            ("RCPT TO: <c@x> NOTIFY=NEVER", "250"),
            ("NOOP", "250"),
            ("STARTTLS", "500"),
        ] {
            assert_eq!(code(&say(&mut session, line)), expected, "{line}");
        }
        assert_eq!(
            (session.from(), session.to()),
            ("a@x", &["b@x".into(), "c@x".into()][..])
        );
        assert_eq!(say(&mut session, "DATA"), Input::Data);
        assert_eq!(code(&say(&mut session, "RSET")), "250");
        assert_eq!(say(&mut session, "DATA"), OUT_OF_ORDER);
        assert_eq!(say(&mut session, "QUIT"), Input::Quit);
    }

    #[test]
    fn a_bounce_has_an_empty_sender() {
        let mut session = Session::default();
        say(&mut session, "HELO me");
        assert_eq!(code(&say(&mut session, "MAIL FROM:<>")), "250");
        assert_eq!(code(&say(&mut session, "RCPT TO:<b@x>")), "250");
    }

    #[test]
    fn the_first_recipient_out_of_the_ordinary_decides_about_the_data() {
        let mut session = Session::default();
        say(&mut session, "EHLO me");
        say(&mut session, "MAIL FROM:<a@x>");
        for (to, behavior, expected) in [
            ("ok", SmtpBehavior::Accept, "250"),
            ("no", SmtpBehavior::Reject, "550"),
            ("later", SmtpBehavior::RefuseForNow, "451"),
            ("drop", SmtpBehavior::AcceptThenDrop, "250"),
            ("hang", SmtpBehavior::AcceptThenHang, "250"),
        ] {
            let input = session.command(&format!("RCPT TO:<{to}>"), |_| behavior);
            assert_eq!(code(&input), expected, "{to}");
        }
        assert_eq!(session.behavior(), SmtpBehavior::AcceptThenDrop);
        assert_eq!(session.to(), ["ok", "drop", "hang"]);
    }

    #[tokio::test]
    async fn added_dots_are_taken_away() {
        let sent = b"Subject: x\r\n\r\n..hidden\r\na.b\r\n...\r\n.\r\nQUIT\r\n";
        let mut from = &sent[..];
        let data = read_data(&mut from).await.unwrap().unwrap();
        assert_eq!(data, b"Subject: x\r\n\r\n.hidden\r\na.b\r\n..\r\n");
        assert_eq!(read_line(&mut from).await.unwrap().as_deref(), Some("QUIT"));
        assert_eq!(read_data(&mut &b"cut off"[..]).await.unwrap(), None);
    }
}
