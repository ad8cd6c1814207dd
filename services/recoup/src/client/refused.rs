//! What a refusal says to a person: what was refused, which field is at fault, what to do now.

use std::error::Error;
use std::fmt;

use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// A call that was not answered with OK.
#[derive(Debug)]
pub struct Refused {
    doing: &'static str,
    status: Status,
}

impl Refused {
    /// Its code: one situation each, see `proto/README.md`.
    #[must_use]
    pub fn code(&self) -> Code {
        self.status.code()
    }

    /// Its reason, UPPER_SNAKE; empty where whatever answered was no service of ours.
    #[must_use]
    pub fn reason(&self) -> String {
        let info = self.status.get_details_error_info();
        info.map(|info| info.reason).unwrap_or_default()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, reason) = (self.code(), self.reason());
        write!(to, "{}: ", self.doing)?;
        let violations = self.status.get_details_bad_request();
        let violations = violations.map(|bad| bad.field_violations);
        match violations.filter(|all| !all.is_empty()) {
            Some(violations) => {
                write!(to, "the request is malformed ({reason})")?;
                for violation in violations {
                    write!(to, "\n  {} {}", violation.field, violation.description)?;
                }
            }
            None if reason.is_empty() => write!(to, "{} ({code:?})", self.status.message())?,
            None => write!(to, "{} ({reason})", self.status.message())?,
        }
        match what_now(code) {
            "" => Ok(()),
            advice => write!(to, "\n  {advice}"),
        }
    }
}

impl Error for Refused {}

/// What each code asks of whoever called.
fn what_now(code: Code) -> &'static str {
    match code {
        Code::InvalidArgument => "Correct it; nothing was changed.",
        Code::NotFound => "Only what belongs to the token's tenant is looked at.",
        Code::Unauthenticated => "Get a new token with `recoup token`.",
        Code::PermissionDenied => "The token's scope does not cover this: ask for another one.",
        Code::ResourceExhausted | Code::Unavailable | Code::DeadlineExceeded => {
            "Try again in a moment."
        }
        Code::Aborted => "Something else was going on: try again.",
        Code::Internal => "That is a bug: report it with the id above.",
        Code::Unimplemented => "This installation does not serve it.",
        _ => "",
    }
}

/// What was answered, or why not. `doing` says what was tried, for example `reading the invoice`.
///
/// # Errors
/// [`Refused`].
pub fn answered<T>(doing: &'static str, answer: Result<Response<T>, Status>) -> Result<T, Refused> {
    match answer {
        Ok(answer) => Ok(answer.into_inner()),
        Err(status) => Err(Refused { doing, status }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic_types::ErrorDetails;

    use super::*;

    fn shown(status: Status) -> String {
        let doing = "listing the invoices";
        Refused { doing, status }.to_string()
    }

    #[test]
    fn a_refusal_says_what_which_field_and_what_now() {
        let mut details = ErrorDetails::new();
        details.set_error_info("PAGE_INVALID", "invoicing.recoup", HashMap::new());
        details.add_bad_request_violation("page_size", "must be 1 to 500");
        let status = Status::with_error_details(Code::InvalidArgument, "x", details);
        assert_eq!(
            shown(status),
            "listing the invoices: the request is malformed (PAGE_INVALID)\n  \
             page_size must be 1 to 500\n  Correct it; nothing was changed."
        );
        // From something that is none of ours.
        assert_eq!(
            shown(Status::unknown("grpc-status header missing")),
            "listing the invoices: grpc-status header missing (Unknown)"
        );
    }
}
