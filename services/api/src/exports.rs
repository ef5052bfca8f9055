//! Exports: events as they are stored.

use std::io;

use actix_web::web::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{Stream, stream};
use metrics::{EventTest, Filter};
use problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use tenancy::TenantContext;
use utoipa::ToSchema;
use warehouse::{EventExport, ExportFormat, ExportQuery, Local, Warehouse};

use crate::{
    cohorts::{NamedCohort, NamesCohorts},
    dimensions::Home,
    failure::Failure,
    query::{FileFormat, FilterBody, Time, TimeBody, filters},
    reports::{Reads, Sources, retained},
};

/// The longest range that is answered at once. An export of a longer one is a job.
const LONGEST_AT_ONCE: TimeDelta = TimeDelta::days(92);

/// Which events to export.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExportFormatBody {
    Ndjson,
    Csv,
    Parquet,
    Arrow,
}

/// A valid export.
#[derive(Debug)]
pub(crate) struct ExportRequest {
    pub(crate) time: Time,
    pub(crate) format: ExportFormatBody,
    filter: Filter<EventTest>,
}

/// An export that has begun.
pub(crate) struct BegunExport {
    pub(crate) export: EventExport,
    /// From when on events are retained, if its range begins before that time.
    pub(crate) retained_from: Option<DateTime<Utc>>,
}

impl NamesCohorts for ExportBody {
    fn cohorts(&mut self) -> Vec<&mut NamedCohort> {
        self.filters.cohorts()
    }
}

/// Refuses events themselves to a credential that may see only some campaigns.
///
/// # Errors
/// It may.
pub(crate) fn permitted(sees_all: bool) -> Result<(), Problem> {
    if sees_all {
        return Ok(());
    }
    let detail = "This credential may see only some campaigns, and an export has all events.";
    Err(Problem::new(Code::PermissionDenied, detail))
}

impl ExportBody {
    /// Reads the export of a tenant at the time `now`.
    ///
    /// # Errors
    /// Every wrong field, and what would be correct.
    pub(crate) fn parse(
        &self,
        home: Home<'_>,
        now: DateTime<Utc>,
    ) -> Result<ExportRequest, Problem> {
        self.time.without_buckets("is not possible: rows are events")?;
        Ok(ExportRequest {
            time: self.time.parse("/time/", home.zone, now)?,
            format: self.format.unwrap_or(ExportFormatBody::Ndjson),
            filter: filters::of_events(self.filters.as_ref(), "/filters", home.dimensions)?,
        })
    }
}

impl ExportRequest {
    /// Returns whether its range is too long to be answered at once.
    pub(crate) fn is_long(&self) -> bool {
        self.time.range.to() - self.time.range.from() > LONGEST_AT_ONCE
    }

    /// Begins the export.
    ///
    /// # Errors
    /// The range has expired and nothing of it is stored, another export of the tenant runs, or the warehouse is
    /// unavailable or refuses it.
    pub(crate) async fn begin(
        &self,
        sources: &Sources,
        warehouse: &Warehouse,
        tenant: &TenantContext,
    ) -> Result<BegunExport, Failure> {
        let Time { range, zone, .. } = self.time;
        sources.still_known(tenant, range, "/time/from", Reads::Rows).await?;
        let retained_from = sources.retained_from(tenant, Reads::Rows).await;
        let query = ExportQuery {
            time: range.from()..range.to(),
            local: Local { zone, home: tenant.currency() },
            filter: &self.filter,
            format: self.format.stored(),
        };
        Ok(BegunExport {
            export: warehouse.for_tenant(tenant).export(&query).await?,
            retained_from: retained::touched(retained_from, [range.from()]),
        })
    }
}

/// Returns the parts of a file. An error ends the connection, so that no client takes it for whole.
pub(crate) fn parts(export: EventExport) -> impl Stream<Item = io::Result<Bytes>> {
    stream::try_unfold(export, async |mut export| {
        let part = export.next().await.map_err(|error| {
            tracing::warn!(%error, "an export broke off");
            io::Error::other("the export broke off")
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

    /// Returns the form of the file, which queries have, too.
    pub(crate) const fn file(self) -> FileFormat {
        match self {
            Self::Ndjson => FileFormat::Ndjson,
            Self::Csv => FileFormat::Csv,
            Self::Parquet => FileFormat::Parquet,
            Self::Arrow => FileFormat::Arrow,
        }
    }
}
