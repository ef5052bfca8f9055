use std::convert::Infallible;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{Version, header},
    web::Bytes,
};
use auth::ReadReports;
use futures::{StreamExt, stream::empty};
use problem::Problem;
use web::{HandOver, HangUp, Tenant, WebState, is_head};

use crate::live::{Choice, Live, OpenTicket, Seat, Viewer, Wanted, read_place};

/// Opens the stream of a choice of campaigns, and answers with it.
pub(super) async fn stream(
    tenant: &Tenant<ReadReports>,
    choice: Choice,
    request: &HttpRequest,
    live: &Live,
    web: &WebState,
) -> Result<HttpResponse, Problem> {
    if is_head(request) {
        Viewer::admit(&*live.reports, tenant.context(), tenant.principal(), choice).await?;
        return Ok(answer().streaming(empty::<Result<Bytes, Infallible>>()));
    }
    let seat = opened(tenant, choice, request, live, web).await?;
    Ok(match HandOver::of(request) {
        Some(hand_over) => answer().body(hand_over.body(|socket| seat.take_socket(socket))),
        None => {
            let frames = seat.body(HangUp::of(request)).map(Ok::<_, Infallible>);
            let mut response = answer().streaming(Box::pin(frames));
            // HTTP/1.0 has no chunks: the body ends with the connection.
            response.head_mut().no_chunking(request.version() == Version::HTTP_10);
            response
        }
    })
}

/// Opens the stream of a choice of campaigns, where the request says that it resumes.
pub(super) async fn opened(
    tenant: &Tenant<ReadReports>,
    choice: Choice,
    request: &HttpRequest,
    live: &Live,
    web: &WebState,
) -> Result<Seat, Problem> {
    let reports = &*live.reports;
    let viewer = Viewer::admit(reports, tenant.context(), tenant.principal(), choice).await?;
    // An id that Footfall did not send is ignored.
    let resume = last_event_id(request).and_then(|text| read_place(&text));
    let ticket = request.extensions_mut().remove::<OpenTicket>();
    live.open(web, &viewer, Wanted { ticket, resume }).await
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
