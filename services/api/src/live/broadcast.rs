mod orders;
mod results;

use std::{
    collections::{BTreeSet, HashSet},
    future::pending,
    ops::RangeInclusive,
    sync::{Arc, Weak},
    time::Duration,
};

use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, join_all},
    stream::FuturesUnordered,
};
use problem::Problem;
use tenancy::CampaignId;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender},
    task::yield_now,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use web::WebState;

use super::{
    Live, Viewer,
    client::ClientKey,
    clients::Clients,
    command::{Command, Opened, Receiver, Waiting},
    feed::{Feed, FeedChange},
    frames::{EXPIRED, Frame},
    jobs::{Done, Source, check, hold, read_again, snapshot},
    open_ticket::OpenTicket,
    read_schedule::{Read, ReadSchedule},
    seat::Joining,
    selection::Selection,
    sockets::Ready,
    view::Version,
    views::Views,
};

/// Between two frames: the least for few clients, so that an event hardly waits for its frame, and
/// the most for many.
const FRAME_EVERY: RangeInclusive<Duration> =
    Duration::from_millis(50)..=Duration::from_millis(200);
/// For how long nothing is sent, in multiples of the time that the last frame took: a broadcast
/// uses a fifth of a core at most while its frames take less than 40 ms.
const FRAME_PAUSE: u32 = 4;
/// Between two heartbeats.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(15);
/// Between two checks of the credentials: a stream ends within five seconds of its revocation, whose
/// announcement may take one of them.
const CHECK_EVERY: Duration = Duration::from_secs(4);
/// Between two reports to other processes that the streams of tickets are open.
const HOLD_EVERY: Duration = Duration::from_secs(2);
/// The most time for the report that tickets are closed, when the process stops.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The one task that serves all streams of a campaign, or all streams of several campaigns of a tenant.
/// It follows the feed, makes each frame once and writes it to the sockets of the clients, none of which
/// has a task of its own.
///
/// Whatever waits for a store is a job beside it, so that frames and ends never wait.
pub(crate) struct Broadcast {
    live: Live,
    web: WebState,
    /// `None` if the broadcast is about several.
    campaign: Option<CampaignId>,
    feed: Feed,
    views: Views,
    commands: UnboundedReceiver<Command>,
    /// Keeps the broadcast running while it has clients.
    alive: Option<UnboundedSender<Command>>,
    next_key: usize,
    /// The streams that are opened and wait for a snapshot.
    waiting: Vec<Waiting>,
    /// The streams that are open and whose clients are not connected yet: they will lack the changes
    /// after their version.
    unconnected: Vec<(Version, Weak<()>)>,
    /// The clients with WebSockets that may have sent more than was read.
    unread: HashSet<ClientKey>,
    jobs: FuturesUnordered<BoxFuture<'static, Done>>,
    reads: ReadSchedule,
    is_checking: bool,
    is_holding: bool,
    /// Whether some client lacks frames that it accepts.
    has_frames: bool,
    next_frame: Instant,
    next_check: Instant,
    next_hold: Instant,
    next_heartbeat: Instant,
}

impl Broadcast {
    /// How long a broadcast takes to end its streams.
    pub(crate) const STOP_BUDGET: Duration = Duration::from_secs(3);

    /// Creates the broadcast of a viewer's campaigns.
    pub(crate) fn new(
        live: &Live,
        web: &WebState,
        viewer: &Viewer,
        feed: Feed,
        commands: UnboundedReceiver<Command>,
    ) -> Self {
        let watched = viewer.watched();
        let now = Instant::now();
        Self {
            live: live.clone(),
            web: web.clone(),
            views: Views::new(viewer.tenant().clone(), watched.form(), feed.place()),
            campaign: watched.one().cloned(),
            feed,
            commands,
            alive: None,
            next_key: 0,
            waiting: Vec::new(),
            unconnected: Vec::new(),
            unread: HashSet::new(),
            jobs: FuturesUnordered::new(),
            reads: ReadSchedule::new(now),
            is_checking: false,
            is_holding: false,
            has_frames: false,
            next_frame: now,
            next_check: now + CHECK_EVERY,
            next_hold: now + HOLD_EVERY,
            next_heartbeat: now + HEARTBEAT_EVERY,
        }
    }

    /// Serves the streams until the last one is closed, the feed has ended, or `token` is cancelled;
    /// then ends those that are still open.
    pub(crate) async fn run(mut self, token: CancellationToken) {
        match Clients::new() {
            Ok(mut clients) => {
                while !token.is_cancelled() && self.step(&mut clients, &token).await {}
                self.end(&mut clients).await;
            }
            Err(error) => tracing::error!(%error, "live streams cannot be watched"),
        }
    }

