use clickhouse::{Client, Row};
use events::{CanonicalEvent, Event, EventType, Item};
use log::{Generation, Offset, Partition};
use money::Amount;
use serde::Serialize;
use tenancy::Isolation;
use uuid::Uuid;
use warehouse::InsertBatch;

use crate::shop::{Shop, at, event, item, logged_at};

/// A row in the driver's row-by-row format, with which the crate's own blocks are compared. Its
/// fields are named as the columns.
#[derive(Row, Serialize)]
struct OracleRow {
    client_id: String,
    event_type: String,
    campaign_id: String,
    event_time: i64,
    #[serde(with = "clickhouse::serde::uuid")]
    event_id: Uuid,
    kgen: Generation,
    kpart: Partition,
    koff: Offset,
    kline: u8,
    received_at: i64,
    collected_at: i64,
    event_time_sent: Option<i64>,
    visitor_id: String,
    session_id: String,
    customer_id: String,
    ad_id: String,
    creative_id: String,
    placement: String,
    page_type: String,
    keyword: String,
    viewable: Option<bool>,
    product_id: String,
    parent_sku: String,
    brand: String,
    category: String,
    quantity: i64,
    price: i64,
    line_total: i64,
    order_id: String,
    currency: String,
    cost: i64,
    revenue: i64,
    sales: i64,
    url: String,
    referrer: String,
    user_agent: String,
    device: String,
    country: String,
    properties: String,
}

impl OracleRow {
    fn new(client_id: &str, batch: &InsertBatch, offset: u64, event: &Event, line: u8) -> Self {
        let event = event.clone();
        let item = event.items.get(usize::from(line)).cloned();
        let product =
            item.clone().unwrap_or_else(|| Item { quantity: money::Quantity::ZERO, ..item_of("") });
        let micros = |amount: Option<Amount>| amount.map_or(0, Amount::micros);
        let first = |amount: Option<Amount>| if line == 0 { micros(amount) } else { 0 };
        Self {
            client_id: client_id.to_owned(),
            event_type: event.event_type.to_string(),
            campaign_id: event.campaign_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            event_time: event.event_time.timestamp_millis(),
            event_id: event.event_id,
            kgen: batch.range.generation,
            kpart: batch.range.partition,
            koff: Offset::new(offset),
            kline: line,
            received_at: logged_at(offset).timestamp_millis(),
            collected_at: event.received_at.timestamp_millis(),
            event_time_sent: event.event_time_sent.map(|time| time.timestamp_millis()),
            cost: first(event.cost),
            revenue: first(event.revenue),
            sales: first(Some(CanonicalEvent::from(event.clone()).sales())),
            visitor_id: event.visitor_id.unwrap_or_default(),
            session_id: event.session_id.unwrap_or_default(),
            customer_id: event.customer_id.unwrap_or_default(),
            ad_id: event.ad_id.unwrap_or_default(),
            creative_id: event.creative_id.unwrap_or_default(),
            placement: event.placement.unwrap_or_default(),
            page_type: event.page_type.unwrap_or_default(),
            keyword: event.keyword.unwrap_or_default(),
            viewable: event.viewable,
            price: micros(product.price),
            line_total: micros(product.price.map(|price| price.times(product.quantity))),
            product_id: product.product_id,
            parent_sku: product.parent_sku.unwrap_or_default(),
            brand: product.brand.unwrap_or_default(),
            category: product.category.unwrap_or_default(),
            quantity: i64::try_from(product.quantity.thousandths()).unwrap(),
            order_id: event.order_id.unwrap_or_default(),
            currency: event.currency.map(|currency| currency.to_string()).unwrap_or_default(),
            url: event.url.unwrap_or_default(),
            referrer: event.referrer.unwrap_or_default(),
            user_agent: event.user_agent.unwrap_or_default(),
            device: event.device.unwrap_or_default(),
            country: event.country.unwrap_or_default(),
            properties: serde_json::to_string(&event.properties).unwrap(),
        }
    }
}

fn item_of(product_id: &str) -> Item {
    item(product_id, 1_000, None)
}

