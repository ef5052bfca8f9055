use control_plane::TenantControl;
use metrics::{DeclaredDimension, PropertyType};

use crate::fixture::Platform;

fn dimension(name: &str, pointer: &str) -> DeclaredDimension {
    DeclaredDimension {
        name: name.parse().unwrap(),
        pointer: pointer.parse().unwrap(),
        kind: PropertyType::String,
    }
}

async fn declare(tenant: &TenantControl, dimension: &DeclaredDimension) -> bool {
    tenant.declare_dimension("user:1", dimension, 2).await.unwrap()
}

#[tokio::test]
async fn declaring_again_replaces_and_the_limit_counts_the_others() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let colour = dimension("colour", "/properties/colour");
    let tier = dimension("tier", "/properties/loyalty/tier");
    assert!(declare(&acme, &tier).await && declare(&acme, &colour).await);
    assert_eq!(acme.declared_dimensions().await.unwrap(), [colour.clone(), tier.clone()]);
    assert!(!declare(&acme, &dimension("size", "/properties/size")).await);
    let moved =
        DeclaredDimension { kind: PropertyType::Integer, ..dimension("tier", "/properties/x~1y") };
    assert!(declare(&acme, &moved).await);
    assert_eq!(acme.declared_dimensions().await.unwrap(), [colour, moved]);
    assert!(acme.delete_dimension("user:1", "tier").await.unwrap());
    assert!(!acme.delete_dimension("user:1", "tier").await.unwrap());
    assert!(declare(&acme, &dimension("size", "/properties/size")).await);
}

#[tokio::test]
async fn a_tenant_has_its_own_declarations_only() {
    let platform = Platform::new().await;
    let (acme, globex) = (platform.tenant("acme").await, platform.tenant("globex").await);
    let tier = dimension("tier", "/properties/tier");
    assert!(declare(&acme, &tier).await);
    assert_eq!(globex.declared_dimensions().await.unwrap(), []);
    assert!(!globex.delete_dimension("user:1", "tier").await.unwrap());
    assert_eq!(acme.declared_dimensions().await.unwrap(), [tier]);
}

#[tokio::test]
async fn a_declaration_whose_name_a_release_has_taken_is_left_out_and_can_be_deleted() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    assert!(declare(&acme, &dimension("tier", "/properties/tier")).await);
    let mut transaction = platform.database.raw().await.begin().await.unwrap();
    sqlx::query(include_str!("../../queries/session/for_tenant.sql"))
        .bind("acme")
        .execute(&mut *transaction)
        .await
        .unwrap();
    sqlx::query("UPDATE declared_dimension SET name = 'device' WHERE name = 'tier'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(acme.declared_dimensions().await.unwrap(), []);
    assert!(acme.delete_dimension("user:1", "device").await.unwrap());
}
