use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use auth::ReplayRejects;
use chrono::{DateTime, Utc};
use events::{EVENT_MAX, Event, Rejection, Rejections};
use serde::Serialize;
use serde_json::value::RawValue;
use stream::{Delivery, PublishOutcome};
use utoipa::ToSchema;
use uuid::Uuid;
use warehouse::RejectId;
use web::Tenant;

use super::{Rejects, doubt::Standing, reading::read_again};
use crate::failure::Failure;

/// How long the log may take.
const PUBLISH_WITHIN: Duration = Duration::from_secs(10);

/// A reject to be put into the log.
pub(crate) struct Asked {
    pub(crate) id: RejectId,
    /// What it should have been; `None` to read it again as it was sent.
    pub(crate) body: Option<Box<RawValue>>,
}

/// What became of each reject.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayAnswer {
    /// How many of each outcome.
    pub(crate) counts: ReplayCounts,
    /// One for each reject, in the order they were named.
    pub(crate) outcomes: Vec<ReplayOutcome>,
}

/// How many rejects had each outcome.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ReplayCounts {
    pub(crate) accepted: u64,
    pub(crate) already_replayed: u64,
    pub(crate) rejected: u64,
    pub(crate) not_found: u64,
    pub(crate) retry: u64,
}

/// What became of one reject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum ReplayOutcome {
    /// It is in the log, and will be counted once, as received when it was sent.
    Accepted {
        /// What it is called as an event: the id it was sent with, or one of ours.
        event_id: Uuid,
    },
    /// It was put into the log before, and is not counted again.
    AlreadyReplayed {
        /// What it is called as an event.
        event_id: Uuid,
        /// When.
        replayed_at: DateTime<Utc>,
    },
    /// It is still no event, and stays a reject.
    Rejected {
        /// A stable name for what is wrong.
        code: &'static str,
        /// Where in the event: a JSON pointer (RFC 6901), empty for the event itself.
        pointer: String,
        /// What would be right.
        reason: String,
        /// Each thing that is wrong, the one above first.
        errors: Vec<EventError>,
    },
    /// There is no such reject, or it is not yours.
    NotFound,
    /// It is not known to be in the log. Ask again: it still counts once.
    Retry,
}

/// One thing that is wrong with an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct EventError {
    /// A stable name for what is wrong.
    pub(crate) code: &'static str,
    /// Where in the event: a JSON pointer (RFC 6901), empty for the event itself.
    pub(crate) pointer: String,
    /// What would be right.
    pub(crate) reason: String,
}

impl From<&Rejection> for EventError {
    fn from(Rejection { code, pointer, reason }: &Rejection) -> Self {
        Self { code: code.as_str(), pointer: pointer.clone(), reason: reason.clone() }
    }
}

impl From<Rejections> for ReplayOutcome {
    fn from(rejections: Rejections) -> Self {
        let EventError { code, pointer, reason } = rejections.first().into();
        Self::Rejected {
            code,
            pointer,
            reason,
            errors: rejections.iter().map(Into::into).collect(),
        }
    }
}

impl ReplayAnswer {
    fn new(outcomes: Vec<ReplayOutcome>) -> Self {
        let mut counts = ReplayCounts::default();
        for outcome in &outcomes {
            let count = match outcome {
                ReplayOutcome::Accepted { .. } => &mut counts.accepted,
                ReplayOutcome::AlreadyReplayed { .. } => &mut counts.already_replayed,
                ReplayOutcome::Rejected { .. } => &mut counts.rejected,
                ReplayOutcome::NotFound => &mut counts.not_found,
                ReplayOutcome::Retry => &mut counts.retry,
            };
            *count += 1;
        }
        Self { counts, outcomes }
    }
}

/// What reading a reject again gave: an event's id, or its end.
type Read = Result<Uuid, ReplayOutcome>;

