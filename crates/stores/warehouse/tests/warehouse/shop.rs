use std::{collections::BTreeMap, ops::RangeInclusive, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use clickhouse::Client;
use events::{Event, EventType, Item};
use tenancy::{ClusterName, Isolation, Placement, Scoped, TenantContext, TenantRecord};
use testkit::{tenant_context, tenant_record};
use uuid::Uuid;
use warehouse::{ClusterSettings, Coordinates, EventRow, InsertBatch, Warehouse};

/// A tenant of one test, in tables that are ready, with a partition of the log to itself.
pub(crate) struct Shop {
    pub(crate) warehouse: Warehouse,
    pub(crate) context: TenantContext,
    settings: ClusterSettings,
    kgen: u16,
}

impl Shop {
    /// A new tenant, its tables made.
    pub(crate) async fn open(isolation: Isolation) -> Self {
        let shop = Self::without_tables(isolation).await;
        shop.warehouse.migrate(shop.context.destination()).await.unwrap();
        shop
    }

    /// A new tenant of which the servers know nothing yet.
    pub(crate) async fn without_tables(isolation: Isolation) -> Self {
        let clusters = clusters();
        let cluster: ClusterName = match isolation {
            Isolation::Shared | Isolation::Schema => "shared".parse().unwrap(),
            Isolation::Dedicated => "dedicated".parse().unwrap(),
        };
        let settings = clusters[&cluster].clone();
        let random = Uuid::now_v7();
        let placement = Placement { isolation, cluster, route_version: 1 };
        let record = tenant_record(&format!("test-{}", random.simple()).parse().unwrap());
        let context = tenant_context(TenantRecord { placement, ..record }).await;
        // Tests share tables, so each writes a generation of the log of its own.
        let kgen = random.as_u128() as u16;
        Self { warehouse: Warehouse::new(clusters), context, settings, kgen }
    }

    /// Drops the tenant's own database. The shared one stays, with rows nobody asks for again.
    pub(crate) async fn close(self) {
        let destination = self.context.destination();
        if self.context.placement().isolation != Isolation::Shared {
            let drop = format!("DROP DATABASE IF EXISTS {}", destination.database);
            self.writer().query(&drop).execute().await.unwrap();
        }
    }

    /// The range of the log from `first` to `last`, on its way to this shop's tables.
    pub(crate) fn batch(&self, first: u64, last: u64) -> InsertBatch {
        InsertBatch {
            kgen: self.kgen,
            topic: "events.v1".to_owned(),
            partition: 3,
            first,
            last,
            destination: self.context.destination().clone(),
            epoch: 1,
            repair: 0,
        }
    }

    /// The rows of events that stand one after the other in the log, from offset `first` on.
    pub(crate) fn rows(
        &self,
        first: u64,
        events: impl IntoIterator<Item = Event>,
    ) -> Scoped<Vec<EventRow>> {
        let rows = (first..).zip(events).flat_map(|(offset, event)| {
            EventRow::lines(Arc::new(event), Coordinates { offset, logged_at: logged_at(offset) })
        });
        #[expect(clippy::disallowed_methods, reason = "stands in for the consumer of the log")]
        self.context.scope(rows.collect())
    }

    /// Inserts events as the whole of one batch.
    pub(crate) async fn insert(&self, first: u64, events: Vec<Event>) {
        let batch = self.batch(first, first + events.len() as u64 - 1);
        self.warehouse.insert(&batch, &[self.rows(first, events)]).await.unwrap();
    }

    /// The driver itself, as the account that writes.
    pub(crate) fn writer(&self) -> Client {
        let ClusterSettings { writer_user, writer_password, .. } = &self.settings;
        self.client().with_user(writer_user).with_password(writer_password.expose())
    }

    /// The driver itself, as the account of reports, in this tenant's database.
    pub(crate) fn reader(&self) -> Client {
        let ClusterSettings { reader_user, reader_password, .. } = &self.settings;
        self.client()
            .with_database(&self.context.destination().database)
            .with_user(reader_user)
            .with_password(reader_password.expose())
    }

    fn client(&self) -> Client {
        Client::default().with_url(&self.settings.url)
    }
}

/// The clusters of the local stack.
pub(crate) fn clusters() -> BTreeMap<ClusterName, ClusterSettings> {
    ["shared", "dedicated"].map(|name| (name.parse().unwrap(), testkit::cluster(name))).into()
}

/// When the log took in what stands at `offset`: ten seconds apart, over midnight at offset 60.
pub(crate) fn logged_at(offset: u64) -> DateTime<Utc> {
    at("2026-03-01T23:50:00Z") + TimeDelta::seconds(10 * offset as i64)
}

/// All of the log's times in these tests.
pub(crate) fn all_day() -> RangeInclusive<DateTime<Utc>> {
    at("2026-03-01T00:00:00Z")..=at("2026-04-01T00:00:00Z")
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// An event of which only what must be there is.
pub(crate) fn event(event_type: EventType, event_time: &str) -> Event {
    Event {
        event_id: Uuid::now_v7(),
        event_type,
        event_time: at(event_time),
        event_time_sent: None,
        received_at: at("2026-03-01T23:49:59.123Z"),
        visitor_id: None,
        session_id: None,
        customer_id: None,
        campaign_id: Some("spring-sale".parse().unwrap()),
        ad_id: None,
        creative_id: None,
        placement: None,
        page_type: None,
        keyword: None,
        cost: None,
        items: Vec::new(),
        order_id: None,
        revenue: None,
        currency: None,
        url: None,
        referrer: None,
        user_agent: None,
        device: None,
        country: None,
        properties: serde_json::Map::new(),
    }
}

/// A line of an order, its quantity in thousandths.
pub(crate) fn item(product_id: &str, thousandths: u64, price: Option<&str>) -> Item {
    Item {
        product_id: product_id.to_owned(),
        brand: None,
        category: None,
        quantity: money::Quantity::from_thousandths(thousandths),
        price: price.map(|price| price.parse().unwrap()),
    }
}
