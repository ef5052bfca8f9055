use std::collections::{BTreeMap, BTreeSet};

use aggregates::{LiveDelta, ProductDelta};
use chrono::{DateTime, TimeDelta, Utc};
use events::{CanonicalEvent, EventType};
use metrics::{Counter, MoneySum, QuantitySum, QuarterHour, Sums};
use money::{Amount, Quantity};
use privacy::ErasedPersons;
use tenancy::Scoped;

use crate::record::Records;

/// How far back live counters reach. Older events are in ClickHouse only, where readers look for
/// them: an hour that Redis may be asked about has had all its events counted there.
const REACH: TimeDelta = TimeDelta::hours(72);

/// What a batch adds to the live counters, by tenant: nothing of persons that were erased.
pub(crate) fn deltas(records: &Records, erased: &ErasedPersons) -> Vec<Scoped<Vec<LiveDelta>>> {
    let counted = records.iter().filter_map(|record| {
        let log_time = record.log_time();
        let event = record.event.ok().filter(|_| !record.resend)?;
        let is_erased = erased.include(event.tenant().client_id(), event.value());
        (!is_erased && counts(event.value(), log_time)).then_some(event)
    });
    Scoped::group(counted).into_iter().map(|group| group.map(|events| merge(&events))).collect()
}

/// Whether an event belongs to a campaign, and is recent enough.
fn counts(event: &CanonicalEvent<'_>, log_time: DateTime<Utc>) -> bool {
    event.campaign_id.is_some() && event.event_time >= log_time - REACH
}

#[derive(Default)]
struct Merged<'a> {
    sums: Sums,
    visitors: BTreeSet<&'a str>,
    products: BTreeMap<&'a str, (u64, Quantity)>,
}

fn merge(events: &[CanonicalEvent<'_>]) -> Vec<LiveDelta> {
    let mut quarters = BTreeMap::<(&str, QuarterHour), Merged<'_>>::new();
    for event in events {
        let Some(campaign) = &event.campaign_id else {
            continue;
        };
        let quarter = QuarterHour::containing(event.event_time);
        let merged = quarters.entry((campaign, quarter)).or_default();
        add(&mut merged.sums, event);
        merged.visitors.extend(event.visitor_id.as_deref());
        for item in &event.items {
            let (views, units) = match event.event_type {
                EventType::ProductView => (1, Quantity::ZERO),
                EventType::Purchase => (0, item.quantity),
                _ => continue,
            };
            let product = merged.products.entry(&item.product_id).or_default();
            *product = (product.0 + views, product.1.plus(units));
        }
    }
    // The text of a campaign's id is an id.
    let delta = |((campaign, quarter), merged): ((&str, _), Merged<'_>)| {
        let product = |(product_id, (views, units)): (&str, _)| ProductDelta {
            product_id: product_id.to_owned(),
            views,
            units,
        };
        Some(LiveDelta {
            campaign: campaign.parse().ok()?,
            quarter,
            sums: merged.sums,
            visitors: merged.visitors.into_iter().map(str::to_owned).collect(),
            products: merged.products.into_iter().map(product).collect(),
        })
    };
    quarters.into_iter().filter_map(delta).collect()
}

/// Adds one event to sums, as the warehouse's rollups do.
fn add(sums: &mut Sums, event: &CanonicalEvent<'_>) {
    let counter = match event.event_type {
        EventType::AdImpression => Some(Counter::Impressions),
        EventType::AdViewable => Some(Counter::ViewableImpressions),
        EventType::AdClick => Some(Counter::Clicks),
        EventType::ProductView => Some(Counter::ProductViews),
        EventType::AddToCart => Some(Counter::AddToCarts),
        EventType::Purchase => Some(Counter::Orders),
        _ => None,
    };
    if let Some(counter) = counter {
        sums.add_count(counter, event.currency, 1);
    }
    sums.add_quantity(QuantitySum::UnitsSold, event.units());
    let Some(currency) = event.currency else {
        return;
    };
    for (sum, amount) in [(MoneySum::Spend, event.cost), (MoneySum::Sales, Some(event.sales()))] {
        if let Some(amount) = amount.filter(|amount| *amount != Amount::ZERO) {
            sums.add_money(sum, currency, amount);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(raw: serde_json::Value) -> CanonicalEvent<'static> {
        let tenant = "acme".parse().unwrap();
        let received_at = "2026-03-01T12:00:00Z".parse();
        let eur = "EUR".parse().unwrap();
        let context = events::ParseContext::new(&tenant, eur, received_at.unwrap());
        events::parse(raw.to_string().as_bytes(), &context).unwrap().event.into()
    }

    #[test]
    fn events_of_a_quarter_hour_become_one_delta() {
        let at = |minute: u8| format!("2026-03-01T11:{minute:02}:00Z");
        let of = |kind: &str, minute: u8| {
            serde_json::json!({"type": kind, "campaign_id": "spring", "event_time": at(minute),
                "visitor_id": "v1", "product_id": "p1", "cost": "0.50", "revenue": "10"})
        };
        let merged = merge(&[
            event(of("ad_impression", 1)),
            event(of("ad_click", 14)),
            event(of("purchase", 14)),
            event(of("product_view", 15)),
        ]);
        assert_eq!(merged.len(), 2);
        let first = &merged[0];
        let second = &merged[1];
        let eur = "EUR".parse().unwrap();
        assert_eq!(first.sums.count(Counter::Impressions), 1);
        assert_eq!(first.sums.count(Counter::Orders), 1);
        assert_eq!(first.sums.money(MoneySum::Spend, eur).to_string(), "1.50");
        assert_eq!(first.sums.money(MoneySum::Sales, eur).to_string(), "10.00");
        assert_eq!(first.visitors, ["v1"]);
        assert_eq!(first.products[0].units, Quantity::ONE);
        assert_eq!(second.products[0].views, 1);
    }

    #[test]
    fn history_and_events_without_a_campaign_stay_out() {
        let log_time = "2026-03-01T12:00:00Z".parse().unwrap();
        let sent = |time: &str, campaign: Option<&str>| {
            event(
                serde_json::json!({"type": "page_view", "event_time": time, "campaign_id": campaign}),
            )
        };
        assert!(counts(&sent("2026-02-26T12:00:00Z", Some("a")), log_time));
        assert!(!counts(&sent("2026-02-26T11:59:59Z", Some("a")), log_time));
        assert!(!counts(&sent("2026-03-01T11:59:59Z", None), log_time));
    }
}
