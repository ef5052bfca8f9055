//! Answers about finished ranges are kept in Redis, and are as right as those of ClickHouse.

use std::{sync::LazyLock, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use testkit::{Answer, Platform, Tenant, Tier, eventually};
use uuid::Uuid;

/// How long an answer is used again by the process, and what is known of the ledger.
const IN_MEMORY: Duration = Duration::from_millis(800);

/// The day three days before the first test began: after midnight, no test asks for another day than before.
static DAY: LazyLock<(DateTime<Utc>, DateTime<Utc>)> = LazyLock::new(|| {
    let start = (Utc::now() - TimeDelta::days(3)).date_naive();
    let at = |date: chrono::NaiveDate| date.and_time(chrono::NaiveTime::MIN).and_utc();
    (at(start), at(start + TimeDelta::days(1)))
});

fn query() -> Value {
    let (from, to) = *DAY;
    json!({
        "metrics": ["clicks", "visitors"], "dimensions": ["device"],
        "time": {"from": from, "to": to, "granularity": "hour", "tz": "UTC"},
    })
}

async fn send(platform: &Platform, tenant: &Tenant, count: usize) {
    let (from, _) = *DAY;
    let event = |_| {
        json!({"type": "ad_click", "campaign_id": "spring", "event_id": Uuid::now_v7(),
            "event_time": from + TimeDelta::hours(9), "visitor_id": Uuid::now_v7().to_string()})
    };
    let events: Vec<_> = (0..count).map(event).collect();
    platform.collect(&tenant.collect_key, &json!(events)).await.expect(202);
}

async fn ask(platform: &Platform, tenant: &Tenant) -> Answer {
    platform.post(&tenant.owner, "/v1/query", &query()).await.expect(200)
}

/// Returns the clicks of an answer, of which each visitor has one.
fn clicks(answer: &Answer) -> u64 {
    let body = answer.json();
    let totals = &body["totals"]["values"];
    assert_eq!(totals["clicks"], totals["visitors"], "{body}");
    totals["clicks"].as_u64().unwrap()
}

fn is_kept(answer: &Answer) -> bool {
    answer.header("server-timing").starts_with("cache;desc=l2")
}

async fn wait_until_kept(platform: &Platform, tenant: &Tenant, expected: u64) {
    eventually("the answer is kept in Redis", async || {
        let answer = ask(platform, tenant).await;
        assert_eq!(clicks(&answer), expected, "{}", answer.header("server-timing"));
        is_kept(&answer).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_late_event_is_in_the_next_answer_about_a_finished_day() {
    let platform = Platform::start().await;
    platform.wait_until_up_to_date().await;
    let admin = platform.admin().await;
    for tier in Tier::ALL {
        let tenant = platform.onboard_by(&admin, tier, json!({})).await;
        let mut sent = 0;
        let mut version = None;
        for late in [3, 1, 2] {
            send(&platform, &tenant, late).await;
            sent += late as u64;
            let stored = Utc::now();
            eventually("the late events are counted", async || {
                let answer = ask(&platform, &tenant).await;
                let as_of = answer.json()["as_of"].as_str().map(|text| text.parse().unwrap());
                let is_counted = clicks(&answer) == sent;
                let must_be = as_of.is_some_and(|as_of: DateTime<Utc>| as_of > stored);
                assert!(is_counted || !must_be, "{tier:?}: {}", answer.text);
                is_counted.then_some(())
            })
            .await;
            wait_until_kept(&platform, &tenant, sent).await;
            let next = ask(&platform, &tenant).await.json()["data_version"].as_u64();
            assert!(next > version, "{tier:?}: {next:?} after {version:?}");
            version = next;
        }
    }
}

#[tokio::test]
async fn a_tenant_does_not_get_what_is_kept_for_another() {
    let platform = Platform::start().await;
    platform.wait_until_up_to_date().await;
    let admin = platform.admin().await;
    let tenant = platform.onboard_by(&admin, Tier::Shared, json!({})).await;
    let other = platform.onboard_by(&admin, Tier::Shared, json!({})).await;
    send(&platform, &tenant, 3).await;
    eventually("the events are counted", async || {
        (clicks(&ask(&platform, &tenant).await) == 3).then_some(())
    })
    .await;
    wait_until_kept(&platform, &tenant, 3).await;
    let first = ask(&platform, &other).await;
    assert!(!is_kept(&first), "{}", first.header("server-timing"));
    assert_eq!(clicks(&first), 0);
    // The advertiser of one campaign asks for less than the owner, and so for something else.
    let limited = platform.post(&tenant.advertiser, "/v1/query", &query()).await.expect(200);
    assert!(!is_kept(&limited), "{}", limited.header("server-timing"));
    assert_eq!(clicks(&limited), 3);
}

/// Sends clicks on ads of a campaign at a time, one on each of these devices.
async fn click(
    platform: &Platform,
    tenant: &Tenant,
    (campaign, at): (&str, DateTime<Utc>),
    devices: &[&str],
) {
    let event = |device: &&str| {
        json!({"type": "ad_click", "campaign_id": campaign, "event_id": Uuid::now_v7(),
            "event_time": at, "device": device})
    };
    let events: Vec<_> = devices.iter().map(event).collect();
    platform.collect(&tenant.collect_key, &json!(events)).await.expect(202);
}

#[tokio::test]
async fn pages_of_a_finished_day_have_the_numbers_of_the_first_one_and_others_go_on() {
    let platform = Platform::start().await;
    platform.wait_until_up_to_date().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let now = Utc::now();
    let hour = TimeDelta::hours(1);
    let today = json!({"from": now - hour, "to": now + hour});
    let (from, to) = *DAY;
    for (time, at, is_finished) in
        [(json!({"from": from, "to": to}), from + hour, true), (today, now, false)]
    {
        let page = async |limit: u8, cursor: &Value| {
            let body = json!({
                "metrics": ["clicks"], "dimensions": ["device"], "time": time, "limit": limit,
                "cursor": cursor,
            });
            platform.post(&tenant.owner, "/v1/query", &body).await
        };
        let first = async |clicks: u64| {
            eventually("the clicks are counted", async || {
                let body = page(1, &Value::Null).await.expect(200).json();
                let is_known = !is_finished || body["data_version"].is_u64();
                (body["totals"]["values"]["clicks"] == clicks && is_known).then_some(body)
            })
            .await
        };
        let devices = ["mobile", "mobile", "mobile", "tv", "tv", "desktop"];
        click(&platform, &tenant, ("spring", at), &devices).await;
        let begun = first(6).await;
        let second = page(1, &begun["next"]).await.expect(200).json();
        assert_eq!(second["rows"][0]["device"], "tv", "{second}");
        let third = page(1, &second["next"]).await.expect(200).json();
        assert_eq!(
            (&third["rows"][0]["device"], &third["next"]),
            (&json!("desktop"), &Value::Null)
        );

        click(&platform, &tenant, ("spring", at), &["tablet"]).await;
        let anew = first(7).await;
        // Another limit is another answer in memory.
        let next = page(2, &begun["next"]).await;
        if is_finished {
            let error = next.expect(422).json()["errors"][0].clone();
            assert_eq!(error["pointer"], "/cursor", "{error}");
            assert!(
                error["reason"].as_str().unwrap().contains("begin at the first page"),
                "{error}"
            );
        } else {
            assert_eq!(next.expect(200).json()["rows"][0]["device"], "tv");
        }
        let next = page(3, &anew["next"]).await.expect(200).json();
        assert_eq!(next["rows"].as_array().unwrap().len(), 3, "{next}");
    }
}

#[tokio::test]
async fn a_late_event_that_a_query_does_not_count_refuses_no_page_of_it() {
    let platform = Platform::start().await;
    platform.wait_until_up_to_date().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let (from, to) = *DAY;
    let at = from + TimeDelta::hours(2);
    let spring = json!({"dimension": "campaign", "in": ["spring"]});
    let ask = async |filters: &Value, cursor: &Value, attribution: Option<&str>| {
        let metrics: &[&str] = match attribution {
            Some(_) => &["clicks", "attributed_orders"],
            None => &["clicks"],
        };
        let body = json!({
            "metrics": metrics, "dimensions": ["device"], "time": {"from": from, "to": to},
            "filters": filters, "limit": 1, "cursor": cursor, "attribution": attribution,
        });
        platform.post(&tenant.owner, "/v1/query", &body).await
    };
    let known = async |filters: &Value, clicks: u64| {
        eventually("the clicks are counted", async || {
            let body = ask(filters, &Value::Null, None).await.expect(200).json();
            let version = body["data_version"].as_u64()?;
            (body["totals"]["values"]["clicks"] == clicks).then_some((body, version))
        })
        .await
    };
    click(&platform, &tenant, ("spring", at), &["mobile", "mobile", "tv"]).await;
    let (begun, version) = known(&spring, 3).await;

    click(&platform, &tenant, ("winter", at), &["tv", "tv"]).await;
    known(&Value::Null, 5).await;
    eventually("the version has risen", async || {
        let body = ask(&spring, &Value::Null, None).await.expect(200).json();
        (body["data_version"].as_u64()? > version).then_some(())
    })
    .await;
    let second = ask(&spring, &begun["next"], None).await.expect(200).json();
    assert_eq!(second["rows"][0]["device"], "tv", "{second}");
    assert_eq!(second["totals"], begun["totals"]);
    assert!(second["data_version"].as_u64().unwrap() > version, "{second}");

    // Refunds change credit without a version: its pages are in the order of now.
    let credited = async |cursor: &Value| {
        ask(&Value::Null, cursor, Some("ga4_last_click")).await.expect(200).json()
    };
    let begun = credited(&Value::Null).await;
    assert_eq!(begun["data_version"], Value::Null, "{begun}");
    click(&platform, &tenant, ("winter", at), &["tablet"]).await;
    eventually("the second page counts the late click", async || {
        let second = credited(&begun["next"]).await;
        (second["totals"]["values"]["clicks"] == 6).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_range_that_is_not_finished_is_read_from_clickhouse() {
    let platform = Platform::start().await;
    platform.wait_until_up_to_date().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let now = Utc::now();
    let time = json!({"from": now - TimeDelta::hours(5), "to": now, "granularity": "total"});
    let query = json!({"metrics": ["clicks"], "dimensions": [], "time": time});
    for _ in 0..3 {
        let answer = platform.post(&tenant.owner, "/v1/query", &query).await.expect(200);
        let timing = answer.header("server-timing");
        assert!(timing.starts_with("cache;desc=miss, queue;dur="), "{timing}");
        assert!(timing.contains(", clickhouse;dur="), "{timing}");
        assert_eq!(answer.json()["data_version"], Value::Null);
        tokio::time::sleep(IN_MEMORY).await;
    }
}

#[tokio::test]
async fn a_query_that_exceeds_the_limits_of_its_tenant_is_refused_with_the_reason() {
    let platform = Platform::start().await;
    let admin = platform.admin().await;
    let small = platform.onboard_by(&admin, Tier::Schema, json!({"query_rows": 2})).await;
    let other = platform.onboard_by(&admin, Tier::Schema, json!({})).await;
    for tenant in [&small, &other] {
        send(&platform, tenant, 20).await;
    }
    eventually("the other tenant's events are counted", async || {
        (clicks(&ask(&platform, &other).await) == 20).then_some(())
    })
    .await;
    let refused = eventually("the events are stored", async || {
        let answer = platform.post(&small.owner, "/v1/query", &query()).await;
        (answer.status == 422).then_some(answer)
    })
    .await;
    let body = refused.json();
    assert_eq!(body["code"], "too_expensive", "{body}");
    assert!(body["detail"].as_str().unwrap().contains("reads more rows"), "{body}");
    assert_eq!(clicks(&ask(&platform, &other).await), 20);
}
