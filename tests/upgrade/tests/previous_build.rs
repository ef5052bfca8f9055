//! Data of the previous build works with this build: old and new rows together give right answers
//! in every tier.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test may fail")]

use std::{collections::BTreeMap, path::Path};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde_json::{Value, json};
use testkit::{Platform, eventually};
use upgrade::{
    Counted, HISTORY, Recount, Restored, TENANTS, Tenant, Verdict, history, recent, send,
};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/stores.tar.xz");
/// The seed of the new events.
const SEED: u64 = 7;
const COUNTS: [&str; 7] = [
    "impressions",
    "viewable_impressions",
    "clicks",
    "product_views",
    "add_to_carts",
    "orders",
    "units_sold",
];
const MONEY: [&str; 8] = ["spend", "sales", "cpc", "cpm", "cpo", "aov", "roas", "acos"];
/// An error shows in many places; only the first are printed.
const FAULTS_SHOWN: usize = 60;
/// The tolerance for ratios of money: a little more than half of their last place.
const ROUNDED: f64 = 0.000_000_6;

/// A campaign and a time range to query.
#[derive(Clone, Copy)]
struct Question {
    campaign: &'static str,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

/// The platform, the recount of its events, and its wrong answers.
struct Journey {
    platform: Platform,
    captured_at: DateTime<Utc>,
    recount: Recount,
    faults: Vec<String>,
}

#[tokio::test]
async fn data_of_the_previous_build_and_new_events_are_answered_correctly_together() {
    let Restored { captured, shift, platform, stack: _servers } =
        Restored::bring_up(Path::new(FIXTURE)).await;
    // As `make run` does.
    platform.migrate();
    let tenants = concat!(env!("CARGO_MANIFEST_DIR"), "/tenants");
    let secrets = platform.secrets_file().display().to_string();
    platform.run(&["tenant", "apply", tenants, "--secrets", &secrets]);
    let rows = platform.run(&["reconcile", "--from", "2020-01-01T00:00:00Z"]);
    assert!(rows.contains("0 gaps, 0 missing, 0 damaged"), "{rows}");

    let captured_at = captured.at;
    let mut recount = Recount::default();
    let (of_history, of_now): (Vec<_>, Vec<_>) =
        captured.sent.into_iter().partition(|sent| sent.is_history);
    recount.add(&of_history, TimeDelta::zero());
    recount.add(&of_now, shift);
    let refused = of_now.iter().filter(|sent| sent.verdict == Verdict::Refused).count();
    let mut journey = Journey { platform, captured_at, recount, faults: Vec::new() };
    journey.orders_of_several_currencies_are_counted_apart();

    journey.platform.restart().await;
    for tenant in &TENANTS {
        journey.ask_all(tenant, "before Redis answers").await;
    }
    journey.platform.wait_until_up_to_date().await;
    for tenant in &TENANTS {
        journey.redis_answers(tenant).await;
        journey.ask_all(tenant, "the old events alone").await;
    }

    for (number, tenant) in (0..).zip(&TENANTS) {
        let mut new = history(tenant, SEED + number);
        new.extend(recent(tenant, Utc::now() - TimeDelta::seconds(1), SEED + 10 + number));
        send(&journey.platform, tenant, &new).await;
        journey.recount.add(&new, TimeDelta::zero());
    }
    for tenant in &TENANTS {
        journey.resubmit_an_old_reject(tenant, refused / TENANTS.len()).await;
        journey.wait_until_counted(tenant).await;
        journey.ask_all(tenant, "old and new events").await;
        journey.ask_live(tenant).await;
    }
    let faults = &journey.faults;
    let shown = faults[..faults.len().min(FAULTS_SHOWN)].join("\n");
    assert!(faults.is_empty(), "{} wrong, such as:\n{shown}", faults.len());
}

impl Journey {
    /// Checks the recount itself with explicit numbers.
    fn orders_of_several_currencies_are_counted_apart(&self) {
        for tenant in &TENANTS {
            let [_, mixed, _, _] = self.questions();
            let counted = self.expected(tenant, &mixed);
            assert_eq!(counted.money("aov", "EUR"), Some(100.0));
            assert_eq!(counted.money("aov", "USD"), Some(50.0));
            assert_eq!(counted.money("cpc", "EUR"), Some(1.75));
            assert_eq!(counted.money("cpc", "USD"), Some(0.3));
        }
    }

