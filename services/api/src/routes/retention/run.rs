use actix_web::{HttpRequest, HttpResponse, web::Data};
use auth::ReadReports;
use chrono::Utc;
use web::{Body, Error, Tenant};

use crate::{
    attachment::{answered, form},
    behaviour::{Asker, RetentionAnswer, RetentionBody},
    member::Member,
    report_request::read_body,
    state::Api,
};

/// Counts how many return after their first event.
///
/// A cell whose period is not over for all of its cohort is `partial`, and no part of an average. A
/// credential that may see only some campaigns gets the retention of their events.
#[utoipa::path(
    post,
    path = "/v1/retention",
    tag = "behaviour",
    operation_id = "retention",
    request_body = RetentionBody,
    responses(
        (
            status = 200,
            description = "The numbers",
            content(
                (RetentionAnswer = "application/json"),
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
    Body(mut body): Body<RetentionBody>,
) -> Result<HttpResponse, Error> {
    let context = tenant.context();
    let member = Member::of(&tenant);
    let request = read_body(&api, &member, &mut body, Utc::now(), RetentionBody::parse).await?;
    let form = form(request.format, &http);
    let time = request.time;
    let campaigns = api.campaigns.of_scope(context, tenant.campaigns()).await?;
    let asker = Asker { tenant: context, campaigns };
    let answer: RetentionAnswer = api.behaviour.retention(&asker, request).await?;
    answered(answer, form, ("retention", time)).await
}
