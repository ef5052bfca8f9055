use serde::{Deserialize, Serialize};
use serde_json::Value;
use testkit::{Answer, Platform};

use crate::Tenant;

/// The most events of one request.
const AT_ONCE: usize = 100;

/// The expected outcome of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It counts.
    Counts,
    /// It is a duplicate of an event that counts.
    Copy,
    /// It was refused.
    Refused,
}

/// An event as it was sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sent {
    /// The tenant it was sent for.
    pub tenant: String,
    /// Whether it was sent with an import key.
    pub is_history: bool,
    /// Its expected outcome.
    pub verdict: Verdict,
    /// The bytes.
    pub body: String,
}

/// Sends `events` of one tenant in order, duplicates in separate requests; each outcome must match
/// its verdict.
pub async fn send(platform: &Platform, tenant: &Tenant, events: &[Sent]) {
    let sort = |sent: &Sent| (sent.is_history, sent.verdict == Verdict::Copy);
    for batch in events.chunk_by(|one, next| sort(one) == sort(next)) {
        for batch in batch.chunks(AT_ONCE) {
            send_batch(platform, tenant, batch).await;
        }
    }
}

async fn send_batch(platform: &Platform, tenant: &Tenant, events: &[Sent]) {
    let kind = if events[0].is_history { "IMPORT" } else { "COLLECT" };
    let key = platform.secret(&format!("{}_{kind}_KEY", tenant.id.to_uppercase()));
    let bodies: Vec<_> = events.iter().map(|event| event.body.as_str()).collect();
    let request = platform
        .client()
        .post(platform.collector("/v1/events"))
        .bearer_auth(key)
        .header("Content-Type", "application/json")
        .body(format!("[{}]", bodies.join(",")));
    let answer = Answer::read(request.send().await.expect("an answer")).await;
    // Builds differ in the status of a batch whose events were all refused.
    assert!([202, 422].contains(&answer.status.as_u16()), "{}", answer.text);
    let answer = answer.json();
    let outcomes = answer["outcomes"].as_array().expect("an outcome for each");
    assert_eq!(outcomes.len(), events.len());
    for (outcome, event) in outcomes.iter().zip(events) {
        let name = &outcome["outcome"];
        let refused = event.verdict == Verdict::Refused;
        assert_eq!(*name == "rejected", refused, "{}: {outcome}", event.body);
        assert!(refused || *name == "accepted", "{}: {outcome}", event.body);
    }
}

impl Sent {
    /// Parses the event, which must be JSON.
    pub fn event(&self) -> Value {
        serde_json::from_str(&self.body).expect("an event that counts is JSON")
    }
}