    /// Returns the recent range of two campaigns, the history of a third, and the range of the
    /// rejects that are resubmitted.
    fn questions(&self) -> [Question; 4] {
        let hour = TimeDelta::hours(1);
        let of = |at: DateTime<Utc>| at.duration_trunc(hour).expect("a time");
        let from = of(Utc::now()) - hour * 70;
        let to = of(Utc::now()) + hour;
        let came = of(self.captured_at);
        let [first, last] = HISTORY.map(|text| text.parse().expect("a time"));
        [
            Question { campaign: "spring", from, to },
            Question { campaign: "mixed", from, to },
            Question { campaign: "heritage", from: first, to: last },
            Question { campaign: "spring", from: came - hour * 4, to: came + hour },
        ]
    }

    fn expected(&self, tenant: &Tenant, question: &Question) -> Counted {
        self.recount.total(tenant.id, question.campaign, question.from, question.to)
    }

    async fn ask(&self, tenant: &Tenant, question: &Question, granularity: &str) -> Value {
        let key = self.platform.secret(&format!("{}_READ_KEY", tenant.id.to_uppercase()));
        self.platform.get(&key, &path(question, granularity)).await.expect(200).json()
    }

    /// Compares every number of every question with the recount.
    async fn ask_all(&mut self, tenant: &Tenant, when: &str) {
        for question in &self.questions() {
            let answer = self.ask(tenant, question, "15m").await;
            let place = format!("{when}: {} {}", tenant.id, question.campaign);
            let expected = self.expected(tenant, question);
            self.compare(&format!("{place} total"), &answer["totals"], &expected, tenant);
            let visitors = &answer["totals"]["visitors"];
            if *visitors != expected.visitors.len() {
                self.faults.push(format!(
                    "{place}: {visitors} visitors, right are {}",
                    expected.visitors.len()
                ));
            }
            let quarters =
                self.recount.quarters(tenant.id, question.campaign, question.from, question.to);
            self.compare_series(&place, &answer["series"], &quarters, tenant);
        }
    }

    fn compare_series(
        &mut self,
        place: &str,
        series: &Value,
        expected: &BTreeMap<DateTime<Utc>, Counted>,
        tenant: &Tenant,
    ) {
        let nothing = Counted::default();
        let buckets = series.as_array().expect("a series");
        let mut found = 0;
        for bucket in buckets {
            let start: DateTime<Utc> =
                bucket["start"].as_str().expect("a start").parse().expect("a time");
            let expected = expected.get(&start);
            found += usize::from(expected.is_some());
            self.compare(
                &format!("{place} at {start}"),
                bucket,
                expected.unwrap_or(&nothing),
                tenant,
            );
        }
        if found != expected.len() {
            self.faults.push(format!("{place}: {found} of {} quarter hours", expected.len()));
        }
    }

    fn compare(&mut self, place: &str, found: &Value, expected: &Counted, tenant: &Tenant) {
        for metric in COUNTS {
            if found[metric].as_f64() != Some(expected.count(metric) as f64) {
                let right = expected.count(metric);
                self.faults.push(format!("{place}: {metric} {}, right is {right}", found[metric]));
            }
        }
        for currency in expected.currencies() {
            for metric in MONEY {
                let value = of_currency(found, metric, currency, tenant.currency);
                let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
                let right = expected.money(metric, currency);
                let is_right = match (number, right) {
                    (Some(number), Some(right)) => (number - right).abs() <= ROUNDED,
                    (None, None) => value.is_null(),
                    _ => false,
                };
                if !is_right {
                    self.faults.push(format!(
                        "{place}: {metric} in {currency} {value}, right is {right:?}"
                    ));
                }
            }
        }
    }

    /// Waits until Redis answers for the recent range.
    async fn redis_answers(&self, tenant: &Tenant) {
        let [spring, ..] = self.questions();
        let key = self.platform.secret(&format!("{}_READ_KEY", tenant.id.to_uppercase()));
        eventually(&format!("redis answers for {}", tenant.id), async || {
            let answer = self.platform.get(&key, &path(&spring, "hour")).await;
            answer.header("server-timing").contains("redis").then_some(())
        })
        .await;
    }

