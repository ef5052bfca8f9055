use actix_web::{HttpRequest, HttpResponse, web::Data};
use auth::ReadReports;
use chrono::Utc;
use control_plane::ReportKind;
use web::{Body, Error, Tenant};

use crate::{
    attachment::{answered, settled_form},
    behaviour::{Asker, FunnelAnswer, FunnelBody},
    member::Member,
    report_request::read_body,
    routes::reports::{MayBeJob, preferred},
    state::Api,
};

/// Counts how many take each step of a funnel, in order.
///
/// A key is counted once, with its deepest attempt; of several, with the earliest. Events are ordered by
/// time, then by the first step that they match, then by their id; each is taken for one step only. A
/// credential that may see only some campaigns gets the funnel of their events.
///
/// The answer is JSON or a file, by `format` or the header `Accept`; with `Prefer: respond-async` it is a job that
/// makes the file.
#[utoipa::path(
    post,
    path = "/v1/funnels",
    tag = "behaviour",
    operation_id = "funnels",
    params(("Prefer" = Option<String>, Header, description = "`respond-async`: make a file in the background")),
    request_body = FunnelBody,
    responses(
        (
            status = 200,
            description = "The numbers",
            content(
                (FunnelAnswer = "application/json"),
                (String = "application/x-ndjson"),
                (String = "text/csv"),
                (String = "application/vnd.apache.parquet"),
                (String = "application/vnd.apache.arrow.file"),
            ),
            headers(("Retained-From" = String, description = "Of files: the `retained_from` of the JSON, if it has one")),
        ),
        MayBeJob,
        (status = 403, description = "The credential may see only some campaigns, and a filter names a cohort"),
        (status = 422, description = "A field is not valid; `errors` tells what would be right"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    http: HttpRequest,
    Body(mut body): Body<FunnelBody>,
) -> Result<HttpResponse, Error> {
    let context = tenant.context();
    let now = Utc::now();
    let form = settled_form(&mut body.format, "/format", &http)?;
    let asked = (ReportKind::Funnel, &body);
    if let Some(queued) = preferred(&api, Member::of(&tenant), &http, asked, now).await? {
        return Ok(queued);
    }
    let member = Member::of(&tenant);
    let request = read_body(&api, &member, &mut body, now, FunnelBody::parse).await?;
    let time = request.time;
    let campaigns = api.campaigns.of_scope(context, tenant.campaigns()).await?;
    let asker = Asker { tenant: context, campaigns };
    let answer: FunnelAnswer = api.behaviour.funnel(&asker, &request).await?;
    answered(answer, form, ("funnel", time)).await
}
