use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono_tz::{Asia::Kolkata, Europe::Berlin};
use events::{
    Event,
    EventType::{AdClick, AdImpression, PageView, ProductView, Purchase, Refund},
};
use metrics::{
    Counter, DeclaredDimension, Dimension, DimensionTest, Distinct, Distincts, EventTest, Filter,
    Granularity, Level, MoneySum, PropertyType, QuantitySum, Sums, TextTest, TimeRange,
};
use serde_json::{Value, json};
use tenancy::Isolation;
use uuid::Uuid;
use warehouse::{Advertisers, CellQuery, Keys};

use crate::shop::{Shop, at, event, item};

const TIME: &str = "2026-03-01T22:50:00Z";

fn day() -> TimeRange {
    TimeRange::covering(at("2026-03-01T00:00:00Z"), at("2026-03-02T00:00:00Z")).unwrap()
}

fn query<'a>(by: &'a [Dimension], filter: &'a Filter<EventTest>) -> CellQuery<'a> {
    CellQuery {
        range: day(),
        buckets: Granularity::Total.buckets(day(), Berlin),
        zone: Berlin,
        home: "EUR".parse().unwrap(),
        level: Level::Event,
        counts: true,
        by,
        filter,
        keys: Keys::All,
        advertisers: None,
    }
}

fn test(dimension: Dimension, test: TextTest) -> Filter<EventTest> {
    Filter::Test(DimensionTest { dimension, test }.into())
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
    let items = vec![item("a", 500, None), item("b", 250, None)];
    let refund = Event { items, ..event(Refund, TIME) };
    shop.insert(0, vec![order, view, event(PageView, TIME), refund]).await;
    let everything = Filter::EVERYTHING;
    let products = CellQuery { level: Level::Product, ..query(&[Dimension::Product], &everything) };
    let eur = "EUR".parse().unwrap();
    let numbers = by_keys(&shop, &products, |sums| {
        (
            sums.count(Counter::Orders),
            sums.count(Counter::ProductViews),
            sums.quantity(QuantitySum::UnitsSold).thousandths(),
            sums.quantity(QuantitySum::UnitsRefunded).thousandths(),
            sums.money(MoneySum::Sales, eur).to_string(),
        )
    })
    .await;
    assert_eq!(numbers["a"], (1, 1, 3_000, 500, "4.00".to_owned()));
    assert_eq!(numbers["b"], (1, 0, 1_000, 250, "7.00".to_owned()));
    let together = CellQuery { by: &[], ..products };
    let orders = by_keys(&shop, &together, |sums| sums.count(Counter::Orders)).await;
    assert_eq!(orders[""], 1, "the order has two products and is one order");
    shop.close().await;
}

#[tokio::test]
async fn an_advertiser_has_the_events_of_its_campaigns() {
    let shop = Shop::open(Isolation::Schema).await;
    let of = |campaign: &str, visitor: &str| Event {
        campaign_id: (!campaign.is_empty()).then(|| campaign.parse().unwrap()),
        visitor_id: Some(visitor.to_owned()),
        ..event(AdClick, TIME)
    };
    let campaigns = ["spring", "winter", "outlet", "house", ""];
    // Who clicks in two campaigns of an advertiser is one visitor of it.
    shop.insert(0, campaigns.map(|campaign| of(campaign, "ann")).to_vec()).await;
    let pairs = [("spring", "nova"), ("winter", "nova"), ("outlet", "orbit")];
    let advertisers: Advertisers = pairs
        .map(|(campaign, advertiser)| (campaign.parse().unwrap(), advertiser.parse().unwrap()))
        .into_iter()
        .collect();
    let everything = Filter::EVERYTHING;
    let by = [Dimension::Advertiser];
    let all = CellQuery { advertisers: Some(&advertisers), ..query(&by, &everything) };
    assert_eq!(clicks(&shop, &all).await, expected([("nova", 2), ("orbit", 1), ("", 2)]));
    let nova = test(Dimension::Advertiser, TextTest::In(texts(&["nova", "x"])));
    let by_campaign = [Dimension::Campaign];
    let own = CellQuery { by: &by_campaign, filter: &nova, ..all.clone() };
    assert_eq!(clicks(&shop, &own).await, expected([("spring", 1), ("winter", 1)]));
    let chosen = [texts(&["nova"])];
    let others = CellQuery { by: &[], keys: Keys::Except(&by, &chosen), ..all.clone() };
    assert_eq!(clicks(&shop, &others).await, expected([("", 3)]));
    let wanted = BTreeSet::from([Distinct::Visitors]);
    let reports = shop.warehouse.for_tenant(&shop.context);
    let visitors = reports.distinct_cells(&all, &wanted).await.unwrap();
    assert_eq!(visitors.totals[&texts(&["nova"])].visitors, 1);
    let unknown = CellQuery { advertisers: None, ..all };
    assert_eq!(clicks(&shop, &unknown).await, expected([("", 5)]));
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
    let wanted = BTreeSet::from([Distinct::Visitors, Distinct::Customers]);
    let cells =
        shop.warehouse.for_tenant(&shop.context).distinct_cells(&hours, &wanted).await.unwrap();
    let keys = texts(&["spring-sale"]);
    let both = Distincts { visitors: 2, customers: 1, ..Distincts::default() };
    assert_eq!(cells.totals[&keys], both);
    assert_eq!(cells.buckets[&(at("2026-03-01T22:00:00Z"), keys)], both);
    assert_eq!(cells.buckets.len(), 2);
    shop.close().await;
}

