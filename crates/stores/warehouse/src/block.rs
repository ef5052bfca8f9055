use std::borrow::Cow;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use events::Item;
use money::{Amount, Currency};
use serde_json::{Map, Value};
use tenancy::{CampaignId, Scoped, TenantContext};
use uuid::Uuid;

use crate::{
    EventRow, InsertBatch, RowPlace,
    native::{self, Column, Dictionary, Fixed, Optional, Text},
};

/// A row of the block, with the values that the table is sorted by.
struct KeyedRow<'a> {
    client_id: &'a str,
    event_type: &'a str,
    campaign_id: &'a str,
    event_time: i64,
    batch: &'a InsertBatch,
    row: &'a EventRow,
}

/// Defines the columns of the events table: name, builder, SQL type, and the value of a row.
macro_rules! columns {
    (
        |$keyed:ident, $event:ident, $item:ident|
        $($name:ident: $builder:ident as $sql_type:literal = $value:expr;)*
    ) => {
        /// Builds the block of one insert, in the order of the table. It is reused.
        #[derive(Default)]
        pub(crate) struct EventBlock {
            rows: usize,
            $($name: $builder,)*
        }

        impl EventBlock {
            /// The name and the type of each column.
            pub(crate) const COLUMNS: &[(&str, &str)] = &[$((stringify!($name), $sql_type),)*];

            fn clear(&mut self) {
                self.rows = 0;
                $(self.$name.clear();)*
            }

            fn push(&mut self, $keyed: &KeyedRow<'_>) {
                let $event = $keyed.row.event();
                let $item = $keyed.row.item();
                self.rows += 1;
                $(self.$name.push($value);)*
            }

            fn write(&self) -> Vec<u8> {
                let size = [$(self.$name.size(),)*].iter().sum::<usize>();
                let mut out = Vec::with_capacity(size + 64 * Self::COLUMNS.len());
                native::begin(&mut out, Self::COLUMNS.len(), self.rows);
                $(native::put_column(&mut out, stringify!($name), $sql_type, &self.$name);)*
                out
            }
        }
    };
}

columns! {
    |keyed, event, item|
    client_id: Dictionary as "LowCardinality(String)" = keyed.client_id;
    event_type: Dictionary as "LowCardinality(String)" = keyed.event_type;
    campaign_id: Dictionary as "LowCardinality(String)" = keyed.campaign_id;
    event_time: Fixed as "DateTime64(3, 'UTC')" = keyed.event_time.to_le_bytes();
    event_id: Fixed as "UUID" = uuid(event.event_id);
    kgen: Fixed as "UInt16" = keyed.batch.range.generation.get().to_le_bytes();
    kpart: Fixed as "UInt16" = keyed.batch.range.partition.get().to_le_bytes();
    koff: Fixed as "UInt64" = keyed.row.coordinates().offset.get().to_le_bytes();
    kline: Fixed as "UInt8" = [keyed.row.line()];
    received_at: Fixed as "DateTime64(3, 'UTC')" = time(keyed.row.coordinates().logged_at);
    collected_at: Fixed as "DateTime64(3, 'UTC')" = time(event.received_at);
    event_time_sent: Optional as "Nullable(DateTime64(3, 'UTC'))" = event.event_time_sent.map(time);
    visitor_id: Text as "String" = text(&event.visitor_id);
    session_id: Text as "String" = text(&event.session_id);
    customer_id: Text as "String" = text(&event.customer_id);
    ad_id: Dictionary as "LowCardinality(String)" = text(&event.ad_id);
    creative_id: Dictionary as "LowCardinality(String)" = text(&event.creative_id);
    placement: Dictionary as "LowCardinality(String)" = text(&event.placement);
    page_type: Dictionary as "LowCardinality(String)" = text(&event.page_type);
    keyword: Text as "String" = text(&event.keyword);
    product_id: Text as "String" = item.map_or("", |item| &item.product_id);
    brand: Dictionary as "LowCardinality(String)" = item.map_or("", |item| text(&item.brand));
    category: Dictionary as "LowCardinality(String)" = item.map_or("", |item| text(&item.category));
    quantity: Fixed as "Decimal(18, 3)" = item.map_or(0, thousandths).to_le_bytes();
    price: Fixed as "Decimal(18, 6)" = amount(item.and_then(|item| item.price));
    line_total: Fixed as "Decimal(18, 6)" = amount(item.map(line_total));
    order_id: Text as "String" = text(&event.order_id);
    currency: Dictionary as "LowCardinality(String)" = event.currency.as_ref().map_or("", Currency::as_str);
    cost: Fixed as "Decimal(18, 6)" = amount(keyed.whole_event(event.cost));
    revenue: Fixed as "Decimal(18, 6)" = amount(keyed.whole_event(event.revenue));
    sales: Fixed as "Decimal(18, 6)" = amount(keyed.whole_event(Some(event.sales())));
    url: Text as "String" = text(&event.url);
    referrer: Text as "String" = text(&event.referrer);
    user_agent: Text as "String" = text(&event.user_agent);
    device: Dictionary as "LowCardinality(String)" = text(&event.device);
    country: Dictionary as "LowCardinality(String)" = text(&event.country);
    properties: Text as "String" = &json(&event.properties);
}

