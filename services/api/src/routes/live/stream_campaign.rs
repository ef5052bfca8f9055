use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use auth::ReadReports;
use serde::Deserialize;
use tenancy::CampaignId;
use utoipa::{IntoParams, ToSchema};
use web::{Error, Query, Tenant, WebState};

use super::stream::stream;
use crate::{
    live::{Choice, Live},
    schemas,
};

/// An event of a live stream, as `EventSource` and other readers of `text/event-stream` return it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `frames` writes")]
pub(super) struct LiveEvent {
    /// The kind of event.
    event: LiveEventName,
    /// JSON: the numbers of a `snapshot` or an `update`, an empty object for `reset`, and for `end`
    /// its `reason`: `token_expired` or `revoked`.
    data: String,
    /// The place in the stream. Send it as `Last-Event-ID` with the next connection.
    id: Option<String>,
}

/// The kind of an event of a live stream.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema of what `frames` writes")]
enum LiveEventName {
    Snapshot,
    Update,
    Reset,
    End,
}

/// The parameters of a live stream.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LiveQuery {
    /// A ticket instead of the `Authorization` header, which browsers' `EventSource` cannot send.
    #[expect(dead_code, reason = "the middleware redeems it")]
    #[param(ignore)]
    ticket: Option<String>,
    /// Replaces the header `Last-Event-ID`, which a new `EventSource` cannot send either.
    #[expect(dead_code, reason = "`last_event_id` reads it, also for the middleware")]
    #[param(example = "1772323200000-0")]
    last_event_id: Option<String>,
}

/// Streams a campaign's numbers as they change.
///
/// Server-sent events: first `snapshot` (today's totals in the tenant's time zone and its quarter
/// hours), then `update` frames with the quarter hours that changed. A quarter hour contains all its
/// numbers, which replace those sent before. At most twenty frames per second; a comment every 15
/// seconds. After a reconnect with `Last-Event-ID` the stream resumes, or sends `reset` and a new
/// snapshot. It sends `end` when the credential expires or is revoked. With an API key that never
/// expires it continues until the key is revoked.
#[utoipa::path(
    get,
    path = "/v1/campaigns/{id}/live",
    tag = "live",
    operation_id = "stream_campaign",
    security(("bearer" = []), ("ticket" = [])),
    params(
        ("id" = schemas::CampaignId, Path, description = "The campaign"),
        ("Last-Event-ID" = Option<String>, Header, description = "The last received `id:`"),
        LiveQuery,
    ),
    responses(
        (status = 200, description = "The stream", content_type = "text/event-stream", body = LiveEvent),
        (status = 401, description = "The credential is missing or invalid"),
        (status = 404, description = "The campaign does not exist, or this credential may not see it"),
        (status = 429, description = "The tenant has as many live streams open as it may"),
        (status = 503, description = "A part of the service is unavailable"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    campaign: Path<CampaignId>,
    _query: Query<LiveQuery>,
    request: HttpRequest,
    live: Data<Live>,
    web: Data<WebState>,
) -> Result<HttpResponse, Error> {
    let choice = Choice::Campaign(campaign.into_inner());
    Ok(stream(&tenant, choice, &request, &live, &web).await?)
}
