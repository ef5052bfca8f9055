use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::{Antarctica::Casey, Asia::Kolkata, UTC};
use events::{
    Event,
    EventType::{AdClick, AdImpression, AdViewable, AddToCart, PageView, ProductView, Purchase},
};
use metrics::{
    Counter, Dimension, DimensionTest, Distinct, Distincts, EventTest, Filter, Granularity, Level,
    MoneySum, QuantitySum, TextTest, TimeRange,
};
use money::Quantity;
use tenancy::{CampaignId, Isolation, Limits, Placement, TenantRecord};
use testkit::{tenant_context, tenant_record};
use warehouse::{CellQuery, Keys, QueryLimit, WarehouseError};

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

/// Returns events of several campaigns, devices, products and currencies, over a day. Some have two lines of
/// one product.
pub(crate) fn assorted(number: u32) -> Event {
    let time = format!("2026-03-01T{:02}:{:02}:30Z", number % 24, number / 24 % 60);
    let kinds = [AdClick, AdImpression, ProductView, Purchase, PageView];
    let kind = &kinds[number as usize % 5];
    let of = |names: &[&str]| names[number as usize / 5 % names.len()].to_owned();
    let mut event = event(kind.clone(), &time);
    event.campaign_id = Some(of(&["spring-sale", "autumn"]).parse().unwrap());
    event.device = Some(of(&["mobile", "desktop", "tablet"]));
    event.country = Some(of(&["DE", "AT", "CH", "FR"]));
    event.currency = Some(of(&["EUR", "USD"]).parse().unwrap());
    match kind {
        AdClick | AdImpression => event.cost = Some("0.25".parse().unwrap()),
        Purchase => {
            let product = of(&["a", "b", "c"]);
            event.items = vec![item(&product, 1_000, Some("2.50")), item("a", 500, Some("1"))];
            event.revenue = Some("9.99".parse().unwrap());
        }
        ProductView => event.items = vec![item(&of(&["a", "b"]), 1_000, None)],
        _ => {}
    }
    event
}

/// Returns a query by these dimensions, over a day.
pub(crate) fn by_hours<'a>(by: &'a [Dimension], filter: &'a Filter<EventTest>) -> CellQuery<'a> {
    let day = range("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z");
    CellQuery {
        range: day,
        buckets: Granularity::Hour.buckets(day, Kolkata),
        zone: Kolkata,
        home: "EUR".parse().unwrap(),
        level: Level::Event,
        counts: true,
        by,
        filter,
        keys: Keys::All,
        advertisers: None,
    }
}

#[tokio::test]
async fn queries_are_answered_from_the_rollup_that_has_their_columns_and_as_from_the_rows() {
    let shop = Shop::open(Isolation::Shared).await;
    shop.insert(0, (0..20_000).map(assorted).collect()).await;
    let reports = shop.warehouse.for_tenant(&shop.context);
    let is_spring = Filter::Test(EventTest::Dimension(DimensionTest {
        dimension: Dimension::Campaign,
        test: TextTest::In(vec!["spring-sale".to_owned()]),
    }));
    // Every event is of no such creative, and no rollup has creatives.
    let no_creative = Filter::Not(Box::new(Filter::Test(EventTest::Dimension(DimensionTest {
        dimension: Dimension::Creative,
        test: TextTest::In(vec!["none".to_owned()]),
    }))));
    let everything = Filter::EVERYTHING;
    let campaigns = Some("campaign_quarters");
    let sources = Some("source_quarters");
    let products = Some("product_quarters");
    for (by, filter, counts, expected) in [
        (&[][..], &is_spring, true, campaigns),
        (&[Dimension::Advertiser], &everything, true, campaigns),
        (&[Dimension::Campaign, Dimension::HourOfDay], &everything, true, campaigns),
        (&[Dimension::Campaign, Dimension::Currency], &is_spring, true, campaigns),
        (&[Dimension::Campaign, Dimension::EventType], &everything, true, campaigns),
        (&[Dimension::Device, Dimension::Country], &everything, true, sources),
        (&[Dimension::Referrer, Dimension::DayOfWeek], &everything, true, sources),
        (&[Dimension::Product], &everything, false, products),
        (&[Dimension::Product, Dimension::Currency], &everything, false, products),
        (&[Dimension::Product], &everything, true, None),
        (&[Dimension::Product], &is_spring, false, None),
        (&[Dimension::Campaign, Dimension::Device], &everything, true, None),
        (&[Dimension::Placement], &is_spring, true, None),
        (&[Dimension::CustomerType], &everything, true, None),
    ] {
        let is_of_products = by.contains(&Dimension::Product);
        let level = if is_of_products { Level::Product } else { Level::Event };
        let query = CellQuery { level, counts, ..by_hours(by, filter) };
        let explained = reports.explain(&query).await.unwrap();
        assert_eq!(explained.rollup.as_deref(), expected, "{by:?}");

        let same = Filter::All(vec![filter.clone(), no_creative.clone()]);
        let of_rows = CellQuery { filter: &same, ..query.clone() };
        assert_eq!(reports.explain(&of_rows).await.unwrap().rollup, None, "{by:?}");
        let cells = reports.cells(&query).await.unwrap();
        assert!(!cells.is_empty(), "{by:?}");
        assert_eq!(cells, reports.cells(&of_rows).await.unwrap(), "{by:?}");
    }
}

