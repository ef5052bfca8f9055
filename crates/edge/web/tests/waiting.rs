//! Clients that keep a connection, and let the server wait.

#![cfg(test)]

use std::{
    convert::Infallible,
    future::pending,
    net::SocketAddr,
    time::{Duration, Instant},
};

use actix_web::{
    HttpResponse,
    web::{Bytes, ServiceConfig, resource},
};
use futures::{StreamExt, future::join_all, stream};
use lifecycle::Lifecycle;
use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use web::{Body, ConnectionLimits};

/// The first bytes of an HTTP/2 connection: the preface, and empty settings.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// The same with settings by which no byte of an answer may be sent (`INITIAL_WINDOW_SIZE`).
const HTTP2_WITHOUT_WINDOW: &[u8] =
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PING: u8 = 6;
const ACKNOWLEDGED: u8 = 1;
/// How long a connection may be open without a request.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// Within this time every connection that does nothing useful is gone.
const GONE: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct Text {}

async fn read(_: Body<Text>) -> HttpResponse {
    HttpResponse::Ok().finish()
}

async fn never() -> HttpResponse {
    pending().await
}

async fn at_once() -> HttpResponse {
    HttpResponse::Ok().finish()
}

async fn large() -> HttpResponse {
    HttpResponse::Ok().body(vec![b'x'; 1 << 20])
}

/// Answers with a part, and with the next one later than a client may let nothing be sent.
async fn late() -> HttpResponse {
    let parts = [("one", Duration::ZERO), ("two", Duration::from_secs(40))];
    HttpResponse::Ok().streaming(stream::iter(parts).then(async |(part, pause)| {
        tokio::time::sleep(pause).await;
        Ok::<_, Infallible>(Bytes::from_static(part.as_bytes()))
    }))
}

fn serve(lifecycle: &Lifecycle, per_address: usize) -> SocketAddr {
    let routes = |config: &mut ServiceConfig| {
        config
            .service(resource("/read").post(read))
            .service(resource("/never").get(never))
            .service(resource("/large").get(large))
            .service(resource("/late").get(late))
            .service(resource("/").get(at_once));
    };
    let limits = ConnectionLimits { per_address, keep_alive: KEEP_ALIVE };
    web::serve("test", "127.0.0.1:0", limits, lifecycle, routes).unwrap()
}

async fn connect(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(bytes).await.unwrap();
    client
}

/// Sends a request and reads its answer, which has no body. The connection stays open.
async fn ask(client: &mut TcpStream) {
    client.write_all(b"GET / HTTP/1.1\r\nHost: web\r\n\r\n").await.unwrap();
    let mut received = Vec::new();
    while !received.ends_with(b"\r\n\r\n") {
        received.push(timeout(GONE, client.read_u8()).await.unwrap().unwrap());
    }
    assert!(received.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&received));
}

/// Reads until the server closes the connection; fails if it does not.
async fn end(mut client: TcpStream) -> String {
    let mut received = Vec::new();
    let read = async {
        // A reset is an end, too.
        client.read_to_end(&mut received).await.unwrap_or_default();
    };
    timeout(GONE, read).await.expect("the connection should be closed within 30 seconds");
    String::from_utf8_lossy(&received).into_owned()
}

/// Reads a frame of HTTP/2: its type, its flags, its stream and its payload.
async fn frame(client: &mut TcpStream) -> std::io::Result<(u8, u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    client.read_exact(&mut head).await?;
    let [a, b, c, kind, flags, stream @ ..] = head;
    let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
    client.read_exact(&mut payload).await?;
    Ok((kind, flags, u32::from_be_bytes(stream), payload))
}

