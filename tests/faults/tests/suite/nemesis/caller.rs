//! Callers who ask for things, one after the other, and ask again with the same request id for what
//! they were not told the outcome of.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use faults::callers::says_nothing;
use faults::shop::Shop;
use faults::{Dice, Tally};
use tokio::time::{Instant, sleep, timeout};
use tonic::Status;

use super::book::Book;
use super::operation::{Answer, Operation};

/// How long a caller waits for an answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// One in so many calls is cut by a deadline that it hardly keeps.
const HURRIED_PERCENT: u64 = 8;

/// One in so many requests is for something of another tenant.
const FOREIGN_PERCENT: u64 = 2;

/// What is asked again waits so long.
const PAUSE: Duration = Duration::from_millis(250);

/// Operations of unknown outcome that a caller bears before it asks for nothing new.
const UNKNOWN_LIMIT: usize = 24;

/// One answer in so many is kept, to be compared with that of a repeat at the end.
const KEPT_PERCENT: u64 = 5;

/// What all callers of a run share.
#[derive(Debug)]
pub struct Run {
    pub tally: Tally,
    /// No new operations from now on.
    pub closing: AtomicBool,
}

/// Somebody who calls, for one tenant.
pub struct Caller {
    pub run: Arc<Run>,
    pub dice: Dice,
    pub book: Arc<Book>,
    /// What another tenant knows.
    pub others: Arc<Book>,
    /// The ways in: any of them may be taken for any call.
    pub shops: Vec<Shop>,
}

/// What a caller was told.
#[derive(Debug, Default)]
pub struct Told {
    /// What must be there, by kind of operation.
    pub acknowledged: Vec<(&'static str, Vec<String>)>,
    /// Some answers, to be compared with those of repeats.
    pub kept: Vec<(Operation, Answer)>,
    /// Operations that were refused.
    pub refused: u64,
    /// Operations whose outcome was unknown for a while.
    pub unknown: u64,
    /// Answers that no fault excuses.
    pub faulty: Vec<String>,
}

/// An operation of unknown outcome.
struct Unknown {
    operation: Operation,
    again_at: Instant,
}

impl Caller {
    /// Asks until the run closes, and then until nothing is unknown any more.
    pub async fn work(mut self) -> Told {
        let (mut told, mut unknown) = (Told::default(), VecDeque::<Unknown>::new());
        loop {
            let closing = self.run.closing.load(Ordering::Relaxed);
            let due = |one: &Unknown| one.again_at <= Instant::now();
            let next = match unknown.pop_front_if(|one| due(one)) {
                Some(Unknown { operation, .. }) => Some((operation, false)),
                None if closing && unknown.is_empty() => return told,
                None if closing || unknown.len() >= UNKNOWN_LIMIT => None,
                None => self.draw().map(|operation| (operation, true)),
            };
            let Some((operation, is_new)) = next else {
                sleep(Duration::from_millis(5)).await;
                continue;
            };
            if is_new {
                self.run.tally.begun(1);
            }
            match self.ask(&operation).await {
                Some(Ok(answer)) => self.acknowledged(&mut told, operation, answer),
                Some(Err(refusal)) => {
                    told.refused += 1;
                    told.faulty.extend(faulty(&operation, &refusal));
                }
                None => {
                    told.unknown += u64::from(is_new);
                    unknown.push_back(Unknown {
                        operation,
                        again_at: Instant::now() + PAUSE,
                    });
                }
            }
        }
    }

    fn draw(&mut self) -> Option<Operation> {
        match self.dice.happens(FOREIGN_PERCENT) {
            true => self.others.foreign(&mut self.dice),
            false => self.book.draw(&mut self.dice),
        }
    }

    fn acknowledged(&mut self, told: &mut Told, operation: Operation, answer: Answer) {
        self.run.tally.acknowledged(1);
        self.book.learn(&operation, &answer);
        if let Operation::Foreign(request) = &operation {
            told.faulty.push(format!("P28 leaked: {request:?}"));
        }
        told.acknowledged
            .push((operation.kind(), answer.there.clone()));
        if !operation.is_read() && self.dice.happens(KEPT_PERCENT) {
            told.kept.push((operation, answer));
        }
    }

    /// One call; none where nobody knows what came of it.
    async fn ask(&mut self, operation: &Operation) -> Option<Result<Answer, Status>> {
        let shop = self.dice.one_of(&self.shops)?.clone();
        let patience = match self.dice.happens(HURRIED_PERCENT) {
            true => Duration::from_micros(200 << self.dice.below(9)),
            false => PATIENCE,
        };
        // The caller is gone a little after the deadline of which the server heard.
        let asked = operation.send(&shop, patience);
        match timeout(patience + Duration::from_millis(20), asked).await {
            Ok(Err(status)) if says_nothing(&status) => None,
            Ok(answer) => Some(answer),
            Err(_) => None,
        }
    }
}

/// A refusal that says that a service did not know what to do.
fn faulty(operation: &Operation, refusal: &Status) -> Option<String> {
    use tonic::Code::{DataLoss, Internal, PermissionDenied, Unauthenticated, Unimplemented};
    let is_faulty = matches!(
        refusal.code(),
        Internal | DataLoss | Unauthenticated | PermissionDenied | Unimplemented
    );
    is_faulty.then(|| format!("{}: {refusal}", operation.kind()))
}
