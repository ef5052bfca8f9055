//! The files of report jobs, in a folder and in S3.

use archive::{ReportFileError, ReportFileKey, ReportFiles};
use bytes::Bytes;
use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::test_archive::{TestArchive, files};

fn key(attempt: u32) -> ReportFileKey {
    ReportFileKey { client_id: "acme".parse().unwrap(), job_id: Uuid::from_u128(7), attempt }
}

async fn read(reports: &ReportFiles, key: &ReportFileKey) -> Result<Vec<u8>, ReportFileError> {
    let reader = reports.open(key).await?;
    let parts: Vec<Bytes> = reader.parts.try_collect().await?;
    let bytes = parts.concat();
    assert_eq!(bytes.len() as u64, reader.bytes);
    Ok(bytes)
}

#[tokio::test]
async fn a_file_is_there_once_it_is_complete_and_not_before() {
    // More than one part of an upload.
    let line = Bytes::from(vec![b'x'; 1024 * 1024]);
    for test in TestArchive::all().await {
        let reports = test.archive.report_files();
        let mut writer = reports.create(key(1)).await.unwrap();
        for _ in 0..18 {
            writer.write(line.clone()).await.unwrap();
        }
        let early = read(&reports, &key(1)).await;
        assert!(matches!(early, Err(ReportFileError::Missing(_))), "{early:?}");
        let written = writer.complete().await.unwrap();
        let bytes = read(&reports, &key(1)).await.unwrap();
        assert_eq!((written.bytes, bytes.len()), (18 << 20, 18 << 20));
        assert_eq!(written.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)));
        reports.remove(&key(1)).await.unwrap();
        let gone = read(&reports, &key(1)).await;
        assert!(matches!(gone, Err(ReportFileError::Missing(_))), "{gone:?}");
        reports.remove(&key(1)).await.unwrap();
    }
}

#[tokio::test]
async fn an_aborted_file_leaves_nothing_and_an_empty_one_is_a_file() {
    for test in TestArchive::all().await {
        let reports = test.archive.report_files();
        let mut writer = reports.create(key(1)).await.unwrap();
        writer.write(Bytes::from_static(b"half")).await.unwrap();
        writer.abort().await.unwrap();
        let missing = read(&reports, &key(1)).await;
        assert!(matches!(missing, Err(ReportFileError::Missing(_))), "{missing:?}");
    }
    let test = TestArchive::folder();
    let reports = test.archive.report_files();
    reports.create(key(2)).await.unwrap().complete().await.unwrap();
    assert_eq!(read(&reports, &key(2)).await.unwrap(), b"");
}

#[tokio::test]
async fn what_a_killed_writer_has_left_is_removed_with_the_file() {
    let test = TestArchive::folder();
    let half = test.folder.join(format!("{}#1", key(1)));
    std::fs::create_dir_all(half.parent().unwrap()).unwrap();
    std::fs::write(&half, b"half").unwrap();
    let reports = test.archive.report_files();
    let missing = read(&reports, &key(1)).await;
    assert!(matches!(missing, Err(ReportFileError::Missing(_))), "{missing:?}");
    reports.remove(&key(1)).await.unwrap();
    assert!(files(&test.folder).is_empty());
}

#[tokio::test]
async fn all_files_of_a_tenant_are_removed_and_none_of_another() {
    let other = ReportFileKey { client_id: "acme-2".parse().unwrap(), ..key(1) };
    for test in TestArchive::all().await {
        let reports = test.archive.report_files();
        for key in [key(1), key(2), other.clone()] {
            let mut writer = reports.create(key).await.unwrap();
            writer.write(Bytes::from_static(b"whole")).await.unwrap();
            writer.complete().await.unwrap();
        }
        assert_eq!(reports.remove_all(&key(1).client_id).await.unwrap(), 2);
        let gone = read(&reports, &key(1)).await;
        assert!(matches!(gone, Err(ReportFileError::Missing(_))), "{gone:?}");
        assert_eq!(read(&reports, &other).await.unwrap(), b"whole");
        assert_eq!(reports.remove_all(&key(1).client_id).await.unwrap(), 0, "it can be repeated");
    }
}

#[tokio::test]
async fn what_a_killed_writer_has_left_is_removed_with_all_files_of_its_tenant() {
    let test = TestArchive::folder();
    let half = test.folder.join(format!("{}#1", key(1)));
    std::fs::create_dir_all(half.parent().unwrap()).unwrap();
    std::fs::write(&half, b"half").unwrap();
    assert_eq!(test.archive.report_files().remove_all(&key(1).client_id).await.unwrap(), 1);
    assert!(files(&test.folder).is_empty());
}

#[tokio::test]
async fn the_rows_of_a_parquet_file_are_those_of_its_metadata() {
    let test = TestArchive::folder();
    let (clear, key_of_object) = (test.in_clear(), crate::test_archive::KEY);
    let object = clear.write(key_of_object, crate::test_archive::records()).await.unwrap();
    clear.put(&object).await.unwrap();
    let parquet = std::fs::read(test.file(key_of_object)).unwrap();
    let reports = test.archive.report_files();
    for (attempt, bytes) in [(1, parquet.clone()), (2, b"no Parquet".to_vec())] {
        let mut writer = reports.create(key(attempt)).await.unwrap();
        writer.write(bytes.into()).await.unwrap();
        writer.complete().await.unwrap();
    }
    let rows = reports.parquet_rows(&key(1), parquet.len() as u64).await.unwrap();
    assert_eq!(rows, object.stored().records);
    let unreadable = reports.parquet_rows(&key(2), 10).await;
    assert!(matches!(unreadable, Err(ReportFileError::Unreadable(_))), "{unreadable:?}");
}
