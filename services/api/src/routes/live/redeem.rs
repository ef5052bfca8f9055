use actix_web::{
    HttpMessage, HttpRequest,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderValue},
    middleware::Next,
    web::{Data, Path, Query},
};
use problem::{Code, Problem};

use super::{
    campaign_list, create_ticket::WEB_SOCKET, stream::last_event_id,
    stream_campaigns::CampaignsQuery,
};
use crate::{
    caller::caller,
    failure::Failure,
    live::{Live, OpenTicket, TicketSecret, TicketStream},
};

/// The contents of a ticket.
struct Redeemed {
    authorization: HeaderValue,
    /// `None` for HEAD, which opens no stream.
    open: Option<OpenTicket>,
}

/// Replaces `?ticket=` by the `Authorization` header of its credential, and opens the ticket's stream.
/// Everything after it, extractors included, works as if the client had sent that header.
pub(crate) async fn redeem<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, actix_web::Error> {
    if !request.headers().contains_key(header::AUTHORIZATION) {
        match redeemed(&mut request).await {
            Ok(Some(Redeemed { authorization, open })) => {
                request.headers_mut().insert(header::AUTHORIZATION, authorization);
                if let Some(open) = open {
                    request.extensions_mut().insert(open);
                }
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

async fn redeemed(request: &mut ServiceRequest) -> Result<Option<Redeemed>, Problem> {
    let campaign = request.extract::<Path<String>>().await.map(Path::into_inner);
    let request = request.request();
    let mut parameters = request.query_string().split('&');
    let Some(ticket) = parameters.find_map(|parameter| parameter.strip_prefix("ticket=")) else {
        return Ok(None);
    };
    let live = request
        .app_data::<Data<Live>>()
        .ok_or_else(|| Problem::internal("the app has no live state"))?;
    let secret = TicketSecret::read(ticket).ok_or_else(refused)?;
    let list = listed(request);
    let stream = match &campaign {
        Ok(campaign) => TicketStream::Campaign(campaign),
        Err(_) if request.path() == WEB_SOCKET => TicketStream::WebSocket,
        Err(_) => TicketStream::List(list.as_deref()),
    };
    let credential = secret.credential(&live.aggregates, stream).await?.ok_or_else(refused)?;
    let mut authorization =
        HeaderValue::try_from(format!("Bearer {credential}")).map_err(Problem::internal)?;
    authorization.set_sensitive(true);
    if web::is_head(request) {
        return Ok(Some(Redeemed { authorization, open: None }));
    }
    let address = caller(request, live.trust_forwarded_for);
    let places = secret.places(&credential);
    let resumes = last_event_id(request).is_some_and(|text| places.has_signed(&text));
    let ticket = secret.name();
    let address = secret.address(address);
    let open = OpenTicket::open(&live.aggregates, ticket, &address, resumes, places);
    let open = open.await.map_err(Failure::from)?.ok_or_else(refused)?;
    Ok(Some(Redeemed { authorization, open: Some(open) }))
}

/// Returns the list of campaigns that the query names, as tickets contain it.
fn listed(request: &HttpRequest) -> Option<String> {
    let query = Query::<CampaignsQuery>::from_query(request.query_string()).ok()?;
    let list = query.into_inner().campaigns?;
    // A list that cannot be read is not that of any ticket.
    let campaigns = campaign_list::read(&list).unwrap_or_default();
    Some(campaign_list::write(&campaigns))
}

fn refused() -> Problem {
    Problem::new(
        Code::CredentialInvalid,
        "The ticket has expired, is for another stream, has a stream open, or may not be opened \
         again from here. Create a new one.",
    )
}
