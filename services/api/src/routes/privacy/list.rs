use actix_web::{HttpResponse, web::Data};
use auth::ErasePersons;
use web::{Error, Query, Tenant};

use super::PersonErasureView;
use crate::{
    member::Member,
    pagination::{Listing, PageQuery},
    persons::Privacy,
    state::Api,
};

/// Lists the erasures of persons, latest first.
#[utoipa::path(
    get,
    path = "/v1/privacy/erasures",
    tag = "privacy",
    operation_id = "list_person_erasures",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of erasures", body = Listing<PersonErasureView>),
        (status = 403, description = "The credential is not that of an owner"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ErasePersons>,
    api: Data<Api>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Error> {
    let page = query.parse()?;
    let listed = Privacy::new(&api, Member::of(&tenant)).list(&page).await?;
    let listed = listed.into_iter().map(PersonErasureView::from).collect();
    let key = |erasure: &PersonErasureView| erasure.id.to_string();
    Ok(page.answer("/v1/privacy/erasures", listed, key))
}
