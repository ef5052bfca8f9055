//! Streams over real sockets: delays, and detection of disconnects.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::stand::Stand;

/// Longer than anything here takes on a busy machine. A disconnect that is not detected shows at the next
/// heartbeat only, after 15 seconds.
const SOON: Duration = Duration::from_secs(5);

/// Reads up to and including `mark`.
async fn read_until(connection: &mut TcpStream, mark: &str) -> String {
    read_on_until(connection, String::new(), mark).await
}

/// As [`read_until`], after `text` was read.
async fn read_on_until(connection: &mut TcpStream, mut text: String, mark: &str) -> String {
    let read = async {
        while !text.contains(mark) {
            let mut bytes = [0; 4_096];
            let count = connection.read(&mut bytes).await.unwrap();
            assert!(count > 0, "hung up after {text}");
            text += str::from_utf8(&bytes[..count]).unwrap();
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(10), read).await;
    assert!(in_time.is_ok(), "no {mark:?} within ten seconds, but {text:?}");
    text
}

/// Retries until a stream opens, reads its snapshot, and returns how long the opening took. The
/// campaign is quiet.
async fn opens_within(stand: &Stand, address: std::net::SocketAddr) -> (TcpStream, Duration) {
    let started = Instant::now();
    while started.elapsed() < 2 * SOON {
        let mut connection = stand.connect(address, "acme").await;
        let answer = read_until(&mut connection, "\r\n").await;
        if answer.contains("200") {
            let took = started.elapsed();
            read_on_until(&mut connection, answer, "event: snapshot").await;
            return (connection, took);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the stream of a client that disconnected is still open");
}

#[actix_web::test]
async fn over_a_real_connection_frames_come_at_once() {
    let stand = Stand::new().await;
    let address = stand.serve();
    let mut connection = stand.connect(address, "acme").await;
    read_until(&mut connection, "event: snapshot").await;
    let clicked = Instant::now();
    stand.click("acme", 1).await;
    read_until(&mut connection, "event: update").await;
    assert!(clicked.elapsed() < SOON, "{:?}", clicked.elapsed());
    stand.stop().await;
}

#[actix_web::test]
async fn the_response_to_an_earlier_request_comes_before_the_stream() {
    let stand = Stand::new().await;
    let address = stand.serve();
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(b"GET /nowhere HTTP/1.1\r\nHost: api\r\n\r\n").await.unwrap();
    stand.request(&mut connection, "acme").await;
    stand.request(&mut connection, "acme").await;
    let text = read_until(&mut connection, "event: snapshot").await;
    let (earlier, stream) = text.split_once("HTTP/1.1 200").unwrap();
    assert!(earlier.starts_with("HTTP/1.1 404"), "{earlier}");
    assert!(stream.to_lowercase().contains("transfer-encoding: chunked"), "{stream}");
    stand.click("acme", 1).await;
    let more = read_until(&mut connection, "event: update").await;
    assert!(!more.contains("HTTP/1.1"), "the request after it has no response: {more}");
    stand.stop().await;
}

#[actix_web::test]
async fn a_stream_ends_with_the_last_chunk_and_the_connection() {
    let stand = Stand::new().await;
    let address = stand.serve();
    let mut connection = stand.connect(address, "acme").await;
    read_until(&mut connection, "event: snapshot").await;
    stand.revoke_tokens();
    let text = read_until(&mut connection, "\r\n0\r\n\r\n").await;
    assert!(text.contains("event: end"), "{text}");
    assert_eq!(connection.read(&mut [0; 1]).await.unwrap(), 0);
    stand.stop().await;
}

#[actix_web::test]
async fn http_1_0_has_a_body_without_chunks() {
    let stand = Stand::new().await;
    let address = stand.serve();
    let mut connection = TcpStream::connect(address).await.unwrap();
    stand.request_with(&mut connection, "acme", "HTTP/1.0").await;
    let text = read_until(&mut connection, "event: snapshot").await;
    assert!(text.contains("\r\n\r\nretry: 2000"), "{text}");
    stand.click("acme", 1).await;
    read_until(&mut connection, "event: update").await;
    drop(connection);
    let both = [opens_within(&stand, address).await, opens_within(&stand, address).await];
    assert!(both.iter().all(|(_, took)| *took < SOON));
    stand.stop().await;
}

#[actix_web::test]
async fn a_disconnect_frees_the_streams_slot_at_once_on_a_quiet_campaign() {
    let stand = Stand::new().await;
    let address = stand.serve();
    for _ in 0..5 {
        let mut both = Vec::new();
        for _ in 0..2 {
            let (connection, took) = opens_within(&stand, address).await;
            assert!(took < SOON, "{took:?}");
            both.push(connection);
        }
        let refused = read_until(&mut stand.connect(address, "acme").await, "\r\n").await;
        assert!(refused.contains("429"), "{refused}");
    }
    stand.stop().await;
}

#[actix_web::test]
async fn closing_without_reading_the_rest_frees_the_slot_too() {
    let stand = Stand::new().await;
    let address = stand.serve();
    let unread = [stand.connect(address, "acme").await, stand.connect(address, "acme").await];
    tokio::time::sleep(Duration::from_millis(500)).await;
    // With bytes unread, the kernel resets the connection.
    drop(unread);
    let (_, took) = opens_within(&stand, address).await;
    assert!(took < SOON, "{took:?}");
    stand.stop().await;
}

#[actix_web::test]
async fn a_disconnect_is_detected_on_a_reused_connection_too() {
    let stand = Stand::new().await;
    let address = stand.serve();
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(b"GET /nowhere HTTP/1.1\r\nHost: api\r\n\r\n").await.unwrap();
        read_until(&mut connection, "request_id").await;
        stand.request(&mut connection, "acme").await;
        read_until(&mut connection, "event: snapshot").await;
        held.push(connection);
    }
    // Bytes that a client sends meanwhile do not mean that it disconnected.
    for connection in &mut held {
        stand.request(connection, "acme").await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let refused = read_until(&mut stand.connect(address, "acme").await, "\r\n").await;
    assert!(refused.contains("429"), "{refused}");
    drop(held);
    let (_, took) = opens_within(&stand, address).await;
    assert!(took < SOON, "{took:?}");
    stand.stop().await;
}
