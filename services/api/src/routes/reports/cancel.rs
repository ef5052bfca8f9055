use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ReadReports;
use uuid::Uuid;
use web::{Error, Tenant};

use crate::{member::Member, report_jobs::ReportJobs, state::Api};

/// Cancels a report job. The file of one that is done expires at once.
///
/// A job that has ended otherwise stays as it is. A running one stops within seconds.
#[utoipa::path(
    delete,
    path = "/v1/reports/{id}",
    tag = "report jobs",
    operation_id = "cancel_report_job",
    params(("id" = Uuid, Path, description = "The job")),
    responses(
        (status = 204, description = "The job is cancelled, or had ended"),
        (status = 404, description = "The job does not exist, or this credential may not see it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    ReportJobs::new(&api, Member::of(&tenant)).cancel(*id).await?;
    Ok(HttpResponse::NoContent().finish())
}
