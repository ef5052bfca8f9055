use std::collections::BTreeMap;

use chrono_tz::Tz;
use money::{Amount, Currency};
use serde::{Deserialize, Deserializer};
use tenancy::CampaignId;

use super::shop_check::ShopError;

/// A shop, as a TOML file of `shops/` describes it: where it is, what it sells, how its visitors are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShopFile {
    /// The IANA zone of `hours` and `weekdays`.
    #[serde(deserialize_with = "time_zone")]
    pub(super) time_zone: Tz,
    /// Of every price and cost.
    pub(super) currency: Currency,
    /// What prices end in, less than one unit each: `0.99`.
    pub(super) price_endings: Vec<Amount>,
    /// How busy each hour of the local day is, against the others.
    pub(super) hours: [u16; 24],
    /// How busy each day of the week is, from Monday on, against the others.
    pub(super) weekdays: [u16; 7],
    /// How many visitors each country sends, against the others; ISO 3166-1 alpha-2.
    pub(super) countries: BTreeMap<String, u32>,
    pub(super) visits: Visits,
    pub(super) categories: Vec<Category>,
    pub(super) campaigns: Vec<Campaign>,
}

/// What visitors do, as chances from 0 to 1.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Visits {
    /// The visit ends after a list.
    pub(super) leaves_after_a_page: f64,
    /// One product of a list is looked at.
    pub(super) opens_a_product: f64,
    /// A product found in a list goes into the cart.
    pub(super) puts_in_cart: f64,
    /// A product found by its ad does.
    pub(super) puts_in_cart_after_an_ad: f64,
    /// Two pieces go into the cart rather than one.
    pub(super) takes_two: f64,
    /// What was put into the cart is taken out again.
    pub(super) takes_out_again: f64,
    /// A cart is taken to the checkout.
    pub(super) checks_out: f64,
    /// The checkout ends in an order.
    pub(super) buys: f64,
    /// The order is given back.
    pub(super) gives_back: f64,
}

/// One sort of product: every brand has each of them.
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
    /// The searches it is shown for.
    pub(super) keywords: Vec<String>,
    /// The chance that an ad seen in the first place of a page is clicked.
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
    /// A fashion shop, which needs no file.
    ///
    /// # Errors
    /// The file that came with the program is wrong; a test reads it.
    pub(crate) fn fashion() -> Result<Self, ShopError> {
        Self::read(include_str!("../../shops/fashion.toml"))
    }

    /// The shop that a file describes.
    ///
    /// # Errors
    /// The first field that is wrong, and what would be right.
    pub(crate) fn read(text: &str) -> Result<Self, ShopError> {
        let file: Self = toml::from_str(text)?;
        file.check()?;
        Ok(file)
    }

    /// The same shop with these campaigns instead: each is one of the file's where that has its id,
    /// and else advertises what one of the file's does.
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
    let wrong = |_| serde::de::Error::custom(format!("`{name}` is no IANA time zone"));
    name.parse().map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FASHION: &str = include_str!("../../shops/fashion.toml");

    #[test]
    fn a_field_that_is_wrong_is_named_with_what_would_be_right() {
        for (right, wrong, expected) in [
            ("Europe/Berlin", "Europe/Borlin", "`Europe/Borlin` is no IANA time zone"),
            ("EUR", "euro", "must be an ISO 4217 code"),
            ("gives_back = 0.03", "gives_back = 3", "visits.gives_back must be a chance"),
            ("gives_back = 0.03", "give_back = 0.03", "unknown field `give_back`"),
            ("[39, 109]", "[109, 39]", "categories.shoes.prices must be the cheapest and"),
            ("DE = 540", "Germany = 540", "countries must be codes of two upper-case letters"),
            ("[\"shorts\",", "[\"polo\",", "categories must hold each product of a brand once"),
            ("hours = [55", "hours = [0", "hours must be 1 or more each"),
            ("[\"0.90\",", "[\"1.90\",", "price_endings must be amounts from 0"),
            ("brand = \"Borea\"", "brand = \"Alder\"", "campaigns.spring-sale.categories must"),
            ("id = \"basics\"", "id = \"new-shoes\"", "campaigns must have an id of its own"),
            ("{ per_thousand = \"44.00\" }", "{ per_thousand = \"-1\" }", "brand-days.pays must"),
        ] {
            assert!(FASHION.contains(right), "{right}");
            let error = ShopFile::read(&FASHION.replacen(right, wrong, 1)).unwrap_err().to_string();
            assert!(error.contains(expected), "{wrong}: {error}");
        }
    }

    #[test]
    fn campaigns_given_by_name_advertise_what_the_shop_sells() {
        let ids = ["basics", "mine"].map(|id| id.parse().unwrap());
        let shop = ShopFile::fashion().unwrap().with_campaigns(&ids);
        let campaigns: Vec<_> =
            shop.campaigns.iter().map(|one| (one.id.as_str(), one.brand.as_str())).collect();
        assert_eq!(campaigns, [("basics", "Dunlin"), ("mine", "Alder")]);
    }
}
