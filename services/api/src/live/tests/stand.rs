mod credentials;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::{
    body::BoxBody,
    dev::ServiceResponse,
    http::{Method, StatusCode, header},
    test::{TestRequest, call_service, init_service, read_body_json},
    web::{Data, ServiceConfig},
};
use aggregates::{
    Aggregates, ApplyOutcome, ChainStart, LiveBatch, LiveDelta, LiveFeed, RedisSettings,
};
use auth::{SigningKey, TokenVerifier};
use chrono::{DateTime, TimeDelta, Utc};
use lifecycle::Lifecycle;
use log::{LogPlace, Offset};
use metrics::{Counter, MoneySum, QuarterHour, Sums};
use money::Amount;
use serde_json::{Value, json};
use tenancy::TenantRouter;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use web::{ConnectionLimits, WebState};

use super::{directory::AnyTenant, reports::TestReports, stream::Stream};
use crate::{
    live::{Choice, Live, OpenTicket, TicketSecret, Viewer, Wanted, seat::Seat},
    routes::configure,
};

const PATH: &str = "/v1/campaigns/spring-sale/live";

/// An app with live streams, in a Redis namespace of its own.
pub(super) struct Stand {
    aggregates: Aggregates,
    namespace: String,
    lifecycle: Lifecycle,
    live: Live,
    state: WebState,
    known: Arc<AnyTenant>,
    reports: Arc<TestReports>,
    key: SigningKey,
    next_offset: AtomicU64,
    now: QuarterHour,
}

impl Stand {
    pub(super) async fn new() -> Self {
        Self::whole_from(DateTime::UNIX_EPOCH).await
    }

    /// Creates a stand whose Redis has lost the counters of earlier hours.
    pub(super) async fn whole_from(whole_from: DateTime<Utc>) -> Self {
        let settings: RedisSettings = testkit::redis();
        let aggregates = Aggregates::connect(&settings).unwrap();
        let namespace = settings.namespace;
        let next = LogPlace::new(1, 0, 0);
        let start = ChainStart { next, partitions: 1, seen: None, whole_from, is_first: true };
        let fences = aggregates.fences(next.generation, next.partition).await.unwrap();
        assert!(aggregates.start_chain(fences[0].0, &start).await.unwrap());
        let lifecycle = Lifecycle::new();
        let feed = LiveFeed::start(&aggregates, &lifecycle);
        let now = QuarterHour::containing(Utc::now());
        let reports = Arc::new(TestReports {
            aggregates: aggregates.clone(),
            stored_clicks: AtomicU64::new(0),
            quarter: now,
            reads: AtomicU64::new(0),
            hidden: AtomicBool::new(false),
            winter_exists: AtomicBool::new(false),
            redis_is_halted: AtomicBool::new(false),
            is_crowded: AtomicBool::new(false),
            summer_fails: AtomicBool::new(false),
            delay: Mutex::default(),
        });
        let live = Live::new(aggregates.clone(), feed, reports.clone(), &lifecycle, true);
        let key = SigningKey::generate().unwrap();
        let verifier = TokenVerifier::new([&key], "footfall", "api").unwrap();
        let known = Arc::new(AnyTenant::default());
        let state = WebState::new(known.clone(), known.clone(), verifier);
        let next_offset = AtomicU64::new(0);
        Self {
            aggregates,
            namespace,
            lifecycle,
            live,
            state,
            known,
            reports,
            key,
            next_offset,
            now,
        }
    }

    /// Sets how many clicks ClickHouse has.
    pub(super) fn store(&self, clicks: u64) {
        self.reports.stored_clicks.store(clicks, Ordering::Relaxed);
    }

    /// Returns how often streams have read a report.
    pub(super) fn reads(&self) -> u64 {
        self.reports.reads.load(Ordering::Relaxed)
    }

    /// Halts the counters in Redis, so that only ClickHouse has later events.
    pub(super) fn halt_redis(&self) {
        self.reports.redis_is_halted.store(true, Ordering::Relaxed);
    }

    pub(super) fn hide_campaigns(&self) {
        self.reports.hidden.store(true, Ordering::Relaxed);
    }

    /// Creates more campaigns than a stream of all may have.
    pub(super) fn create_too_many(&self) {
        self.reports.is_crowded.store(true, Ordering::Relaxed);
    }

    /// Makes the report of the summer sale unavailable.
    pub(super) fn break_summer_sale(&self) {
        self.reports.summer_fails.store(true, Ordering::Relaxed);
    }

