//! What the files hold.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use openssl::{
    pkey::{PKey, Private},
    x509::X509,
};

use crate::{TlsError, TlsSettings};

/// The content of the files of a link, as PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientPem {
    /// The trusted certificates; `None`: those of the system.
    pub ca: Option<Vec<u8>>,
    /// The own certificate with its chain, and its key as PKCS#8; `None` without mutual TLS.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

/// The certificate that a process shows: its own first, then those that lead to the trusted one.
pub(crate) struct Identity {
    pub(crate) chain: Vec<X509>,
    pub(crate) key: PKey<Private>,
}

/// What distinguishes a file from what it was: device, inode, length, and time of the last change.
pub(crate) type Version = Vec<Option<(u64, u64, u64, i64, i64)>>;

impl TlsSettings {
    /// Returns the trusted certificates; `None` without a file.
    pub(crate) fn trusted(&self) -> Result<Option<Vec<X509>>, TlsError> {
        if self.ca_file.as_os_str().is_empty() {
            return Ok(None);
        }
        certificates(&self.ca_file).map(Some)
    }

    /// Returns how many certificates `ca_file` holds; 0 if it cannot be read.
    pub fn trusted_count(&self) -> usize {
        self.trusted().ok().flatten().map_or(0, |trusted| trusted.len())
    }

    /// Whether the key is written as PKCS#8, or there is none.
    pub fn has_pkcs8_key(&self) -> bool {
        let is_pkcs8 = |text: Vec<u8>| text.starts_with(b"-----BEGIN PRIVATE KEY-----");
        self.key_file.as_os_str().is_empty() || read(&self.key_file).is_ok_and(is_pkcs8)
    }

    /// Returns the own certificate and its key; `None` without files.
    pub(crate) fn identity(&self) -> Result<Option<Identity>, TlsError> {
        if self.certificate_file.as_os_str().is_empty() {
            return Ok(None);
        }
        let file = &self.key_file;
        let chain = certificates(&self.certificate_file)?;
        // Without a callback, OpenSSL would ask the terminal for a passphrase.
        let key = PKey::private_key_from_pem_callback(&read(file)?, |_| Ok(0));
        let key = key.map_err(|_| TlsError::Content {
            file: file.clone(),
            what: "private key in PEM without a passphrase",
        })?;
        let own = chain.first().map(|own| own.public_key()).transpose()?;
        if !own.is_some_and(|own| own.public_eq(&key)) {
            return Err(TlsError::Mismatch { file: file.clone() });
        }
        Ok(Some(Identity { chain, key }))
    }

    /// Reads the files of a link.
    ///
    /// # Errors
    /// A file cannot be read, or does not hold what it must.
    pub fn client_pem(&self) -> Result<ClientPem, TlsError> {
        let pem = |chain: &[X509]| {
            let texts: Result<Vec<_>, _> =
                chain.iter().map(|certificate| certificate.to_pem()).collect();
            texts.map(|texts| texts.concat())
        };
        let ca = self.trusted()?.map(|trusted| pem(&trusted)).transpose()?;
        let identity = match self.identity()? {
            // The drivers of links read keys as PKCS#8 only.
            Some(Identity { chain, key }) => Some((pem(&chain)?, key.private_key_to_pem_pkcs8()?)),
            None => None,
        };
        Ok(ClientPem { ca, identity })
    }

    /// Returns what changes when a file does.
    pub(crate) fn version(&self) -> Version {
        let version = |file: &Path| {
            let state = fs::metadata(file).ok()?;
            Some((state.dev(), state.ino(), state.size(), state.mtime(), state.mtime_nsec()))
        };
        self.files().into_iter().map(version).collect()
    }

    fn files(&self) -> [&Path; 3] {
        [&self.ca_file, &self.certificate_file, &self.key_file]
    }
}

/// Returns the certificates of a file: at least one.
fn certificates(file: &Path) -> Result<Vec<X509>, TlsError> {
    let found = X509::stack_from_pem(&read(file)?).unwrap_or_default();
    if found.is_empty() {
        return Err(TlsError::Content { file: file.to_owned(), what: "certificate in PEM" });
    }
    Ok(found)
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(file).map_err(|source| TlsError::Unreadable { file: file.to_owned(), source })
}