    /// Waits for the next thing to do, and does it. Returns whether there can be more.
    async fn step(&mut self, clients: &mut Clients, token: &CancellationToken) -> bool {
        self.alive.take_if(|_| clients.is_empty());
        let is_incomplete = !clients.is_empty() && self.views.is_incomplete();
        self.start_reading(clients, is_incomplete);
        let read_due = self.reads.due(is_incomplete);
        let next_end = clients.next_end();
        let has_tickets = clients.has_tickets() && !self.is_holding;
        let next_frame = self.next_frame;
        let feed = &mut self.feed;
        let change = async {
            sleep_until(next_frame).await;
            feed.next().await
        };
        tokio::select! {
            biased;
            () = token.cancelled() => return false,
            () = at(next_end) => clients.end_expired(Instant::now(), EXPIRED),
            command = self.commands.recv() => match command {
                Some(command) => self.obey(clients, command),
                None => return false,
            },
            ready = clients.ready() => match ready {
                Ok(ready) => ready.into_iter().for_each(|ready| self.notice(clients, ready)),
                Err(error) => {
                    tracing::error!(%error, "live streams ended: they cannot be watched");
                    return false;
                }
            },
            Some(done) = self.jobs.next() => self.finish(clients, done),
            () = sleep_until(self.next_hold), if has_tickets => self.hold(clients),
            () = sleep_until(self.next_check), if !self.is_checking => self.check(clients),
            change = change => match change {
                Some(change) => {
                    self.change(change);
                    self.send_frames(clients).await;
                }
                None => return false,
            },
            () = sleep_until(next_frame), if self.has_frames => self.send_frames(clients).await,
            () = at(read_due) => {}
            () = sleep_until(self.next_heartbeat) => {
                self.next_heartbeat = Instant::now() + HEARTBEAT_EVERY;
                clients.send_heartbeats().await;
            }
            // Last, and never at once: everything else has its turn before, other tasks too.
            () = yield_now(), if !self.unread.is_empty() => self.receive_more(clients),
        }
        true
    }

    fn obey(&mut self, clients: &mut Clients, command: Command) {
        match command {
            Command::Open { tenant, watched, wants_snapshot, opened } => {
                self.views.renew(tenant);
                let selection = self.views.select(watched.campaigns(), watched.is_all());
                if wants_snapshot {
                    self.waiting.push(Waiting { selection, receiver: Receiver::Opening(opened) });
                } else {
                    let stream = self.opened(selection, None);
                    opened.send(Ok(stream)).unwrap_or_default();
                }
            }
            Command::Join(joining) => {
                let Joining { commands, key, client, beginning, lacks, .. } = *joining;
                self.alive = Some(commands);
                self.has_frames |= client.seen.version < self.views.version();
                self.views.read_for(&lacks);
                clients.join(key, client, &beginning);
                self.receive(clients, key);
            }
            Command::Accepts(key) => self.notice(clients, Ready::Writable(key)),
            Command::HungUp(key) => self.notice(clients, Ready::Closed(key)),
        }
    }

    fn notice(&mut self, clients: &mut Clients, ready: Ready) {
        match ready {
            Ready::Writable(key) => {
                self.has_frames |= clients.accepts_again(key, self.views.version());
                self.receive(clients, key);
            }
            Ready::Readable(key) => self.receive(clients, key),
            Ready::Closed(key) => clients.hung_up(key),
        }
    }

    /// Answers all who wait for a snapshot with one problem.
    fn refuse(&mut self, clients: &mut Clients, waiting: Vec<Waiting>, problem: &Problem) {
        for Waiting { receiver, .. } in waiting {
            match receiver {
                Receiver::Opening(opened) => {
                    opened.send(Err(problem.repeated())).unwrap_or_default();
                }
                Receiver::Client(key) => {
                    clients.answer(key, None, Some(&Frame::refusal(problem)));
                    self.receive(clients, key);
                }
            }
        }
    }

    fn opened(&mut self, selection: Arc<Selection>, snapshot: Option<Frame>) -> Opened {
        self.next_key += 1;
        let version = self.views.version();
        let place = Arc::new(());
        self.unconnected.retain(|(_, place)| place.strong_count() > 0);
        self.unconnected.push((version, Arc::downgrade(&place)));
        Opened { key: ClientKey(self.next_key), version, selection, snapshot, place }
    }

