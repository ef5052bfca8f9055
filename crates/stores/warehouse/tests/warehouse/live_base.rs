use std::collections::BTreeSet;

use events::{
    Event,
    EventType::{AdClick, AdImpression, PageView, ProductView, Purchase},
};
use log::{Generation, Offset};
use metrics::{Counter, MoneySum, QuantitySum, QuarterHour, TimeRange};
use money::Quantity;
use tenancy::Isolation;
use warehouse::{LogFrontier, Rank, Slice};

use crate::shop::{Shop, at, event, item};

const NOON: &str = "2026-03-01T12:07:00Z";

/// Returns the place of offset 10 in the shop's partition, which is number 3.
fn below_ten(shop: &Shop) -> LogFrontier {
    frontier(shop.generation, &[0, 0, 0, 10])
}

fn frontier(generation: Generation, offsets: &[u64]) -> LogFrontier {
    let offsets = offsets.iter().copied().map(Offset::new).collect();
    LogFrontier { generation, offsets }
}

fn day() -> TimeRange {
    TimeRange::covering(at("2026-03-01T00:00:00Z"), at("2026-03-02T00:00:00Z")).unwrap()
}

fn by(visitor: &str, event: Event) -> Event {
    Event { visitor_id: Some(visitor.to_owned()), ..event }
}

fn purchase(currency: &str) -> Event {
    Event {
        items: vec![item("a", 2_000, Some("1.50")), item("b", 3_250, Some("0.25"))],
        currency: Some(currency.parse().unwrap()),
        ..event(Purchase, NOON)
    }
}

#[tokio::test]
async fn rows_below_a_place_are_summed_and_rows_above_are_not() {
    for isolation in Isolation::ALL {
        let shop = Shop::open(isolation).await;
        let mut other = event(AdClick, NOON);
        other.campaign_id = Some("another".parse().unwrap());
        let mut without = event(AdClick, NOON);
        without.campaign_id = None;
        let late = event(AdClick, "2026-03-01T12:15:00Z");
        let next_day = event(AdClick, "2026-03-02T00:00:00Z");
        let events = vec![
            by("ann", event(AdImpression, NOON)),
            by("ann", event(AdImpression, NOON)),
            purchase("EUR"),
            purchase("USD"),
            late,
            other,
            without,
            next_day,
            by("bob", event(PageView, NOON)),
        ];
        shop.insert(0, events).await;
        shop.insert(10, vec![by("eve", event(AdImpression, NOON)), purchase("EUR")]).await;

        let reader = shop.warehouse.for_tenant(&shop.context);
        let found = reader.sums_below(&below_ten(&shop), day()).await.unwrap();
        let of = |campaign: &str, minute: &str| {
            let quarter = QuarterHour::containing(at(minute));
            let mut sums = metrics::Sums::default();
            let mut found = found.iter();
            found
                .by_ref()
                .filter(|one| one.campaign.as_str() == campaign && one.quarter == quarter)
                .for_each(|one| sums.merge(&one.sums));
            sums
        };
        let noon = of("spring-sale", NOON);
        let counts = [Counter::Impressions, Counter::Orders];
        assert_eq!(counts.map(|counter| noon.count(counter)), [2, 2], "{isolation:?}");
        let units = noon.quantity(QuantitySum::UnitsSold);
        assert_eq!(units, Quantity::from_thousandths(10_500), "{isolation:?}");
        for currency in ["EUR", "USD"] {
            let currency = currency.parse().unwrap();
            assert_eq!(noon.money(MoneySum::Sales, currency), "3.8125".parse().unwrap());
            assert_eq!(noon.count_in(Counter::Orders, currency, "JPY".parse().unwrap()), 1);
        }
        assert_eq!(of("spring-sale", "2026-03-01T12:15:00Z").count(Counter::Clicks), 1);
        assert_eq!(of("another", NOON).count(Counter::Clicks), 1);
        let campaigns: BTreeSet<_> = found.iter().map(|one| one.campaign.as_str()).collect();
        assert_eq!(campaigns, ["another", "spring-sale"].into());

        let seen = reader.visitors_below(&below_ten(&shop), day(), Slice::WHOLE).await.unwrap();
        let seen: BTreeSet<_> = seen.iter().map(|one| one.visitor_id.as_str()).collect();
        assert_eq!(seen, ["ann", "bob"].into());
        shop.close().await;
    }
}

