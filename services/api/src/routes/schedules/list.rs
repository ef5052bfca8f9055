use actix_web::{HttpResponse, web::Data};
use auth::ReadReports;
use web::{Error, Query, Tenant};

use super::Schedule;
use crate::{
    member::Member,
    pagination::{Listing, PageQuery},
    schedules::Schedules,
    state::Api,
};

/// Lists schedules, oldest first. Owners see those of the tenant, other users the own ones.
#[utoipa::path(
    get,
    path = "/v1/schedules",
    tag = "report jobs",
    operation_id = "list_schedules",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of schedules", body = Listing<Schedule>),
        (status = 403, description = "The credential is a key"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Error> {
    let page = query.parse()?;
    let schedules = Schedules::new(&api.control_plane, Member::of(&tenant));
    let listed = schedules.list(&page).await?.into_iter().map(Schedule::from).collect();
    Ok(page.answer("/v1/schedules", listed, |schedule: &Schedule| schedule.id.to_string()))
}
