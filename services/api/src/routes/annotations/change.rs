use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ReadReports;
use chrono::Utc;
use uuid::Uuid;
use web::{Body, Error, Tenant};

use super::Annotation;
use crate::{
    annotations::{AnnotationChange, Annotations},
    member::Member,
    state::Api,
};

/// Changes an annotation: an own personal one, or as an owner one of the tenant. Its `scope` remains.
#[utoipa::path(
    patch,
    path = "/v1/annotations/{id}",
    tag = "annotations",
    operation_id = "change_annotation",
    params(("id" = Uuid, Path, description = "The annotation")),
    request_body = AnnotationChange,
    responses(
        (status = 200, description = "The changed annotation", body = Annotation),
        (status = 403, description = "The credential is a key, or may not write for the tenant"),
        (status = 404, description = "The annotation does not exist, or this credential may not see it"),
        (status = 422, description = "A field is not valid, or the campaign does not exist; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    id: Path<Uuid>,
    Body(change): Body<AnnotationChange>,
) -> Result<HttpResponse, Error> {
    let annotations = Annotations::new(&api.control_plane, Member::of(&tenant));
    let changed = annotations.change(*id, change, Utc::now()).await?;
    Ok(HttpResponse::Ok().json(Annotation::from(changed)))
}
