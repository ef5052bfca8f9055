use actix_web::{HttpResponse, web::Data};
use auth::ReadReports;
use chrono::Utc;
use web::{Error, Query, Tenant};

use crate::{
    behaviour::{Asker, SessionsAnswer, SessionsQuery},
    cohorts::CohortFinder,
    state::Api,
};

/// Counts sessions: events of a visitor without a longer pause than `gap`.
///
/// A late event may join two sessions. A credential that may see only some campaigns gets the sessions of
/// their events.
#[utoipa::path(
    get,
    path = "/v1/sessions",
    tag = "behaviour",
    operation_id = "sessions",
    params(SessionsQuery),
    responses(
        (status = 200, description = "The numbers", body = SessionsAnswer),
        (status = 403, description = "The credential may see only some campaigns, and `cohort` is given"),
        (status = 422, description = "A parameter is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    Query(mut query): Query<SessionsQuery>,
) -> Result<HttpResponse, Error> {
    let context = tenant.context();
    let now = Utc::now();
    let cohorts = CohortFinder::new(&api.control_plane, context, tenant.campaigns());
    cohorts.find(&mut query, now).await?;
    let request = query.parse(context.time_zone(), now)?;
    let campaigns = api.campaigns.of_scope(context, tenant.campaigns()).await?;
    let answer = api.behaviour.sessions(&Asker { tenant: context, campaigns }, &request).await?;
    Ok(HttpResponse::Ok().json(answer))
}
