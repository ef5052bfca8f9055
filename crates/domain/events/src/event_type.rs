use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EventType {
    /// A page was shown.
    PageView,
    /// A product's page was shown.
    ProductView,
    /// A list of products was shown.
    ProductListView,
    /// Something was put into the cart.
    AddToCart,
    /// Something was taken out of the cart.
    RemoveFromCart,
    /// A checkout was begun.
    BeginCheckout,
    /// An order was placed.
    Purchase,
    /// An order, or a part of it, was given back.
    Refund,
    /// An ad was delivered.
    AdImpression,
    /// An ad was in view long enough to count (MRC: half of it for one second).
    AdViewable,
    /// An ad was clicked.
    AdClick,
    /// A type of the tenant's own: `custom.<name>`.
    Custom(Box<str>),
}

/// Our names, each with those GA4 and Segment use for the same thing.
const NAMES: [(EventType, &str, &[&str]); 11] = [
    (EventType::PageView, "page_view", &["Page Viewed"]),
    (EventType::ProductView, "product_view", &["view_item", "Product Viewed"]),
    (EventType::ProductListView, "product_list_view", &["view_item_list", "Product List Viewed"]),
    (EventType::AddToCart, "add_to_cart", &["Product Added"]),
    (EventType::RemoveFromCart, "remove_from_cart", &["Product Removed"]),
    (EventType::BeginCheckout, "begin_checkout", &["Checkout Started"]),
    (EventType::Purchase, "purchase", &["Order Completed"]),
    (EventType::Refund, "refund", &["Order Refunded"]),
    (EventType::AdImpression, "ad_impression", &["view_promotion", "Promotion Viewed"]),
    (EventType::AdViewable, "ad_viewable", &[]),
    (EventType::AdClick, "ad_click", &["select_promotion", "Promotion Clicked"]),
];

/// What a tenant's own types begin with.
const CUSTOM: &str = "custom.";
const CUSTOM_MAX: usize = 47;

/// The text names no type of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be one of page_view, product_view, product_list_view, add_to_cart, remove_from_cart, \
     begin_checkout, purchase, refund, ad_impression, ad_viewable, ad_click, or custom.<name> \
     with a name of up to 40 characters of a-z, 0-9, '_' and '-'"
)]
pub struct UnknownType;

impl EventType {
    /// Our name for it.
    pub fn as_str(&self) -> &str {
        if let Self::Custom(name) = self {
            return name;
        }
        NAMES.iter().find(|(known, ..)| known == self).map_or("", |(_, name, _)| name)
    }

    /// Whether it is about an ad, which belongs to a campaign.
    pub const fn is_ad(&self) -> bool {
        matches!(self, Self::AdImpression | Self::AdViewable | Self::AdClick)
    }
}

impl FromStr for EventType {
    type Err = UnknownType;

    fn from_str(text: &str) -> Result<Self, UnknownType> {
        let named =
            NAMES.iter().find(|(_, name, aliases)| *name == text || aliases.contains(&text));
        if let Some((known, ..)) = named {
            return Ok(known.clone());
        }
        let own = text.strip_prefix(CUSTOM).ok_or(UnknownType)?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        let fits = !own.is_empty() && text.len() <= CUSTOM_MAX && own.chars().all(plain);
        if fits { Ok(Self::Custom(text.into())) } else { Err(UnknownType) }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Serialize for EventType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_names_of_ga4_and_segment() {
        assert_eq!("view_item".parse(), Ok(EventType::ProductView));
        assert_eq!("Order Completed".parse(), Ok(EventType::Purchase));
        assert_eq!("select_promotion".parse(), Ok(EventType::AdClick));
    }

    #[test]
    fn every_type_reads_back_from_its_own_name() {
        for (known, name, _) in NAMES {
            assert_eq!(known.as_str(), name);
            assert_eq!(name.parse(), Ok(known));
        }
        let own: EventType = "custom.wishlist_add".parse().unwrap();
        assert_eq!(own.as_str(), "custom.wishlist_add");
    }

    #[test]
    fn refuses_other_names() {
        for name in [
            "",
            "Purchase",
            "custom.",
            "custom.A b",
            "custom",
            &format!("custom.{}", "x".repeat(41)),
        ] {
            assert_eq!(name.parse::<EventType>(), Err(UnknownType), "{name:?}");
        }
    }
}