#[tokio::test]
async fn a_session_is_counted_where_it_begins_for_each_key_that_it_has() {
    let shop = Shop::open(Isolation::Schema).await;
    let of = |visitor: &str, campaign: &str, time: &str| Event {
        visitor_id: Some(visitor.to_owned()),
        campaign_id: Some(campaign.parse().unwrap()),
        ..event(PageView, time)
    };
    let events = vec![
        of("ann", "a", "1970-01-01T00:00:00Z"),
        of("ann", "a", "2026-02-28T23:50:00Z"),
        of("ann", "a", "2026-03-01T00:10:00Z"),
        of("ann", "b", "2026-03-01T00:20:00Z"),
        of("ann", "a", "2026-03-01T00:40:00Z"),
        of("ann", "a", "2026-03-01T01:10:00.001Z"),
        event(PageView, "2026-03-01T12:00:00Z"),
    ];
    shop.insert(0, events).await;
    let everything = Filter::EVERYTHING;
    let by = [Dimension::Campaign];
    let wanted = BTreeSet::from([Distinct::Sessions]);
    let sessions = async |query: CellQuery<'_>| {
        let reports = shop.warehouse.for_tenant(&shop.context);
        let cells = reports.distinct_cells(&query, &wanted).await.unwrap();
        let counted = cells.totals.into_iter().map(|(keys, seen)| (keys.concat(), seen.sessions));
        counted.collect::<BTreeMap<_, _>>()
    };
    let one_of_each = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 1)]);
    assert_eq!(sessions(query(&by, &everything)).await, one_of_each);
    let together = sessions(query(&[], &everything)).await;
    assert_eq!(together[""], 1, "the first session of the day began the day before");
    let range = TimeRange::covering(at("1970-01-01T00:00:00Z"), at("1970-01-02T00:00:00Z"));
    let first = range.unwrap();
    let buckets = Granularity::Total.buckets(first, Berlin);
    let first = sessions(CellQuery { range: first, buckets, ..query(&[], &everything) }).await;
    assert_eq!(first[""], 1, "nothing precedes 1970");
    shop.close().await;
}

#[tokio::test]
async fn a_refund_is_its_revenue_or_else_its_items() {
    let shop = Shop::open(Isolation::Schema).await;
    let eur = "EUR".parse().unwrap();
    let refund = |revenue: Option<&str>| Event {
        items: vec![item("a", 2_000, Some("1.50")), item("b", 1_000, Some("4"))],
        revenue: revenue.map(|revenue| revenue.parse().unwrap()),
        currency: Some(eur),
        ..event(Refund, TIME)
    };
    let order = Event { event_type: Purchase, ..refund(Some("99")) };
    shop.insert(0, vec![refund(Some("5")), refund(None), refund(Some("0")), order]).await;
    let everything = Filter::EVERYTHING;
    let refunded = async |query: CellQuery<'_>| {
        let reports = shop.warehouse.for_tenant(&shop.context);
        let cells = reports.refunded_cells(&query).await.unwrap().into_iter();
        let amount = |sums: Sums| sums.money(MoneySum::Refunded, eur).to_string();
        cells.map(|((_, keys), sums)| (keys.concat(), amount(sums))).collect::<BTreeMap<_, _>>()
    };
    let whole = refunded(query(&[], &everything)).await;
    assert_eq!(whole[""], "19.00");
    let by = [Dimension::Product];
    let products = refunded(CellQuery { level: Level::Product, ..query(&by, &everything) }).await;
    assert_eq!((&*products["a"], &*products["b"]), ("9.00", "12.00"));
    shop.close().await;
}

