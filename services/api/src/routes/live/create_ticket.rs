use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};
use aggregates::Aggregates;
use auth::ReadReports;
use chrono::{DateTime, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use tenancy::CampaignId;
use utoipa::ToSchema;
use web::{Body, Error, Tenant};

use super::campaign_list;
use crate::{
    live::{Choice, Live, MAX_NAMED, TicketSecret, TicketStream, Viewer, Watched},
    schemas,
};

/// The path of WebSockets.
pub(super) const WEB_SOCKET: &str = "/v1/ws";

/// The characters that must be encoded in a segment of a path, or in the value of a parameter.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The stream of a new ticket: of one campaign, of several, or of all that the credential may see.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTicket {
    /// The campaign of the stream.
    #[schema(value_type = Option<schemas::CampaignId>)]
    campaign_id: Option<CampaignId>,
    /// The campaigns of a stream of several, in place of `campaign_id`.
    #[schema(value_type = Option<Vec<schemas::CampaignId>>, min_items = 1, max_items = 200)]
    campaigns: Option<Vec<CampaignId>>,
    /// Whether the ticket is for a WebSocket, on which the client names its campaigns later.
    #[serde(default)]
    web_socket: bool,
}

/// A ticket for one stream, which is open once at a time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ticket {
    /// The ticket.
    ticket: String,
    /// The path of the stream: `new EventSource(url)`.
    #[schema(example = "/v1/campaigns/spring-sale/live?ticket=flt_…")]
    url: String,
    /// Until when the ticket can be used first.
    expires_at: DateTime<Utc>,
}

/// Creates a ticket for a live stream.
///
/// Browsers' `EventSource` cannot send an `Authorization` header. A ticket replaces the credential of
/// this request on one stream, from one address. Use it within 60 seconds. When its
/// stream is closed it opens another, until the credential expires: with the `Last-Event-ID` of a
/// received event, which `EventSource` sends by itself, or without one within 60 seconds of its
/// first stream. A ticket without a stream expires after an hour. `401` means that a new one is
/// needed.
#[utoipa::path(
    post,
    path = "/v1/live/tickets",
    tag = "live",
    operation_id = "create_ticket",
    request_body = NewTicket,
    responses(
        (status = 201, description = "The ticket", body = Ticket),
        (status = 401, description = "The credential is missing or invalid"),
        (status = 404, description = "The campaign does not exist, or this credential may not see it"),
        (status = 422, description = "A field is not valid"),
        (status = 503, description = "A part of the service is unavailable"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ReadReports>,
    request: HttpRequest,
    live: Data<Live>,
    body: Body<NewTicket>,
) -> Result<HttpResponse, Error> {
    let order = body.0;
    let is_web_socket = order.web_socket;
    let choice = order.choice()?;
    let viewer =
        Viewer::admit(&*live.reports, tenant.context(), tenant.principal(), choice).await?;
    let secret = TicketSecret::generate()?;
    let ends = tenant.principal().expires_at;
    let credential = credential(&request)?;
    let ticket = secret.reveal();
    let list = match viewer.watched() {
        Watched::Campaigns(campaigns) => Some(campaign_list::write(campaigns)),
        Watched::Campaign(_) | Watched::All(_) => None,
    };
    let (stream, url) = match viewer.watched().one() {
        _ if is_web_socket => (TicketStream::WebSocket, format!("{WEB_SOCKET}?ticket={ticket}")),
        Some(campaign) => (TicketStream::Campaign(campaign.as_str()), url(campaign, &ticket)),
        None => {
            let list = list.as_deref();
            (TicketStream::List(list), url_of_list(list, &ticket))
        }
    };
    secret.issue(&live.aggregates, stream, credential, ends).await?;
    let expires_at = Utc::now() + Aggregates::TICKET_VALIDITY;
    Ok(HttpResponse::Created().json(Ticket { url, ticket, expires_at }))
}

impl NewTicket {
    fn choice(self) -> Result<Choice, Problem> {
        match (self.campaign_id, self.campaigns) {
            (None, None) if self.web_socket => Ok(Choice::Campaigns(Vec::new())),
            _ if self.web_socket => {
                let reason = "must be absent beside `campaign_id` and `campaigns`";
                Err(Problem::field("/web_socket", reason))
            }
            (Some(_), Some(_)) => {
                Err(Problem::field("/campaigns", "must be absent beside `campaign_id`"))
            }
            (Some(campaign), None) => Ok(Choice::Campaign(campaign)),
            (None, None) => Ok(Choice::All),
            (None, Some(mut campaigns)) => {
                if !(1..=MAX_NAMED).contains(&campaigns.len()) {
                    let reason = format!("must be 1 to {MAX_NAMED} campaigns");
                    return Err(Problem::field("/campaigns", reason));
                }
                campaigns.sort_unstable();
                campaigns.dedup();
                Ok(Choice::Campaigns(campaigns))
            }
        }
    }
}

/// Returns the path at which `ticket` opens the stream of `campaign`.
fn url(campaign: &CampaignId, ticket: &str) -> String {
    let campaign = utf8_percent_encode(campaign.as_str(), SEGMENT);
    format!("/v1/campaigns/{campaign}/live?ticket={ticket}")
}

/// Returns the path at which `ticket` opens the stream of a list of campaigns; of all, without one.
fn url_of_list(list: Option<&str>, ticket: &str) -> String {
    match list {
        Some(list) => {
            let list = utf8_percent_encode(list, SEGMENT);
            format!("/v1/live?campaigns={list}&ticket={ticket}")
        }
        None => format!("/v1/live?ticket={ticket}"),
    }
}

/// Returns the credential, which the extractor has verified.
fn credential(request: &HttpRequest) -> Result<&str, Problem> {
    let value = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credential = value.and_then(|value| value.split_once(' ')).map(|(_, text)| text.trim());
    credential.ok_or_else(|| {
        Problem::new(Code::CredentialMissing, "Send `Authorization: Bearer` with a credential.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_campaign_id_is_one_segment_of_the_path() {
        let campaign = "Spring/Sale 2026?".parse().unwrap();
        let expected = "/v1/campaigns/Spring%2FSale%202026%3F/live?ticket=flt_x";
        assert_eq!(url(&campaign, "flt_x"), expected);
    }

    #[test]
    fn a_list_is_one_parameter() {
        let list = url_of_list(Some("a b,50%25"), "flt_x");
        assert_eq!(list, "/v1/live?campaigns=a%20b%2C50%2525&ticket=flt_x");
        assert_eq!(url_of_list(None, "flt_x"), "/v1/live?ticket=flt_x");
    }
}
