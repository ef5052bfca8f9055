use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageAdvertisers;
use problem::Problem;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Body, Error, Tenant};

use super::Advertiser;
use crate::{failure::Failure, names::DisplayName, schemas, state::Api};

/// The contents of an advertiser.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdvertiserOrder {
    /// The display name.
    name: DisplayName,
}

/// Creates an advertiser, or renames it.
#[utoipa::path(
    put,
    path = "/v1/advertisers/{id}",
    tag = "advertisers",
    operation_id = "put_advertiser",
    params(("id" = schemas::Slug, Path, description = "The advertiser")),
    request_body = AdvertiserOrder,
    responses((status = 200, description = "The advertiser", body = Advertiser)),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageAdvertisers>,
    api: Data<Api>,
    id: Path<String>,
    Body(order): Body<AdvertiserOrder>,
) -> Result<HttpResponse, Error> {
    let advertiser_id = id.parse::<tenancy::AdvertiserId>();
    let advertiser = control_plane::Advertiser {
        advertiser_id: advertiser_id.map_err(|error| Problem::field("{id}", error.to_string()))?,
        name: order.name.into(),
    };
    let actor = tenant.principal().subject.to_string();
    let stored = api.control_plane.for_tenant(tenant.context());
    stored.put_advertiser(&actor, &advertiser).await.map_err(Failure::from)?;
    Ok(HttpResponse::Ok().json(Advertiser::from(advertiser)))
}
