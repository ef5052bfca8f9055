use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ReadReports;
use uuid::Uuid;
use web::{Error, Tenant};

use super::SavedReport;
use crate::{member::Member, saved_reports::SavedReports, state::Api};

/// Shows one saved report. Send its `request` to the route of its `kind` to run it.
#[utoipa::path(
    get,
    path = "/v1/saved-reports/{id}",
    tag = "saved reports",
    operation_id = "show_saved_report",
    params(("id" = Uuid, Path, description = "The saved report")),
    responses(
        (status = 200, description = "The report", body = SavedReport),
        (status = 404, description = "The report does not exist, or this credential may not see it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let reports = SavedReports::new(&api.control_plane, Member::of(&tenant));
    let found = reports.show(*id).await?;
    Ok(HttpResponse::Ok().json(SavedReport::from(found)))
}
