//! Streams of several campaigns.

use std::time::Duration;

use actix_web::http::StatusCode;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{
    stand::Stand,
    stream::{Event, Stream},
};

const BOTH: &str = "/v1/live?campaigns=spring-sale,summer-sale";
const ALL: &str = "/v1/live";

async fn open(stand: &Stand, path: &str, last_event_id: Option<&str>) -> Stream {
    let headers: Vec<_> = last_event_id.map(|id| ("last-event-id", id)).into_iter().collect();
    Stream::new(stand.get("acme", path, &headers).await)
}

/// Returns the campaigns of a frame.
fn campaigns(event: &Event) -> Vec<&str> {
    let campaigns = event.data["campaigns"].as_array().unwrap().iter();
    campaigns.map(|campaign| campaign["campaign_id"].as_str().unwrap()).collect()
}

/// Returns what a frame contains of a campaign.
fn part<'a>(event: &'a Event, campaign: &str) -> &'a Value {
    let mut campaigns = event.data["campaigns"].as_array().unwrap().iter();
    campaigns.find(|part| part["campaign_id"] == campaign).expect("the campaign")
}

/// Returns the clicks of a campaign in the present quarter hour.
fn clicks(stand: &Stand, event: &Event, campaign: &str) -> u64 {
    stand.present_bucket(part(event, campaign))["clicks"].as_u64().unwrap()
}

#[actix_web::test]
async fn a_stream_of_several_campaigns_sends_what_their_own_streams_send_in_a_list() {
    let stand = Stand::new().await;
    stand.click("acme", 3).await;
    let mut stream = open(&stand, BOTH, None).await;
    let snapshot = stream.event().await;
    assert_eq!(snapshot.name, "snapshot");
    assert_eq!(campaigns(&snapshot), ["spring-sale", "summer-sale"]);
    assert_eq!(part(&snapshot, "spring-sale")["today"]["spend"], "0.75");
    assert_eq!(part(&snapshot, "summer-sale")["today"]["clicks"], 0);
    assert_eq!(part(&snapshot, "summer-sale")["buckets"], json!([]), "no quarter hour has events");

    stand.click_on("globex", "summer-sale", 40).await;
    stand.click_on("acme", "summer-sale", 2).await;
    let update = stream.event().await;
    assert_eq!((update.name.as_str(), campaigns(&update)), ("update", vec!["summer-sale"]));
    assert_eq!(clicks(&stand, &update, "summer-sale"), 2);

    let mut own = stand.open("acme", None).await;
    assert_eq!(own.event().await.name, "snapshot");
    stand.click("acme", 1).await;
    let (listed, single) = (stream.event().await, own.event().await);
    assert_eq!(*part(&listed, "spring-sale"), single.data);
    assert!(listed.id.starts_with(&format!("{}-", single.id)), "the campaigns follow the place");
}

#[actix_web::test]
async fn streams_of_different_campaigns_get_their_own_only() {
    let stand = Stand::new().await;
    let mut spring = open(&stand, "/v1/live?campaigns=spring-sale", None).await;
    let mut both = open(&stand, BOTH, None).await;
    assert_eq!(campaigns(&spring.event().await), ["spring-sale"]);
    assert_eq!(campaigns(&both.event().await), ["spring-sale", "summer-sale"]);
    stand.click_on("acme", "summer-sale", 1).await;
    assert_eq!(campaigns(&both.event().await), ["summer-sale"]);
    assert!(spring.event_within(Duration::from_millis(500)).await.is_none());
    stand.click("acme", 1).await;
    assert_eq!(campaigns(&spring.event().await), ["spring-sale"]);
}

#[actix_web::test]
async fn a_stream_that_names_no_campaign_is_of_all_and_gets_new_ones() {
    let stand = Stand::new().await;
    let mut stream = open(&stand, ALL, None).await;
    assert_eq!(campaigns(&stream.event().await), ["spring-sale", "summer-sale"]);
    // The campaign is visible only after its first events.
    stand.click_on("acme", "winter-sale", 4).await;
    assert!(stream.event_within(Duration::from_millis(500)).await.is_none());
    stand.create_winter_sale();
    let added = stream.event().await;
    assert_eq!((added.name.as_str(), campaigns(&added)), ("update", vec!["winter-sale"]));
    assert_eq!(clicks(&stand, &added, "winter-sale"), 4);
    stand.click_on("acme", "winter-sale", 1).await;
    let mut update = stream.event().await;
    while clicks(&stand, &update, "winter-sale") != 5 {
        update = stream.event().await;
    }
}

