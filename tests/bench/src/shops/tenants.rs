use serde_json::json;
use tenancy::{Destination, Isolation, Placement};
use testkit::Platform;
use uuid::Uuid;

use crate::Failure;

/// A tenant in the shared tables.
#[derive(Clone, Debug)]
pub(crate) struct SharedTenant {
    /// Its id.
    pub(crate) id: String,
    /// An API key that reads reports.
    pub(crate) read_key: String,
}

/// Returns the ids of so many tenants; no other run has them.
pub(crate) fn tenant_ids(count: u32) -> Vec<String> {
    let run = Uuid::now_v7().simple().to_string();
    // The end is random.
    let run: String = run.chars().rev().take(12).collect();
    (0..count).map(|number| format!("t{run}-{number}")).collect()
}

/// Creates tenants in the shared tables, each with the campaigns `campaign-0` and so on. They have no
/// users, of whom only twenty a minute may accept their invitation.
///
/// # Errors
/// The api refuses one.
pub(crate) async fn create_tenants(
    platform: &Platform,
    ids: &[String],
    campaigns: usize,
) -> Result<Vec<SharedTenant>, Failure> {
    let admin = platform.admin().await;
    let names = (0..campaigns).map(|number| format!("campaign-{number}"));
    let campaigns: Vec<_> = names.map(|name| json!({"id": name, "name": name})).collect();
    let mut tenants = Vec::new();
    for id in ids {
        let file = json!({
            "id": id, "name": id, "isolation": "shared", "cluster": "shared",
            "time_zone": "Europe/Berlin", "currency": "EUR",
            "campaigns": campaigns,
            "keys": [{"name": "reports", "kind": "read"}],
        });
        let answer = platform.post(&admin, "/v1/admin/tenants", &file).await;
        if answer.status != 201 {
            return Err(format!("a tenant was refused: {}", answer.text).into());
        }
        let made = answer.json();
        let key = made.pointer("/keys/0/key").and_then(|key| key.as_str());
        let read_key = key.ok_or("a tenant has no key")?.to_owned();
        tenants.push(SharedTenant { id: id.clone(), read_key });
    }
    Ok(tenants)
}

/// Returns the shared tables.
///
/// # Errors
/// None is known: the names are valid.
pub(crate) fn shared() -> Result<Destination, Failure> {
    let placement =
        Placement { isolation: Isolation::Shared, cluster: "shared".parse()?, route_version: 1 };
    Ok(placement.destination(&"anybody".parse()?))
}
