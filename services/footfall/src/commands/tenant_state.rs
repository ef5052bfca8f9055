use std::time::Duration;

use tenancy::ClientId;

use crate::{configuration::Configuration, dependencies::Dependencies, exit::Failure, output};

/// Suspends a tenant.
pub(super) async fn suspend(
    configuration: Configuration,
    tenant: &ClientId,
    reason: &str,
) -> Result<(), Failure> {
    let platform = Dependencies::connect(configuration).await?.platform();
    if platform.suspend_tenant(tenant, reason).await? {
        output::line(&format!("{tenant} is suspended"));
        return Ok(());
    }
    Err(Failure::Rejected(format!("{tenant} is not an active tenant")))
}

/// Begins the end of a tenant.
pub(super) async fn offboard(
    configuration: Configuration,
    tenant: &ClientId,
    reason: &str,
    grace_days: u16,
) -> Result<(), Failure> {
    let platform = Dependencies::connect(configuration).await?.platform();
    let grace = Duration::from_hours(24) * u32::from(grace_days);
    if platform.begin_offboarding(tenant, reason, grace).await? {
        output::line(&format!("{tenant} is erased in {grace_days} days unless it is resumed"));
        return Ok(());
    }
    Err(Failure::Rejected(format!("{tenant} is neither an active nor a suspended tenant")))
}

/// Resumes a tenant.
pub(super) async fn resume(configuration: Configuration, tenant: &ClientId) -> Result<(), Failure> {
    let platform = Dependencies::connect(configuration).await?.platform();
    if platform.resume_tenant(tenant).await? {
        output::line(&format!("{tenant} is active"));
        return Ok(());
    }
    let reason = "neither a suspended tenant nor one within the grace period of its offboarding";
    Err(Failure::Rejected(format!("{tenant} is {reason}")))
}
