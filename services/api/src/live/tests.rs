//! Streams against a real Redis, named by `FOOTFALL__REDIS__URL`.

mod clients;
mod directory;
mod hanging_up;
mod many_campaigns;
mod reports;
mod slow_clients;
mod stand;
mod stream;
mod tickets;
mod web_sockets;

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use chrono::{TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use stand::Stand;
use stream::Stream;

#[actix_web::test]
async fn a_stream_begins_with_a_snapshot_and_continues_with_whole_quarter_hours() {
    let stand = Stand::new().await;
    stand.click("acme", 3).await;
    let mut stream = stand.open("acme", None).await;
    let snapshot = stream.event().await;
    assert_eq!(snapshot.name, "snapshot");
    assert_eq!(snapshot.data["campaign_id"], "spring-sale");
    assert_eq!(snapshot.data["today"]["clicks"], 3);
    assert_eq!(snapshot.data["today"]["spend"], "0.75");
    let buckets = snapshot.data["buckets"].as_array().unwrap();
    assert!(buckets.len() >= 8, "two hours at least");
    assert_eq!(stand.present_bucket(&snapshot.data)["clicks"], 3);

    stand.click("globex", 40).await;
    stand.click("acme", 2).await;
    let update = stream.event().await;
    assert_eq!(update.name, "update");
    assert_eq!(update.data["buckets"].as_array().unwrap().len(), 1);
    let bucket = stand.present_bucket(&update.data);
    assert_eq!((&bucket["clicks"], &bucket["spend"]), (&json!(5), &json!("1.25")));
}

#[actix_web::test]
async fn changes_between_the_opening_of_a_stream_and_its_connection_are_not_lost() {
    let stand = Stand::new().await;
    let mut other = stand.open("acme", None).await;
    assert_eq!(other.event().await.name, "snapshot");
    let seat = stand.seat("acme").await;
    for clicks in 1..=2 {
        stand.click("acme", 1).await;
        assert_eq!(stand.present_bucket(&other.event().await.data)["clicks"], clicks);
    }
    let mut stream = Stream::connect(seat);
    let snapshot = stream.event().await;
    assert_eq!(
        (snapshot.name.as_str(), &snapshot.data["today"]["clicks"]),
        ("snapshot", &json!(0))
    );
    let update = stream.event().await;
    assert_eq!(stand.present_bucket(&update.data)["clicks"], 2);
}

#[actix_web::test]
async fn headers_keep_caches_and_proxies_from_buffering_frames() {
    let stand = Stand::new().await;
    let response = stand.get("acme", "/v1/campaigns/spring-sale/live", &[]).await;
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-store"),
        ("x-accel-buffering", "no"),
    ] {
        assert_eq!(response.headers().get(name).unwrap(), value);
    }
    let mut stream = Stream::new(response);
    assert_eq!(stream.text().await, "retry: 2000\n\n");
}

#[actix_web::test]
async fn a_reconnect_gets_what_was_missed_and_nothing_else() {
    let stand = Stand::new().await;
    stand.click("acme", 1).await;
    let mut stream = stand.open("acme", None).await;
    let snapshot = stream.event().await;
    stand.click("acme", 1).await;
    let seen = stream.event().await;
    drop(stream);

    stand.click("acme", 1).await;
    stand.click("acme", 1).await;
    let mut again = stand.open("acme", Some(&seen.id)).await;
    let missed = again.event().await;
    assert_eq!(missed.name, "update");
    assert_eq!(stand.present_bucket(&missed.data)["clicks"], 4);
    stand.click("acme", 1).await;
    let next = again.event().await;
    assert_eq!(stand.present_bucket(&next.data)["clicks"], 5);
    assert!(snapshot.id < seen.id && seen.id < missed.id && missed.id < next.id);

    let mut by_query = Stream::new(
        stand
            .get("acme", &format!("/v1/campaigns/spring-sale/live?last_event_id={}", next.id), &[])
            .await,
    );
    stand.click("acme", 1).await;
    assert_eq!(stand.present_bucket(&by_query.event().await.data)["clicks"], 6);
}

#[actix_web::test]
async fn an_expired_place_is_answered_with_reset_and_a_new_snapshot() {
    let stand = Stand::new().await;
    stand.click("acme", 1).await;
    let mut stream = stand.open("acme", Some("1772323200000-0")).await;
    assert_eq!(stream.event().await.name, "reset");
    let snapshot = stream.event().await;
    assert_eq!(
        (snapshot.name.as_str(), &snapshot.data["today"]["clicks"]),
        ("snapshot", &json!(1))
    );
    let mut invented = stand.open("acme", Some("not an id")).await;
    assert_eq!(invented.event().await.name, "snapshot");
}

