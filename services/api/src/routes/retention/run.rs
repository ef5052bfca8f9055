use actix_web::{HttpRequest, HttpResponse, web::Data};
use auth::ReadReports;
use chrono::Utc;
use control_plane::ReportKind;
use web::{Body, Error, Tenant};

use crate::{
    attachment::{answered, settled_form},
    behaviour::{Asker, RetentionAnswer, RetentionBody},
    member::Member,
    report_request::read_body,
    routes::reports::{MayBeJob, preferred},
    state::Api,
};

/// Counts how many return after their first event.
///
/// A cell whose period is not over for all of its cohort is `partial`, and no part of an average. A
/// credential that may see only some campaigns gets the retention of their events.
///
/// The answer is JSON or a file, by `format` or the header `Accept`; with `Prefer: respond-async` it is a job that
/// makes the file.
#[utoipa::path(
    post,
    path = "/v1/retention",
    tag = "behaviour",
    operation_id = "retention",
    params(("Prefer" = Option<String>, Header, description = "`respond-async`: make a file in the background")),
    request_body = RetentionBody,
    responses(
        (
            status = 200,
            description = "The numbers",
            content(
                (RetentionAnswer = "application/json"),
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
    Body(mut body): Body<RetentionBody>,
) -> Result<HttpResponse, Error> {
    let context = tenant.context();
    let now = Utc::now();
    let form = settled_form(&mut body.format, "/format", &http)?;
    let asked = (ReportKind::Retention, &body);
    if let Some(queued) = preferred(&api, Member::of(&tenant), &http, asked, now).await? {
        return Ok(queued);
    }
    let member = Member::of(&tenant);
    let request = read_body(&api, &member, &mut body, now, RetentionBody::parse).await?;
    let time = request.time;
    let campaigns = api.campaigns.of_scope(context, tenant.campaigns()).await?;
    let asker = Asker { tenant: context, campaigns };
    let answer: RetentionAnswer = api.behaviour.retention(&asker, request).await?;
    answered(answer, form, ("retention", time)).await
}
