//! What could not be applied: listing it, and applying it again once its cause is
//! mended. Parked events lie in the database of the service that consumes the feed.

use std::sync::Arc;

use contracts::events::parked_event_service_server::ParkedEventService;
use contracts::events::{
    ListParkedEventsRequest, ListParkedEventsResponse, ParkedEvent, ReplayParkedEventsRequest,
    ReplayParkedEventsResponse,
};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use postgres::pages::Listing;
use postgres::{Database, DbError, TenantId};
use runtime::{Answer, Call, FieldViolation, Refusal, Runner};
use tonic::{Request, Response, Status};

use super::{name_fault, tenant_of};
use crate::apply::Apply;
use crate::parking::{self, Replayed};

/// `recoup.events.v1.ParkedEventService` over what the services in one process have
/// parked.
pub struct ParkedEvents {
    /// The runner for calls that name no service, or none of these.
    first: Runner,
    /// In the order in which they are listed, that of their names.
    consumers: Vec<Arc<Consuming>>,
}

/// One service that consumes feeds.
struct Consuming {
    service: &'static str,
    db: Database,
    runner: Runner,
    replay: Replay,
}

/// Applies what is parked of a subject (tenant, source, subject) again; none where the
/// service does not consume that source.
type Replay =
    Box<dyn Fn(TenantId, String, String) -> Option<BoxFuture<'static, Outcome>> + Send + Sync>;
type Outcome = Result<Option<Replayed>, DbError>;

/// The place of an event in the listing: consuming service, source, position.
type Place = (String, String, i64);

impl ParkedEvents {
    /// Lists and replays what `service` has parked in `db`. `apply` gives the handler
    /// of each feed that it consumes, `applied` is called after each replay.
    #[must_use]
    pub fn new<A: Send + Sync + 'static>(
        service: &'static str,
        db: Database,
        runner: Runner,
        app: Arc<A>,
        apply: fn(&str) -> Option<Apply<A>>,
        applied: fn(&A),
    ) -> Self {
        let own = db.clone();
        let replay: Replay = Box::new(move |tenant, source, subject| {
            let apply = apply(&source)?;
            let (db, app) = (own.clone(), Arc::clone(&app));
            let work = async move {
                let outcome = parking::replay(&db, &*app, apply, tenant, &source, &subject).await;
                applied(&app);
                outcome
            };
            Some(work.boxed())
        });
        let first = runner.clone();
        Self {
            first,
            consumers: vec![Arc::new(Consuming {
                service,
                db,
                runner,
                replay,
            })],
        }
    }

    /// Lists and replays what the services of `others` have parked too.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.consumers.extend(others.consumers);
        self.consumers.sort_by_key(|consuming| consuming.service);
        self
    }

    /// The service of this name, and its runner.
    fn find(&self, service: &str) -> (Option<&Arc<Consuming>>, &Runner) {
        let found = self
            .consumers
            .iter()
            .find(|consuming| consuming.service == service);
        (
            found,
            found.map_or(&self.first, |consuming| &consuming.runner),
        )
    }

    fn not_served(&self) -> Refusal {
        let services: Vec<&str> = self.consumers.iter().map(|one| one.service).collect();
        let fault = format!("served here: {}", services.join(", "));
        Refusal::invalid(
            "SERVICE_NOT_SERVED",
            vec![FieldViolation::new("service", fault)],
        )
    }

    async fn list(
        &self,
        call: &Call,
        request: &ListParkedEventsRequest,
    ) -> Result<ListParkedEventsResponse, Refusal> {
        let only = (!request.service.is_empty()).then_some(request.service.as_str());
        if only.is_some_and(|service| self.find(service).0.is_none()) {
            return Err(self.not_served());
        }
        check_names(&[("source", &request.source)])?;
        let tenant = tenant_of(call)?;
        let filter = format!("{}\n{}", request.service, request.source);
        let listing = Listing::new(call.tenant(), call.method().path, filter.as_bytes());
        let page = listing.page::<Place>(request.page_size, &request.page_token)?;
        let source = (!request.source.is_empty()).then_some(request.source.as_str());
        let mut rows = Vec::new();
        for one in self
            .consumers
            .iter()
            .filter(|one| only.is_none_or(|only| one.service == only))
        {
            let left = page.fetch_limit() - i64::try_from(rows.len()).unwrap_or(i64::MAX);
            if left > 0 && page.after().is_none_or(|after| *one.service >= *after.0) {
                rows.extend(one.list(tenant, source, page.after(), left).await?);
            }
        }
        let (parked_events, next_page_token) = page.cut(rows, place);
        Ok(ListParkedEventsResponse {
            parked_events,
            next_page_token,
        })
    }
}

