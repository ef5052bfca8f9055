//! What one credential does that its neighbours must not notice.

use std::time::{Duration, Instant};

use auth::KeyKind;
use bytes::Bytes;
use futures::future::join_all;
use reqwest::StatusCode;

use crate::support::*;

/// Requests of which each, once inflated, could need 9 MiB: more than all that the collector has.
const MANY: usize = 40;

#[actix_web::test]
async fn slow_compressed_requests_of_one_key_refuse_nobody_else_and_end_soon() {
    let collector = TestCollector::new().await;
    let begin = Instant::now();
    let (feeds, requests): (Vec<_>, Vec<_>) = (0..MANY)
        .map(|_| {
            let (feed, body) = slow_body();
            // The first byte of a zstd frame.
            feed.send(Bytes::from_static(b"\x28")).unwrap();
            (feed, collector.post(body).header("content-encoding", "zstd").send())
        })
        .unzip();
    let others = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        for (client_id, kind) in
            [("globex", KeyKind::Collect), ("slow", KeyKind::Collect), ("acme", KeyKind::Import)]
        {
            let answer = send(collector.post_as(collector.key(client_id, kind), "[]")).await;
            assert_eq!(answer.status, StatusCode::ACCEPTED, "{client_id}: {}", answer.body);
        }
    };
    let (slow, ()) = futures::join!(join_all(requests), others);
    let mut too_slow = 0;
    for response in slow {
        let answer = answer(response.unwrap()).await;
        match answer.status {
            StatusCode::SERVICE_UNAVAILABLE => {}
            StatusCode::BAD_REQUEST => {
                assert!(answer.body.to_string().contains("too slowly"), "{}", answer.body);
                too_slow += 1;
            }
            other => panic!("{other}: {}", answer.body),
        }
    }
    assert!(too_slow > 0, "some of them were read");
    assert!(begin.elapsed() < Duration::from_secs(10), "they took {:?}", begin.elapsed());
    drop(feeds);
}

#[actix_web::test]
async fn a_body_that_arrives_steadily_has_more_time_than_one_that_stalls() {
    let collector = TestCollector::new().await;
    let (feed, body) = slow_body();
    let piece = Bytes::from(vec![b' '; 4 << 10]);
    let feeding = async {
        feed.send("[".into()).unwrap();
        // For seven seconds: longer than a body that stalls has.
        for _ in 0..7 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            feed.send(piece.clone()).unwrap();
        }
        feed.send("]".into()).unwrap();
        drop(feed);
    };
    let (answer, ()) = futures::join!(send(collector.post(body)), feeding);
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
}
