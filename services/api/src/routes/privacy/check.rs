use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ErasePersons;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Error, Tenant};

use crate::{
    member::Member,
    persons::{Privacy, Remains},
    state::Api,
};

/// What is stored now of the persons of an erasure, from before it was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonErasureCheck {
    /// When it was counted.
    checked_at: DateTime<Utc>,
    /// Rows of their events; 0 once they are erased.
    event_rows: u64,
    /// Refused events that name them; 0 once they are erased.
    rejects: u64,
}

/// Counts what is stored of the persons of an erasure.
///
/// It reads all of the tenant's tables, by the hashes of the erasure: that may take minutes, and the tenant's place
/// for an export. The operator's `footfall privacy check` also searches the archive and what users keep.
#[utoipa::path(
    get,
    path = "/v1/privacy/erasures/{id}/check",
    tag = "privacy",
    operation_id = "check_person_erasure",
    params(("id" = Uuid, Path, description = "The erasure")),
    responses(
        (status = 200, description = "What is stored", body = PersonErasureCheck),
        (status = 404, description = "The erasure does not exist"),
        (status = 422, description = "The search takes longer than ten minutes"),
        (status = 429, description = "An export of the tenant runs; see `Retry-After`"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ErasePersons>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let remains = Privacy::new(&api, Member::of(&tenant)).remains(*id).await?;
    let Remains { event_rows, rejects } = remains;
    let check = PersonErasureCheck { checked_at: Utc::now(), event_rows, rejects };
    Ok(HttpResponse::Ok().json(check))
}
