use actix_web::{HttpResponse, web::Data};
use auth::{ManageUsers, Password, Role};
use control_plane::{ControlPlaneError, NewUser};
use problem::Problem;
use serde::{Deserialize, Serialize};
use tenancy::AdvertiserId;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Body, Error, Tenant};

use super::User;
use crate::{failure::Failure, names::email, state::Api};

/// A user to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserOrder {
    /// The address to log in with.
    #[schema(example = "ann@northwind.example")]
    email: String,
    /// `owner`, `analyst` or `advertiser`.
    #[schema(value_type = String, example = "analyst")]
    role: Role,
    /// Whose campaigns an `advertiser` sees.
    #[schema(value_type = Option<String>)]
    advertiser_id: Option<AdvertiserId>,
}

/// A user that was just made, with the first password.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitedUser {
    #[serde(flatten)]
    about: User,
    /// The first password. It is shown this once.
    password: String,
}

/// Makes a user. The answer is the only one that holds the first password.
#[utoipa::path(
    post,
    path = "/v1/users",
    tag = "users",
    operation_id = "create_user",
    request_body = UserOrder,
    responses(
        (status = 201, description = "The user", body = InvitedUser),
        (status = 409, description = "The address is in use"),
    ),
)]
pub(crate) async fn create(
    tenant: Tenant<ManageUsers>,
    api: Data<Api>,
    Body(order): Body<UserOrder>,
) -> Result<HttpResponse, Error> {
    let made = make(&tenant, &api, order).await?;
    Ok(HttpResponse::Created().json(made))
}

async fn make(
    tenant: &Tenant<ManageUsers>,
    api: &Api,
    order: UserOrder,
) -> Result<InvitedUser, Failure> {
    check(&order)?;
    let email = email("/email", order.email)?;
    let password = Password::generate()?;
    let user = NewUser {
        user_id: Uuid::now_v7(),
        email: email.clone(),
        password_hash: api.sessions.gate.hash(password.clone()).await?,
        role: order.role,
        advertiser_id: order.advertiser_id.clone(),
    };
    let actor = tenant.principal().subject.to_string();
    let users = api.control_plane.for_tenant(tenant.context());
    users.create_user(&actor, &user).await.map_err(|error| match error {
        ControlPlaneError::Refused { .. } => {
            Problem::field("/advertiser_id", "must be one of your advertisers").into()
        }
        other => Failure::from(other),
    })?;
    let about = User {
        id: user.user_id,
        email,
        role: order.role,
        advertiser_id: order.advertiser_id,
        disabled: false,
    };
    Ok(InvitedUser { about, password: password.reveal().to_owned() })
}

fn check(order: &UserOrder) -> Result<(), Problem> {
    match (order.role, &order.advertiser_id) {
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
    fn an_owner_makes_no_platform_admin_and_no_half_advertiser() {
        for (role, advertiser, wrong) in [
            ("platform_admin", None, Some("/role")),
            ("advertiser", None, Some("/advertiser_id")),
            ("owner", Some("nova"), Some("/advertiser_id")),
            ("advertiser", Some("nova"), None),
            ("analyst", None, None),
        ] {
            let order = UserOrder {
                email: "ann@acme.example".into(),
                role: role.parse().unwrap(),
                advertiser_id: advertiser.map(|id| id.parse().unwrap()),
            };
            match (check(&order), wrong) {
                (Ok(()), None) => {}
                (Err(problem), Some(pointer)) => assert!(problem.body("r").contains(pointer)),
                (outcome, _) => panic!("{role} {advertiser:?}: {outcome:?}"),
            }
        }
    }
}
