//! What a broadcast does beside its frames, because it waits for a store.

use std::{collections::HashSet, sync::Arc};

use aggregates::StreamId;
use auth::Principal;
use chrono::Utc;
use futures::{FutureExt, StreamExt, stream::iter};
use metrics::TimeRange;
use problem::{Code, Problem};
use tenancy::{CampaignId, TenantContext};
use web::WebState;

use super::{
    Live, LiveReport, clients::ClientKey, command::Opening, open_ticket::OpenTicket,
    view::SnapshotRequest,
};
use crate::failure::Failure;

/// How many credentials are checked, or tickets held, at once.
const AT_ONCE: usize = 16;

/// A campaign whose numbers are read.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) live: Live,
    pub(crate) tenant: TenantContext,
    pub(crate) campaign: CampaignId,
}

/// The result of a job.
pub(crate) enum Done {
    Snapshot {
        openings: Vec<Opening>,
        is_reset: bool,
        request: SnapshotRequest,
        read: Result<(StreamId, LiveReport), Problem>,
    },
    Read {
        range: TimeRange,
        read: Result<LiveReport, Problem>,
    },
    Checked {
        revoked: Vec<Arc<Principal>>,
        tenant: Option<TenantContext>,
        redis_is_behind: bool,
    },
    Held {
        replaced: HashSet<ClientKey>,
    },
}

/// Reads the report of a snapshot.
pub(crate) async fn snapshot(
    source: Source,
    request: SnapshotRequest,
    openings: Vec<Opening>,
    is_reset: bool,
) -> Done {
    let Source { live, tenant, campaign } = source;
    let read = async {
        // The feed's place comes first, so that no change is lost between the snapshot and the
        // updates.
        let feed = live.feed.follow(&tenant, &campaign).await.map_err(Failure::from)?;
        let report = live.reports.series(&tenant, &campaign, request.range).await?;
        Ok((feed.place(), report))
    };
    Done::Snapshot { openings, is_reset, request, read: read.await }
}

/// Reads the quarter hours of `range` again.
pub(crate) async fn read_again(source: Source, range: TimeRange) -> Done {
    let Source { live, tenant, campaign } = source;
    Done::Read { range, read: live.reports.series(&tenant, &campaign, range).await }
}

/// Checks the right of every principal to its streams. What cannot be checked now is checked again
/// next time.
pub(crate) async fn check(source: Source, web: WebState, principals: Vec<Arc<Principal>>) -> Done {
    let mut revoked = Vec::new();
    let mut tenant = None;
    let right = |principal: Arc<Principal>| {
        right_of(source.clone(), web.clone(), principal.clone()).map(|right| (right, principal))
    };
    let mut checks = iter(principals).map(right).buffer_unordered(AT_ONCE);
    while let Some((right, principal)) = checks.next().await {
        match right {
            Ok(latest) => tenant = Some(latest),
            Err(problem) if is_revocation(&problem) => revoked.push(principal),
            Err(_) => {}
        }
    }
    let redis_is_behind = source.live.reports.is_behind().await;
    Done::Checked { revoked, tenant, redis_is_behind }
}

/// Reports the streams of tickets as open.
pub(crate) async fn hold(tickets: Vec<(ClientKey, Arc<OpenTicket>)>) -> Done {
    let held = |(key, ticket): (ClientKey, Arc<OpenTicket>)| async move {
        let is_held = ticket.hold().await;
        (!is_held).then_some(key)
    };
    let mut tickets = iter(tickets).map(held).buffer_unordered(AT_ONCE);
    let mut replaced = HashSet::new();
    while let Some(key) = tickets.next().await {
        replaced.extend(key);
    }
    Done::Held { replaced }
}

/// Returns the tenant of a principal that may still see the campaign.
async fn right_of(
    source: Source,
    web: WebState,
    principal: Arc<Principal>,
) -> Result<TenantContext, Problem> {
    let tenant = web.tenant(&principal, Utc::now()).await?;
    let Source { live, campaign, .. } = source;
    live.reports.find_campaign(&tenant, &principal.scope, &campaign).await?;
    Ok(tenant)
}

/// Returns whether a credential has lost its right; false where that could not be checked.
fn is_revocation(problem: &Problem) -> bool {
    matches!(
        problem.code(),
        Code::CredentialInvalid | Code::TokenExpired | Code::TenantSuspended | Code::NotFound
    )
}
