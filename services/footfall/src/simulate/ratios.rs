//! Compares the traffic of every shop of `shops/` with the bands of `docs/simulator.md`.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
};

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use events::EventType;
use money::Amount;
use serde::Deserialize;

use super::{Curve, ShopFile, Traffic, shop_file::Pays};
use crate::delivery::OutgoingEvent;

/// The history of the demo: see `infra/local/demo.sh`.
const DAYS: i64 = 30;
const RATE: f64 = 0.06;

fn start() -> DateTime<Utc> {
    "2026-10-28T07:13:05Z".parse().unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every shop that comes with the program, by the name of its file.
fn shops() -> Vec<(String, ShopFile)> {
    let folder = root().join("services/footfall/shops");
    let shops = std::fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let shop = ShopFile::read(&std::fs::read_to_string(&path).unwrap());
        let shop = shop.unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, shop)
    });
    let shops: Vec<_> = shops.collect();
    assert!(shops.len() >= 3, "{}", shops.len());
    shops
}

fn events(shop: &ShopFile, seed: u64, days: i64) -> Vec<OutgoingEvent> {
    let mut traffic = Traffic::new(seed, RATE, Curve::Calendar, shop.clone(), start());
    traffic.until(start() + TimeDelta::days(days))
}

/// Counts and sums of events.
#[derive(Debug, Default)]
struct Counts {
    of: HashMap<String, f64>,
    spend: f64,
    sales: f64,
}

impl Counts {
    fn add(&mut self, event: &OutgoingEvent) {
        let units = |amount: Option<Amount>| amount.unwrap_or_default().micros() as f64 / 1e6;
        *self.of.entry(event.event_type.to_string()).or_default() += 1.0;
        self.spend += units(event.cost);
        if event.event_type == EventType::Purchase {
            self.sales += units(event.revenue);
        }
    }

    fn of(&self, event_type: EventType) -> f64 {
        self.of.get(&event_type.to_string()).copied().unwrap_or_default()
    }

    fn rate(&self, above: EventType, below: EventType) -> f64 {
        self.of(above) / self.of(below)
    }
}

fn by_campaign(events: &[OutgoingEvent]) -> BTreeMap<String, Counts> {
    let mut campaigns = BTreeMap::<String, Counts>::new();
    for event in events {
        if let Some(campaign) = &event.campaign_id {
            campaigns.entry(campaign.to_string()).or_default().add(event);
        }
    }
    campaigns
}

/// Fails unless every ratio is in its band; lists those that are not.
fn assert_in_bands(ratios: Vec<(String, f64, std::ops::Range<f64>)>) {
    let out = ratios.iter().filter(|(_, ratio, band)| !band.contains(ratio));
    let out: Vec<_> =
        out.map(|(name, ratio, band)| format!("{name}: {ratio} of {band:?}")).collect();
    assert!(out.is_empty(), "{out:#?}");
}

#[test]
fn every_campaign_returns_three_to_eight_times_what_it_costs_at_plausible_rates() {
    let mut ratios = Vec::new();
    for ((name, shop), seed) in shops().iter().flat_map(|shop| [(shop, 1), (shop, 2)]) {
        let campaigns = by_campaign(&events(shop, seed, DAYS));
        assert_eq!(campaigns.len(), shop.campaigns.len(), "{name}: a campaign has no events");
        for (id, counts) in campaigns {
            let name = |ratio| format!("{name}, seed {seed}, {id}: {ratio}");
            let carts_by_click = counts.rate(EventType::AddToCart, EventType::AdClick);
            let orders_by_click = counts.rate(EventType::Purchase, EventType::AdClick);
            let in_view = counts.rate(EventType::AdViewable, EventType::AdImpression);
            ratios.extend([
                (name("return on ad spend"), counts.sales / counts.spend, 3.0..8.0),
                (
                    name("ctr"),
                    counts.rate(EventType::AdClick, EventType::AdImpression),
                    0.01..0.035,
                ),
                (name("viewable rate"), in_view, 0.65..0.75),
                (name("carts by click"), carts_by_click, 0.18..0.45),
                (name("conversion rate"), orders_by_click, 0.05..0.15),
            ]);
        }
    }
    assert_in_bands(ratios);
}

