use std::{io, path::PathBuf};

use openssl::error::ErrorStack;

/// Why certificates cannot be used. No message holds a part of a key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file does not hold what it must.
    #[error("{} holds no {what}", .file.display())]
    Content {
        /// The file.
        file: PathBuf,
        /// What it must hold.
        what: &'static str,
    },
    /// The key is not that of the certificate.
    #[error("the key in {} is not that of the certificate", .file.display())]
    Mismatch {
        /// The file of the key.
        file: PathBuf,
    },
    /// OpenSSL refused the certificates.
    #[error("OpenSSL refused the certificates")]
    OpenSsl(#[from] ErrorStack),
    /// The connector for a link refused the certificates.
    #[error("the certificates cannot be used for a link")]
    Link(#[from] native_tls::Error),
}