#[tokio::test]
async fn all_rows_of_an_earlier_generation_are_below_and_none_of_a_later_one() {
    let shop = Shop::open(Isolation::Schema).await;
    shop.insert(50, vec![event(AdClick, NOON)]).await;
    let own = shop.generation;
    let earlier = own.get().saturating_sub(1);
    let later = own.get().saturating_add(1);
    let reader = shop.warehouse.for_tenant(&shop.context);
    for (generation, offsets, clicks) in [
        (later.into(), &[0; 4][..], 1),
        (earlier.into(), &[u64::MAX; 4], 0),
        (own, &[u64::MAX, u64::MAX, u64::MAX, 50], 0),
        (own, &[0, 0, 0, 51], 1),
        (own, &[0], 0),
    ] {
        let place = frontier(generation, offsets);
        let found = reader.sums_below(&place, day()).await.unwrap();
        assert_eq!(found.len(), clicks, "{place:?}");
    }
    shop.close().await;
}

#[tokio::test]
async fn the_products_that_were_viewed_and_sold_most_come_first() {
    let shop = Shop::open(Isolation::Schema).await;
    let view = |product: &str| Event {
        items: vec![item(product, 1_000, None)],
        ..event(ProductView, NOON)
    };
    shop.insert(0, vec![view("a"), view("c"), view("c"), purchase("EUR"), purchase("EUR")]).await;
    let reader = shop.warehouse.for_tenant(&shop.context);
    let found = reader.products_below(&below_ten(&shop), day()).await.unwrap();
    let found: Vec<_> = found.iter().map(|one| (one.product_id.as_str(), one.rank)).collect();
    let sold = |thousandths| Rank::Sold(Quantity::from_thousandths(thousandths));
    assert_eq!(
        found,
        [("c", Rank::Viewed(2)), ("a", Rank::Viewed(1)), ("b", sold(6_500)), ("a", sold(4_000))]
    );
    shop.close().await;
}

#[tokio::test]
async fn slices_together_contain_every_visitor_once() {
    let shop = Shop::open(Isolation::Schema).await;
    let events = (0..9).map(|number| by(&format!("visitor-{number}"), event(AdClick, NOON)));
    shop.insert(0, events.collect()).await;
    let reader = shop.warehouse.for_tenant(&shop.context);
    let mut seen = Vec::new();
    for index in 0..4 {
        let slice = Slice { index, of: 4 };
        let found = reader.visitors_below(&below_ten(&shop), day(), slice).await.unwrap();
        seen.extend(found.into_iter().map(|one| (one.hour, one.visitor_id)));
    }
    let hour = at("2026-03-01T12:00:00Z");
    assert!(seen.iter().all(|(seen_in, _)| *seen_in == hour));
    let distinct: BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (9, 9));
    shop.close().await;
}

#[tokio::test]
async fn rows_that_are_doubled_until_reconciliation_count_once() {
    for isolation in Isolation::ALL {
        let shop = Shop::open(isolation).await;
        let mut view = event(ProductView, NOON);
        view.items = vec![item("a", 1_000, None)];
        let spent = Event { cost: Some("0.50".parse().unwrap()), ..event(AdImpression, NOON) };
        let clicks = (0..2).map(|_| event(AdClick, NOON));
        let events: Vec<_> = [view, spent, purchase("EUR")].into_iter().chain(clicks).collect();
        shop.insert(0, events.clone()).await;
        let reader = shop.warehouse.for_tenant(&shop.context);
        let sums = async || {
            let mut sums = reader.sums_below(&below_ten(&shop), day()).await.unwrap();
            sums.sort_by_key(|one| format!("{one:?}"));
            sums
        };
        let products = async || reader.products_below(&below_ten(&shop), day()).await.unwrap();
        let sums_before = sums().await;
        let products_before = products().await;

        let batch = shop.batch(0, events.len() as u64 - 1);
        for name in ["twice", "and again"] {
            let token = format!("{batch}:{name}");
            let rows = shop.rows(0, events.clone());
            shop.warehouse.insert_as(&token, &batch, &rows).await.unwrap();
        }
        let all = shop.warehouse.present(&batch, crate::shop::all_day()).await.unwrap();
        assert_eq!(all.len(), 3 * 6, "every row is stored three times");
        assert_eq!(sums().await, sums_before, "{isolation:?}");
        assert_eq!(products().await, products_before, "{isolation:?}");
        shop.close().await;
    }
}
