use std::time::Duration;

use actix_web::{
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderValue},
    middleware::Next,
    web::Data,
};
use aggregates::AggregatesError;
use auth::{SealError, SealedField, Sealer};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use problem::{Code, Problem};
use sha2::{Digest, Sha256};

use super::Live;

/// How long a ticket may wait for its use.
pub(crate) const LIFETIME: Duration = Duration::from_secs(60);
/// When to ask again after Redis was away.
const RETRY: Duration = Duration::from_secs(1);
const PREFIX: &str = "flt_";

/// 256 random bits that stand for a credential, once, for one campaign's stream.
///
/// Redis keeps the credential sealed under a key made of the ticket, and knows the ticket by a hash:
/// whoever reads Redis gets neither.
pub(crate) struct TicketSecret([u8; 32]);

impl TicketSecret {
    pub(crate) fn generate() -> Result<Self, Problem> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| Problem::internal(error.to_string()))?;
        Ok(Self(secret))
    }

    pub(crate) fn reveal(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    fn read(text: &str) -> Option<Self> {
        let secret = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        secret.try_into().ok().map(Self)
    }

    /// Makes the ticket stand for `credential` on the stream of `campaign`.
    pub(crate) async fn issue(
        &self,
        live: &Live,
        campaign: &str,
        credential: &str,
    ) -> Result<(), Problem> {
        let sealed = self.sealer().seal(field(campaign), credential.as_bytes());
        let sealed = URL_SAFE_NO_PAD.encode(sealed.map_err(Problem::internal)?);
        live.aggregates.put_ticket(&self.name(), &sealed, LIFETIME).await.map_err(away)
    }

    /// The credential, once.
    async fn take(&self, live: &Live, campaign: &str) -> Result<Option<String>, Problem> {
        let taken = live.aggregates.take_ticket(&self.name()).await.map_err(away)?;
        Ok(taken.and_then(|sealed| self.open(campaign, &sealed).ok()))
    }

    fn open(&self, campaign: &str, sealed: &str) -> Result<String, SealError> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| SealError::Form)?;
        let credential = self.sealer().open(field(campaign), &sealed)?;
        String::from_utf8(credential).map_err(|_| SealError::Form)
    }

    /// What Redis knows it by.
    fn name(&self) -> [u8; 32] {
        self.digest(b"footfall ticket name")
    }

    fn sealer(&self) -> Sealer {
        Sealer::new(self.digest(b"footfall ticket key"))
    }

    fn digest(&self, purpose: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(purpose).chain_update(self.0).finalize().into()
    }
}

fn field(campaign: &str) -> SealedField<'_> {
    SealedField { purpose: "live-ticket", tenant: "", row: campaign, field: "credential" }
}

/// Swaps `?ticket=` for the `Authorization` header it stands for. Everything after, extractors
/// included, works as if the client had sent that.
pub(crate) async fn redeem<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, actix_web::Error> {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        match authorization(&request).await {
            Ok(Some(value)) => {
                request.headers_mut().insert(header::AUTHORIZATION, value);
            }
            Ok(None) => {}
            Err(problem) => {
                let response = request.error_response(web::Error::from(problem));
                return Ok(response.map_into_right_body());
            }
        }
    }
    Ok(next.call(request).await?.map_into_left_body())
}

async fn authorization(request: &ServiceRequest) -> Result<Option<HeaderValue>, Problem> {
    let mut parameters = request.query_string().split('&');
    let Some(ticket) = parameters.find_map(|parameter| parameter.strip_prefix("ticket=")) else {
        return Ok(None);
    };
    let live = request
        .app_data::<Data<Live>>()
        .ok_or_else(|| Problem::internal("the app has no live state"))?;
    let campaign = request.match_info().get("id").unwrap_or_default();
    let credential = match TicketSecret::read(ticket) {
        Some(ticket) => ticket.take(live, campaign).await?,
        None => None,
    };
    let credential = credential.ok_or_else(|| {
        Problem::new(
            Code::CredentialInvalid,
            "The ticket was used, has run out, or is for another stream. Get a new one.",
        )
    })?;
    let mut value =
        HeaderValue::try_from(format!("Bearer {credential}")).map_err(Problem::internal)?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn away(error: AggregatesError) -> Problem {
    Problem::unavailable(RETRY, error).naming(crate::failure::LIVE_NUMBERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_opens_its_own_campaign_only() {
        let ticket = TicketSecret([7; 32]);
        let sealed = ticket.sealer().seal(field("spring-sale"), b"token").unwrap();
        let sealed = URL_SAFE_NO_PAD.encode(sealed);
        assert_eq!(ticket.open("spring-sale", &sealed).unwrap(), "token");
        assert!(ticket.open("summer-sale", &sealed).is_err());
        assert!(TicketSecret([8; 32]).open("spring-sale", &sealed).is_err());
    }

    #[test]
    fn what_redis_knows_does_not_open_the_ticket() {
        let ticket = TicketSecret([7; 32]);
        assert_ne!(ticket.name(), ticket.digest(b"footfall ticket key"));
        assert_eq!(TicketSecret::read(&ticket.reveal()).map(|read| read.0), Some([7; 32]));
        let bare = ticket.reveal().replace(PREFIX, "");
        for wrong in ["", "flt_", "flt_AAAA", &bare] {
            assert!(TicketSecret::read(wrong).is_none(), "{wrong:?}");
        }
    }
}
