//! Clients of a broadcast, without the broadcast.

use std::{slice, sync::Arc};

use aggregates::StreamId;
use auth::{Authority, CampaignScope, Principal, Role, Subject};
use bytes::Bytes;
use tenancy::{CampaignId, TenantContext};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
};
use uuid::Uuid;

use super::web_sockets::{CLOSE, PING, PONG, TEXT};
use crate::live::{
    client::{Client, ClientKey, Incoming, Revoked},
    clients::Clients,
    form::Form,
    frames::Frame,
    open_streams::OpenStreams,
    order::Order,
    outlet::{Outlet, WebSocket},
    selection::Selection,
    view::{Seen, Version},
    views::Views,
};

pub(super) const KEY: ClientKey = ClientKey(1);

/// Returns the two ends of a connection whose kernel buffers are small: the api's and the client's.
pub(super) async fn connection() -> (mio::net::TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(4_096).unwrap();
    let api = socket.connect(listener.local_addr().unwrap()).await.unwrap();
    let (client, _) = listener.accept().await.unwrap();
    (mio::net::TcpStream::from_std(api.into_std().unwrap()), client)
}

/// Returns a client that has received nothing.
pub(super) fn client(tenant: &TenantContext, outlet: Outlet, selection: Arc<Selection>) -> Client {
    let principal = Principal {
        subject: Subject::User(Uuid::now_v7()),
        client_id: Some("acme".parse().unwrap()),
        authority: Authority::Role(Role::Analyst),
        scope: CampaignScope::All,
        tenant_version: Some(1),
        subject_version: Some(1),
        session_id: None,
        expires_at: None,
    };
    let open = OpenStreams::default().open(tenant, &principal.subject).unwrap();
    Client {
        outlet,
        seen: Seen { version: Version::default(), resumed: StreamId::START },
        selection,
        unsent: Bytes::new(),
        principal: Arc::new(principal),
        ends: None,
        ticket: None,
        _open: Some(open),
    }
}

pub(super) async fn tenant() -> TenantContext {
    testkit::tenant_context(testkit::tenant_record(&"acme".parse().unwrap())).await
}

/// Returns the bytes of a client's frame, under a mask of zeros, which changes nothing.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0x80 | kind, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

/// Returns clients of which one has a WebSocket without campaigns, and its end.
async fn with_web_socket() -> (Clients, TcpStream) {
    let tenant = tenant().await;
    let (api, client_end) = connection().await;
    let mut views = Views::new(tenant.clone(), Form::List, StreamId::START);
    let mut clients = Clients::new().unwrap();
    let outlet = Outlet::WebSocket(Box::new(WebSocket::new(api)));
    let joining = client(&tenant, outlet, views.select(&[], false));
    clients.join(KEY, joining, &Frame::beginning());
    (clients, client_end)
}

#[actix_web::test]
async fn a_client_that_sends_much_is_heard_in_parts() {
    let (mut clients, mut client_end) = with_web_socket().await;
    client_end.write_all(&frame(PING, b"").repeat(100)).await.unwrap();
    let mut parts = 0;
    while clients.receive(KEY) == Incoming::Much {
        parts += 1;
    }
    assert!((6..=8).contains(&parts), "{parts}");
    let mut pongs = [0; 200];
    client_end.read_exact(&mut pongs).await.unwrap();
}

