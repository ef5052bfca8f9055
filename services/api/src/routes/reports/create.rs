use actix_web::{HttpRequest, HttpResponse, web::Data};
use auth::ReadReports;
use chrono::Utc;
use web::{Body, Error, Tenant};

use super::{ReportJob, accepted};
use crate::{
    member::Member,
    report_jobs::{ReportJobOrder, ReportJobs, prefers_async},
    state::Api,
};

/// Makes a report in the background, as a file that can be downloaded for seven days.
///
/// The request is checked as the route of its kind checks it. A tenant has two jobs running and 20 in the
/// queue. The job has the rights of the credential that asks, and fails if that is revoked before it runs.
#[utoipa::path(
    post,
    path = "/v1/reports",
    tag = "report jobs",
    operation_id = "create_report_job",
    request_body = ReportJobOrder,
    responses(
        (
            status = 202,
            description = "The job",
            body = ReportJob,
            headers(("Location" = String, description = "The job")),
        ),
        (status = 403, description = "The credential may see only some campaigns, and asks for events"),
        (status = 409, description = "The tenant has as many jobs in the queue as allowed"),
        (status = 422, description = "A field is not valid; `errors` names it, below `/request` one of the request"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    http: HttpRequest,
    Body(order): Body<ReportJobOrder>,
) -> Result<HttpResponse, Error> {
    let jobs = ReportJobs::new(&api, Member::of(&tenant));
    let job = jobs.order(order, Utc::now()).await?;
    Ok(accepted(job, prefers_async(http.headers())))
}
