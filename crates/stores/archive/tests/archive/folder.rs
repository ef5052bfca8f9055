//! What only a folder can be subject to.

use std::fs;

use archive::{Archive, ArchiveError};

use crate::place::{KEY, Place, files, object, settings};

#[tokio::test]
async fn what_a_killed_writer_left_half_written_is_no_object_and_goes() {
    let place = Place::folder();
    let file = place.file(KEY);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    for number in [1, 2] {
        fs::write(format!("{}#{number}", file.display()), b"PAR1 half").unwrap();
    }
    let missing = place.archive.verify(KEY, &[0; 32]).await;
    assert!(matches!(missing, Err(ArchiveError::Missing(_))), "{missing:?}");
    let stored = place.archive.put(&object()).await.unwrap();
    place.archive.verify(KEY, &stored.sha256).await.unwrap();
    assert_eq!(files(&place.folder).len(), 1);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_away_and_good_again_later() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("archive");
    // A file where the folder should be: refused even to one who may write everywhere.
    fs::write(&folder, b"").unwrap();
    let archive = Archive::new(&settings(folder.to_str().unwrap())).unwrap();
    let away = archive.put(&object()).await;
    assert!(matches!(away, Err(ArchiveError::Unavailable { .. })), "{away:?}");
    fs::remove_file(&folder).unwrap();
    archive.put(&object()).await.unwrap();
}
