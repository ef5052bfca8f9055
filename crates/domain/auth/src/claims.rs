use chrono::DateTime;
use serde::{Deserialize, Serialize};
use tenancy::{AdvertiserId, CampaignId, ClientId};
use uuid::Uuid;

use crate::{Authority, CampaignScope, KeyKind, Principal, Role, Subject};

/// What an access token says. Times are Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// Whom it is meant for.
    pub aud: String,
    /// The user or key.
    pub sub: Subject,
    /// Issued at.
    pub iat: i64,
    /// Not good before.
    pub nbf: i64,
    /// Not good after.
    pub exp: i64,
    /// The token's own id.
    pub jti: Uuid,
    /// The tenant; none for a platform admin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// The tenant's name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The role, or the kind of key.
    pub role: Authority,
    /// An advertiser's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advertiser_id: Option<AdvertiserId>,
    /// The campaigns a key is limited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaigns: Option<Vec<CampaignId>>,
    /// The version it was issued under: the tenant's, or a platform admin's own.
    pub ver: u32,
    /// The user's own version, within a tenant. Tokens made before there was one have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_ver: Option<u32>,
}

/// What every user of a tenant had before tokens carried a version of their own.
const FIRST_VERSION: u32 = 1;

impl Claims {
    /// Who the token speaks for; `None` when the claims contradict each other.
    pub(crate) fn principal(self) -> Option<Principal> {
        let scope = match (self.role, self.advertiser_id, self.campaigns) {
            (Authority::Role(Role::Advertiser), Some(own), None) => CampaignScope::Advertiser(own),
            (Authority::Role(Role::Advertiser), ..) => return None,
            (Authority::Key(KeyKind::Read), None, Some(listed)) => CampaignScope::Campaigns(listed),
            (_, None, None) => CampaignScope::All,
            _ => return None,
        };
        let of_platform = self.role == Authority::Role(Role::PlatformAdmin);
        let of_key = matches!(self.role, Authority::Key(_));
        if of_platform != self.client_id.is_none() || of_key != matches!(self.sub, Subject::Key(_))
        {
            return None;
        }
        let subject_version = match self.sub {
            Subject::User(_) if of_platform => Some(self.ver),
            Subject::User(_) => Some(self.sub_ver.unwrap_or(FIRST_VERSION)),
            Subject::Key(_) => None,
        };
        Some(Principal {
            subject: self.sub,
            tenant_version: self.client_id.is_some().then_some(self.ver),
            subject_version,
            client_id: self.client_id,
            authority: self.role,
            scope,
            expires_at: Some(DateTime::from_timestamp(self.exp, 0)?),
        })
    }
}
