use chrono::DateTime;
use serde::{Deserialize, Serialize};
use tenancy::{AdvertiserId, CampaignId, ClientId};
use uuid::Uuid;

use crate::{Authority, CampaignScope, KeyKind, Principal, Role, Subject};

/// The claims of an access token. Times are Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The issuer.
    pub iss: String,
    /// The audience.
    pub aud: String,
    /// The user or key.
    pub sub: Subject,
    /// When it was issued.
    pub iat: i64,
    /// When it becomes valid.
    pub nbf: i64,
    /// When it expires.
    pub exp: i64,
    /// The id of the token.
    pub jti: Uuid,
    /// The tenant; none for a platform admin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// The tenant's name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The role, or the kind of key.
    pub role: Authority,
    /// The advertiser, for the role `advertiser`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advertiser_id: Option<AdvertiserId>,
    /// The campaigns a key is limited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaigns: Option<Vec<CampaignId>>,
    /// The token version of the tenant, or of the platform admin, when it was issued.
    pub ver: u32,
    /// The token version of a tenant's user, or of a key. Tokens issued before it was introduced have
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_ver: Option<u32>,
    /// The user's session that the token belongs to. Tokens of keys, and tokens issued before it was
    /// introduced, have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Uuid>,
}

/// The version of every user of a tenant, and of every key, before tokens carried it.
const FIRST_VERSION: u32 = 1;

impl Claims {
    /// Returns the principal; `None` if the claims contradict each other.
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
        if of_key && self.sid.is_some() {
            return None;
        }
        let subject_version = match self.sub {
            Subject::User(_) if of_platform => Some(self.ver),
            Subject::User(_) => Some(self.sub_ver.unwrap_or(FIRST_VERSION)),
            Subject::Key(_) => Some(self.sub_ver.unwrap_or(FIRST_VERSION)),
        };
        Some(Principal {
            subject: self.sub,
            tenant_version: self.client_id.is_some().then_some(self.ver),
            subject_version,
            session_id: self.sid,
            client_id: self.client_id,
            authority: self.role,
            scope,
            expires_at: Some(DateTime::from_timestamp(self.exp, 0)?),
        })
    }
}
