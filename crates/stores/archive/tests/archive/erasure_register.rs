//! The register of erased persons, in a folder and in S3.

use std::os::unix::fs::PermissionsExt;

use bytes::Bytes;
use uuid::Uuid;

use crate::test_archive::TestArchive;

#[tokio::test]
async fn entries_are_put_replaced_read_and_removed_by_tenant() {
    for test in TestArchive::all().await {
        let register = test.archive.erasure_register();
        let (acme, globex) = ("acme".parse().unwrap(), "acme-2".parse().unwrap());
        assert!(register.entries().await.unwrap().is_empty());
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        register.put(&acme, one, Bytes::from_static(b"first")).await.unwrap();
        register.put(&acme, one, Bytes::from_static(b"second")).await.unwrap();
        register.put(&acme, other, Bytes::from_static(b"third")).await.unwrap();
        register.put(&globex, one, Bytes::from_static(b"fourth")).await.unwrap();
        let mut entries = register.entries().await.unwrap();
        entries.sort_unstable();
        assert_eq!(entries, ["fourth", "second", "third"]);
        assert_eq!(register.remove_all(&acme).await.unwrap(), 2);
        assert_eq!(register.entries().await.unwrap(), ["fourth"]);
        assert_eq!(register.remove_all(&acme).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn only_the_user_of_the_process_can_read_the_register() {
    let test = TestArchive::folder();
    let register = test.archive.erasure_register();
    let tenant = "acme".parse().unwrap();
    register.put(&tenant, Uuid::from_u128(1), Bytes::from_static(b"x")).await.unwrap();
    let folder = test.folder.join("erasures");
    let mode = std::fs::metadata(folder).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
}
