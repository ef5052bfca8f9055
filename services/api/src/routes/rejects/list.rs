use actix_web::{HttpResponse, http::header, web::Data};
use auth::ReadRejects;
use web::{Error, Query, Tenant};

use crate::{
    rejects::{RejectListing, RejectsQuery},
    state::Api,
};

/// Lists the refused events, newest first, as they were sent.
///
/// A reject is listed seconds after the collector answered `rejected`, and is retained as long as the
/// tenant's events.
#[utoipa::path(
    get,
    path = "/v1/rejects",
    tag = "rejects",
    operation_id = "list_rejects",
    params(RejectsQuery),
    responses(
        (status = 200, description = "A page of rejects, and the counts of all", body = RejectListing),
        (status = 422, description = "A parameter is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadRejects>,
    api: Data<Api>,
    Query(query): Query<RejectsQuery>,
) -> Result<HttpResponse, Error> {
    let request = query.parse(tenant.context().time_zone())?;
    let listing = api.rejects.list(tenant.context(), &request).await?;
    let mut response = HttpResponse::Ok();
    if let Some(link) = listing.link(&request) {
        response.insert_header((header::LINK, link));
    }
    Ok(response.json(listing))
}