impl Rejects {
    /// Puts rejects into the log, each at most once: reserve, publish, mark.
    ///
    /// Whatever stops in between leaves a reservation. The next attempt publishes the same event
    /// id, which counts once while copies are told apart, and after that looks first whether the
    /// event is there.
    pub(crate) async fn replay(
        &self,
        tenant: &Tenant<ReplayRejects>,
        asked: &[Asked],
        now: DateTime<Utc>,
    ) -> Result<ReplayAnswer, Failure> {
        let (read, events) = self.read(tenant, asked).await?;
        let settled = self.settle(tenant, events, now).await?;
        let outcome = |read: Read| match read {
            Ok(event_id) => settled.get(&event_id).cloned().unwrap_or(ReplayOutcome::Retry),
            Err(outcome) => outcome,
        };
        Ok(ReplayAnswer::new(read.into_iter().map(outcome).collect()))
    }

    /// Reads each reject again. Of those that are the same event, the first is it.
    async fn read(
        &self,
        tenant: &Tenant<ReplayRejects>,
        asked: &[Asked],
    ) -> Result<(Vec<Read>, BTreeMap<Uuid, Event>), Failure> {
        let ids = asked.iter().map(|asked| asked.id);
        // One byte more than an event may have tells that it has too many.
        let longest = EVENT_MAX as u64 + 1;
        let rejects = self.warehouse.for_tenant(tenant.context()).rejects(ids, longest).await?;
        let mut events = BTreeMap::new();
        let read = asked.iter().map(|asked| {
            let reject = rejects.get(&asked.id).ok_or(ReplayOutcome::NotFound)?;
            let body = asked.body.as_ref().map(|body| body.get().as_bytes());
            let event = read_again(tenant.context(), reject, body)?;
            let event_id = event.event_id;
            events.entry(event_id).or_insert(event);
            Ok(event_id)
        });
        Ok((read.collect(), events))
    }

    /// What becomes of each event.
    async fn settle(
        &self,
        tenant: &Tenant<ReplayRejects>,
        mut events: BTreeMap<Uuid, Event>,
        now: DateTime<Utc>,
    ) -> Result<HashMap<Uuid, ReplayOutcome>, Failure> {
        let ids: Vec<_> = events.keys().copied().collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let actor = tenant.principal().subject.to_string();
        let stored = self.control_plane.for_tenant(tenant.context());
        let replays = stored.reserve_replays(&actor, &ids, now).await?;
        let mut outcomes = HashMap::new();
        let mut free = Vec::new();
        for (event_id, standing) in self.standings(tenant.context(), replays, now).await? {
            match standing {
                Standing::Free => free.extend(events.remove(&event_id)),
                Standing::Unknown => {
                    outcomes.insert(event_id, ReplayOutcome::Retry);
                }
                Standing::Replayed(replayed_at) => {
                    let outcome = ReplayOutcome::AlreadyReplayed { event_id, replayed_at };
                    outcomes.insert(event_id, outcome);
                }
            }
        }
        let published = self.publish(tenant, free).await;
        let accepted: Vec<_> = published
            .iter()
            .filter(|(_, outcome)| matches!(outcome, ReplayOutcome::Accepted { .. }))
            .map(|(event_id, _)| *event_id)
            .collect();
        // They are in the log, noted or not: the next attempt finds them there.
        if !accepted.is_empty()
            && let Err(error) = stored.mark_replayed(&accepted, now).await
        {
            tracing::warn!(%error, events = accepted.len(), "not noted that rejects were replayed");
        }
        outcomes.extend(published);
        Ok(outcomes)
    }

    async fn publish(
        &self,
        tenant: &Tenant<ReplayRejects>,
        events: Vec<Event>,
    ) -> Vec<(Uuid, ReplayOutcome)> {
        let ids: Vec<_> = events.iter().map(|event| event.event_id).collect();
        let delivery = Delivery { within: PUBLISH_WITHIN, traceparent: None };
        let published = self.producer.publish(tenant.scope(events), delivery).await;
        let outcome = |(event_id, published)| match published {
            PublishOutcome::Published { .. } => (event_id, ReplayOutcome::Accepted { event_id }),
            PublishOutcome::Failed { retriable: true } => (event_id, ReplayOutcome::Retry),
            PublishOutcome::Failed { retriable: false } => {
                (event_id, Rejections::from(Rejection::too_large_for_the_log()).into())
            }
        };
        ids.into_iter().zip(published).map(outcome).collect()
    }
}
