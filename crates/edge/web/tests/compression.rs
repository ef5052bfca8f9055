//! Bodies in the encodings that clients accept.

#![cfg(test)]

use std::{
    io::{self, Read},
    net::SocketAddr,
    time::Duration,
};

use actix_web::{
    HttpResponse,
    http::header,
    test::{TestRequest, call_service, init_service, read_body},
    web::{Bytes, ServiceConfig, resource},
};
use flate2::read::GzDecoder;
use futures::{StreamExt, stream};
use lifecycle::Lifecycle;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

/// The lines of a file that is sent piece by piece.
fn pieces() -> Vec<Bytes> {
    let line = |number: usize| format!("{{\"number\":{number}}}\n").repeat(200);
    (0..20).map(|number| line(number).into()).collect()
}

async fn report() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(pieces().concat())
}

async fn file() -> HttpResponse {
    let pieces = stream::iter(pieces()).map(Ok::<_, io::Error>);
    HttpResponse::Ok().content_type("application/x-ndjson").streaming(pieces)
}

/// A file that cannot be completed.
async fn broken() -> HttpResponse {
    let failure = async {
        sleep(Duration::from_millis(50)).await;
        Err(io::Error::other("the export broke off"))
    };
    let pieces = stream::iter(pieces()).map(Ok).chain(stream::once(failure));
    HttpResponse::Ok().content_type("application/x-ndjson").streaming(pieces)
}

/// A stream of one event that does not end.
async fn events() -> HttpResponse {
    let event = format!("data: {}\n\n", "x".repeat(2048));
    let event = stream::iter([Ok::<_, io::Error>(Bytes::from(event))]);
    HttpResponse::Ok().content_type("text/event-stream").streaming(event.chain(stream::pending()))
}

fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/report").get(report))
        .service(resource("/file").get(file))
        .service(resource("/broken").get(broken))
        .service(resource("/events").get(events));
}

fn inflated(encoding: &str, body: &[u8]) -> Vec<u8> {
    match encoding {
        "gzip" => {
            let mut inflated = Vec::new();
            GzDecoder::new(body).read_to_end(&mut inflated).unwrap();
            inflated
        }
        "zstd" => zstd::decode_all(body).unwrap(),
        _ => body.to_vec(),
    }
}

#[actix_web::test]
async fn a_body_is_the_same_in_every_encoding() {
    let app = init_service(web::app("compression", routes)).await;
    for path in ["/report", "/file"] {
        for encoding in ["gzip", "zstd", "identity"] {
            let request = TestRequest::get().uri(path);
            let request = request.insert_header((header::ACCEPT_ENCODING, encoding)).to_request();
            let response = call_service(&app, request).await;
            let sent = response.headers().get(header::CONTENT_ENCODING);
            let sent = sent.map_or("identity", |sent| sent.to_str().unwrap()).to_owned();
            let varies = response.headers().get(header::VARY).cloned();
            let body = read_body(response).await;
            assert_eq!(sent, encoding, "{path}");
            assert_eq!(varies.unwrap(), "accept-encoding", "{path}");
            assert_eq!(inflated(encoding, &body), pieces().concat(), "{path} {encoding}");
            let most = if encoding == "identity" { usize::MAX } else { 10_000 };
            assert!(body.len() < most, "{} bytes of {path} as {encoding}", body.len());
        }
    }
}

fn serve(lifecycle: &Lifecycle) -> SocketAddr {
    web::serve("test", "127.0.0.1:0", web::ConnectionLimits::default(), lifecycle, routes).unwrap()
}

async fn ask(address: SocketAddr, path: &str, encoding: &str) -> TcpStream {
    let mut client = TcpStream::connect(address).await.unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: web\r\nAccept-Encoding: {encoding}\r\n\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    client
}

#[actix_web::test]
async fn a_file_that_breaks_off_has_no_end_in_any_encoding() {
    let lifecycle = Lifecycle::new();
    let address = serve(&lifecycle);
    for encoding in ["identity", "gzip", "zstd"] {
        let mut client = ask(address, "/broken", encoding).await;
        let mut answer = Vec::new();
        let read = client.read_to_end(&mut answer);
        timeout(Duration::from_secs(10), read).await.expect("the connection is closed").unwrap();
        let head = String::from_utf8_lossy(&answer).to_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(head.contains("transfer-encoding: chunked"), "{head}");
        assert!(!answer.ends_with(b"0\r\n\r\n"), "{encoding} looks whole");
    }
    lifecycle.token().cancel();
}

#[actix_web::test]
async fn an_event_is_sent_at_once_to_a_client_that_accepts_compression() {
    let lifecycle = Lifecycle::new();
    let mut client = ask(serve(&lifecycle), "/events", "gzip, zstd").await;
    let mut answer = Vec::new();
    let read = async {
        while !answer.ends_with(b"x\n\n\r\n") {
            answer.push(client.read_u8().await.unwrap());
        }
    };
    timeout(Duration::from_secs(10), read).await.expect("the event arrives");
    assert!(!String::from_utf8(answer).unwrap().to_lowercase().contains("content-encoding"));
    lifecycle.token().cancel();
}
