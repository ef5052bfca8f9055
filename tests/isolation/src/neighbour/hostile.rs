use std::time::Duration;

use futures::{
    StreamExt,
    future::join_all,
    stream::{self, Stream},
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    Failure,
    figures::Outcome,
    options::Options,
    stand::{Answer, Shop, Stand, Who},
};

/// Slow requests, and the smallest number of them.
const SLOW: usize = 200;
const SLOW_LEAST: usize = 100;
/// Requests with new names, each with as many events as a request may have.
const NAMES: usize = 1_000;
const NAMES_LEAST: usize = 10;
const EVENTS: usize = 1_000;
/// Users that are created.
const USERS: usize = 500;
const USERS_LEAST: usize = 25;
/// Live streams of one key: more than the tenant may have.
const STREAMS: usize = 300;
/// Events per second that the tenant may send in the end, and how many it does send.
const LIMIT: u32 = 100;
const OVER_LIMIT: usize = 10;
/// Requests at the same time.
const AT_ONCE: usize = 32;
/// The first bytes of a body that is compressed, and goes on.
const GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03";
/// How long a slow request goes on, a byte at a time.
const BYTES: usize = 30;
const BYTE_EVERY: Duration = Duration::from_millis(500);

/// The tenant that takes all it can get.
pub(super) struct Hostile<'a> {
    pub(super) stand: &'a Stand,
    pub(super) shop: &'a Shop,
    pub(super) options: &'a Options,
}

impl Hostile<'_> {
    /// Does all it can at the same time, and exceeds its limit of events in the end.
    pub(super) async fn run(&self) -> Result<Outcome, Failure> {
        let (slow, streams, names, users) =
            futures::join!(self.slow(), self.streams(), self.names(), self.users());
        let (slow, streams) = (slow?, streams?);
        let mut outcome = Outcome::default();
        outcome.count("slow requests", slow);
        outcome.count("live streams", streams);
        add(&mut outcome, "requests with new names", names?);
        add(&mut outcome, "users", users?);
        let over = self.over_limit().await?;
        let refused = over.iter().filter(|status| **status == 429).count();
        outcome.check(refused > 0, || "no event was over its limit".to_owned());
        add(&mut outcome, "requests over the limit of events", over);
        Ok(outcome)
    }

    /// Sends compressed bodies, a byte at a time, to hold as much memory as they may need.
    async fn slow(&self) -> Result<usize, Failure> {
        let url = self.stand.platform.collector("");
        let address = url.trim_start_matches("http://");
        let key = self.shop.credential(Who::Collect);
        let head = format!(
            "POST /v1/events HTTP/1.1\r\nHost: f\r\nAuthorization: Bearer {key}\r\nContent-Type: \
             application/json\r\nContent-Encoding: gzip\r\nContent-Length: 1000000\r\n\r\n"
        );
        let slow = (0..self.options.share(SLOW, SLOW_LEAST)).map(|_| async {
            let mut client = TcpStream::connect(address).await?;
            client.write_all(head.as_bytes()).await?;
            client.write_all(GZIP).await?;
            for _ in 0..BYTES {
                sleep(BYTE_EVERY).await;
                // The collector may refuse it at any time.
                if client.write_all(b"\0").await.is_err() {
                    break;
                }
            }
            Ok::<_, std::io::Error>(())
        });
        let ended = join_all(slow).await;
        // A connection that is refused at once is an answer, too.
        Ok(ended.len())
    }

    /// Opens live streams and leaves them open for as long as the slow requests go on.
    async fn streams(&self) -> Result<usize, Failure> {
        let key = self.shop.credential(Who::Read);
        let open = (0..STREAMS).map(|_| async move {
            let request = self.stand.request(&Method::GET, true, "/v1/live").bearer_auth(key);
            request.send().await
        });
        let mut opened = Vec::new();
        for response in join_all(open).await {
            opened.push(response?);
        }
        let reading = opened.iter_mut().map(|response| async move {
            let time = BYTE_EVERY * u32::try_from(BYTES).unwrap_or(1);
            // Until the time is over, or the stream is.
            timeout(time, async { while let Ok(Some(_)) = response.chunk().await {} }).await.ok()
        });
        join_all(reading).await;
        Ok(opened.len())
    }

    /// Sends events of campaigns and products that nobody has named before.
    async fn names(&self) -> Result<Vec<u16>, Failure> {
        let requests = (0..self.options.share(NAMES, NAMES_LEAST)).map(|number| {
            let event = |event: usize| {
                let name = format!("n-{number}-{event}");
                json!({"type": "ad_click", "campaign_id": name, "items": [{"product_id": name}]})
            };
            self.events((0..EVENTS).map(event).collect())
        });
        statuses(stream::iter(requests)).await
    }

    /// Invites users, each of whom sets a password.
    async fn users(&self) -> Result<Vec<u16>, Failure> {
        let owner = &self.shop.tenant.owner;
        let numbers = 0..self.options.share(USERS, USERS_LEAST);
        let invited = stream::iter(numbers).map(|number| async move {
            let name = format!("hostile-{number}");
            // Too many passwords at once are refused, and only for this tenant.
            self.stand.invite(owner, &name).await.map_or(503, |_| 201)
        });
        Ok(invited.buffer_unordered(AT_ONCE).collect().await)
    }

    /// Sends ten times as many events as a lower limit allows in ten seconds.
    async fn over_limit(&self) -> Result<Vec<u16>, Failure> {
        let path = format!("/v1/admin/tenants/{}", self.shop.tenant.id);
        let order = json!({"limits": {"events_per_second": LIMIT}});
        self.stand.order(Method::PATCH, &self.stand.admin, &path, &order).await?;
        // The limit counts in every process soon.
        sleep(Duration::from_secs(5)).await;
        let hundred = vec![json!({"type": "page_view"}); 100];
        let requests = (0..OVER_LIMIT * 10).map(|_| self.events(hundred.clone()));
        statuses(stream::iter(requests)).await
    }

    fn events(&self, events: Vec<Value>) -> RequestBuilder {
        let request = self.stand.request(&Method::POST, false, "/v1/events");
        request.bearer_auth(self.shop.credential(Who::Collect)).json(&events)
    }
}

/// Sends requests, and returns the statuses of the answers.
async fn statuses(requests: impl Stream<Item = RequestBuilder>) -> Result<Vec<u16>, Failure> {
    let answers = requests.map(Answer::of).buffer_unordered(AT_ONCE);
    let answers: Vec<_> = answers.collect().await;
    let statuses = answers.into_iter().map(|answer| Ok::<_, Failure>(answer?.status));
    statuses.collect()
}

/// Counts requests, and how many of them were refused.
fn add(outcome: &mut Outcome, name: &'static str, statuses: Vec<u16>) {
    let refused = statuses.iter().filter(|status| **status >= 400).count();
    outcome.count(name, statuses.len());
    outcome.count("of the hostile tenant refused", refused);
}
