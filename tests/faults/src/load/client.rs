use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use super::Event;
use crate::{
    Failure,
    oracle::{Answer, Journal},
};

/// Request timeout, longer than a collector waits for the log.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The pause between two attempts to send a batch.
const RETRY_PAUSE: Duration = Duration::from_millis(300);
/// How often a shop sends a batch before it gives up.
const ATTEMPTS: u32 = 5;

/// How the shops behave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traffic {
    /// Number of shops that send at the same time; each waits for its answer.
    pub(crate) shops: u16,
    /// Requests per second of each shop, without copies; 0: no limit.
    pub(crate) pace: f64,
    /// The most events of a request.
    pub(crate) events: usize,
    /// The share of requests that is sent again later, though answered.
    pub(crate) resent: f64,
    /// The share of requests that is sent twice at the same time.
    pub(crate) parallel: f64,
    /// The total number of requests; `None`: until stopped.
    pub(crate) posts: Option<u64>,
}

impl Default for Traffic {
    fn default() -> Self {
        Self { shops: 4, pace: 5.0, events: 20, resent: 0.3, parallel: 0.1, posts: None }
    }
}

/// The address and key for a tenant's events.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) key: String,
}

/// Running traffic.
pub(crate) struct Load {
    shops: JoinSet<Result<(), Failure>>,
    stop: Arc<AtomicBool>,
}

/// The state that all shops share.
struct Market {
    traffic: Traffic,
    targets: Vec<Target>,
    journal: Arc<Journal>,
    stop: Arc<AtomicBool>,
    begun: AtomicU64,
}

impl Load {
    /// Starts shops of these tenants, which send until [`Load::stop`].
    pub(crate) fn start(
        traffic: Traffic,
        targets: Vec<Target>,
        journal: Arc<Journal>,
        seed: u64,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let begun = AtomicU64::new(0);
        let market = Arc::new(Market { traffic, targets, journal, stop: Arc::clone(&stop), begun });
        let mut shops = JoinSet::new();
        for shop in 0..traffic.shops {
            let random = StdRng::seed_from_u64(seed.wrapping_mul(1_000).wrapping_add(shop.into()));
            shops.spawn(Shop { market: Arc::clone(&market), client: Client::new(), random }.run());
        }
        Self { shops, stop }
    }

    /// Stops the shops, and waits until each has its last answer.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        self.stop.store(true, Ordering::Relaxed);
        self.finished().await
    }

    /// Waits until all requests are sent and answered.
    pub(crate) async fn finished(mut self) -> Result<(), Failure> {
        while let Some(finished) = self.shops.join_next().await {
            finished??;
        }
        Ok(())
    }
}

struct Shop {
    market: Arc<Market>,
    client: Client,
    random: StdRng,
}

impl Shop {
    async fn run(mut self) -> Result<(), Failure> {
        let mut next = Instant::now();
        let mut copy: Option<(usize, Vec<Event>)> = None;
        while !self.market.stop.load(Ordering::Relaxed) && self.may_begin() {
            let traffic = self.market.traffic;
            let tenant = self.random.random_range(0..self.market.targets.len());
            let count = self.random.random_range(1..=traffic.events);
            let batch: Vec<_> = (0..count).map(|_| Event::random(&mut self.random)).collect();
            if self.random.random_bool(traffic.parallel) {
                let (one, other) =
                    tokio::join!(self.send(tenant, &batch), self.send(tenant, &batch));
                if !(one? || other?) {
                    self.retry(tenant, &batch).await?;
                }
            } else if !self.send(tenant, &batch).await? {
                self.retry(tenant, &batch).await?;
            }
            // The copy is sent after other events, not at once.
            if let Some((tenant, batch)) = copy.take() {
                self.send(tenant, &batch).await?;
            }
            if self.random.random_bool(traffic.resent) {
                copy = Some((tenant, batch));
            }
            if traffic.pace > 0.0 {
                let pause = self.random.random_range(0.5..1.5) / traffic.pace;
                next = (next + Duration::from_secs_f64(pause)).max(Instant::now());
                sleep_until(next).await;
            }
        }
        Ok(())
    }

    fn may_begin(&self) -> bool {
        let begun = self.market.begun.fetch_add(1, Ordering::Relaxed);
        self.market.traffic.posts.is_none_or(|posts| begun < posts)
    }

    /// Sends a batch again that was not accepted, in half of the cases; otherwise drops it.
    async fn retry(&mut self, tenant: usize, batch: &[Event]) -> Result<(), Failure> {
        if self.random.random_bool(0.5) {
            return Ok(());
        }
        for _ in 1..ATTEMPTS {
            sleep(RETRY_PAUSE).await;
            if self.send(tenant, batch).await? {
                break;
            }
        }
        Ok(())
    }

    /// Sends a batch. Returns whether every event was accepted.
    async fn send(&self, tenant: usize, batch: &[Event]) -> Result<bool, Failure> {
        let Some(target) = self.market.targets.get(tenant) else { return Ok(true) };
        let body: Value = batch.iter().map(Event::body).collect();
        let post = self.market.journal.record_request(tenant, batch)?;
        let answer = self.ask(target, &body).await.unwrap_or_else(|error| {
            let causes = std::error::Error::source(&error).map(ToString::to_string);
            Answer::Lost(format!("{error}: {}", causes.unwrap_or_default()))
        });
        self.market.journal.record_answer(post, tenant, batch, &answer)?;
        Ok(
            matches!(answer, Answer::Accepted(outcomes) if outcomes.iter().all(|accepted| *accepted)),
        )
    }

    async fn ask(&self, target: &Target, body: &Value) -> Result<Answer, reqwest::Error> {
        let request = self.client.post(&target.url).bearer_auth(&target.key).timeout(TIMEOUT);
        let response = request.json(body).send().await?;
        if response.status() != reqwest::StatusCode::ACCEPTED {
            return Ok(Answer::Refused(response.status().as_u16()));
        }
        let receipt: Value = response.json().await?;
        let outcomes = receipt.get("outcomes").and_then(Value::as_array).into_iter().flatten();
        let accepted = json!("accepted");
        Ok(Answer::Accepted(
            outcomes.map(|outcome| outcome.get("outcome") == Some(&accepted)).collect(),
        ))
    }
}
