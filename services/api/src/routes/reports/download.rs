use actix_web::{
    HttpResponse,
    body::SizedStream,
    http::header::{self, HeaderName},
    web::{Data, Path},
};
use auth::ReadReports;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::Utc;
use uuid::Uuid;
use web::{Error, Tenant};

use crate::{
    attachment::attachment,
    member::Member,
    report_jobs::{Download, ReportJobs},
    state::Api,
    still_valid::while_valid,
};

/// RFC 9530, and the header that it replaces (RFC 3230).
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
const DIGEST: HeaderName = HeaderName::from_static("digest");

/// Downloads the file of a report job that is done.
#[utoipa::path(
    get,
    path = "/v1/reports/{id}/download",
    tag = "report jobs",
    operation_id = "download_report",
    params(("id" = Uuid, Path, description = "The job")),
    responses(
        (
            status = 200,
            description = "The file",
            content(
                (Object = "application/json"),
                (String = "application/x-ndjson"),
                (String = "text/csv"),
                (String = "application/vnd.apache.parquet"),
                (String = "application/vnd.apache.arrow.file"),
            ),
            headers(("Repr-Digest" = String, description = "SHA-256 of the file (RFC 9530)")),
        ),
        (status = 404, description = "The job does not exist, is not done, or this credential may not see it"),
        (status = 410, description = "The file has expired"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let jobs = ReportJobs::new(&api, Member::of(&tenant));
    let Download { file, reader } = jobs.download(*id, Utc::now()).await?;
    let digest = STANDARD.encode(file.sha256);
    let parts = while_valid(&api.sessions.web, tenant.principal(), reader.parts);
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, file.media_type))
        .insert_header(attachment(&file.name))
        .insert_header((REPR_DIGEST, format!("sha-256=:{digest}:")))
        .insert_header((DIGEST, format!("sha-256={digest}")))
        // The digests are of these bytes, so they are not compressed.
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(SizedStream::new(reader.bytes, parts)))
}
