use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use aggregates::{FeedEntry, FeedSince, StreamId};
use auth::Principal;
use chrono::Utc;
use problem::Problem;
use tenancy::CampaignId;
use tokio::{
    sync::{mpsc::UnboundedSender, oneshot},
    time::Instant,
};
use web::WebState;

use super::{
    Live, OpenTicket, Viewer,
    command::{Command, Opened},
    frames::Frame,
    places::Place,
    seat::Seat,
    view::{Missed, Seen},
    views::beginning,
};
use crate::failure::{Failure, retry_after};

/// How a client wants its stream.
pub(crate) struct Wanted {
    /// The ticket, if the request had one.
    pub(crate) ticket: Option<OpenTicket>,
    /// What the client received of its last stream.
    pub(crate) resume: Option<Place>,
}

impl Live {
    /// Opens a stream that resumes at the client's last place, or begins with a snapshot. It ends
    /// with the credential, with the credential's right to see a campaign that it names, or when the client
    /// disconnects.
    ///
    /// # Errors
    /// Too many streams are open, or a store is unavailable.
    pub(crate) async fn open(
        &self,
        web: &WebState,
        viewer: &Viewer,
        wanted: Wanted,
    ) -> Result<Seat, Problem> {
        let open = self.open.open(viewer.tenant(), &viewer.principal().subject)?;
        let commands = self.hub.broadcast(self, web, viewer).await?;
        let Wanted { ticket, resume } = wanted;
        let mut resumed = StreamId::START;
        let mut missed = BTreeMap::new();
        let begun = match resume {
            Some(place) => {
                let opened = ask(&commands, viewer, false).await?;
                let form = viewer.watched().form();
                let tenant = self.aggregates.for_tenant(viewer.tenant());
                // Of a campaign that its last stream had not, the client has nothing.
                let is_of_same = form.place(place.feed, &opened.selection) == place;
                let since = match is_of_same {
                    true => tenant.feed_since(place.feed).await.map_err(Failure::from)?,
                    false => FeedSince::Trimmed,
                };
                match since {
                    FeedSince::Entries(entries) => {
                        resumed = entries.last().map_or(place.feed, |last| last.id);
                        missed = missed_of(viewer.watched().campaigns(), entries);
                        let place = Place { feed: resumed, ..place };
                        (opened, form.missed(viewer.tenant(), place, &missed))
                    }
                    FeedSince::Trimmed => with_snapshot(&commands, viewer, true).await?,
                }
            }
            None => with_snapshot(&commands, viewer, false).await?,
        };
        let (opened, beginning) = begun;
        let principal = viewer.principal();
        let left = principal.expires_at.map(|ends| (ends - Utc::now()).to_std());
        Ok(Seat {
            commands,
            key: opened.key,
            place: opened.place,
            seen: Seen { version: opened.version, resumed },
            selection: opened.selection,
            beginning,
            lacks: missed.into_iter().map(|(campaign, missed)| (campaign, missed.named)).collect(),
            // Without its end, which differs between tokens, many streams share a principal.
            principal: Arc::new(Principal { expires_at: None, ..principal.clone() }),
            ends: left.map(|left| Instant::now() + left.unwrap_or_default()),
            ticket,
            open,
        })
    }
}

async fn with_snapshot(
    commands: &UnboundedSender<Command>,
    viewer: &Viewer,
    after_reset: bool,
) -> Result<(Opened, Frame), Problem> {
    let mut opened = ask(commands, viewer, true).await?;
    let snapshot = opened.snapshot.take().ok_or_else(|| Problem::internal("no snapshot"))?;
    Ok((opened, beginning(&snapshot, after_reset)))
}

async fn ask(
    commands: &UnboundedSender<Command>,
    viewer: &Viewer,
    wants_snapshot: bool,
) -> Result<Opened, Problem> {
    let (opened, result) = oneshot::channel();
    let tenant = viewer.tenant().clone();
    let watched = viewer.watched().clone();
    commands.send(Command::Open { tenant, watched, wants_snapshot, opened }).unwrap_or_default();
    // Without an answer the broadcast has ended: the process stops, or Redis has lost the feed.
    result.await.map_err(|ended| Problem::unavailable(retry_after::STORE, ended))?
}

/// Returns what the entries of a feed contain of these campaigns.
fn missed_of(campaigns: &[CampaignId], entries: Vec<FeedEntry>) -> BTreeMap<CampaignId, Missed> {
    let campaigns: HashSet<_> = campaigns.iter().collect();
    let mut missed = BTreeMap::<CampaignId, Missed>::new();
    for entry in entries {
        for changed in entry.quarters {
            if !campaigns.contains(&changed.campaign) {
                continue;
            }
            let missed = missed.entry(changed.campaign).or_default();
            missed.log_time = missed.log_time.max(entry.log_time);
            match changed.sums {
                Some(sums) => {
                    missed.named.remove(&changed.quarter);
                    missed.quarters.insert(changed.quarter, sums);
                }
                None => {
                    missed.named.insert(changed.quarter, entry.log_time);
                }
            }
        }
    }
    missed
}
