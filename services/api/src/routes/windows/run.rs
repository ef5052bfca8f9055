use actix_web::{HttpRequest, HttpResponse, web::Data};
use auth::ReadReports;
use chrono::Utc;
use web::{Body, Error, Tenant};

use crate::{
    attachment::{answered, form},
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
        (
            status = 200,
            description = "The numbers",
            content(
                (WindowsAnswer = "application/json"),
                (String = "application/x-ndjson"),
                (String = "text/csv"),
                (String = "application/vnd.apache.parquet"),
                (String = "application/vnd.apache.arrow.file"),
            ),
            headers(("Retained-From" = String, description = "Of files: the `retained_from` of the JSON, if it has one")),
        ),
        (status = 403, description = "The credential may see only some campaigns, and a filter names a cohort"),
        (status = 422, description = "A field is not valid, or the windows are not possible; `errors` tells what would be right"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    http: HttpRequest,
    Body(mut body): Body<WindowsBody>,
) -> Result<HttpResponse, Error> {
    let context = tenant.context();
    let member = Member::of(&tenant);
    let request = read_body(&api, &member, &mut body, Utc::now(), WindowsBody::parse).await?;
    let form = form(request.format, &http);
    let time = request.query.time();
    let campaigns = api.campaigns.of_scope(context, tenant.campaigns()).await?;
    let answer: WindowsAnswer = api.queries.windows(context, campaigns, &request).await?;
    answered(answer, form, ("windows", time)).await
}
