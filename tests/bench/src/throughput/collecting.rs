use std::path::Path;

use futures::{StreamExt, TryStreamExt, stream};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use testkit::{Platform, Tier};
use tokio::time::Instant;

use super::log::body;
use crate::Failure;

/// Requests in flight at the same time, each on a persistent connection.
const AT_ONCE: usize = 32;

/// Events per request.
const EVENTS: u32 = 10;

/// Measures how many requests a second the collector answers with 202.
pub(crate) async fn requests_per_second(program: &Path, requests: u32) -> Result<f64, Failure> {
    let platform = Platform::start_without_processor_with(program).await;
    let unlimited = json!({"events_per_second": 1_000_000});
    let tenant = platform.onboard_limited(Tier::Shared, unlimited).await;
    let url = platform.collector("/v1/events");
    let bodies: Vec<_> = (0..requests).map(request_body).collect();
    let client = Client::new();
    let send = |body: String| {
        let request = client.post(&url).bearer_auth(&tenant.collect_key).body(body);
        let request = request.header("Content-Type", "application/json");
        async move {
            let status = request.send().await?.status();
            match status {
                StatusCode::ACCEPTED => Ok::<_, Failure>(()),
                other => Err(format!("the collector answered {other}").into()),
            }
        }
    };
    let began = Instant::now();
    stream::iter(bodies).map(send).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    Ok(f64::from(requests) / began.elapsed().as_secs_f64())
}

fn request_body(request: u32) -> String {
    let events: Vec<_> = (0..EVENTS).map(|event| body(request * EVENTS + event)).collect();
    Value::Array(events).to_string()
}
