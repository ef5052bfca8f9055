use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use futures::join;

use super::{stand::Stand, stream::Stream};

const HERE: (&str, &str) = ("x-forwarded-for", "192.0.2.1");

async fn status(stand: &Stand, url: &str, headers: &[(&str, &str)]) -> StatusCode {
    stand.get_with(None, url, headers).await.status()
}

#[actix_web::test]
async fn a_ticket_replaces_its_credential_on_one_campaigns_stream() {
    let stand = Stand::new().await;
    stand.click("acme", 3).await;
    let url = stand.ticket("acme", "spring-sale").await.unwrap();
    let moved = url.replace("spring-sale", "summer-sale");
    assert_eq!(status(&stand, &moved, &[]).await, StatusCode::UNAUTHORIZED);
    let mut stream = Stream::new(stand.get_with(None, &url, &[]).await);
    assert_eq!(stream.event().await.data["today"]["clicks"], 3);

    for wrong in ["", "flt_", "flt_AAAA", "%00"] {
        let path = format!("/v1/campaigns/spring-sale/live?ticket={wrong}");
        assert_eq!(status(&stand, &path, &[]).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(stand.ticket("acme", "other").await, Err(StatusCode::NOT_FOUND));
}

#[actix_web::test]
async fn a_ticket_has_one_stream_open_at_a_time() {
    let stand = Stand::new().await;
    let url = stand.ticket("acme", "spring-sale").await.unwrap();
    let mut stream = Stream::new(stand.get_with(None, &url, &[HERE]).await);
    let id = stream.event().await.id;
    let headers = [HERE, ("last-event-id", id.as_str())];
    // The first stream continues meanwhile, and reports itself open.
    let (second, update) = join!(status(&stand, &url, &headers), async {
        stream.event_within(Duration::from_secs(4)).await
    });
    assert_eq!(second, StatusCode::UNAUTHORIZED);
    assert!(update.is_none());
    stand.click("acme", 1).await;
    assert_eq!(stream.event().await.name, "update", "the first was not disturbed");
}

#[actix_web::test]
async fn an_event_source_that_reconnects_resumes() {
    let stand = Stand::new().await;
    stand.click("acme", 1).await;
    let url = stand.ticket("acme", "spring-sale").await.unwrap();
    let mut stream = Stream::new(stand.get_with(None, &url, &[HERE]).await);
    let mut last = stream.event().await;
    for clicks in 2..5 {
        drop(stream);
        stand.click("acme", 1).await;
        let headers = [HERE, ("last-event-id", last.id.as_str())];
        stream = Stream::new(stand.get_with(None, &url, &headers).await);
        last = stream.event().await;
        assert_eq!(last.name, "update", "what was missed, not a new snapshot");
        assert_eq!(stand.present_bucket(&last.data)["clicks"], clicks);
    }
}

#[actix_web::test]
async fn a_client_that_reconnects_at_once_does_not_wait() {
    let stand = Stand::new().await;
    let url = stand.ticket("acme", "spring-sale").await.unwrap();
    for _ in 0..3 {
        let started = Instant::now();
        let mut stream = Stream::new(stand.get_with(None, &url, &[HERE]).await);
        assert_eq!(stream.event().await.name, "snapshot");
        drop(stream);
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }
}

#[actix_web::test]
async fn a_ticket_is_not_valid_at_another_address() {
    let stand = Stand::new().await;
    let url = stand.ticket("acme", "spring-sale").await.unwrap();
    let mut stream = Stream::new(stand.get_with(None, &url, &[HERE]).await);
    let id = stream.event().await.id;
    drop(stream);
    let there = [("x-forwarded-for", "192.0.2.99"), ("last-event-id", id.as_str())];
    assert_eq!(status(&stand, &url, &there).await, StatusCode::UNAUTHORIZED);
    let here = [HERE, ("last-event-id", id.as_str())];
    assert_eq!(status(&stand, &url, &here).await, StatusCode::OK);
}

#[actix_web::test]
async fn after_a_minute_only_an_id_that_was_sent_opens_the_ticket_again() {
    let stand = Stand::new().await;
    stand.click("acme", 1).await;
    let url = stand.ticket("acme", "spring-sale").await.unwrap();
    let mut stream = Stream::new(stand.get_with(None, &url, &[HERE]).await);
    let id = stream.event().await.id;
    drop(stream);
    stand.tickets_were_opened_a_minute_earlier().await;

    let (place, _) = id.split_once('.').unwrap();
    let another = stand.ticket("acme", "spring-sale").await.unwrap();
    let mut stream = Stream::new(stand.get_with(None, &another, &[HERE]).await);
    let of_another = stream.event().await.id;
    for wrong in ["", "0-0", place, &of_another, &format!("{place}.AAAAAAAAAAAAAAAA")] {
        let headers = [HERE, ("last-event-id", wrong)];
        assert_eq!(status(&stand, &url, &headers).await, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    assert_eq!(status(&stand, &url, &[HERE]).await, StatusCode::UNAUTHORIZED);
    let by_query = format!("{url}&last_event_id={id}");
    assert_eq!(status(&stand, &by_query, &[HERE]).await, StatusCode::OK);
    let sent = [HERE, ("last-event-id", id.as_str())];
    assert_eq!(status(&stand, &url, &sent).await, StatusCode::OK);
}

#[actix_web::test]
async fn a_ticket_whose_api_was_killed_opens_again_within_seconds() {
    let stand = Stand::new().await;
    let url = stand.ticket("acme", "spring-sale").await.unwrap();
    stand.open_in_an_api_that_is_killed(&url, HERE.1).await;
    let started = Instant::now();
    assert_eq!(status(&stand, &url, &[HERE]).await, StatusCode::OK);
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}

#[actix_web::test]
async fn a_revoked_credential_opens_no_ticket_again() {
    let stand = Stand::new().await;
    let url = stand.ticket("acme", "spring-sale").await.unwrap();
    let mut stream = Stream::new(stand.get_with(None, &url, &[HERE]).await);
    let id = stream.event().await.id;
    drop(stream);
    stand.revoke_tokens();
    let headers = [HERE, ("last-event-id", id.as_str())];
    assert_eq!(status(&stand, &url, &headers).await, StatusCode::UNAUTHORIZED);
}