#[actix_web::test]
async fn a_burst_is_merged_into_twenty_frames_a_second() {
    let stand = Stand::new().await;
    let mut stream = stand.open("acme", None).await;
    assert_eq!(stream.event().await.name, "snapshot");
    let started = Instant::now();
    let mut clicks = 0;
    let mut frames = 0;
    while started.elapsed() < Duration::from_millis(1_100) || clicks <= 20 {
        stand.click("acme", 1).await;
        clicks += 1;
        if let Some(update) = stream.event_within(Duration::from_millis(10)).await {
            assert_eq!(update.name, "update");
            frames += 1;
        }
    }
    // One at once, twenty in each second after it, and what the clocks may differ by.
    let most = 3 + started.elapsed().as_millis() / 50;
    assert!((6..=most).contains(&frames), "{frames} frames of {clicks} clicks");
    stand.click("acme", 1).await;
    let mut last = stream.event().await;
    while stand.present_bucket(&last.data)["clicks"] != clicks + 1 {
        last = stream.event().await;
    }
}

#[actix_web::test]
async fn a_slow_client_gets_one_frame_with_the_latest_state() {
    let stand = Stand::new().await;
    let mut stream = stand.open("acme", None).await;
    assert_eq!(stream.event().await.name, "snapshot");
    let mut reading = stand.open("acme", None).await;
    assert_eq!(reading.event().await.name, "snapshot");
    for _ in 0..200 {
        stand.click("acme", 1).await;
    }
    // What a client that reads has seen, the feed has.
    while stand.present_bucket(&reading.event().await.data)["clicks"] != 200 {}
    let update = stream.event().await;
    assert_eq!(stand.present_bucket(&update.data)["clicks"], 200);
    assert!(stream.event_within(Duration::from_millis(600)).await.is_none());
}

#[actix_web::test]
async fn a_stream_ends_with_its_credential() {
    let stand = Stand::new().await;
    let token = stand.token_for("acme", TimeDelta::seconds(2));
    let path = "/v1/campaigns/spring-sale/live";
    let mut stream = Stream::new(stand.get_with(Some(&token), path, &[]).await);
    assert_eq!(stream.event().await.name, "snapshot");
    let end = stream.event().await;
    assert_eq!((end.name.as_str(), &end.data["reason"]), ("end", &json!("token_expired")));
    assert!(stream.is_over().await);
}

#[actix_web::test]
async fn a_stream_of_a_key_ends_when_the_key_expires_or_is_revoked() {
    let stand = Stand::new().await;
    let path = "/v1/campaigns/spring-sale/live";
    let key = stand.make_key(Some(TimeDelta::seconds(2)));
    let mut stream = Stream::new(stand.get_with(Some(&key), path, &[]).await);
    assert_eq!(stream.event().await.name, "snapshot");
    assert_eq!(stream.event().await.data["reason"], "token_expired");

    let endless = stand.make_key(None);
    let state = stand.principal(&endless).await;
    assert_eq!(state.expires_at, None, "only a revocation ends it");
    let mut stream = Stream::new(stand.get_with(Some(&endless), path, &[]).await);
    assert_eq!(stream.event().await.name, "snapshot");
    stand.revoke_key();
    assert_eq!(stream.event().await.data["reason"], "revoked");
}

#[actix_web::test]
async fn head_answers_the_headers_of_a_stream_and_opens_none() {
    let stand = Stand::new().await;
    let path = "/v1/campaigns/spring-sale/live";
    for _ in 0..3 {
        let response = stand.head("acme", path).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers().get("content-type").unwrap(), "text/event-stream");
        assert!(Stream::new(response).is_over().await);
    }
    let _first = stand.open("acme", None).await;
    let _second = stand.open("acme", None).await;
    assert_eq!(
        stand.head("acme", "/v1/campaigns/other/live").await.status(),
        StatusCode::NOT_FOUND
    );

    let url = stand.ticket("globex", "spring-sale").await.unwrap();
    assert_eq!(stand.head_with(None, &url).await.status(), StatusCode::OK);
    let mut stream = Stream::new(stand.get_with(None, &url, &[]).await);
    assert_eq!(stream.event().await.name, "snapshot", "the ticket was not used");
}