    fn change(&mut self, change: FeedChange) {
        match change {
            FeedChange::Quarters { place, log_time, campaigns } => {
                self.views.change(place, log_time, campaigns);
            }
            FeedChange::Reset => self.reads.reset(Instant::now()),
        }
    }

    async fn send_frames(&mut self, clients: &mut Clients) {
        let began = Instant::now();
        let sent = clients.send_frames(&self.views).await;
        // A snapshot that is being read is completed by the changes meanwhile.
        if !self.reads.is_reading() {
            self.unconnected.retain(|(_, place)| place.strong_count() > 0);
            let unconnected = self.unconnected.iter().map(|(version, _)| *version);
            let everyone_has = unconnected.chain([sent.everyone_has]).min();
            self.views.forget(everyone_has.unwrap_or_default());
        }
        self.has_frames = false;
        if sent.any {
            self.next_frame = next_frame(began, began.elapsed());
        }
    }

    /// Starts the next read that is due: of incomplete quarter hours, or of a snapshot.
    fn start_reading(&mut self, clients: &mut Clients, is_incomplete: bool) {
        self.waiting.retain(|waiting| !waiting.is_over());
        let is_opening = !self.waiting.is_empty();
        match self.reads.begin(Instant::now(), is_incomplete, is_opening) {
            Some(Read::Snapshot { is_reset }) => self.read_snapshot(clients, is_reset),
            Some(Read::Incomplete) => {
                let ranges = self.views.incomplete_ranges();
                self.jobs.push(read_again(self.source(), ranges).boxed());
            }
            None => {}
        }
    }

    /// Reads the snapshot that streams which are opened need, or all clients after a reset. Streams
    /// opened meanwhile share the next one, since each snapshot must contain everything counted
    /// before it was asked for.
    fn read_snapshot(&mut self, clients: &mut Clients, is_reset: bool) {
        let waiting = std::mem::take(&mut self.waiting);
        let campaigns = if is_reset {
            self.views.all()
        } else {
            let selections = waiting.iter().flat_map(|waiting| &waiting.selection.campaigns);
            self.views.named(selections.copied().collect::<BTreeSet<_>>())
        };
        match self.views.snapshot_request() {
            Ok(request) => {
                let job = snapshot(self.source(), request, campaigns, waiting, is_reset);
                self.jobs.push(job.boxed());
            }
            Err(error) => {
                self.reads.end(Read::Snapshot { is_reset }, Instant::now(), false);
                self.refuse(clients, waiting, &Problem::internal(error));
            }
        }
    }

    fn source(&self) -> Source {
        Source {
            live: self.live.clone(),
            tenant: self.views.tenant().clone(),
            campaign: self.campaign.clone(),
        }
    }

    fn check(&mut self, clients: &mut Clients) {
        self.views.remove_unwatched();
        self.is_checking = true;
        self.next_check = Instant::now() + CHECK_EVERY;
        let rights = clients.rights().into_iter().map(|right| {
            let named = right.selection.campaigns.iter().filter(|_| !right.selection.is_all);
            let named = self.views.named(named.copied()).into_iter();
            (right, named.map(|(_, campaign)| campaign).collect())
        });
        let job = check(self.source(), self.web.clone(), rights.collect());
        self.jobs.push(job.boxed());
    }

    fn hold(&mut self, clients: &Clients) {
        self.is_holding = true;
        self.next_hold = Instant::now() + HOLD_EVERY;
        self.jobs.push(hold(clients.tickets()).boxed());
    }

    /// Ends all streams, and reports the tickets as closed, so that another process can open them.
    async fn end(self, clients: &mut Clients) {
        // A job may have a ticket.
        drop(self.jobs);
        let tickets = clients.end_all();
        let closed = join_all(tickets.into_iter().map(OpenTicket::close));
        timeout(CLOSE_TIMEOUT, closed).await.map(drop).unwrap_or_default();
    }
}

/// Returns when the next frame may be sent, after one that took so long.
fn next_frame(began: Instant, took: Duration) -> Instant {
    began + (took * (1 + FRAME_PAUSE)).clamp(*FRAME_EVERY.start(), *FRAME_EVERY.end())
}

/// Waits until `time`; for ever without one.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_between_frames_grows_with_what_they_take() {
        let began = Instant::now();
        for (took, pause) in [(0, 50), (1, 50), (10, 50), (20, 100), (40, 200), (500, 200)] {
            let next = next_frame(began, Duration::from_millis(took));
            assert_eq!(next - began, Duration::from_millis(pause), "{took} ms");
        }
    }
}
