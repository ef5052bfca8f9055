use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ReadReports;
use uuid::Uuid;
use web::{Error, Tenant};

use super::ReportJob;
use crate::{member::Member, report_jobs::ReportJobs, state::Api};

/// Shows a report job: how far it is, and its manifest once it is done.
#[utoipa::path(
    get,
    path = "/v1/reports/{id}",
    tag = "report jobs",
    operation_id = "show_report_job",
    params(("id" = Uuid, Path, description = "The job")),
    responses(
        (status = 200, description = "The job", body = ReportJob),
        (status = 404, description = "The job does not exist, or this credential may not see it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let job = ReportJobs::new(&api, Member::of(&tenant)).show(*id).await?;
    Ok(HttpResponse::Ok().json(ReportJob::from(job)))
}
