use actix_web::{HttpResponse, web::Data};
use auth::{ManageUsers, Role};
use chrono::{DateTime, Utc};
use control_plane::{ControlPlaneError, NewInvitation, NewUser};
use problem::Problem;
use serde::{Deserialize, Serialize};
use tenancy::AdvertiserId;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Body, Error, Tenant};

use super::User;
use crate::{
    failure::{Failure, in_field},
    invitations::{self, Invitation},
    names::Email,
    schemas,
    state::Api,
};

/// A user to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserOrder {
    /// The email address for the login.
    email: Email,
    /// The role.
    #[schema(value_type = schemas::UserRole)]
    role: Role,
    /// The advertiser whose campaigns the role `advertiser` sees.
    #[schema(value_type = Option<schemas::Slug>)]
    advertiser_id: Option<AdvertiserId>,
}

/// A new user, with the invitation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitedUser {
    #[serde(flatten)]
    about: User,
    invitation: Invitation,
}

/// Invites a user. Only this answer contains the invitation's token. Send it to the invited person, who
/// sets a password with it at `POST /v1/auth/invitations/accept`.
#[utoipa::path(
    post,
    path = "/v1/users",
    tag = "users",
    operation_id = "create_user",
    request_body = UserOrder,
    responses(
        (status = 201, description = "The user, and the invitation", body = InvitedUser),
        (status = 409, description = "A user of the tenant has the address"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageUsers>,
    api: Data<Api>,
    Body(order): Body<UserOrder>,
) -> Result<HttpResponse, Error> {
    let actor = tenant.principal().subject.to_string();
    let users = api.control_plane.for_tenant(tenant.context());
    let invited =
        invite(order, Utc::now(), async |user, new| users.invite_user(&actor, user, new).await)
            .await?;
    Ok(HttpResponse::Created().json(invited))
}

/// Invites the user of an order; `store` stores user and invitation.
pub(crate) async fn invite(
    order: UserOrder,
    now: DateTime<Utc>,
    store: impl AsyncFnOnce(&NewUser, &NewInvitation) -> Result<(), ControlPlaneError>,
) -> Result<InvitedUser, Failure> {
    check_role(order.role, order.advertiser_id.as_ref())?;
    let UserOrder { email, role, advertiser_id } = order;
    let user = NewUser { user_id: Uuid::now_v7(), email: email.into(), role, advertiser_id };
    let (token, new) = invitations::generate(now)?;
    let reason = "must be one of the tenant's advertisers";
    store(&user, &new).await.map_err(in_field("/advertiser_id", reason))?;
    let NewUser { user_id: id, email, role, advertiser_id } = user;
    let invitation_expires_at = Some(new.expires_at);
    Ok(InvitedUser {
        about: User { id, email, role, advertiser_id, disabled: false, invitation_expires_at },
        invitation: Invitation::new(&token, new.expires_at),
    })
}

/// Checks that a tenant's user may have this role, and names an advertiser if the role needs one.
pub(crate) fn check_role(role: Role, advertiser_id: Option<&AdvertiserId>) -> Result<(), Problem> {
    match (role, advertiser_id) {
        (Role::PlatformAdmin, _) => {
            Err(Problem::field("/role", "must be owner, analyst or advertiser"))
        }
        (Role::Advertiser, None) => {
            Err(Problem::field("/advertiser_id", "must name an advertiser for this role"))
        }
        (Role::Owner | Role::Analyst, Some(_)) => {
            Err(Problem::field("/advertiser_id", "must be absent for this role"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_admin_or_an_incomplete_advertiser_cannot_be_invited() {
        for (role, advertiser, wrong) in [
            ("platform_admin", None, Some("/role")),
            ("advertiser", None, Some("/advertiser_id")),
            ("owner", Some("nova"), Some("/advertiser_id")),
            ("advertiser", Some("nova"), None),
            ("analyst", None, None),
        ] {
            let id = advertiser.map(|id| id.parse().unwrap());
            match (check_role(role.parse().unwrap(), id.as_ref()), wrong) {
                (Ok(()), None) => {}
                (Err(problem), Some(pointer)) => assert!(problem.body("r").contains(pointer)),
                (outcome, _) => panic!("{role} {advertiser:?}: {outcome:?}"),
            }
        }
    }
}
