//! Clients that read more slowly than frames are made.

use std::{collections::BTreeSet, slice};

use aggregates::StreamId;
use chrono::{DateTime, Utc};
use metrics::{Counter, QuarterHour, QuarterSeries, Sums};
use tenancy::CampaignId;
use tokio::{io::AsyncReadExt, sync::oneshot, task::JoinSet};

use super::clients::{KEY, client, connection};
use crate::live::{
    clients::Clients, feed::ChangedQuarters, form::Form, frames::Frame, outlet::Outlet,
    sockets::Ready, views::Views,
};

/// Returns many quarter hours with `clicks` each: more than the kernel buffers.
fn many(clicks: u64) -> QuarterSeries {
    let mut sums = Sums::default();
    sums.add_count(Counter::Clicks, None, clicks);
    let start = |number: i32| DateTime::UNIX_EPOCH + QuarterHour::LENGTH * number;
    let quarters = (0..4_000).map(start).map(QuarterHour::containing);
    quarters.map(|quarter| (quarter, sums.clone())).collect()
}

#[actix_web::test]
async fn a_client_that_does_not_read_gets_the_rest_of_one_frame_and_then_the_latest_state() {
    let tenant = testkit::tenant_context(testkit::tenant_record(&"acme".parse().unwrap())).await;
    let (api, mut reader) = connection().await;
    let campaign: CampaignId = "spring-sale".parse().unwrap();
    let mut views = Views::new(tenant.clone(), Form::Campaign, StreamId::START);
    let selection = views.select(slice::from_ref(&campaign), false);
    let mut clients = Clients::new().unwrap();
    let joining = client(&tenant, Outlet::Socket(api), selection);
    clients.join(KEY, joining, &Frame::beginning());
    for clicks in 1..=3 {
        let place = format!("{clicks}-0").parse().unwrap();
        let changed = ChangedQuarters { quarters: many(clicks), named: BTreeSet::new() };
        views.change(place, Utc::now(), [(campaign.clone(), changed)].into());
        let sent = clients.send_frames(&views).await;
        assert_eq!(sent.everyone_has < views.version(), clicks > 1, "{clicks}");
    }

    let (both_frames, have_arrived) = oneshot::channel();
    let mut reading = JoinSet::new();
    reading.spawn(async move {
        let mut bytes = Vec::new();
        while String::from_utf8_lossy(&bytes).matches("event: update").count() < 2
            || !bytes.ends_with(b"\n\n\r\n")
        {
            assert_ne!(reader.read_buf(&mut bytes).await.unwrap(), 0);
        }
        both_frames.send(()).unwrap();
        reader.read_to_end(&mut bytes).await.unwrap();
        String::from_utf8(bytes).unwrap()
    });
    let is_writable = |ready: &Ready| *ready == Ready::Writable(KEY);
    let mut lacks_frames = false;
    while !lacks_frames {
        let ready = clients.ready().await.unwrap();
        lacks_frames = ready.iter().any(is_writable) && clients.accepts_again(KEY, views.version());
    }
    while clients.send_frames(&views).await.everyone_has < views.version() {
        clients.ready().await.unwrap();
    }
    while !clients.is_all_sent() {
        if clients.ready().await.unwrap().iter().any(is_writable) {
            clients.accepts_again(KEY, views.version());
        }
    }
    // Until the client has read everything, the end would cut it off.
    have_arrived.await.unwrap();
    clients.end_all();
    let text = reading.join_next().await.unwrap().unwrap();
    let frames: Vec<_> = text.split("event: update").skip(1).collect();
    assert_eq!(frames.len(), 2);
    for (frame, clicks) in frames.iter().zip([1, 3]) {
        let number = format!("\"clicks\":{clicks},");
        assert_eq!(frame.matches(&number).count(), 4_000, "{clicks}");
    }
    assert!(text.ends_with("\r\n0\r\n\r\n"));
}
