//! The same shop in every tier.

use std::ops::Range;

use chrono::{DateTime, Utc};
use reqwest::{RequestBuilder, header::IF_NONE_MATCH};
use serde_json::{Value, json};
use testkit::{Answer, Platform, Tenant, Tier, eventually};

/// A tenant in each tier, to which the same events are sent.
pub(crate) struct Shops {
    pub(crate) platform: Platform,
    pub(crate) tenants: Vec<(Tier, Tenant)>,
}

impl Shops {
    /// Onboards them on a new platform.
    pub(crate) async fn open() -> Self {
        let platform = Platform::start().await;
        let admin = platform.admin().await;
        // With one partition, the events of a tenant are counted in the order in which they are sent.
        let limits = json!({"events_per_second": 100_000, "concurrent_queries": 64,
            "partition_spread": 1});
        let mut tenants = Vec::new();
        for tier in Tier::ALL {
            tenants.push((tier, platform.onboard_by(&admin, tier, limits.clone()).await));
        }
        Self { platform, tenants }
    }

    /// Sends these requests to each tenant.
    pub(crate) async fn send(&self, requests: &[Vec<Value>]) {
        for (tier, tenant) in &self.tenants {
            for events in requests {
                let answer = self.platform.collect(&tenant.import_key, &json!(events)).await;
                let receipt = answer.expect(202).json();
                for outcome in ["rejected", "retry"] {
                    assert_eq!(receipt["counts"][outcome], 0, "{tier:?}: {receipt}");
                }
            }
        }
    }

    /// Waits until each tenant has so many events in a range, and no more.
    pub(crate) async fn have_counted(&self, range: &Range<DateTime<Utc>>, expected: u64) {
        let body = json!({"metrics": ["events"], "time": {"from": range.start, "to": range.end}});
        for (tier, _) in &self.tenants {
            let mut counted = 0;
            while counted < expected {
                counted = eventually("more events are counted", async || {
                    let answer = self.ask(*tier, &body).await.json();
                    let events = answer["totals"]["values"]["events"].as_u64();
                    events.filter(|events| *events > counted)
                })
                .await;
            }
            assert_eq!(counted, expected, "{tier:?}");
        }
    }

    /// Sends a query to the tenant of a tier; it must be answered.
    pub(crate) async fn ask(&self, tier: Tier, body: &Value) -> Answer {
        let answer = Answer::read(self.request(tier, body).send().await.unwrap()).await;
        assert_eq!(answer.status, 200, "{tier:?} {body}: {}", answer.text);
        answer
    }

    /// Sends a query of which an answer with this tag is known.
    pub(crate) async fn ask_unless(&self, tier: Tier, body: &Value, tag: &str) -> Answer {
        let request = self.request(tier, body).header(IF_NONE_MATCH, tag);
        Answer::read(request.send().await.unwrap()).await
    }

    /// Sends a query to the tenant of each tier.
    pub(crate) async fn ask_all(&self, body: &Value) -> [(Tier, Answer); 3] {
        let [shared, schema, dedicated] = Tier::ALL.map(|tier| self.ask(tier, body));
        let answers = <[Answer; 3]>::from(tokio::join!(shared, schema, dedicated));
        let mut tiers = Tier::ALL.into_iter();
        answers.map(|answer| (tiers.next().unwrap(), answer))
    }

    fn request(&self, tier: Tier, body: &Value) -> RequestBuilder {
        let (_, tenant) = self.tenants.iter().find(|(own, _)| *own == tier).unwrap();
        let request = self.platform.client().post(self.platform.api("/v1/query"));
        request.bearer_auth(&tenant.read_key).json(body)
    }
}
