use actix_web::{HttpRequest, HttpResponse, web::Data};
use auth::ReadReports;
use chrono::Utc;
use control_plane::ReportKind;
use web::{Error, Query, Tenant};

use crate::{
    attachment::{answered, settled_form},
    behaviour::{Asker, SessionsAnswer, SessionsQuery},
    cohorts::CohortFinder,
    member::Member,
    routes::reports::{MayBeJob, preferred},
    state::Api,
};

/// Counts sessions: events of a visitor without a longer pause than `gap`.
///
/// A late event may join two sessions. A credential that may see only some campaigns gets the sessions of
/// their events.
///
/// The answer is JSON or a file, by `format` or the header `Accept`; with `Prefer: respond-async` it is a job that
/// makes the file.
#[utoipa::path(
    get,
    path = "/v1/sessions",
    tag = "behaviour",
    operation_id = "sessions",
    params(SessionsQuery, ("Prefer" = Option<String>, Header, description = "`respond-async`: make a file in the background")),
    responses(
        (
            status = 200,
            description = "The numbers",
            content(
                (SessionsAnswer = "application/json"),
                (String = "application/x-ndjson"),
                (String = "text/csv"),
                (String = "application/vnd.apache.parquet"),
                (String = "application/vnd.apache.arrow.file"),
            ),
            headers(("Retained-From" = String, description = "Of files: the `retained_from` of the JSON, if it has one")),
        ),
        MayBeJob,
        (status = 403, description = "The credential may see only some campaigns, and `cohort` is given"),
        (status = 422, description = "A parameter is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    http: HttpRequest,
    Query(mut query): Query<SessionsQuery>,
) -> Result<HttpResponse, Error> {
    let context = tenant.context();
    let now = Utc::now();
    let form = settled_form(&mut query.format, "?format", &http)?;
    let asked = (ReportKind::Sessions, &query);
    if let Some(queued) = preferred(&api, Member::of(&tenant), &http, asked, now).await? {
        return Ok(queued);
    }
    let cohorts = CohortFinder::new(&api.control_plane, context, tenant.campaigns());
    cohorts.find(&mut query, now).await?;
    let request = query.parse(context.time_zone(), now)?;
    let time = request.time;
    let campaigns = api.campaigns.of_scope(context, tenant.campaigns()).await?;
    let answer = api.behaviour.sessions(&Asker { tenant: context, campaigns }, &request).await?;
    answered(answer, form, ("sessions", time)).await
}
