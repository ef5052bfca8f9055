use std::collections::{BTreeMap, BTreeSet};

use aggregates::{AggregatesError, CampaignFeed, Change, LiveFeed, StreamId, TenantFeed};
use chrono::{DateTime, Utc};
use metrics::{QuarterHour, QuarterSeries};
use tenancy::{CampaignId, TenantContext};

/// What a broadcast follows: one campaign, or all of its tenant.
pub(crate) enum Feed {
    Campaign(CampaignId, CampaignFeed),
    Tenant(TenantFeed),
}

/// What changed in a feed.
#[derive(Debug)]
pub(crate) enum FeedChange {
    Quarters {
        place: StreamId,
        log_time: DateTime<Utc>,
        campaigns: BTreeMap<CampaignId, ChangedQuarters>,
    },
    /// Changes may be missing.
    Reset,
}

/// The changed quarter hours of a campaign.
#[derive(Debug, Default)]
pub(crate) struct ChangedQuarters {
    /// Those with all their numbers.
    pub(crate) quarters: QuarterSeries,
    /// Those that are only named.
    pub(crate) named: BTreeSet<QuarterHour>,
}

impl Feed {
    /// Follows a tenant's campaign, or all of them, from now on.
    ///
    /// # Errors
    /// Redis did not answer.
    pub(crate) async fn follow(
        feed: &LiveFeed,
        tenant: &TenantContext,
        campaign: Option<&CampaignId>,
    ) -> Result<Self, AggregatesError> {
        Ok(match campaign {
            Some(campaign) => {
                Self::Campaign(campaign.clone(), feed.follow(tenant, campaign).await?)
            }
            None => Self::Tenant(feed.follow_all(tenant).await?),
        })
    }

    /// Returns the place up to which everything was received.
    pub(crate) const fn place(&self) -> StreamId {
        match self {
            Self::Campaign(_, feed) => feed.place(),
            Self::Tenant(feed) => feed.place(),
        }
    }

    /// Waits for a change; `None` when the feed has ended. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Option<FeedChange> {
        match self {
            Self::Campaign(campaign, feed) => Some(match feed.next().await? {
                Change::Quarters { place, log_time, quarters, incomplete } => {
                    let changed = ChangedQuarters { quarters, named: incomplete };
                    let campaigns = [(campaign.clone(), changed)].into();
                    FeedChange::Quarters { place, log_time, campaigns }
                }
                Change::Reset => FeedChange::Reset,
            }),
            Self::Tenant(feed) => Some(match feed.next().await? {
                Change::Quarters { place, log_time, quarters, incomplete } => {
                    let mut campaigns = BTreeMap::<_, ChangedQuarters>::new();
                    for ((campaign, quarter), sums) in quarters {
                        campaigns.entry(campaign).or_default().quarters.insert(quarter, sums);
                    }
                    for (campaign, quarter) in incomplete {
                        campaigns.entry(campaign).or_default().named.insert(quarter);
                    }
                    FeedChange::Quarters { place, log_time, campaigns }
                }
                Change::Reset => FeedChange::Reset,
            }),
        }
    }
}
