use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use auth::ResubmitRejects;
use chrono::{DateTime, Utc};
use events::{Adjustment, EVENT_MAX, Event, Rejection, Rejections};
use serde::Serialize;
use serde_json::value::RawValue;
use stream::{Delivery, PublishOutcome};
use tenancy::Unit;
use utoipa::ToSchema;
use uuid::Uuid;
use warehouse::RejectId;
use web::Tenant;

use super::{Rejects, doubt::Standing, reading::read_again};
use crate::failure::Failure;

/// The most time for the log to acknowledge.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(10);

/// A reject to resubmit.
pub(crate) struct RequestedReject {
    pub(crate) id: RejectId,
    /// The corrected event; `None` to read the reject again as it was sent.
    pub(crate) body: Option<Box<RawValue>>,
}

impl RequestedReject {
    fn corrected(&self) -> Option<&[u8]> {
        self.body.as_ref().map(|body| body.get().as_bytes())
    }
}

/// The outcomes of a resubmission.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResubmitAnswer {
    /// The number of rejects per outcome.
    pub(crate) counts: ResubmitCounts,
    /// One outcome per reject, in the order of the request.
    pub(crate) outcomes: Vec<ResubmitOutcome>,
}

/// The number of rejects per outcome.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ResubmitCounts {
    pub(crate) resubmitted: u64,
    pub(crate) already_resubmitted: u64,
    pub(crate) rejected: u64,
    pub(crate) not_found: u64,
    pub(crate) retry: u64,
}

/// The outcome of one reject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum ResubmitOutcome {
    /// The log has the event. It counts once, with its first time of receipt.
    Resubmitted {
        /// The id of the event: as it was sent, or generated.
        event_id: Uuid,
        /// The campaign and the products that count for `other`: the tenant's events name too many
        /// different ones today.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        adjusted: Vec<EventAdjustment>,
    },
    /// The event was resubmitted before, and does not count again.
    AlreadyResubmitted {
        /// The id of the event.
        event_id: Uuid,
        /// When it was resubmitted.
        resubmitted_at: DateTime<Utc>,
    },
    /// The event is still not valid, and remains a reject.
    Rejected {
        /// The stable name of the error.
        code: &'static str,
        /// The place in the event: a JSON pointer (RFC 6901), empty for the event itself.
        pointer: String,
        /// What would be correct.
        reason: String,
        /// Every error, the one above first.
        errors: Vec<EventError>,
    },
    /// The reject does not exist, or belongs to another tenant.
    NotFound,
    /// The event is not known to be in the log. Send the request again: it still counts once.
    Retry,
}

/// An error in an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct EventError {
    /// The stable name of the error.
    pub(crate) code: &'static str,
    /// The place in the event: a JSON pointer (RFC 6901), empty for the event itself.
    pub(crate) pointer: String,
    /// What would be correct.
    pub(crate) reason: String,
}

/// A value that is stored differently from how it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct EventAdjustment {
    /// The canonical name of the field.
    #[schema(example = "campaign_id")]
    field: &'static str,
    /// The value as sent.
    from: String,
    /// The value as stored.
    to: String,
}

impl From<Adjustment> for EventAdjustment {
    fn from(Adjustment { field, from, to }: Adjustment) -> Self {
        Self { field, from, to }
    }
}

impl From<&Rejection> for EventError {
    fn from(Rejection { code, pointer, reason }: &Rejection) -> Self {
        Self { code: code.as_str(), pointer: pointer.clone(), reason: reason.clone() }
    }
}

impl From<Rejections> for ResubmitOutcome {
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

impl ResubmitAnswer {
    fn new(outcomes: Vec<ResubmitOutcome>) -> Self {
        let mut counts = ResubmitCounts::default();
        for outcome in &outcomes {
            let count = match outcome {
                ResubmitOutcome::Resubmitted { .. } => &mut counts.resubmitted,
                ResubmitOutcome::AlreadyResubmitted { .. } => &mut counts.already_resubmitted,
                ResubmitOutcome::Rejected { .. } => &mut counts.rejected,
                ResubmitOutcome::NotFound => &mut counts.not_found,
                ResubmitOutcome::Retry => &mut counts.retry,
            };
            *count += 1;
        }
        Self { counts, outcomes }
    }
}

/// A reject that was read again: the id of its event, or its outcome.
type Read = Result<Uuid, ResubmitOutcome>;

impl Rejects {
    /// Puts rejects into the log, each at most once: reserve, publish, mark.
    ///
    /// If the process stops in between, a reservation remains. The next attempt publishes the same
    /// event id, which counts once while re-sends are recognised. Later attempts first check whether
    /// the event is stored.
    ///
    /// The rejects count as events, and the bytes of what is read again as bytes.
    pub(crate) async fn resubmit(
        &self,
        tenant: &Tenant<ResubmitRejects>,
        requested: &[RequestedReject],
        now: DateTime<Utc>,
    ) -> Result<ResubmitAnswer, Failure> {
        self.charge(tenant.context(), Unit::Events, requested.len() as u64).await?;
        let (read, events) = self.read(tenant, requested).await?;
        let outcomes = self.outcomes(tenant, events, now).await?;
        let outcome = |read: Read| match read {
            Ok(event_id) => outcomes.get(&event_id).cloned().unwrap_or(ResubmitOutcome::Retry),
            Err(outcome) => outcome,
        };
        Ok(ResubmitAnswer::new(read.into_iter().map(outcome).collect()))
    }

