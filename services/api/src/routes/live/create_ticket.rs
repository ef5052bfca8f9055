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

use crate::{
    live::{Live, TicketSecret},
    schemas,
};

/// The characters that must be encoded in a segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The stream of a new ticket.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTicket {
    /// The campaign.
    #[schema(value_type = schemas::CampaignId)]
    campaign_id: CampaignId,
}

/// A ticket for one campaign, with one open stream at a time.
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
/// this request on one campaign's stream, from one address. Use it within 60 seconds. When its
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
        expires_at: Utc::now() + Aggregates::TICKET_VALIDITY,
    }))
}

/// Returns the path at which `ticket` opens the stream of `campaign`.
fn url(campaign: &CampaignId, ticket: &str) -> String {
    let campaign = utf8_percent_encode(campaign.as_str(), SEGMENT);
    format!("/v1/campaigns/{campaign}/live?ticket={ticket}")
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
}
