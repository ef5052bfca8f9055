use std::sync::Arc;

use actix_web::{HttpRequest, http::header, web::Data};
use auth::{Action, Principal};
use chrono::Utc;
use problem::{Code, Problem};
use tenancy::TenantContext;

use crate::{
    RequestLimits, WebState,
    request::set_principal,
    state::{CheckedCredential, Credential},
};

/// Returns the checked credential of a request, without waiting, if the same credential was checked
/// a moment ago.
pub(crate) fn known(request: &HttpRequest) -> Option<Arc<CheckedCredential>> {
    let state = request.app_data::<Data<WebState>>()?;
    state.known(&Credential::new(bearer(request).ok()?), Utc::now())
}

/// Returns what counts the requests of tenants, if they are counted.
pub(crate) fn limits(request: &HttpRequest) -> Option<&dyn RequestLimits> {
    request.app_data::<Data<WebState>>()?.limits()
}

/// Checks that the credential of a request belongs to an active tenant, was not revoked and permits
/// `action`.
pub(crate) async fn check(
    request: &HttpRequest,
    action: Action,
) -> Result<Arc<CheckedCredential>, Problem> {
    let state = state(request)?;
    let credential = Credential::new(bearer(request)?);
    let principal = state.verify(&credential, Utc::now()).await?;
    permit(&principal, action)?;
    let checked = state.check(&credential, principal, Utc::now()).await?;
    check_state(&checked.context, action)?;
    Ok(checked)
}

/// Verifies the credential of a request and that it permits `action`. Returns the state and the
/// principal.
pub(crate) async fn authorised(
    request: &HttpRequest,
    action: Action,
) -> Result<(&WebState, Arc<Principal>), Problem> {
    let state = state(request)?;
    let principal = state.principal(bearer(request)?, Utc::now()).await?;
    permit(&principal, action)?;
    Ok((state, principal))
}

/// Checks that a verified credential permits `action`.
pub(crate) fn permit(principal: &Arc<Principal>, action: Action) -> Result<(), Problem> {
    set_principal(principal);
    if principal.authority.may(action) {
        return Ok(());
    }
    let detail = format!("This needs the permission {}.", action.as_str());
    Err(Problem::new(Code::PermissionDenied, detail))
}

/// Refuses what changes or adds events of a tenant that is being offboarded.
pub(crate) fn check_state(context: &TenantContext, action: Action) -> Result<(), Problem> {
    let adds_events = matches!(action, Action::WriteEvents | Action::ResubmitRejects);
    if context.accepts_events() || !adds_events {
        return Ok(());
    }
    let detail = "The tenant is being offboarded: it may read and export, and send no events.";
    Err(Problem::new(Code::TenantOffboarding, detail))
}

fn state(request: &HttpRequest) -> Result<&WebState, Problem> {
    let state = request.app_data::<Data<WebState>>();
    state.map(|state| &***state).ok_or_else(|| Problem::internal("the app has no web state"))
}

/// Reads the credential, a JWT or an API key, from the `Authorization` header and nowhere else.
fn bearer(request: &HttpRequest) -> Result<&str, Problem> {
    let missing = || {
        Problem::new(
            Code::CredentialMissing,
            "Send `Authorization: Bearer` with an access token or an API key.",
        )
    };
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let value = values.next().ok_or_else(missing)?;
    if values.next().is_some() {
        // A proxy may check the last one, and this service the first.
        let detail = "Send one `Authorization` header.";
        return Err(Problem::new(Code::CredentialInvalid, detail));
    }
    let (scheme, credential) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(missing)?;
    let credential = credential.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !credential.is_empty() {
        Ok(credential)
    } else {
        Err(missing())
    }
}
