use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};
use auth::ReadReports;
use chrono::{DateTime, Utc};
use problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use tenancy::CampaignId;
use utoipa::ToSchema;
use web::{Body, Error, Tenant};

use super::{
    Live,
    ticket::{LIFETIME, TicketSecret},
};

/// For which stream a ticket is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTicket {
    /// The campaign.
    #[schema(value_type = String, example = "spring-sale")]
    pub campaign_id: CampaignId,
}

/// A ticket: for one use, on one stream.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ticket {
    /// The ticket.
    pub ticket: String,
    /// Where to use it: `new EventSource(url)`.
    #[schema(example = "/v1/campaigns/spring-sale/live?ticket=flt_…")]
    pub url: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// Get a ticket for a live stream
///
/// Browsers' `EventSource` cannot send an `Authorization` header. A ticket stands for the credential
/// of this request once, within 60 seconds, on one campaign's stream.
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
        (status = 503, description = "A part of the service is away."),
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
    secret.issue(&live, campaign.as_str(), credential(&request)?).await?;
    let ticket = secret.reveal();
    Ok(HttpResponse::Created().json(Ticket {
        url: format!("/v1/campaigns/{campaign}/live?ticket={ticket}"),
        ticket,
        expires_at: Utc::now() + LIFETIME,
    }))
}

/// What the extractor has verified.
fn credential(request: &HttpRequest) -> Result<&str, Problem> {
    let value = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credential = value.and_then(|value| value.split_once(' ')).map(|(_, text)| text.trim());
    credential.ok_or_else(|| {
        Problem::new(Code::CredentialMissing, "Send `Authorization: Bearer` with a credential.")
    })
}
