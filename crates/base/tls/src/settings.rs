use std::{error::Error, path::PathBuf};

use native_tls::{Certificate, Identity, TlsConnector};
use serde::Deserialize;
use settings::InvalidSetting;

use crate::{ClientPem, Listener, TlsError};

/// The certificates of a link or of a listener: the table `tls` of its section. An empty path is no file; the
/// others are absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsSettings {
    /// PEM. Of a link: the certificates that are trusted, instead of the system's. Of a listener: clients must show
    /// a certificate of these.
    pub ca_file: PathBuf,
    /// PEM: the own certificate, then those that lead to the one that the other side trusts.
    pub certificate_file: PathBuf,
    /// PEM: the key of that certificate, without a passphrase.
    pub key_file: PathBuf,
}

impl TlsSettings {
    /// Whether no file is named.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the connector of a link.
    ///
    /// # Errors
    /// A file cannot be read, or does not hold what it must.
    pub fn connector(&self) -> Result<TlsConnector, TlsError> {
        let ClientPem { ca, identity } = self.client_pem()?;
        let mut builder = TlsConnector::builder();
        if let Some(ca) = ca {
            builder.disable_built_in_roots(true);
            for trusted in Certificate::stack_from_pem(&ca)? {
                builder.add_root_certificate(trusted);
            }
        }
        if let Some((certificate, key)) = identity {
            builder.identity(Identity::from_pkcs8(&certificate, &key)?);
        }
        Ok(builder.build()?)
    }

    /// Checks the files of a link. `section` is the path of these settings, such as `redis.tls`.
    ///
    /// # Errors
    /// The first setting whose file cannot be used.
    pub fn validate_link(&self, section: &str) -> Result<(), InvalidSetting> {
        self.validate(section)?;
        if self.is_empty() {
            return Ok(());
        }
        self.connector().map(drop).map_err(|error| self.invalid(section, &error))
    }

    /// Checks the files of a listener. `section` is the path of these settings, such as `api.tls`.
    ///
    /// # Errors
    /// The first setting whose file cannot be used.
    pub fn validate_listener(&self, section: &str) -> Result<(), InvalidSetting> {
        self.validate(section)?;
        let has_certificate = !self.certificate_file.as_os_str().is_empty();
        if !has_certificate && !self.ca_file.as_os_str().is_empty() {
            let reason = "must be given too: without it there is no TLS, and ca_file has no use";
            return Err(InvalidSetting::new(format!("{section}.certificate_file"), reason));
        }
        Listener::new(self).map(drop).map_err(|error| self.invalid(section, &error))
    }

    /// Checks what needs no file.
    fn validate(&self, section: &str) -> Result<(), InvalidSetting> {
        for (name, path) in [
            ("ca_file", &self.ca_file),
            ("certificate_file", &self.certificate_file),
            ("key_file", &self.key_file),
        ] {
            if !path.as_os_str().is_empty() && !path.is_absolute() {
                let reason = "must be an absolute path, or empty";
                return Err(InvalidSetting::new(format!("{section}.{name}"), reason));
            }
        }
        let has = |path: &PathBuf| !path.as_os_str().is_empty();
        if has(&self.certificate_file) != has(&self.key_file) {
            let reason = "must be given together with certificate_file, or neither";
            return Err(InvalidSetting::new(format!("{section}.key_file"), reason));
        }
        Ok(())
    }

    /// Names the setting of the file that an error is about.
    fn invalid(&self, section: &str, error: &TlsError) -> InvalidSetting {
        let file = match error {
            TlsError::Unreadable { file, .. }
            | TlsError::Content { file, .. }
            | TlsError::Mismatch { file } => Some(file),
            TlsError::OpenSsl(_) | TlsError::Link(_) => None,
        };
        let name = match file {
            Some(file) if *file == self.ca_file => ".ca_file",
            Some(file) if *file == self.key_file => ".key_file",
            Some(_) => ".certificate_file",
            None => "",
        };
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        let reason = format!("must name usable files: {error}{cause}");
        InvalidSetting::new(format!("{section}{name}"), reason)
    }
}
