use serde::Deserialize;
use settings::{InvalidSetting, Secret};

/// Where PostgreSQL is: section `[postgres]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSettings {
    /// `postgres://user:password@host:5432/database`. The role owns the tables and is not a
    /// superuser.
    pub url: Secret,
    /// The most connections of one process, at least 2: one of them listens for changes.
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