/// Returns the frame of an HTTP/2 request.
fn get(stream: u32, path: &str) -> Vec<u8> {
    // HPACK: GET, http, a path, an authority.
    let length = [path.len() as u8];
    let fields = [&b"\x82\x86\x04"[..], &length, path.as_bytes(), b"\x01\x03web"].concat();
    let mut head = [0, 0, fields.len() as u8, HEADERS, 0x5, 0, 0, 0, 0];
    head[5..].copy_from_slice(&u32::to_be_bytes(stream));
    [&head[..], &fields].concat()
}

/// Answers pings until `ends` accepts a frame, or the server closes the connection. Returns whether a frame
/// was accepted.
async fn answer_pings(client: &mut TcpStream, ends: impl Fn(u8, &[u8]) -> bool) -> bool {
    while let Ok((kind, flags, _, payload)) = frame(client).await {
        if kind == PING && flags != ACKNOWLEDGED {
            let pong = [&[0, 0, 8, PING, ACKNOWLEDGED, 0, 0, 0, 0][..], &payload].concat();
            client.write_all(&pong).await.unwrap_or_default();
        }
        if ends(kind, &payload) {
            return true;
        }
    }
    false
}

#[actix_web::test]
async fn a_connection_on_which_nothing_goes_on_is_closed_within_half_a_minute() {
    let lifecycle = Lifecycle::new();
    let address = serve(&lifecycle, 0);
    let first = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";
    let slow = [
        String::new(),
        "GE".to_owned(),
        "GET / HTTP/1.1\r\nHost: ".to_owned(),
        // The head of a second request, of which the server itself waits for the rest for ever.
        format!("{first}GET / HTTP/1.1\r\nHost: "),
    ];
    // Many of each, and a request of somebody else meanwhile.
    let slow = slow.iter().flat_map(|text| std::iter::repeat_n(text, 100));
    let slow = join_all(slow.map(async |text| end(connect(address, text.as_bytes()).await).await));
    let idle = async {
        let mut client = connect(address, HTTP2).await;
        let closed = timeout(GONE, answer_pings(&mut client, |_, _| false)).await;
        closed.expect("an idle HTTP/2 connection should be closed");
    };
    let other = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let begin = Instant::now();
        let request = "GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n";
        let answer = end(connect(address, request.as_bytes()).await).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        // Behind the idle ones, it would wait until they are closed.
        assert!(begin.elapsed() < Duration::from_secs(5), "it took {:?}", begin.elapsed());
    };
    tokio::join!(slow, idle, other);
    lifecycle.stop().await.unwrap();
}

#[actix_web::test]
async fn a_connection_is_kept_as_long_as_the_settings_say_and_serves_again() {
    let lifecycle = Lifecycle::new();
    let mut client = connect(serve(&lifecycle, 0), b"").await;
    ask(&mut client).await;
    // Longer than the server keeps one by default.
    tokio::time::sleep(KEEP_ALIVE - Duration::from_secs(2)).await;
    ask(&mut client).await;
    let begin = Instant::now();
    assert_eq!(end(client).await, "");
    let kept = begin.elapsed();
    let longest = KEEP_ALIVE + Duration::from_secs(5);
    assert!((KEEP_ALIVE - Duration::from_secs(1)..longest).contains(&kept), "{kept:?}");
    lifecycle.stop().await.unwrap();
}

#[actix_web::test]
async fn a_connection_without_a_request_ends_at_once_when_the_service_stops() {
    let lifecycle = Lifecycle::new();
    let mut client = connect(serve(&lifecycle, 0), b"").await;
    ask(&mut client).await;
    let begin = Instant::now();
    lifecycle.stop().await.unwrap();
    assert_eq!(end(client).await, "");
    // The server looks once a second whether all connections are closed.
    assert!(begin.elapsed() < KEEP_ALIVE / 2, "it took {:?}", begin.elapsed());
}

