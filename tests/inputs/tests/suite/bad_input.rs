//! P33: whatever is wrong with a request, it is refused with the field named, and nothing is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prost_reflect::MethodDescriptor;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::contract::{self, Answer, access_of, short};
use crate::judge::{Reasons, fault, judged};
use crate::rows::{changed, held};
use crate::sample;
use crate::spoil::{self, Spoilt, Verdict};
use crate::tenant::{Tenant, freshen};
use crate::up::Up;

/// Calls at a time.
const AT_ONCE: usize = 16;

/// It moves the clock for everybody: asked last, one by one.
const ALONE: &str = "Advance";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p33_bad_input_is_refused_by_name_and_writes_nothing() {
    let up = Arc::new(Up::start());
    let tenant = Arc::new(Tenant::furnished(&up, "Alpha").await);
    let reasons = Reasons::documented();
    let mut tally = Tally::default();

    let (must, may) = spoilt(&tenant);
    // An import answers with what is wrong with each row, and keeps that answer.
    let (reported, must): (Vec<_>, Vec<_>) = must.into_iter().partition(|one| one.is_reported());
    tally.judge(&reasons, &send_all(&up, &tenant, reported).await);
    tenant.settle(&up).await;
    let before = held(&up, None).await;
    let answers = send_all(&up, &tenant, must).await;
    tally.judge(&reasons, &answers);
    let after = held(&up, None).await;
    assert_eq!(
        changed(&before, &after),
        [""; 0],
        "malformed requests wrote\n{}",
        tally.told()
    );

    // What may be done is done first; then only what is refused is left, and that writes nothing.
    let mut refused = send_all(&up, &tenant, may).await;
    tally.judge(&reasons, &refused);
    for round in 0.. {
        assert!(
            round < 4,
            "what was refused is done when asked again, and again"
        );
        refused.retain(|(_, answer)| !answer.is_ok());
        tenant.settle(&up).await;
        let before = held(&up, None).await;
        let again = refused.iter().map(|(spoilt, _)| spoilt.clone()).collect();
        refused = send_all(&up, &tenant, again).await;
        if refused.iter().all(|(_, answer)| !answer.is_ok()) {
            let after = held(&up, None).await;
            assert_eq!(changed(&before, &after), [""; 0], "refused requests wrote");
            break;
        }
    }
    eprintln!("{}", tally.summary());
    assert!(tally.faults.is_empty(), "{}", tally.told());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sound_requests_are_not_malformed() {
    let up = Arc::new(Up::start());
    let tenant = Tenant::furnished(&up, "Alpha").await;
    let reasons = Reasons::documented();
    let mut faults = Vec::new();
    for method in contract::methods().into_iter().filter(is_for_callers) {
        for mut request in sample::of(&method, &tenant.kept) {
            freshen(&mut request);
            let answer = tenant.send(&up, &method, vec![request]).await;
            let malformed = (answer.reason == "REQUEST_INVALID").then(|| "malformed".to_owned());
            if let Some(fault) = malformed.or_else(|| fault(&reasons, &method, &answer)) {
                faults.push(format!("{}: {fault}: {}", short(&method), answer.told()));
            }
        }
    }
    // Or the other test spoils what is spoilt already, and proves little.
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Whether people and platforms call it. What only peers call is sound when both sides know of it,
/// which a made-up call is not.
fn is_for_callers(method: &MethodDescriptor) -> bool {
    access_of(method).peers.is_empty()
}

/// Every spoilt request of every method: what must be refused, and what may be.
fn spoilt(tenant: &Tenant) -> (Vec<Spoilt>, Vec<Spoilt>) {
    let mut all = Vec::new();
    for method in contract::methods() {
        let mut seen = BTreeSet::new();
        for base in sample::of(&method, &tenant.kept) {
            let mut ways = spoil::all(&method, base);
            ways.retain(|one| seen.insert((one.field.clone(), one.how.clone())));
            all.extend(ways);
        }
    }
    let (must, mut may): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|one| one.verdict == Verdict::Refused);
    may.retain(|one| is_for_callers(&one.method));
    (must, may)
}

/// Sends them, many at a time.
async fn send_all(up: &Arc<Up>, tenant: &Arc<Tenant>, all: Vec<Spoilt>) -> Vec<(Spoilt, Answer)> {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let (alone, together): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|one| one.method.name() == ALONE);
    let mut running = JoinSet::new();
    for spoilt in together {
        let (up, tenant) = (Arc::clone(up), Arc::clone(tenant));
        let permit = Arc::clone(&room).acquire_owned().await.unwrap();
        running.spawn(async move {
            let answer = send(&up, &tenant, &spoilt).await;
            drop(permit);
            (spoilt, answer)
        });
    }
    let mut answers = running.join_all().await;
    for spoilt in alone {
        let answer = send(up, tenant, &spoilt).await;
        answers.push((spoilt, answer));
    }
    answers
}

async fn send(up: &Up, tenant: &Tenant, spoilt: &Spoilt) -> Answer {
    let mut request = spoilt.request();
    if spoilt.field != "request_id" {
        freshen(&mut request);
    }
    tenant.send(up, &spoilt.method, vec![request]).await
}

/// What was asked, and what came of it.
#[derive(Default)]
struct Tally {
    methods: BTreeSet<String>,
    requests: usize,
    codes: BTreeMap<String, usize>,
    faults: BTreeSet<String>,
}

impl Tally {
    fn judge(&mut self, reasons: &Reasons, answers: &[(Spoilt, Answer)]) {
        for (spoilt, answer) in answers {
            let method = short(&spoilt.method);
            self.requests += 1;
            let code = answer.code.map(|code| format!("{code:?}"));
            *self.codes.entry(code.unwrap_or_default()).or_default() += 1;
            if let Some(fault) = judged(reasons, spoilt, answer) {
                let (field, how, told) = (&spoilt.field, &spoilt.how, answer.told());
                self.faults
                    .insert(format!("{method} {field} [{how}]: {fault}: {told}"));
            }
            self.methods.insert(method);
        }
    }

    fn summary(&self) -> String {
        let codes = self
            .codes
            .iter()
            .map(|(code, count)| format!("{code} {count}"));
        let codes = codes.collect::<Vec<_>>().join(", ");
        format!(
            "{} methods, {} requests: {codes}",
            self.methods.len(),
            self.requests
        )
    }

    fn told(&self) -> String {
        let faults: Vec<&str> = self.faults.iter().map(String::as_str).collect();
        format!(
            "{}\n{} faults:\n{}",
            self.summary(),
            faults.len(),
            faults.join("\n")
        )
    }
}
