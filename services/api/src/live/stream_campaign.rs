use std::convert::Infallible;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header,
    web::{Bytes, Data, Path},
};
use auth::ReadReports;
use futures::stream::{empty, unfold};
use serde::Deserialize;
use tenancy::CampaignId;
use utoipa::{IntoParams, ToSchema};
use web::{Error, HangUp, Query, Tenant, WebState, is_head};

use super::{
    Live,
    open_ticket::OpenTicket,
    places,
    stream::{CampaignStream, Client},
};

use crate::schemas;

/// An event of a live stream, as `EventSource` and other readers of `text/event-stream` give it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `frames` writes")]
struct LiveEvent {
    /// What happened.
    event: LiveEventName,
    /// JSON: the numbers of a `snapshot` or an `update`, nothing for `reset`, and for `end` its
    /// `reason`: `token_expired` or `revoked`.
    data: String,
    /// Where the stream is: to be sent as `Last-Event-ID` with the next connection.
    id: Option<String>,
}

/// What happened on a live stream.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema of what `frames` writes")]
enum LiveEventName {
    Snapshot,
    Update,
    Reset,
    End,
}

/// What a live stream is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LiveQuery {
    /// A ticket instead of the `Authorization` header, which browsers' `EventSource` cannot send.
    #[expect(dead_code, reason = "redeemed before the request gets here")]
    #[param(ignore)]
    ticket: Option<String>,
    /// As the header `Last-Event-ID`, for a new `EventSource`, which cannot send that either.
    #[expect(dead_code, reason = "read where a ticket is redeemed, too")]
    #[param(example = "1772323200000-0")]
    last_event_id: Option<String>,
}

/// Stream a campaign's numbers as they change
///
/// Server-sent events: first `snapshot` (today's totals in the tenant's time zone and its quarter
/// hours), then `update` frames with the quarter hours that changed. A quarter hour comes with all
/// its numbers, which replace those sent before. At most five frames a second; a comment every 15
/// seconds. After a reconnect with `Last-Event-ID` the stream goes on where it was, or says `reset`
/// and begins with a new snapshot. It says `end` when the credential runs out or is revoked; with an
/// API key that has no end it goes on until the key is revoked.
#[utoipa::path(
    get,
    path = "/v1/campaigns/{id}/live",
    tag = "live",
    security(("bearer" = []), ("ticket" = [])),
    params(
        ("id" = schemas::CampaignId, Path, description = "The campaign."),
        ("Last-Event-ID" = Option<String>, Header, description = "The last `id:` that was seen."),
        LiveQuery,
    ),
    responses(
        (status = 200, description = "The stream.", content_type = "text/event-stream", body = LiveEvent),
        (status = 401, description = "No credential, or one that is not valid."),
        (status = 404, description = "No such campaign, or none that this credential may see."),
        (status = 429, description = "The tenant has as many live streams open as it may."),
        (status = 503, description = "A part of the service is unavailable."),
    ),
)]
pub async fn stream_campaign(
    tenant: Tenant<ReadReports>,
    campaign: Path<CampaignId>,
    _query: Query<LiveQuery>,
    request: HttpRequest,
    live: Data<Live>,
    web: Data<WebState>,
) -> Result<HttpResponse, Error> {
    let (context, principal) = (tenant.context(), tenant.principal());
    live.reports.find_campaign(context, tenant.campaigns(), &campaign).await?;
    if is_head(&request) {
        return Ok(answer().streaming(empty::<Result<Bytes, Infallible>>()));
    }
    // What is no id of ours is as good as none.
    let resume = last_event_id(&request).and_then(|text| places::read(&text));
    let ticket = request.extensions_mut().remove::<OpenTicket>();
    let client = Client { hang_up: HangUp::of(&request), ticket, resume };
    let stream =
        CampaignStream::open(&live, &web, context, principal, campaign.into_inner(), client)
            .await?;
    let body = unfold(stream, async |mut stream| {
        let bytes = stream.next().await?;
        Some((Ok::<_, Infallible>(bytes), stream))
    });
    Ok(answer().streaming(Box::pin(body)))
}

fn answer() -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // nginx would collect the frames otherwise.
        .insert_header(("X-Accel-Buffering", "no"));
    answer
}

/// The last event that the client has seen, as it says: by header, or in the query.
pub(super) fn last_event_id(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let query = || {
        let mut parameters = request.query_string().split('&');
        parameters.find_map(|parameter| parameter.strip_prefix("last_event_id="))
    };
    header.or_else(query).map(str::to_owned)
}
