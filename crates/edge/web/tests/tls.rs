//! A service that serves TLS itself.

#![cfg(test)]

mod taken;

use std::{
    io::Write,
    net::{SocketAddr, TcpStream as StdTcpStream},
    pin::Pin,
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, ServiceConfig, resource},
};
use lifecycle::Lifecycle;
use openssl::ssl::{SslConnector, SslMethod};
use testkit::Certificates;
use tls::{TlsSettings, TlsStream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_openssl::SslStream;
use web::{ConnectionLimits, HangUp};

use taken::{next, read_until, take};

async fn tell(request: HttpRequest) -> HttpResponse {
    HttpResponse::Ok().body(format!("has TLS: {}", web::has_tls(&request)))
}

async fn wait(request: HttpRequest, hung_up: Data<Sender<()>>) -> HttpResponse {
    HangUp::of(&request).wait().await;
    hung_up.send(()).unwrap();
    HttpResponse::Ok().finish()
}

struct Service {
    address: SocketAddr,
    taken: Receiver<StdTcpStream>,
    hung_up: Receiver<()>,
    lifecycle: Lifecycle,
    certificates: Certificates,
    _folder: tempfile::TempDir,
}

fn serve() -> Service {
    let folder = tempfile::tempdir().unwrap();
    let certificates = Certificates::make_in(folder.path());
    let settings = TlsSettings {
        certificate_file: certificates.file("server.pem"),
        key_file: certificates.file("server.key"),
        ..TlsSettings::default()
    };
    let (sender, taken) = channel();
    let (end, hung_up) = channel::<()>();
    let routes = move |config: &mut ServiceConfig| {
        config
            .app_data(Data::new(sender.clone()))
            .app_data(Data::new(end.clone()))
            .service(resource("/take").get(take))
            .service(resource("/tell").get(tell))
            .service(resource("/wait").get(wait));
    };
    let lifecycle = Lifecycle::new();
    let limits = ConnectionLimits::default();
    let address = web::serve_tls("test", "127.0.0.1:0", limits, &settings, &lifecycle, routes);
    let address = address.unwrap();
    Service { address, taken, hung_up, lifecycle, certificates, _folder: folder }
}

/// Shakes hands; `offered` are the protocols of HTTP that the client speaks.
async fn connect(service: &Service, offered: &[u8]) -> TlsStream {
    let mut builder = SslConnector::builder(SslMethod::tls()).unwrap();
    builder.set_ca_file(service.certificates.file("ca.pem")).unwrap();
    builder.set_alpn_protos(offered).unwrap();
    let ssl = builder.build().configure().unwrap().into_ssl("127.0.0.1").unwrap();
    let socket = TcpStream::connect(service.address).await.unwrap();
    let mut stream = SslStream::new(ssl, socket).unwrap();
    Pin::new(&mut stream).connect().await.unwrap();
    stream
}

/// Sends a request over HTTP/1.1.
async fn ask(service: &Service, path: &str) -> TlsStream {
    let mut client = connect(service, b"\x08http/1.1").await;
    let request = format!("GET {path} HTTP/1.1\r\nHost: web\r\n\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    client
}

#[actix_web::test]
async fn clients_choose_the_version_of_http_and_requests_know_that_there_is_tls() {
    let service = serve();
    let mut client = ask(&service, "/tell").await;
    assert_eq!(client.ssl().selected_alpn_protocol(), Some(&b"http/1.1"[..]));
    read_until(&mut client, "has TLS: true").await;
    let both = connect(&service, b"\x08http/1.1\x02h2").await;
    assert_eq!(both.ssl().selected_alpn_protocol(), Some(&b"h2"[..]));
    drop((client, both));
    service.lifecycle.stop().await.unwrap();
}

#[actix_web::test]
async fn a_client_without_tls_gets_no_answer() {
    let service = serve();
    let mut client = TcpStream::connect(service.address).await.unwrap();
    client.write_all(b"GET /tell HTTP/1.1\r\nHost: web\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // The connection is closed, perhaps with an alert of TLS.
    let _ = timeout(Duration::from_secs(10), client.read_to_end(&mut answer)).await.unwrap();
    assert!(!answer.windows(5).any(|part| part == b"HTTP/"), "{answer:?}");
    service.lifecycle.stop().await.unwrap();
}

#[actix_web::test]
async fn the_taker_of_a_socket_writes_what_the_client_decrypts() {
    let service = serve();
    let mut client = ask(&service, "/take").await;
    let head = read_until(&mut client, "\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    let mut socket = next(&service.taken).await;
    socket.write_all(b"5\r\nhello\r\n").unwrap();
    assert_eq!(read_until(&mut client, "hello\r\n").await, "5\r\nhello\r\n");

    // As a WebSocket does.
    client.write_all(b"ping").await.unwrap();
    socket.set_nonblocking(false).unwrap();
    let mut heard = [0; 4];
    let heard = tokio::task::spawn_blocking(move || {
        std::io::Read::read_exact(&mut socket, &mut heard).unwrap();
        (socket, heard)
    });
    let (mut socket, heard) = heard.await.unwrap();
    assert_eq!(&heard, b"ping");

    service.lifecycle.stop().await.unwrap();
    socket.write_all(b"0\r\n\r\n").unwrap();
    drop(socket);
    assert_eq!(read_until(&mut client, "0\r\n\r\n").await, "0\r\n\r\n");
    assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0, "the client is told that it ends");
}

#[actix_web::test]
async fn a_client_that_hangs_up_is_noticed() {
    let service = serve();
    let mut client = ask(&service, "/wait").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    client.shutdown().await.unwrap();
    drop(client);
    timeout(Duration::from_secs(10), next(&service.hung_up)).await.expect("it is noticed");
    service.lifecycle.stop().await.unwrap();
}
