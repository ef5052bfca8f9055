use std::{collections::BTreeMap, io};

use chrono::{DateTime, Utc};
use control_plane::{AppliedMigration, CopiedTable};
use log::LogPlace;
use serde::{Deserialize, Serialize};
use tenancy::ClusterName;

use super::FileHash;

/// The form of manifests that this release writes. It reads no other yet.
pub(crate) const FORMAT: u32 = 1;

/// What belongs to a backup. It is written last: without it, a backup did not end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    pub(crate) name: String,
    /// The release that wrote it.
    pub(crate) release: String,
    /// The id of the topic of events: no other platform has it.
    pub(crate) log: String,
    /// The backup that this one is based on.
    pub(crate) base: Option<String>,
    pub(crate) began_at: DateTime<Utc>,
    pub(crate) ended_at: DateTime<Utc>,
    pub(crate) postgres: Option<PostgresCopy>,
    pub(crate) clickhouse: Option<ClickhouseCopy>,
    pub(crate) archive: Option<ArchiveCopy>,
}

/// The tables of PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostgresCopy {
    /// Everything before this time is in it.
    pub(crate) copied_at: DateTime<Utc>,
    pub(crate) migrations: Vec<AppliedMigration>,
    /// Each after those that it refers to.
    pub(crate) tables: Vec<TableFile>,
    pub(crate) sequences: BTreeMap<String, i64>,
}

/// A table of PostgreSQL and its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableFile {
    pub(crate) table: CopiedTable,
    pub(crate) file: FileHash,
}

/// The databases of ClickHouse. Their files are where the servers write their backups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClickhouseCopy {
    /// Everything before this time is in it.
    pub(crate) copied_at: DateTime<Utc>,
    pub(crate) clusters: Vec<ClusterCopy>,
    /// Refused events before these places are in it.
    pub(crate) rejects: Vec<LogPlace>,
}

/// The databases of one cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClusterCopy {
    pub(crate) cluster: ClusterName,
    pub(crate) databases: Vec<String>,
    pub(crate) bytes: u64,
}

/// The files of the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArchiveCopy {
    /// Everything before this time is in it.
    pub(crate) copied_at: DateTime<Utc>,
    pub(crate) files: Vec<ArchivedFile>,
}

/// A file of the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArchivedFile {
    pub(crate) name: String,
    pub(crate) changed_at: DateTime<Utc>,
    pub(crate) file: FileHash,
}

/// Why a backup cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestError {
    #[error("the backup {0} has no manifest: it did not end, or is not there")]
    Incomplete(String),
    #[error("the manifest is damaged: {0}")]
    Damaged(String),
    #[error("the backup is of a newer release: format {0}, and this release reads {FORMAT}")]
    Newer(u64),
    #[error(
        "the backup was written by release {0} with other tables: restore it with that release, then upgrade"
    )]
    OtherTables(String),
    #[error("the backup is of another platform: its log is {0}, and that of this platform is {1}")]
    OtherPlatform(String, String),
    #[error("the manifest cannot be read")]
    Unreadable(#[source] io::Error),
}

/// The part that every form has.
#[derive(Deserialize)]
struct Form {
    format: u64,
}

impl Manifest {
    /// Reads a manifest that has this hash, as `sha256sum` writes it.
    ///
    /// # Errors
    /// It is damaged, or of a newer release.
    pub(crate) fn parse(text: &[u8], hash: &[u8]) -> Result<Self, ManifestError> {
        let expected = hash.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        if FileHash::of(text).sha256.as_bytes() != expected {
            return Err(ManifestError::Damaged("it differs from its hash".to_owned()));
        }
        let damaged = |error: serde_json::Error| ManifestError::Damaged(error.to_string());
        let form: Form = serde_json::from_slice(text).map_err(damaged)?;
        if form.format > u64::from(FORMAT) {
            return Err(ManifestError::Newer(form.format));
        }
        serde_json::from_slice(text).map_err(damaged)
    }

