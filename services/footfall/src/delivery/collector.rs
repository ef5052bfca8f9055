use std::{
    io::Write,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};
use rand::Rng;
use reqwest::{
    Response, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER},
};
use settings::Secret;
use tokio::time::Instant;
use url::Url;

use super::{
    Batch, Tally,
    answer::{Answer, EventOutcome, Outcome, ProblemBody},
};
use crate::{cli::Target, exit::Failure};
use telemetry::chain;

/// The timeout of one request.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The problem code of a batch of which no event was accepted.
const EVENTS_REJECTED: &str = "events_rejected";
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// A collector, and the key to send events with.
#[derive(Clone)]
pub(crate) struct Collector {
    http: reqwest::Client,
    events: Url,
    key: Secret,
    gzip: bool,
    /// How long a batch is retried.
    patience: Duration,
    /// Why the last request must be retried; `None` once a request is answered.
    trouble: Arc<Mutex<Option<String>>>,
}

/// The result of one request.
enum Reply {
    Answered(Answer),
    /// To be retried, after `retry_after` if the answer has one.
    Busy {
        why: String,
        retry_after: Option<Duration>,
    },
    TooLarge(String),
    Refused(Failure),
}

impl Collector {
    /// Creates a client of the collector that the command line names.
    pub(crate) fn new(target: Target) -> Result<Self, Failure> {
        let Target { key, collector, gzip, patience } = target;
        let http = reqwest::Client::builder().timeout(TIMEOUT).build().map_err(Failure::other)?;
        let events = collector.join("v1/events").map_err(Failure::usage)?;
        Ok(Self {
            http,
            events,
            key,
            gzip,
            patience: Duration::from_secs(patience),
            trouble: Arc::default(),
        })
    }

    /// Returns why requests are being retried, if they are.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Sends a batch until each of its events has a final outcome.
    ///
    /// # Errors
    /// The collector is unavailable for longer than `patience`, or refuses the request.
    pub(crate) async fn deliver(&self, batch: Batch) -> Result<Tally, Failure> {
        let mut tally = Tally::default();
        let mut waiting = vec![batch];
        while let Some(mut batch) = waiting.pop() {
            let mut pauses = Pauses::new(self.patience);
            while !batch.is_empty() {
                match self.post(&batch).await {
                    Reply::Answered(answer) => {
                        self.set_trouble(None);
                        let again = count(answer, &batch, &mut tally)?;
                        if again.len() < batch.len() {
                            pauses = Pauses::new(self.patience);
                        }
                        batch = batch.only(&again);
                        if batch.is_empty() {
                            break;
                        }
                        pauses.wait(None, "the collector did not accept every event").await?;
                    }
                    Reply::Busy { why, retry_after } => {
                        self.set_trouble(Some(why.clone()));
                        pauses.wait(retry_after, &why).await?;
                    }
                    Reply::TooLarge(why) => match batch.halves() {
                        Some(halves) => {
                            waiting.extend(halves);
                            break;
                        }
                        None => {
                            tally.reject(why);
                            break;
                        }
                    },
                    Reply::Refused(failure) => return Err(failure),
                }
                tally.retried += batch.len() as u64;
            }
        }
        Ok(tally)
    }

    async fn post(&self, batch: &Batch) -> Reply {
        let mut request = self
            .http
            .post(self.events.clone())
            .bearer_auth(self.key.expose())
            .header(CONTENT_TYPE, "application/x-ndjson");
        request = if self.gzip {
            match gzipped(batch.body().as_bytes()) {
                Ok(body) => request.header(CONTENT_ENCODING, "gzip").body(body),
                Err(error) => return Reply::Refused(Failure::other(error)),
            }
        } else {
            request.body(batch.body())
        };
        match request.send().await {
            Ok(response) => read(response).await,
            Err(error) if error.is_builder() => Reply::Refused(Failure::usage(error)),
            // Without an answer the events may be in the log. Their ids make a re-send safe.
            Err(error) => Reply::Busy { why: chain(&error.without_url()), retry_after: None },
        }
    }
}

async fn read(response: Response) -> Reply {
    let status = response.status();
    if status.is_success() {
        return match response.json().await {
            Ok(answer) => Reply::Answered(answer),
            Err(error) if error.is_decode() => {
                let reason =
                    format!("the answer is not a collector's: {}", chain(&error.without_url()));
                Reply::Refused(Failure::Other(reason))
            }
            Err(error) => Reply::Busy { why: chain(&error.without_url()), retry_after: None },
        };
    }
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|seconds| seconds.to_str().ok()?.parse().ok())
        .map(Duration::from_secs);
    let mut body: ProblemBody = response.json().await.unwrap_or_default();
    // Every event was rejected: the body has an outcome for each, as a receipt has.
    if let (EVENTS_REJECTED, Some(outcomes)) = (body.code.as_str(), body.outcomes.take()) {
        return Reply::Answered(Answer { outcomes });
    }
    let why = match body.code.as_str() {
        "" => format!("the collector answered {status}"),
        code => format!("the collector answered {status}, {code}: {}", body.detail),
    };
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Reply::TooLarge(why),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
            Reply::Busy { why, retry_after }
        }
        status if status.is_server_error() => Reply::Busy { why, retry_after },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
            Reply::Refused(Failure::Usage(why))
        }
        _ => Reply::Refused(Failure::Rejected(why)),
    }
}

/// Adds the final outcomes to the tally; returns the positions of the events to send again.
fn count(answer: Answer, batch: &Batch, tally: &mut Tally) -> Result<Vec<usize>, Failure> {
    if answer.outcomes.len() != batch.len() {
        let answered = answer.outcomes.len();
        let sent = batch.len();
        let reason = format!("the collector answered for {answered} events, but {sent} were sent");
        return Err(Failure::Other(reason));
    }
    let mut again = Vec::new();
    for (position, answered) in answer.outcomes.into_iter().enumerate() {
        let EventOutcome { outcome, code, pointer, reason } = answered;
        match outcome {
            Outcome::Accepted => tally.accepted += 1,
            Outcome::Parked => tally.parked += 1,
            Outcome::DuplicateInBatch => tally.duplicate += 1,
            Outcome::Rejected => tally.reject(format!("{code} {pointer} {reason}")),
            Outcome::Retry => again.push(position),
        }
    }
    Ok(again)
}

fn gzipped(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

/// Exponential backoff with jitter, until `patience` ends.
struct Pauses {
    next: Duration,
    until: Instant,
    patience: Duration,
}

impl Pauses {
    fn new(patience: Duration) -> Self {
        Self { next: FIRST_PAUSE, until: Instant::now() + patience, patience }
    }

    /// Waits at least as long as `asked`.
    async fn wait(&mut self, asked: Option<Duration>, why: &str) -> Result<(), Failure> {
        if Instant::now() >= self.until {
            let seconds = self.patience.as_secs();
            return Err(Failure::Unavailable(format!("gave up after {seconds} s: {why}")));
        }
        let jittered = self.next.mul_f64(rand::rng().random_range(0.5..1.0));
        self.next = (self.next * 2).min(LONGEST_PAUSE);
        tokio::time::sleep(jittered.max(asked.unwrap_or_default())).await;
        Ok(())
    }
}