#[actix_web::test]
async fn hours_that_redis_lost_are_read_from_clickhouse_once_a_second() {
    let stand = Stand::whole_from(Utc::now() + TimeDelta::hours(2)).await;
    stand.store(3);
    let mut stream = stand.open("acme", None).await;
    let snapshot = stream.event().await;
    assert_eq!(stand.present_bucket(&snapshot.data)["clicks"], 3);

    let started = Instant::now();
    let before = stand.reads();
    for count in 4..=20 {
        stand.click("acme", 1).await;
        stand.store(count);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut update = stream.event().await;
    while stand.present_bucket(&update.data)["clicks"] != 20 {
        assert_eq!((update.name.as_str(), update.id.as_str()), ("update", ""));
        update = stream.event().await;
    }
    assert!(stream.event_within(Duration::from_millis(2_500)).await.is_none(), "nothing changed");
    let reads = stand.reads() - before;
    let seconds = started.elapsed().as_secs();
    assert!((1..=seconds + 1).contains(&reads), "{reads} reads in {seconds} seconds");
    let completed = stand.reads();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(stand.reads(), completed, "without changes nothing is read");
}

#[actix_web::test]
async fn while_redis_is_halted_clickhouse_feeds_the_stream() {
    let stand = Stand::new().await;
    stand.click("acme", 3).await;
    let mut stream = stand.open("acme", None).await;
    assert_eq!(stand.present_bucket(&stream.event().await.data)["clicks"], 3);
    stand.halt_redis();
    for clicks in [5, 8] {
        stand.store(clicks);
        let mut update = stream.event().await;
        while stand.present_bucket(&update.data)["clicks"] != clicks {
            update = stream.event().await;
        }
        assert_eq!(update.name, "update");
    }
}

#[actix_web::test]
async fn a_reconnect_gets_the_numbers_of_quarter_hours_that_the_feed_only_named() {
    let stand = Stand::whole_from(Utc::now() + TimeDelta::hours(2)).await;
    stand.click("acme", 1).await;
    let place = stand.place("acme").await;
    stand.click("acme", 1).await;
    stand.store(2);
    let mut stream = stand.open("acme", Some(&place)).await;
    let update = stream.event().await;
    assert_eq!(update.name, "update");
    assert_eq!(stand.present_bucket(&update.data)["clicks"], 2);
}

#[actix_web::test]
async fn a_stream_ends_soon_after_its_credential_is_revoked() {
    type Revoke = fn(&Stand);
    let revoked = async |with_key: bool, revoke: Revoke| {
        let stand = Stand::new().await;
        let path = "/v1/campaigns/spring-sale/live";
        let credential = match with_key {
            true => stand.make_key(None),
            false => stand.token_for("acme", TimeDelta::minutes(15)),
        };
        let mut stream = Stream::new(stand.get_with(Some(&credential), path, &[]).await);
        assert_eq!(stream.event().await.name, "snapshot");
        assert!(stream.event_within(Duration::from_secs(6)).await.is_none(), "it is still valid");
        revoke(&stand);
        let end = stream.event().await;
        assert_eq!((end.name.as_str(), &end.data["reason"]), ("end", &json!("revoked")));
        assert!(stream.is_over().await);
    };
    futures::join!(
        revoked(true, Stand::revoke_key),
        revoked(false, Stand::revoke_tokens),
        revoked(false, Stand::hide_campaigns),
    );
}

#[actix_web::test]
async fn only_the_streams_of_a_disabled_user_end_within_five_seconds() {
    let stand = Stand::new().await;
    let open = async |user| {
        let token = stand.token_of(user, "acme", TimeDelta::minutes(15));
        let path = "/v1/campaigns/spring-sale/live";
        let mut stream = Stream::new(stand.get_with(Some(&token), path, &[]).await);
        assert_eq!(stream.event().await.name, "snapshot");
        stream
    };
    let disabled = Uuid::now_v7();
    let other = Uuid::now_v7();
    let mut ended = open(disabled).await;
    let mut living = open(other).await;
    stand.disable_user(disabled);
    // The user is checked every four seconds: on an idle machine, that keeps the promise of five. Without the
    // check, the stream would end with its token, after a quarter of an hour.
    let end = ended.event_within(Duration::from_secs(10)).await.unwrap();
    assert_eq!((end.name.as_str(), &end.data["reason"]), ("end", &json!("revoked")));
    assert!(
        living.event_within(Duration::from_secs(5)).await.is_none(),
        "the stream of the other user ended"
    );
    stand.click("acme", 1).await;
    assert_eq!(living.event().await.name, "update");
}

#[actix_web::test]
async fn a_stream_ends_when_the_process_stops() {
    let stand = Stand::new().await;
    let mut stream = stand.open("acme", None).await;
    assert_eq!(stream.event().await.name, "snapshot");
    stand.stop().await;
    assert!(stream.is_over().await);
}

#[actix_web::test]
async fn a_tenant_may_have_a_limited_number_of_streams_open() {
    let stand = Stand::new().await;
    let path = "/v1/campaigns/spring-sale/live";
    let first = stand.open("acme", None).await;
    let _second = stand.open("acme", None).await;
    let refused = stand.get("acme", path, &[]).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(stand.get("globex", path, &[]).await.status(), StatusCode::OK);
    drop(first);
    assert_eq!(stand.get("acme", path, &[]).await.status(), StatusCode::OK);
}

#[actix_web::test]
async fn a_campaign_that_may_not_be_seen_is_not_found() {
    let stand = Stand::new().await;
    for path in ["/v1/campaigns/other/live", "/v1/campaigns/no_slug/live"] {
        assert_eq!(stand.get("acme", path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let none = stand.get_with(None, "/v1/campaigns/spring-sale/live", &[]).await;
    assert_eq!(none.status(), StatusCode::UNAUTHORIZED);
    let wrong = stand.get("acme", "/v1/campaigns/spring-sale/live?tiket=x", &[]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
}