/// Returns the order of a customer, of a visitor, or of nobody, with an id that ends in this number.
fn order(id: u128, customer: Option<&str>, visitor: Option<&str>, time: &str) -> Event {
    Event {
        event_id: Uuid::from_u128(id),
        customer_id: customer.map(str::to_owned),
        visitor_id: visitor.map(str::to_owned),
        items: vec![item("a", 1_000, None), item("b", 1_000, None)],
        ..event(Purchase, time)
    }
}

#[tokio::test]
async fn the_first_order_of_a_customer_is_new_and_every_later_one_returning() {
    let shop = Shop::open(Isolation::Shared).await;
    let before = "2026-02-01T10:00:00Z";
    let events = vec![
        // Its first order lies before the range.
        order(1, Some("ann"), None, before),
        order(2, Some("ann"), Some("v1"), TIME),
        // Who ordered as a guest is known by the visitor alone.
        order(3, None, Some("v1"), TIME),
        // Of two orders at one moment the one with the smaller id is the first.
        order((1 << 64) | 5, Some("bob"), None, TIME),
        order((2 << 64) | 4, Some("bob"), None, TIME),
        order(6, None, None, TIME),
        Event { customer_id: Some("cid".to_owned()), ..event(PageView, before) },
        order(7, Some("cid"), None, TIME),
    ];
    shop.insert(0, events).await;
    let everything = Filter::EVERYTHING;
    let by = [Dimension::CustomerType];
    let types = query(&by, &everything);
    let orders = async |query: &CellQuery<'_>| {
        by_keys(&shop, query, |sums| sums.count(Counter::Orders)).await
    };
    assert_eq!(orders(&types).await, expected([("new", 3), ("returning", 2), ("", 1)]));
    let of_products = CellQuery { level: Level::Product, ..types.clone() };
    assert_eq!(orders(&of_products).await, expected([("new", 3), ("returning", 2), ("", 1)]));
    let new = test(Dimension::CustomerType, TextTest::In(texts(&["new"])));
    let not_new = Filter::Not(Box::new(new.clone()));
    assert_eq!(orders(&query(&[], &new)).await, expected([("", 3)]));
    assert_eq!(orders(&query(&[], &not_new)).await, expected([("", 3)]));
    let returning = [texts(&["returning"])];
    let others = CellQuery { by: &[], keys: Keys::Except(&by, &returning), ..types.clone() };
    assert_eq!(orders(&others).await, expected([("", 4)]));

    // An order that arrives late is the first all the same.
    shop.insert(100, vec![order(8, Some("cid"), None, before)]).await;
    assert_eq!(orders(&types).await, expected([("new", 2), ("returning", 3), ("", 1)]));

    let reports = shop.warehouse.for_tenant(&shop.context);
    let all = query(&[], &everything);
    let wanted = BTreeSet::from([Distinct::NewCustomers, Distinct::ReturningCustomers]);
    let cells = reports.distinct_cells(&all, &wanted).await.unwrap();
    let total = cells.totals[&Vec::<String>::new()];
    assert_eq!((total.new_customers, total.returning_customers), (2, 3));
    let visitors = BTreeSet::from([Distinct::Visitors]);
    let unasked = reports.distinct_cells(&all, &visitors).await.unwrap();
    assert_eq!(unasked.totals[&Vec::<String>::new()].new_customers, 0);
    shop.close().await;
}

fn declared(pointer: &str, kind: PropertyType) -> Dimension {
    let name = "own".parse().unwrap();
    Dimension::Declared(Arc::new(DeclaredDimension {
        name,
        pointer: pointer.parse().unwrap(),
        kind,
    }))
}