impl EventBlock {
    /// Encodes the rows of a batch as one block, the body of an insert.
    pub(crate) fn encode(&mut self, batch: &InsertBatch, rows: &[Scoped<Vec<EventRow>>]) -> Bytes {
        let mut keyed: Vec<_> = rows
            .iter()
            .flat_map(|group| {
                group.value().iter().map(|row| KeyedRow::new(batch, group.tenant(), row))
            })
            .collect();
        keyed.sort_unstable_by(|one, other| one.order().cmp(&other.order()));
        self.clear();
        for row in &keyed {
            self.push(row);
        }
        Bytes::from(self.write())
    }
}

impl<'a> KeyedRow<'a> {
    fn new(batch: &'a InsertBatch, tenant: &'a TenantContext, row: &'a EventRow) -> Self {
        let event = row.event();
        Self {
            client_id: tenant.client_id().as_str(),
            event_type: event.event_type.as_str(),
            campaign_id: event.campaign_id.as_ref().map_or("", CampaignId::as_str),
            event_time: event.event_time.timestamp_millis(),
            batch,
            row,
        }
    }

    /// Returns the table's sort key, then the place: the same rows always make the same block.
    fn order(&self) -> (&str, &str, &str, i64, RowPlace) {
        let place = self.row.place();
        (self.client_id, self.event_type, self.campaign_id, self.event_time, place)
    }

    /// Returns a value of the event as a whole on line 0, and none on other lines.
    fn whole_event(&self, value: Option<Amount>) -> Option<Amount> {
        value.filter(|_| self.row.line() == 0)
    }
}

fn text(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or("")
}

fn amount(value: Option<Amount>) -> [u8; 8] {
    value.unwrap_or(Amount::ZERO).micros().to_le_bytes()
}

fn time(value: DateTime<Utc>) -> [u8; 8] {
    value.timestamp_millis().to_le_bytes()
}

fn line_total(item: &Item) -> Amount {
    item.price.unwrap_or_default().times(item.quantity)
}

fn thousandths(item: &Item) -> i64 {
    i64::try_from(item.quantity.thousandths()).unwrap_or(i64::MAX)
}

fn json(properties: &Map<String, Value>) -> Cow<'static, str> {
    if properties.is_empty() {
        return Cow::Borrowed("{}");
    }
    // Keys are strings, so this cannot fail.
    Cow::Owned(serde_json::to_string(properties).unwrap_or_default())
}

/// Returns two words of eight bytes, each of them little-endian.
fn uuid(value: Uuid) -> [u8; 16] {
    let (high, low) = value.as_u64_pair();
    ((u128::from(low) << 64) | u128::from(high)).to_le_bytes()
}