#[test]
fn visitors_fill_carts_and_buy_as_often_as_in_a_real_shop() {
    let mut ratios = Vec::new();
    for (name, shop) in shops() {
        let mut counts = Counts::default();
        let events = events(&shop, 1, 10);
        events.iter().for_each(|event| counts.add(event));
        let visits: BTreeSet<_> = events.iter().map(|event| &event.session_id).collect();
        let name = |ratio| format!("{name}: {ratio}");
        let orders_by_visit = counts.of(EventType::Purchase) / visits.len() as f64;
        ratios.extend([
            (
                name("carts by view"),
                counts.rate(EventType::AddToCart, EventType::ProductView),
                0.06..0.3,
            ),
            (
                name("checkouts by cart"),
                counts.rate(EventType::BeginCheckout, EventType::AddToCart),
                0.2..0.6,
            ),
            (
                name("orders by checkout"),
                counts.rate(EventType::Purchase, EventType::BeginCheckout),
                0.5..0.8,
            ),
            (
                name("refunds by order"),
                counts.rate(EventType::Refund, EventType::Purchase),
                0.0..0.06,
            ),
            (name("orders by visit"), orders_by_visit, 0.02..0.18),
        ]);
    }
    assert_in_bands(ratios);
}

#[test]
fn an_order_is_credited_to_the_campaign_whose_clicked_product_it_holds() {
    for (name, shop) in shops() {
        let mut clicked = HashMap::<String, Vec<(String, String)>>::new();
        let mut credited = 0;
        let mut others = 0;
        for event in events(&shop, 1, 10) {
            let session = event.session_id.clone().unwrap();
            let clicks = clicked.entry(session).or_default();
            let campaign = event.campaign_id.as_ref().map(ToString::to_string);
            match event.event_type {
                EventType::AdClick => {
                    clicks.push((event.items[0].product_id.clone(), campaign.unwrap()));
                }
                EventType::Purchase => {
                    let holds =
                        |product: &str| event.items.iter().any(|item| item.product_id == product);
                    let last = clicks.iter().rev().find(|(product, _)| holds(product));
                    assert_eq!(campaign.as_ref(), last.map(|(_, campaign)| campaign), "{name}");
                    *if campaign.is_some() { &mut credited } else { &mut others } += 1;
                }
                EventType::PageView | EventType::ProductListView => assert_eq!(campaign, None),
                _ => {}
            }
        }
        assert!(credited > 20 && others > credited, "{name}: {credited} and {others}");
    }
}

#[test]
fn an_ad_is_for_its_own_campaigns_brand_and_paid_as_the_campaign_pays() {
    for (name, shop) in shops() {
        for event in events(&shop, 1, 2) {
            let Some(ad) = &event.ad_id else { continue };
            let id = event.campaign_id.as_ref().unwrap();
            let campaign = shop.campaigns.iter().find(|campaign| campaign.id == *id).unwrap();
            let item = &event.items[0];
            assert_eq!(item.brand.as_ref(), Some(&campaign.brand), "{name}, {ad}");
            assert!(campaign.categories.contains(item.category.as_ref().unwrap()), "{name}, {ad}");
            let costs = match (campaign.pays, &event.event_type) {
                (Pays::PerClick([least, most]), EventType::AdClick) => Some(least..=most),
                (Pays::PerThousand(cost), EventType::AdImpression) => {
                    let cost = Amount::from_micros(cost.micros() / 1_000);
                    Some(cost..=cost)
                }
                _ => None,
            };
            let right = event.cost.zip(costs.clone()).map(|(cost, costs)| costs.contains(&cost));
            assert!(right.unwrap_or(event.cost.is_none() && costs.is_none()), "{name}: {event:?}");
        }
    }
}

