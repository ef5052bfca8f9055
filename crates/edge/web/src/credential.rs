use std::sync::Arc;

use actix_web::{HttpRequest, http::header, web::Data};
use auth::{Action, Principal};
use chrono::Utc;
use problem::{Code, Problem};

use crate::{WebState, request::set_principal};

/// Verifies the credential of a request and that it permits `action`. Returns the state and the
/// principal.
pub(crate) async fn authorised(
    request: &HttpRequest,
    action: Action,
) -> Result<(Data<WebState>, Arc<Principal>), Problem> {
    let state = request
        .app_data::<Data<WebState>>()
        .ok_or_else(|| Problem::internal("the app has no web state"))?
        .clone();
    let principal = state.principal(bearer(request)?, Utc::now()).await?;
    set_principal(&principal);
    if !principal.authority.may(action) {
        return Err(Problem::new(
            Code::PermissionDenied,
            format!("This needs the permission {}.", action.as_str()),
        ));
    }
    Ok((state, principal))
}

/// Reads the credential, a JWT or an API key, from the `Authorization` header and nowhere else.
fn bearer(request: &HttpRequest) -> Result<&str, Problem> {
    let missing = || {
        Problem::new(
            Code::CredentialMissing,
            "Send `Authorization: Bearer` with an access token or an API key.",
        )
    };
    let value = request.headers().get(header::AUTHORIZATION).ok_or_else(missing)?;
    let (scheme, credential) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(missing)?;
    let credential = credential.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !credential.is_empty() {
        Ok(credential)
    } else {
        Err(missing())
    }
}
