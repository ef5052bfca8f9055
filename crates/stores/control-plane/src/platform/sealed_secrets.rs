use auth::{DataKey, KeyEncryptionKeyId, SealError, SealedField, Sealer, SigningKey, TotpSecret};
use serde_json::json;
use sqlx::FromRow;

use super::clusters;
use crate::{AuditEntry, ControlPlaneError, PlatformControl, audit, person_erasure};

/// How many secrets are rewrapped in one transaction. Their rows are locked meanwhile, for some milliseconds.
const AT_ONCE: i64 = 500;

/// A column of sealed secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedColumn {
    /// Passwords of the writing accounts of clusters.
    ClusterWriters,
    /// Passwords of the reading accounts of clusters.
    ClusterReaders,
    /// The keys that sign access tokens.
    SigningKeys,
    /// What authenticator apps make codes of.
    SecondFactors,
    /// The keys with which ids of erased persons are hashed.
    PersonKeys,
    /// The keys with which the archive is encrypted.
    DataKeys,
}

/// How many secrets of a column a key encryption key has sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedCount {
    /// The column, such as `cluster.writer_password_sealed`.
    pub column: String,
    /// The key; `None` if they are not sealed secrets.
    pub key: Option<KeyEncryptionKeyId>,
    /// How many.
    pub secrets: u64,
}

/// What became of some secrets of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RewrappedPiece {
    /// How many were rewrapped.
    pub rewrapped: u64,
    /// How many could not be, because the sealer does not have their key, or they were altered.
    pub unopened: u64,
    /// The row after which the next piece begins; `None` after the last one.
    pub last: Option<String>,
}

#[derive(FromRow)]
struct SealedRow {
    row_key: String,
    tenant: String,
    sealed: Vec<u8>,
}

impl SealedColumn {
    /// Every column.
    pub const ALL: [Self; 6] = [
        Self::ClusterWriters,
        Self::ClusterReaders,
        Self::SigningKeys,
        Self::SecondFactors,
        Self::PersonKeys,
        Self::DataKeys,
    ];

    /// Returns the table and the column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClusterWriters => "cluster.writer_password_sealed",
            Self::ClusterReaders => "cluster.reader_password_sealed",
            Self::SigningKeys => "signing_key.pkcs8_sealed",
            Self::SecondFactors => "second_factor.secret_sealed",
            Self::PersonKeys => "person_key.sealed",
            Self::DataKeys => "data_key.sealed",
        }
    }

    /// Returns the statement that locks secrets of other keys, and the one that stores them.
    fn statements(self) -> (&'static str, &'static str) {
        match self {
            Self::ClusterWriters => (
                sql!("sealed_secret/cluster_writer_page"),
                sql!("sealed_secret/cluster_writer_rewrap"),
            ),
            Self::ClusterReaders => (
                sql!("sealed_secret/cluster_reader_page"),
                sql!("sealed_secret/cluster_reader_rewrap"),
            ),
            Self::SigningKeys => {
                (sql!("sealed_secret/signing_key_page"), sql!("sealed_secret/signing_key_rewrap"))
            }
            Self::SecondFactors => (
                sql!("sealed_secret/second_factor_page"),
                sql!("sealed_secret/second_factor_rewrap"),
            ),
            Self::PersonKeys => {
                (sql!("sealed_secret/person_key_page"), sql!("sealed_secret/person_key_rewrap"))
            }
            Self::DataKeys => {
                (sql!("sealed_secret/data_key_page"), sql!("sealed_secret/data_key_rewrap"))
            }
        }
    }

    /// Returns what the secret of a row is sealed for.
    fn field(self, row: &SealedRow) -> SealedField<'_> {
        match self {
            Self::ClusterWriters => clusters::sealed_field(&row.row_key, "writer_password"),
            Self::ClusterReaders => clusters::sealed_field(&row.row_key, "reader_password"),
            Self::SigningKeys => SigningKey::sealed_field(&row.row_key),
            Self::SecondFactors => TotpSecret::sealed_field(&row.tenant, &row.row_key),
            Self::PersonKeys => person_erasure::key_field(&row.row_key),
            Self::DataKeys => DataKey::sealed_field(&row.row_key),
        }
    }
}

impl PlatformControl {
    /// Returns how many secrets of each column each key encryption key has sealed.
    pub async fn sealed_counts(&self) -> Result<Vec<SealedCount>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows: Vec<(String, Vec<u8>, i64)> =
            sqlx::query_as(sql!("sealed_secret/counts")).fetch_all(&mut transaction).await?;
        transaction.commit().await?;
        let counts = rows.into_iter().map(|(column, key, secrets)| SealedCount {
            column,
            key: key.try_into().ok().map(KeyEncryptionKeyId::from_bytes),
            secrets: secrets.cast_unsigned(),
        });
        Ok(counts.collect())
    }

    /// Rewraps some secrets of a column that another key than the current one of `sealer` has sealed: those
    /// of the first rows after `after`, in their order. To begin, `after` is empty. Safe to repeat, and to
    /// run twice at once.
    ///
    /// # Errors
    /// PostgreSQL is unavailable. What other pieces have rewrapped stays.
    pub async fn rewrap_secrets(
        &self,
        sealer: &Sealer,
        column: SealedColumn,
        after: &str,
    ) -> Result<RewrappedPiece, ControlPlaneError> {
        let (page, store) = column.statements();
        let current = sealer.current();
        let mut transaction = self.begin().await?;
        let rows: Vec<SealedRow> = sqlx::query_as(page)
            .bind(after)
            .bind(&current.as_bytes()[..])
            .bind(AT_ONCE)
            .fetch_all(&mut transaction)
            .await?;
        let mut piece = RewrappedPiece::default();
        let (mut row_keys, mut secrets) = (Vec::new(), Vec::new());
        for row in rows {
            match sealer.rewrap(column.field(&row), &row.sealed) {
                Ok(rewrapped) => {
                    piece.rewrapped += 1;
                    row_keys.push(row.row_key.clone());
                    secrets.push(rewrapped);
                }
                Err(error @ SealError::Random(_)) => return Err(ControlPlaneError::Seal(error)),
                Err(_) => piece.unopened += 1,
            }
            piece.last = Some(row.row_key);
        }
        if piece.rewrapped > 0 {
            sqlx::query(store).bind(row_keys).bind(secrets).execute(&mut transaction).await?;
            let entry = AuditEntry {
                action: "keys.rotate",
                client_id: None,
                subject: column.as_str(),
                detail: json!({ "key": current.to_string(), "secrets": piece.rewrapped }),
            };
            audit::append(&mut transaction, self.actor(), &entry).await?;
        }
        transaction.commit().await?;
        Ok(piece)
    }
}
