use tenancy::{ClientId, DirectoryError, TenantDirectory, TenantRecord};

use crate::{
    ControlPlane, ControlPlaneError, TenantDetail, cache::AnswerCache, platform::TenantRow,
};

pub(crate) struct TenantCache(pub(crate) AnswerCache<ClientId, TenantRecord>);

impl Default for TenantCache {
    fn default() -> Self {
        Self(AnswerCache::new(100_000))
    }
}

#[async_trait::async_trait]
impl TenantDirectory for ControlPlane {
    async fn find(&self, client_id: &ClientId) -> Result<Option<TenantRecord>, DirectoryError> {
        let found = self.tenants.0.get(client_id, self.read_tenant(client_id)).await;
        found.map_err(|error| DirectoryError(error.into()))
    }
}

impl ControlPlane {
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
        row.map(|row| TenantDetail::try_from(row).map(|detail| detail.record)).transpose()
    }
}
