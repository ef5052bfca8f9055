use std::net::SocketAddr;

use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};
use testkit::{Platform, Tenant};
use tokio::time::Instant;
use uuid::Uuid;

use super::streams::Streams;
use crate::{
    Failure,
    load::{Connection, post},
    measure::{Meter, Role},
    platform::address,
};

/// Causes one update of every stream.
pub(super) enum Publisher {
    /// By an event of each campaign of some tenants.
    Events { collector: SocketAddr, tenants: Vec<Tenant>, campaigns: Vec<String> },
    /// By requests to the server, which sends what they contain.
    Requests { server: SocketAddr, requests: Vec<Vec<u8>> },
}

/// The cost and the time of one update of every stream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FanOut {
    /// Processor time of the server, in milliseconds.
    pub(super) cpu_ms: f64,
    /// From the first to the last frame.
    pub(super) spread_ms: f64,
    /// From the request to the last frame.
    pub(super) total_ms: f64,
}

/// Returns the names of `count` campaigns.
pub(super) fn campaigns(count: u32) -> Vec<String> {
    (0..count).map(|number| format!("campaign-{number}")).collect()
}

impl Publisher {
    /// Publishes by events.
    ///
    /// # Errors
    /// The platform's address is not valid.
    pub(super) async fn events(
        platform: &Platform,
        tenants: &[Tenant],
        count: u32,
    ) -> Result<Self, Failure> {
        let collector = address(&platform.collector("/"))?;
        Ok(Self::Events { collector, tenants: tenants.to_owned(), campaigns: campaigns(count) })
    }

    /// Publishes a frame of `length` bytes, which the server sends as it is.
    pub(super) fn frames(server: SocketAddr, length: usize) -> Self {
        let mut frame = b"event: update\ndata: ".to_vec();
        frame.resize(length.saturating_sub(2).max(frame.len()), b'x');
        frame.extend_from_slice(b"\n\n");
        let requests = vec![post(server, "/", None, "text/plain", &frame)];
        Self::Requests { server, requests }
    }

    /// Publishes.
    ///
    /// # Errors
    /// It was not accepted.
    pub(super) async fn send(&self) -> Result<(), Failure> {
        match self {
            Self::Events { collector, tenants, campaigns } => {
                let mut connection = Connection::open(*collector).await?;
                for tenant in tenants {
                    let body = events(campaigns).to_string();
                    let key = Some(tenant.collect_key.as_str());
                    let kind = "application/json";
                    let request = post(*collector, "/v1/events", key, kind, body.as_bytes());
                    accepted(connection.ask(&request).await?)?;
                }
                Ok(())
            }
            Self::Requests { server, requests } => {
                let mut connection = Connection::open(*server).await?;
                for request in requests {
                    accepted(connection.ask(request).await?)?;
                }
                Ok(())
            }
        }
    }
}

fn accepted(status: u16) -> Result<(), Failure> {
    if matches!(status, 200 | 202) {
        Ok(())
    } else {
        Err(format!("the update was answered with {status}").into())
    }
}

fn events(campaigns: &[String]) -> Value {
    let time = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    let event = |campaign: &String| {
        json!({
            "event_id": Uuid::now_v7(), "type": "ad_impression", "event_time": time,
            "campaign_id": campaign, "placement": "home-top", "cost": "0.0025",
        })
    };
    campaigns.iter().map(event).collect()
}

/// Publishes, and waits until every stream has the update.
///
/// # Errors
/// A stream ends, or has no update in time.
pub(super) async fn once(
    streams: &mut Streams,
    publisher: &Publisher,
    process: u32,
) -> Result<FanOut, Failure> {
    let meter = Meter::start([(Role::Measured, process)]);
    let began = Instant::now();
    let (sent, arrival) = tokio::join!(publisher.send(), streams.updated());
    sent?;
    let arrival = arrival?;
    let millis = |from: Instant| (arrival.last - from).as_secs_f64() * 1_000.0;
    Ok(FanOut {
        cpu_ms: meter.read().seconds(Role::Measured) * 1_000.0,
        spread_ms: millis(arrival.first),
        total_ms: millis(began),
    })
}

impl FanOut {
    /// Returns the mean: processor time is counted in steps of 10 ms.
    pub(super) fn mean(all: &[Self]) -> Self {
        let mean = |of: fn(&Self) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
        Self {
            cpu_ms: mean(|one| one.cpu_ms),
            spread_ms: mean(|one| one.spread_ms),
            total_ms: mean(|one| one.total_ms),
        }
    }
}
