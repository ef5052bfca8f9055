use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};
use auth::ReadReports;
use chrono::Utc;
use control_plane::ReportJobKind;
use web::{Body, Error, Tenant};

use crate::{
    attachment::{attachment, retained_from},
    exports::{self, BegunExport, ExportBody, parts},
    member::Member,
    report_jobs::{ReportJobs, prefers_async, request_of},
    report_request::read_body,
    routes::reports::{ReportJob, accepted},
    state::Api,
    still_valid::while_valid,
};

/// Exports events as they are stored, one row for each item of an event, in no order.
///
/// The file is streamed. If it cannot be completed, the transfer breaks off, and the client reports an
/// incomplete answer. A tenant has one export at a time. With `Prefer: respond-async`, and always if the
/// range is longer than 92 days, the answer is a job that makes the file. A credential that may see only
/// some campaigns may not export: a row tells what a visitor did elsewhere.
#[utoipa::path(
    post,
    path = "/v1/exports/events",
    tag = "exports",
    operation_id = "export_events",
    params(("Prefer" = Option<String>, Header, description = "`respond-async`: make the file in the background")),
    request_body = ExportBody,
    responses(
        (
            status = 200,
            description = "The file",
            content(
                (String = "application/x-ndjson"),
                (String = "text/csv"),
                (String = "application/vnd.apache.parquet"),
                (String = "application/vnd.apache.arrow.file"),
            ),
            headers(("Retained-From" = String, description = "Present if the range begins before it: events that were received before this time have been deleted by the tenant's retention")),
        ),
        (
            status = 202,
            description = "The job that makes the file",
            body = ReportJob,
            headers(("Location" = String, description = "The job"), ("Preference-Applied" = String, description = "`respond-async`, if it was preferred")),
        ),
        (status = 403, description = "The credential may see only some campaigns"),
        (status = 409, description = "The tenant has as many jobs in the queue as allowed"),
        (status = 422, description = "A field is not valid; `errors` tells what would be right"),
        (status = 429, description = "Another export of the tenant runs; see `Retry-After`"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    http: HttpRequest,
    Body(mut body): Body<ExportBody>,
) -> Result<HttpResponse, Error> {
    let context = tenant.context();
    let member = Member::of(&tenant);
    exports::permitted(member.is_unlimited())?;
    let now = Utc::now();
    let request = read_body(&api, &member, &mut body, now, ExportBody::parse).await?;
    let is_preferred = prefers_async(http.headers());
    if is_preferred || request.is_long() {
        let jobs = ReportJobs::new(&api, member);
        let job = jobs.create(ReportJobKind::Events, &request_of(&body)?, now).await?;
        return Ok(accepted(job, is_preferred));
    }
    let BegunExport { export, retained_from: retained } =
        request.begin(&api.sources, &api.warehouse, context).await?;
    let format = request.format.file();
    let file = request.time.file_name("events", format.ending());
    let mut response = HttpResponse::Ok();
    if let Some(time) = retained {
        response.insert_header(retained_from(time));
    }
    Ok(response
        .insert_header((header::CONTENT_TYPE, format.media_type()))
        .insert_header(attachment(&file))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(while_valid(&api.sessions.web, tenant.principal(), parts(export))))
}
