use std::{collections::BTreeMap, ops::RangeInclusive};

use chrono::{DateTime, TimeDelta, Utc};
use clickhouse::Client;
use events::{CanonicalEvent, Event, EventType, Item};
use log::{Generation, LogRange, Offset, Partition};
use tenancy::{ClusterName, Isolation, Placement, TenantContext, TenantRecord};
use testkit::{tenant_context, tenant_record};
use uuid::Uuid;
use warehouse::{
    BlockBuilder, ClusterSettings, Coordinates, EventBlock, InsertBatch, RowPlace, Warehouse,
};

/// A tenant of one test, with its tables and its own generation of the log.
pub(crate) struct Shop {
    pub(crate) warehouse: Warehouse,
    pub(crate) context: TenantContext,
    settings: ClusterSettings,
    pub(crate) generation: Generation,
}

impl Shop {
    /// Creates a tenant and its tables.
    pub(crate) async fn open(isolation: Isolation) -> Self {
        let shop = Self::without_tables(isolation).await;
        shop.warehouse.migrate(shop.context.destination()).await.unwrap();
        shop
    }

    /// Creates a tenant of this id and its tables. A database of its own has a name that the stack knows in advance,
    /// and belongs to one test.
    pub(crate) async fn of(isolation: Isolation, client_id: &str) -> Self {
        let shop = Self::named(isolation, client_id, Uuid::now_v7()).await;
        shop.warehouse.migrate(shop.context.destination()).await.unwrap();
        shop
    }

    /// Creates a tenant without tables.
    pub(crate) async fn without_tables(isolation: Isolation) -> Self {
        let random = Uuid::now_v7();
        Self::named(isolation, &format!("test-{}", random.simple()), random).await
    }

    async fn named(isolation: Isolation, client_id: &str, random: Uuid) -> Self {
        let clusters = clusters();
        let cluster: ClusterName = match isolation {
            Isolation::Shared | Isolation::Schema => "shared".parse().unwrap(),
            Isolation::Dedicated => "dedicated".parse().unwrap(),
        };
        let settings = clusters[&cluster].clone();
        let placement = Placement { isolation, cluster, route_version: 1 };
        let record = tenant_record(&client_id.parse().unwrap());
        let context = tenant_context(TenantRecord { placement, ..record }).await;
        // Tests share tables, so each writes its own generation of the log.
        let generation = Generation::new(random.as_u128() as u16);
        Self { warehouse: Warehouse::new(clusters), context, settings, generation }
    }

    /// Drops the tenant's own database. The shared one stays, with rows that no test reads again.
    pub(crate) async fn close(self) {
        let destination = self.context.destination();
        if self.context.placement().isolation != Isolation::Shared {
            let drop = format!("DROP DATABASE IF EXISTS {}", destination.database);
            self.writer().query(&drop).execute().await.unwrap();
        }
    }

    /// Returns the batch of the offsets `first` to `last` of partition 3, for this shop's tables.
    pub(crate) fn batch(&self, first: u64, last: u64) -> InsertBatch {
        self.batch_of_partition(3, first, last)
    }

    /// Returns the batch of the same offsets of any partition.
    pub(crate) fn batch_of_partition(&self, partition: u16, first: u64, last: u64) -> InsertBatch {
        let range = LogRange::new(self.generation.get(), partition, first, last);
        InsertBatch::of(range, "events.v1", self.context.destination(), 1)
    }

    /// Returns the rows of events of partition 3 with consecutive offsets, from `first` on.
    pub(crate) fn rows(&self, first: u64, events: impl IntoIterator<Item = Event>) -> EventBlock {
        self.rows_of_partition(3, first, events)
    }

    /// Returns the rows of events of any partition.
    #[expect(clippy::disallowed_methods, reason = "in place of the consumer of the log")]
    pub(crate) fn rows_of_partition(
        &self,
        partition: u16,
        first: u64,
        events: impl IntoIterator<Item = Event>,
    ) -> EventBlock {
        let mut block = self.warehouse.block(self.generation, Partition::new(partition));
        for (offset, event) in (first..).zip(events) {
            let at = Coordinates { offset: offset.into(), logged_at: logged_at(offset) };
            let event = self.context.scope(CanonicalEvent::from(event));
            for line in BlockBuilder::lines(event.value()) {
                block.push(&event.as_ref(), at, line);
            }
        }
        block.finish()
    }

    /// Inserts events as one batch.
    pub(crate) async fn insert(&self, first: u64, events: Vec<Event>) {
        let batch = self.batch(first, first + events.len() as u64 - 1);
        self.warehouse.insert(&batch, &self.rows(first, events)).await.unwrap();
    }

    /// Returns the driver's client of the writer account.
    pub(crate) fn writer(&self) -> Client {
        let ClusterSettings { writer_user, writer_password, .. } = &self.settings;
        self.client().with_user(writer_user).with_password(writer_password.expose())
    }

    /// Returns the driver's client of the reader account, in this tenant's database.
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

/// Returns the clusters of the local stack.
pub(crate) fn clusters() -> BTreeMap<ClusterName, ClusterSettings> {
    ["shared", "dedicated"].map(|name| (name.parse().unwrap(), testkit::cluster(name))).into()
}

/// Returns the log time of `offset`: ten seconds after that of the one before; 60 is midnight.
pub(crate) fn logged_at(offset: u64) -> DateTime<Utc> {
    at("2026-03-01T23:50:00Z") + TimeDelta::seconds(10 * offset as i64)
}

/// Returns a range of all log times in these tests.
pub(crate) fn all_day() -> RangeInclusive<DateTime<Utc>> {
    at("2026-03-01T00:00:00Z")..=at("2026-04-01T00:00:00Z")
}

/// Parses a time.
pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Returns an event with a campaign and the required fields only.
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
        viewable: None,
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

/// Returns an item of an event, its quantity in thousandths.
pub(crate) fn item(product_id: &str, thousandths: u64, price: Option<&str>) -> Item {
    Item {
        product_id: product_id.to_owned(),
        parent_sku: None,
        brand: None,
        category: None,
        quantity: money::Quantity::from_thousandths(thousandths),
        price: price.map(|price| price.parse().unwrap()),
    }
}

/// Returns places of rows from their offsets and lines.
pub(crate) fn places<const N: usize>(places: [(u64, u8); N]) -> [RowPlace; N] {
    places.map(|(offset, line)| RowPlace { offset: Offset::new(offset), line })
}
