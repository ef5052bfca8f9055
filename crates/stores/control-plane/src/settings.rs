use serde::Deserialize;
use settings::{InvalidSetting, Secret};

/// Where PostgreSQL is: section `[postgres]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSettings {
    /// `postgres://user:password@host:5432/database`. Used for whatever has no login of its own below. To migrate
    /// and to copy tables, the role must own them; it is not a superuser.
    pub url: Secret,
    /// The same for the login `footfall_platform`: work across tenants. Empty if it has no login of its own.
    pub platform_url: Secret,
    /// The same for the login `footfall_tenant`: work for one tenant. Empty for the platform's login.
    pub tenant_url: Secret,
    /// The same for the login `footfall_ledger`: leases, plans and marks of processors. Empty for the platform's
    /// login.
    pub ledger_url: Secret,
    /// The most connections of one process and login, at least 2: one of the platform's listens for changes.
    pub max_connections: u32,
}

impl PostgresSettings {
    /// Checks the limits that the types do not express.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if self.max_connections < 2 {
            return Err(InvalidSetting::new("postgres.max_connections", "must be at least 2"));
        }
        Ok(())
    }
}
