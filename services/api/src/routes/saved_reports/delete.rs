use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ReadReports;
use uuid::Uuid;
use web::{Error, Tenant};

use crate::{member::Member, saved_reports::SavedReports, state::Api};

/// Deletes a saved report: an own one, or as an owner any shared one.
#[utoipa::path(
    delete,
    path = "/v1/saved-reports/{id}",
    tag = "saved reports",
    operation_id = "delete_saved_report",
    params(("id" = Uuid, Path, description = "The saved report")),
    responses(
        (status = 204, description = "The report is deleted"),
        (status = 403, description = "The credential is a key, or may not write this report"),
        (status = 404, description = "The report does not exist, or this credential may not see it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let reports = SavedReports::new(&api.control_plane, Member::of(&tenant));
    reports.delete(*id).await?;
    Ok(HttpResponse::NoContent().finish())
}
