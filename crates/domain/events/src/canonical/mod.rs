mod cursor;
mod storable;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use money::{Amount, Currency, Quantity};
use uuid::Uuid;

use self::cursor::Cursor;
use crate::{Event, EventType, Item, event::total};

/// An event in canonical form, borrowed from its JSON: [`Event`] without the copies.
///
/// It has the same fields, and is read from the same texts.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of `Event`")]
pub struct CanonicalEvent<'a> {
    pub event_id: Uuid,
    pub event_type: EventType,
    pub event_time: DateTime<Utc>,
    pub event_time_sent: Option<DateTime<Utc>>,
    pub received_at: DateTime<Utc>,
    pub visitor_id: Option<Cow<'a, str>>,
    pub session_id: Option<Cow<'a, str>>,
    pub customer_id: Option<Cow<'a, str>>,
    /// The text of a valid [`CampaignId`](tenancy::CampaignId).
    pub campaign_id: Option<Cow<'a, str>>,
    pub ad_id: Option<Cow<'a, str>>,
    pub creative_id: Option<Cow<'a, str>>,
    pub placement: Option<Cow<'a, str>>,
    pub page_type: Option<Cow<'a, str>>,
    pub keyword: Option<Cow<'a, str>>,
    pub viewable: Option<bool>,
    pub cost: Option<Amount>,
    pub items: Vec<CanonicalItem<'a>>,
    pub order_id: Option<Cow<'a, str>>,
    pub revenue: Option<Amount>,
    pub currency: Option<Currency>,
    pub url: Option<Cow<'a, str>>,
    pub referrer: Option<Cow<'a, str>>,
    pub user_agent: Option<Cow<'a, str>>,
    pub device: Option<Cow<'a, str>>,
    pub country: Option<Cow<'a, str>>,
    /// A JSON object; `{}` if there are none.
    pub properties: Cow<'a, str>,
}

/// One product of a [`CanonicalEvent`].
pub type CanonicalItem<'a> = Item<Cow<'a, str>>;

impl<'a> CanonicalEvent<'a> {
    /// Reads the JSON of an [`Event`].
    ///
    /// What [`Event`]'s own serialisation writes without escapes is read in one pass, without
    /// copies; all else is read as [`Event`], several times slower.
    ///
    /// # Errors
    /// The text is not the JSON of an [`Event`].
    pub fn read(json: &'a [u8]) -> serde_json::Result<Self> {
        match Cursor::event(json) {
            Some(event) => Ok(event),
            None => serde_json::from_slice::<Event>(json).map(Self::from),
        }
    }

    /// Returns the sales of a purchase: its total, or else the sum of its items. Zero for other
    /// events.
    pub fn sales(&self) -> Amount {
        if self.event_type != EventType::Purchase {
            return Amount::ZERO;
        }
        self.revenue.unwrap_or_else(|| total(&self.items))
    }

    /// Returns the units sold by a purchase, over all items. Zero for other events.
    pub fn units(&self) -> Quantity {
        if self.event_type != EventType::Purchase {
            return Quantity::ZERO;
        }
        self.items.iter().map(|item| item.quantity).fold(Quantity::ZERO, Quantity::plus)
    }
}

impl From<Event> for CanonicalEvent<'_> {
    fn from(event: Event) -> Self {
        let text = |text: Option<String>| text.map(Cow::Owned);
        let properties = match event.properties.is_empty() {
            true => Cow::Borrowed("{}"),
            // Keys are strings, so this cannot fail.
            false => Cow::Owned(serde_json::to_string(&event.properties).unwrap_or_default()),
        };
        Self {
            event_id: event.event_id,
            event_type: event.event_type,
            event_time: event.event_time,
            event_time_sent: event.event_time_sent,
            received_at: event.received_at,
            visitor_id: text(event.visitor_id),
            session_id: text(event.session_id),
            customer_id: text(event.customer_id),
            campaign_id: event.campaign_id.map(|id| Cow::Owned(id.as_str().to_owned())),
            ad_id: text(event.ad_id),
            creative_id: text(event.creative_id),
            placement: text(event.placement),
            page_type: text(event.page_type),
            keyword: text(event.keyword),
            viewable: event.viewable,
            cost: event.cost,
            items: event.items.into_iter().map(borrowable).collect(),
            order_id: text(event.order_id),
            revenue: event.revenue,
            currency: event.currency,
            url: text(event.url),
            referrer: text(event.referrer),
            user_agent: text(event.user_agent),
            device: text(event.device),
            country: text(event.country),
            properties,
        }
    }
}

fn borrowable(item: Item) -> CanonicalItem<'static> {
    Item {
        product_id: Cow::Owned(item.product_id),
        parent_sku: item.parent_sku.map(Cow::Owned),
        brand: item.brand.map(Cow::Owned),
        category: item.category.map(Cow::Owned),
        quantity: item.quantity,
        price: item.price,
    }
}
