use aggregates::{Aggregates, Fingerprint, TenantAggregates};

use crate::stand::{Stand, tenant};

const READ: Fingerprint = [7; 32];
const OTHER: Fingerprint = [8; 32];

async fn of(stand: &Stand, name: &str) -> TenantAggregates {
    stand.aggregates.for_tenant(&tenant(name).await)
}

async fn kept(tenant: &TenantAggregates, version: u64, read: &Fingerprint) -> Option<Vec<u8>> {
    tenant.kept_read(version, read).await.unwrap()
}

#[tokio::test]
async fn a_read_is_kept_for_its_tenant_and_its_version_only() {
    let stand = Stand::bare().await;
    let [acme, globex] = [of(&stand, "acme").await, of(&stand, "globex").await];
    assert_eq!(kept(&acme, 0, &READ).await, None);
    acme.keep_read(0, &READ, b"\0numbers\xff").await.unwrap();
    assert_eq!(kept(&acme, 0, &READ).await.as_deref(), Some(&b"\0numbers\xff"[..]));
    assert_eq!(kept(&acme, 0, &OTHER).await, None);
    assert_eq!(kept(&acme, 1, &READ).await, None);
    assert_eq!(kept(&globex, 0, &READ).await, None);
}

#[tokio::test]
async fn an_erased_tenant_leaves_no_kept_read_and_a_tenant_of_a_similar_name_loses_none() {
    let stand = Stand::bare().await;
    let [acme, other] = [of(&stand, "acme").await, of(&stand, "acme-2").await];
    for tenant in [&acme, &other] {
        tenant.keep_read(0, &READ, b"numbers").await.unwrap();
    }
    assert_eq!(stand.aggregates.erase_tenant(&"acme".parse().unwrap()).await.unwrap(), 1);
    assert_eq!(kept(&acme, 0, &READ).await, None);
    assert_eq!(kept(&other, 0, &READ).await.as_deref(), Some(&b"numbers"[..]));
}

#[tokio::test]
async fn what_was_read_under_an_older_version_does_not_come_back() {
    let stand = Stand::bare().await;
    let acme = of(&stand, "acme").await;
    acme.keep_read(1, &READ, b"old").await.unwrap();
    acme.keep_read(2, &OTHER, b"new").await.unwrap();
    assert_eq!(kept(&acme, 1, &READ).await, None);
    // A slow process read it before the version was raised.
    acme.keep_read(1, &READ, b"old").await.unwrap();
    for version in [1, 2, 3] {
        assert_eq!(kept(&acme, version, &READ).await, None, "{version}");
    }
    assert_eq!(kept(&acme, 2, &OTHER).await.as_deref(), Some(&b"new"[..]));
}

#[tokio::test]
async fn kept_reads_of_a_tenant_have_a_size_and_a_lifetime() {
    let mut stand = Stand::bare().await;
    let acme = of(&stand, "acme").await;
    let large = vec![1; TenantAggregates::KEPT_READ_BYTES];
    for number in 100..120 {
        acme.keep_read(0, &[number; 32], &large).await.unwrap();
    }
    assert!(kept(&acme, 0, &[115; 32]).await.is_some());
    assert!(kept(&acme, 0, &[116; 32]).await.is_none(), "4 MiB are kept");
    acme.keep_read(0, &OTHER, &vec![1; large.len() + 1]).await.unwrap();
    assert!(kept(&acme, 0, &OTHER).await.is_none());
    let key = stand.key("client_acme_kept_reads");
    let seconds: i64 = redis::cmd("TTL").arg(key).query_async(&mut stand.redis).await.unwrap();
    assert!((500..=600).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn a_redis_that_is_unavailable_is_an_error_at_once() {
    let aggregates = Aggregates::connect(&testkit::redis_at("redis://127.0.0.1:1/")).unwrap();
    let acme = aggregates.for_tenant(&tenant("acme").await);
    let began = std::time::Instant::now();
    assert!(acme.kept_read(0, &READ).await.is_err());
    assert!(acme.keep_read(0, &READ, b"numbers").await.is_err());
    // Each call takes a tenth of a second at most.
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
}