    /// Waits until every event is counted: first in Redis, then in ClickHouse, which has the visitors.
    async fn wait_until_counted(&self, tenant: &Tenant) {
        for question in &self.questions() {
            let expected = self.expected(tenant, question);
            let mut last = Value::Null;
            let what = format!("{} {} is counted", tenant.id, question.campaign);
            eventually(&what, async || {
                last = self.ask(tenant, question, "day").await;
                let totals = &last["totals"];
                let is_counted =
                    |metric: &str| totals[metric].as_f64() == Some(expected.count(metric) as f64);
                let is_stored = totals["visitors"] == expected.visitors.len();
                (is_stored && COUNTS.into_iter().all(is_counted)).then_some(())
            })
            .await;
        }
        self.redis_answers(tenant).await;
    }

    /// An event that the previous build refused counts once it is corrected and resubmitted.
    async fn resubmit_an_old_reject(&mut self, tenant: &Tenant, refused: usize) {
        let owner = format!("{}_OWNER", tenant.id.to_uppercase());
        let email = self.platform.secret(&format!("{owner}_EMAIL"));
        let owner =
            self.platform.login(&email, &self.platform.secret(&format!("{owner}_PASSWORD"))).await;
        let codes = ["missing_field", "invalid_value", "wrong_type", "too_large", "malformed_json"];
        let mut listed = Value::Null;
        eventually(&format!("{} lists twice {refused} rejects", tenant.id), async || {
            listed = self.platform.get(&owner, "/v1/rejects?limit=500").await.expect(200).json();
            let counts = listed["counts"].as_object().expect("counts").values();
            let all: u64 = counts.filter_map(Value::as_u64).sum();
            (all == 2 * refused as u64).then_some(())
        })
        .await;
        for code in codes {
            if listed["counts"][code].as_u64().unwrap_or_default() < 2 {
                self.faults.push(format!("{}: rejects {}", tenant.id, listed["counts"]));
            }
        }
        let mut rejects = listed["data"].as_array().expect("rejects").iter();
        let oldest = rejects.rfind(|reject| reject["code"] == "missing_field").expect("an old one");
        // It is checked as of the time it was received.
        let at = self.captured_at - TimeDelta::hours(2);
        let body = json!({"type": "ad_click", "campaign_id": "spring", "event_time": at,
            "visitor_id": "v1"});
        let order = json!({"events": [{"id": oldest["id"], "body": body}]});
        let answer = self.platform.post(&owner, "/v1/rejects/replay", &order).await.expect(202);
        assert_eq!(answer.json()["counts"]["accepted"], 1, "{}", answer.text);
        let sent = upgrade::Sent {
            tenant: tenant.id.to_owned(),
            is_history: false,
            verdict: Verdict::Counts,
            body: body.to_string(),
        };
        self.recount.add(&[sent], TimeDelta::zero());
    }

    /// Compares the live stream's snapshot of today with the recount.
    async fn ask_live(&mut self, tenant: &Tenant) {
        let key = self.platform.secret(&format!("{}_READ_KEY", tenant.id.to_uppercase()));
        let address = self.platform.api("/v1/campaigns/mixed/live");
        let request = self.platform.client().get(address).bearer_auth(key);
        let mut response = request.send().await.expect("an answer");
        let mut text = String::new();
        let data = loop {
            let chunk = response.chunk().await.expect("a stream").expect("an open stream");
            text.push_str(&String::from_utf8_lossy(&chunk));
            let Some((_, rest)) = text.split_once("event: snapshot\ndata: ") else { continue };
            let Some((data, _)) = rest.split_once("\n\n") else { continue };
            break serde_json::from_str::<Value>(data).expect("JSON");
        };
        let today = &data["today"];
        let from: DateTime<Utc> =
            today["from"].as_str().expect("a moment").parse().expect("a moment");
        let question = Question { campaign: "mixed", from, to: Utc::now() + TimeDelta::hours(1) };
        let expected = self.expected(tenant, &question);
        self.compare(&format!("live: {} mixed today", tenant.id), today, &expected, tenant);
    }
}

fn path(question: &Question, granularity: &str) -> String {
    let metrics = [&COUNTS[..], &MONEY[..], &["visitors"]].concat().join(",");
    let time = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ");
    let Question { campaign, from, to } = question;
    format!(
        "/v1/campaigns/{campaign}/metrics?granularity={granularity}&metrics={metrics}\
         &from={}&to={}&tz=UTC",
        time(*from),
        time(*to)
    )
}

/// Returns a metric in a currency: the tenant's own is at the top, others are in `by_currency`.
fn of_currency<'a>(values: &'a Value, metric: &str, currency: &str, home: &str) -> &'a Value {
    if currency == home { &values[metric] } else { &values["by_currency"][currency][metric] }
}