#[tokio::test]
async fn units_and_sales_of_products_are_the_same_with_and_without_the_number_of_events() {
    let shop = Shop::open(Isolation::Schema).await;
    shop.insert(0, (0..500).map(assorted).collect()).await;
    let reports = shop.warehouse.for_tenant(&shop.context);
    let everything = Filter::EVERYTHING;
    let by = [Dimension::Product];
    let counted = CellQuery { level: Level::Product, ..by_hours(&by, &everything) };
    let summed = CellQuery { counts: false, ..counted.clone() };
    let numbers = async |query: &CellQuery<'_>| {
        let cells = reports.cells(query).await.unwrap();
        let amounts = cells.into_iter().map(|(cell, sums)| {
            let quantities: Vec<_> = sums.quantities().collect();
            let money: Vec<_> = sums.money_sums().collect();
            (cell, quantities, money, sums.other_currencies("EUR".parse().unwrap()))
        });
        amounts.collect::<Vec<_>>()
    };
    let summed = numbers(&summed).await;
    assert!(!summed.is_empty());
    assert_eq!(summed, numbers(&counted).await);
    shop.close().await;
}

#[tokio::test]
async fn a_statement_that_exceeds_a_limit_of_its_tenant_ends_and_names_it() {
    let shop = Shop::open(Isolation::Shared).await;
    shop.insert(0, (0..100).map(assorted).collect()).await;
    let everything = Filter::EVERYTHING;
    let by = [Dimension::Placement];
    let query = by_hours(&by, &everything);
    let within = shop.warehouse.for_tenant(&shop.context);
    within.cells(&query).await.unwrap();

    let limits = Limits { query_rows: 10, ..*shop.context.limits() };
    let record = tenant_record(shop.context.client_id());
    let placement = shop.context.placement().clone();
    let small = tenant_context(TenantRecord { limits, placement, ..record }).await;
    let error = shop.warehouse.for_tenant(&small).cells(&query).await.unwrap_err();
    assert!(matches!(error, WarehouseError::TooExpensive(QueryLimit::Read, _)), "{error:?}");
    within.cells(&query).await.unwrap();
}

#[tokio::test]
async fn what_names_a_read_depends_on_everything_that_the_answer_depends_on() {
    let shop = Shop::without_tables(Isolation::Shared).await;
    let reports = shop.warehouse.for_tenant(&shop.context);
    let everything = Filter::EVERYTHING;
    let is_spring = Filter::Test(EventTest::Dimension(DimensionTest {
        dimension: Dimension::Campaign,
        test: TextTest::In(vec!["spring-sale".to_owned()]),
    }));
    let by = [Dimension::Campaign];
    let query = by_hours(&by, &everything);
    let later = range("2026-03-01T01:00:00Z", "2026-03-02T00:00:00Z");
    let advertisers =
        [("spring-sale".parse().unwrap(), "nova".parse().unwrap())].into_iter().collect();
    let advertised = [Dimension::Advertiser];
    let wanted = visitors_only();
    let mut names = BTreeSet::from([
        reports.fingerprint_of_distincts(&query, &wanted),
        reports.fingerprint_of_distincts(&query, &[Distinct::NewCustomers].into()),
    ]);
    let keys = [vec!["a".to_owned()], vec!["b".to_owned()]];
    let queries = [
        query.clone(),
        CellQuery { filter: &is_spring, ..query.clone() },
        CellQuery { by: &[], ..query.clone() },
        CellQuery { range: later, ..query.clone() },
        CellQuery { buckets: Granularity::Day.buckets(query.range, Kolkata), ..query.clone() },
        CellQuery { zone: UTC, ..query.clone() },
        CellQuery { home: "USD".parse().unwrap(), ..query.clone() },
        CellQuery { level: Level::Product, ..query.clone() },
        CellQuery { level: Level::Product, counts: false, ..query.clone() },
        CellQuery { keys: Keys::Only(&by, &keys), ..query.clone() },
        CellQuery { keys: Keys::Only(&by, &keys[..1]), ..query.clone() },
        CellQuery { keys: Keys::Except(&by, &keys), ..query.clone() },
        CellQuery { by: &advertised, ..query.clone() },
        CellQuery { by: &advertised, advertisers: Some(&advertisers), ..query.clone() },
    ];
    names.extend(queries.iter().map(|query| reports.fingerprint_of_cells(query)));
    let placement = Placement { route_version: 2, ..shop.context.placement().clone() };
    let record = tenant_record(shop.context.client_id());
    let moved = tenant_context(TenantRecord { placement, ..record }).await;
    names.insert(shop.warehouse.for_tenant(&moved).fingerprint_of_cells(&query));
    assert_eq!(names.len(), 2 + queries.len() + 1);
    assert_eq!(reports.fingerprint_of_cells(&query), reports.fingerprint_of_cells(&queries[0]));
}
