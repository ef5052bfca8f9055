use std::sync::Arc;

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ReadCampaigns;
use tenancy::CampaignId;
use web::{Error, Tenant};

use super::Campaign;
use crate::{schemas, state::Api};

/// Shows one campaign.
#[utoipa::path(
    get,
    path = "/v1/campaigns/{id}",
    tag = "campaigns",
    operation_id = "show_campaign",
    params(("id" = schemas::CampaignId, Path, description = "The campaign")),
    responses(
        (status = 200, description = "The campaign", body = Campaign),
        (status = 404, description = "The campaign does not exist, or this credential may not see it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadCampaigns>,
    api: Data<Api>,
    id: Path<CampaignId>,
) -> Result<HttpResponse, Error> {
    let campaign = api.campaigns.visible(tenant.context(), tenant.campaigns(), &id).await?;
    Ok(HttpResponse::Ok().json(Campaign::from(Arc::unwrap_or_clone(campaign))))
}
