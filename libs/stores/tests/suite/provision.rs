//! Roles and databases: the same after a second run, and closed to each other.

use sqlx::{Connection, PgConnection};
use stores::provision::{self, Login};
use stores::{ScratchDir, Stores, StoresError};
use testkit::TestCluster;

use crate::{connect, run, start};

async fn credit_and_invoicing() -> (Stores, ScratchDir) {
    let scratch = ScratchDir::create().unwrap();
    let stores = start(&scratch).await;
    for service in ["credit", "invoicing"] {
        provision::service(stores.superuser_url(), service)
            .await
            .unwrap();
    }
    (stores, scratch)
}

/// What provisioning decides, as text, for comparison.
async fn facts(url: &str) -> Vec<String> {
    let mut admin = connect(url).await;
    sqlx::query_scalar(
        "SELECT concat_ws(' ', 'role', rolname, rolcanlogin, rolsuper, rolbypassrls, rolinherit,
                          rolcreatedb, rolcreaterole, rolconfig)
           FROM pg_roles WHERE rolname ~ '^(recoup|credit|invoicing)_'
         UNION ALL
         SELECT concat_ws(' ', 'member', member::regrole, roleid::regrole)
           FROM pg_auth_members WHERE member::regrole::text !~ '^pg_'
         UNION ALL
         SELECT concat_ws(' ', 'database', datname, datdba::regrole, datacl)
           FROM pg_database WHERE datname IN ('credit', 'invoicing')
         ORDER BY 1",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let (stores, _scratch) = credit_and_invoicing().await;
    let first = facts(stores.superuser_url()).await;
    provision::service(stores.superuser_url(), "credit")
        .await
        .unwrap();
    assert_eq!(facts(stores.superuser_url()).await, first);

    for expected in [
        "role recoup_app f f f t f f",
        "role credit_owner t f f t f f",
        "role credit_app t f f t f f {lock_timeout=2s,statement_timeout=5s,\
         idle_in_transaction_session_timeout=10s}",
        "member credit_background recoup_background",
        "database invoicing invoicing_owner",
    ] {
        let found = first.iter().any(|fact| fact.starts_with(expected));
        assert!(found, "{expected} is not in {first:#?}");
    }
}

#[tokio::test]
async fn several_processes_may_provision_at_once() {
    let scratch = ScratchDir::create().unwrap();
    let stores = start(&scratch).await;
    let url = stores.superuser_url();
    let (one, two, three, four) = tokio::join!(
        provision::service(url, "credit"),
        provision::service(url, "credit"),
        provision::service(url, "agency"),
        provision::service(url, "credit"),
    );
    for result in [one, two, three, four] {
        result.unwrap();
    }
}

#[tokio::test]
async fn logins_enter_their_own_database_only() {
    let (stores, _scratch) = credit_and_invoicing().await;
    for login in Login::ALL {
        connect(&stores.service_url("credit", login).unwrap())
            .await
            .ping()
            .await
            .unwrap();
        let elsewhere = stores
            .postgres_url("invoicing", &login.role("credit"))
            .unwrap();
        let refused = PgConnection::connect(&elsewhere)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains("permission denied for database"),
            "{login:?}: {refused}"
        );
    }
}

#[tokio::test]
async fn only_the_owner_creates_and_groups_carry_the_grants() {
    let (stores, _scratch) = credit_and_invoicing().await;
    let url = |login| stores.service_url("credit", login).unwrap();
    run(
        &url(Login::Owner),
        "CREATE TABLE customer (name text); GRANT SELECT ON customer TO recoup_app",
    )
    .await;
    let mut app = connect(&url(Login::App)).await;
    sqlx::query("SELECT name FROM customer")
        .fetch_all(&mut app)
        .await
        .unwrap();
    for login in [Login::App, Login::Background] {
        let mut session = connect(&url(login)).await;
        let refused = sqlx::raw_sql("CREATE TABLE own (id int)")
            .execute(&mut session)
            .await;
        let refused = refused.unwrap_err().to_string();
        assert!(
            refused.contains("permission denied for schema public"),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn sessions_of_services_are_bounded_in_time() {
    let (stores, _scratch) = credit_and_invoicing().await;
    let settings = async |login| {
        let url = stores.service_url("credit", login).unwrap();
        sqlx::query_as::<_, (String, String, String)>(
            "SELECT current_setting('lock_timeout'), current_setting('statement_timeout'),
                    current_setting('idle_in_transaction_session_timeout')",
        )
        .fetch_one(&mut connect(&url).await)
        .await
        .unwrap()
    };
    for login in [Login::App, Login::Background] {
        assert_eq!(
            settings(login).await,
            ("2s".into(), "5s".into(), "10s".into())
        );
    }
    assert_eq!(
        settings(Login::Owner).await,
        ("0".into(), "0".into(), "0".into())
    );
}

#[tokio::test]
async fn names_that_need_quoting_are_refused() {
    let cluster = TestCluster::shared().await;
    let error = provision::service(cluster.superuser_url(), "x; DROP")
        .await
        .unwrap_err();
    assert!(matches!(error, StoresError::InvalidName(_)), "{error}");
}
