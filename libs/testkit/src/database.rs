//! A migrated database per test, as cheap as a copy.
//!
//! 1. The first test that needs a service's migrations makes a template: roles, an empty database,
//!    the migrations run by the owner. Its name carries the hash of the migrations, so a changed
//!    migration makes another one. Processes take turns, and one that dies in between leaves a
//!    database that is not marked as a template, which the next one makes anew.
//! 2. Every test copies the template, and drops its copy when it ends, also by panic.
//! 3. Copies of killed test processes are dropped by age when a template is made.

use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use stores::login_url;
use stores::provision::{self, Login, Turn};
use uuid::Uuid;

use crate::TestCluster;

/// No test runs this long.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// A database with a service's schema, of one test alone; dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    cluster: TestCluster,
    service: String,
    name: String,
}

impl TestDatabase {
    /// A copy of `service`'s migrated database in the shared cluster.
    ///
    /// `service` is a plain lower-case name of at most 17 letters; its roles `<service>_owner`,
    /// `<service>_app` and `<service>_background` exist before the migrations run, as do their
    /// groups `recoup_owner`, `recoup_app` and `recoup_background`.
    pub async fn new(service: &str, migrator: &Migrator) -> Self {
        Self::new_in(&TestCluster::shared().await, service, migrator).await
    }

    pub(crate) async fn new_in(cluster: &TestCluster, service: &str, migrator: &Migrator) -> Self {
        let template = template_name(service, migrator);
        let mut admin = connect(cluster.superuser_url()).await;
        if !is_template(&mut admin, &template).await {
            make_template(cluster, &template, service, migrator).await;
        }
        let name = format!("{}{}", copy_prefix(service), Uuid::now_v7().simple());
        run(
            &mut admin,
            format!("CREATE DATABASE {name} TEMPLATE {template}"),
        )
        .await;
        let database = Self {
            cluster: cluster.clone(),
            service: service.to_owned(),
            name,
        };
        let given = provision::give_database(&mut admin, &database.name, service).await;
        given.unwrap_or_else(|error| panic!("{error}"));
        database
    }

    /// For migrations and for looking at everything as the owner of the tables.
    #[must_use]
    pub fn owner_url(&self) -> String {
        self.login_url(&Login::Owner.role(&self.service))
    }

    /// For what answers calls: one tenant at a time.
    #[must_use]
    pub fn app_url(&self) -> String {
        self.login_url(&Login::App.role(&self.service))
    }

    /// For feeds, timer claims and figures: all tenants.
    #[must_use]
    pub fn background_url(&self) -> String {
        self.login_url(&Login::Background.role(&self.service))
    }

    /// For tampering and for looking past every rule.
    #[must_use]
    pub fn superuser_url(&self) -> String {
        self.login_url(stores::SUPERUSER)
    }

    /// Its name in the cluster.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is.
    #[must_use]
    pub fn cluster(&self) -> &TestCluster {
        &self.cluster
    }

    fn login_url(&self, user: &str) -> String {
        login_url(self.cluster.superuser_url(), &self.name, user).expect("a URL")
    }
}

impl Drop for TestDatabase {
    /// Blocks, because a test process ends right after its test. In a thread of its own, because a
    /// runtime cannot be started inside the test's.
    fn drop(&mut self) {
        let (url, name) = (self.cluster.superuser_url().to_owned(), self.name.clone());
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(drop_database(&url, &name))
        });
        // Best effort: the test may have stopped the server.
        match dropping.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(database = self.name, %error, "not dropped"),
            Err(_) => tracing::debug!(database = self.name, "not dropped: panicked"),
        }
    }
}

async fn drop_database(url: &str, name: &str) -> Result<(), sqlx::Error> {
    let mut admin = PgConnection::connect(url).await?;
    let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&mut admin)
        .await?;
    admin.close().await
}

/// Makes the template unless another process did so while this one waited for its turn.
async fn make_template(cluster: &TestCluster, template: &str, service: &str, migrator: &Migrator) {
    let mut turn = Turn::take(cluster.superuser_url())
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    if is_template(turn.connection(), template).await {
        return;
    }
    drop_abandoned(turn.connection(), service).await;
    let half_made = format!("DROP DATABASE IF EXISTS {template} WITH (FORCE)");
    run(turn.connection(), half_made).await;
    let made = async {
        turn.create_roles(service).await?;
        turn.create_database(template, service).await
    };
    made.await.unwrap_or_else(|error| panic!("{error}"));
    migrate(cluster, template, service, migrator).await;
    // Nobody connects to it any more: a copy is refused while the original is in use. The mark
    // comes last, it says that the template is whole.
    let finish = format!("ALTER DATABASE {template} ALLOW_CONNECTIONS false IS_TEMPLATE true");
    run(turn.connection(), finish).await;
    turn.end().await.unwrap_or_else(|error| panic!("{error}"));
}

async fn migrate(cluster: &TestCluster, database: &str, service: &str, migrator: &Migrator) {
    let owner = Login::Owner.role(service);
    let url = login_url(cluster.superuser_url(), database, &owner).expect("a URL");
    let pool = PgPoolOptions::new().max_connections(1).connect(&url).await;
    let pool = pool.unwrap_or_else(|error| panic!("{url}: {error}"));
    let migrated = migrator.run(&pool).await;
    migrated.unwrap_or_else(|error| panic!("migrations of {service}: {error}"));
    pool.close().await;
}

/// Drops copies that a killed process left; the time is in their names.
async fn drop_abandoned(admin: &mut PgConnection, service: &str) {
    let names: Vec<String> = sqlx::query_scalar("SELECT datname::text FROM pg_database")
        .fetch_all(&mut *admin)
        .await
        .expect("the list of databases");
    let now = made_seconds(Uuid::now_v7());
    for name in names {
        let made = name
            .strip_prefix(&copy_prefix(service))
            .and_then(|id| id.parse().ok());
        let Some(made) = made.map(made_seconds) else {
            continue;
        };
        if now.saturating_sub(made) > ABANDONED_AFTER.as_secs() {
            run(
                admin,
                format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            )
            .await;
        }
    }
}

fn made_seconds(id: Uuid) -> u64 {
    id.get_timestamp().map_or(0, |made| made.to_unix().0)
}

fn copy_prefix(service: &str) -> String {
    format!("t_{service}_")
}

/// The same migrations, the same name; another word in one of them, another name.
fn template_name(service: &str, migrator: &Migrator) -> String {
    let mut hash = Sha256::new();
    for migration in migrator.iter() {
        hash.update(migration.version.to_be_bytes());
        hash.update(&migration.checksum);
    }
    let hash = format!("{:x}", hash.finalize());
    format!("tmpl_{service}_{}", &hash[..16])
}

async fn is_template(admin: &mut PgConnection, name: &str) -> bool {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)",
    )
    .bind(name)
    .fetch_one(admin)
    .await
    .expect("the list of databases")
}

async fn connect(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().unwrap_or_else(|error| panic!("{url}: {error}"));
    options
        .connect()
        .await
        .unwrap_or_else(|error| panic!("{url}: {error}"))
}

/// Runs a statement made of names that are plain identifiers.
async fn run(connection: &mut PgConnection, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement.clone()))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}