#[actix_web::test]
async fn a_reconnect_gets_what_was_missed_of_each_campaign() {
    let stand = Stand::new().await;
    stand.click("acme", 1).await;
    for path in [BOTH, ALL] {
        let mut stream = open(&stand, path, None).await;
        let snapshot = stream.event().await;
        drop(stream);
        stand.click("acme", 1).await;
        stand.click_on("acme", "summer-sale", 1).await;
        let mut again = open(&stand, path, Some(&snapshot.id)).await;
        let missed = again.event().await;
        assert_eq!(missed.name, "update");
        assert_eq!(campaigns(&missed), ["spring-sale", "summer-sale"]);
        stand.click("acme", 1).await;
        let next = again.event().await;
        assert_eq!(campaigns(&next), ["spring-sale"]);
        assert!(snapshot.id < missed.id && missed.id < next.id);
    }
    let mut expired = open(&stand, BOTH, Some("1772323200000-0")).await;
    assert_eq!(expired.event().await.name, "reset");
    let snapshot = expired.event().await;
    assert_eq!((snapshot.name.as_str(), campaigns(&snapshot).len()), ("snapshot", 2));
}

#[actix_web::test]
async fn a_stream_of_other_campaigns_than_the_last_one_starts_again() {
    let stand = Stand::new().await;
    // Before the place from which the stream resumes.
    stand.click_on("acme", "summer-sale", 2).await;
    stand.click("acme", 1).await;
    let mut spring = open(&stand, "/v1/live?campaigns=spring-sale", None).await;
    let id = spring.event().await.id;
    drop(spring);
    let mut own = stand.open("acme", None).await;
    let id_of_one = own.event().await.id;
    drop(own);
    for id in [&id, &id_of_one] {
        let mut both = open(&stand, BOTH, Some(id)).await;
        assert_eq!(both.event().await.name, "reset", "{id}");
        let snapshot = both.event().await;
        assert_eq!(snapshot.name, "snapshot");
        assert_eq!(clicks(&stand, &snapshot, "summer-sale"), 2);
    }
    stand.click("acme", 1).await;
    let mut same = open(&stand, "/v1/live?campaigns=spring-sale", Some(&id)).await;
    assert_eq!(same.event().await.name, "update");
}

#[actix_web::test]
async fn a_campaign_that_becomes_visible_while_a_client_is_away_is_not_missed() {
    let stand = Stand::new().await;
    stand.click_on("acme", "winter-sale", 4).await;
    let mut stream = open(&stand, ALL, None).await;
    let id = stream.event().await.id;
    drop(stream);
    stand.create_winter_sale();
    let mut again = open(&stand, ALL, Some(&id)).await;
    assert_eq!(again.event().await.name, "reset");
    let snapshot = again.event().await;
    assert_eq!(campaigns(&snapshot), ["spring-sale", "summer-sale", "winter-sale"]);
    assert_eq!(clicks(&stand, &snapshot, "winter-sale"), 4);
}

#[actix_web::test]
async fn a_stream_ends_when_a_campaign_that_it_names_may_not_be_seen_any_more() {
    let stand = Stand::new().await;
    let mut named = open(&stand, BOTH, None).await;
    let mut all = open(&stand, ALL, None).await;
    assert_eq!(named.event().await.name, "snapshot");
    assert_eq!(all.event().await.name, "snapshot");
    stand.hide_campaigns();
    let end = named.event().await;
    assert_eq!((end.name.as_str(), &end.data["reason"]), ("end", &json!("revoked")));
    assert!(named.is_over().await);
    stand.click("acme", 1).await;
    assert!(all.event_within(Duration::from_secs(1)).await.is_none(), "a hidden campaign");
    stand.revoke_tokens();
    assert_eq!(all.event().await.data["reason"], "revoked");
}

#[actix_web::test]
async fn a_stream_of_all_loses_campaigns_also_when_there_are_too_many() {
    let stand = Stand::new().await;
    let mut stream = open(&stand, ALL, None).await;
    assert_eq!(stream.event().await.name, "snapshot");
    stand.create_too_many();
    assert!(stream.event_within(Duration::from_secs(6)).await.is_none());
    stand.click("acme", 1).await;
    assert_eq!(campaigns(&stream.event().await), ["spring-sale"], "it keeps what it has");
    stand.hide_campaigns();
    assert!(stream.event_within(Duration::from_secs(6)).await.is_none());
    stand.click("acme", 1).await;
    assert!(stream.event_within(Duration::from_secs(1)).await.is_none(), "a hidden campaign");
}

