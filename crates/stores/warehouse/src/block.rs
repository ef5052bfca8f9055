use std::borrow::Cow;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use events::Item;
use money::{Amount, Currency};
use serde_json::{Map, Value};
use tenancy::{CampaignId, Scoped, TenantContext};
use uuid::Uuid;

use crate::{
    EventRow, InsertBatch,
    native::{self, Column, Dictionary, Fixed, Optional, Text},
};

/// A row on its way into the block, with its place in the table's order at hand.
struct Line<'a> {
    client_id: &'a str,
    event_type: &'a str,
    campaign_id: &'a str,
    event_time: i64,
    batch: &'a InsertBatch,
    row: &'a EventRow,
}

/// The columns of the events table: name, builder, SQL type, and the value of a line.
macro_rules! columns {
    (
        |$line:ident, $event:ident, $item:ident|
        $($name:ident: $builder:ident as $sql_type:literal = $value:expr;)*
    ) => {
        /// Builds the block of one insert, in the table's order. Cleared and used again.
        #[derive(Default)]
        pub(crate) struct EventBlock {
            rows: usize,
            $($name: $builder,)*
        }

        impl EventBlock {
            /// Name and type of each column.
            pub(crate) const COLUMNS: &[(&str, &str)] = &[$((stringify!($name), $sql_type),)*];

            fn clear(&mut self) {
                self.rows = 0;
                $(self.$name.clear();)*
            }

            fn push(&mut self, $line: &Line<'_>) {
                let $event = $line.row.event();
                let $item = $line.row.item();
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
    |line, event, item|
    client_id: Dictionary as "LowCardinality(String)" = line.client_id;
    event_type: Dictionary as "LowCardinality(String)" = line.event_type;
    campaign_id: Dictionary as "LowCardinality(String)" = line.campaign_id;
    event_time: Fixed as "DateTime64(3, 'UTC')" = line.event_time.to_le_bytes();
    event_id: Fixed as "UUID" = uuid(event.event_id);
    kgen: Fixed as "UInt16" = line.batch.kgen.to_le_bytes();
    kpart: Fixed as "UInt16" = line.batch.partition.to_le_bytes();
    koff: Fixed as "UInt64" = line.row.coordinates().offset.to_le_bytes();
    kline: Fixed as "UInt8" = [line.row.line()];
    received_at: Fixed as "DateTime64(3, 'UTC')" = time(line.row.coordinates().logged_at);
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
    cost: Fixed as "Decimal(18, 6)" = amount(line.whole(event.cost));
    revenue: Fixed as "Decimal(18, 6)" = amount(line.whole(event.revenue));
    sales: Fixed as "Decimal(18, 6)" = amount(line.whole(Some(event.sales())));
    url: Text as "String" = text(&event.url);
    referrer: Text as "String" = text(&event.referrer);
    user_agent: Text as "String" = text(&event.user_agent);
    device: Dictionary as "LowCardinality(String)" = text(&event.device);
    country: Dictionary as "LowCardinality(String)" = text(&event.country);
    properties: Text as "String" = &json(&event.properties);
}

impl EventBlock {
    /// The block of a batch's rows, as the body of an insert.
    pub(crate) fn encode(&mut self, batch: &InsertBatch, rows: &[Scoped<Vec<EventRow>>]) -> Bytes {
        let mut lines: Vec<_> = rows
            .iter()
            .flat_map(|group| group.value().iter().map(|row| Line::new(batch, group.tenant(), row)))
            .collect();
        lines.sort_unstable_by(|one, other| one.order().cmp(&other.order()));
        self.clear();
        for line in &lines {
            self.push(line);
        }
        Bytes::from(self.write())
    }
}

impl<'a> Line<'a> {
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

    /// The table's sort key, then the coordinates: the same rows always make the same block.
    fn order(&self) -> (&str, &str, &str, i64, u64, u8) {
        let offset = self.row.coordinates().offset;
        let line = self.row.line();
        (self.client_id, self.event_type, self.campaign_id, self.event_time, offset, line)
    }

    /// What belongs to the event as a whole stands on its first line only.
    fn whole(&self, value: Option<Amount>) -> Option<Amount> {
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

/// Two words of eight bytes, each of them little-endian.
fn uuid(value: Uuid) -> [u8; 16] {
    let (high, low) = value.as_u64_pair();
    ((u128::from(low) << 64) | u128::from(high)).to_le_bytes()
}
