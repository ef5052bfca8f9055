use events::Item;
use money::Amount;
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use tenancy::CampaignId;

use super::catalogue::Catalogue;

/// What an advertiser pays for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pricing {
    /// Each click.
    Click(Amount),
    /// Each impression.
    Impression(Amount),
}

/// One brand's campaign on the shop's site.
pub(super) struct Campaign {
    id: CampaignId,
    pricing: Pricing,
    /// The chance that an impression seen is clicked.
    click_rate: f64,
    ads: Vec<Ad>,
    keywords: Vec<String>,
}

struct Ad {
    id: String,
    product: Item,
}

/// All campaigns that run on the site.
pub(super) struct Advertising {
    campaigns: Vec<Campaign>,
}

/// One ad that is shown to somebody.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) campaign: CampaignId,
    pub(super) ad_id: String,
    pub(super) product: Item,
    pub(super) keyword: Option<String>,
    pub(super) impression_cost: Option<Amount>,
    pub(super) click_cost: Option<Amount>,
    pub(super) click_rate: f64,
}

impl Advertising {
    /// One campaign per id, each for another brand.
    pub(super) fn new(ids: &[CampaignId], catalogue: &Catalogue, random: &mut StdRng) -> Self {
        let campaign = |(number, id): (usize, &CampaignId)| {
            let brand = Catalogue::brand(number);
            let mut products = catalogue.of_brand(brand);
            products.truncate(random.random_range(4..=8));
            // A campaign in three pays per impression: 2 to 8 for a thousand; others 0.12 to 0.90 a click.
            let pricing = match number % 3 {
                2 => Pricing::Impression(Amount::from_micros(random.random_range(2..=8) * 1_000)),
                _ => Pricing::Click(Amount::from_micros(random.random_range(12..=90) * 10_000)),
            };
            let ads = (1..)
                .zip(products)
                .map(|(number, product): (u32, _)| Ad { id: format!("{id}-ad-{number}"), product });
            let brand = brand.to_lowercase();
            Campaign {
                id: id.clone(),
                pricing,
                click_rate: random.random_range(0.015..0.06),
                ads: ads.collect(),
                keywords: vec![brand.clone(), format!("{brand} sale"), format!("new {brand}")],
            }
        };
        Self { campaigns: ids.iter().enumerate().map(campaign).collect() }
    }

    /// The ad that wins a place, if anybody wants it; `searched` when the page is a search.
    pub(super) fn win(&self, searched: bool, random: &mut StdRng) -> Option<Shown> {
        let campaign = self.campaigns.choose(random)?;
        let ad = campaign.ads.choose(random)?;
        let keyword = searched.then(|| campaign.keywords.choose(random).cloned()).flatten();
        let (impression_cost, click_cost) = match campaign.pricing {
            Pricing::Click(cost) => (None, Some(cost)),
            Pricing::Impression(cost) => (Some(cost), None),
        };
        Some(Shown {
            campaign: campaign.id.clone(),
            ad_id: ad.id.clone(),
            product: ad.product.clone(),
            keyword,
            impression_cost,
            click_cost,
            click_rate: campaign.click_rate,
        })
    }
}
