use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ReadReports;
use uuid::Uuid;
use web::{Error, Tenant};

use crate::{annotations::Annotations, member::Member, state::Api};

/// Deletes an annotation: an own personal one, or as an owner one of the tenant.
#[utoipa::path(
    delete,
    path = "/v1/annotations/{id}",
    tag = "annotations",
    operation_id = "delete_annotation",
    params(("id" = Uuid, Path, description = "The annotation")),
    responses(
        (status = 204, description = "The annotation is deleted"),
        (status = 403, description = "The credential is a key, or may not write for the tenant"),
        (status = 404, description = "The annotation does not exist, or this credential may not see it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let annotations = Annotations::new(&api.control_plane, Member::of(&tenant));
    annotations.delete(*id).await?;
    Ok(HttpResponse::NoContent().finish())
}
