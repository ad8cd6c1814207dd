//! What was acknowledged beside what is there.

use std::collections::{BTreeMap, BTreeSet};

use faults::shop::Shop;
use faults::{Installation, Tally, insist};
use tonic::Status;

use super::caller::Told;
use super::evidence::EVIDENCE;
use super::operation::{Answer, Operation};

/// How long a repeat may take: nothing is harmed any more.
const UNHURRIED: std::time::Duration = std::time::Duration::from_secs(20);

/// Compares the acknowledged identities with the rows: none is missing (P2), and where every row was
/// somebody's, none is there that nobody was told of (P3). What is found, each as text.
pub async fn rows(world: &Installation, tally: &Tally, told: &[(usize, Told)]) -> Vec<String> {
    let mut acknowledged: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (kind, there) in told.iter().flat_map(|(_, one)| &one.acknowledged) {
        let known = acknowledged.entry(kind).or_default();
        known.extend(there.iter().map(String::as_str));
    }
    let mut found = Vec::new();
    for (kind, evidence) in EVIDENCE {
        let known = acknowledged.remove(kind).unwrap_or_default();
        let rows: Vec<String> = sqlx::query_scalar(evidence.sql)
            .fetch_all(world.database(evidence.service))
            .await
            .unwrap();
        let mut times: BTreeMap<&str, u64> = BTreeMap::new();
        for row in &rows {
            *times.entry(row).or_default() += 1;
        }
        tally.compare(known.iter().map(|id| times.get(id).copied().unwrap_or(0)));
        let missing = known.iter().filter(|id| !times.contains_key(**id));
        found.extend(missing.map(|id| format!("P2 {kind} {id} was acknowledged and is lost")));
        if evidence.complete {
            let strange = times.keys().filter(|id| !known.contains(*id));
            found.extend(strange.map(|id| format!("P3 {kind} {id} is there and nobody was told")));
        }
    }
    found
}

/// Asks again for some of what was answered: every repeat is told the same (P3).
pub async fn repeats(shops: &BTreeMap<usize, Vec<Shop>>, told: &[(usize, Told)]) -> Vec<String> {
    let mut found = Vec::new();
    for (tenant, told) in told {
        for (place, (operation, answer)) in told.kept.iter().enumerate() {
            let ways = &shops[tenant];
            let again = again(operation, &ways[place % ways.len()]).await;
            if again != *answer {
                found.push(format!(
                    "P3 {}: another answer to a repeat",
                    operation.kind()
                ));
            }
        }
    }
    found
}

async fn again(operation: &Operation, shop: &Shop) -> Answer {
    let call = async || -> Result<Answer, Status> { operation.send(shop, UNHURRIED).await };
    insist(call).await
}
