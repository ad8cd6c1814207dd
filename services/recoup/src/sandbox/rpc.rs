//! `recoup.sandbox.v1.ClockService`.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use contracts::convert::{instant_from_wire, instant_to_wire};
use contracts::sandbox::advance_request::Reach;
use contracts::sandbox::advance_response::Step;
use contracts::sandbox::clock_service_server::ClockService;
use contracts::sandbox::{
    AdvanceProgress, AdvanceRequest, AdvanceResponse, AdvanceResult, GetClockRequest,
    GetClockResponse, ReachedWork,
};
use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use postgres::idempotency::IdempotencyError;
use runtime::{Call, Refusal, Runner, Violations};
use tokio::sync::watch;
use tokio::time::timeout;
use tonic::{Request, Response, Status};

use crate::sandbox::Sandbox;
use crate::sandbox::advance::{Progress, Reached, Running, Stopped};
use crate::sandbox::records::Advance;

/// How far ahead a target may lie.
const YEARS_AHEAD: i64 = 10;

/// A caller hears of an advance at least so often.
const SILENCE_LIMIT: Duration = Duration::from_secs(5);

/// The service over the sandbox.
pub struct Rpc {
    sandbox: Arc<Sandbox>,
    runner: Runner,
}

impl Rpc {
    /// Serves `sandbox`.
    #[must_use]
    pub fn new(sandbox: Arc<Sandbox>, runner: Runner) -> Self {
        Self { sandbox, runner }
    }
}

type Answers = BoxStream<'static, Result<AdvanceResponse, Refusal>>;

#[tonic::async_trait]
impl ClockService for Rpc {
    type AdvanceStream = Pin<Box<dyn Stream<Item = Result<AdvanceResponse, Status>> + Send>>;

    async fn advance(
        &self,
        request: Request<AdvanceRequest>,
    ) -> Result<Response<Self::AdvanceStream>, Status> {
        let sandbox = Arc::clone(&self.sandbox);
        let handler = async move |call: Call, request| advance(&sandbox, &call, &request);
        let answer = self.runner.stream(request, handler).await?;
        Ok(answer.map(|stream| -> Self::AdvanceStream { Box::pin(stream) }))
    }

    async fn get_clock(
        &self,
        request: Request<GetClockRequest>,
    ) -> Result<Response<GetClockResponse>, Status> {
        let handler = async |_, _| {
            let look = self.sandbox.look().await;
            let (now, look) = look.map_err(|error| Refusal::internal(format!("{error:#}")))?;
            Ok(GetClockResponse {
                current_time: Some(instant_to_wire(now)),
                next_due_time: look.next_due.map(instant_to_wire),
                quiet: look.idle,
            })
        };
        self.runner.read(request, handler).await
    }
}

/// Begins an advance, joins the one that runs under this request id, or tells what it came to.
fn advance(
    sandbox: &Arc<Sandbox>,
    call: &Call,
    request: &AdvanceRequest,
) -> Result<Answers, Refusal> {
    let reach = parse(request)?;
    let key = call.key(request)?;
    let mut latest = sandbox.latest();
    if let Some(running) = latest.as_ref().filter(|running| running.goes_on()) {
        let same_id = (
            &running.key.tenant,
            &running.key.caller,
            &running.key.request_id,
        ) == (&key.tenant, &key.caller, &key.request_id);
        return match (same_id, running.key.fingerprint == key.fingerprint) {
            (true, true) => Ok(told(running)),
            (true, false) => Err(IdempotencyError::Reused.into()),
            (false, _) => Err(Refusal::stale("ADVANCE_IN_PROGRESS")),
        };
    }
    let kept = sandbox.records.advance(&key).map_err(failed)?;
    let advance = match kept {
        Some(kept) if !kept.is_of(&key) => return Err(IdempotencyError::Reused.into()),
        Some(kept) => match kept.result().map_err(failed)? {
            Some(result) => return Ok(ended(result)),
            // The process that began it is gone, or it was stopped on its way.
            None => kept,
        },
        None => {
            let advance = Advance::new(&key, target(reach, sandbox.hand.now())?);
            sandbox
                .records
                .keep_advance(&key, &advance)
                .map_err(failed)?;
            advance
        }
    };
    let running = sandbox.set_out(key, advance);
    let answers = told(&running);
    *latest = Some(running);
    Ok(answers)
}

fn failed(error: anyhow::Error) -> Refusal {
    Refusal::internal(format!("{error:#}"))
}

/// How far.
enum Distance {
    To(Timestamp),
    By(SignedDuration),
}