#[actix_web::test]
async fn a_body_that_arrives_too_slowly_is_refused_and_its_connection_closed() {
    let lifecycle = Lifecycle::new();
    let address = serve(&lifecycle, 0);
    let head = "POST /read HTTP/1.1\r\nHost: web\r\nContent-Type: application/json\r\n\
                Content-Length: 100\r\n\r\n{";
    let mut client = connect(address, head.as_bytes()).await;
    let (mut receiving, mut sending) = client.split();
    let mut answer = std::pin::pin!(async {
        let mut received = String::new();
        receiving.read_to_string(&mut received).await.unwrap_or_default();
        received
    });
    let begin = Instant::now();
    // A byte every second, which is not enough.
    let received = loop {
        if let Ok(received) = timeout(Duration::from_secs(1), &mut answer).await {
            break received;
        }
        assert!(begin.elapsed() < GONE, "the connection should be closed");
        sending.write_all(b" ").await.unwrap_or_default();
    };
    assert!(received.starts_with("HTTP/1.1 408"), "{received}");
    assert!(received.to_lowercase().contains("\r\nretry-after: 1\r\n"), "{received}");
    assert!(received.contains("too slowly"), "{received}");
    lifecycle.stop().await.unwrap();
}

#[actix_web::test]
async fn one_http2_connection_has_so_many_requests_in_progress_and_no_more() {
    let lifecycle = Lifecycle::new();
    let address = serve(&lifecycle, 0);
    let mut client = connect(address, HTTP2).await;
    for stream in (1..).step_by(2).take(101) {
        client.write_all(&get(stream, "/never")).await.unwrap();
    }
    let mut answered = Vec::new();
    let read = async {
        while let Ok((kind, _, stream, _)) = frame(&mut client).await {
            if kind == HEADERS {
                answered.push(stream);
            }
        }
    };
    timeout(Duration::from_secs(3), read).await.unwrap_err();
    assert_eq!(answered, [201], "the one that was too many");
    drop(client);
    lifecycle.stop().await.unwrap();
}

#[actix_web::test]
async fn an_http2_client_that_lets_nothing_be_sent_is_disconnected_and_one_that_waits_is_not() {
    let lifecycle = Lifecycle::new();
    let address = serve(&lifecycle, 0);
    let stalls = async |path: &str| {
        let mut client = connect(address, HTTP2_WITHOUT_WINDOW).await;
        client.write_all(&get(1, path)).await.unwrap();
        let answered = answer_pings(&mut client, |kind, _| kind == DATA);
        let answered = timeout(GONE + Duration::from_secs(15), answered).await;
        assert!(!answered.expect("the connection should be closed"), "{path}: nothing may be sent");
    };
    let waits = async {
        let mut client = connect(address, HTTP2).await;
        client.write_all(&get(1, "/late")).await.unwrap();
        let answered = answer_pings(&mut client, |kind, part| kind == DATA && part == b"two");
        let answered = timeout(Duration::from_secs(60), answered).await;
        assert!(answered.expect("the answer should arrive"), "the connection was closed");
    };
    tokio::join!(stalls("/large"), stalls("/late"), waits);
    lifecycle.stop().await.unwrap();
}

#[actix_web::test]
async fn an_address_has_so_many_connections_and_no_more() {
    let lifecycle = Lifecycle::new();
    let address = serve(&lifecycle, 2);
    let request = "GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n";
    let mut open = [connect(address, b"").await, connect(address, b"").await];
    // Once a connection has an answer, the server has counted it.
    for client in &mut open {
        ask(client).await;
    }
    let begin = Instant::now();
    let refused = end(connect(address, request.as_bytes()).await).await;
    assert_eq!(refused, "");
    assert!(begin.elapsed() < Duration::from_secs(2), "it took {:?}", begin.elapsed());
    drop(open);
    // A server that did not notice their ends would count them for as long as it keeps connections.
    let deadline = Instant::now() + KEEP_ALIVE / 2;
    loop {
        let answer = end(connect(address, request.as_bytes()).await).await;
        if answer.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(Instant::now() < deadline, "connections that are closed still count: {answer}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    lifecycle.stop().await.unwrap();
}