    /// Checks that the backup is of the platform that has this log.
    ///
    /// # Errors
    /// It is of another one.
    pub(crate) fn must_be_of(&self, log: &str) -> Result<(), ManifestError> {
        if self.log == log {
            return Ok(());
        }
        Err(ManifestError::OtherPlatform(self.log.clone(), log.to_owned()))
    }

    /// Checks that the tables of PostgreSQL are those of a program with these migrations.
    ///
    /// # Errors
    /// They are of an older or a newer one.
    pub(crate) fn must_have(&self, known: &[AppliedMigration]) -> Result<(), ManifestError> {
        match &self.postgres {
            Some(copy) if copy.migrations != known => {
                Err(ManifestError::OtherTables(self.release.clone()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let at = "2026-11-29T02:00:00Z".parse().unwrap();
        let migration = AppliedMigration { version: 1, checksum: "ab".to_owned() };
        let table =
            CopiedTable { name: "tenant".to_owned(), columns: "client_id, name".to_owned() };
        Manifest {
            format: FORMAT,
            name: "one".to_owned(),
            release: "0.1.0".to_owned(),
            log: "topic-1".to_owned(),
            base: None,
            began_at: at,
            ended_at: at,
            postgres: Some(PostgresCopy {
                copied_at: at,
                migrations: vec![migration],
                tables: vec![TableFile { table, file: FileHash::of(b"acme\tAcme\n") }],
                sequences: BTreeMap::from([("audit_log_audit_id_seq".to_owned(), 7)]),
            }),
            clickhouse: Some(ClickhouseCopy {
                copied_at: at,
                clusters: vec![ClusterCopy {
                    cluster: "shared".parse().unwrap(),
                    databases: vec!["footfall_shared".to_owned()],
                    bytes: 3,
                }],
                rejects: vec![LogPlace::new(1, 2, 3)],
            }),
            archive: None,
        }
    }

    fn parse(text: &str) -> Result<Manifest, ManifestError> {
        let hash = format!("{}  manifest.json\n", FileHash::of(text.as_bytes()).sha256);
        Manifest::parse(text.as_bytes(), hash.as_bytes())
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        let text = serde_json::to_string_pretty(&manifest()).unwrap();
        assert_eq!(parse(&text).unwrap(), manifest());
    }

    #[test]
    fn a_damaged_manifest_is_refused() {
        let text = serde_json::to_string(&manifest()).unwrap();
        let hash = FileHash::of(text.as_bytes()).sha256;
        let changed = text.replace("footfall_shared", "footfall_sharee");
        let refused = Manifest::parse(changed.as_bytes(), hash.as_bytes()).unwrap_err();
        assert!(matches!(refused, ManifestError::Damaged(_)), "{refused}");
        let refused = Manifest::parse(text.as_bytes(), b"").unwrap_err();
        assert!(matches!(refused, ManifestError::Damaged(_)), "{refused}");
        for text in ["", "{}", "[]", "{\"format\":1}", "{\"format\":-1}"] {
            let refused = parse(text).unwrap_err();
            assert!(matches!(refused, ManifestError::Damaged(_)), "{text}: {refused}");
        }
    }

    #[test]
    fn a_manifest_of_a_newer_release_is_refused_whatever_else_it_has() {
        let refused = parse(r#"{"format": 2, "stores": []}"#).unwrap_err();
        assert!(matches!(refused, ManifestError::Newer(2)), "{refused}");
    }

    #[test]
    fn a_backup_of_another_platform_or_of_other_tables_is_refused() {
        let manifest = manifest();
        assert!(manifest.must_be_of("topic-1").is_ok());
        let refused = manifest.must_be_of("topic-2").unwrap_err();
        assert!(matches!(refused, ManifestError::OtherPlatform(..)), "{refused}");
        let known = AppliedMigration { version: 1, checksum: "ab".to_owned() };
        assert!(manifest.must_have(std::slice::from_ref(&known)).is_ok());
        let later = AppliedMigration { version: 2, ..known.clone() };
        for other in [&[][..], &[known, later]] {
            let refused = manifest.must_have(other).unwrap_err();
            assert!(matches!(refused, ManifestError::OtherTables(_)), "{refused}");
        }
    }
}
