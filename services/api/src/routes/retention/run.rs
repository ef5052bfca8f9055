use actix_web::{HttpResponse, web::Data};
use auth::ReadReports;
use chrono::Utc;
use web::{Body, Error, Tenant};

use crate::{
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
        (status = 200, description = "The numbers", body = RetentionAnswer),
        (status = 403, description = "The credential may see only some campaigns, and a filter names a cohort"),
        (status = 422, description = "A field is not valid; `errors` tells what would be right"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    Body(mut body): Body<RetentionBody>,
) -> Result<HttpResponse, Error> {
    let context = tenant.context();
    let member = Member::of(&tenant);
    let request = read_body(&api, &member, &mut body, Utc::now(), RetentionBody::parse).await?;
    let campaigns = api.campaigns.of_scope(context, tenant.campaigns()).await?;
    let asker = Asker { tenant: context, campaigns };
    let answer: RetentionAnswer = api.behaviour.retention(&asker, request).await?;
    Ok(HttpResponse::Ok().json(answer))
}
