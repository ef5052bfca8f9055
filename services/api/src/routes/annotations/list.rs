use actix_web::{HttpResponse, web::Data};
use auth::ReadReports;
use web::{Error, Query, Tenant};

use super::Annotation;
use crate::{
    annotations::{self, Annotations, AnnotationsQuery},
    member::Member,
    pagination::Listing,
    state::Api,
};

/// Lists the annotations that this credential may see, by time.
///
/// A user sees the own personal ones and those of the tenant; a key sees those of the tenant. A
/// credential that may see only some campaigns sees the tenant's annotations of these campaigns.
#[utoipa::path(
    get,
    path = "/v1/annotations",
    tag = "annotations",
    operation_id = "list_annotations",
    params(AnnotationsQuery),
    responses(
        (status = 200, description = "A page of annotations", body = Listing<Annotation>),
        (status = 422, description = "A parameter is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    Query(query): Query<AnnotationsQuery>,
) -> Result<HttpResponse, Error> {
    let request = query.parse(tenant.context().time_zone())?;
    let stored = Annotations::new(&api.control_plane, Member::of(&tenant));
    let listed = stored.list(&request).await?.into_iter().map(Annotation::from).collect();
    let key = |last: &Annotation| annotations::key(last.at, last.id);
    Ok(request.page.answer(&request.path(), listed, key))
}
