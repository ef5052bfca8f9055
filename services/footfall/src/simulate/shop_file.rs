use std::collections::BTreeMap;

use chrono_tz::Tz;
use money::{Amount, Currency};
use serde::{Deserialize, Deserializer};
use tenancy::CampaignId;

use super::shop_check::ShopError;

/// A shop, as a TOML file of `shops/` describes it: its place, its products and its visitors.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShopFile {
    /// The IANA time zone of `hours` and `weekdays`.
    #[serde(deserialize_with = "time_zone")]
    pub(super) time_zone: Tz,
    /// The currency of every price and cost.
    pub(super) currency: Currency,
    /// The endings of prices, each less than one unit: `0.99`.
    pub(super) price_endings: Vec<Amount>,
    /// Relative weight of each hour of the local day.
    pub(super) hours: [u16; 24],
    /// Relative weight of each weekday, starting with Monday.
    pub(super) weekdays: [u16; 7],
    /// Relative number of visitors from each country; ISO 3166-1 alpha-2.
    pub(super) countries: BTreeMap<String, u32>,
    pub(super) visits: Visits,
    pub(super) categories: Vec<Category>,
    pub(super) campaigns: Vec<Campaign>,
}

/// What visitors do, as probabilities from 0 to 1.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Visits {
    /// The visit ends after a list.
    pub(super) leaves_after_a_page: f64,
    /// One product of a list is opened.
    pub(super) opens_a_product: f64,
    /// A product found in a list goes into the cart.
    pub(super) puts_in_cart: f64,
    /// A product opened from its ad goes into the cart.
    pub(super) puts_in_cart_after_an_ad: f64,
    /// Two pieces go into the cart rather than one.
    pub(super) takes_two: f64,
    /// A product is taken out of the cart again.
    pub(super) takes_out_again: f64,
    /// A cart is taken to the checkout.
    pub(super) checks_out: f64,
    /// The checkout ends in an order.
    pub(super) buys: f64,
    /// The order is returned.
    pub(super) gives_back: f64,
}

/// A category of products: every brand has each of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Category {
    pub(super) name: String,
    pub(super) brands: Vec<String>,
    /// From the cheapest to the dearest.
    pub(super) products: Vec<String>,
    /// The cheapest and the dearest, in whole units of the currency.
    pub(super) prices: [i64; 2],
}

/// A brand's ads on the shop's own pages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Campaign {
    pub(super) id: CampaignId,
    pub(super) brand: String,
    /// The categories whose products of the brand are advertised.
    pub(super) categories: Vec<String>,
    /// The searches that show the ad.
    pub(super) keywords: Vec<String>,
    /// The probability that an ad viewed in the first place of a page is clicked.
    pub(super) click_rate: f64,
    pub(super) pays: Pays,
}

/// What an advertiser pays for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Pays {
    /// Each click, between these two.
    PerClick([Amount; 2]),
    /// A thousand impressions.
    PerThousand(Amount),
}

impl ShopFile {
    /// Returns the built-in fashion shop.
    ///
    /// # Errors
    /// The built-in file is wrong; a test reads it.
    pub(crate) fn fashion() -> Result<Self, ShopError> {
        Self::read(include_str!("../../shops/fashion.toml"))
    }

    /// Reads a shop file.
    ///
    /// # Errors
    /// The first field that is wrong, and what it must be.
    pub(crate) fn read(text: &str) -> Result<Self, ShopError> {
        let file: Self = toml::from_str(text)?;
        file.check()?;
        Ok(file)
    }

    /// Replaces the campaigns: an id of the file keeps its campaign, another id advertises what a
    /// campaign of the file does.
    pub(crate) fn with_campaigns(mut self, ids: &[CampaignId]) -> Self {
        let named = |id: &CampaignId| self.campaigns.iter().find(|campaign| campaign.id == *id);
        let in_turn = self.campaigns.iter().cycle();
        let campaigns = ids
            .iter()
            .zip(in_turn)
            .map(|(id, other)| Campaign { id: id.clone(), ..named(id).unwrap_or(other).clone() });
        self.campaigns = campaigns.collect();
        self
    }
}

fn time_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tz, D::Error> {
    let name = String::deserialize(deserializer)?;
    let wrong = |_| serde::de::Error::custom(format!("`{name}` is not an IANA time zone"));
    name.parse().map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FASHION: &str = include_str!("../../shops/fashion.toml");

    #[test]
    fn a_wrong_field_is_named_with_what_it_must_be() {
        for (right, wrong, expected) in [
            ("Europe/Berlin", "Europe/Borlin", "`Europe/Borlin` is not an IANA time zone"),
            ("EUR", "euro", "must be an ISO 4217 code"),
            ("gives_back = 0.03", "gives_back = 3", "visits.gives_back must be a chance"),
            ("gives_back = 0.03", "give_back = 0.03", "unknown field `give_back`"),
            ("[39, 109]", "[109, 39]", "categories.shoes.prices must be the cheapest and"),
            ("DE = 540", "Germany = 540", "countries must be codes of two upper-case letters"),
            ("[\"shorts\",", "[\"polo\",", "categories must list each product of a brand once"),
            ("hours = [55", "hours = [0", "hours must each be 1 or more"),
            ("[\"0.90\",", "[\"1.90\",", "price_endings must be amounts from 0"),
            ("brand = \"Borea\"", "brand = \"Alder\"", "campaigns.spring-sale.categories must"),
            ("id = \"basics\"", "id = \"new-shoes\"", "campaigns must each have a different id"),
            ("{ per_thousand = \"44.00\" }", "{ per_thousand = \"-1\" }", "brand-days.pays must"),
        ] {
            assert!(FASHION.contains(right), "{right}");
            let error = ShopFile::read(&FASHION.replacen(right, wrong, 1)).unwrap_err().to_string();
            assert!(error.contains(expected), "{wrong}: {error}");
        }
    }

    #[test]
    fn campaigns_given_by_id_advertise_the_shops_products() {
        let ids = ["basics", "mine"].map(|id| id.parse().unwrap());
        let shop = ShopFile::fashion().unwrap().with_campaigns(&ids);
        let campaigns: Vec<_> =
            shop.campaigns.iter().map(|one| (one.id.as_str(), one.brand.as_str())).collect();
        assert_eq!(campaigns, [("basics", "Dunlin"), ("mine", "Alder")]);
    }
}
