use auth::{Authority, CampaignScope, KeyKind, Principal, Role, Subject};
use sqlx::FromRow;
use tenancy::{AdvertiserId, CampaignId, ClientId};

use crate::{ControlPlaneError, tenant::api_keys::parse_campaigns};

/// Who asked for something that is done later, as columns: the user or key, and its rights at that time.
#[derive(FromRow)]
pub(crate) struct PrincipalRow {
    pub(crate) asked_by: String,
    pub(crate) authority: String,
    pub(crate) advertiser_id: Option<String>,
    pub(crate) campaigns: Option<Vec<String>>,
    pub(crate) user_version: Option<i32>,
}

impl PrincipalRow {
    /// Returns the columns of a principal.
    pub(crate) fn of(principal: &Principal) -> Self {
        let Limit { advertiser, campaigns } = Limit::of(&principal.scope);
        Self {
            asked_by: principal.subject.to_string(),
            authority: principal.authority.to_string(),
            advertiser_id: advertiser.map(str::to_owned),
            campaigns,
            user_version: principal.subject_version.map(u32::cast_signed),
        }
    }

    /// Returns the principal, of the tenant as it is now: it has no version of the tenant, and no end.
    pub(crate) fn principal(self, client_id: ClientId) -> Result<Principal, ControlPlaneError> {
        let subject = self.asked_by.parse().map_err(ControlPlaneError::corrupt("subject"))?;
        let authority = match subject {
            Subject::User(_) => self.authority.parse::<Role>().map(Authority::Role),
            Subject::Key(_) => self.authority.parse::<KeyKind>().map(Authority::Key),
        };
        let advertiser = self.advertiser_id.as_deref().map(str::parse::<AdvertiserId>).transpose();
        let advertiser = advertiser.map_err(ControlPlaneError::corrupt("advertiser id"))?;
        let scope = match (advertiser, self.campaigns) {
            (Some(advertiser), _) => CampaignScope::Advertiser(advertiser),
            (None, Some(campaigns)) => CampaignScope::Campaigns(parse_campaigns(campaigns)?),
            (None, None) => CampaignScope::All,
        };
        Ok(Principal {
            subject,
            client_id: Some(client_id),
            authority: authority.map_err(ControlPlaneError::corrupt("authority"))?,
            scope,
            tenant_version: None,
            subject_version: self.user_version.map(i32::cast_unsigned),
            session_id: None,
            expires_at: None,
        })
    }
}

/// What a credential is limited to, as columns.
pub(crate) struct Limit<'a> {
    pub(crate) advertiser: Option<&'a str>,
    pub(crate) campaigns: Option<Vec<String>>,
}

impl<'a> Limit<'a> {
    pub(crate) fn of(scope: &'a CampaignScope) -> Self {
        let names = |listed: &[CampaignId]| {
            listed.iter().map(|campaign| campaign.as_str().to_owned()).collect()
        };
        match scope {
            CampaignScope::All => Self { advertiser: None, campaigns: None },
            CampaignScope::Advertiser(own) => {
                Self { advertiser: Some(own.as_str()), campaigns: None }
            }
            CampaignScope::Campaigns(listed) => {
                Self { advertiser: None, campaigns: Some(names(listed)) }
            }
        }
    }
}
