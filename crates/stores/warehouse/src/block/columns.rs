use std::borrow::Cow;

use chrono::{DateTime, Utc};
use events::{CanonicalEvent, CanonicalItem};
use log::{Generation, Partition};
use money::{Amount, Currency};
use uuid::Uuid;

use crate::{
    Coordinates,
    native::{self, Column, Dictionary, Fixed, Optional, Text},
};

/// One row, with what it is made of.
pub(super) struct NewRow<'a> {
    pub(super) client_id: &'a str,
    pub(super) event: &'a CanonicalEvent<'a>,
    pub(super) generation: Generation,
    pub(super) partition: Partition,
    pub(super) at: Coordinates,
    /// Which item of the event it is, if the event has any.
    pub(super) line: u8,
}

/// Defines the columns of the events table: name, builder, SQL type, and the value of a row.
macro_rules! columns {
    (
        |$row:ident, $event:ident, $item:ident|
        $($name:ident: $builder:ty as $sql_type:literal = $value:expr;)*
    ) => {
        /// Builds the columns of one block, in the order of the table. It is reused.
        #[derive(Default)]
        pub(crate) struct EventColumns {
            $($name: $builder,)*
        }

        impl EventColumns {
            /// The name and the type of each column.
            const COLUMNS: &[(&str, &str)] = &[$((stringify!($name), $sql_type),)*];

            pub(super) fn clear(&mut self) {
                $(self.$name.clear();)*
            }

            pub(super) fn push(&mut self, $row: &NewRow<'_>) {
                let $event = $row.event;
                let $item = $row.item();
                $(self.$name.push($value);)*
            }

            /// Returns the block of the rows with these numbers, in this order.
            pub(super) fn block(&self, order: &[u32]) -> Vec<u8> {
                let size = [$(self.$name.size(),)*].iter().sum::<usize>();
                let mut out = Vec::with_capacity(size + 64 * Self::COLUMNS.len());
                native::begin(&mut out, Self::COLUMNS.len(), order.len());
                $(native::put_column(&mut out, (stringify!($name), $sql_type), &self.$name, order);)*
                out
            }
        }
    };
}

columns! {
    |row, event, item|
    client_id: Dictionary as "LowCardinality(String)" = row.client_id;
    event_type: Dictionary as "LowCardinality(String)" = event.event_type.as_str();
    campaign_id: Dictionary as "LowCardinality(String)" = text(&event.campaign_id);
    event_time: Fixed<8> as "DateTime64(3, 'UTC')" = time(event.event_time);
    event_id: Fixed<16> as "UUID" = uuid(event.event_id);
    kgen: Fixed<2> as "UInt16" = row.generation.get().to_le_bytes();
    kpart: Fixed<2> as "UInt16" = row.partition.get().to_le_bytes();
    koff: Fixed<8> as "UInt64" = row.at.offset.get().to_le_bytes();
    kline: Fixed<1> as "UInt8" = [row.line];
    received_at: Fixed<8> as "DateTime64(3, 'UTC')" = time(row.at.logged_at);
    collected_at: Fixed<8> as "DateTime64(3, 'UTC')" = time(event.received_at);
    event_time_sent: Optional<8> as "Nullable(DateTime64(3, 'UTC'))" = event.event_time_sent.map(time);
    visitor_id: Text as "String" = text(&event.visitor_id);
    session_id: Text as "String" = text(&event.session_id);
    customer_id: Text as "String" = text(&event.customer_id);
    ad_id: Dictionary as "LowCardinality(String)" = text(&event.ad_id);
    creative_id: Dictionary as "LowCardinality(String)" = text(&event.creative_id);
    placement: Dictionary as "LowCardinality(String)" = text(&event.placement);
    page_type: Dictionary as "LowCardinality(String)" = text(&event.page_type);
    keyword: Text as "String" = text(&event.keyword);
    viewable: Optional<1> as "Nullable(Bool)" = event.viewable.map(|viewable| [u8::from(viewable)]);
    product_id: Text as "String" = item.map_or("", |item| &item.product_id);
    parent_sku: Text as "String" = item.map_or("", |item| text(&item.parent_sku));
    brand: Dictionary as "LowCardinality(String)" = item.map_or("", |item| text(&item.brand));
    category: Dictionary as "LowCardinality(String)" = item.map_or("", |item| text(&item.category));
    quantity: Fixed<8> as "Decimal(18, 3)" = item.map_or(0, thousandths).to_le_bytes();
    price: Fixed<8> as "Decimal(18, 6)" = amount(item.and_then(|item| item.price));
    line_total: Fixed<8> as "Decimal(18, 6)" = amount(item.map(CanonicalItem::total));
    order_id: Text as "String" = text(&event.order_id);
    currency: Dictionary as "LowCardinality(String)" = event.currency.as_ref().map_or("", Currency::as_str);
    cost: Fixed<8> as "Decimal(18, 6)" = amount(row.whole_event(event.cost));
    revenue: Fixed<8> as "Decimal(18, 6)" = amount(row.whole_event(event.revenue));
    sales: Fixed<8> as "Decimal(18, 6)" = amount(row.whole_event(Some(event.sales())));
    url: Text as "String" = text(&event.url);
    referrer: Text as "String" = text(&event.referrer);
    user_agent: Text as "String" = text(&event.user_agent);
    device: Dictionary as "LowCardinality(String)" = text(&event.device);
    country: Dictionary as "LowCardinality(String)" = text(&event.country);
    properties: Text as "String" = &event.properties;
}

impl NewRow<'_> {
    fn item(&self) -> Option<&CanonicalItem<'_>> {
        self.event.items.get(usize::from(self.line))
    }

    /// Returns a value of the event as a whole on line 0, and none on other lines.
    fn whole_event(&self, value: Option<Amount>) -> Option<Amount> {
        value.filter(|_| self.line == 0)
    }
}

fn text<'a>(value: &'a Option<Cow<'_, str>>) -> &'a str {
    value.as_deref().unwrap_or("")
}

fn amount(value: Option<Amount>) -> [u8; 8] {
    value.unwrap_or(Amount::ZERO).micros().to_le_bytes()
}

fn time(value: DateTime<Utc>) -> [u8; 8] {
    value.timestamp_millis().to_le_bytes()
}

fn thousandths(item: &CanonicalItem<'_>) -> i64 {
    i64::try_from(item.quantity.thousandths()).unwrap_or(i64::MAX)
}

/// Returns two words of eight bytes, each of them little-endian.
fn uuid(value: Uuid) -> [u8; 16] {
    let (high, low) = value.as_u64_pair();
    ((u128::from(low) << 64) | u128::from(high)).to_le_bytes()
}

/// The columns that the table is sorted by, beside the time.
impl EventColumns {
    pub(super) fn client_ids(&self) -> &Dictionary {
        &self.client_id
    }

    pub(super) fn event_types(&self) -> &Dictionary {
        &self.event_type
    }

    pub(super) fn campaign_ids(&self) -> &Dictionary {
        &self.campaign_id
    }
}