#[actix_web::test]
async fn while_an_order_is_obeyed_pings_are_answered_and_the_next_order_waits() {
    let (mut clients, mut client_end) = with_web_socket().await;
    let order = br#"{"action":"unsubscribe","campaigns":[]}"#;
    let sent = [frame(TEXT, order), frame(PING, b"?"), frame(TEXT, order), frame(PING, b"!")];
    client_end.write_all(&sent.concat()).await.unwrap();
    let expected = Incoming::Order(Order::Unsubscribe { campaigns: Vec::new() });
    assert_eq!(clients.receive(KEY), expected);
    assert_eq!(clients.receive(KEY), Incoming::Nothing);
    let mut pong = [0; 3];
    client_end.read_exact(&mut pong).await.unwrap();
    assert_eq!(pong, [0x80 | PONG, 1, b'?']);
    assert_eq!(clients.receive(KEY), Incoming::Nothing, "nothing is read after the next order");

    clients.answer(KEY, None, None);
    assert_eq!(clients.receive(KEY), expected);
    assert_eq!(clients.receive(KEY), Incoming::Nothing);
    client_end.read_exact(&mut pong).await.unwrap();
    assert_eq!(pong, [0x80 | PONG, 1, b'!']);
}

#[actix_web::test]
async fn the_last_frame_reaches_a_client_that_was_not_read_to_the_end() {
    let (mut clients, mut client_end) = with_web_socket().await;
    client_end.write_all(&frame(PING, &[0; 100]).repeat(200)).await.unwrap();
    clients.end_all();
    let mut received = Vec::new();
    // A reset would be an error.
    client_end.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, [0x80 | CLOSE, 2, 3, 0xe9]);
}

#[actix_web::test]
async fn a_client_that_changes_its_campaigns_does_not_keep_one_that_it_may_not_see() {
    let tenant = tenant().await;
    let [spring, summer]: [CampaignId; 2] = ["spring", "summer"].map(|id| id.parse().unwrap());
    let mut views = Views::new(tenant.clone(), Form::List, StreamId::START);
    let both = views.select(&[spring.clone(), summer.clone()], false);
    for (lost, ends) in [(Some(&spring), true), (Some(&summer), false), (None, true)] {
        let (api, _reader) = connection().await;
        let mut clients = Clients::new().unwrap();
        let joining = client(&tenant, Outlet::Socket(api), both.clone());
        clients.join(KEY, joining, &Frame::beginning());
        // While its right to both is checked, it keeps one.
        let checked = clients.rights().remove(0);
        let kept = views.without(&both, slice::from_ref(&summer));
        clients.answer(KEY, Some(kept), None);
        let campaigns = lost.map(|lost| views.numbered(slice::from_ref(lost)));
        clients.end_revoked(&[Revoked { principal: checked.principal, campaigns }], "revoked");
        assert_eq!(clients.is_empty(), ends, "{lost:?}");
    }
}

#[actix_web::test]
async fn campaigns_that_no_stream_has_are_not_read() {
    let mut views = Views::new(tenant().await, Form::List, StreamId::START);
    let campaigns: [CampaignId; 2] = ["spring", "summer"].map(|id| id.parse().unwrap());
    let both = views.select(&campaigns, false);
    let spring = views.without(&both, slice::from_ref(&campaigns[1]));
    let names = |views: &Views| -> Vec<_> {
        views.all().into_iter().map(|(_, campaign)| campaign).collect()
    };
    views.remove_unwatched();
    assert_eq!(names(&views), campaigns);
    drop(both);
    views.remove_unwatched();
    assert_eq!(names(&views), campaigns[..1]);
    views.read_without_feed();
    assert_eq!(views.incomplete_ranges().len(), 1);
    drop(spring);
    views.remove_unwatched();
    assert!(!views.is_incomplete(), "nobody has a campaign");

    let again = views.select(&campaigns, false);
    assert_eq!((names(&views), again.campaigns.len()), (campaigns.to_vec(), 2));
    assert!(!views.is_incomplete(), "it begins anew");
}

#[actix_web::test]
async fn campaigns_are_counted_before_they_are_watched() {
    let mut views = Views::new(tenant().await, Form::List, StreamId::START);
    let campaigns = ["spring", "summer", "spring", "winter"].map(|id| id.parse().unwrap());
    let spring = views.select(&campaigns[..1], false);
    assert_eq!(views.count_with(&spring, &campaigns), 3);
    assert_eq!(views.all().len(), 1);
}
