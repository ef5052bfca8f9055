use actix_web::{HttpResponse, web::Data};
use auth::ReadAuditLog;
use web::{Error, Query, Tenant};

use crate::{
    audit_trail::{AuditEntryView, AuditQuery, parse},
    failure::Failure,
    pagination::Listing,
    state::Api,
};

/// Lists what was done in the tenant and to it, latest first: changes, logins, refused access, and reads of
/// personal data.
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "audit",
    operation_id = "list_audit_log",
    params(AuditQuery),
    responses(
        (status = 200, description = "A page of entries", body = Listing<AuditEntryView>),
        (status = 422, description = "A parameter is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadAuditLog>,
    api: Data<Api>,
    Query(query): Query<AuditQuery>,
) -> Result<HttpResponse, Error> {
    let request = parse(query, tenant.context().time_zone())?;
    let stored = api.control_plane.for_tenant(tenant.context());
    let found = stored.audit_log(&request.filter, request.before, request.page.fetch()).await;
    let found = found.map_err(Failure::from)?.into_iter().map(AuditEntryView::from).collect();
    let path = match request.parameters.as_str() {
        "" => "/v1/audit".to_owned(),
        parameters => format!("/v1/audit?{parameters}"),
    };
    Ok(request.page.answer(&path, found, |entry: &AuditEntryView| entry.id.to_string()))
}
