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

use super::{Live, ticket::TicketSecret};

use crate::schemas;

/// What a segment of a path holds only encoded.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// For which stream a ticket is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTicket {
    /// The campaign.
    #[schema(value_type = schemas::CampaignId)]
    pub campaign_id: CampaignId,
}

/// A ticket: for one campaign, one open stream at a time.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ticket {
    /// The ticket.
    pub ticket: String,
    /// Where to use it: `new EventSource(url)`.
    #[schema(example = "/v1/campaigns/spring-sale/live?ticket=flt_…")]
    pub url: String,
    /// Until when it waits for its first use.
    pub expires_at: DateTime<Utc>,
}

/// Get a ticket for a live stream
///
/// Browsers' `EventSource` cannot send an `Authorization` header. A ticket stands for the credential
/// of this request on one campaign's stream, from one address: it is to be used within 60 seconds.
/// When that stream is closed it opens another, until the credential ends: with a `Last-Event-ID`
/// that came with it, as `EventSource` sends by itself, or without one within 60 seconds of its
/// first stream. After an hour without a stream it is forgotten. `401` says that a new one is needed.
#[utoipa::path(
    post,
    path = "/v1/live/tickets",
    tag = "live",
    request_body = NewTicket,
    responses(
        (status = 201, description = "The ticket.", body = Ticket),
        (status = 401, description = "No credential, or one that is not valid."),
        (status = 404, description = "No such campaign, or none that this credential may see."),
        (status = 422, description = "A field is not valid."),
        (status = 503, description = "A part of the service is unavailable."),
    ),
)]
pub async fn create_ticket(
    tenant: Tenant<ReadReports>,
    request: HttpRequest,
    live: Data<Live>,
    body: Body<NewTicket>,
) -> Result<HttpResponse, Error> {
    let campaign = body.0.campaign_id;
    live.reports.find_campaign(tenant.context(), tenant.campaigns(), &campaign).await?;
    let secret = TicketSecret::generate()?;
    let ends = tenant.principal().expires_at;
    let credential = credential(&request)?;
    secret.issue(&live.aggregates, campaign.as_str(), credential, ends).await?;
    let ticket = secret.reveal();
    Ok(HttpResponse::Created().json(Ticket {
        url: url(&campaign, &ticket),
        ticket,
        expires_at: Utc::now() + Aggregates::TICKET_WAITS,
    }))
}

/// Where `ticket` opens the stream of `campaign`.
fn url(campaign: &CampaignId, ticket: &str) -> String {
    let campaign = utf8_percent_encode(campaign.as_str(), SEGMENT);
    format!("/v1/campaigns/{campaign}/live?ticket={ticket}")
}

/// What the extractor has verified.
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
    fn a_campaigns_own_text_is_one_segment_of_the_path() {
        let campaign = "Spring/Sale 2026?".parse().unwrap();
        let expected = "/v1/campaigns/Spring%2FSale%202026%3F/live?ticket=flt_x";
        assert_eq!(url(&campaign, "flt_x"), expected);
    }
}
