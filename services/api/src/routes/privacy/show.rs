use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ErasePersons;
use uuid::Uuid;
use web::{Error, Tenant};

use super::PersonErasureView;
use crate::{member::Member, persons::Privacy, state::Api};

/// Shows how far an erasure of persons is, and the receipt once they are erased.
///
/// The hash of the receipt is in the audit log, too, whose entries nobody can change unnoticed.
#[utoipa::path(
    get,
    path = "/v1/privacy/erasures/{id}",
    tag = "privacy",
    operation_id = "show_person_erasure",
    params(("id" = Uuid, Path, description = "The erasure")),
    responses(
        (status = 200, description = "The erasure", body = PersonErasureView),
        (status = 404, description = "The erasure does not exist"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ErasePersons>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let found = Privacy::new(&api, Member::of(&tenant)).find(*id).await?;
    Ok(HttpResponse::Ok().json(PersonErasureView::from(found)))
}
