//! Failures that only a folder can have.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::Arc,
};

use archive::{Archive, ArchiveError};

use crate::test_archive::{KEY, TestArchive, TestKeys, files, records, settings};

#[tokio::test]
async fn a_half_written_file_of_a_killed_writer_is_not_an_object_and_is_removed() {
    let test = TestArchive::folder();
    let file = test.file(KEY);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    for number in [1, 2] {
        fs::write(format!("{}#{number}", file.display()), b"PAR1 half").unwrap();
    }
    let missing = test.archive.verify(KEY, &[0; 32]).await;
    assert!(matches!(missing, Err(ArchiveError::Missing(_))), "{missing:?}");
    let stored = test.archive.put(&test.object().await).await.unwrap();
    test.archive.verify(KEY, &stored.sha256).await.unwrap();
    assert_eq!(files(&test.folder).len(), 1);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_unavailable_until_it_can() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("archive");
    // A file in place of the folder: writing fails even for root.
    fs::write(&folder, b"").unwrap();
    let keys = Arc::new(TestKeys::default());
    let archive = Archive::new(&settings(folder.to_str().unwrap()), keys).unwrap();
    let object = archive.write(KEY, records()).await.unwrap();
    let unavailable = archive.put(&object).await;
    assert!(matches!(unavailable, Err(ArchiveError::Unavailable { .. })), "{unavailable:?}");
    fs::remove_file(&folder).unwrap();
    archive.put(&object).await.unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn only_the_user_of_the_process_can_read_what_is_in_the_folder() {
    let test = TestArchive::folder();
    let raw = test.folder.join("raw");
    test.archive.put(&test.object().await).await.unwrap();
    assert_eq!(mode(&test.file(KEY)), 0o600);
    for folder in test.file(KEY).ancestors().skip(1).take_while(|folder| folder.starts_with(&raw)) {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    // As earlier builds left them.
    fs::set_permissions(&raw, Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(test.file(KEY), Permissions::from_mode(0o644)).unwrap();
    let everything = test.archive.erase_records(KEY, |_| true).await.unwrap();
    assert!(everything.records > 0);
    assert_eq!((mode(&raw), mode(&test.file(KEY))), (0o700, 0o600), "the rewritten one");
}
