use actix_web::{HttpResponse, http::header, web::Data};
use auth::{CampaignScope, ReadReports};
use chrono::Utc;
use futures::stream;
use problem::{Code, Problem};
use serde::Deserialize;
use utoipa::ToSchema;
use warehouse::{EventExport, ExportFormat, ExportQuery, Local};
use web::{Body, Error, Tenant};

use crate::{
    failure::Failure,
    query::{FilterBody, Time, TimeBody, filters},
    state::Api,
};

/// Which events to export.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportBody {
    /// The time of the events. Without `granularity`.
    #[serde(default)]
    time: TimeBody,
    /// Only events for which it holds.
    filters: Option<FilterBody>,
    /// The form of the file. Default: `ndjson`.
    format: Option<ExportFormatBody>,
}

/// The form of a file.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExportFormatBody {
    Ndjson,
    Csv,
    Parquet,
    Arrow,
}

/// Exports events as they are stored, one row for each item of an event, in no order.
///
/// The file is streamed. If it cannot be completed, the transfer breaks off, and the client reports an
/// incomplete answer. A tenant has one export at a time. A credential that may see only some campaigns may
/// not export: a row tells what a visitor did elsewhere.
#[utoipa::path(
    post,
    path = "/v1/exports/events",
    tag = "exports",
    operation_id = "export_events",
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
        ),
        (status = 403, description = "The credential may see only some campaigns"),
        (status = 422, description = "A field is not valid; `errors` tells what would be right"),
        (status = 429, description = "Another export of the tenant runs; see `Retry-After`"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    body: Body<ExportBody>,
) -> Result<HttpResponse, Error> {
    let context = tenant.context();
    if *tenant.campaigns() != CampaignScope::All {
        let detail = "This credential may see only some campaigns, and an export has all events.";
        return Err(Problem::new(Code::PermissionDenied, detail).into());
    }
    let ExportBody { time, filters, format } = body.0;
    if time.granularity.is_some() {
        return Err(Problem::field("/time/granularity", "is not possible: rows are events").into());
    }
    let time = time.parse("/time/", context.time_zone(), Utc::now())?;
    let Time { range, zone, .. } = time;
    let format = format.unwrap_or(ExportFormatBody::Ndjson);
    let query = ExportQuery {
        time: range.from()..range.to(),
        local: Local { zone, home: context.currency() },
        filter: &filters::of_events(filters.as_ref(), "/filters")?,
        format: format.stored(),
    };
    let export = api.warehouse.for_tenant(context).export(&query).await.map_err(Failure::from)?;
    let (media, ending) = format.names();
    let file = time.file_name("events", ending);
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, media))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(parts(export)))
}

/// Returns the parts of the file. An error ends the connection, so that no client takes it for whole.
fn parts(
    export: EventExport,
) -> impl futures::Stream<Item = Result<actix_web::web::Bytes, std::io::Error>> {
    stream::try_unfold(export, async |mut export| {
        let part = export.next().await.map_err(|error| {
            tracing::warn!(%error, "an export broke off");
            std::io::Error::other("the export broke off")
        })?;
        Ok(part.map(|part| (part, export)))
    })
}

impl ExportFormatBody {
    const fn stored(self) -> ExportFormat {
        match self {
            Self::Ndjson => ExportFormat::Ndjson,
            Self::Csv => ExportFormat::Csv,
            Self::Parquet => ExportFormat::Parquet,
            Self::Arrow => ExportFormat::Arrow,
        }
    }

    /// Returns the media type, and the ending of file names.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Ndjson => ("application/x-ndjson", "ndjson"),
            Self::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
            Self::Parquet => ("application/vnd.apache.parquet", "parquet"),
            Self::Arrow => ("application/vnd.apache.arrow.file", "arrow"),
        }
    }
}
