use std::sync::Arc;

use tenancy::{
    ClientId, DirectoryError, Isolation, Limits, Placement, TenantContext, TenantDirectory,
    TenantRecord, TenantRouter, TenantState,
};

/// Returns the record of an ordinary tenant: active, in shared tables, with the default limits.
pub fn tenant_record(client_id: &ClientId) -> TenantRecord {
    TenantRecord {
        client_id: client_id.clone(),
        name: client_id.to_string(),
        state: TenantState::Active,
        state_reason: None,
        placement: Placement {
            isolation: Isolation::Shared,
            cluster: "shared".parse().expect("a name"),
            route_version: 1,
        },
        mirror: None,
        limits: Limits::default(),
        time_zone: chrono_tz::UTC,
        currency: "EUR".parse().expect("a currency"),
        origins: Arc::default(),
        token_version: 1,
    }
}

/// Creates the context of the tenant that `record` describes, as the consumer of the log does.
#[expect(clippy::disallowed_methods, reason = "a test acts for its own fake tenant")]
pub async fn tenant_context(record: TenantRecord) -> TenantContext {
    let client_id = record.client_id.clone();
    let router = tenant_router(record);
    router.resolve_record(&client_id).await.expect("the directory knows its tenant")
}

/// Returns a router that knows only the tenant that `record` describes.
pub fn tenant_router(record: TenantRecord) -> TenantRouter {
    TenantRouter::new(Arc::new(OneTenant(record)))
}

struct OneTenant(TenantRecord);

#[async_trait::async_trait]
impl TenantDirectory for OneTenant {
    async fn find(&self, client_id: &ClientId) -> Result<Option<TenantRecord>, DirectoryError> {
        Ok((*client_id == self.0.client_id).then(|| self.0.clone()))
    }
}
