use actix_web::{HttpResponse, web::Data};
use auth::ManageTenants;
use chrono_tz::Tz;
use web::{Error, Platform, Query};

use crate::{
    audit_trail::{AuditEntryView, AuditQuery, parse},
    failure::Failure,
    pagination::Listing,
    state::Api,
};

/// Lists what was done on the platform, of all tenants, latest first. Dates begin in UTC.
/// `footfall audit-log verify` proves that no entry was changed.
#[utoipa::path(
    get,
    path = "/v1/admin/audit",
    tag = "admin",
    operation_id = "list_platform_audit_log",
    params(AuditQuery),
    responses(
        (status = 200, description = "A page of entries", body = Listing<AuditEntryView>),
        (status = 422, description = "A parameter is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    Query(query): Query<AuditQuery>,
) -> Result<HttpResponse, Error> {
    let request = parse(query, Tz::UTC)?;
    let stored = api.control_plane.for_platform(platform.context());
    let (filter, limit) = (&request.filter, request.page.fetch());
    let found = stored.audit_log_of(None, filter, request.before, limit).await;
    let found = found.map_err(Failure::from)?.into_iter().map(AuditEntryView::from).collect();
    let path = match request.parameters.as_str() {
        "" => "/v1/admin/audit".to_owned(),
        parameters => format!("/v1/admin/audit?{parameters}"),
    };
    Ok(request.page.answer(&path, found, |entry: &AuditEntryView| entry.id.to_string()))
}
