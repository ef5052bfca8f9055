use actix_web::{HttpResponse, web::Data};
use auth::ManageAdvertisers;
use web::{Error, Tenant};

use super::Advertiser;
use crate::{failure::Failure, pagination::Listing, state::Api};

/// Lists the tenant's advertisers, by id.
#[utoipa::path(
    get,
    path = "/v1/advertisers",
    tag = "advertisers",
    operation_id = "list_advertisers",
    responses((status = 200, description = "Every advertiser", body = Listing<Advertiser>)),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageAdvertisers>,
    api: Data<Api>,
) -> Result<HttpResponse, Error> {
    let advertisers = api.control_plane.for_tenant(tenant.context()).advertisers().await;
    let advertisers = advertisers.map_err(Failure::from)?.into_iter();
    let data: Vec<_> = advertisers.map(Advertiser::from).collect();
    Ok(HttpResponse::Ok().json(Listing { data, next_cursor: None }))
}
