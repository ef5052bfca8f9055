use actix_web::{HttpResponse, web::Data};
use auth::ReadReports;
use web::{Error, Query, Tenant};

use super::ReportJob;
use crate::{
    member::Member,
    pagination::{Listing, PageQuery},
    report_jobs::ReportJobs,
    state::Api,
};

/// Lists report jobs, newest first. Owners see those of the tenant, others the own ones.
#[utoipa::path(
    get,
    path = "/v1/reports",
    tag = "report jobs",
    operation_id = "list_report_jobs",
    params(PageQuery),
    responses((status = 200, description = "A page of jobs", body = Listing<ReportJob>)),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Error> {
    let page = query.parse()?;
    let listed = ReportJobs::new(&api, Member::of(&tenant)).list(&page).await?;
    let listed = listed.into_iter().map(ReportJob::from).collect();
    Ok(page.answer("/v1/reports", listed, |job: &ReportJob| job.id.to_string()))
}