    /// Reads each reject again, if its tenant may send as many bytes. Of several rejects with the same event
    /// id, the first is used.
    async fn read(
        &self,
        tenant: &Tenant<ResubmitRejects>,
        requested: &[RequestedReject],
    ) -> Result<(Vec<Read>, BTreeMap<Uuid, Event>), Failure> {
        let ids = requested.iter().map(|reject| reject.id);
        // One byte more than an event may have shows that it is too large.
        let longest = EVENT_MAX as u64 + 1;
        let rejects = self.warehouse.for_tenant(tenant.context()).rejects(ids, longest).await?;
        let found = requested.iter().filter_map(|requested| {
            let reject = rejects.get(&requested.id)?;
            Some(requested.corrected().map_or(reject.original.len(), <[u8]>::len) as u64)
        });
        self.charge(tenant.context(), Unit::Bytes, found.sum()).await?;
        let mut events = BTreeMap::new();
        let read = requested.iter().map(|requested| {
            let reject = rejects.get(&requested.id).ok_or(ResubmitOutcome::NotFound)?;
            let event = read_again(tenant.context(), reject, requested.corrected())?;
            let event_id = event.event_id;
            events.entry(event_id).or_insert(event);
            Ok(event_id)
        });
        Ok((read.collect(), events))
    }

    /// Resubmits events and returns the outcome of each.
    async fn outcomes(
        &self,
        tenant: &Tenant<ResubmitRejects>,
        mut events: BTreeMap<Uuid, Event>,
        now: DateTime<Utc>,
    ) -> Result<HashMap<Uuid, ResubmitOutcome>, Failure> {
        let ids: Vec<_> = events.keys().copied().collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let actor = tenant.principal().subject.to_string();
        let control_plane = self.control_plane.for_tenant(tenant.context());
        let resubmissions = control_plane.reserve_resubmissions(&actor, &ids, now).await?;
        let mut outcomes = HashMap::new();
        let mut free = Vec::new();
        for (event_id, standing) in self.standings(tenant.context(), resubmissions, now).await? {
            match standing {
                Standing::Free => free.extend(events.remove(&event_id)),
                Standing::Unknown => {
                    outcomes.insert(event_id, ResubmitOutcome::Retry);
                }
                Standing::Resubmitted(resubmitted_at) => {
                    let outcome = ResubmitOutcome::AlreadyResubmitted { event_id, resubmitted_at };
                    outcomes.insert(event_id, outcome);
                }
            }
        }
        let replaced = self.replace_names(tenant.context(), &mut free, now).await;
        let published = self.publish(tenant, free, replaced).await;
        let in_log: Vec<_> = published
            .iter()
            .filter(|(_, outcome)| matches!(outcome, ResubmitOutcome::Resubmitted { .. }))
            .map(|(event_id, _)| *event_id)
            .collect();
        // The log has them, marked or not: the next attempt finds them there.
        if !in_log.is_empty()
            && let Err(error) = control_plane.mark_resubmitted(&in_log, now).await
        {
            tracing::warn!(%error, events = in_log.len(), "resubmitted rejects could not be marked");
        }
        outcomes.extend(published);
        Ok(outcomes)
    }

    async fn publish(
        &self,
        tenant: &Tenant<ResubmitRejects>,
        events: Vec<Event>,
        replaced: Vec<Vec<Adjustment>>,
    ) -> Vec<(Uuid, ResubmitOutcome)> {
        let ids: Vec<_> = events.iter().map(|event| event.event_id).collect();
        let trace = telemetry::traceparent();
        let delivery = Delivery { within: PUBLISH_TIMEOUT, traceparent: trace.as_deref() };
        let published = self.producer.publish(tenant.scope(events), delivery).await;
        let outcome = |event_id, replaced: Vec<Adjustment>, published| match published {
            PublishOutcome::Published { .. } => {
                let adjusted = replaced.into_iter().map(EventAdjustment::from).collect();
                ResubmitOutcome::Resubmitted { event_id, adjusted }
            }
            PublishOutcome::Failed { retriable: true } => ResubmitOutcome::Retry,
            PublishOutcome::Failed { retriable: false } => {
                Rejections::from(Rejection::too_large_for_the_log()).into()
            }
        };
        let all = ids.into_iter().zip(replaced).zip(published);
        all.map(|((event_id, replaced), published)| {
            (event_id, outcome(event_id, replaced, published))
        })
        .collect()
    }
}
