//! The independent check: what is left after the harm, by plain SQL over the five databases and by
//! the log of the mail sink. Counts and sums that must be equal, in the words of the tables; no code
//! of a service, and no rule of the business.
//!
//! | module | what it owns |
//! |---|---|
//! | [`quiet`] | whether anything is still under way; the wait for that |
//! | [`rules`] | what must hold within one database |
//! | [`pairs`] | what two databases must agree on |
//! | [`mail`] | what the mail sink got, beside what reminders thinks it sent |
//! | [`sessions`] | the sessions of the services in Postgres |

pub mod mail;
pub mod pairs;
pub mod quiet;
pub mod rules;
pub mod sessions;

use crate::Installation;

/// Waits until nothing is under way any more, then checks everything.
pub async fn everything(installation: &Installation) -> Vec<String> {
    let restless = quiet::settled(installation).await;
    let mut findings: Vec<String> = restless
        .into_iter()
        .map(|left| format!("P13 still under way: {left}"))
        .collect();
    findings.extend(rules::broken(installation).await);
    findings.extend(pairs::unequal(installation).await);
    findings.extend(mail::doubled_or_lost(installation).await);
    findings
}
