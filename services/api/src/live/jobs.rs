//! What a broadcast does beside its frames, because it waits for a store.

use std::{collections::HashSet, sync::Arc};

use aggregates::StreamId;
use chrono::Utc;
use futures::{StreamExt, stream::iter};
use metrics::TimeRange;
use problem::{Code, Problem};
use tenancy::{CampaignId, TenantContext};
use web::WebState;

use super::{
    Live, LiveReport,
    client::{ClientKey, Right},
    command::Waiting,
    feed::Feed,
    open_ticket::OpenTicket,
    view::SnapshotRequest,
};
use crate::failure::Failure;

/// How many credentials are checked, or tickets held, at once.
const AT_ONCE: usize = 16;

/// How many reports are read at once.
const REPORTS_AT_ONCE: usize = 8;

/// Where the numbers of a broadcast are read.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) live: Live,
    pub(crate) tenant: TenantContext,
    /// The one campaign of the broadcast; `None` if it is about several.
    pub(crate) campaign: Option<CampaignId>,
}

/// The report of a campaign's range, or why it could not be read.
pub(crate) type Report = (u32, TimeRange, Result<LiveReport, Problem>);

/// The feed's place before the reports of a snapshot, and the report of each campaign.
pub(crate) type SnapshotReports =
    Result<(StreamId, Vec<(u32, Result<LiveReport, Problem>)>), Problem>;

/// A right that was checked.
pub(crate) struct Checked {
    pub(crate) right: Right,
    pub(crate) outcome: Outcome,
}

/// The outcome of the check of a right.
pub(crate) enum Outcome {
    /// The streams continue.
    Holds,
    /// The streams continue with these campaigns, which are all.
    Sees(Arc<[CampaignId]>),
    /// No stream of the credential continues.
    RevokedCredential,
    /// No stream of the credential that names one of these campaigns continues.
    RevokedCampaigns(Vec<CampaignId>),
}

/// The result of a job.
pub(crate) enum Done {
    Snapshot {
        waiting: Vec<Waiting>,
        is_reset: bool,
        request: SnapshotRequest,
        read: SnapshotReports,
    },
    Read(Vec<Report>),
    Checked {
        checked: Vec<Checked>,
        tenant: Option<TenantContext>,
        redis_is_behind: bool,
    },
    /// A client may see campaigns to which it subscribes, or not.
    Admitted {
        key: ClientKey,
        campaigns: Vec<CampaignId>,
        admitted: Result<TenantContext, Problem>,
    },
    Held {
        replaced: HashSet<ClientKey>,
    },
}

/// Reads the reports of a snapshot of these campaigns.
pub(crate) async fn snapshot(
    source: Source,
    request: SnapshotRequest,
    campaigns: Vec<(u32, CampaignId)>,
    waiting: Vec<Waiting>,
    is_reset: bool,
) -> Done {
    let read = async {
        // The feed's place comes first, so that no change is lost between the snapshot and the
        // updates.
        let Source { live, tenant, campaign } = &source;
        let feed = Feed::follow(&live.feed, tenant, campaign.as_ref()).await;
        let feed = feed.map_err(Failure::from)?;
        let range = request.range;
        let campaigns = campaigns.into_iter().map(|(number, campaign)| (number, campaign, range));
        let reports = reports(&source, campaigns.collect()).await.into_iter();
        let reports = reports.map(|(number, _, report)| (number, report));
        Ok((feed.place(), reports.collect()))
    };
    Done::Snapshot { waiting, is_reset, request, read: read.await }
}

/// Reads quarter hours again, of each campaign those in a range.
pub(crate) async fn read_again(source: Source, ranges: Vec<(u32, CampaignId, TimeRange)>) -> Done {
    Done::Read(reports(&source, ranges).await)
}

async fn reports(source: &Source, ranges: Vec<(u32, CampaignId, TimeRange)>) -> Vec<Report> {
    let read = async |(number, campaign, range): (u32, CampaignId, TimeRange)| {
        let Source { live, tenant, .. } = source;
        (number, range, live.reports.series(tenant, &campaign, range).await)
    };
    iter(ranges.into_iter().map(read)).buffer_unordered(REPORTS_AT_ONCE).collect().await
}

/// Checks every right: `campaigns` are those that its streams have named. What cannot be checked now is
/// checked again next time.
pub(crate) async fn check(
    source: Source,
    web: WebState,
    rights: Vec<(Right, Vec<CampaignId>)>,
) -> Done {
    let check = |(right, campaigns): (Right, Vec<CampaignId>)| {
        let (source, web) = (source.clone(), web.clone());
        async move {
            let checked = check_right(&source, &web, &right, &campaigns).await;
            (right, checked)
        }
    };
    let mut checks = iter(rights.into_iter().map(check)).buffer_unordered(AT_ONCE);
    let mut checked = Vec::new();
    let mut tenant = None;
    while let Some((right, result)) = checks.next().await {
        let outcome = match result {
            Ok((latest, outcome)) => {
                tenant = Some(latest);
                outcome
            }
            Err(problem) if is_revocation(&problem) => Outcome::RevokedCredential,
            Err(_) => Outcome::Holds,
        };
        checked.push(Checked { right, outcome });
    }
    let redis_is_behind = source.live.reports.is_behind().await;
    Done::Checked { checked, tenant, redis_is_behind }
}

/// Checks that a client may see campaigns to which it subscribes.
pub(crate) async fn admit(
    source: Source,
    web: WebState,
    key: ClientKey,
    right: Right,
    campaigns: Vec<CampaignId>,
) -> Done {
    let admitted = check_right(&source, &web, &right, &campaigns).await;
    let admitted = admitted.and_then(|(tenant, outcome)| match outcome {
        Outcome::RevokedCampaigns(_) => Err(Problem::not_found()),
        _ => Ok(tenant),
    });
    Done::Admitted { key, campaigns, admitted }
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

/// Returns the tenant of a right, and what is left of it.
async fn check_right(
    source: &Source,
    web: &WebState,
    right: &Right,
    campaigns: &[CampaignId],
) -> Result<(TenantContext, Outcome), Problem> {
    let Right { principal, selection } = right;
    let tenant = web.tenant(principal, Utc::now()).await?;
    let reports = &source.live.reports;
    if selection.is_all {
        let all = reports.campaigns(&tenant, &principal.scope).await?;
        return Ok((tenant, Outcome::Sees(all)));
    }
    let mut revoked = Vec::new();
    for campaign in campaigns {
        match reports.find_campaign(&tenant, &principal.scope, campaign).await {
            Err(problem) if is_revocation(&problem) => revoked.push(campaign.clone()),
            found => found?,
        }
    }
    let holds = revoked.is_empty();
    Ok((tenant, if holds { Outcome::Holds } else { Outcome::RevokedCampaigns(revoked) }))
}

/// Returns whether a credential has lost its right; false where that could not be checked.
fn is_revocation(problem: &Problem) -> bool {
    matches!(
        problem.code(),
        Code::CredentialInvalid | Code::TokenExpired | Code::TenantSuspended | Code::NotFound
    )
}