    /// Sets how long each report takes.
    pub(super) fn delay_reports(&self, delay: Duration) {
        *self.reports.delay.lock().unwrap() = delay;
    }

    /// Allows each tenant more streams than two. Call it before the first request.
    pub(super) fn allow_more_streams(&self, more: u16) {
        self.known.more_streams.store(more, Ordering::Relaxed);
    }

    pub(super) fn create_winter_sale(&self) {
        self.reports.winter_exists.store(true, Ordering::Relaxed);
    }

    /// Counts clicks on the spring sale.
    pub(super) async fn click(&self, client: &str, clicks: u64) {
        self.click_on(client, "spring-sale", clicks).await;
    }

    /// Counts clicks at a quarter of a euro each, now, as the live group does.
    #[expect(clippy::disallowed_methods, reason = "tests act as the consumer of the log")]
    pub(super) async fn click_on(&self, client: &str, campaign: &str, clicks: u64) {
        let tenant = TenantRouter::new(self.known.clone());
        let tenant = tenant.resolve_record(&client.parse().unwrap()).await.unwrap();
        let mut sums = Sums::default();
        sums.add_count(Counter::Clicks, None, clicks);
        let spend = Amount::from_micros(250_000 * i64::try_from(clicks).unwrap());
        sums.add_money(MoneySum::Spend, "EUR".parse().unwrap(), spend);
        let delta = LiveDelta {
            campaign: campaign.parse().unwrap(),
            quarter: self.now,
            sums,
            visitors: Vec::new(),
            products: Vec::new(),
        };
        let offset = Offset::new(self.next_offset.fetch_add(1, Ordering::Relaxed));
        let range = LogPlace::new(1, 0, 0).at(offset).to(offset);
        let batch = LiveBatch { range, log_time: Utc::now() };
        let applied = self.aggregates.apply(&batch, &[], vec![tenant.scope(vec![delta])]).await;
        let applied = applied.unwrap();
        assert_eq!(applied[0].1, ApplyOutcome::Applied);
    }

    /// Returns the id of the last change of a tenant.
    pub(super) async fn place(&self, client: &str) -> String {
        let tenant =
            testkit::tenant_context(testkit::tenant_record(&client.parse().unwrap())).await;
        self.aggregates.for_tenant(&tenant).feed_position().await.unwrap().to_string()
    }

