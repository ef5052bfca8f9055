use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tenancy::{AdvertiserId, CampaignId, ClientId};
use uuid::Uuid;

use crate::{ApiKeyId, Authority};

/// The owner of a credential: the `sub` claim, `user:<uuid>` or `key:<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A user.
    User(Uuid),
    /// An API key.
    Key(ApiKeyId),
}

/// The text is not a [`Subject`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be user:<uuid> or key:<id>")]
pub struct SubjectError;

/// The campaigns a credential may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CampaignScope {
    /// All campaigns of the tenant.
    All,
    /// The campaigns of one advertiser.
    Advertiser(AdvertiserId),
    /// The listed campaigns.
    Campaigns(Vec<CampaignId>),
}

/// The owner of a verified credential. A description, not a proof of tenancy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The user or key.
    pub subject: Subject,
    /// The tenant; none for a platform admin.
    pub client_id: Option<ClientId>,
    /// The role or the kind of key.
    pub authority: Authority,
    /// The campaigns it may see.
    pub scope: CampaignScope,
    /// The tenant's token version when the token was issued; none for an API key itself and for a
    /// platform admin.
    pub tenant_version: Option<u32>,
    /// The user's or key's token version when the token was issued or the key verified.
    pub subject_version: Option<u32>,
    /// The session of a user's token; none for API keys.
    pub session_id: Option<Uuid>,
    /// When the credential expires; streams opened with it end then, too. None for an API key
    /// without expiry, which is valid until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
}

impl CampaignScope {
    /// Returns whether the credential may see `campaign`, which belongs to `advertiser`.
    pub fn admits(&self, campaign: &CampaignId, advertiser: Option<&AdvertiserId>) -> bool {
        match self {
            Self::All => true,
            Self::Advertiser(own) => advertiser == Some(own),
            Self::Campaigns(listed) => listed.contains(campaign),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(out, "user:{id}"),
            Self::Key(id) => write!(out, "key:{id}"),
        }
    }
}

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        match text.split_once(':') {
            Some(("user", id)) => id.parse().map(Self::User).map_err(|_| SubjectError),
            Some(("key", id)) => id.parse().map(Self::Key).map_err(|_| SubjectError),
            _ => Err(SubjectError),
        }
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advertiser_sees_its_own_campaigns_only() {
        let scope = CampaignScope::Advertiser("nova".parse().unwrap());
        let campaign = "spring".parse().unwrap();
        assert!(scope.admits(&campaign, Some(&"nova".parse().unwrap())));
        assert!(!scope.admits(&campaign, Some(&"orbit".parse().unwrap())));
        assert!(!scope.admits(&campaign, None));
    }
}
