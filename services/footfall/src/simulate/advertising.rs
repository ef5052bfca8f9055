use events::Item;
use money::Amount;
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use tenancy::CampaignId;

use super::{
    catalogue::Catalogue,
    shop_file::{Campaign, Pays, ShopFile},
};

/// All campaigns on the shop's pages, each with the products it advertises.
pub(super) struct Advertising {
    campaigns: Vec<(Campaign, Vec<Item>)>,
}

/// An ad that is shown to a visitor.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) campaign: CampaignId,
    pub(super) ad_id: String,
    pub(super) product: Item,
    pub(super) keyword: Option<String>,
    /// The cost of the impression.
    pub(super) impression_cost: Option<Amount>,
    /// The cost of a click.
    pub(super) click_cost: Option<Amount>,
    pub(super) click_rate: f64,
}

impl Advertising {
    /// Reads the campaigns of the shop file.
    pub(super) fn new(shop: &ShopFile, catalogue: &Catalogue) -> Self {
        let with_products = |campaign: &Campaign| {
            let products = catalogue.of_brand(&campaign.brand, &campaign.categories);
            (campaign.clone(), products)
        };
        Self { campaigns: shop.campaigns.iter().map(with_products).collect() }
    }

    /// Chooses the ad for a place, if there is one; `searched` if the page is a search.
    pub(super) fn win(&self, searched: bool, random: &mut StdRng) -> Option<Shown> {
        let (campaign, products) = self.campaigns.choose(random)?;
        let product = products.choose(random)?;
        let keyword = searched.then(|| campaign.keywords.choose(random).cloned()).flatten();
        let (impression_cost, click_cost) = match campaign.pays {
            Pays::PerClick([least, most]) => {
                // An auction sets each price, in hundredths.
                let cost = random.random_range(least.micros()..=most.micros());
                (None, Some(Amount::from_micros(cost / 10_000 * 10_000)))
            }
            Pays::PerThousand(cost) => (Some(Amount::from_micros(cost.micros() / 1_000)), None),
        };
        Some(Shown {
            campaign: campaign.id.clone(),
            ad_id: format!("{}-{}", campaign.id, product.product_id),
            product: product.clone(),
            keyword,
            impression_cost,
            click_cost,
            click_rate: campaign.click_rate,
        })
    }
}
