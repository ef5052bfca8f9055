use std::collections::BTreeMap;

use chrono_tz::{Asia::Kolkata, Europe::Berlin};
use events::{
    Event,
    EventType::{AdClick, AdImpression, PageView, ProductView, Purchase},
};
use metrics::{
    Counter, Dimension, DimensionTest, Distincts, Filter, Granularity, Level, MoneySum,
    QuantitySum, Sums, TextTest, TimeRange,
};
use tenancy::Isolation;
use warehouse::{CellQuery, Keys};

use crate::shop::{Shop, at, event, item};

const TIME: &str = "2026-03-01T22:50:00Z";

fn day() -> TimeRange {
    TimeRange::covering(at("2026-03-01T00:00:00Z"), at("2026-03-02T00:00:00Z")).unwrap()
}

fn query<'a>(by: &'a [Dimension], filter: &'a Filter<DimensionTest>) -> CellQuery<'a> {
    CellQuery {
        range: day(),
        buckets: Granularity::Total.buckets(day(), Berlin),
        zone: Berlin,
        home: "EUR".parse().unwrap(),
        level: Level::Event,
        by,
        filter,
        keys: Keys::All,
    }
}

fn test(dimension: Dimension, test: TextTest) -> Filter<DimensionTest> {
    Filter::Test(DimensionTest { dimension, test })
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn on(device: &str, country: &str, event: Event) -> Event {
    Event { device: Some(device.to_owned()), country: Some(country.to_owned()), ..event }
}

/// Returns a number of each cell, by its keys.
async fn by_keys<T>(
    shop: &Shop,
    query: &CellQuery<'_>,
    number: impl Fn(&Sums) -> T,
) -> BTreeMap<String, T> {
    let cells = shop.warehouse.for_tenant(&shop.context).cells(query).await.unwrap();
    cells.iter().map(|((_, keys), sums)| (keys.join("/"), number(sums))).collect()
}

async fn clicks(shop: &Shop, query: &CellQuery<'_>) -> BTreeMap<String, u64> {
    let mut clicks = by_keys(shop, query, |sums| sums.count(Counter::Clicks)).await;
    clicks.retain(|_, count| *count > 0);
    clicks
}

fn expected<const N: usize>(cells: [(&str, u64); N]) -> BTreeMap<String, u64> {
    cells.into_iter().map(|(keys, count)| (keys.to_owned(), count)).collect()
}

#[tokio::test]
async fn events_are_grouped_and_filtered_by_any_dimensions() {
    let shop = Shop::open(Isolation::Schema).await;
    let click = || event(AdClick, TIME);
    shop.insert(
        0,
        vec![
            on("mobile", "DE", click()),
            on("mobile", "DE", click()),
            on("mobile", "AT", click()),
            on("desktop", "DE", click()),
            on("desktop'; --", "DE", click()),
            click(),
        ],
    )
    .await;
    let everything = Filter::EVERYTHING;
    let both = [Dimension::Device, Dimension::Country];
    assert_eq!(
        clicks(&shop, &query(&both, &everything)).await,
        expected([
            ("mobile/DE", 2),
            ("mobile/AT", 1),
            ("desktop/DE", 1),
            ("desktop'; --/DE", 1),
            ("/", 1)
        ])
    );
    let device = [Dimension::Device];
    let german = test(Dimension::Country, TextTest::In(texts(&["DE", "FR"])));
    let desktop = test(Dimension::Device, TextTest::StartsWith(texts(&["desk"])));
    let quoted = test(Dimension::Device, TextTest::Contains(texts(&["'; --"])));
    let neither = Filter::Not(Box::new(Filter::Any(vec![german.clone(), quoted.clone()])));
    let both = Filter::All(vec![german.clone(), desktop]);
    for (filter, cells) in [
        (&german, expected([("mobile", 2), ("desktop", 1), ("desktop'; --", 1)])),
        (&both, expected([("desktop", 1), ("desktop'; --", 1)])),
        (&quoted, expected([("desktop'; --", 1)])),
        (&neither, expected([("mobile", 1), ("", 1)])),
        (&Filter::Any(Vec::new()), expected([])),
    ] {
        assert_eq!(clicks(&shop, &query(&device, filter)).await, cells, "{filter:?}");
    }
    shop.close().await;
}

#[tokio::test]
async fn groups_can_be_chosen_or_left_out() {
    let shop = Shop::open(Isolation::Schema).await;
    let devices = ["mobile", "mobile", "tablet", "desktop", "desktop", "desktop"];
    let clicks_on = devices.map(|device| on(device, "DE", event(AdClick, TIME)));
    shop.insert(0, clicks_on.to_vec()).await;
    let by = [Dimension::Device];
    let chosen = [texts(&["mobile"]), texts(&["tablet"])];
    let everything = Filter::EVERYTHING;
    let all = query(&by, &everything);
    let only = CellQuery { keys: Keys::Only(&by, &chosen), ..all.clone() };
    assert_eq!(clicks(&shop, &only).await, expected([("mobile", 2), ("tablet", 1)]));
    let others = CellQuery { by: &[], keys: Keys::Except(&by, &chosen), ..all };
    assert_eq!(clicks(&shop, &others).await, expected([("", 3)]));
    shop.close().await;
}

#[tokio::test]
async fn an_event_counts_once_for_each_of_its_products() {
    let shop = Shop::open(Isolation::Schema).await;
    let order = Event {
        items: vec![
            item("a", 2_000, Some("1.50")),
            item("a", 1_000, Some("1.00")),
            item("b", 1_000, Some("7.00")),
        ],
        revenue: Some("99".parse().unwrap()),
        currency: Some("EUR".parse().unwrap()),
        ..event(Purchase, TIME)
    };
    let view = Event { items: vec![item("a", 1_000, None)], ..event(ProductView, TIME) };
    shop.insert(0, vec![order, view, event(PageView, TIME)]).await;
    let everything = Filter::EVERYTHING;
    let products = CellQuery { level: Level::Product, ..query(&[Dimension::Product], &everything) };
    let eur = "EUR".parse().unwrap();
    let numbers = by_keys(&shop, &products, |sums| {
        (
            sums.count(Counter::Orders),
            sums.count(Counter::ProductViews),
            sums.quantity(QuantitySum::UnitsSold).thousandths(),
            sums.money(MoneySum::Sales, eur).to_string(),
        )
    })
    .await;
    assert_eq!(numbers["a"], (1, 1, 3_000, "4.00".to_owned()));
    assert_eq!(numbers["b"], (1, 0, 1_000, "7.00".to_owned()));
    let together = CellQuery { by: &[], ..products };
    let orders = by_keys(&shop, &together, |sums| sums.count(Counter::Orders)).await;
    assert_eq!(orders[""], 1, "the order has two products and is one order");
    shop.close().await;
}

#[tokio::test]
async fn hours_and_weekdays_follow_the_clock_of_the_zone() {
    let shop = Shop::open(Isolation::Schema).await;
    // A Sunday evening in Berlin, a Monday morning in India.
    shop.insert(0, vec![event(AdClick, TIME)]).await;
    let by = [Dimension::HourOfDay, Dimension::DayOfWeek];
    let everything = Filter::EVERYTHING;
    assert_eq!(clicks(&shop, &query(&by, &everything)).await, expected([("23/7", 1)]));
    let india = CellQuery { zone: Kolkata, ..query(&by, &everything) };
    assert_eq!(clicks(&shop, &india).await, expected([("04/1", 1)]));
    shop.close().await;
}

#[tokio::test]
async fn distinct_values_are_counted_in_each_bucket_and_in_all() {
    let shop = Shop::open(Isolation::Schema).await;
    let of = |visitor: &str, customer: Option<&str>, time: &str| Event {
        visitor_id: Some(visitor.to_owned()),
        customer_id: customer.map(str::to_owned),
        ..event(AdImpression, time)
    };
    let morning = "2026-03-01T08:00:00Z";
    let events =
        vec![of("ann", Some("1"), morning), of("ann", None, TIME), of("bob", Some("1"), TIME)];
    shop.insert(0, events).await;
    let everything = Filter::EVERYTHING;
    let by = [Dimension::Campaign];
    let buckets = Granularity::Hour.buckets(day(), Berlin);
    let hours = CellQuery { buckets, ..query(&by, &everything) };
    let cells = shop.warehouse.for_tenant(&shop.context).distinct_cells(&hours).await.unwrap();
    let keys = texts(&["spring-sale"]);
    assert_eq!(cells.totals[&keys], Distincts { visitors: 2, customers: 1 });
    assert_eq!(
        cells.buckets[&(at("2026-03-01T22:00:00Z"), keys)],
        Distincts { visitors: 2, customers: 1 }
    );
    assert_eq!(cells.buckets.len(), 2);
    shop.close().await;
}
