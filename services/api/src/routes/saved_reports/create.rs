use actix_web::{HttpResponse, web::Data};
use auth::ReadReports;
use chrono::Utc;
use web::{Body, Error, Tenant};

use super::SavedReport;
use crate::{
    member::Member,
    saved_reports::{SavedReportOrder, SavedReports},
    state::Api,
};

/// Saves a request for a report under a name.
///
/// The request is checked as the route of its kind checks it. A user who may see only some campaigns
/// saves `private` ones.
#[utoipa::path(
    post,
    path = "/v1/saved-reports",
    tag = "saved reports",
    operation_id = "create_saved_report",
    request_body = SavedReportOrder,
    responses(
        (status = 201, description = "The report", body = SavedReport),
        (status = 403, description = "The credential is a key, or may not share"),
        (status = 409, description = "Another report of yours has this name, or there are as many as allowed"),
        (status = 422, description = "A field is not valid; `errors` names it, below `/request` one of the request"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    Body(order): Body<SavedReportOrder>,
) -> Result<HttpResponse, Error> {
    let reports = SavedReports::new(&api.control_plane, Member::of(&tenant));
    let created = reports.create(order, Utc::now()).await?;
    Ok(HttpResponse::Created().json(SavedReport::from(created)))
}
