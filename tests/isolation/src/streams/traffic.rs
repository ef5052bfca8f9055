use std::{collections::BTreeMap, time::Duration};

use rand::{rngs::StdRng, seq::SliceRandom};
use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    Failure,
    stand::{Answer, Shop, Stand, Who},
};

/// The impressions of most requests.
const EACH: usize = 25;
const PAUSE: Duration = Duration::from_millis(20);

/// The events of a tenant.
pub(super) struct Traffic<'a> {
    /// The tenant's number, from 1: by it the sums of tenants differ.
    number: usize,
    pub(super) shop: &'a Shop,
    /// What is sent in this round: so many impressions of a campaign at a time.
    batches: Vec<(String, usize)>,
    /// The impressions of each campaign, with those of this round.
    sums: BTreeMap<String, u64>,
}

impl<'a> Traffic<'a> {
    pub(super) fn of(number: usize, shop: &'a Shop) -> Self {
        Self { number, shop, batches: Vec::new(), sums: BTreeMap::new() }
    }

    /// Plans another round of about so many events, in a random order.
    pub(super) fn plan(&mut self, events: usize, random: &mut StdRng) {
        let campaigns = campaigns(self.shop);
        let count = events.div_ceil(EACH).max(campaigns.len());
        let most = campaigns.iter().cycle().take(count).map(|campaign| (campaign.clone(), EACH));
        self.batches = most.collect();
        // No two tenants have sent as many of the same campaign.
        self.batches.extend(campaigns.into_iter().map(|campaign| (campaign, self.number)));
        self.batches.shuffle(random);
        for (campaign, impressions) in &self.batches {
            *self.sums.entry(campaign.clone()).or_default() += *impressions as u64;
        }
    }

    /// Sends the events of this round. Returns how many they were.
    pub(super) async fn send(&self, stand: &Stand) -> Result<usize, Failure> {
        let mut sent = 0;
        for (campaign, impressions) in &self.batches {
            // With an id, an event counts once, though its request may be sent again.
            let event = |_| {
                let id = Uuid::now_v7();
                json!({"type": "ad_impression", "campaign_id": campaign, "event_id": id})
            };
            let events: Vec<_> = (0..*impressions).map(event).collect();
            let key = self.shop.credential(Who::Collect);
            let request = stand.request(&Method::POST, false, "/v1/events").bearer_auth(key);
            let answer = Answer::of(request.json(&events)).await?;
            if answer.status != 202 {
                return Err(format!("events are refused: {}", answer.text()).into());
            }
            sent += impressions;
            sleep(PAUSE).await;
        }
        Ok(sent)
    }

    /// Returns the impressions of a campaign that were sent in this round and before.
    pub(super) fn impressions(&self, campaign: &str) -> u64 {
        self.sums.get(campaign).copied().unwrap_or_default()
    }
}

/// Returns the campaigns of a tenant: `spring` is one of every tenant, and of its brand.
pub(super) fn campaigns(shop: &Shop) -> Vec<String> {
    let [own, rival] = shop.words.addresses();
    vec!["spring".to_owned(), own, rival]
}
