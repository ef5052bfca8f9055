use actix_web::{HttpRequest, HttpResponse, web::Data};
use auth::ReadReports;
use chrono::Utc;
use web::{Body, Error, Tenant};

use crate::{
    attachment::{answered, form},
    behaviour::{Asker, FunnelAnswer, FunnelBody},
    member::Member,
    report_request::read_body,
    state::Api,
};

/// Counts how many take each step of a funnel, in order.
///
/// A key is counted once, with its deepest attempt; of several, with the earliest. Events are ordered by
/// time, then by the first step that they match, then by their id; each is taken for one step only. A
/// credential that may see only some campaigns gets the funnel of their events.
#[utoipa::path(
    post,
    path = "/v1/funnels",
    tag = "behaviour",
    operation_id = "funnels",
    request_body = FunnelBody,
    responses(
        (
            status = 200,
            description = "The numbers",
            content(
                (FunnelAnswer = "application/json"),
                (String = "application/x-ndjson"),
                (String = "text/csv"),
                (String = "application/vnd.apache.parquet"),
                (String = "application/vnd.apache.arrow.file"),
            ),
            headers(("Retained-From" = String, description = "Of files: the `retained_from` of the JSON, if it has one")),
        ),
        (status = 403, description = "The credential may see only some campaigns, and a filter names a cohort"),
        (status = 422, description = "A field is not valid; `errors` tells what would be right"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    http: HttpRequest,
    Body(mut body): Body<FunnelBody>,
) -> Result<HttpResponse, Error> {
    let context = tenant.context();
    let member = Member::of(&tenant);
    let request = read_body(&api, &member, &mut body, Utc::now(), FunnelBody::parse).await?;
    let form = form(request.format, &http);
    let time = request.time;
    let campaigns = api.campaigns.of_scope(context, tenant.campaigns()).await?;
    let asker = Asker { tenant: context, campaigns };
    let answer: FunnelAnswer = api.behaviour.funnel(&asker, &request).await?;
    answered(answer, form, ("funnel", time)).await
}
