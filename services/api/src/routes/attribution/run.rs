use actix_web::{HttpRequest, HttpResponse, web::Data};
use auth::ReadReports;
use chrono::Utc;
use control_plane::ReportKind;
use web::{Body, Error, Tenant};

use crate::{
    attachment::{answered, settled_form},
    behaviour::{Asker, AttributionAnswer, AttributionBody},
    dimensions::{self, Home},
    member::Member,
    routes::reports::{MayBeJob, preferred},
    state::Api,
};

/// Gives the credit of orders to the ads that were seen and clicked before them.
///
/// Several rules are answered side by side, by dimensions of the ads. The credits of an order line sum to the
/// line exactly. Refunds that name their order are subtracted on the date of the order's own credit. A
/// credential that may see only some campaigns gets the credit of these campaigns; ads of others compete for
/// it all the same.
///
/// The answer is JSON or a file, by `format` or the header `Accept`; with `Prefer: respond-async` it is a job that
/// makes the file.
#[utoipa::path(
    post,
    path = "/v1/attribution",
    tag = "behaviour",
    operation_id = "attribution",
    params(("Prefer" = Option<String>, Header, description = "`respond-async`: make a file in the background")),
    request_body = AttributionBody,
    responses(
        (
            status = 200,
            description = "The numbers",
            content(
                (AttributionAnswer = "application/json"),
                (String = "application/x-ndjson"),
                (String = "text/csv"),
                (String = "application/vnd.apache.parquet"),
                (String = "application/vnd.apache.arrow.file"),
            ),
            headers(("Retained-From" = String, description = "Of files: the `retained_from` of the JSON, if it has one")),
        ),
        MayBeJob,
        (status = 422, description = "A field is not valid; `errors` tells what would be right"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    api: Data<Api>,
    http: HttpRequest,
    Body(mut body): Body<AttributionBody>,
) -> Result<HttpResponse, Error> {
    let context = tenant.context();
    let now = Utc::now();
    let form = settled_form(&mut body.format, "/format", &http)?;
    let asked = (ReportKind::Attribution, &body);
    if let Some(queued) = preferred(&api, Member::of(&tenant), &http, asked, now).await? {
        return Ok(queued);
    }
    let parse = |home: Home<'_>| body.parse(home, now);
    let request = dimensions::read(&api.control_plane, context, parse).await?;
    let time = request.time;
    let campaigns = api.campaigns.of_scope(context, tenant.campaigns()).await?;
    let asker = Asker { tenant: context, campaigns };
    let answer: AttributionAnswer = api.behaviour.attribution(&asker, &request).await?;
    answered(answer, form, ("attribution", time)).await
}
