use actix_web::{HttpResponse, web::Data};
use auth::ReadReports;
use chrono::Utc;
use web::{Body, Error, Tenant};

use crate::{
    member::Member,
    query::{WindowsAnswer, WindowsBody},
    report_request::read_body,
    state::Api,
};

/// Computes metrics in windows of time: tumbling, sliding, or one for each session.
///
/// Windows are half-open, and follow the clock of the zone. Visitors and customers are counted in each
/// window anew. A credential that may see only some campaigns gets the numbers of their events.
#[utoipa::path(
    post,
    path = "/v1/windows",
    tag = "metrics",
    operation_id = "windows",
    request_body = WindowsBody,
    responses(
        (status = 200, description = "The numbers", body = WindowsAnswer),
        (status = 403, description = "The credential may see only some campaigns, and a filter names a cohort"),
        (status = 422, description = "A field is not valid, or the windows are not possible; `errors` tells what would be right"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    Body(mut body): Body<WindowsBody>,
) -> Result<HttpResponse, Error> {
    let context = tenant.context();
    let member = Member::of(&tenant);
    let request = read_body(&api, &member, &mut body, Utc::now(), WindowsBody::parse).await?;
    let campaigns = api.campaigns.of_scope(context, tenant.campaigns()).await?;
    let answer: WindowsAnswer = api.queries.windows(context, campaigns, &request).await?;
    Ok(HttpResponse::Ok().json(answer))
}
