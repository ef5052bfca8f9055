use std::{collections::HashSet, sync::Arc};

use tenancy::{
    ClientId, DirectoryError, Origin, OriginDirectory, TenantDirectory, TenantRecord, TenantState,
};

use crate::{
    ControlPlane, ControlPlaneError, TenantDetail, cache::AnswerCache, platform::TenantRow,
};

pub(crate) struct TenantCache(pub(crate) AnswerCache<ClientId, TenantRecord>);

impl Default for TenantCache {
    fn default() -> Self {
        Self(AnswerCache::new("tenants", 100_000))
    }
}

/// The origins that any tenant lists.
pub(crate) struct OriginCache(pub(crate) AnswerCache<(), Arc<HashSet<Origin>>>);

impl Default for OriginCache {
    fn default() -> Self {
        Self(AnswerCache::new("origins", 1))
    }
}

#[async_trait::async_trait]
impl OriginDirectory for ControlPlane {
    async fn listed_origins(&self) -> Result<Arc<HashSet<Origin>>, DirectoryError> {
        let found = self.origins.0.get(&(), self.read_origins()).await;
        found.map(Option::unwrap_or_default).map_err(|error| DirectoryError(error.into()))
    }
}

#[async_trait::async_trait]
impl TenantDirectory for ControlPlane {
    async fn find(&self, client_id: &ClientId) -> Result<Option<TenantRecord>, DirectoryError> {
        let found = self.tenants.0.get(client_id, self.read_tenant(client_id)).await;
        found.map_err(|error| DirectoryError(error.into()))
    }

    fn revision(&self) -> Option<u64> {
        Some(self.tenants.0.revision())
    }
}

impl ControlPlane {
    async fn read_origins(&self) -> Result<Option<Arc<HashSet<Origin>>>, ControlPlaneError> {
        let mut transaction = self.begin_platform().await?;
        let listed: Vec<String> =
            sqlx::query_scalar(sql!("tenant/origins")).fetch_all(&mut transaction).await?;
        transaction.commit().await?;
        let origins: Result<_, _> = listed.iter().map(|text| text.parse()).collect();
        Ok(Some(Arc::new(origins.map_err(ControlPlaneError::corrupt("origin"))?)))
    }

    async fn read_tenant(
        &self,
        client_id: &ClientId,
    ) -> Result<Option<TenantRecord>, ControlPlaneError> {
        let mut transaction = self.begin_tenant(client_id).await?;
        let row: Option<TenantRow> = sqlx::query_as(sql!("tenant/get"))
            .bind(client_id.as_str())
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        row.map(|row| TenantDetail::try_from(row).map(record)).transpose()
    }
}

/// Returns what requests are checked with. A tenant that was suspended before its offboarding still is.
fn record(detail: TenantDetail) -> TenantRecord {
    let TenantDetail { record, suspended_for, .. } = detail;
    if record.state == TenantState::Offboarding && suspended_for.is_some() {
        return TenantRecord {
            state: TenantState::Suspended,
            state_reason: suspended_for,
            ..record
        };
    }
    record
}
