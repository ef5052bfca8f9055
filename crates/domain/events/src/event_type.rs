use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The type of an event: what happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EventType {
    /// A page was shown.
    PageView,
    /// A product's page was shown.
    ProductView,
    /// A list of products was shown.
    ProductListView,
    /// A product was put into the cart.
    AddToCart,
    /// A product was taken out of the cart.
    RemoveFromCart,
    /// A checkout began.
    BeginCheckout,
    /// An order was placed.
    Purchase,
    /// An order, or a part of it, was returned.
    Refund,
    /// An ad was delivered.
    AdImpression,
    /// An ad was in view long enough to count (MRC: half of it for one second).
    AdViewable,
    /// An ad was clicked.
    AdClick,
    /// A custom type of the tenant: `custom.<name>`.
    Custom(Box<str>),
}

/// The name of each built-in type, with the names that GA4 and Segment use for it.
const NAMES: [(EventType, &str, &[&str]); 11] = [
    (EventType::PageView, "page_view", &["Page Viewed", "$pageview"]),
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

/// The prefix of custom types.
const CUSTOM: &str = "custom.";
const CUSTOM_MAX: usize = 47;
/// The length of the hash that distinguishes names that would be cut or rewritten to the same text.
const HASH: usize = 8;

/// The text is not the name of an event type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be one of page_view, product_view, product_list_view, add_to_cart, remove_from_cart, \
     begin_checkout, purchase, refund, ad_impression, ad_viewable, ad_click, or custom.<name> \
     with a name of up to 40 characters of a-z, 0-9, '_' and '-'"
)]
pub struct UnknownType;

impl EventType {
    /// Returns the canonical name.
    pub fn as_str(&self) -> &str {
        if let Self::Custom(name) = self {
            return name;
        }
        NAMES.iter().find(|(known, ..)| known == self).map_or("", |(_, name, _)| name)
    }

    /// Returns the type that a sender's name means. A built-in name or an alias may be written in
    /// any case, with spaces or as one word; every other name is a custom type. `None` for an empty
    /// name.
    pub fn named(name: &str) -> Option<Self> {
        if let Ok(known) = name.parse() {
            return Some(known);
        }
        let own = name.strip_prefix(CUSTOM).unwrap_or(name);
        let Normalised { text, is_exact } = Normalised::of(own);
        let is = |known: &str| Normalised::of(known).text == text;
        let known = NAMES
            .iter()
            .find(|(_, name, aliases)| *name == text || aliases.iter().any(|alias| is(alias)));
        match known {
            _ if own.is_empty() => None,
            Some((known, ..)) if own.len() == name.len() => Some(known.clone()),
            _ => Some(Self::Custom(custom(own, &text, is_exact).into())),
        }
    }

    /// Returns whether it is a custom type of the tenant.
    pub const fn is_custom(&self) -> bool {
        matches!(self, Self::Custom(_))
    }

    /// Returns whether it is about an ad, which belongs to a campaign.
    pub const fn is_ad(&self) -> bool {
        matches!(self, Self::AdImpression | Self::AdViewable | Self::AdClick)
    }
}

/// A name in canonical form: `Product Shared` and `productShared` become `product_shared`.
struct Normalised {
    text: String,
    /// Whether no character other than ASCII separators was lost.
    is_exact: bool,
}

impl Normalised {
    fn of(name: &str) -> Self {
        let mut text = String::with_capacity(name.len() + 4);
        let mut is_exact = true;
        let mut after_small = false;
        for c in name.trim().chars() {
            if c.is_ascii_alphanumeric() || c == '-' {
                if c.is_ascii_uppercase() && after_small {
                    text.push('_');
                }
                text.push(c.to_ascii_lowercase());
            } else {
                is_exact &= c.is_ascii();
                if !text.is_empty() && !text.ends_with('_') {
                    text.push('_');
                }
            }
            after_small = c.is_ascii_lowercase() || c.is_ascii_digit();
        }
        text.truncate(text.trim_end_matches('_').len());
        Self { text, is_exact }
    }
}

/// Returns `custom.` and a name; a name that does not fit is cut and distinguished by a hash.
fn custom(own: &str, normalised: &str, is_exact: bool) -> String {
    if is_exact && !normalised.is_empty() && CUSTOM.len() + normalised.len() <= CUSTOM_MAX {
        return [CUSTOM, normalised].concat();
    }
    let hash = Uuid::new_v5(&Uuid::NAMESPACE_URL, own.as_bytes()).simple().to_string();
    let hash = hash.get(..HASH).unwrap_or_default();
    let room = CUSTOM_MAX - CUSTOM.len() - HASH - 1;
    let beginning = normalised.get(..room).unwrap_or(normalised).trim_end_matches('_');
    let dash = if beginning.is_empty() { "" } else { "-" };
    [CUSTOM, beginning, dash, hash].concat()
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
    fn names_of_ga4_and_segment_are_accepted() {
        assert_eq!("view_item".parse(), Ok(EventType::ProductView));
        assert_eq!("Order Completed".parse(), Ok(EventType::Purchase));
        assert_eq!("select_promotion".parse(), Ok(EventType::AdClick));
    }

    #[test]
    fn every_type_parses_from_its_own_name() {
        for (known, name, _) in NAMES {
            assert_eq!(known.as_str(), name);
            assert_eq!(name.parse(), Ok(known));
        }
        let own: EventType = "custom.wishlist_add".parse().unwrap();
        assert_eq!(own.as_str(), "custom.wishlist_add");
    }

    #[test]
    fn known_names_are_recognised_in_every_spelling() {
        for (name, known) in [
            ("Purchase", "purchase"),
            ("ORDER COMPLETED", "purchase"),
            ("orderCompleted", "purchase"),
            (" Product Viewed ", "product_view"),
            ("view-item", "custom.view-item"),
            ("$pageview", "page_view"),
            ("add_payment_info", "custom.add_payment_info"),
            ("Product Shared", "custom.product_shared"),
            ("addPaymentInfo", "custom.add_payment_info"),
            ("custom.Wish List", "custom.wish_list"),
            ("custom.purchase", "custom.purchase"),
            ("custom.Purchase", "custom.purchase"),
        ] {
            assert_eq!(EventType::named(name).unwrap().as_str(), known, "{name}");
        }
        for name in ["", "custom."] {
            assert_eq!(EventType::named(name), None, "{name:?}");
        }
    }

    #[test]
    fn every_other_name_is_a_distinct_type_that_parses() {
        let long = "very ".repeat(30);
        let names = [
            "商品分享",
            "商品",
            "Artikel geöffnet",
            "Artikel geäffnet",
            "!",
            &long,
            &format!("{long}x"),
        ];
        let types: Vec<_> = names.iter().map(|name| EventType::named(name).unwrap()).collect();
        for one in &types {
            assert_eq!(one.as_str().parse().as_ref(), Ok(one));
            assert_eq!(types.iter().filter(|other| *other == one).count(), 1, "{one}");
        }
    }

    #[test]
    fn names_outside_the_canonical_form_are_refused() {
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
