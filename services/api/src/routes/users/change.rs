use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::{ManageUsers, Role, Subject};
use control_plane::UserChange;
use problem::{Code, Problem};
use serde::Deserialize;
use tenancy::AdvertiserId;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Body, Error, Tenant};

use super::{User, create::check_role};
use crate::{failure::in_field, schemas, state::Api};

/// What to change of a user; absent fields remain.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChangeOrder {
    /// The role.
    #[schema(value_type = Option<schemas::UserRole>)]
    role: Option<Role>,
    /// The advertiser whose campaigns the role `advertiser` sees; only together with `role`.
    #[schema(value_type = Option<schemas::Slug>)]
    advertiser_id: Option<AdvertiserId>,
    /// `false` enables a disabled user again, who logs in with the password from before. What only the
    /// user could see, such as private reports, was removed when it was disabled.
    disabled: Option<bool>,
}

/// Gives a user another role, or enables a disabled one again.
///
/// Tokens and live streams from before end within five seconds. After a change of role, a refresh
/// continues the user's sessions with the new role.
#[utoipa::path(
    patch,
    path = "/v1/users/{id}",
    tag = "users",
    operation_id = "change_user",
    params(("id" = Uuid, Path, description = "The user")),
    request_body = UserChangeOrder,
    responses(
        (status = 200, description = "The changed user", body = User),
        (status = 404, description = "The user does not exist"),
        (status = 409, description = "The user is yourself, or the last owner"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageUsers>,
    api: Data<Api>,
    id: Path<Uuid>,
    Body(order): Body<UserChangeOrder>,
) -> Result<HttpResponse, Error> {
    let subject = &tenant.principal().subject;
    if *subject == Subject::User(*id) {
        let detail = "You cannot change yourself. Another owner can.";
        return Err(Problem::new(Code::NotAllowedOnSelf, detail).into());
    }
    let change = change(order)?;
    let users = api.control_plane.for_tenant(tenant.context());
    let changed = users.change_user(&subject.to_string(), *id, &change).await;
    let reason = "must be one of the tenant's advertisers";
    match changed.map_err(in_field("/advertiser_id", reason))? {
        Some(user) => Ok(HttpResponse::Ok().json(User::from(user))),
        None => Err(Problem::not_found().into()),
    }
}

fn change(order: UserChangeOrder) -> Result<UserChange, Problem> {
    let UserChangeOrder { role, advertiser_id, disabled } = order;
    let role = match role {
        Some(role) => {
            check_role(role, advertiser_id.as_ref())?;
            Some((role, advertiser_id))
        }
        None if advertiser_id.is_some() => {
            return Err(Problem::field("/advertiser_id", "must be sent together with `role`"));
        }
        None => None,
    };
    Ok(UserChange { role, disabled })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advertiser_is_named_together_with_its_role_only() {
        let order = |role: Option<&str>, advertiser: Option<&str>| UserChangeOrder {
            role: role.map(|role| role.parse().unwrap()),
            advertiser_id: advertiser.map(|id| id.parse().unwrap()),
            disabled: None,
        };
        let changed = change(order(Some("advertiser"), Some("nova"))).unwrap();
        assert_eq!(changed.role, Some((Role::Advertiser, Some("nova".parse().unwrap()))));
        assert_eq!(change(order(None, None)).unwrap().role, None);
        for (role, advertiser) in [
            (None, Some("nova")),
            (Some("advertiser"), None),
            (Some("owner"), Some("nova")),
            (Some("platform_admin"), None),
        ] {
            assert!(change(order(role, advertiser)).is_err(), "{role:?} {advertiser:?}");
        }
    }
}
