//! The nemesis: callers of two tenants do business with five services in eight processes, which are
//! meanwhile killed, stopped, cut off from each other and from their stores, by a seed. Then
//! everything is healed, comes to rest, and is judged: what was acknowledged is there, once, and
//! nothing else; the same money on all sides; what was due was done.
//!
//! | module | what it owns |
//! |---|---|
//! | `operation` | what is asked |
//! | `evidence` | the rows by which it is found afterwards |
//! | `book` | what a tenant's callers know, from which the next request is drawn |
//! | `caller` | who asks, and asks again where the outcome is unknown |
//! | `harm` | the faults |
//! | `verdict` | what was acknowledged beside what is there |
//!
//! `RECOUP_NEMESIS_SEED` is the seed. Harm is done for `RECOUP_NEMESIS_SECONDS`, and longer where it
//! takes longer until `RECOUP_NEMESIS_OPERATIONS` were asked for; fewer faults than
//! `RECOUP_NEMESIS_FAULTS` are a failure.

mod book;
mod caller;
mod evidence;
mod harm;
mod operation;
mod verdict;

use std::collections::BTreeMap;
use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use faults::shop::{OTHER_TENANT, Shop, TENANT};
use faults::{Dice, Installation, Plan, Tally, check, collection, desk};
use postgres::TenantId;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use self::book::Book;
use self::caller::{Caller, Run, Told};
use self::harm::{Harm, KINDS};

const TENANTS: [TenantId; 2] = [TENANT, OTHER_TENANT];

/// Services that run twice.
const TWICE: [&str; 3] = ["invoicing", "payments", "reminders"];

/// Callers of each tenant.
const CALLERS: u64 = 6;

/// Everybody is answered within this once all is healed.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

#[expect(
    clippy::disallowed_methods,
    reason = "a test is no service: it has no file of settings"
)]
fn number(variable: &str, otherwise: u64) -> u64 {
    match env::var(variable) {
        Ok(value) => value.parse().unwrap(),
        Err(_) => otherwise,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_is_done_twice() {
    let seed = number("RECOUP_NEMESIS_SEED", 1);
    let seconds = number("RECOUP_NEMESIS_SECONDS", 60);
    eprintln!("nemesis: seed {seed}, {seconds} s of harm");
    let mut world = Installation::start(Plan {
        twice: &TWICE,
        redis_away: false,
    })
    .await;
    let run = Arc::new(Run {
        tally: Tally::of("nemesis"),
        closing: AtomicBool::new(false),
    });
    let mut ways: BTreeMap<usize, Vec<Shop>> = BTreeMap::new();
    let mut callers = JoinSet::new();
    let mut books: Vec<Arc<Book>> = Vec::new();
    for (place, tenant) in TENANTS.into_iter().enumerate() {
        let first = Shop::open(&world, tenant).await;
        desk::reminds(&first).await;
        books.push(Arc::new(Book::of(collection::agency(&first).await)));
        let second = first.second(&world, tenant, &TWICE);
        ways.insert(place, vec![first, second]);
    }
    for (place, shops) in &ways {
        for nth in 0..CALLERS {
            let caller = Caller {
                run: Arc::clone(&run),
                dice: Dice::of(seed ^ (u64::try_from(*place).unwrap() << 32) ^ (nth << 40)),
                book: Arc::clone(&books[*place]),
                others: Arc::clone(&books[1 - place]),
                shops: shops.clone(),
            };
            let place = *place;
            callers.spawn(async move { (place, caller.work().await) });
        }
    }
    let end = Instant::now() + Duration::from_secs(seconds);
    let least = number("RECOUP_NEMESIS_OPERATIONS", 0);
    let mut findings = Harm::new(&run, &mut world, seed).until(end, least).await;
    let healed = Instant::now();
    run.closing.store(true, Ordering::Relaxed);
    let told = timeout(ANSWERED_WITHIN, callers.join_all()).await;
    let told: Vec<(usize, Told)> = told.expect("everybody is answered");
    findings.extend(check::everything(&world).await);
    let rest = healed.elapsed();
    findings.extend(check::sessions::left_open(world.database("invoicing")).await);
    findings.extend(verdict::repeats(&ways, &told).await);
    findings.extend(check::everything(&world).await);
    findings.extend(verdict::rows(&world, &run.tally, &told).await);
    findings.extend(told.iter().flat_map(|(_, told)| told.faulty.clone()));
    report(&told);
    eprintln!(
        "nemesis: seed {seed}, at rest {} ms after the last fault",
        rest.as_millis()
    );
    let (faults, wanted) = (run.tally.faults(), number("RECOUP_NEMESIS_FAULTS", 1));
    if faults < wanted {
        findings.push(format!("only {faults} faults fired"));
    }
    let run = Arc::into_inner(run).expect("all callers have ended");
    // A short run need not come to each.
    let kinds: &[&str] = if wanted < 100 { &[] } else { &KINDS };
    run.tally.end(kinds, &findings);
}

fn report(told: &[(usize, Told)]) {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for (kind, _) in told.iter().flat_map(|(_, told)| &told.acknowledged) {
        *kinds.entry(kind).or_default() += 1;
    }
    let refused: u64 = told.iter().map(|(_, told)| told.refused).sum();
    let unknown: u64 = told.iter().map(|(_, told)| told.unknown).sum();
    eprintln!("nemesis: refused {refused}, unknown for a while {unknown}, acknowledged {kinds:?}");
}