fn parse(request: &AdvanceRequest) -> Result<Distance, Refusal> {
    let mut violations = Violations::new();
    let parsed = match &request.reach {
        Some(Reach::TargetTime(instant)) => {
            let instant = violations.parsed("target_time", instant_from_wire(instant));
            instant.map(Distance::To)
        }
        Some(Reach::Duration(length)) => {
            let length = length_from_wire(length);
            violations.parsed("duration", length).map(Distance::By)
        }
        None => violations.required("reach", None),
    };
    violations.complete((parsed,)).map(|(distance,)| distance)
}

fn length_from_wire(length: &prost_types::Duration) -> Result<SignedDuration, &'static str> {
    let fits = length.seconds >= 0 && (0..1_000_000_000).contains(&length.nanos);
    let length = SignedDuration::new(length.seconds, if fits { length.nanos } else { 0 });
    fits.then_some(length)
        .ok_or("must be a length of time, not negative")
}

fn target(distance: Distance, now: Timestamp) -> Result<Timestamp, Refusal> {
    let (field, target) = match distance {
        Distance::To(target) => ("target_time", Some(target)),
        Distance::By(length) => ("duration", now.checked_add(length).ok()),
    };
    let furthest = now.checked_add((YEARS_AHEAD * 366 * 24).hours());
    let refuse = |reason, description: String| {
        let mut violations = Violations::new();
        violations.add(field, description);
        Err(Refusal::invalid(reason, violations.into_found()))
    };
    match target {
        Some(target) if target < now => refuse(
            "TARGET_IN_THE_PAST",
            format!("lies before the clock, {now}"),
        ),
        Some(target) if furthest.is_ok_and(|furthest| target <= furthest) => Ok(target),
        _ => refuse(
            "TARGET_TOO_FAR",
            format!("lies more than {YEARS_AHEAD} years ahead"),
        ),
    }
}

/// The result alone: the advance ended before this call.
fn ended(result: AdvanceResult) -> Answers {
    let step = Some(Step::Result(result));
    stream::once(async { Ok(AdvanceResponse { step }) }).boxed()
}

/// What a caller was told of an advance, and what follows.
struct Telling {
    target: Timestamp,
    progress: watch::Receiver<Progress>,
    told: Reached,
    state: TellingState,
}

enum TellingState {
    Begun,
    Waiting,
    Ended,
}

/// Progress from now on, and the result or refusal at the end.
fn told(running: &Running) -> Answers {
    let telling = Telling {
        target: running.target,
        progress: running.progress.clone(),
        told: Reached::new(),
        state: TellingState::Begun,
    };
    stream::unfold(telling, |mut telling| async move {
        let answer = telling.next().await?;
        Some((answer, telling))
    })
    .boxed()
}

impl Telling {
    async fn next(&mut self) -> Option<Result<AdvanceResponse, Refusal>> {
        match self.state {
            TellingState::Begun => self.state = TellingState::Waiting,
            TellingState::Waiting => {
                // Silence, or the end of the task: either way there is something to say.
                let _ = timeout(SILENCE_LIMIT, self.progress.changed()).await;
            }
            TellingState::Ended => return None,
        }
        let progress = self.progress.borrow_and_update().clone();
        let step = self.step(&progress);
        let step = match progress.end {
            Some(_) if !step.reached.is_empty() => Step::Progress(step),
            Some(end) => {
                self.state = TellingState::Ended;
                match end {
                    Ok(result) => Step::Result(result),
                    Err(stopped) => return Some(Err(refusal(stopped))),
                }
            }
            None => Step::Progress(step),
        };
        Some(Ok(AdvanceResponse { step: Some(step) }))
    }

    fn step(&mut self, progress: &Progress) -> AdvanceProgress {
        let mut fresh = Vec::new();
        for ((service, kind), count) in &progress.reached {
            let told = self.told.entry((service, kind.clone())).or_default();
            if count > told {
                fresh.push(ReachedWork {
                    service: (*service).to_owned(),
                    kind: kind.clone(),
                    count: count - *told,
                });
                *told = *count;
            }
        }
        AdvanceProgress {
            current_time: Some(instant_to_wire(progress.time)),
            target_time: Some(instant_to_wire(self.target)),
            reached: fresh,
            quiet: progress.quiet,
        }
    }
}

fn refusal(stopped: Stopped) -> Refusal {
    match stopped {
        Stopped::NotSettling { service, kind } => {
            let why = "work due at this instant schedules itself at it again and again";
            Refusal::rule("NOT_SETTLING", "CLOCK", format!("{service}/{kind}"), why)
                .with_metadata("service", service)
                .with_metadata("kind", kind)
        }
        Stopped::ShuttingDown => Refusal::unavailable("DRAINING", Duration::from_millis(100)),
        Stopped::Failed(cause) => Refusal::internal(cause),
    }
}
