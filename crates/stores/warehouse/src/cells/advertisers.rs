use tenancy::{AdvertiserId, CampaignId};

use crate::statement::{Parameter, Parameters};

/// The advertiser of each campaign that has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advertisers {
    campaigns: Vec<String>,
    /// In the order of the campaigns.
    advertisers: Vec<String>,
}

impl Advertisers {
    /// Returns how many bytes a statement has to carry.
    pub fn bytes(&self) -> usize {
        self.campaigns.iter().chain(&self.advertisers).map(|id| id.len() + 4).sum()
    }

    pub(super) fn set(&self, parameters: &mut Parameters) {
        parameters.set("advertised", Parameter::Texts(self.campaigns.clone()));
        parameters.set("advertisers", Parameter::Texts(self.advertisers.clone()));
    }
}

impl Default for Advertisers {
    /// Returns the advertisers of no campaign. Events without a campaign are the only entry, because
    /// ClickHouse's lists must not be empty.
    fn default() -> Self {
        Self { campaigns: vec![String::new()], advertisers: vec![String::new()] }
    }
}

impl FromIterator<(CampaignId, AdvertiserId)> for Advertisers {
    fn from_iter<I: IntoIterator<Item = (CampaignId, AdvertiserId)>>(pairs: I) -> Self {
        let mut all = Self::default();
        for (campaign, advertiser) in pairs {
            all.campaigns.push(campaign.as_str().to_owned());
            all.advertisers.push(advertiser.as_str().to_owned());
        }
        all
    }
}