/// Returns a click with the property `own`, and the same one deeper under a name with signs.
fn click_with(value: Value) -> Event {
    let properties = json!({"own": value, "a/b": {"c~'d": [0], "own": value}});
    let Value::Object(properties) = properties else { panic!() };
    Event { properties, ..event(AdClick, TIME) }
}

#[tokio::test]
async fn a_declared_property_has_the_values_of_its_type() {
    let shop = Shop::open(Isolation::Schema).await;
    let values = [
        json!("gold"),
        json!("gold"),
        json!("7"),
        json!(7),
        json!(-1),
        json!(1.5),
        json!(true),
        json!("false"),
        json!("it's ä"),
        json!(u64::MAX),
        json!("x".repeat(200)),
        json!("ä".repeat(101)),
        json!(""),
        json!(null),
        json!([1]),
        json!({"a": 1}),
    ];
    let mut events: Vec<_> = values.into_iter().map(click_with).collect();
    events.push(event(AdClick, TIME));
    shop.insert(0, events).await;
    let everything = Filter::EVERYTHING;
    let long = "x".repeat(200);
    let texts_and_numbers = expected([
        ("", 6),
        ("gold", 2),
        ("7", 2),
        ("-1", 1),
        ("1.5", 1),
        ("true", 1),
        ("false", 1),
        ("it's ä", 1),
        ("18446744073709551615", 1),
        (long.as_str(), 1),
    ]);
    for (pointer, kind, cells) in [
        ("/properties/own", PropertyType::String, texts_and_numbers.clone()),
        ("/properties/a~1b/own", PropertyType::String, texts_and_numbers),
        ("/properties/own", PropertyType::Integer, expected([("", 14), ("7", 2), ("-1", 1)])),
        ("/properties/own", PropertyType::Boolean, expected([("", 15), ("true", 1), ("false", 1)])),
        ("/properties/a~1b/c~0'd", PropertyType::String, expected([("", 17)])),
        ("/properties/a~1b/c~0'd/0", PropertyType::String, expected([("", 17)])),
        ("/properties/') OR ('' = '", PropertyType::String, expected([("", 17)])),
    ] {
        let by = [declared(pointer, kind)];
        assert_eq!(clicks(&shop, &query(&by, &everything)).await, cells, "{pointer} {kind:?}");
    }
    shop.close().await;
}

#[tokio::test]
async fn a_declared_property_filters_and_its_keys_can_be_left_out() {
    let shop = Shop::open(Isolation::Schema).await;
    let tiers = ["gold", "gold", "silver", "it's"].map(|tier| click_with(json!(tier)));
    shop.insert(0, tiers.into_iter().chain([event(AdClick, TIME)]).collect()).await;
    let own = declared("/properties/own", PropertyType::String);
    let by = [own.clone()];
    let is = |test_of| test(own.clone(), test_of);
    for (filter, cells) in [
        (is(TextTest::In(texts(&["gold", ""]))), expected([("", 1), ("gold", 2)])),
        (is(TextTest::StartsWith(texts(&["it'"]))), expected([("it's", 1)])),
        (
            Filter::Not(Box::new(is(TextTest::Contains(texts(&["l"]))))),
            expected([("", 1), ("it's", 1)]),
        ),
    ] {
        assert_eq!(clicks(&shop, &query(&by, &filter)).await, cells, "{filter:?}");
    }
    let everything = Filter::EVERYTHING;
    let keys = [texts(&["gold"]), texts(&["it's"])];
    let only = CellQuery { keys: Keys::Only(&by, &keys), ..query(&by, &everything) };
    assert_eq!(clicks(&shop, &only).await, expected([("gold", 2), ("it's", 1)]));
    let except = CellQuery { keys: Keys::Except(&by, &keys), ..query(&[], &everything) };
    assert_eq!(clicks(&shop, &except).await, expected([("", 2)]));
    let warehouse = shop.warehouse.for_tenant(&shop.context);
    assert_eq!(warehouse.explain(&query(&by, &everything)).await.unwrap().rollup, None);
    let distincts = warehouse.distinct_cells(&query(&by, &everything), &BTreeSet::new()).await;
    assert_eq!(distincts.unwrap().totals.len(), 4);
    shop.close().await;
}
