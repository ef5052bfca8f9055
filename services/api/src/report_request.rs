//! The requests of all kinds of reports: of a route, and of reports that are kept and asked later.

use actix_web::web::{Bytes, block};
use auth::CampaignScope;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use control_plane::{ReportJobKind, ReportKind};
use problem::Problem;
use serde::de::DeserializeOwned;
use tenancy::TenantContext;
use warehouse::EventExport;
use web::read_json;

use crate::{
    behaviour::{
        Asker, AttributionBody, AttributionRequest, FunnelBody, FunnelRequest, RetentionBody,
        RetentionRequest, SessionsQuery, SessionsRequest,
    },
    cohorts::{CohortFinder, FoundCohorts, NamesCohorts},
    dimensions::{self, Home},
    exports::{self, ExportBody, ExportRequest},
    failure::Failure,
    member::Member,
    query::{Format, QueryBody, QueryRequest, Time, WindowsBody, WindowsRequest, scope},
    sheet::Tabular,
    state::Api,
};

/// A valid request for a report.
#[derive(Debug)]
pub(crate) enum ReportRequest {
    Query(Box<QueryRequest>, Format),
    Attribution(AttributionRequest),
    Funnel(FunnelRequest),
    Retention(RetentionRequest),
    Sessions(SessionsRequest),
    Windows(Box<WindowsRequest>),
    Events(ExportRequest),
}

/// What a report consists of.
pub(crate) enum Report {
    /// It is made as a whole.
    Whole { body: Bytes, rows: Option<u64>, as_of: Option<DateTime<Utc>> },
    /// It is made while it is read. Everything received before `as_of` is in it.
    Parts { export: EventExport, as_of: Option<DateTime<Utc>> },
}

impl Report {
    /// Returns up to when events are in it, and how many rows it has if that is known before it is written.
    pub(crate) fn facts(&self) -> (Option<DateTime<Utc>>, Option<u64>) {
        match self {
            Self::Whole { rows, as_of, .. } => (*as_of, *rows),
            Self::Parts { as_of, .. } => (*as_of, None),
        }
    }
}

impl ReportRequest {
    /// Reads the body of a request of a tenant as its route does, at the time `now`, for a credential that may
    /// see all campaigns or only some. The cohorts that it names are found already.
    ///
    /// # Errors
    /// Every wrong field, and what would be correct; or the credential may not ask it.
    pub(crate) fn parse(
        kind: ReportJobKind,
        request: &[u8],
        cohorts: &FoundCohorts,
        sees_all: bool,
        home: Home<'_>,
        now: DateTime<Utc>,
    ) -> Result<Self, Problem> {
        match kind {
            ReportJobKind::Report(ReportKind::Query) => {
                let query: QueryBody = read(request, cohorts)?;
                if query.cursor.is_some() {
                    let reason = "must be absent: a report that is kept begins at its first page";
                    return Err(Problem::field("/cursor", reason));
                }
                let format = query.named_format()?.unwrap_or(Format::Json);
                let query = query.parse(format != Format::Json, home, now)?;
                if !sees_all {
                    scope::permitted(query.needed(), query.used())?;
                }
                Ok(Self::Query(Box::new(query), format))
            }
            ReportJobKind::Report(ReportKind::Attribution) => {
                let attribution: AttributionBody = read_json(request)?;
                attribution.parse(home, now).map(Self::Attribution)
            }
            ReportJobKind::Report(ReportKind::Funnel) => {
                let funnel: FunnelBody = read(request, cohorts)?;
                funnel.parse(home, now).map(Self::Funnel)
            }
            ReportJobKind::Report(ReportKind::Retention) => {
                let retention: RetentionBody = read(request, cohorts)?;
                retention.parse(home, now).map(Self::Retention)
            }
            ReportJobKind::Report(ReportKind::Sessions) => {
                let sessions: SessionsQuery = read(request, cohorts)?;
                sessions.parse(home.zone, now).map(Self::Sessions)
            }
            ReportJobKind::Report(ReportKind::Windows) => {
                let windows: WindowsBody = read(request, cohorts)?;
                let windows = windows.parse(home, now)?;
                if !sees_all {
                    scope::permitted(windows.query.needed(), windows.query.used())?;
                }
                Ok(Self::Windows(Box::new(windows)))
            }
            ReportJobKind::Events => {
                exports::permitted(sees_all)?;
                let export: ExportBody = read(request, cohorts)?;
                export.parse(home, now).map(Self::Events)
            }
        }
    }

    /// Returns the range that it asks for.
    pub(crate) fn time(&self) -> Time {
        match self {
            Self::Query(query, _) => query.time(),
            Self::Attribution(attribution) => attribution.time,
            Self::Funnel(funnel) => funnel.time,
            Self::Retention(retention) => retention.time,
            Self::Sessions(sessions) => sessions.time,
            Self::Windows(windows) => windows.query.time(),
            Self::Events(export) => export.time,
        }
    }