#[test]
fn a_shop_sells_its_own_goods_at_its_own_prices_to_its_own_countries() {
    for (name, shop) in shops() {
        let mut countries = BTreeSet::new();
        for event in events(&shop, 1, 2) {
            assert_eq!(event.currency, Some(shop.currency), "{name}");
            countries.extend(event.country.clone());
            for item in &event.items {
                let category = item.category.as_ref().unwrap();
                let category = shop.categories.iter().find(|one| one.name == *category).unwrap();
                assert!(category.brands.contains(item.brand.as_ref().unwrap()), "{name}: {item:?}");
                let [cheapest, dearest] = category.prices.map(|units| units * 1_000_000);
                let right =
                    |price: Amount| (cheapest..dearest + 1_000_000).contains(&price.micros());
                assert!(item.price.is_none_or(right), "{name}: {item:?}");
            }
        }
        assert_eq!(countries, shop.countries.into_keys().collect(), "{name}");
    }
}

#[test]
fn the_evening_of_the_shops_own_zone_is_its_peak() {
    for (name, shop) in shops() {
        let mut by_hour = [0; 24];
        for event in events(&shop, 1, DAYS) {
            by_hour[event.event_time.with_timezone(&shop.time_zone).hour() as usize] += 1;
        }
        let peak = (0..24).max_by_key(|hour| by_hour[*hour]).unwrap();
        assert!((19..=21).contains(&peak), "{name}: {peak}");
        assert!(by_hour[peak] > 4 * by_hour[3], "{name}: {by_hour:?}");
    }
}

/// The fields that a shop must share with the tenant of its name.
#[derive(Deserialize)]
struct Tenant {
    time_zone: String,
    currency: String,
    campaigns: Vec<Campaign>,
}

#[derive(Deserialize)]
struct Campaign {
    id: String,
}

#[test]
fn a_shop_has_the_zone_the_currency_and_the_campaigns_of_the_tenant_of_its_name() {
    let mut compared = 0;
    for (name, shop) in shops() {
        let path = root().join(format!("tenants/{name}.toml"));
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        let tenant: Tenant = toml::from_str(&text).unwrap();
        assert_eq!(tenant.time_zone.parse(), Ok(shop.time_zone), "{name}");
        assert_eq!(tenant.currency, shop.currency.to_string(), "{name}");
        let advertised = shop.campaigns.iter().map(|campaign| campaign.id.to_string());
        let known = tenant.campaigns.into_iter().map(|campaign| campaign.id);
        assert_eq!(advertised.collect::<BTreeSet<_>>(), known.collect(), "{name}");
        compared += 1;
    }
    assert_eq!(compared, 2);
}

#[test]
fn history_and_live_traffic_from_its_end_share_no_visit_and_no_order() {
    let shop = ShopFile::fashion().unwrap();
    let end = start() + TimeDelta::days(2);
    let past = events(&shop, 1, 2);
    let mut live = Traffic::new(1, RATE, Curve::Calendar, shop, end);
    let live = live.until(end + TimeDelta::days(2));
    assert!(past.iter().all(|event| event.event_time <= end));
    assert!(live.iter().all(|event| event.event_time >= end));
    let ids = |events: &[OutgoingEvent]| -> BTreeSet<String> {
        let ids = |event: &OutgoingEvent| {
            [Some(event.event_id.to_string()), event.session_id.clone(), event.order_id.clone()]
        };
        events.iter().flat_map(ids).flatten().collect()
    };
    let shared: Vec<_> = ids(&past).intersection(&ids(&live)).cloned().collect();
    assert!(shared.is_empty(), "{shared:?}");
    let prices = |events: &[OutgoingEvent]| -> BTreeMap<String, Option<Amount>> {
        let items = events
            .iter()
            .filter(|event| event.ad_id.is_none())
            .flat_map(|event| event.items.clone());
        items.map(|item| (item.product_id, item.price)).collect()
    };
    assert_eq!(prices(&past), prices(&live));
}
