use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    routes::everything,
    stand::{Answer, Shop, Stand, Who},
};

/// The longest that a request of a neighbour may take: more is a halt. It is no figure of speed.
const HALT: Duration = Duration::from_secs(30);
/// The pause between two rounds of requests.
const PAUSE: Duration = Duration::from_millis(200);
/// How long all events may take to be counted: the hostile one may have sent a million before.
const COUNTED_WITHIN: Duration = Duration::from_secs(600);

/// What happened to a neighbour.
#[derive(Default)]
pub(super) struct Life {
    pub(super) requests: usize,
    /// The events that were accepted.
    pub(super) sent: u64,
    pub(super) longest: Duration,
    pub(super) findings: Vec<String>,
}

/// Sends events, lists and asks until it is over. No answer may be anything but a success.
pub(super) async fn live_on(stand: &Stand, shop: &Shop, is_over: &AtomicBool) -> Life {
    let mut life = Life::default();
    let [from, to] = everything();
    let question = json!({"metrics": ["events"], "time": {"from": from, "to": to}});
    let event = json!([{"type": "ad_impression", "campaign_id": "spring"}]);
    let rounds = [
        (Method::POST, false, "/v1/events", Who::Collect, Some(&event)),
        (Method::GET, true, "/v1/campaigns", Who::Read, None),
        (Method::POST, true, "/v1/query", Who::Owner, Some(&question)),
    ];
    while !is_over.load(Ordering::Relaxed) {
        for (method, is_api, path, who, body) in &rounds {
            let request = stand.request(method, *is_api, path).bearer_auth(shop.credential(*who));
            let request = match body {
                Some(body) => request.json(body),
                None => request,
            };
            let began = Instant::now();
            let answer = Answer::of(request).await;
            let took = began.elapsed();
            life.requests += 1;
            life.longest = life.longest.max(took);
            let wrong = match answer {
                Ok(answer) if answer.is_success() && took < HALT => {
                    life.sent += u64::from(*who == Who::Collect);
                    continue;
                }
                Ok(answer) => format!("{} after {took:?}: {}", answer.status, answer.text()),
                Err(error) => error.to_string(),
            };
            life.findings.push(format!("{method} {path} of a neighbour: {wrong}"));
        }
        sleep(PAUSE).await;
    }
    life
}

/// Returns whether a report has all events that a tenant has sent, as it does in the end.
pub(super) async fn are_counted(stand: &Stand, shop: &Shop, sent: u64) -> bool {
    let [from, to] = everything();
    let path = format!(
        "/v1/campaigns/spring/metrics?granularity=total&metrics=impressions&from={from}&to={to}"
    );
    let deadline = Instant::now() + COUNTED_WITHIN;
    while Instant::now() < deadline {
        let answer = stand.platform.get(shop.credential(Who::Read), &path).await.json();
        if answer.pointer("/totals/impressions").and_then(Value::as_u64) == Some(sent) {
            return true;
        }
        sleep(PAUSE).await;
    }
    false
}
