use events::Item;
use money::Amount;
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use tenancy::CampaignId;

use super::{
    catalogue::Catalogue,
    shop_file::{Campaign, Pays, ShopFile},
};

/// All campaigns that run on the shop's pages, each with the products it advertises.
pub(super) struct Advertising {
    campaigns: Vec<(Campaign, Vec<Item>)>,
}

/// One ad that is shown to somebody.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) campaign: CampaignId,
    pub(super) ad_id: String,
    pub(super) product: Item,
    pub(super) keyword: Option<String>,
    /// What the impression costs.
    pub(super) impression_cost: Option<Amount>,
    /// What a click would cost.
    pub(super) click_cost: Option<Amount>,
    pub(super) click_rate: f64,
}

impl Advertising {
    /// The campaigns of the file.
    pub(super) fn new(shop: &ShopFile, catalogue: &Catalogue) -> Self {
        let with_products = |campaign: &Campaign| {
            let products = catalogue.of_brand(&campaign.brand, &campaign.categories);
            (campaign.clone(), products)
        };
        Self { campaigns: shop.campaigns.iter().map(with_products).collect() }
    }

    /// The ad that wins a place, if anybody wants it; `searched` when the page is a search.
    pub(super) fn win(&self, searched: bool, random: &mut StdRng) -> Option<Shown> {
        let (campaign, products) = self.campaigns.choose(random)?;
        let product = products.choose(random)?;
        let keyword = searched.then(|| campaign.keywords.choose(random).cloned()).flatten();
        let (impression_cost, click_cost) = match campaign.pays {
            Pays::PerClick([least, most]) => {
                // An auction sets each price anew, in hundredths.
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
