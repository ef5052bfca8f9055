use actix_web::{HttpResponse, web::Data};
use auth::ReadReports;
use chrono::Utc;
use web::{Body, Error, Tenant};

use super::Annotation;
use crate::{
    annotations::{AnnotationOrder, Annotations},
    member::Member,
    state::Api,
};

/// Creates an annotation: a mark on the time axis of reports.
///
/// Every user may create `personal` ones, which nobody else sees. Owners create those of the `tenant`.
#[utoipa::path(
    post,
    path = "/v1/annotations",
    tag = "annotations",
    operation_id = "create_annotation",
    request_body = AnnotationOrder,
    responses(
        (status = 201, description = "The annotation", body = Annotation),
        (status = 403, description = "The credential is a key, or may not write for the tenant"),
        (status = 409, description = "The tenant or the user has as many as allowed"),
        (status = 422, description = "A field is not valid, or the campaign does not exist; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    Body(order): Body<AnnotationOrder>,
) -> Result<HttpResponse, Error> {
    let annotations = Annotations::new(&api.control_plane, Member::of(&tenant));
    let created = annotations.create(order, Utc::now()).await?;
    Ok(HttpResponse::Created().json(Annotation::from(created)))
}
