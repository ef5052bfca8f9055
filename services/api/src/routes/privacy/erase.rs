use actix_web::{HttpResponse, http::header, web::Data};
use auth::ErasePersons;
use chrono::Utc;
use web::{Body, Error, Tenant};

use super::PersonErasureView;
use crate::{
    member::Member,
    persons::{PersonsBody, Privacy},
    state::Api,
};

/// Erases visitors or customers: their events, what counts them, and what names them.
///
/// From now on, an event of theirs that happened or was received before is left out wherever it is read again. What is
/// stored is erased in the background, usually within minutes; the receipt says what was erased where, and what ages
/// out. Reports have fewer events afterwards. What the persons do later is recorded as ever.
#[utoipa::path(
    post,
    path = "/v1/privacy/erase",
    tag = "privacy",
    operation_id = "erase_persons",
    request_body = PersonsBody,
    responses(
        (
            status = 202,
            description = "The erasure, which has begun",
            body = PersonErasureView,
            headers(("Location" = String, description = "The erasure")),
        ),
        (status = 403, description = "The credential is not that of an owner"),
        (status = 409, description = "The tenant has as many unfinished erasures, or erased persons, as allowed"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ErasePersons>,
    api: Data<Api>,
    Body(body): Body<PersonsBody>,
) -> Result<HttpResponse, Error> {
    let begun = Privacy::new(&api, Member::of(&tenant)).erase(&body, Utc::now()).await?;
    let location = format!("/v1/privacy/erasures/{}", begun.erasure_id);
    Ok(HttpResponse::Accepted()
        .insert_header((header::LOCATION, location))
        .json(PersonErasureView::from(begun)))
}