    /// Returns the form of its file.
    pub(crate) fn form(&self) -> Format {
        match self {
            Self::Query(_, format) => *format,
            Self::Events(export) => Format::File(export.format.file()),
            Self::Attribution(attribution) => attribution.format.unwrap_or(Format::Json),
            Self::Funnel(funnel) => funnel.format.unwrap_or(Format::Json),
            Self::Retention(retention) => retention.format.unwrap_or(Format::Json),
            Self::Sessions(sessions) => sessions.format.unwrap_or(Format::Json),
            Self::Windows(windows) => windows.format.unwrap_or(Format::Json),
        }
    }

    /// Makes the report, limited to what a credential with this scope may see.
    ///
    /// # Errors
    /// It is too expensive, or a store is unavailable or busy.
    pub(crate) async fn answer(
        self,
        api: &Api,
        tenant: &TenantContext,
        scope: &CampaignScope,
    ) -> Result<Report, Failure> {
        let as_of = api.sources.stored_as_of().await;
        let form = self.form();
        let zone = self.time().zone;
        let campaigns = api.campaigns.of_scope(tenant, scope).await?;
        let asker = Asker { tenant, campaigns };
        let behaviour = &api.behaviour;
        let made = match self {
            Self::Query(query, format) => {
                return queried(api, asker, *query, format).await;
            }
            Self::Events(export) => {
                let begun = export.begin(&api.sources, &api.warehouse, tenant).await?;
                return Ok(Report::Parts { export: begun.export, as_of });
            }
            Self::Windows(request) => {
                let answer = api.queries.windows(tenant, asker.campaigns, &request).await?;
                let rows = Some(answer.row_count());
                let (body, written) = rendered(answer, form, zone).await?;
                return Ok(Report::Whole { body, rows: written.or(rows), as_of });
            }
            Self::Attribution(request) => {
                rendered(behaviour.attribution(&asker, &request).await?, form, zone).await
            }
            Self::Funnel(request) => {
                rendered(behaviour.funnel(&asker, &request).await?, form, zone).await
            }
            Self::Retention(request) => {
                rendered(behaviour.retention(&asker, request).await?, form, zone).await
            }
            Self::Sessions(request) => {
                rendered(behaviour.sessions(&asker, &request).await?, form, zone).await
            }
        };
        let (body, rows) = made?;
        Ok(Report::Whole { body, rows, as_of })
    }
}

/// Reads the body of a report that a member asks for at the time `now`: by the dimensions of its tenant, after
/// the cohorts that the body names are found.
///
/// # Errors
/// It is not valid, the member may not use cohorts, or PostgreSQL is unavailable.
pub(crate) async fn read_body<B: NamesCohorts, T>(
    api: &Api,
    member: &Member<'_>,
    body: &mut B,
    now: DateTime<Utc>,
    parse: impl Fn(&B, Home<'_>, DateTime<Utc>) -> Result<T, Problem>,
) -> Result<T, Failure> {
    let cohorts = CohortFinder::new(&api.control_plane, member.tenant(), member.campaigns());
    cohorts.find(body, now).await?;
    dimensions::read(&api.control_plane, member.tenant(), |home| parse(body, home, now)).await
}

/// Reads a body that may name cohorts.
fn read<B>(request: &[u8], cohorts: &FoundCohorts) -> Result<B, Problem>
where
    B: DeserializeOwned + NamesCohorts,
{
    let mut body: B = read_json(request)?;
    cohorts.write_into(&mut body);
    Ok(body)
}

async fn queried(
    api: &Api,
    asker: Asker<'_>,
    query: QueryRequest,
    format: Format,
) -> Result<Report, Failure> {
    let computed = Box::pin(api.queries.compute(asker.tenant, asker.campaigns.as_deref(), &query));
    let answer = computed.await?;
    let (rows, as_of) = (Some(answer.row_count(format)), answer.as_of);
    let body = match format {
        Format::Json => answer.json().map_err(Problem::internal)?.0,
        // Half a million numbers take a while: meanwhile this thread does other things.
        Format::File(file) => {
            block(move || answer.file(file)).await.map_err(Problem::internal)??.into()
        }
    };
    Ok(Report::Whole { body, rows, as_of })
}

/// Renders an answer, and counts the rows of a file.
async fn rendered(
    answer: impl Tabular + Send + 'static,
    form: Format,
    zone: Tz,
) -> Result<(Bytes, Option<u64>), Problem> {
    let Format::File(format) = form else {
        let json = serde_json::to_vec(&answer).map_err(Problem::internal)?;
        return Ok((json.into(), None));
    };
    let make = move || {
        let sheet = answer.sheet(zone);
        sheet.file(format).map(|file| (Bytes::from(file), Some(sheet.rows())))
    };
    block(make).await.map_err(Problem::internal)?
}
