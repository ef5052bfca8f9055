use std::io;

use actix_web::{
    HttpResponse,
    http::header,
    web::{Bytes, Data},
};
use auth::ErasePersons;
use futures::{Stream, stream};
use serde_json::json;
use warehouse::{NamingReject, PersonPart};
use web::{Body, Error, Tenant};

use crate::{
    attachment::attachment,
    member::Member,
    persons::{BegunPersonExport, ExportPart, ParkedEvent, PersonsBody, Privacy},
    state::Api,
    still_valid::while_valid,
};

/// Exports everything that is stored of visitors or customers: for their right of access.
///
/// One JSON object a line. `record` is `event` for a row of an event, with the fields of `POST /v1/exports/events`,
/// `reject` for a refused event in which a field of ids has one of theirs, or, if it is not JSON, any word is one, or
/// `parked` for an event that is parked, which `event` has as it was accepted. The file is streamed; if it cannot be
/// completed, the transfer breaks off. A tenant has one export at a time.
#[utoipa::path(
    post,
    path = "/v1/privacy/export",
    tag = "privacy",
    operation_id = "export_persons",
    request_body = PersonsBody,
    responses(
        (
            status = 200,
            description = "The file",
            content((String = "application/x-ndjson")),
        ),
        (status = 403, description = "The credential is not that of an owner"),
        (status = 422, description = "A field is not valid; `errors` names it"),
        (status = 429, description = "Another export of the tenant runs; see `Retry-After`"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ErasePersons>,
    api: Data<Api>,
    Body(body): Body<PersonsBody>,
) -> Result<HttpResponse, Error> {
    let privacy = Privacy::new(&api, Member::of(&tenant));
    let parts = parts(privacy.export(&body).await?);
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/x-ndjson"))
        .insert_header(attachment("persons.ndjson"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(while_valid(&api.sessions.web, tenant.principal(), parts)))
}

/// Returns the parts of the file. An error ends the connection, so that no client takes it for whole.
fn parts(export: BegunPersonExport) -> impl Stream<Item = io::Result<Bytes>> {
    stream::try_unfold(export, async |mut export| {
        let part = export.next().await.map_err(|error| {
            tracing::warn!(%error, "an export of persons broke off");
            io::Error::other("the export broke off")
        })?;
        let bytes = part.map(|part| match part {
            ExportPart::Stored(PersonPart::Events(lines)) => lines,
            ExportPart::Stored(PersonPart::Reject(reject)) => line(&reject),
            ExportPart::Parked(parked) => parked_line(&parked),
        });
        Ok(bytes.map(|bytes| (bytes, export)))
    })
}

/// Returns a refused event as a line of the file. Bytes that are not UTF-8 are replaced.
fn line(reject: &NamingReject) -> Bytes {
    let NamingReject { reject_id, received_at, original } = reject;
    let original = String::from_utf8_lossy(original);
    let record = json!({
        "record": "reject", "id": reject_id, "received_at": received_at, "original": original,
    });
    Bytes::from(format!("{record}\n"))
}

/// Returns a parked event as a line of the file.
fn parked_line(parked: &ParkedEvent) -> Bytes {
    let ParkedEvent { parked_at, event } = parked;
    let record = json!({ "record": "parked", "parked_at": parked_at, "event": event });
    Bytes::from(format!("{record}\n"))
}
