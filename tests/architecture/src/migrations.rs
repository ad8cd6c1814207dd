//! Migrations: one that has landed is never edited, since databases that ran it would keep the old
//! text; and every table of tenants' data is closed and keyed by tenant.
//!
//! `migrations.lock` lists each migration with its checksum. A new migration appends its line
//! (`make migrations-lock`); a line never changes again.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::Finding;

/// Where the checksums stand, in the form of `sha256sum`.
pub const LOCK: &str = "tests/architecture/migrations.lock";

/// A migration: path relative to the root of the checkout, and text.
pub type Migration = (String, String);

/// Whether a path is a migration's; tests have their own, which nobody's data depends on.
#[must_use]
pub fn is_migration(path: &str) -> bool {
    path.contains("/migrations/") && path.ends_with(".sql") && !path.contains("tests/")
}

/// Migrations that were changed, removed, or not added to the list.
#[must_use]
pub fn unlocked(migrations: &[Migration], lock: &str) -> Vec<Finding> {
    let listed: BTreeMap<&str, &str> = lock
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(sum, path)| (path, sum))
        .collect();
    let present: BTreeSet<&str> = migrations.iter().map(|(path, _)| path.as_str()).collect();
    let gone = listed
        .keys()
        .filter(|path| !present.contains(**path))
        .map(|path| {
            Finding::new(
                *path,
                1,
                "a landed migration is gone",
                "bring it back: databases have run it",
            )
        });
    let changed = migrations.iter().filter_map(|(path, text)| {
        let sum = checksum(text);
        let (what, remedy) = match listed.get(path.as_str()) {
            Some(landed) if **landed == sum => return None,
            Some(_) => (
                "a landed migration was edited",
                "restore it and write a new one",
            ),
            None => (
                "not in migrations.lock",
                "when it is final: make migrations-lock",
            ),
        };
        Some(Finding::new(path, 1, what, remedy))
    });
    gone.chain(changed).collect()
}

fn checksum(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Tables with a `tenant_id` that no `recoup_protect` closes, or whose keys do not start with it.
#[must_use]
pub fn open_tenant_tables(migrations: &[Migration]) -> Vec<Finding> {
    let all: String = migrations
        .iter()
        .map(|(_, text)| without_comments(text))
        .collect();
    let mut found = Vec::new();
    for (path, text) in migrations {
        for table in tables(&without_comments(text))
            .iter()
            .filter(|table| table.has_tenant())
        {
            let mut tell = |what: String, remedy: &str| {
                found.push(Finding::new(
                    path,
                    table.line,
                    format!("table {}: {what}", table.name),
                    remedy,
                ));
            };
            if !all.contains(&format!("recoup_protect('{}'", table.name)) {
                tell(
                    "row-level security is off".to_owned(),
                    "SELECT recoup_protect('<table>', '<privileges>')",
                );
            }
            for key in table.keys_without_tenant() {
                tell(
                    format!("{key} does not start with tenant_id"),
                    "tenants share no key space",
                );
            }
        }
    }
    found
}

struct Table {
    name: String,
    line: usize,
    /// The parenthesised part, one entry a column or constraint.
    entries: Vec<String>,
}

impl Table {
    fn has_tenant(&self) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.starts_with("tenant_id "))
    }

    fn keys_without_tenant(&self) -> Vec<&'static str> {
        let keys = [
            ("PRIMARY KEY", "the primary key"),
            ("UNIQUE", "a unique key"),
        ];
        let broken = keys.iter().filter(|(word, _)| {
            self.entries.iter().any(|entry| {
                entry.split_once(word).is_some_and(|(_, columns)| {
                    !columns
                        .trim_start_matches([' ', '('])
                        .starts_with("tenant_id")
                })
            })
        });
        broken.map(|(_, name)| *name).collect()
    }
}

/// The tables that a migration makes, keywords in capitals as all our SQL.
fn tables(sql: &str) -> Vec<Table> {
    let starts = sql.match_indices("CREATE TABLE ");
    starts
        .filter_map(|(start, word)| table_at(sql, start, start + word.len()))
        .collect()
}

