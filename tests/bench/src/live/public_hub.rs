//! Centrifugo, a public hub: <https://centrifugal.dev>. `infra/local/hub.sh` builds it.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde_json::json;
use testkit::free_address;

use super::{
    Options, TENANTS,
    fan_out::Publisher,
    server::{Served, Server},
};
use crate::{
    Failure,
    load::{get, post},
    platform::Denominator,
};

/// The most channels of a request: the hub answers more of them without a length.
const CHANNELS_OF_A_REQUEST: usize = 100;

/// Returns the absolute path of a program.
pub(super) fn program(path: &str) -> io::Result<PathBuf> {
    Path::new(path).canonicalize()
}

/// Measures the hub with as many channels as the api has campaigns, and frames of `length` bytes.
///
/// # Errors
/// The hub does not start, or a measurement fails.
pub(super) async fn measure(
    options: &Options,
    program: &Path,
    length: usize,
) -> Result<Served, Failure> {
    let address: SocketAddr = free_address().parse()?;
    let hub = Denominator::run(program, &[], &settings(address), address).await?;
    let channels = channels(options.campaigns as usize * TENANTS);
    let requests: Vec<_> = channels.iter().map(|channel| stream(address, channel)).collect();
    let publisher = broadcast(address, &channels, length);
    let server = Server {
        address,
        process: &hub.process,
        requests: &requests,
        marker: "\"pub\":",
        publisher: &publisher,
        profile: None,
    };
    server.measure(options).await
}

/// Returns the settings that differ from the hub's own: streams and publishing without a credential
/// on a loopback address, and no reports to its makers.
fn settings(address: SocketAddr) -> BTreeMap<String, String> {
    let ip = address.ip().to_string();
    let port = address.port().to_string();
    [
        ("HTTP_SERVER_ADDRESS", ip.as_str()),
        ("HTTP_SERVER_PORT", port.as_str()),
        ("UNI_SSE_ENABLED", "true"),
        ("CLIENT_INSECURE", "true"),
        ("HTTP_API_INSECURE", "true"),
        ("USAGE_STATS_DISABLED", "true"),
        ("LOG_LEVEL", "error"),
    ]
    .into_iter()
    .map(|(name, value)| (format!("CENTRIFUGO_{name}"), value.to_owned()))
    .collect()
}

/// Returns `count` names of the same length.
fn channels(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("channel-{number:03}")).collect()
}

/// Returns the request that opens a stream of a channel.
fn stream(address: SocketAddr, channel: &str) -> Vec<u8> {
    // {"subs":{"<channel>":{}}}
    let subscription = format!("%7B%22subs%22:%7B%22{channel}%22:%7B%7D%7D%7D");
    get(address, &format!("/connection/uni_sse?cf_connect={subscription}"), None)
}

/// Returns what publishes a frame of `length` bytes on every channel.
fn broadcast(address: SocketAddr, channels: &[String], length: usize) -> Publisher {
    let around = channels.first().map_or(0, |channel| frame(channel, "").len());
    let data = "x".repeat(length.saturating_sub(around));
    let request = |part: &[String]| {
        let body = json!({ "channels": part, "data": data }).to_string();
        post(address, "/api/broadcast", None, "application/json", body.as_bytes())
    };
    let requests = channels.chunks(CHANNELS_OF_A_REQUEST).map(request).collect();
    Publisher::Requests { server: address, requests }
}

/// Returns the frame that the hub sends.
fn frame(channel: &str, data: &str) -> String {
    format!("data: {{\"channel\":\"{channel}\",\"pub\":{{\"data\":\"{data}\"}}}}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_data_fills_a_frame_of_every_channel() {
        let address = "127.0.0.1:80".parse().unwrap();
        let all = channels(101);
        let Publisher::Requests { requests, .. } = broadcast(address, &all, 400) else {
            panic!("the hub publishes by requests");
        };
        let mut published = Vec::new();
        for request in requests {
            let text = String::from_utf8(request).unwrap();
            let (_, body) = text.split_once("\r\n\r\n").unwrap();
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            let data = body["data"].as_str().unwrap();
            for channel in body["channels"].as_array().unwrap() {
                let name = channel.as_str().unwrap();
                assert_eq!(frame(name, data).len(), 400);
                published.push(name.to_owned());
            }
        }
        assert_eq!(published, all);
    }
}
