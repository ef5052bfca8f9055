use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ReadReports;
use chrono::Utc;
use uuid::Uuid;
use web::{Body, Error, Tenant};

use super::SavedReport;
use crate::{
    member::Member,
    saved_reports::{SavedReportOrder, SavedReports},
    state::Api,
};

/// Replaces what a saved report says: an own one, or as an owner any shared one. The last write wins.
#[utoipa::path(
    put,
    path = "/v1/saved-reports/{id}",
    tag = "saved reports",
    operation_id = "replace_saved_report",
    params(("id" = Uuid, Path, description = "The saved report")),
    request_body = SavedReportOrder,
    responses(
        (status = 200, description = "The changed report", body = SavedReport),
        (status = 403, description = "The credential is a key, or may not write this report, or may not share"),
        (status = 404, description = "The report does not exist, or this credential may not see it"),
        (status = 409, description = "Another report of its author has this name"),
        (status = 422, description = "A field is not valid; `errors` names it, below `/request` one of the request"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    id: Path<Uuid>,
    Body(order): Body<SavedReportOrder>,
) -> Result<HttpResponse, Error> {
    let reports = SavedReports::new(&api.control_plane, Member::of(&tenant));
    let replaced = reports.replace(*id, order, Utc::now()).await?;
    Ok(HttpResponse::Ok().json(SavedReport::from(replaced)))
}
