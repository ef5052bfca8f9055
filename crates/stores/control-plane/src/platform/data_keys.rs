use std::collections::BTreeSet;

use auth::{DataKey, DataKeyState, DataKeyStore, DataKeyStoreError, DataKeys, Sealer};

use crate::{ControlPlaneError, PlatformControl, pool::Transaction};

/// The data keys in PostgreSQL, and what opens them.
#[derive(Clone)]
pub struct SealedDataKeys {
    platform: PlatformControl,
    sealer: Sealer,
}

impl SealedDataKeys {
    /// Creates access to the data keys of all tenants, for a process that reads or writes the archive.
    pub fn new(platform: PlatformControl, sealer: Sealer) -> Self {
        Self { platform, sealer }
    }

    async fn get(&self, owners: &BTreeSet<String>) -> Result<DataKeys, ControlPlaneError> {
        let mut transaction = self.platform.begin().await?;
        let keys = self.read(&mut transaction, owners).await?;
        transaction.commit().await?;
        Ok(keys)
    }

    async fn ensure(&self, owners: &BTreeSet<String>) -> Result<DataKeys, ControlPlaneError> {
        let mut keys = self.get(owners).await?;
        let missing: BTreeSet<String> =
            owners.iter().filter(|owner| !keys.contains_key(*owner)).cloned().collect();
        if missing.is_empty() {
            return Ok(keys);
        }
        let mut fresh = Vec::new();
        for owner in &missing {
            let random = DataKey::generate().map_err(|error| ControlPlaneError::Seal(error.into()));
            fresh.push(random?.seal(&self.sealer, owner).map_err(ControlPlaneError::Seal)?);
        }
        let mut transaction = self.platform.begin().await?;
        sqlx::query(sql!("data_key/add"))
            .bind(missing.iter().cloned().collect::<Vec<_>>())
            .bind(fresh)
            .execute(&mut transaction)
            .await?;
        keys.extend(self.read(&mut transaction, &missing).await?);
        transaction.commit().await?;
        Ok(keys)
    }

    async fn read(
        &self,
        transaction: &mut Transaction,
        owners: &BTreeSet<String>,
    ) -> Result<DataKeys, ControlPlaneError> {
        let rows: Vec<(String, Option<Vec<u8>>)> = sqlx::query_as(sql!("data_key/get"))
            .bind(owners.iter().cloned().collect::<Vec<_>>())
            .fetch_all(transaction)
            .await?;
        let mut keys = DataKeys::new();
        for (owner, sealed) in rows {
            let state = match sealed {
                Some(sealed) => {
                    let opened = DataKey::open(&sealed, &self.sealer, &owner);
                    DataKeyState::Kept(opened.map_err(ControlPlaneError::corrupt("data key"))?)
                }
                None => DataKeyState::Destroyed,
            };
            keys.insert(owner, state);
        }
        Ok(keys)
    }
}

impl From<ControlPlaneError> for DataKeyStoreError {
    fn from(error: ControlPlaneError) -> Self {
        Self(error.into())
    }
}

#[async_trait::async_trait]
impl DataKeyStore for SealedDataKeys {
    async fn data_keys(&self, owners: &BTreeSet<String>) -> Result<DataKeys, DataKeyStoreError> {
        Ok(self.get(owners).await?)
    }

    async fn ensure_data_keys(
        &self,
        owners: &BTreeSet<String>,
    ) -> Result<DataKeys, DataKeyStoreError> {
        Ok(self.ensure(owners).await?)
    }
}
