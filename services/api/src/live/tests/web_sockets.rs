//! WebSockets over real connections.

use std::{net::SocketAddr, time::Duration};

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::stand::Stand;

pub(super) const TEXT: u8 = 1;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
pub(super) const PONG: u8 = 10;

/// A client's end of a WebSocket.
struct Client {
    connection: TcpStream,
    head: String,
}

impl Client {
    async fn open(stand: &Stand, address: SocketAddr, query: &str) -> Self {
        let token = stand.token_for("acme", TimeDelta::minutes(15));
        Self::with(address, query, &format!("Authorization: Bearer {token}\r\n")).await
    }

    async fn with(address: SocketAddr, query: &str, headers: &str) -> Self {
        Self::by("GET", address, query, headers).await
    }

    async fn by(method: &str, address: SocketAddr, query: &str, headers: &str) -> Self {
        let mut connection = TcpStream::connect(address).await.unwrap();
        // The key and its answer are the example of RFC 6455, section 1.3.
        let handshake = format!(
            "{method} /v1/ws{query} HTTP/1.1\r\nHost: api\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        );
        connection.write_all(handshake.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(
                timeout(Duration::from_secs(10), connection.read_u8()).await.unwrap().unwrap(),
            );
        }
        Self { connection, head: String::from_utf8(head).unwrap() }
    }

    fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    /// Sends a frame under a mask of zeros, which changes nothing.
    async fn send(&mut self, kind: u8, payload: &[u8]) {
        let length = u8::try_from(payload.len()).unwrap();
        assert!(length < 126);
        let mut frame = vec![0x80 | kind, 0x80 | length, 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        self.connection.write_all(&frame).await.unwrap();
    }

    async fn order(&mut self, action: &str, campaigns: &[&str]) {
        let order = json!({"action": action, "campaigns": campaigns}).to_string();
        self.send(TEXT, order.as_bytes()).await;
    }

    /// Receives a frame: its kind and its payload.
    async fn frame(&mut self) -> (u8, Vec<u8>) {
        let read = async {
            let first = self.connection.read_u8().await.unwrap();
            let length = match self.connection.read_u8().await.unwrap() {
                126 => u64::from(self.connection.read_u16().await.unwrap()),
                127 => self.connection.read_u64().await.unwrap(),
                short => u64::from(short),
            };
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.connection.read_exact(&mut payload).await.unwrap();
            (first & 0x0f, payload)
        };
        timeout(Duration::from_secs(10), read).await.expect("a frame within ten seconds")
    }

    async fn message(&mut self) -> Value {
        let (kind, payload) = self.frame().await;
        assert_eq!(kind, TEXT, "{payload:?}");
        serde_json::from_slice(&payload).unwrap()
    }

    /// Returns whether nothing is received for half a second.
    async fn is_quiet(&mut self) -> bool {
        timeout(Duration::from_millis(500), self.connection.read_u8()).await.is_err()
    }
}

/// Returns the campaigns of a frame, sorted: a frame has no order.
fn campaigns(message: &Value) -> Vec<&str> {
    let campaigns = message["data"]["campaigns"].as_array().unwrap().iter();
    let mut campaigns: Vec<_> =
        campaigns.map(|campaign| campaign["campaign_id"].as_str().unwrap()).collect();
    campaigns.sort_unstable();
    campaigns
}

#[actix_web::test]
async fn a_web_socket_carries_the_frames_of_the_campaigns_that_it_names() {
    let stand = Stand::new().await;
    let address = stand.serve();
    let mut client = Client::open(&stand, address, "?campaigns=spring-sale").await;
    assert_eq!(client.status(), "101");
    let head = client.head.to_lowercase();
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    assert!(head.contains("upgrade: websocket") && head.contains("connection: upgrade"), "{head}");
    let snapshot = client.message().await;
    assert_eq!(
        (&snapshot["event"], campaigns(&snapshot)),
        (&json!("snapshot"), vec!["spring-sale"])
    );
    stand.click("acme", 2).await;
    let update = client.message().await;
    assert_eq!((&update["event"], campaigns(&update)), (&json!("update"), vec!["spring-sale"]));
    assert_eq!(stand.present_bucket(&update["data"]["campaigns"][0])["clicks"], 2);
    stand.click_on("acme", "summer-sale", 1).await;
    assert!(client.is_quiet().await, "it named one campaign");
    stand.stop().await;
}

#[actix_web::test]
async fn a_client_subscribes_and_unsubscribes() {
    let stand = Stand::new().await;
    let address = stand.serve();
    let mut client = Client::open(&stand, address, "").await;
    assert_eq!(campaigns(&client.message().await), Vec::<&str>::new());
    client.order("subscribe", &["summer-sale", "spring-sale"]).await;
    let snapshot = client.message().await;
    assert_eq!(snapshot["event"], "snapshot");
    assert_eq!(campaigns(&snapshot), ["spring-sale", "summer-sale"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    client.order("unsubscribe", &["summer-sale"]).await;
    // The next order is obeyed after this one.
    client.order("subscribe", &["spring-sale"]).await;
    assert_eq!(campaigns(&client.message().await), ["spring-sale"]);
    stand.click_on("acme", "summer-sale", 1).await;
    assert!(client.is_quiet().await);
    stand.click("acme", 1).await;
    assert_eq!(campaigns(&client.message().await), ["spring-sale"]);
    stand.stop().await;
}

#[actix_web::test]
async fn what_is_not_obeyed_is_answered_and_the_stream_continues() {
    let stand = Stand::new().await;
    let address = stand.serve();
    let mut client = Client::open(&stand, address, "?campaigns=spring-sale").await;
    assert_eq!(client.message().await["event"], "snapshot");
    client.order("subscribe", &["other"]).await;
    let refused = client.message().await;
    assert_eq!(
        (&refused["event"], &refused["data"]["code"]),
        (&json!("error"), &json!("not_found"))
    );
    client.send(TEXT, b"{}").await;
    assert_eq!(client.message().await["data"]["code"], "malformed_request");
    client.send(PING, b"there?").await;
    assert_eq!(client.frame().await, (PONG, b"there?".to_vec()));
    stand.click("acme", 1).await;
    assert_eq!(client.message().await["event"], "update");
    // A frame of unknown kind.
    client.send(3, b"").await;
    assert_eq!(client.frame().await.0, CLOSE);
    stand.stop().await;
}

#[actix_web::test]
async fn a_web_socket_resumes_with_a_ticket_too() {
    let stand = Stand::new().await;
    let address = stand.serve();
    stand.click("acme", 1).await;
    let url = stand.ticket_for("acme", json!({"web_socket": true})).await.unwrap();
    let query = url.strip_prefix("/v1/ws").unwrap();
    let mut client = Client::with(address, &format!("{query}&campaigns=spring-sale"), "").await;
    let id = client.message().await["id"].as_str().unwrap().to_owned();
    drop(client);
    stand.click("acme", 1).await;
    let again = format!("{query}&campaigns=spring-sale&last_event_id={id}");
    let mut client = Client::with(address, &again, "").await;
    let missed = client.message().await;
    assert_eq!(missed["event"], "update");
    assert_eq!(stand.present_bucket(&missed["data"]["campaigns"][0])["clicks"], 2);
    let of_a_stream = stand.ticket_for("acme", json!({})).await.unwrap();
    let query = of_a_stream.strip_prefix("/v1/live").unwrap();
    assert_eq!(Client::with(address, query, "").await.status(), "401");
    stand.stop().await;
}

#[actix_web::test]
async fn a_web_socket_ends_with_its_credential_and_with_its_right() {
    let stand = Stand::new().await;
    let address = stand.serve();
    let token = stand.token_for("acme", TimeDelta::seconds(2));
    let header = format!("Authorization: Bearer {token}\r\n");
    let mut expiring = Client::with(address, "?campaigns=spring-sale", &header).await;
    assert_eq!(expiring.message().await["event"], "snapshot");
    assert_eq!(expiring.message().await["data"]["reason"], "token_expired");
    assert_eq!(expiring.frame().await, (CLOSE, 1008_u16.to_be_bytes().to_vec()));

    let mut revoked = Client::open(&stand, address, "").await;
    assert_eq!(revoked.message().await["event"], "snapshot");
    revoked.order("subscribe", &["spring-sale"]).await;
    assert_eq!(revoked.message().await["event"], "snapshot");
    stand.hide_campaigns();
    assert_eq!(revoked.message().await["data"]["reason"], "revoked");
    assert_eq!(revoked.frame().await.0, CLOSE);
    stand.stop().await;
}

#[actix_web::test]
async fn a_web_socket_counts_as_a_stream_and_is_free_when_it_is_closed() {
    let stand = Stand::new().await;
    let address = stand.serve();
    let mut first = Client::open(&stand, address, "").await;
    let second = Client::open(&stand, address, "").await;
    assert_eq!((first.status(), second.status()), ("101", "101"));
    assert_eq!(Client::open(&stand, address, "").await.status(), "429");
    assert_eq!(first.message().await["event"], "snapshot");
    first.send(CLOSE, &1000_u16.to_be_bytes()).await;
    assert_eq!(first.frame().await, (CLOSE, 1000_u16.to_be_bytes().to_vec()));
    drop(first);
    let reopened = Client::open(&stand, address, "").await;
    assert_eq!(reopened.status(), "101");
    stand.stop().await;
}

#[actix_web::test]
async fn what_is_no_handshake_is_refused() {
    let stand = Stand::new().await;
    let plain = stand.get("acme", "/v1/ws", &[]).await;
    assert_eq!(plain.status(), 400);
    assert_eq!(stand.get_with(None, "/v1/ws", &[]).await.status(), 401);
    let address = stand.serve();
    assert_eq!(Client::open(&stand, address, "?campaigns=other").await.status(), "404");
    stand.stop().await;
}

#[actix_web::test]
async fn head_opens_no_web_socket_and_leaves_the_ticket() {
    let stand = Stand::new().await;
    let address = stand.serve();
    let url = stand.ticket_for("acme", json!({"web_socket": true})).await.unwrap();
    let query = url.strip_prefix("/v1/ws").unwrap();
    for _ in 0..3 {
        assert_eq!(Client::by("HEAD", address, query, "").await.status(), "400");
    }
    let first = Client::with(address, query, "").await;
    assert_eq!(first.status(), "101");
    assert_eq!(Client::open(&stand, address, "").await.status(), "101", "no other is open");
    stand.stop().await;
}

#[actix_web::test]
async fn a_text_that_is_not_utf_8_and_a_control_frame_in_parts_close_the_connection() {
    let stand = Stand::new().await;
    let address = stand.serve();
    // The first byte says whether the frame is the last one, and its kind.
    for (frame, code) in
        [(&[0x80 | TEXT, 0x81, 0, 0, 0, 0, 0xff], 1007_u16), (&[PING, 0x81, 0, 0, 0, 0, 0], 1002)]
    {
        let mut client = Client::open(&stand, address, "").await;
        assert_eq!(client.message().await["event"], "snapshot");
        client.connection.write_all(frame).await.unwrap();
        assert_eq!(client.frame().await, (CLOSE, code.to_be_bytes().to_vec()));
    }
    stand.stop().await;
}

#[actix_web::test]
async fn an_id_is_of_the_campaigns_that_the_client_had_then() {
    let stand = Stand::new().await;
    let address = stand.serve();
    stand.click_on("acme", "summer-sale", 2).await;
    let mut client = Client::open(&stand, address, "?campaigns=spring-sale").await;
    let former = client.message().await["id"].as_str().unwrap().to_owned();
    client.order("subscribe", &["summer-sale"]).await;
    let subscribed = client.message().await;
    assert_eq!((campaigns(&subscribed), subscribed.get("id")), (vec!["summer-sale"], None));
    stand.click("acme", 1).await;
    let later = client.message().await["id"].as_str().unwrap().to_owned();
    drop(client);
    stand.click_on("acme", "summer-sale", 1).await;
    for (id, events) in [(former, &["reset", "snapshot"][..]), (later, &["update"])] {
        let query = format!("?campaigns=spring-sale,summer-sale&last_event_id={id}");
        let mut again = Client::open(&stand, address, &query).await;
        for event in events {
            assert_eq!(again.message().await["event"], *event, "{id}");
        }
    }
    stand.stop().await;
}

#[actix_web::test]
async fn a_client_subscribes_at_most_once_a_second() {
    let stand = Stand::new().await;
    let address = stand.serve();
    let mut client = Client::open(&stand, address, "").await;
    assert_eq!(client.message().await["event"], "snapshot");
    let before = stand.reads();
    // The second is there before the first is answered, however slow this client is.
    client.order("subscribe", &["spring-sale"]).await;
    client.order("subscribe", &["spring-sale"]).await;
    assert_eq!(client.message().await["event"], "snapshot");
    assert_eq!(client.message().await["data"]["code"], "rate_limited");
    let reads = stand.reads() - before;
    tokio::time::sleep(Duration::from_secs(1)).await;
    client.order("subscribe", &["spring-sale"]).await;
    assert_eq!(client.message().await["event"], "snapshot");
    assert_eq!(stand.reads() - before, 2 * reads, "the one that was refused read nothing");
    stand.stop().await;
}

#[actix_web::test]
async fn a_ping_is_answered_while_a_subscription_is_read() {
    let stand = Stand::new().await;
    let address = stand.serve();
    let mut client = Client::open(&stand, address, "").await;
    assert_eq!(client.message().await["event"], "snapshot");
    stand.delay_reports(Duration::from_secs(2));
    client.order("subscribe", &["spring-sale"]).await;
    client.send(PING, b"there?").await;
    assert_eq!(client.frame().await, (PONG, b"there?".to_vec()));
    assert_eq!(campaigns(&client.message().await), ["spring-sale"]);
    stand.stop().await;
}

#[actix_web::test]
async fn what_a_client_sends_before_it_hangs_up_is_heard() {
    let stand = Stand::new().await;
    let address = stand.serve();
    let mut client = Client::open(&stand, address, "").await;
    assert_eq!(client.message().await["event"], "snapshot");
    client.send(CLOSE, &1000_u16.to_be_bytes()).await;
    client.connection.shutdown().await.unwrap();
    assert_eq!(client.frame().await, (CLOSE, 1000_u16.to_be_bytes().to_vec()));
    stand.stop().await;
}
