use auth::{Password, PasswordError, PasswordHash, Role};
use control_plane::{ControlPlane, ControlPlaneError, NewUser};
use tenancy::PlatformContext;
use uuid::Uuid;

use super::{Made, OnboardingError};

/// Creates the platform admin with this address, in lower case, unless there is one: then
/// `None`. `footfall migrate` calls it, so that a new installation has one admin.
pub async fn ensure_admin(
    control_plane: &ControlPlane,
    context: &PlatformContext,
    email: &str,
) -> Result<Option<Made>, OnboardingError> {
    let platform = control_plane.for_platform(context);
    let email = email.to_lowercase();
    if platform.has_admin(&email).await? {
        return Ok(None);
    }
    let (password, password_hash) = first_password().await?;
    let user = NewUser {
        user_id: Uuid::now_v7(),
        email: email.clone(),
        role: Role::PlatformAdmin,
        advertiser_id: None,
    };
    match platform.create_admin(&user, &password_hash).await {
        Ok(()) => Ok(Some(Made::Admin { email, password })),
        // Another process was faster.
        Err(ControlPlaneError::Conflict { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Generates a password and its hash. Hashing is slow on purpose, so it runs on its own thread.
async fn first_password() -> Result<(Password, PasswordHash), OnboardingError> {
    let password = Password::generate().map_err(PasswordError::from)?;
    let to_hash = password.clone();
    let hashed = tokio::task::spawn_blocking(move || to_hash.hash()).await;
    let hash = hashed.map_err(|stopped| PasswordError::Hashing(stopped.to_string()))??;
    Ok((password, hash))
}
