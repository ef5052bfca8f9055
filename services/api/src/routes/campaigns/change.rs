use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageCampaigns;
use problem::Problem;
use serde::Deserialize;
use tenancy::{AdvertiserId, CampaignId};
use utoipa::ToSchema;
use web::{Body, Error, Tenant};

use super::Campaign;
use crate::{failure::in_field, names::DisplayName, present::present, schemas, state::Api};

/// The fields of a campaign to change; absent fields remain unchanged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignChange {
    /// The display name.
    name: Option<DisplayName>,
    /// The advertiser; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schemas::Slug>)]
    advertiser_id: Option<Option<AdvertiserId>>,
}

/// Names a campaign, or assigns it to an advertiser, who can then see it.
#[utoipa::path(
    patch,
    path = "/v1/campaigns/{id}",
    tag = "campaigns",
    operation_id = "change_campaign",
    params(("id" = schemas::CampaignId, Path, description = "The campaign")),
    request_body = CampaignChange,
    responses(
        (status = 200, description = "The changed campaign", body = Campaign),
        (status = 404, description = "The campaign does not exist"),
        (status = 422, description = "A field is not valid, or the advertiser does not exist"),
    ),
)]
pub(crate) async fn handle(
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
    let reason = "must be one of your advertisers";
    let campaign = changed.map_err(in_field("/advertiser_id", reason))?;
    let campaign = campaign.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok().json(Campaign::from(campaign)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_removes_and_absent_leaves_unchanged() {
        let read = |json| serde_json::from_str::<CampaignChange>(json).unwrap().advertiser_id;
        assert_eq!(read("{}"), None);
        assert_eq!(read(r#"{"advertiser_id":null}"#), Some(None));
        assert_eq!(read(r#"{"advertiser_id":"nova"}"#), Some(Some("nova".parse().unwrap())));
    }
}
