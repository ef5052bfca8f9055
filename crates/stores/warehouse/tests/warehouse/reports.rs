use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::{Antarctica::Casey, Asia::Kolkata, UTC};
use events::{
    Event,
    EventType::{AdClick, AdImpression, AdViewable, AddToCart, PageView, ProductView, Purchase},
};
use metrics::{
    Counter, Dimension, DimensionTest, Distinct, Distincts, Filter, Granularity, Level, MoneySum,
    QuantitySum, TextTest, TimeRange,
};
use money::Quantity;
use tenancy::{CampaignId, Isolation};
use warehouse::{CellQuery, Keys};

use crate::shop::{Shop, at, event, item};

fn range(from: &str, to: &str) -> TimeRange {
    TimeRange::covering(at(from), at(to)).unwrap()
}

fn campaign() -> CampaignId {
    "spring-sale".parse().unwrap()
}

fn by(visitor: &str, event: Event) -> Event {
    Event { visitor_id: Some(visitor.to_owned()), ..event }
}

fn distinct(visitors: u64) -> Distincts {
    Distincts { visitors, ..Distincts::default() }
}

fn visitors_only() -> BTreeSet<Distinct> {
    [Distinct::Visitors].into()
}

fn purchase(time: &str, currency: &str, revenue: Option<&str>) -> Event {
    Event {
        items: vec![item("a", 2_000, Some("1.50")), item("b", 3_250, Some("0.25"))],
        revenue: revenue.map(|revenue| revenue.parse().unwrap()),
        currency: Some(currency.parse().unwrap()),
        ..event(Purchase, time)
    }
}

#[tokio::test]
async fn every_tier_counts_each_event_and_each_unit_once() {
    let day = range("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z");
    let time = "2026-03-01T12:07:00Z";
    for isolation in Isolation::ALL {
        let shop = Shop::open(isolation).await;
        let mut impression = event(AdImpression, time);
        impression.cost = Some("0.000001".parse().unwrap());
        impression.currency = Some("EUR".parse().unwrap());
        let mut cart = event(AddToCart, time);
        cart.items = vec![item("a", 5_000, None), item("b", 1_000, None)];
        let mut elsewhere = event(AdClick, time);
        elsewhere.campaign_id = Some("another".parse().unwrap());
        let events = vec![
            impression.clone(),
            impression,
            event(AdViewable, time),
            event(AdClick, time),
            event(ProductView, time),
            event(PageView, time),
            cart,
            purchase(time, "EUR", Some("10")),
            purchase(time, "EUR", None),
            purchase(time, "USD", Some("7.77")),
            elsewhere,
            event(AdClick, "2026-03-02T00:00:00Z"),
        ];
        shop.insert(0, events).await;
        let reports = shop.warehouse.for_tenant(&shop.context);
        let series =
            reports.campaign_series(&campaign(), day, Granularity::Total, UTC).await.unwrap();
        let total = &series[&day.from()];
        let live = Counter::ALL.into_iter().filter(|counter| counter.is_live());
        let counts: Vec<_> = live.map(|counter| (counter, total.count(counter))).collect();
        assert_eq!(
            counts,
            [
                (Counter::Impressions, 2),
                (Counter::ViewableImpressions, 1),
                (Counter::Clicks, 1),
                (Counter::ProductViews, 1),
                (Counter::AddToCarts, 1),
                (Counter::Orders, 3),
            ],
            "{isolation:?}"
        );
        let units = total.quantity(QuantitySum::UnitsSold);
        assert_eq!(units, Quantity::from_thousandths(15_750), "{isolation:?}");
        let [eur, usd] = ["EUR", "USD"].map(|code| code.parse().unwrap());
        let orders = [eur, usd].map(|currency| total.count_in(Counter::Orders, currency, eur));
        assert_eq!(orders, [2, 1], "{isolation:?}");
        assert_eq!(total.money(MoneySum::Spend, eur), "0.000002".parse().unwrap());
        assert_eq!(total.money(MoneySum::Sales, eur), "13.8125".parse().unwrap());
        assert_eq!(total.money(MoneySum::Sales, usd), "7.77".parse().unwrap());
        shop.close().await;
    }
}

#[tokio::test]
async fn buckets_follow_the_clock_of_the_zone() {
    let shop = Shop::open(Isolation::Schema).await;
    let times = ["2026-03-01T18:15:00Z", "2026-03-01T18:29:59.999Z", "2026-03-01T18:30:00Z"];
    shop.insert(0, times.map(|time| event(AdClick, time)).to_vec()).await;
    let range = range("2026-03-01T18:00:00Z", "2026-03-02T18:00:00Z");
    let clicks = async |granularity| {
        let reports = shop.warehouse.for_tenant(&shop.context);
        let series =
            reports.campaign_series(&campaign(), range, granularity, Kolkata).await.unwrap();
        series
            .into_iter()
            .map(|(start, sums)| (start.to_rfc3339(), sums.count(Counter::Clicks)))
            .collect::<Vec<_>>()
    };
    let expected = |buckets: &[(&str, u64)]| {
        buckets
            .iter()
            .map(|(start, clicks)| (format!("{start}+00:00"), *clicks))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        clicks(Granularity::QuarterHour).await,
        expected(&[("2026-03-01T18:15:00", 2), ("2026-03-01T18:30:00", 1)])
    );
    // Midnight in India is half past six in the evening in UTC.
    for granularity in [Granularity::Hour, Granularity::Day] {
        assert_eq!(
            clicks(granularity).await,
            expected(&[("2026-03-01T18:00:00", 2), ("2026-03-01T18:30:00", 1)])
        );
    }
    shop.close().await;
}

