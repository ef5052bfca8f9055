use std::{borrow::Cow, cmp::Ordering, str::FromStr, sync::Arc};

use serde::Serialize;

use crate::DeclaredDimension;

/// What a dimension describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// An event as a whole.
    Event,
    /// Each product of an event: an event is counted once for each value of its products.
    Product,
}

macro_rules! dimensions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $level:ident, $description:literal;)*) => {
        /// A property of events that reports group and filter by.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Dimension {
            $($(#[$doc])* $variant,)*
            /// One that the tenant has declared.
            Declared(Arc<DeclaredDimension>),
        }

        impl Dimension {
            /// Every built-in dimension.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// The names of the built-in dimensions, in the same order.
            pub const NAMES: [&'static str; [$($name),*].len()] = [$($name),*];

            /// Returns the name: of a built-in dimension, one that never changes.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Declared(declared) => declared.name.as_str(),
                }
            }

            /// Returns what it describes.
            pub const fn level(&self) -> Level {
                match self {
                    $(Self::$variant => Level::$level,)*
                    Self::Declared(_) => Level::Event,
                }
            }

            /// Returns the meaning of its values.
            pub fn description(&self) -> Cow<'static, str> {
                match self {
                    $(Self::$variant => $description.into(),)*
                    Self::Declared(declared) => declared.description(),
                }
            }
        }
    };
}

dimensions! {
    /// The campaign.
    Campaign = "campaign", Event, "campaign_id; empty for events without a campaign";
    /// The advertiser of the campaign.
    Advertiser = "advertiser", Event, "the advertiser of the campaign; empty for campaigns without one";
    /// The ad.
    Ad = "ad", Event, "ad_id";
    /// The creative.
    Creative = "creative", Event, "creative_id";
    /// The placement of the ad.
    Placement = "placement", Event, "placement";
    /// The type of the page.
    PageType = "page_type", Event, "page_type, such as home, search or product_detail";
    /// The searched keyword.
    Keyword = "keyword", Event, "keyword";
    /// The product.
    Product = "product", Product, "product_id of each item; empty for events without items";
    /// The brand of the product.
    Brand = "brand", Product, "brand of each item";
    /// The category of the product.
    Category = "category", Product, "category of each item";
    /// The device.
    Device = "device", Event, "device";
    /// The country.
    Country = "country", Event, "country";
    /// The host of the page before.
    Referrer = "referrer", Event, "the host of referrer, without www";
    /// Whether an order is the first of its customer.
    CustomerType = "customer_type", Event,
        "new for a customer's first order, returning for later ones; empty without a customer";
    /// The type of the event.
    EventType = "event_type", Event, "the type of the event";
    /// The currency.
    Currency = "currency", Event, "currency; the tenant's own for events without one";
    /// The hour of the day.
    HourOfDay = "hour_of_day", Event, "00 to 23, by the clock of the requested time zone";
    /// The day of the week.
    DayOfWeek = "day_of_week", Event, "1 (Monday) to 7 (Sunday), in the requested time zone";
}

impl Dimension {
    /// Returns whether it describes orders alone: other events have no value of it.
    pub const fn is_of_orders(&self) -> bool {
        matches!(self, Self::CustomerType)
    }

    /// Returns whether its values depend on the first order of each customer, and so on orders that a
    /// query need not count.
    pub const fn depends_on_first_orders(&self) -> bool {
        matches!(self, Self::CustomerType)
    }

    /// Returns the declaration, if it is not a built-in one.
    pub fn declared(&self) -> Option<&DeclaredDimension> {
        match self {
            Self::Declared(declared) => Some(declared),
            _ => None,
        }
    }

    /// Returns the order of two of its values.
    pub fn order(&self, one: &str, other: &str) -> Ordering {
        self.declared().map_or_else(|| one.cmp(other), |declared| declared.order(one, other))
    }
}

/// The text is not the name of a built-in dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a built-in dimension")]
pub struct UnknownDimension;

impl FromStr for Dimension {
    type Err = UnknownDimension;

    fn from_str(name: &str) -> Result<Self, UnknownDimension> {
        Self::ALL.into_iter().find(|known| known.as_str() == name).ok_or(UnknownDimension)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_dimension_is_found_by_its_name() {
        for (dimension, name) in Dimension::ALL.into_iter().zip(Dimension::NAMES) {
            assert_eq!(dimension.as_str(), name);
            assert_eq!(name.parse(), Ok(dimension));
        }
        assert_eq!("colour".parse::<Dimension>(), Err(UnknownDimension));
    }

    #[test]
    fn only_items_have_products() {
        let products = Dimension::ALL.into_iter().filter(|one| one.level() == Level::Product);
        let names: Vec<_> = products.map(|one| one.as_str().to_owned()).collect();
        assert_eq!(names, ["product", "brand", "category"]);
    }
}