impl Consuming {
    async fn list(
        &self,
        tenant: Option<TenantId>,
        source: Option<&str>,
        after: Option<&Place>,
        limit: i64,
    ) -> Result<Vec<ParkedEvent>, DbError> {
        let after = after.filter(|after| after.0 == self.service);
        let after = after.map(|(_, source, position)| (source.clone(), *position));
        let rows = parking::list(&self.db, tenant, source, after.as_ref(), limit).await?;
        Ok(rows
            .into_iter()
            .map(|parked| self.to_wire(parked))
            .collect())
    }

    fn to_wire(&self, parked: parking::ParkedEvent) -> ParkedEvent {
        ParkedEvent {
            event: Some(parked.event),
            reason: parked.reason,
            tries: parked.tries,
            parked_time: Some(contracts::convert::instant_to_wire(parked.parked_time)),
            service: self.service.to_owned(),
        }
    }
}

fn place(parked: &ParkedEvent) -> Place {
    let (source, position) = parked
        .event
        .as_ref()
        .map_or_else(Default::default, |event| {
            (event.source.clone(), event.position)
        });
    (parked.service.clone(), source, position)
}

#[tonic::async_trait]
impl ParkedEventService for ParkedEvents {
    async fn list_parked_events(
        &self,
        request: Request<ListParkedEventsRequest>,
    ) -> Result<Response<ListParkedEventsResponse>, Status> {
        let (_, runner) = self.find(&request.get_ref().service);
        runner
            .read(request, async |call, request| {
                self.list(&call, &request).await
            })
            .await
    }

    async fn replay_parked_events(
        &self,
        request: Request<ReplayParkedEventsRequest>,
    ) -> Result<Response<ReplayParkedEventsResponse>, Status> {
        let (consuming, runner) = self.find(&request.get_ref().service);
        let consuming = consuming.cloned().ok_or_else(|| self.not_served());
        runner
            .run_to_end(request, |call, request| async move {
                replay(&*consuming?, &call, request).await
            })
            .await
    }
}

/// Names, each with its field, that the database can be asked about.
///
/// # Errors
/// INVALID_ARGUMENT, REQUEST_INVALID, with every one that is none.
fn check_names(names: &[(&str, &str)]) -> Result<(), Refusal> {
    let fault = |(field, name): &(&str, &str)| {
        name_fault(name).map(|fault| FieldViolation::new(*field, fault))
    };
    let found: Vec<FieldViolation> = names.iter().filter_map(fault).collect();
    match found.is_empty() {
        true => Ok(()),
        false => Err(Refusal::invalid("REQUEST_INVALID", found)),
    }
}

/// Harmless to repeat, and its answer is how things stand: nothing is stored for
/// the request id.
async fn replay(
    consuming: &Consuming,
    call: &Call,
    request: ReplayParkedEventsRequest,
) -> Result<Answer<ReplayParkedEventsResponse>, Refusal> {
    let invalid =
        |field, fault| Refusal::invalid("REQUEST_INVALID", vec![FieldViolation::new(field, fault)]);
    let tenant: TenantId = request
        .tenant_id
        .parse()
        .map_err(|_| invalid("tenant_id", "must be a UUID"))?;
    check_names(&[("source", &request.source), ("subject", &request.subject)])?;
    let nothing = Refusal::not_found(
        "PARKED_EVENT_NOT_FOUND",
        "parked event of subject",
        &request.subject,
    );
    if tenant_of(call)?.is_some_and(|own| own != tenant) {
        return Err(nothing);
    }
    let work = (consuming.replay)(tenant, request.source, request.subject)
        .ok_or_else(|| invalid("source", "is no feed that is consumed here"))?;
    let replayed = work.await?.ok_or(nothing)?;
    Ok(Answer::new(ReplayParkedEventsResponse {
        applied_count: i32::try_from(replayed.applied).unwrap_or(i32::MAX),
        still_parked_count: i32::try_from(replayed.left).unwrap_or(i32::MAX),
        reason: replayed.reason.unwrap_or_default(),
    }))
}
