use actix_web::{HttpResponse, web::Data};
use auth::ReadCampaigns;
use problem::Problem;
use web::{Error, Query, Tenant};

use super::Campaign;
use crate::{
    campaigns::filter,
    failure::Failure,
    pagination::{Listing, PageQuery},
    state::Api,
};

/// Lists the campaigns that this credential may see, by id.
///
/// A campaign is listed after its first event.
#[utoipa::path(
    get,
    path = "/v1/campaigns",
    tag = "campaigns",
    operation_id = "list_campaigns",
    params(PageQuery),
    responses((status = 200, description = "A page of campaigns", body = Listing<Campaign>)),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadCampaigns>,
    api: Data<Api>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Error> {
    let page = query.parse()?;
    let after = page.after.as_deref().map(str::parse).transpose();
    let after =
        after.map_err(|_| Problem::field("?cursor", "must be a next_cursor of this list"))?;
    let stored = api.control_plane.for_tenant(tenant.context());
    let campaigns =
        stored.campaigns(&filter(tenant.campaigns()), after.as_ref(), page.fetch()).await;
    let campaigns = campaigns.map_err(Failure::from)?.into_iter().map(Campaign::from).collect();
    Ok(page.answer("/v1/campaigns", campaigns, |campaign: &Campaign| campaign.id.to_string()))
}