#[actix_web::test]
async fn a_report_that_fails_refuses_only_streams_of_its_campaign() {
    let stand = Stand::new().await;
    stand.allow_more_streams(1);
    stand.break_summer_sale();
    stand.delay_reports(Duration::from_millis(500));
    let path = "/v1/live?campaigns=spring-sale";
    let later = async |path, milliseconds| {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        stand.get("acme", path, &[]).await
    };
    // While the first snapshot is read, the others wait for the next one, which they share.
    let (first, both, spring) = futures::join!(later(path, 0), later(BOTH, 150), later(path, 200));
    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(both.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(campaigns(&Stream::new(spring).event().await), ["spring-sale"]);
}

#[actix_web::test]
async fn a_stream_of_several_campaigns_ends_with_its_credential() {
    let stand = Stand::new().await;
    let token = stand.token_for("acme", TimeDelta::seconds(2));
    let mut stream = Stream::new(stand.get_with(Some(&token), BOTH, &[]).await);
    assert_eq!(stream.event().await.name, "snapshot");
    assert_eq!(stream.event().await.data["reason"], "token_expired");
    assert!(stream.is_over().await);
}

#[actix_web::test]
async fn a_stream_counts_as_one_however_many_campaigns_it_has() {
    let stand = Stand::new().await;
    let _first = open(&stand, BOTH, None).await;
    let _second = open(&stand, ALL, None).await;
    for path in [BOTH, ALL, "/v1/campaigns/spring-sale/live"] {
        let refused = stand.get("acme", path, &[]).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "{path}");
    }
}

#[actix_web::test]
async fn campaigns_that_may_not_be_seen_are_not_found_and_lists_are_checked() {
    let stand = Stand::new().await;
    for (path, status) in [
        ("/v1/live?campaigns=other", StatusCode::NOT_FOUND),
        ("/v1/live?campaigns=spring-sale,other", StatusCode::NOT_FOUND),
        ("/v1/live?campaigns=", StatusCode::UNPROCESSABLE_ENTITY),
        ("/v1/live?campaigns=spring-sale,", StatusCode::UNPROCESSABLE_ENTITY),
        ("/v1/live?campaign=spring-sale", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        assert_eq!(stand.get("acme", path, &[]).await.status(), status, "{path}");
    }
    assert_eq!(stand.get_with(None, ALL, &[]).await.status(), StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn a_ticket_opens_the_campaigns_that_it_names_and_no_others() {
    let stand = Stand::new().await;
    let both = json!({"campaigns": ["summer-sale", "spring-sale"]});
    let url = stand.ticket_for("acme", both).await.unwrap();
    for other in [
        url.replace("spring-sale%2C", ""),
        url.replace("campaigns=spring-sale%2Csummer-sale&", ""),
        url.replace("/live?campaigns=spring-sale%2Csummer-sale&", "/campaigns/spring-sale/live?"),
    ] {
        assert_ne!(other, url);
        let status = stand.get_with(None, &other, &[]).await.status();
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{other}");
    }
    let mut stream = Stream::new(stand.get_with(None, &url, &[]).await);
    assert_eq!(campaigns(&stream.event().await), ["spring-sale", "summer-sale"]);
    drop(stream);

    let all = stand.ticket_for("globex", json!({})).await.unwrap();
    let narrowed = all.replace('?', "?campaigns=spring-sale&");
    let status = stand.get_with(None, &narrowed, &[]).await.status();
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let mut stream = Stream::new(stand.get_with(None, &all, &[]).await);
    assert_eq!(campaigns(&stream.event().await).len(), 2);

    for (order, status) in [
        (json!({"campaigns": ["spring-sale", "other"]}), StatusCode::NOT_FOUND),
        (json!({"campaigns": []}), StatusCode::UNPROCESSABLE_ENTITY),
        (
            json!({"campaign_id": "spring-sale", "campaigns": ["spring-sale"]}),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
    ] {
        assert_eq!(stand.ticket_for("acme", order).await, Err(status));
    }
}
