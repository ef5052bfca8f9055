//! `/v1/auth`, and the keys that verify tokens.

use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, http::header};
use chrono::Utc;
use problem::Problem;

use crate::{
    session_cookie::{OwnPage, SessionStorage},
    sessions::TokenPair,
    state::Api,
};

pub(crate) mod accept_invitation;
pub(crate) mod jwks;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod refresh;
pub(crate) mod second_factor;
pub(crate) mod token;

/// Returns the page that wants its session in a cookie; `None` if the request asks for none.
///
/// # Errors
/// The client can have no session in a cookie.
pub(super) fn page_of(
    request: &HttpRequest,
    storage: Option<SessionStorage>,
    api: &Api,
) -> Result<Option<OwnPage>, Problem> {
    let issuer = &api.sessions.settings.issuer;
    storage.map(|SessionStorage::Cookie| OwnPage::of(request, issuer, "/session")).transpose()
}

/// Begins an answer with a session, whose refresh token a page keeps in a cookie.
pub(super) fn answer(pair: &mut TokenPair, page: Option<OwnPage>) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    if let Some(page) = page {
        response.insert_header((header::SET_COOKIE, pair.kept_by(page, Utc::now())));
    }
    response
}
