//! Compares the API's answers with the sent events: every answer must be right as of its `as_of`.

use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use testkit::{Platform, Tenant};

/// A tenant whose events are all sent through this type.
pub(crate) struct Oracle {
    pub(crate) tenant: Tenant,
    sent: Mutex<Vec<Sent>>,
}

struct Sent {
    count: u64,
    answered: Option<DateTime<Utc>>,
}

impl Oracle {
    pub(crate) fn new(tenant: Tenant) -> Self {
        Self { tenant, sent: Mutex::default() }
    }

    /// Sends `count` impressions of `at` with their cost, and a purchase.
    pub(crate) async fn send(&self, platform: &Platform, count: u64, at: DateTime<Utc>) {
        let index = {
            let mut sent = self.sent.lock().unwrap();
            sent.push(Sent { count, answered: None });
            sent.len() - 1
        };
        let impression = json!({"type": "ad_impression", "campaign_id": "spring", "event_time": at,
            "cost": "0.01", "visitor_id": "ann"});
        let mut events = vec![impression; usize::try_from(count).unwrap()];
        events.push(json!({"type": "purchase", "campaign_id": "spring", "event_time": at,
            "items": [{"product_id": "lamp", "quantity": 2, "price": "9.99"}]}));
        platform.collect(&self.tenant.collect_key, &json!(events)).await.expect(202);
        self.sent.lock().unwrap()[index].answered = Some(Utc::now());
    }

    /// Returns the number of impressions sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.lock().unwrap().iter().map(|sent| sent.count).sum()
    }

    /// Queries the last `hours`, fails the test unless the answer is right, and returns its
    /// `Server-Timing`.
    pub(crate) async fn ask(&self, platform: &Platform, hours: i64) -> String {
        let from = (Utc::now() - TimeDelta::hours(hours)).to_rfc3339().replace('+', "%2B");
        let path = format!(
            "/v1/campaigns/spring/metrics?granularity=total&metrics=impressions&from={from}"
        );
        let answer = platform.get(&self.tenant.owner, &path).await.expect(200);
        let body = answer.json();
        let counted = body["totals"]["impressions"].as_u64().unwrap();
        let least = self.received_before(&body["as_of"]);
        let most = self.sent();
        let source = answer.header("server-timing").to_owned();
        assert!(
            (least..=most).contains(&counted),
            "{counted}, not {least} to {most}: {source} {body}"
        );
        source
    }

    /// Returns how many impressions an answer with this `as_of` must have at least.
    fn received_before(&self, as_of: &Value) -> u64 {
        let Some(as_of) = as_of.as_str() else { return 0 };
        let as_of: DateTime<Utc> = as_of.parse().unwrap();
        let sent = self.sent.lock().unwrap();
        let received = |sent: &&Sent| sent.answered.is_some_and(|answered| answered < as_of);
        sent.iter().filter(received).map(|sent| sent.count).sum()
    }
}
