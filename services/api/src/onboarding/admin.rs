use auth::Role;
use control_plane::{ControlPlane, ControlPlaneError, NewUser};
use tenancy::PlatformContext;
use uuid::Uuid;

use super::{Made, OnboardingError, apply::first_password};

/// Makes the platform admin with this address, in lower case, if nobody has the address yet;
/// `None` when somebody does. `footfall migrate` calls it: a fresh installation has one admin.
pub async fn ensure_admin(
    control_plane: &ControlPlane,
    context: &PlatformContext,
    email: &str,
) -> Result<Option<Made>, OnboardingError> {
    let platform = control_plane.for_platform(context);
    let email = email.to_lowercase();
    if platform.email_is_taken(&email).await? {
        return Ok(None);
    }
    let (password, password_hash) = first_password().await?;
    let role = Role::PlatformAdmin;
    let user = NewUser {
        user_id: Uuid::now_v7(),
        email: email.clone(),
        password_hash,
        role,
        advertiser_id: None,
    };
    match platform.create_user(None, &user).await {
        Ok(()) => Ok(Some(Made::User { client_id: None, email, role, password })),
        // Another process was faster.
        Err(ControlPlaneError::Conflict { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
