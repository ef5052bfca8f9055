use std::path::{Path, PathBuf};

use serde::Deserialize;
use settings::{InvalidSetting, Secret};
use tls::TlsSettings;
use url::Url;

/// The location of the archive: section `archive`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchiveSettings {
    /// A folder, as a path or as `file:///path`; or `s3://bucket/prefix`. A relative path is
    /// resolved by [`ArchiveSettings::place_below`] before use.
    pub url: String,
    /// For S3: the bucket's region.
    pub region: String,
    /// For S3: the URL of a service other than Amazon's; empty: the endpoint of Amazon's region.
    pub endpoint: String,
    /// For S3: the access key's id; empty: the role of the pod, container or machine.
    pub access_key_id: Secret,
    /// For S3: the access key's secret; empty: the role of the pod, container or machine.
    pub secret_access_key: Secret,
    /// Whether objects are written encrypted, with a data key of each tenant. Objects of both forms are read.
    pub encrypt: bool,
    /// For S3: the certificates that are trusted. It takes none of the client.
    #[serde(default)]
    pub tls: TlsSettings,
}

/// The location that `url` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Folder(PathBuf),
    Bucket { name: String, prefix: String },
}

impl ArchiveSettings {
    /// Checks the rules that types cannot express.
    ///
    /// # Errors
    /// The first invalid setting, with the rule it breaks.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let Target::Bucket { .. } = self.target()? else {
            return Ok(());
        };
        if self.region.is_empty() {
            return Err(InvalidSetting::new("archive.region", "must name the bucket's region"));
        }
        let is_web = |url: Url| matches!(url.scheme(), "http" | "https");
        if !self.endpoint.is_empty() && !Url::parse(&self.endpoint).is_ok_and(is_web) {
            let reason = "must begin with http:// or https://, or be empty";
            return Err(InvalidSetting::new("archive.endpoint", reason));
        }
        if !self.tls.certificate_file.as_os_str().is_empty() {
            let reason = "must be empty: S3 takes access keys, and no certificates of clients";
            return Err(InvalidSetting::new("archive.tls.certificate_file", reason));
        }
        if !self.tls.is_empty() && self.endpoint.starts_with("http://") {
            let reason = "must begin with https://, since archive.tls names certificates";
            return Err(InvalidSetting::new("archive.endpoint", reason));
        }
        self.tls.validate_link("archive.tls")?;
        if self.access_key_id.expose().is_empty() != self.secret_access_key.expose().is_empty() {
            let reason = "must be given together with archive.access_key_id, or neither";
            return Err(InvalidSetting::new("archive.secret_access_key", reason));
        }
        Ok(())
    }

    /// Resolves a relative path against `folder`.
    pub fn place_below(&mut self, folder: &Path) {
        if !self.url.contains("://") {
            self.url = folder.join(&self.url).display().to_string();
        }
    }

    pub(crate) fn target(&self) -> Result<Target, InvalidSetting> {
        let wrong = || {
            let reason = "must be a folder, file:///folder, or s3://bucket/prefix";
            InvalidSetting::new("archive.url", reason)
        };
        if self.url.is_empty() {
            return Err(wrong());
        }
        if !self.url.contains("://") {
            return Ok(Target::Folder(PathBuf::from(&self.url)));
        }
        let url = Url::parse(&self.url).map_err(|_| wrong())?;
        match (url.scheme(), url.host_str()) {
            ("file", _) => url.to_file_path().map(Target::Folder).map_err(|()| wrong()),
            ("s3", Some(bucket)) => Ok(Target::Bucket {
                name: bucket.to_owned(),
                prefix: url.path().trim_matches('/').to_owned(),
            }),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> ArchiveSettings {
        ArchiveSettings {
            url: url.to_owned(),
            region: "eu-central-1".to_owned(),
            endpoint: String::new(),
            access_key_id: Secret::new(""),
            secret_access_key: Secret::new(""),
            encrypt: true,
            tls: TlsSettings::default(),
        }
    }

    fn error_of(settings: &ArchiveSettings) -> String {
        settings.validate().unwrap_err().to_string()
    }

    #[test]
    fn a_url_is_a_folder_or_a_bucket() {
        let folder = |path: &str| Target::Folder(PathBuf::from(path));
        let bucket = |prefix: &str| Target::Bucket { name: "shop".into(), prefix: prefix.into() };
        let cases = [
            (".footfall/archive", folder(".footfall/archive")),
            ("/var/lib/archive", folder("/var/lib/archive")),
            ("file:///var/lib/archive", folder("/var/lib/archive")),
            ("s3://shop", bucket("")),
            ("s3://shop/a/b/", bucket("a/b")),
        ];
        for (url, expected) in cases {
            assert_eq!(settings(url).target().unwrap(), expected);
            settings(url).validate().unwrap();
        }
        for url in ["", "gs://shop", "s3:///prefix", "file://host/folder", "http://shop"] {
            assert!(error_of(&settings(url)).starts_with("archive.url"), "{url}");
        }
    }

    #[test]
    fn s3_settings_must_be_complete_and_consistent() {
        let s3 = settings("s3://shop");
        let no_region = ArchiveSettings { region: String::new(), ..s3.clone() };
        assert!(error_of(&no_region).starts_with("archive.region"));
        let no_scheme = ArchiveSettings { endpoint: "minio:9000".into(), ..s3.clone() };
        assert!(error_of(&no_scheme).starts_with("archive.endpoint"));
        let ca_file = "/nowhere/ca.pem".into();
        let no_file = ArchiveSettings {
            tls: TlsSettings { ca_file, ..TlsSettings::default() },
            ..s3.clone()
        };
        assert!(error_of(&no_file).starts_with("archive.tls.ca_file"));
        let half = ArchiveSettings { access_key_id: Secret::new("key"), ..s3 };
        assert!(error_of(&half).starts_with("archive.secret_access_key"));
        let unused = ArchiveSettings { region: String::new(), ..settings("/folder") };
        unused.validate().unwrap();
    }
}
