use std::convert::Infallible;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{Version, header},
    web::{Bytes, Data, Path},
};
use auth::ReadReports;
use futures::{StreamExt, stream::empty};
use serde::Deserialize;
use tenancy::CampaignId;
use utoipa::{IntoParams, ToSchema};
use web::{Error, HandOver, HangUp, Query, Tenant, WebState, is_head};

use crate::{
    live::{Live, OpenTicket, Viewer, Wanted, read_place},
    schemas,
};

/// An event of a live stream, as `EventSource` and other readers of `text/event-stream` return it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `frames` writes")]
struct LiveEvent {
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
    let campaign = campaign.into_inner();
    let reports = &*live.reports;
    let viewer = Viewer::admit(reports, tenant.context(), tenant.principal(), campaign).await?;
    if is_head(&request) {
        return Ok(answer().streaming(empty::<Result<Bytes, Infallible>>()));
    }
    // An id that Footfall did not send is ignored.
    let resume = last_event_id(&request).and_then(|text| read_place(&text));
    let ticket = request.extensions_mut().remove::<OpenTicket>();
    let seat = live.open(&web, &viewer, Wanted { ticket, resume }).await?;
    Ok(match HandOver::of(&request) {
        Some(hand_over) => answer().body(hand_over.body(|socket| seat.take_socket(socket))),
        None => {
            let frames = seat.body(HangUp::of(&request)).map(Ok::<_, Infallible>);
            let mut response = answer().streaming(Box::pin(frames));
            // HTTP/1.0 has no chunks: the body ends with the connection.
            response.head_mut().no_chunking(request.version() == Version::HTTP_10);
            response
        }
    })
}

fn answer() -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Otherwise nginx would buffer the frames.
        .insert_header(("X-Accel-Buffering", "no"))
        // A socket that was handed over does not come back.
        .force_close();
    answer
}

/// Returns the last event that the client received, from the header or the query.
pub(super) fn last_event_id(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let query = || {
        let mut parameters = request.query_string().split('&');
        parameters.find_map(|parameter| parameter.strip_prefix("last_event_id="))
    };
    header.or_else(query).map(str::to_owned)
}
