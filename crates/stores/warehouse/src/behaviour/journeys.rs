use std::ops::Range;

use chrono::{DateTime, Utc};
use clickhouse::Row;
use metrics::Dimension;
use money::{Amount, Quantity};
use serde::Deserialize;

use super::{EventKey, Local, milliseconds};
use crate::{
    TenantWarehouse, WarehouseError,
    statement::{Parameters, Statement, array},
};

/// Which touches and orders attribution is about.
#[derive(Clone, Debug)]
pub struct JourneyQuery<'a> {
    /// The time of the orders. Touches after its end are not read: they are eligible for none of them.
    pub ordered: Range<DateTime<Utc>>,
    /// From when on touches are looked at.
    pub touched_from: DateTime<Utc>,
    /// What the events of one user have in common.
    pub key: EventKey,
    /// The dimensions of each touch, beside its campaign.
    pub by: &'a [Dimension],
    /// The time zone of hours and weekdays, and the currency of events without one.
    pub local: Local,
}

/// What one key saw, clicked and bought.
#[derive(Clone, Debug, Default)]
pub struct KeyJourney {
    /// Its clicks and views of ads, in no order.
    pub touches: Vec<AdTouch>,
    /// The lines of its orders, in no order.
    pub lines: Vec<OrderLine>,
}

/// A click or a view of an ad. Texts that were not sent are empty.
#[derive(Clone, Debug)]
pub struct AdTouch {
    /// In milliseconds since 1970.
    pub time: i64,
    /// `ad_click`, `ad_impression` or `ad_viewable`.
    pub event_type: String,
    /// The event.
    pub id: u128,
    /// Its campaign.
    pub campaign: String,
    /// Whether the impression was viewable; `None` if that is not known.
    pub viewable: Option<bool>,
    /// The advertised product.
    pub product: LineProduct,
    /// Its values of the dimensions that the query names.
    pub keys: Vec<String>,
}

/// A line of an order.
#[derive(Clone, Debug)]
pub struct OrderLine {
    /// In milliseconds since 1970.
    pub time: i64,
    /// The event that it is a line of.
    pub id: u128,
    /// Its number in the event.
    pub line: u8,
    /// The order, as the shop names it.
    pub order_id: String,
    /// The product.
    pub product: LineProduct,
    /// Price times quantity.
    pub total: Amount,
    /// How much of it.
    pub quantity: Quantity,
    /// What the whole order brought in; only on line 0 of an order.
    pub sales: Amount,
    /// The currency; empty if none was sent.
    pub currency: String,
}

/// A product, as an event names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineProduct {
    /// Its id.
    pub product: String,
    /// The product of which it is a variant.
    pub parent: String,
    /// Its brand.
    pub brand: String,
    /// Its category.
    pub category: String,
}

/// As [`LineProduct`].
type ProductTuple = (String, String, String, String);
type TouchTuple = (i64, String, u128, String, Option<bool>, ProductTuple, Vec<String>);
type LineTuple = (i64, u128, u8, String, ProductTuple, i64, i64, i64, String);

#[derive(Row, Deserialize)]
struct JourneyRow {
    without_key: u64,
    touches: Vec<TouchTuple>,
    lines: Vec<LineTuple>,
}

impl TenantWarehouse {
    /// Hands over what each key saw, clicked and bought as it arrives. Returns the number of orders
    /// without a key.
    ///
    /// # Errors
    /// The query is too expensive, or the cluster is unavailable.
    pub async fn journeys(
        &self,
        query: &JourneyQuery<'_>,
        mut each: impl FnMut(KeyJourney),
    ) -> Result<u64, WarehouseError> {
        let mut without_key = 0;
        self.for_each(&query.statement(), |row: JourneyRow| {
            without_key += row.without_key;
            if !row.lines.is_empty() {
                each(row.journey());
            }
        })
        .await?;
        Ok(without_key)
    }
}

impl JourneyQuery<'_> {
    fn statement(&self) -> Statement {
        let mut parameters = Parameters::default();
        parameters.set("ordered_from", milliseconds(self.ordered.start));
        parameters.set("ordered_to", milliseconds(self.ordered.end));
        parameters.set("touched_from", milliseconds(self.touched_from));
        self.local.set(&mut parameters);
        let keys = array(self.by, &mut parameters);
        let template = include_str!("../../queries/journeys.sql");
        let sql = template.replace("{keys}", &keys).replace("{key}", self.key.column());
        Statement { sql, parameters }
    }
}

impl From<ProductTuple> for LineProduct {
    fn from((product, parent, brand, category): ProductTuple) -> Self {
        Self { product, parent, brand, category }
    }
}

impl JourneyRow {
    fn journey(self) -> KeyJourney {
        let touch = |tuple: TouchTuple| {
            let (time, event_type, id, campaign, viewable, product, keys) = tuple;
            AdTouch {
                time,
                event_type,
                id: super::id(id),
                campaign,
                viewable,
                product: product.into(),
                keys,
            }
        };
        let line = |tuple: LineTuple| {
            let (time, id, line, order_id, product, total, quantity, sales, currency) = tuple;
            OrderLine {
                time,
                id: super::id(id),
                line,
                order_id,
                product: product.into(),
                total: Amount::from_micros(total),
                quantity: Quantity::from_thousandths(u64::try_from(quantity).unwrap_or_default()),
                sales: Amount::from_micros(sales),
                currency,
            }
        };
        KeyJourney {
            touches: self.touches.into_iter().map(touch).collect(),
            lines: self.lines.into_iter().map(line).collect(),
        }
    }
}
