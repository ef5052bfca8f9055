//! Certificates from files: what is refused at start, and what is read again while a listener runs.

#![cfg(test)]

use std::{fs, net::SocketAddr, path::Path, pin::Pin, time::Duration};

use openssl::ssl::{Ssl, SslConnector, SslFiletype, SslMethod};
use testkit::{Certificates, eventually};
use tls::{Listener, TlsSettings, TlsStream};
use tokio::net::{TcpListener, TcpStream};
use tokio_openssl::SslStream;

fn made() -> (tempfile::TempDir, Certificates) {
    let folder = tempfile::tempdir().unwrap();
    let certificates = Certificates::make_in(folder.path());
    (folder, certificates)
}

fn server(certificates: &Certificates) -> TlsSettings {
    TlsSettings {
        certificate_file: certificates.file("server.pem"),
        key_file: certificates.file("server.key"),
        ..TlsSettings::default()
    }
}

/// Accepts connections until the test ends.
async fn listen(settings: &TlsSettings) -> SocketAddr {
    let listener = Listener::new(settings).unwrap().expect("a certificate");
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    #[expect(clippy::disallowed_methods, reason = "the server ends with the test")]
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((client, _)) = socket.accept().await {
            open.extend(listener.accept(client).await);
        }
    });
    address
}

/// Connects as a client that trusts the authority, and shows a certificate if it has one.
async fn connect(address: SocketAddr, ca: &Path, own: Option<&Certificates>) -> Option<TlsStream> {
    let mut builder = SslConnector::builder(SslMethod::tls()).unwrap();
    builder.set_ca_file(ca).unwrap();
    if let Some(own) = own {
        builder.set_certificate_file(own.file("client.pem"), SslFiletype::PEM).unwrap();
        builder.set_private_key_file(own.file("client.key"), SslFiletype::PEM).unwrap();
    }
    let ssl: Ssl = builder.build().configure().unwrap().into_ssl("127.0.0.1").unwrap();
    let mut stream = SslStream::new(ssl, TcpStream::connect(address).await.unwrap()).unwrap();
    Pin::new(&mut stream).connect().await.ok()?;
    // With TLS 1.3 a server refuses a client's certificate after the client's handshake is over.
    let mut byte = [0];
    let refused = Pin::new(&mut stream).peek(&mut byte);
    let is_open = tokio::time::timeout(Duration::from_millis(300), refused).await.is_err();
    is_open.then_some(stream)
}

fn serial(stream: &TlsStream) -> Vec<u8> {
    let shown = stream.ssl().peer_certificate().unwrap();
    shown.serial_number().to_bn().unwrap().to_vec()
}

#[test]
fn a_file_that_cannot_be_used_is_refused_with_the_name_of_its_setting() {
    let (folder, certificates) = made();
    let text = folder.path().join("text");
    fs::write(&text, "no certificate").unwrap();
    let right = TlsSettings { ca_file: certificates.file("ca.pem"), ..server(&certificates) };
    assert_eq!(right.validate_link("redis.tls"), Ok(()));
    assert_eq!(right.validate_listener("api.tls"), Ok(()));
    let missing = folder.path().join("missing.pem");
    for (wrong, setting) in [
        (TlsSettings { ca_file: missing, ..right.clone() }, "x.tls.ca_file"),
        (TlsSettings { ca_file: text.clone(), ..right.clone() }, "x.tls.ca_file"),
        (TlsSettings { ca_file: "ca.pem".into(), ..right.clone() }, "x.tls.ca_file"),
        (TlsSettings { certificate_file: text.clone(), ..right.clone() }, "x.tls.certificate_file"),
        (TlsSettings { key_file: text, ..right.clone() }, "x.tls.key_file"),
        (TlsSettings { key_file: "".into(), ..right.clone() }, "x.tls.key_file"),
        // Of another certificate.
        (
            TlsSettings { key_file: certificates.file("client.key"), ..right.clone() },
            "x.tls.key_file",
        ),
    ] {
        assert_eq!(wrong.validate_link("x.tls").unwrap_err().key, setting, "{wrong:?}");
        assert_eq!(wrong.validate_listener("x.tls").unwrap_err().key, setting, "{wrong:?}");
    }
    let only_ca = TlsSettings { ca_file: certificates.file("ca.pem"), ..TlsSettings::default() };
    assert_eq!(only_ca.validate_link("x.tls"), Ok(()));
    assert_eq!(only_ca.validate_listener("x.tls").unwrap_err().key, "x.tls.certificate_file");
}

#[tokio::test]
async fn a_replaced_certificate_is_shown_to_new_clients_and_open_connections_go_on() {
    let (_folder, certificates) = made();
    let address = listen(&server(&certificates)).await;
    let ca = certificates.file("ca.pem");
    let mut open = connect(address, &ca, None).await.unwrap();
    let former = serial(&open);

    // Half of a replacement: it does not fit the key.
    fs::copy(certificates.file("client.pem"), certificates.file("server.pem")).unwrap();
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(serial(&connect(address, &ca, None).await.unwrap()), former);

    certificates.replace();
    eventually("the new certificate is shown", async || {
        let shown = serial(&connect(address, &ca, None).await?);
        (shown != former).then_some(())
    })
    .await;
    let mut byte = [0];
    let ended = Pin::new(&mut open).peek(&mut byte);
    assert!(tokio::time::timeout(Duration::from_millis(100), ended).await.is_err(), "it is open");
}

#[tokio::test]
async fn a_listener_with_an_authority_lets_only_its_clients_in() {
    let (_folder, certificates) = made();
    let (_other_folder, others) = made();
    let ca = certificates.file("ca.pem");
    let address = listen(&TlsSettings { ca_file: ca.clone(), ..server(&certificates) }).await;
    assert!(connect(address, &ca, Some(&certificates)).await.is_some());
    assert!(connect(address, &ca, None).await.is_none());
    assert!(connect(address, &ca, Some(&others)).await.is_none());
}
