//! What the databases of all services hold: for each table the number of its rows and the sum of
//! their hashes, so that a change of a single value is seen.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use crate::up::Up;

const SERVICES: [&str; 5] = ["credit", "invoicing", "payments", "reminders", "agency"];

/// Moves by itself, whoever asks what.
const RESTLESS: [&str; 1] = ["event_cursor"];

/// Rows and hash by service and table.
pub type Held = BTreeMap<String, (i64, String)>;

/// What is held now; of one tenant, or of all.
pub async fn held(up: &Up, tenant: Option<String>) -> Held {
    let mut held = Held::new();
    for service in SERVICES {
        let mut database = PgConnection::connect(&up.database_url(service))
            .await
            .unwrap();
        let tables = "SELECT table_schema || '.' || table_name, \
             EXISTS (SELECT 1 FROM information_schema.columns c WHERE c.table_schema = t.table_schema \
                     AND c.table_name = t.table_name AND column_name = 'tenant_id') \
             FROM information_schema.tables t WHERE table_type = 'BASE TABLE' \
             AND table_schema NOT IN ('pg_catalog', 'information_schema')";
        let tables = sqlx::query(tables).fetch_all(&mut database).await.unwrap();
        for table in tables {
            let (name, of_tenants): (String, bool) = (table.get(0), table.get(1));
            let restless = RESTLESS.iter().any(|one| name.ends_with(one));
            let filter = match &tenant {
                Some(_) if !of_tenants => continue,
                Some(tenant) => format!("WHERE tenant_id = '{tenant}'"),
                None => String::new(),
            };
            if !restless {
                let counted = format!(
                    "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text \
                     FROM {name} t {filter}"
                );
                // The names come from the catalogue, the tenant from this test.
                let counted = sqlx::query(AssertSqlSafe(counted));
                let row = counted.fetch_one(&mut database).await.unwrap();
                held.insert(format!("{service}.{name}"), (row.get(0), row.get(1)));
            }
        }
    }
    held
}

/// The tables that differ.
pub fn changed(before: &Held, after: &Held) -> Vec<String> {
    let tables = before.keys().chain(after.keys());
    let differs = tables.filter(|table| before.get(*table) != after.get(*table));
    let told = differs.map(|table| {
        let rows = |held: &Held| held.get(table).map_or(0, |(rows, _)| *rows);
        format!("{table}: {} rows, then {}", rows(before), rows(after))
    });
    let mut told: Vec<String> = told.collect();
    told.dedup();
    told
}
