use std::path::{Path, PathBuf};

use auth::{KeyEncryptionKey, KeySource, KeySourceError, Sealer};
use kms::{KmsKey, KmsSettings};
use serde::Deserialize;
use settings::{InvalidSetting, Secret};

/// What a key in a file begins with.
const FILE: &str = "file:";
/// What a key that AWS KMS has encrypted begins with.
const KMS: &str = "aws-kms:";

/// The keys that seal secrets: section `secrets`. Each is base64 of 32 bytes, a file that holds that,
/// or what AWS KMS made of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretSettings {
    /// The key that seals, and opens.
    key_encryption_key: Secret,
    /// Keys that only open, separated by commas.
    other_key_encryption_keys: Secret,
    kms: KmsSettings,
}

/// A key that the settings hold, as from the environment.
struct HeldKey(KeyEncryptionKey);

/// A key in a file, such as one that Kubernetes mounts.
struct FileKey(PathBuf);

#[async_trait::async_trait]
impl KeySource for HeldKey {
    async fn key(&self) -> Result<KeyEncryptionKey, KeySourceError> {
        Ok(self.0.clone())
    }
}

#[async_trait::async_trait]
impl KeySource for FileKey {
    async fn key(&self) -> Result<KeyEncryptionKey, KeySourceError> {
        let read = tokio::fs::read_to_string(&self.0).await;
        let refused = |error: std::io::Error| {
            KeySourceError::Refused(format!("{}: {error}", self.0.display()))
        };
        let text = read.map_err(refused)?;
        Ok(text.parse()?)
    }
}

impl SecretSettings {
    /// Validates the values, without reading files or asking KMS.
    ///
    /// # Errors
    /// The first invalid setting.
    pub(crate) fn validate(&self) -> Result<(), InvalidSetting> {
        self.current()?;
        self.others().map(drop)
    }

    /// Returns the sealer that has the keys.
    ///
    /// # Errors
    /// A key cannot be read.
    pub(crate) async fn sealer(&self) -> Result<Sealer, SealerError> {
        let current = self.current()?.key().await?;
        let mut others = Vec::new();
        for source in self.others()? {
            others.push(source.key().await?);
        }
        Ok(Sealer::with_keys(current, others))
    }

    fn current(&self) -> Result<Box<dyn KeySource>, InvalidSetting> {
        self.source("secrets.key_encryption_key", self.key_encryption_key.expose())
    }

    fn others(&self) -> Result<Vec<Box<dyn KeySource>>, InvalidSetting> {
        let keys = self.other_key_encryption_keys.expose().split(',').map(str::trim);
        keys.filter(|key| !key.is_empty())
            .map(|key| self.source("secrets.other_key_encryption_keys", key))
            .collect()
    }

    fn source(&self, setting: &str, key: &str) -> Result<Box<dyn KeySource>, InvalidSetting> {
        if let Some(path) = key.strip_prefix(FILE) {
            if !Path::new(path).is_absolute() {
                let reason = "must name a file by an absolute path, such as file:/run/secrets/key";
                return Err(InvalidSetting::new(setting, reason));
            }
            return Ok(Box::new(FileKey(path.into())));
        }
        if let Some(ciphertext) = key.strip_prefix(KMS) {
            self.kms.validate()?;
            return Ok(Box::new(KmsKey::new(self.kms.clone(), ciphertext)));
        }
        let held: KeyEncryptionKey = key.parse().map_err(|_| {
            let reason = "must be base64 of 32 bytes, as `openssl rand -base64 32` makes it, \
                file:/path, or aws-kms: and a ciphertext";
            InvalidSetting::new(setting, reason)
        })?;
        Ok(Box::new(HeldKey(held)))
    }
}

/// Why the keys that seal secrets cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealerError {
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    #[error(transparent)]
    Source(#[from] KeySourceError),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Base64 of 32 bytes.
    const KEYS: [&str; 2] = [
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
    ];

    fn settings(current: &str, others: &str) -> SecretSettings {
        SecretSettings {
            key_encryption_key: Secret::new(current),
            other_key_encryption_keys: Secret::new(others),
            kms: KmsSettings {
                region: String::new(),
                endpoint: String::new(),
                access_key_id: Secret::new(""),
                secret_access_key: Secret::new(""),
            },
        }
    }

    #[tokio::test]
    async fn keys_come_from_the_setting_and_from_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, format!("{}\n", KEYS[1])).unwrap();
        let ids = KEYS.map(|key| key.parse::<KeyEncryptionKey>().unwrap().id());
        let in_file = format!("file:{}", path.display());
        for (current, others) in [(KEYS[0], in_file.as_str()), (KEYS[0], KEYS[1])] {
            let sealer = settings(current, others).sealer().await.unwrap();
            assert_eq!(sealer.current(), ids[0]);
            assert!(sealer.has(ids[1]));
        }
        let swapped = settings(&in_file, &format!("{}, ", KEYS[0])).sealer().await.unwrap();
        assert_eq!(swapped.current(), ids[1]);
        assert!(swapped.has(ids[0]));
        let alone = settings(KEYS[0], "").sealer().await.unwrap();
        assert!(!alone.has(ids[1]));
        std::fs::remove_file(&path).unwrap();
        let missing = settings(&in_file, "").sealer().await.unwrap_err();
        assert!(missing.to_string().contains("No such file"), "{missing}");
    }

    #[test]
    fn a_wrong_key_is_refused_and_not_repeated() {
        for (current, others, setting) in [
            ("hunter2", "", "secrets.key_encryption_key"),
            ("file:key", "", "secrets.key_encryption_key"),
            (KEYS[0], "hunter2", "secrets.other_key_encryption_keys"),
            ("aws-kms:AQICAHg=", "", "secrets.kms.region"),
        ] {
            let error = settings(current, others).validate().unwrap_err();
            assert_eq!(error.key, setting);
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
