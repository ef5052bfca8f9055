use actix_web::{HttpResponse, web::Data};
use auth::ReadReports;
use web::{Error, Query, Tenant};

use super::Cohort;
use crate::{
    cohorts::Cohorts,
    member::Member,
    pagination::{Listing, PageQuery},
    state::Api,
};

/// Lists the kept cohorts of the tenant, oldest first.
#[utoipa::path(
    get,
    path = "/v1/cohorts",
    tag = "cohorts",
    operation_id = "list_cohorts",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of cohorts", body = Listing<Cohort>),
        (status = 403, description = "The credential may see only some campaigns"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Error> {
    let page = query.parse()?;
    let listed = Cohorts::new(&api, Member::of(&tenant))?.list(&page).await?;
    let listed = listed.into_iter().map(Cohort::from).collect();
    Ok(page.answer("/v1/cohorts", listed, |cohort: &Cohort| cohort.id.to_string()))
}
