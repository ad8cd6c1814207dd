//! `query-data check` regenerates the query data of the services against migrated databases and
//! compares it with the committed `.sqlx`; `query-data write` replaces that.
//!
//! ```text
//! services   which crates have SQL macros; a migrated database for each
//! compile    one `cargo check` in which the macros ask those databases
//! data       what they wrote, compared with what is committed, or put in its place
//! ```
//!
//! It runs inside `with-stores`, and must not need that a service compiles from its committed data:
//! it is the cure when that is stale.

mod compile;
mod data;
mod services;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};

/// What Postgres tells about a column being nullable depends on its planner, so the data is that of
/// one major version: Debian 12's.
const POSTGRES_MAJOR: i32 = 15;

#[derive(Debug, Parser)]
#[command(about = "Writes or compares the query data of the services")]
struct Arguments {
    /// URL of the superuser in the private Postgres, as with-stores sets it.
    #[arg(long, env = "RECOUP_TEST_POSTGRES")]
    postgres: String,
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Compare and fail on a difference.
    Check,
    /// Replace the committed data.
    Write,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("query-data: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()?;
    let found = services::find(&root)?;
    let major = services::postgres_major(&arguments.postgres).await?;
    match arguments.task {
        _ if found.is_empty() => tell("no service has a sqlx.toml yet"),
        Task::Check if major != POSTGRES_MAJOR => tell(&format!(
            "left out: the data is that of Postgres {POSTGRES_MAJOR}, here is {major}"
        )),
        Task::Write if major != POSTGRES_MAJOR => {
            bail!("the data is that of Postgres {POSTGRES_MAJOR}, here is {major}")
        }
        Task::Check => check(
            &root,
            &regenerate(&root, &found, &arguments.postgres).await?,
        )?,
        Task::Write => write(
            &root,
            &regenerate(&root, &found, &arguments.postgres).await?,
        )?,
    }
    Ok(())
}

/// A service's folder, and the folder with its data as regenerated.
type Regenerated = Vec<(PathBuf, PathBuf)>;

async fn regenerate(
    root: &Path,
    found: &[services::Service],
    postgres: &str,
) -> Result<Regenerated> {
    let mut urls = Vec::new();
    for service in found {
        urls.push((
            service.url_variable.clone(),
            service.migrate(root, postgres).await?,
        ));
    }
    let scratch = root.join("target/query-data");
    compile::with_databases(root, found, &urls, &scratch)?;
    let folders = found
        .iter()
        .map(|one| (root.join(one.folder()), scratch.join(&one.name)));
    Ok(folders.collect())
}

fn check(root: &Path, regenerated: &Regenerated) -> Result<()> {
    let mut differences = Vec::new();
    for (service, fresh) in regenerated {
        let committed = service.join(".sqlx");
        differences.extend(data::differences(&committed, fresh)?);
    }
    if differences.is_empty() {
        return Ok(());
    }
    for difference in &differences {
        tell(&difference.told(root));
    }
    bail!("{} files differ; run: make sqlx", differences.len())
}

fn write(root: &Path, regenerated: &Regenerated) -> Result<()> {
    for (service, fresh) in regenerated {
        let committed = service.join(".sqlx");
        for difference in data::differences(&committed, fresh)? {
            tell(&difference.told(root));
        }
        data::replace(&committed, fresh)?;
    }
    Ok(())
}

/// Nobody is left to be told that the terminal is gone.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