#[tokio::test]
async fn a_visitor_counts_once_in_each_bucket_and_once_in_all() {
    let shop = Shop::open(Isolation::Schema).await;
    let morning = "2026-03-01T08:00:00Z";
    let evening = "2026-03-01T20:00:00Z";
    let events = vec![
        by("ann", event(AdImpression, morning)),
        by("ann", event(AdClick, morning)),
        by("bob", event(AdImpression, morning)),
        by("ann", event(AdImpression, evening)),
        event(AdImpression, evening),
    ];
    shop.insert(0, events).await;
    let day = range("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z");
    let reports = shop.warehouse.for_tenant(&shop.context);
    let visitors = reports
        .campaign_distincts(&campaign(), day, Granularity::Hour, UTC, &visitors_only())
        .await
        .unwrap();
    assert_eq!(visitors.total, distinct(2));
    assert_eq!(
        visitors.buckets,
        BTreeMap::from([(at(morning), distinct(2)), (at(evening), distinct(1))])
    );
    shop.close().await;
}

#[tokio::test]
async fn a_day_that_the_clock_enters_twice_is_one_bucket() {
    let shop = Shop::open(Isolation::Schema).await;
    // At 02:00 on the 5th of March 2010 Casey's clock went back to 23:00 on the 4th.
    let times = ["2010-03-04T12:00:00Z", "2010-03-04T14:00:00Z", "2010-03-04T15:30:00Z"];
    shop.insert(0, times.map(|time| by("ann", event(AdClick, time))).to_vec()).await;
    let range = range("2010-03-03T13:00:00Z", "2010-03-05T16:00:00Z");
    let reports = shop.warehouse.for_tenant(&shop.context);
    let series = reports.campaign_series(&campaign(), range, Granularity::Day, Casey).await;
    let clicks: Vec<_> = series
        .unwrap()
        .into_iter()
        .map(|(start, sums)| (start, sums.count(Counter::Clicks)))
        .collect();
    let fourth = at("2010-03-03T13:00:00Z");
    let fifth = at("2010-03-04T13:00:00Z");
    assert_eq!(clicks, [(fourth, 2), (fifth, 1)]);
    let visitors = reports
        .campaign_distincts(&campaign(), range, Granularity::Day, Casey, &visitors_only())
        .await;
    assert_eq!(
        visitors.unwrap().buckets,
        BTreeMap::from([(fourth, distinct(1)), (fifth, distinct(1))])
    );
    shop.close().await;
}

#[tokio::test]
async fn an_empty_campaign_has_no_buckets() {
    let shop = Shop::open(Isolation::Schema).await;
    let reports = shop.warehouse.for_tenant(&shop.context);
    // The most buckets that a request may have: they fit into one query.
    let year = range("2025-03-01T00:00:00Z", "2026-03-01T00:00:00Z");
    let series = reports.campaign_series(&campaign(), year, Granularity::Hour, UTC).await.unwrap();
    let visitors = reports
        .campaign_distincts(&campaign(), year, Granularity::Hour, UTC, &visitors_only())
        .await
        .unwrap();
    assert!(series.is_empty());
    assert_eq!(visitors.total, distinct(0));
    shop.close().await;
}

#[tokio::test]
async fn queries_are_answered_from_the_rollup_that_has_their_columns() {
    let shop = Shop::open(Isolation::Shared).await;
    let time = |second: u32| format!("2026-03-01T12:{:02}:{:02}Z", second / 60 % 60, second % 60);
    let clicks = (0..20_000).map(|second| event(AdClick, &time(second))).collect();
    shop.insert(0, clicks).await;
    let reports = shop.warehouse.for_tenant(&shop.context);
    let is_spring = DimensionTest {
        dimension: Dimension::Campaign,
        test: TextTest::In(vec!["spring-sale".to_owned()]),
    };
    let spring = Filter::Test(is_spring.into());
    let everything = Filter::EVERYTHING;
    let rollup = async |by: &[Dimension], filter| {
        let day = range("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z");
        let query = CellQuery {
            range: day,
            buckets: Granularity::Hour.buckets(day, Kolkata),
            zone: Kolkata,
            home: "EUR".parse().unwrap(),
            level: Level::Event,
            by,
            filter,
            keys: Keys::All,
            advertisers: None,
        };
        reports.explain(&query).await.unwrap().rollup
    };
    for (by, filter, expected) in [
        (&[][..], &spring, Some("campaign_quarters")),
        (&[Dimension::Advertiser], &everything, Some("campaign_quarters")),
        (&[Dimension::Campaign, Dimension::HourOfDay], &everything, Some("campaign_quarters")),
        (&[Dimension::Campaign, Dimension::Currency], &spring, Some("campaign_quarters")),
        (&[Dimension::Device, Dimension::Country], &everything, Some("source_quarters")),
        (&[Dimension::Referrer, Dimension::DayOfWeek], &everything, Some("source_quarters")),
        (&[Dimension::Campaign, Dimension::Device], &everything, None),
        (&[Dimension::Placement], &spring, None),
        (&[Dimension::CustomerType], &everything, None),
    ] {
        assert_eq!(rollup(by, filter).await.as_deref(), expected, "{by:?}");
    }
}
