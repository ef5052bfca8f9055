use actix_web::{HttpRequest, HttpResponse, web::Data};
use auth::ReadReports;
use problem::{Code, Problem};
use utoipa::ToSchema;
use web::{Error, HandOver, Query, Tenant, WebState, web_socket};

use super::{campaign_list, stream::opened, stream_campaigns::CampaignsQuery};
use crate::live::{Choice, Live};

/// A message of the server on a WebSocket.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of what `frames` writes")]
struct LiveMessage {
    /// The kind of event.
    event: LiveMessageName,
    /// The numbers of a `snapshot` or an `update`, nothing for `reset`, for `end` its `reason`
    /// (`token_expired` or `revoked`), and for `error` a `code` and a `detail`: why a message of the client
    /// was not obeyed.
    #[schema(value_type = Object)]
    data: (),
    /// The place in the stream. Send it as `Last-Event-ID` with the next connection.
    id: Option<String>,
}

/// The kind of a message: that of an event of a live stream, or `error`.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "the schema of what `frames` writes")]
enum LiveMessageName {
    Snapshot,
    Update,
    Reset,
    Error,
    End,
}

/// Opens a live stream on a WebSocket.
///
/// The events are those of `GET /v1/live`. Each is a text message:
/// `{"event": "update", "id": "…", "data": {"campaigns": […]}}`. The stream begins with the snapshot of
/// `campaigns`; of none, when absent. The client changes its campaigns, at most 200, with messages:
///
/// ```text
/// {"action": "subscribe", "campaigns": ["spring-sale"]}
/// {"action": "unsubscribe", "campaigns": ["spring-sale"]}
/// ```
///
/// A subscription is answered with a `snapshot` of its campaigns, which has no id, or with `error`; the
/// stream continues. A client may subscribe once a second. After a reconnect with `last_event_id`, or the
/// header `Last-Event-ID`, the stream resumes if `campaigns` are those that the client had when it received
/// that id. With others it begins with `reset` and a snapshot. It ends with `end` when the credential expires
/// or is revoked, or may no longer see one of the campaigns. Browsers cannot send an `Authorization` header: a
/// ticket of `{"web_socket": true}` replaces it.
#[utoipa::path(
    get,
    path = "/v1/ws",
    tag = "live",
    operation_id = "open_web_socket",
    security(("bearer" = []), ("ticket" = [])),
    params(
        ("Last-Event-ID" = Option<String>, Header, description = "The last received `id`"),
        CampaignsQuery,
    ),
    responses(
        (status = 101, description = "The stream, of such messages", body = LiveMessage),
        (status = 400, description = "The request is no handshake of a WebSocket"),
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
    let campaigns = query.campaigns.as_deref().map(campaign_list::read).transpose()?;
    let mut answer = web_socket::switch_protocols(&request)?;
    let hand_over = HandOver::of(&request).ok_or_else(|| {
        Problem::new(Code::MalformedRequest, "A WebSocket needs a connection of HTTP/1.1.")
    })?;
    let choice = Choice::Campaigns(campaigns.unwrap_or_default());
    let seat = opened(&tenant, choice, &request, &live, &web).await?;
    Ok(answer.body(hand_over.body(|socket| seat.take_web_socket(socket))))
}
