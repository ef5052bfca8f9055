//! Every accepted event is the same in Redis, ClickHouse, the archive and the api's answers, and
//! has the meaning that its sender intended.
//!
//! The events have every field of `docs/sending-events.md`, under every name and in every form. What
//! they mean is known from writing them, not from reading them again.

mod answers;
mod documented;
mod draft;
mod event;
mod items;
mod meant;
mod numbers;
mod objects;
mod request;
mod stores;
mod times;
mod types;
mod unknown;
mod written;

use std::collections::BTreeMap;

use serde_json::Value;
use testkit::{Answer, Platform, Tenant, Tier};

use crate::{agreement::Stores, deck::Deck};
use items::Catalogue;
use meant::{Accepted, Meant};
use request::{Request, Sender};
use written::campaigns;

/// The number of requests, and of events in most of them.
const REQUESTS: usize = 100;
const EVENTS: usize = 30;

/// The most warnings that an answer has for one event.
const WARNINGS: usize = 20;

#[tokio::test]
async fn every_store_has_generated_events_as_their_senders_meant_them() {
    let mut deck = Deck::new();
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Dedicated).await;
    let catalogue = Catalogue::new(&mut deck);
    let mut sender = Sender { deck, catalogue };
    let mut events = BTreeMap::new();
    let mut sent = 0;
    for index in 0..REQUESTS {
        let is_history = index % 3 == 0;
        let request = sender.request(EVENTS, is_history);
        sent += request.meant.len();
        for event in accepted(&platform, &tenant, request, is_history).await {
            events.insert(event.event_id, event);
        }
    }
    assert_eq!(events.len(), sent);
    sender.deck.every_option_was_used();

    stores::rows_agree(&tenant, &events).await;
    stores::archive_agrees(&platform, &events).await;
    let stores = Stores::of(&platform).await;
    for campaign in campaigns() {
        stores.agree_over(&tenant, &campaign, 5).await;
    }
    let events: Vec<_> = events.into_values().collect();
    answers::every_metric_is_compared(&platform, &tenant).await;
    answers::metrics_agree(&platform, &tenant, &events).await;
    answers::lists_agree(&platform, &tenant, &events).await;
}

/// Sends a request and returns its events, which must all be accepted with the right warnings.
async fn accepted(
    platform: &Platform,
    tenant: &Tenant,
    request: Request,
    is_history: bool,
) -> Vec<Accepted> {
    let Request { body, content_type, encoding, meant } = request;
    let key = if is_history { &tenant.import_key } else { &tenant.collect_key };
    let request = platform.client().post(platform.collector("/v1/events")).bearer_auth(key);
    let request = request.header("Content-Type", content_type).header("Content-Encoding", encoding);
    let answer = Answer::read(request.body(body).send().await.unwrap()).await.expect(202).json();
    let received_at = answer["received_at"].as_str().unwrap().parse().unwrap();
    let outcomes = answer["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.len(), meant.len());
    let event = |(outcome, meant): (&Value, Meant)| {
        assert_eq!(outcome["outcome"], "accepted", "{outcome} {meant:?}");
        let id = outcome["event_id"].as_str().unwrap().parse().unwrap();
        let event = meant.accepted(id, received_at);
        answers_with_changes(outcome, &event);
        event
    };
    outcomes.iter().zip(meant).map(event).collect()
}

/// The outcome reports what was changed.
fn answers_with_changes(outcome: &Value, event: &Accepted) {
    let list = |name: &str| outcome[name].as_array().cloned().unwrap_or_default();
    let mut warned: Vec<_> = list("warnings")
        .iter()
        .map(|warning| warning["code"].as_str().unwrap().to_owned())
        .collect();
    let mut right = event.meant.warnings.clone();
    assert_eq!(warned.len(), right.len().min(WARNINGS), "{outcome} {event:?}");
    if right.len() <= WARNINGS {
        warned.sort_unstable();
        right.sort_unstable();
        assert_eq!(warned, right, "{outcome} {event:?}");
    }
    let adjusted: Vec<_> =
        list("adjusted").iter().map(|adjusted| adjusted["to"].as_str().unwrap().parse()).collect();
    let right: Vec<_> = event.is_adjusted().then_some(Ok(event.event_time)).into_iter().collect();
    assert_eq!(adjusted, right, "{outcome} {event:?}");
}
