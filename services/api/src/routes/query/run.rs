use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    web::{Data, block},
};
use auth::ReadReports;
use chrono::Utc;
use control_plane::ReportKind;
use problem::Problem;
use web::{Body, Error, Tenant};

use crate::{
    attachment::{attachment, form, retained_from},
    dimensions::Home,
    member::Member,
    query::{Format, QueryAnswer, QueryBody},
    report_request::read_body,
    routes::reports::{MayBeJob, preferred},
    state::Api,
};

/// A client may keep an answer, but not use it without asking whether it is still the same.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("private, no-cache");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Answers a query: any metrics by any dimensions, over any time.
///
/// `GET /v1/metrics` and `GET /v1/dimensions` list what can be asked for. The answer is JSON, or a
/// file with one row for each segment and bucket, by `format` or the header `Accept`: NDJSON, CSV, Parquet
/// or Arrow, whose values equal those of the JSON. A credential that may see only some
/// campaigns gets the numbers of these campaigns, also in `totals`, `others` and comparisons. With `Prefer:
/// respond-async`, the answer is a job that makes a file.
#[utoipa::path(
    post,
    path = "/v1/query",
    tag = "metrics",
    operation_id = "query",
    params(("Prefer" = Option<String>, Header, description = "`respond-async`: make a file in the background")),
    request_body = QueryBody,
    responses(
        (
            status = 200,
            description = "The numbers",
            content(
                (QueryAnswer<'static> = "application/json"),
                (String = "application/x-ndjson"),
                (String = "text/csv"),
                (String = "application/vnd.apache.parquet"),
                (String = "application/vnd.apache.arrow.file"),
            ),
            headers(
                ("ETag" = String, description = "Of JSON: changes with the numbers"),
                ("Retained-From" = String, description = "Of files: the `retained_from` of the JSON, if it has one"),
            ),
        ),
        MayBeJob,
        (status = 304, description = "The numbers are those of the answer that `If-None-Match` names"),
        (status = 403, description = "The credential may see only some campaigns, and the query depends on others"),
        (status = 422, description = "A field is not valid, or a metric, a dimension and the attribution exclude each other; `errors` tells what would be right"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    http: HttpRequest,
    Body(mut query): Body<QueryBody>,
) -> Result<HttpResponse, Error> {
    let now = Utc::now();
    let format = form(query.named_format()?, &http);
    // A job has no header `Accept`.
    query.format = Some(format.ending().to_owned());
    let asked = (ReportKind::Query, &query);
    if let Some(queued) = preferred(&api, Member::of(&tenant), &http, asked, now).await? {
        return Ok(queued);
    }
    let is_file = format != Format::Json;
    let parse = |body: &QueryBody, home: Home<'_>, at| body.parse(is_file, home, at);
    let request = read_body(&api, &Member::of(&tenant), &mut query, now, parse).await?;
    let time = request.time();
    let campaigns = api.campaigns.of_scope(tenant.context(), tenant.campaigns()).await?;
    let (answer, timing) = api.queries.answer(tenant.context(), campaigns, request).await?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((SERVER_TIMING, timing.header()))
        .insert_header((header::CACHE_CONTROL, CACHE_CONTROL));
    let Format::File(file) = format else {
        let (body, tag) = answer.json().map_err(Problem::internal)?;
        response.insert_header((header::ETAG, tag.header()));
        if tag.is_known_to(&http) {
            return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
        }
        return Ok(response.content_type("application/json").body(body));
    };
    if let Some(retained) = answer.retained_from {
        response.insert_header(retained_from(retained));
    }
    let name = time.file_name("query", file.ending());
    // Half a million numbers take a while: meanwhile this thread answers other requests.
    let rendered = block(move || answer.file(file)).await.map_err(Problem::internal)?;
    Ok(response
        .insert_header((header::CONTENT_TYPE, file.media_type()))
        .insert_header(attachment(&name))
        .body(rendered?))
}
