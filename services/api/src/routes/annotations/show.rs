use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ReadReports;
use uuid::Uuid;
use web::{Error, Tenant};

use super::Annotation;
use crate::{annotations::Annotations, member::Member, state::Api};

/// Shows one annotation.
#[utoipa::path(
    get,
    path = "/v1/annotations/{id}",
    tag = "annotations",
    operation_id = "show_annotation",
    params(("id" = Uuid, Path, description = "The annotation")),
    responses(
        (status = 200, description = "The annotation", body = Annotation),
        (status = 404, description = "The annotation does not exist, or this credential may not see it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let annotations = Annotations::new(&api.control_plane, Member::of(&tenant));
    let found = annotations.show(*id).await?;
    Ok(HttpResponse::Ok().json(Annotation::from(found)))
}
