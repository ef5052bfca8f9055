use actix_web::{HttpRequest, HttpResponse, web::Data};
use auth::ReadReports;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{Error, Query, Tenant, WebState};

use super::{campaign_list, stream::stream, stream_campaign::LiveEvent};
use crate::live::{Choice, Live};

/// The parameters of a stream of several campaigns.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CampaignsQuery {
    /// The campaigns, at most 200, separated by commas; all that the credential may see, when absent. In
    /// an id, a comma is written `%2C` and a percent sign `%25`, before the whole is encoded for the URL.
    #[param(example = "spring-sale,autumn-sale")]
    pub(super) campaigns: Option<String>,
    /// A ticket instead of the `Authorization` header, which browsers' `EventSource` cannot send.
    #[expect(dead_code, reason = "the middleware redeems it")]
    #[param(ignore)]
    ticket: Option<String>,
    /// Replaces the header `Last-Event-ID`, which a new `EventSource` cannot send either.
    #[expect(dead_code, reason = "`last_event_id` reads it, also for the middleware")]
    #[param(example = "1772323200000-0")]
    last_event_id: Option<String>,
}

/// Streams the numbers of several campaigns as they change.
///
/// The events are those of a campaign's stream. The data of `snapshot` and `update` is
/// `{"campaigns": […]}`, a list of what the streams of these campaigns would send. The snapshot contains
/// every campaign of the stream, but only quarter hours with events. An update contains the campaigns that
/// changed. A stream without `campaigns` is of all that the credential may see, of at most 1,000. A new one
/// is added within ten seconds, with an update that contains its quarter hours of today. A stream ends as
/// `revoked` when the credential may no longer see a campaign that `campaigns` names. An id is of the
/// campaigns that the stream had: a stream of others begins with `reset` and a snapshot. A stream counts as
/// one, however many campaigns it has.
#[utoipa::path(
    get,
    path = "/v1/live",
    tag = "live",
    operation_id = "stream_campaigns",
    security(("bearer" = []), ("ticket" = [])),
    params(
        ("Last-Event-ID" = Option<String>, Header, description = "The last received `id:`"),
        CampaignsQuery,
    ),
    responses(
        (status = 200, description = "The stream", content_type = "text/event-stream", body = LiveEvent),
        (status = 401, description = "The credential is missing or invalid"),
        (status = 404, description = "A campaign does not exist, or this credential may not see it"),
        (status = 422, description = "There are too many campaigns, or one is not an id"),
        (status = 429, description = "The tenant has as many live streams open as it may"),
        (status = 503, description = "A part of the service is unavailable"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    Query(query): Query<CampaignsQuery>,
    request: HttpRequest,
    live: Data<Live>,
    web: Data<WebState>,
) -> Result<HttpResponse, Error> {
    let choice = match &query.campaigns {
        Some(list) => Choice::Campaigns(campaign_list::read(list)?),
        None => Choice::All,
    };
    Ok(stream(&tenant, choice, &request, &live, &web).await?)
}
