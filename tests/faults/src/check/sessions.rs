//! The sessions that the services hold in Postgres: none may be left in an open transaction, whatever
//! became of the calls that used it (trap 1).

use sqlx::PgPool;

/// Sessions of services that have been idle in a transaction for longer than a second, each as text.
pub async fn left_open(database: &PgPool) -> Vec<String> {
    let sql = "SELECT concat_ws(' ', application_name, state, now() - state_change)
           FROM pg_stat_activity
          WHERE application_name LIKE '%/%' AND state LIKE 'idle in transaction%'
            AND now() - state_change > interval '1 second'";
    let found = sqlx::query_scalar(sql).fetch_all(database).await;
    found.expect("the sessions")
}

/// Sessions of a service, by the pool that they belong to.
pub async fn of_pool(database: &PgPool, pool: &str) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
    let found = sqlx::query_scalar(sql).bind(pool).fetch_one(database).await;
    found.expect("the sessions")
}