    pub(super) async fn get(
        &self,
        client: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> ServiceResponse<BoxBody> {
        let token = self.token_for(client, TimeDelta::minutes(15));
        self.get_with(Some(&token), path, headers).await
    }

    pub(super) async fn get_with(
        &self,
        token: Option<&str>,
        path: &str,
        headers: &[(&str, &str)],
    ) -> ServiceResponse<BoxBody> {
        let mut request = TestRequest::get().uri(path);
        for header in headers {
            request = request.insert_header(*header);
        }
        self.send(request, token).await
    }

    pub(super) async fn open(&self, client: &str, last_event_id: Option<&str>) -> Stream {
        let headers: Vec<_> = last_event_id.map(|id| ("last-event-id", id)).into_iter().collect();
        Stream::new(self.get(client, PATH, &headers).await)
    }

    /// Opens a stream whose client is not connected yet.
    pub(super) async fn seat(&self, client: &str) -> Seat {
        let tenant = testkit::tenant_context(testkit::tenant_record(&client.parse().unwrap()));
        let tenant = tenant.await;
        let token = self.token_for(client, TimeDelta::minutes(15));
        let principal = self.principal(&token).await;
        let choice = Choice::Campaign("spring-sale".parse().unwrap());
        let viewer = Viewer::admit(&*self.reports, &tenant, &principal, choice).await.unwrap();
        let wanted = Wanted { ticket: None, resume: None };
        self.live.open(&self.state, &viewer, wanted).await.unwrap()
    }

    /// Creates a ticket, and returns the path of its stream.
    pub(super) async fn ticket(&self, client: &str, campaign: &str) -> Result<String, StatusCode> {
        self.ticket_for(client, json!({ "campaign_id": campaign })).await
    }

    /// Creates a ticket for what `order` names, and returns the path of its stream.
    pub(super) async fn ticket_for(
        &self,
        client: &str,
        order: Value,
    ) -> Result<String, StatusCode> {
        let request = TestRequest::post().uri("/v1/live/tickets").set_json(order);
        let token = self.token_for(client, TimeDelta::minutes(15));
        let response = self.send(request, Some(&token)).await;
        if response.status() != StatusCode::CREATED {
            return Err(response.status());
        }
        let ticket: Value = read_body_json(response).await;
        Ok(ticket["url"].as_str().unwrap().to_owned())
    }

    /// Serves on a real port.
    pub(super) fn serve(&self) -> SocketAddr {
        let state = self.state.clone();
        let live = self.live.clone();
        let routes = move |config: &mut ServiceConfig| {
            config.app_data(Data::new(state.clone())).app_data(Data::new(live.clone()));
            configure(config);
        };
        let limits = ConnectionLimits::default();
        web::serve("api", "127.0.0.1:0", limits, &self.lifecycle, routes).unwrap()
    }

    pub(super) async fn connect(&self, address: SocketAddr, client: &str) -> TcpStream {
        let mut connection = TcpStream::connect(address).await.unwrap();
        self.request(&mut connection, client).await;
        connection
    }

    /// Requests a stream on an open connection.
    pub(super) async fn request(&self, connection: &mut TcpStream, client: &str) {
        self.request_with(connection, client, "HTTP/1.1").await;
    }

    pub(super) async fn request_with(
        &self,
        connection: &mut TcpStream,
        client: &str,
        version: &str,
    ) {
        let token = self.token_for(client, TimeDelta::minutes(15));
        let request =
            format!("GET {PATH} {version}\r\nHost: api\r\nAuthorization: Bearer {token}\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
    }

    /// Opens a ticket's stream that is neither reported open nor closed again.
    pub(super) async fn open_in_an_api_that_is_killed(&self, url: &str, address: &str) {
        let (_, ticket) = url.split_once("ticket=").unwrap();
        let secret = TicketSecret::read(ticket).unwrap();
        let address = secret.address(address.parse().unwrap());
        let places = secret.places("");
        let open = OpenTicket::open(&self.aggregates, secret.name(), &address, false, places);
        std::mem::forget(open.await.unwrap().unwrap());
    }

    /// Changes all tickets as if their first streams were opened a minute earlier.
    pub(super) async fn tickets_were_opened_a_minute_earlier(&self) {
        let url: url::Url = testkit::setting("FOOTFALL__REDIS__URL").parse().unwrap();
        let script = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do \
                      redis.call('HINCRBY', key, 'opened', -60000) end";
        let pattern = format!("{}_live_ticket_*", self.namespace);
        let mut command = String::from("*4\r\n");
        for word in ["EVAL", script, "0", &pattern] {
            command += &format!("${}\r\n{word}\r\n", word.len());
        }
        let address = (url.host_str().unwrap(), url.port().unwrap_or(6379));
        let mut redis = TcpStream::connect(address).await.unwrap();
        if let Some(password) = url.password() {
            redis.write_all(format!("AUTH {password}\r\n").as_bytes()).await.unwrap();
            assert_eq!(redis.read_u8().await.unwrap(), b'+');
            while redis.read_u8().await.unwrap() != b'\n' {}
        }
        redis.write_all(command.as_bytes()).await.unwrap();
        assert_eq!(redis.read_u8().await.unwrap(), b'$', "nil, not an error");
    }

    pub(super) async fn head(&self, client: &str, path: &str) -> ServiceResponse<BoxBody> {
        let token = self.token_for(client, TimeDelta::minutes(15));
        self.head_with(Some(&token), path).await
    }

    pub(super) async fn head_with(
        &self,
        token: Option<&str>,
        path: &str,
    ) -> ServiceResponse<BoxBody> {
        self.send(TestRequest::default().method(Method::HEAD).uri(path), token).await
    }

    async fn send(&self, request: TestRequest, token: Option<&str>) -> ServiceResponse<BoxBody> {
        let state = self.state.clone();
        let live = self.live.clone();
        let routes = move |config: &mut ServiceConfig| {
            config.app_data(Data::new(state)).app_data(Data::new(live));
            configure(config);
        };
        let service = init_service(web::app("api", routes)).await;
        let authorization = token.map(|token| (header::AUTHORIZATION, format!("Bearer {token}")));
        let request = authorization.into_iter().fold(request, TestRequest::insert_header);
        call_service(&service, request.to_request()).await.map_into_boxed_body()
    }

    /// Returns the bucket of the quarter hour in which [`Stand::click`] counts.
    pub(super) fn present_bucket<'a>(&self, data: &'a Value) -> &'a Value {
        let start = serde_json::to_value(self.now.start()).unwrap();
        let mut buckets = data["buckets"].as_array().unwrap().iter();
        buckets.find(|bucket| bucket["start"] == start).expect("the present quarter hour")
    }

    pub(super) async fn stop(&self) {
        self.lifecycle.stop().await.unwrap();
    }
}