fn table_at(sql: &str, start: usize, after: usize) -> Option<Table> {
    let (head, body) = sql[after..].split_once('(')?;
    let name = head.trim().trim_start_matches("IF NOT EXISTS ");
    let is_plain_name = name
        .chars()
        .all(|letter| letter.is_alphanumeric() || letter == '_');
    let line = sql[..start].lines().count() + usize::from(sql[..start].ends_with('\n'));
    is_plain_name.then(|| Table {
        name: name.to_owned(),
        line: line.max(1),
        entries: entries(body),
    })
}

/// The comma-separated entries up to the bracket that closes the one before `body`.
fn entries(body: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let mut found = vec![String::new()];
    for letter in body.chars() {
        match letter {
            '(' => depth += 1,
            ')' if depth == 0 => break,
            ')' => depth -= 1,
            _ => {}
        }
        match found.last_mut() {
            Some(entry) if letter != ',' || depth > 0 => entry.push(letter),
            _ => found.push(String::new()),
        }
    }
    found
        .iter()
        .map(|entry| entry.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// The same lines without `--` comments.
fn without_comments(sql: &str) -> String {
    sql.lines()
        .map(|line| line.split("--").next().unwrap_or_default().to_owned() + "\n")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migration(text: &str) -> Vec<Migration> {
        vec![(
            "services/credit/migrations/0100_limit.sql".to_owned(),
            text.to_owned(),
        )]
    }

    #[test]
    fn landed_migrations_stay_as_they_are() {
        let landed = migration("SELECT 1;");
        let lock = format!("{}  {}\n", checksum("SELECT 1;"), landed[0].0);
        assert!(unlocked(&landed, &lock).is_empty());
        let edited = unlocked(&migration("SELECT 2;"), &lock);
        assert_eq!(edited[0].what, "a landed migration was edited");
        assert_eq!(unlocked(&[], &lock)[0].what, "a landed migration is gone");
        assert_eq!(unlocked(&landed, "")[0].what, "not in migrations.lock");
    }

    #[test]
    fn the_checksum_is_that_of_sha256sum() {
        assert!(checksum("").starts_with("e3b0c44298fc1c14"));
    }

    const TABLE: &str = "-- A limit.\nCREATE TABLE credit_limit (\n    tenant_id uuid NOT NULL, -- whose\n    \
        amount numeric(19, 4) NOT NULL,\n    PRIMARY KEY (tenant_id, amount),\n    \
        UNIQUE (tenant_id, amount)\n);\n";

    #[test]
    fn tenant_tables_are_protected() {
        let open = open_tenant_tables(&migration(TABLE));
        assert_eq!(open.len(), 1, "{open:?}");
        assert_eq!(
            open[0].to_string().lines().next().unwrap(),
            "services/credit/migrations/0100_limit.sql:2: table credit_limit: row-level security is off"
        );
        let closed = format!("{TABLE}SELECT recoup_protect('credit_limit', 'SELECT');");
        assert!(open_tenant_tables(&migration(&closed)).is_empty());
        let commented = format!("{TABLE}-- SELECT recoup_protect('credit_limit', 'SELECT');");
        assert_eq!(open_tenant_tables(&migration(&commented)).len(), 1);
    }

    #[test]
    fn keys_start_with_the_tenant() {
        let protect = "SELECT recoup_protect('credit_limit', 'SELECT');";
        let what = |text: &str| {
            let found = open_tenant_tables(&migration(&format!("{text}{protect}")));
            found.into_iter().map(|one| one.what).collect::<Vec<_>>()
        };
        let other_key = TABLE.replace("PRIMARY KEY (tenant_id, amount)", "PRIMARY KEY (amount)");
        assert_eq!(
            what(&other_key),
            ["table credit_limit: the primary key does not start with tenant_id"]
        );
        let inline = TABLE.replace("NOT NULL,\n    PRIMARY KEY (tenant_id, amount)", "UNIQUE");
        assert_eq!(
            what(&inline),
            ["table credit_limit: a unique key does not start with tenant_id"]
        );
    }

    #[test]
    fn tables_without_tenants_are_free() {
        let cursor = "CREATE TABLE cursor (source text PRIMARY KEY);";
        assert!(open_tenant_tables(&migration(cursor)).is_empty());
    }
}
