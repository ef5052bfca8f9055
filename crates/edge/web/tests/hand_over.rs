//! Handlers that take their client's socket.

#![cfg(test)]

mod taken;

use std::{
    io::Write,
    net::{SocketAddr, TcpStream as StdTcpStream},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use actix_web::web::{Data, ServiceConfig, resource};
use lifecycle::Lifecycle;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use web::ConnectionLimits;

use taken::{next, read_until, take};

const REQUEST: &str = "GET /take HTTP/1.1\r\nHost: web\r\n\r\n";

/// Serves `/take`, which hands its sockets to the receiver.
fn serve(lifecycle: &Lifecycle) -> (SocketAddr, Receiver<StdTcpStream>) {
    let (sender, taken) = channel();
    let routes = move |config: &mut ServiceConfig| {
        config.app_data(Data::new(sender.clone())).service(resource("/take").get(take));
    };
    let limits = ConnectionLimits::default();
    (web::serve("test", "127.0.0.1:0", limits, lifecycle, routes).unwrap(), taken)
}

async fn ask(address: SocketAddr, text: &str) -> TcpStream {
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(text.as_bytes()).await.unwrap();
    client
}

#[actix_web::test]
async fn the_taker_has_the_socket_after_the_head_was_sent() {
    let lifecycle = Lifecycle::new();
    let (address, taken) = serve(&lifecycle);
    let mut client = ask(address, REQUEST).await;
    let head = read_until(&mut client, "\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK") && head.contains("x-request-id"), "{head}");
    let mut socket = next(&taken).await;
    socket.write_all(b"5\r\nhello\r\n").unwrap();
    assert_eq!(read_until(&mut client, "hello\r\n").await, "5\r\nhello\r\n");
    lifecycle.stop().await.unwrap();
    socket.write_all(b"0\r\n\r\n").unwrap();
    assert_eq!(read_until(&mut client, "0\r\n\r\n").await, "0\r\n\r\n");
    drop(socket);
    assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
}

#[actix_web::test]
async fn earlier_responses_come_first_and_later_requests_have_none() {
    let lifecycle = Lifecycle::new();
    let (address, taken) = serve(&lifecycle);
    let earlier = "GET /nowhere HTTP/1.1\r\nHost: web\r\n\r\n".repeat(3);
    let mut client = ask(address, &format!("{earlier}{REQUEST}{REQUEST}")).await;
    let mut socket = next(&taken).await;
    socket.write_all(b"0\r\n\r\n").unwrap();
    let text = read_until(&mut client, "\r\n0\r\n\r\n").await;
    assert_eq!(text.matches("HTTP/1.1 404").count(), 3, "{text}");
    assert_eq!(text.matches("HTTP/1.1 200").count(), 1, "{text}");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(taken.try_recv().is_err(), "the later request was handled");
    lifecycle.stop().await.unwrap();
}

#[actix_web::test]
async fn the_server_keeps_the_socket_where_the_body_has_no_chunks_or_the_request_has_a_body() {
    let lifecycle = Lifecycle::new();
    let (address, _taken) = serve(&lifecycle);
    let head = "Host: web\r\nContent-Length: 2\r\n\r\nab";
    for text in ["GET /take HTTP/1.0\r\n\r\n".to_owned(), format!("GET /take HTTP/1.1\r\n{head}")] {
        let mut client = ask(address, &text).await;
        read_until(&mut client, "kept").await;
    }
    lifecycle.stop().await.unwrap();
}
