use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageCampaigns;
use control_plane::ControlPlaneError;
use problem::Problem;
use serde::{Deserialize, Deserializer};
use tenancy::{AdvertiserId, CampaignId};
use utoipa::ToSchema;
use web::{Body, Error, Tenant};

use super::Campaign;
use crate::{failure::Failure, names::DisplayName, schemas, state::Api};

/// What to change of a campaign; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignChange {
    /// The name people know it by.
    name: Option<DisplayName>,
    /// Whose it is; `null` takes it back.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::Slug>)]
    advertiser_id: Option<Option<AdvertiserId>>,
}

/// Tells `null` (`Some(None)`) from absent (`None`).
fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<AdvertiserId>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Names a campaign, or assigns it to an advertiser, who sees it from then on.
#[utoipa::path(
    patch,
    path = "/v1/campaigns/{id}",
    tag = "campaigns",
    operation_id = "change_campaign",
    params(("id" = schemas::CampaignId, Path, description = "The campaign")),
    request_body = CampaignChange,
    responses(
        (status = 200, description = "The campaign as it is now", body = Campaign),
        (status = 404, description = "There is none"),
        (status = 422, description = "There is no such advertiser"),
    ),
)]
pub(crate) async fn change(
    tenant: Tenant<ManageCampaigns>,
    api: Data<Api>,
    id: Path<CampaignId>,
    Body(change): Body<CampaignChange>,
) -> Result<HttpResponse, Error> {
    let name = change.name.as_ref().map(DisplayName::as_str);
    let advertiser = change.advertiser_id.as_ref().map(Option::as_ref);
    let actor = tenant.principal().subject.to_string();
    let stored = api.control_plane.for_tenant(tenant.context());
    let changed = stored.change_campaign(&actor, &id, name, advertiser).await;
    api.campaigns.forget(tenant.context(), &id).await;
    match changed {
        Ok(Some(campaign)) => Ok(HttpResponse::Ok().json(Campaign::from(campaign))),
        Ok(None) => Err(Problem::not_found().into()),
        Err(ControlPlaneError::Refused { .. }) => {
            Err(Problem::field("/advertiser_id", "must be one of your advertisers").into())
        }
        Err(error) => Err(Failure::from(error).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_takes_back_and_absent_stays() {
        let read = |json| serde_json::from_str::<CampaignChange>(json).unwrap().advertiser_id;
        assert_eq!(read("{}"), None);
        assert_eq!(read(r#"{"advertiser_id":null}"#), Some(None));
        assert_eq!(read(r#"{"advertiser_id":"nova"}"#), Some(Some("nova".parse().unwrap())));
    }
}
