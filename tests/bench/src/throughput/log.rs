use std::time::Duration;

use chrono::Utc;
use events::{Event, ParseContext, parse};
use futures::{StreamExt, TryStreamExt, stream::iter};
use serde_json::{Value, json};
use stream::{Delivery, Producer, PublishOutcome};
use tenancy::TenantContext;
use testkit::{Platform, Tenant, tenant_context, tenant_record};
use uuid::Uuid;

use crate::Failure;

/// Events published together, and how many such groups are in flight.
const GROUP: u32 = 2_000;
const GROUPS_AT_ONCE: usize = 4;

/// Publishes `count` events of the tenant to the platform's log.
///
/// # Errors
/// Kafka did not accept all of them.
pub(crate) async fn fill(platform: &Platform, tenant: &Tenant, count: u32) -> Result<(), Failure> {
    let producer = Producer::new(&platform.log())?;
    let context = tenant_context(tenant_record(&tenant.id.parse()?)).await;
    let groups = (0..count.div_ceil(GROUP)).map(|group| GROUP.min(count - group * GROUP));
    iter(groups)
        .map(|size| publish(&producer, &context, size))
        .buffer_unordered(GROUPS_AT_ONCE)
        .try_collect()
        .await
}

#[expect(clippy::disallowed_methods, reason = "a bench publishes events of its own tenant")]
async fn publish(producer: &Producer, context: &TenantContext, size: u32) -> Result<(), Failure> {
    let events = (0..size).map(|number| event(context, number)).collect::<Result<Vec<_>, _>>()?;
    let delivery = Delivery { within: Duration::from_secs(60), traceparent: None };
    let outcomes = producer.publish(context.scope(events), delivery).await;
    let all = outcomes.iter().all(|one| matches!(one, PublishOutcome::Published { .. }));
    if all { Ok(()) } else { Err("Kafka did not accept all events".into()) }
}

fn event(context: &TenantContext, number: u32) -> Result<Event, Failure> {
    let context = ParseContext::new(context.client_id(), context.currency(), Utc::now());
    let parsed = parse(body(number).to_string().as_bytes(), &context);
    Ok(parsed.map_err(|rejection| format!("{rejection:?}"))?.event)
}

/// Creates an event as a shop's page would send it.
pub(crate) fn body(number: u32) -> Value {
    let kind = ["ad_impression", "product_view", "ad_impression", "ad_click"]
        .get(number as usize % 4)
        .copied()
        .unwrap_or("page_view");
    json!({
        "event_id": Uuid::now_v7(),
        "type": kind,
        "event_time": Utc::now(),
        "visitor_id": format!("visitor-{}", number % 5_000),
        "session_id": format!("session-{}", number % 9_000),
        "campaign_id": "spring",
        "ad_id": format!("ad-{}", number % 20),
        "placement": "top",
        "product_id": format!("product-{}", number % 1_000),
        "cost": "0.0025",
        "url": format!("https://shop.example/products/{}", number % 1_000),
        "referrer": "https://search.example/",
        "device": "mobile",
        "country": "DE",
    })
}
