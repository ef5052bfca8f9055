use serde::Deserialize;
use settings::{InvalidSetting, Secret};

/// Where PostgreSQL is: section `[postgres]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSettings {
    /// `postgres://user:password@host:5432/database`. The role owns the tables and is no superuser.
    pub url: Secret,
    /// Connections one process may hold, at least 2: one is kept for listening.
    pub max_connections: u32,
}

impl PostgresSettings {
    /// Checks what the types cannot.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if self.max_connections < 2 {
            return Err(InvalidSetting::new("postgres.max_connections", "must be at least 2"));
        }
        Ok(())
    }
}
