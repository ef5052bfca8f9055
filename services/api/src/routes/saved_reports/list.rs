use actix_web::{HttpResponse, web::Data};
use auth::ReadReports;
use web::{Error, Query, Tenant};

use super::SavedReport;
use crate::{
    member::Member,
    pagination::{Listing, PageQuery},
    saved_reports::SavedReports,
    state::Api,
};

/// Lists the saved reports that this credential may see, oldest first.
///
/// A user sees the own private ones. A credential that may see all campaigns sees the shared ones, too.
#[utoipa::path(
    get,
    path = "/v1/saved-reports",
    tag = "saved reports",
    operation_id = "list_saved_reports",
    params(PageQuery),
    responses((status = 200, description = "A page of saved reports", body = Listing<SavedReport>)),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Error> {
    let page = query.parse()?;
    let reports = SavedReports::new(&api.control_plane, Member::of(&tenant));
    let listed = reports.list(&page).await?;
    let listed = listed.into_iter().map(SavedReport::from).collect();
    Ok(page.answer("/v1/saved-reports", listed, |report: &SavedReport| report.id.to_string()))
}
