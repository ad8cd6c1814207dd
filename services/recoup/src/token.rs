//! `recoup token`: a token for whoever may read the keys of an installation.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context as _;
use contracts::access::METHODS;
use jiff::SignedDuration;
use postgres::TenantId;
use runtime::tokens::Grant;
use uuid::Uuid;

use crate::data_dir::DataDir;
use crate::keys::{ISSUER, Keys};

/// The tenant of tokens that name none, so that everything done by hand meets in one place.
pub const DEVELOPMENT_TENANT: TenantId =
    TenantId::new(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));

/// Whom tokens are meant for: the audience of the shared settings.
const AUDIENCE: &str = "recoup";

/// With it, a token without a tenant reads the feeds of all tenants.
const ALL_TENANTS: &str = "feed:all";

/// Prints a token for this installation.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    data_dir: DataDir,
    #[command(flatten)]
    wish: Wish,
}

/// What a token is to say.
#[derive(Debug, Clone, clap::Args)]
pub struct Wish {
    /// The tenant it acts for, UUID
    #[arg(long, default_value_t = DEVELOPMENT_TENANT)]
    pub tenant: TenantId,
    /// For no tenant: an operator, or a reader of all tenants' feeds
    #[arg(long, conflicts_with = "tenant")]
    pub no_tenant: bool,
    /// What it may do, separated by spaces [default: everything]
    #[arg(long)]
    pub scope: Option<String>,
    /// Whom it speaks for
    #[arg(long, default_value = "developer")]
    pub subject: String,
    /// How long it counts, for example 30m, 12h or 7d
    #[arg(long, default_value = "12h")]
    pub valid_for: SignedDuration,
}

impl Default for Wish {
    /// Everything in the development tenant, for 12 hours.
    fn default() -> Self {
        Self {
            tenant: DEVELOPMENT_TENANT,
            no_tenant: false,
            scope: None,
            subject: "developer".to_owned(),
            valid_for: SignedDuration::from_hours(12),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// There are no keys, or the time is none.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let token = signed(&Keys::open(&arguments.data_dir.path())?, &arguments.wish)?;
    #[expect(clippy::print_stdout, reason = "the output of the command")]
    {
        println!("{token}");
    }
    Ok(())
}

/// Signs a token.
///
/// # Errors
/// The key cannot be read, or the time is not positive.
pub fn signed(keys: &Keys, wish: &Wish) -> anyhow::Result<String> {
    let scope = wish
        .scope
        .clone()
        .unwrap_or_else(|| every_scope(wish.no_tenant));
    let valid_for = Duration::try_from(wish.valid_for)
        .ok()
        .filter(|time| !time.is_zero());
    let grant = Grant {
        issuer: ISSUER,
        audience: AUDIENCE,
        subject: &wish.subject,
        client_id: None,
        tenant: (!wish.no_tenant).then_some(wish.tenant),
        scope: &scope,
        on_behalf_of: None,
        valid_for: valid_for.context("a token counts for a time of more than nothing")?,
    };
    Ok(keys.issuer()?.sign(&grant)?)
}

fn every_scope(no_tenant: bool) -> String {
    let mut scopes: BTreeSet<&str> = METHODS.iter().map(|method| method.scope).collect();
    if no_tenant {
        scopes.insert(ALL_TENANTS);
    }
    Vec::from_iter(scopes).join(" ")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        wish: Wish,
    }

    #[test]
    fn the_command_line_says_by_default_what_the_default_says() {
        let given = Command::try_parse_from(["token"]).unwrap().wish;
        assert_eq!(format!("{given:?}"), format!("{:?}", Wish::default()));
        let refused = [
            "token",
            "--no-tenant",
            "--tenant",
            &DEVELOPMENT_TENANT.to_string(),
        ];
        assert!(Command::try_parse_from(refused).is_err());
    }

    #[test]
    fn p28_only_a_token_without_a_tenant_may_read_all() {
        assert!(
            every_scope(true)
                .split(' ')
                .any(|scope| scope == ALL_TENANTS)
        );
        assert!(
            !every_scope(false)
                .split(' ')
                .any(|scope| scope == ALL_TENANTS)
        );
    }

    #[test]
    fn a_token_that_never_counts_is_not_signed() {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::create(dir.path(), &[]).unwrap();
        for valid_for in [SignedDuration::ZERO, SignedDuration::from_secs(-1)] {
            assert!(
                signed(
                    &keys,
                    &Wish {
                        valid_for,
                        ..Wish::default()
                    }
                )
                .is_err()
            );
        }
        // The gate reads tokens up to 8 KiB.
        assert!(signed(&keys, &Wish::default()).unwrap().len() < 6 * 1024);
    }
}
