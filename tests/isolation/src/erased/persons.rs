use reqwest::Method;
use serde_json::{Value, json};
use testkit::eventually;
use uuid::Uuid;

use crate::{
    Failure,
    figures::Outcome,
    routes::everything,
    stand::{Shop, Stand, Who, text},
};

/// The events of somebody who is not erased.
const OF_OTHERS: usize = 10;
/// The events of a person, and one more that is refused.
const OF_A_PERSON: usize = 3;
/// The persons of one request.
const AT_ONCE: usize = 25;

/// Returns a person's id, which has the word of the tenant's contents: a canary, for nothing else has it but names.
fn id(shop: &Shop, number: usize) -> String {
    format!("{}-{number}", shop.words.content)
}

/// Sends events of persons and of somebody else, and waits until all are stored.
pub(super) async fn send(stand: &Stand, shop: &Shop, count: usize) {
    let view = |visitor: &str| {
        json!({"type": "ad_impression", "campaign_id": "spring", "visitor_id": visitor,
            "event_id": Uuid::now_v7(), "url": format!("https://shop.example/{visitor}")})
    };
    let order = |visitor: &str| {
        json!({"type": "purchase", "campaign_id": "spring", "visitor_id": visitor, "revenue": 7,
            "order_id": visitor, "event_id": Uuid::now_v7(), "items": [{"product_id": "lamp"}],
            "properties": {"note": visitor}})
    };
    let mut events: Vec<_> = (0..OF_OTHERS).map(|_| view("bob")).collect();
    for number in 0..count {
        let visitor = id(shop, number);
        let refused = json!({"type": 17, "anonymousId": visitor});
        events.extend([view(&visitor), view(&visitor), order(&visitor), refused]);
    }
    for some in events.chunks(100) {
        stand.platform.collect(shop.credential(Who::Collect), &json!(some)).await.expect(202);
    }
    wait_for_events(stand, shop, OF_OTHERS + count * OF_A_PERSON).await;
    eventually("the refused events are stored", async || {
        let usage = stand.platform.get(&shop.tenant.owner, "/v1/usage").await.json();
        (usage.pointer("/totals/rejects") == Some(&json!(count))).then_some(())
    })
    .await;
}

/// Asks for the erasure of all persons. Returns the ids of the erasures.
pub(super) async fn erase(
    stand: &Stand,
    shop: &Shop,
    count: usize,
) -> Result<Vec<String>, Failure> {
    let all: Vec<_> = (0..count).map(|number| id(shop, number)).collect();
    let mut begun = Vec::new();
    for some in all.chunks(AT_ONCE) {
        let order = json!({"visitors": some});
        let owner = &shop.tenant.owner;
        let erasure = stand.order(Method::POST, owner, "/v1/privacy/erase", &order).await?;
        begun.push(text(&erasure, "/id")?);
    }
    Ok(begun)
}

/// Checks that the events of others are all there, and that a report has no others.
pub(super) async fn check_others(stand: &Stand, shop: &Shop, outcome: &mut Outcome) {
    let found = events(stand, shop).await;
    outcome.check(found == json!(OF_OTHERS), || {
        format!("{:?} has {found} events, and not the {OF_OTHERS} of others", shop.tier)
    });
}

async fn wait_for_events(stand: &Stand, shop: &Shop, count: usize) {
    eventually("all events are stored", async || {
        (events(stand, shop).await == json!(count)).then_some(())
    })
    .await;
}

/// Returns how many events a report has.
async fn events(stand: &Stand, shop: &Shop) -> Value {
    let [from, to] = everything();
    let question = json!({"metrics": ["events"], "time": {"from": from, "to": to}});
    let answer = stand.platform.post(&shop.tenant.owner, "/v1/query", &question).await.json();
    answer.pointer("/totals/values/events").cloned().unwrap_or_default()
}