/// Returns events with every field set, with none, and with values that are easy to get wrong.
fn awkward_events() -> Vec<Event> {
    let time = "2026-03-01T12:34:56.789Z";
    let amount = |micros| Some(Amount::from_micros(micros));
    let texts = [
        "plain",
        "Grüße, 日本語 🛍️ \u{0}\u{7f}\u{fffd}",
        "tab\tnew\nline\\N \\' quote\" NULL ''",
        &"x".repeat(127),
        &"long ".repeat(4_000),
    ];
    let full = |text: &str, micros| Event {
        event_time_sent: Some(at("1999-12-31T23:59:59.999Z")),
        visitor_id: Some(text.to_owned()),
        session_id: Some(text.to_owned()),
        customer_id: Some(text.to_owned()),
        ad_id: Some(text.to_owned()),
        creative_id: Some(text.to_owned()),
        placement: Some(text.to_owned()),
        page_type: Some(text.to_owned()),
        keyword: Some(text.to_owned()),
        viewable: Some(micros > 0),
        cost: amount(micros),
        items: vec![
            Item {
                parent_sku: Some(text.to_owned()),
                brand: Some(text.to_owned()),
                category: Some(text.to_owned()),
                price: amount(micros),
                ..item_of(text)
            },
            item("zero", i64::MAX.unsigned_abs(), None),
        ],
        order_id: Some(text.to_owned()),
        revenue: amount(micros),
        currency: Some("EUR".parse().unwrap()),
        url: Some(format!("https://shop.example/{text}")),
        referrer: Some(format!("https://www.search.example/?q={text}")),
        user_agent: Some(text.to_owned()),
        device: Some(text.to_owned()),
        country: Some("IN".to_owned()),
        properties: serde_json::from_value(
            serde_json::json!({ "deep": { text: [null, 1.5, text] } }),
        )
        .unwrap(),
        ..event(EventType::Purchase, time)
    };
    let mut events: Vec<_> = texts.iter().map(|text| full(text, 1)).collect();
    events.extend(
        [Amount::EVENT_MAX.micros(), i64::MAX, i64::MIN, 0, -1].map(|micros| full("m", micros)),
    );
    let bare = |event_type| Event { campaign_id: None, ..event(event_type, time) };
    events.push(bare(EventType::PageView));
    events.push(bare("custom.wish-list_add".parse().unwrap()));
    events.push(Event { event_id: Uuid::nil(), ..bare(EventType::Refund) });
    events
        .push(Event { event_id: Uuid::max(), ..event(EventType::AdClick, "1970-01-01T00:00:00Z") });
    // More distinct texts than a byte can count.
    let device = |number| Event { device: Some(format!("d{number}")), ..bare(EventType::PageView) };
    events.extend((0..300).map(device));
    events
}

async fn contents(client: &Client, table: &str) -> String {
    let sql = format!("SELECT *, referrer_host FROM {table} ORDER BY koff, kline");
    let mut cursor = client.query(&sql).fetch_bytes("TSVWithNamesAndTypes").unwrap();
    String::from_utf8(cursor.collect().await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn blocks_and_the_drivers_rows_make_the_same_table() {
    let shop = Shop::open(Isolation::Schema).await;
    let client = shop.writer().with_database(&shop.context.destination().database);
    client.query("CREATE TABLE oracle AS events").execute().await.unwrap();

    let events = awkward_events();
    let batch = shop.batch(0, events.len() as u64 - 1);
    let mut insert = client.insert::<OracleRow>("oracle").await.unwrap();
    for (offset, event) in (0..).zip(&events) {
        for line in (0..=u8::MAX).take(event.items.len().max(1)) {
            let client_id = shop.context.client_id().as_str();
            insert.write(&OracleRow::new(client_id, &batch, offset, event, line)).await.unwrap();
        }
    }
    insert.end().await.unwrap();
    // The second block reuses the builders of the first and must contain nothing of it.
    shop.warehouse
        .insert(
            &shop.batch(1_000, 1_000),
            &shop.rows(1_000, [event(EventType::AdClick, "2026-03-01T12:00:00Z")]),
        )
        .await
        .unwrap();
    shop.warehouse.insert(&batch, &shop.rows(0, events)).await.unwrap();
    client
        .query("ALTER TABLE events DELETE WHERE koff = 1000 SETTINGS mutations_sync = 1")
        .execute()
        .await
        .unwrap();

    let ours = contents(&client, "events").await;
    assert_eq!(ours.lines().count(), 2 + 10 * 2 + 304);
    for (ours, oracle) in ours.lines().zip(contents(&client, "oracle").await.lines()) {
        assert_eq!(ours, oracle);
    }
    shop.close().await;
}
